//! What Kubernetes takes as a name or a label.

/// Whether `text` is a DNS label (RFC 1123), which the names of volumes have to be: up to 63 lower-case letters, digits
/// and hyphens, a letter or digit at either end.
pub fn is_dns_label(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    matches!(text.len(), 1..=63)
        && text.bytes().all(|byte| plain(byte) || byte == b'-')
        && [text.bytes().next(), text.bytes().last()].into_iter().flatten().all(plain)
}

/// Whether `text` is a DNS subdomain (RFC 1123), which the names of most objects have to be: DNS labels between dots, up
/// to 253 characters.
pub fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_label)
}

/// Whether `text` is the key of a label: up to 63 letters, digits, `-`, `_` and `.`, a letter or digit at either end, after
/// a DNS subdomain and a slash or without one.
pub fn is_label_key(text: &str) -> bool {
    let name = match text.split_once('/') {
        Some((prefix, name)) if is_dns_subdomain(prefix) => name,
        Some(_) => return false,
        None => text,
    };
    !name.is_empty() && is_label_value(name)
}

/// Whether `text` is the value of a label: as a key without a prefix, or empty.
pub fn is_label_value(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    text.len() <= 63
        && text.bytes().all(|byte| plain(byte) || b"-_.".contains(&byte))
        && [text.bytes().next(), text.bytes().last()].into_iter().flatten().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_what_kubernetes_refuses() {
        let long = "a".repeat(63);
        for name in ["a", "feature-store-yaml", "0", long.as_str()] {
            assert!(is_dns_label(name) && is_dns_subdomain(name), "{name}");
        }
        for name in ["", "A", "a_b", "-a", "a-", "ä", "a b", &format!("{long}a")] {
            assert!(!is_dns_label(name) && !is_dns_subdomain(name), "{name}");
        }
        assert!(is_dns_subdomain("feast.example.com") && !is_dns_label("feast.example.com"));
        assert!(!is_dns_subdomain("feast..com"));
        assert!(!is_dns_subdomain(&[long.as_str(); 4].join(".")));
    }

    #[test]
    fn labels_are_told_from_what_kubernetes_refuses() {
        for key in ["access-feast", "istio.io/use-waypoint", "A_b.c"] {
            assert!(is_label_key(key), "{key}");
        }
        for key in ["", "a b", "-a", "a/", "/a", "A/b", "a/b/c", "a="] {
            assert!(!is_label_key(key), "{key}");
        }
        assert!(is_label_value("") && is_label_value("true") && !is_label_value("a/b"));
    }
}
