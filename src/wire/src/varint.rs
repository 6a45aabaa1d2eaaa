//! Unsigned variable-length integers, as tagged fields and compact lengths use them (KIP-482).

use bytes::{Buf, BufMut};

/// Reads one; `None` where the bytes end early or it has more than 32 bits (Java's `ByteUtils.readUnsignedVarint`
/// throws there).
pub fn read_unsigned(buffer: &mut impl Buf) -> Option<u32> {
    let mut value = 0u32;
    for shift in (0..35).step_by(7) {
        if !buffer.has_remaining() {
            return None;
        }
        let byte = buffer.get_u8();
        let bits = u32::from(byte & 0x7f);
        if shift == 28 && bits > 0x0f {
            return None;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Writes one.
pub fn write_unsigned(buffer: &mut impl BufMut, mut value: u32) {
    while value >= 0x80 {
        buffer.put_u8((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    buffer.put_u8(value as u8);
}

/// Skips a section of tagged fields; `None` where it is malformed. Their order and uniqueness are not checked, as
/// Kafka's reader does not check them either.
pub fn skip_tagged_fields(buffer: &mut impl Buf) -> Option<()> {
    let count = read_unsigned(buffer)?;
    for _ in 0..count {
        read_unsigned(buffer)?;
        let size = usize::try_from(read_unsigned(buffer)?).ok()?;
        if buffer.remaining() < size {
            return None;
        }
        buffer.advance(size);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_more_than_32_bits_is_refused() {
        assert_eq!(read_unsigned(&mut &[0xff, 0xff, 0xff, 0xff, 0x0f][..]), Some(u32::MAX));
        assert_eq!(read_unsigned(&mut &[0xff, 0xff, 0xff, 0xff, 0x1f][..]), None);
        assert_eq!(read_unsigned(&mut &[0x80, 0x80, 0x80, 0x80, 0x80, 0x01][..]), None);
        assert_eq!(read_unsigned(&mut &[0x80][..]), None);
    }

    #[test]
    fn what_is_written_is_read() {
        for value in [0, 1, 127, 128, 300, 16_383, 16_384, u32::MAX] {
            let mut bytes = Vec::new();
            write_unsigned(&mut bytes, value);
            assert_eq!(read_unsigned(&mut &bytes[..]), Some(value));
        }
    }

    #[test]
    fn repeated_and_unordered_tags_are_skipped_n6() {
        let mut bytes = &[3, 5, 1, 9, 2, 0, 5, 2, 7, 7, 42][..];
        assert_eq!(skip_tagged_fields(&mut bytes), Some(()));
        assert_eq!(bytes, [42]);
    }

    #[test]
    fn a_tag_that_reaches_past_the_end_is_malformed_n6() {
        assert_eq!(skip_tagged_fields(&mut &[1, 0, 9, 1][..]), None);
        assert_eq!(skip_tagged_fields(&mut &[0xff, 0xff, 0xff, 0xff, 0x0f][..]), None);
    }
}
