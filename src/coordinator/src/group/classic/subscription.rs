//! The one thing that the broker understands of a consumer's metadata: which topics it subscribes to
//! (`ConsumerProtocol`, of which version 0 is the beginning of all versions).

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use crate::group::codec::Reader;

/// The topics of a subscription; `None` if the bytes are not one.
///
/// ```text
/// i16 version │ i32 count, then topics as text │ more in later versions
/// ```
pub fn subscribed_topics(metadata: &Bytes) -> Option<BTreeSet<Arc<str>>> {
    let mut reader = Reader::new(metadata.clone());
    let version = reader.i16("version").ok()?;
    if version < 0 {
        return None;
    }
    let count = reader.length("topics").ok()?;
    (0..count).map(|_| reader.text("topic").ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g22_the_topics_of_every_version_of_a_subscription_are_read() {
        let topics = |bytes: &'static [u8]| subscribed_topics(&Bytes::from_static(bytes));
        let v0 = topics(b"\0\0\0\0\0\x02\0\x01a\0\x01b\xff\xff\xff\xff").unwrap();
        assert_eq!(v0.iter().map(|topic| &**topic).collect::<Vec<_>>(), ["a", "b"]);
        let v3 = topics(b"\0\x03\0\0\0\x01\0\x01a\xff\xff\xff\xff\0\0\0\0\0\0\0\0\xff\xff").unwrap();
        assert_eq!(v3.len(), 1);
    }

    #[test]
    fn g22_what_is_no_subscription_tells_nothing() {
        for bytes in [&b""[..], b"\0", b"\xff\xff\0\0\0\0", b"\0\0\x7f\xff\xff\xff", b"\0\0\0\0\0\x01\0\x05ab"] {
            assert_eq!(subscribed_topics(&Bytes::from_static(bytes)), None, "{bytes:?}");
        }
    }
}
