//! Zigzag varints, the numbers inside a record (`ByteUtils.readVarint`, `readVarlong`).

use crate::fault::BatchFault;
use crate::walk::Source;

/// Reads a 32-bit varint. Bits past the 32nd in its fifth byte are dropped, as Kafka drops them.
///
/// # Errors
/// [`BatchFault::Structure`] for more than five bytes, or where the bytes end.
#[inline]
pub(crate) fn read_varint<S: Source>(source: &mut S) -> Result<i32, BatchFault> {
    let first = source.byte()?;
    if first & 0x80 == 0 {
        return Ok(i32::from(first >> 1) ^ -i32::from(first & 1));
    }
    let mut value = u32::from(first & 0x7f);
    for shift in (7..35).step_by(7) {
        let byte = source.byte()?;
        value |= u32::from(byte & 0x7f).wrapping_shl(shift);
        if byte & 0x80 == 0 {
            return Ok((value >> 1) as i32 ^ -((value & 1) as i32));
        }
    }
    Err(BatchFault::Structure("a varint of more than 5 bytes"))
}

/// Reads a 64-bit varint; like [`read_varint`], of up to ten bytes.
#[inline]
pub(crate) fn read_varlong<S: Source>(source: &mut S) -> Result<i64, BatchFault> {
    let first = source.byte()?;
    if first & 0x80 == 0 {
        return Ok(i64::from(first >> 1) ^ -i64::from(first & 1));
    }
    let mut value = u64::from(first & 0x7f);
    for shift in (7..70).step_by(7) {
        let byte = source.byte()?;
        value |= u64::from(byte & 0x7f).wrapping_shl(shift);
        if byte & 0x80 == 0 {
            return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    Err(BatchFault::Structure("a varlong of more than 10 bytes"))
}

/// Writes `value`; one that fits 32 bits takes the same bytes as a varint and as a varlong.
pub(crate) fn write_varlong(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// How many bytes [`write_varlong`] takes, 1 to 10.
pub(crate) fn varlong_len(value: i64) -> usize {
    let bits = 64 - (((value << 1) ^ (value >> 63)) as u64 | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::SliceSource;

    fn written(value: i64) -> Vec<u8> {
        let mut out = Vec::new();
        write_varlong(&mut out, value);
        out
    }

    #[test]
    fn numbers_of_every_length_come_back() {
        for shift in 0..63 {
            for value in [1i64 << shift, (1i64 << shift) - 1, -(1i64 << shift), i64::MIN, i64::MAX] {
                let bytes = written(value);
                assert_eq!(bytes.len(), varlong_len(value), "{value}");
                assert_eq!(read_varlong(&mut SliceSource::new(&bytes)), Ok(value));
                if let Ok(small) = i32::try_from(value) {
                    assert_eq!(read_varint(&mut SliceSource::new(&bytes)), Ok(small));
                }
            }
        }
    }

    #[test]
    fn the_bytes_are_kafkas() {
        for (value, bytes) in [
            (0i64, &[0u8][..]),
            (-1, &[1]),
            (63, &[0x7e]),
            (-64, &[0x7f]),
            (64, &[0x80, 1]),
            (8191, &[0xfe, 0x7f]),
            (i64::from(i32::MAX), &[0xfe, 0xff, 0xff, 0xff, 0x0f]),
            (i64::from(i32::MIN), &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        ] {
            assert_eq!(written(value), bytes, "{value}");
        }
    }

    #[test]
    fn overlong_and_cut_numbers_are_refused_p19() {
        assert!(read_varint(&mut SliceSource::new(&[0x80, 0x80, 0x80, 0x80, 0x80, 0])).is_err());
        assert!(read_varlong(&mut SliceSource::new(&[0x80; 11])).is_err());
        assert!(read_varint(&mut SliceSource::new(&[0x80, 0x80])).is_err());
        assert!(read_varint(&mut SliceSource::new(&[])).is_err());
    }
}
