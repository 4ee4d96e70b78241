//! Networks of loopback addresses, of which each stand has one to itself.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// Whoever listens on this port of 127.S.0.1 has 127.S.0.0/16.
const CLAIM: u16 = 38_813;

/// 127.S.0.0/16, for as long as this value lives.
#[derive(Debug)]
pub(super) struct Network {
    name: String,
    _claim: TcpListener,
}

impl Network {
    /// Claims a network that no stand on this machine has.
    pub(super) fn claim() -> io::Result<Self> {
        // Beginning elsewhere in each process saves attempts. 127.0 is everybody's.
        let begin = std::process::id() % 254;
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for attempt in 0..254 {
            let number = u8::try_from((begin + attempt) % 254 + 1).unwrap_or(1);
            match TcpListener::bind((Ipv4Addr::new(127, number, 0, 1), CLAIM)) {
                Ok(claim) => return Ok(Self { name: format!("127.{number}"), _claim: claim }),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The first two numbers of all its addresses.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_gets_a_network_that_is_taken() {
        let one = Network::claim().unwrap();
        let other = Network::claim().unwrap();
        assert_ne!(one.name(), other.name());
    }
}
