//! TCP ports as text.

pub(crate) const REASON: &str = "is not a port from 1 to 65535";

/// The zeros of all scripts that have decimal digits (Unicode 15, category Nd); one to nine follow each.
const ZEROS: [u32; 66] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66,
    0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
    0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650,
    0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50,
    0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

/// The port that `text` means, as Python's `int()` reads it: with blanks around it, a plus before it, zeros at its
/// front or underscores between its digits, which may be any script's.
pub(crate) fn read(text: &str) -> Option<u16> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    let groups: Vec<&str> = text.split('_').collect();
    if groups.iter().any(|group| group.is_empty()) {
        return None;
    }
    let digits: Option<String> = groups.concat().chars().map(digit).collect();
    digits?.parse().ok().filter(|port| *port != 0)
}

fn digit(character: char) -> Option<char> {
    let code = u32::from(character);
    let script = ZEROS.partition_point(|zero| *zero <= code).checked_sub(1)?;
    char::from_digit(code - ZEROS[script], 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_read_as_python_reads_a_number() {
        for text in ["5432", " 5432\n", "+5432", "05432", "5_432", "٥٤٣٢", "５４３２"] {
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
