//! Addresses of brokers.

use std::fmt;

/// A host and a port, not resolved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// A name or an address; IPv6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Address {
    /// Reads a list as in `bootstrap.servers`: `host:port` and commas; blanks and empty items count for nothing.
    ///
    /// # Errors
    /// The item that is no address (`ClientUtils.parseAndValidateAddresses`).
    pub fn parse_list(text: &str) -> Result<Vec<Address>, String> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(|item| Address::parse(item).ok_or_else(|| item.to_owned())).collect()
    }

    fn parse(item: &str) -> Option<Address> {
        // A client may write the protocol before the address, as listeners do.
        let bare = item.split_once("://").map_or(item, |(_, rest)| rest);
        let (host, port) = bare.rsplit_once(':')?;
        let port = port.parse().ok()?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = bracketed.unwrap_or(host);
        let plain = !host.is_empty() && !host.contains(['/', '[', ']']) && (bracketed.is_some() || !host.contains(':'));
        plain.then(|| Address { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Address { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_clients_write_them() {
        let read =
            |text: &str| Address::parse_list(text).map(|list| list.iter().map(Address::to_string).collect::<Vec<_>>());
        assert_eq!(read("a:1").unwrap(), ["a:1"]);
        assert_eq!(read(" a:1 ,, [::1]:2,PLAINTEXT://b:3").unwrap(), ["a:1", "[::1]:2", "b:3"]);
        assert_eq!(read("").unwrap(), [""; 0]);
    }

    #[test]
    fn the_item_that_is_no_address_is_named() {
        for bad in ["a", "a:", ":1", "a:b", "a:70000", "::1:9092", "[::1]", "a:-1"] {
            assert_eq!(Address::parse_list(&format!("ok:1,{bad}")).unwrap_err(), bad);
        }
    }
}
