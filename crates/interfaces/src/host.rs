//! Names and addresses of hosts.

use std::net::Ipv6Addr;

pub(crate) const REASON: &str =
    "is not the name of a host (ASCII letters, digits, dots, hyphens, underscores) or its address";

/// The host that `text` means: a name or an IPv4 address as it stands, an IPv6 address in its canonical form and without
/// the brackets that it may come in.
///
/// A name is held to what DNS and Juju can mean by one, because a host ends up in a URL and in a list.
pub(crate) fn read(text: &str) -> Option<String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if let Ok(address) = bare.unwrap_or(text).parse::<Ipv6Addr>() {
        return Some(address.to_string());
    }
    let named = bare.is_none()
        && !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    named.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_hosts() {
        for text in ["pg-primary.kubeflow.svc.cluster.local", "PG_0", "10.1.2.3", "::1"] {
            assert_eq!(read(text).as_deref(), Some(text));
        }
        assert_eq!(read("[FD00:0::10]").as_deref(), Some("fd00::10"));
    }

    #[test]
    fn what_would_mean_something_else_in_a_url_or_a_list_is_no_host() {
        for text in [
            "",
            "pg primary",
            "a,b",
            "a@b",
            "a/b",
            "/run/postgresql",
            "[pg]",
            "a:b",
            "bücher",
            "a\0",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
