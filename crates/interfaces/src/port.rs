//! TCP ports as text.

pub(crate) const REASON: &str = "is not a port from 1 to 65535";

/// The port that `text` means, as Python's `int()` reads it: with blanks around it, a plus before it, zeros at its
/// front or underscores between its digits. Other scripts' digits are not read.
pub(crate) fn read(text: &str) -> Option<u16> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    let groups: Vec<&str> = text.split('_').collect();
    if groups
        .iter()
        .any(|group| group.is_empty() || !group.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return None;
    }
    groups.concat().parse().ok().filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_read_as_python_reads_a_number() {
        for text in ["5432", " 5432\n", "+5432", "05432", "5_432"] {
            assert_eq!(read(text), Some(5432), "{text:?}");
        }
    }

    #[test]
    fn what_no_server_can_listen_on_is_no_port() {
        for text in [
            "",
            " ",
            "0",
            "-0",
            "-1",
            "65536",
            "99999999999999999999999",
            "0x1538",
            "1e3",
            "5__432",
            "_5432",
            "5432_",
            "+ 5432",
            "++5432",
            "54 32",
            "²",
            "notaport",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
