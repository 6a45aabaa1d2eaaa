//! Request headers.

use bytes::{Buf, Bytes};

use crate::varint::skip_tagged_fields;

/// The key of ApiVersions, whose headers follow rules of their own.
pub const API_VERSIONS: i16 = 18;

/// A request's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHeader {
    /// Which API is asked.
    pub api_key: i16,
    /// In which version its body is written.
    pub api_version: i16,
    /// What the answer must carry; any number.
    pub correlation_id: i32,
    /// How the client calls itself; empty if it wrote null.
    pub client_id: String,
}

/// Why a header could not be read. The connection is closed (`InvalidRequestException`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// The bytes end before the header does.
    #[error("the request's header is cut short")]
    Short,
    /// The tagged fields do not parse.
    #[error("the request header's tagged fields are malformed")]
    Tags,
}

impl RequestHeader {
    /// Reads key, version and correlation id, and leaves `frame` behind them.
    ///
    /// # Errors
    /// If the frame has fewer than eight bytes.
    pub fn peek(frame: &[u8]) -> Result<(i16, i16), HeaderFault> {
        let mut bytes = frame;
        if bytes.len() < 8 {
            return Err(HeaderFault::Short);
        }
        Ok((bytes.get_i16(), bytes.get_i16()))
    }

    /// Reads the header and leaves `frame` at the body. `flexible` says whether this version of this API carries
    /// tagged fields in its header (header version 2).
    ///
    /// The client id is a string with an `int16` length even in header version 2; any negative length is null, null
    /// is "", and bytes that are not UTF-8 are replaced, as Java does (N4).
    ///
    /// # Errors
    /// Where the frame ends early or the tagged fields do not parse.
    pub fn read(frame: &mut Bytes, flexible: bool) -> Result<RequestHeader, HeaderFault> {
        if frame.remaining() < 10 {
            return Err(HeaderFault::Short);
        }
        let api_key = frame.get_i16();
        let api_version = frame.get_i16();
        let correlation_id = frame.get_i32();
        let client_id = match usize::try_from(frame.get_i16()) {
            Ok(length) if frame.remaining() < length => return Err(HeaderFault::Short),
            Ok(length) => String::from_utf8_lossy(&frame.split_to(length)).into_owned(),
            Err(_) => String::new(),
        };
        if flexible {
            skip_tagged_fields(frame).ok_or(HeaderFault::Tags)?;
        }
        Ok(RequestHeader { api_key, api_version, correlation_id, client_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], flexible: bool) -> Result<(RequestHeader, Vec<u8>), HeaderFault> {
        let mut frame = Bytes::copy_from_slice(bytes);
        RequestHeader::read(&mut frame, flexible).map(|header| (header, frame.to_vec()))
    }

    #[test]
    fn a_header_with_tags_is_read_up_to_the_body() {
        let bytes = [0, 3, 0, 12, 255, 255, 255, 254, 0, 2, b'm', b'e', 1, 0, 1, 9, 77];
        let (header, body) = read(&bytes, true).unwrap();
        assert_eq!((header.api_key, header.api_version, header.correlation_id), (3, 12, -2));
        assert_eq!((header.client_id.as_str(), body), ("me", vec![77]));
    }

    #[test]
    fn any_negative_client_id_length_is_null_and_bad_utf8_is_replaced_n4() {
        let null = [0, 3, 0, 0, 0, 0, 0, 1, 0x80, 0];
        assert_eq!(read(&null, false).unwrap().0.client_id, "");
        let bad = [0, 3, 0, 0, 0, 0, 0, 1, 0, 1, 0xff];
        assert_eq!(read(&bad, false).unwrap().0.client_id, "\u{fffd}");
    }

    #[test]
    fn a_header_cut_anywhere_is_refused() {
        let whole = [0, 3, 0, 12, 0, 0, 0, 1, 0, 2, b'm', b'e', 0];
        for length in 0..whole.len() {
            assert!(read(&whole[..length], true).is_err(), "{length}");
        }
        read(&whole, true).unwrap();
    }
}
