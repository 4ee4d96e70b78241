//! Durations as Go writes them: `1h0m0s`, `1.5s`, `500ms`.

/// Writes milliseconds as Go's `time.Duration.String` does.
pub(crate) fn to_go(ms: u64) -> String {
    if ms == 0 {
        return "0s".to_owned();
    }
    if ms < 1000 {
        return format!("{ms}ms");
    }
    let (hours, minutes, rest) = (ms / 3_600_000, ms / 60_000 % 60, ms % 60_000);
    let seconds = match rest % 1000 {
        0 => format!("{}s", rest / 1000),
        fraction => {
            let digits = format!("{fraction:03}");
            format!("{}.{}s", rest / 1000, digits.trim_end_matches('0'))
        }
    };
    match (hours, minutes) {
        (0, 0) => seconds,
        (0, _) => format!("{minutes}m{seconds}"),
        _ => format!("{hours}h{minutes}m{seconds}"),
    }
}

/// Reads what Go's `time.ParseDuration` reads, into whole milliseconds; `None` for a negative or senseless one.
pub(crate) fn from_go(text: &str) -> Option<u64> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut ns: u128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(end);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        ns = ns.checked_add(scaled(number, nanoseconds(unit)?)?)?;
        rest = tail;
    }
    u64::try_from(ns / 1_000_000).ok()
}

fn nanoseconds(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

fn scaled(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // Twelve digits tell more than a nanosecond, whatever the unit.
    let fraction = fraction.get(..12).unwrap_or(fraction);
    let part = match fraction {
        "" => 0,
        digits => {
            let scale = 10_u128.checked_pow(u32::try_from(digits.len()).ok()?)?;
            digits.parse::<u128>().ok()?.checked_mul(unit)? / scale
        }
    };
    whole.checked_mul(unit)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        let texts = [0, 1, 500, 1000, 1500, 1050, 60_000, 61_500, 3_600_000, 90_000_000].map(to_go);
        let go =
            ["0s", "1ms", "500ms", "1s", "1.5s", "1.05s", "1m0s", "1m1.5s", "1h0m0s", "25h0m0s"];
        assert_eq!(texts, go);
    }

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, ms) in [
            ("1h30m", 5_400_000),
            ("1.5s", 1500),
            (".5s", 500),
            ("1.s", 1000),
            ("0", 0),
            ("+3s", 3000),
            ("1500000ns", 1),
            ("2000µs", 2),
        ] {
            assert_eq!(from_go(text), Some(ms), "{text}");
        }
        for text in ["", "5", "-1s", "s", ".s", "1d", "1.2.3s", "1 s", "9999999999999999999999h"] {
            assert_eq!(from_go(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_duration_reads_as_it_was_written(ms in any::<u64>()) {
            prop_assert_eq!(from_go(&to_go(ms)), Some(ms));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = from_go(&text);
        }
    }
}
