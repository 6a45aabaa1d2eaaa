use std::io::Read;

use crate::{Codec, CompressFault, compress, decompress};

fn read(codec: Codec, body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    decompress(codec, body)?.read_to_end(&mut out)?;
    Ok(out)
}

fn written(codec: Codec, records: &[u8]) -> Vec<u8> {
    compress(codec, codec.default_level(), records, usize::MAX).unwrap()
}

/// Bytes that compress somewhat.
fn sample(len: usize) -> Vec<u8> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 29) as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn bytes_of_every_size_come_back() {
    for codec in Codec::ALL {
        for len in [0, 1, 100, 32 * 1024, 32 * 1024 + 1, 64 * 1024, 300_000] {
            let bytes = sample(len);
            assert_eq!(read(codec, &written(codec, &bytes)).unwrap(), bytes, "{codec:?} {len}");
        }
    }
}

#[test]
fn levels_outside_the_range_are_clamped() {
    for codec in Codec::ALL {
        for level in [i32::MIN, 0, i32::MAX] {
            let body = compress(codec, level, &sample(1_000)[..], usize::MAX).unwrap();
            assert_eq!(read(codec, &body).unwrap(), sample(1_000), "{codec:?} {level}");
        }
    }
}

#[test]
fn a_body_that_is_cut_anywhere_is_not_taken_for_whole_p19() {
    for codec in [Codec::Gzip, Codec::Lz4, Codec::Zstd] {
        let body = written(codec, &sample(2_000));
        for len in 1..body.len() {
            assert!(read(codec, &body[..len]).is_err(), "{codec:?} cut to {len} of {}", body.len());
        }
    }
    // Between two blocks a snappy stream has no sign that there was more; the record count tells.
    let body = written(Codec::Snappy, &sample(2_000));
    for len in 17..body.len() {
        assert!(read(Codec::Snappy, &body[..len]).is_err(), "cut to {len}");
    }
}

#[test]
fn a_body_of_nothing_is_an_error_except_for_zstd_p19() {
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4] {
        assert!(read(codec, b"").is_err(), "{codec:?}");
    }
    assert_eq!(read(Codec::Zstd, b"").unwrap(), b"");
}

#[test]
fn junk_is_an_error() {
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        assert!(read(codec, &[0xff; 64]).is_err(), "{codec:?}");
        assert!(read(codec, b"what is this").is_err(), "{codec:?}");
    }
}

#[test]
fn gzip_of_several_members_is_read_p29() {
    let body = [written(Codec::Gzip, b"one "), written(Codec::Gzip, b"two")].concat();
    assert_eq!(read(Codec::Gzip, &body).unwrap(), b"one two");
}

#[test]
fn zstd_of_several_frames_is_read() {
    let body = [written(Codec::Zstd, b"one "), written(Codec::Zstd, b"two")].concat();
    assert_eq!(read(Codec::Zstd, &body).unwrap(), b"one two");
}

#[test]
fn snappy_is_read_raw_and_framed_and_with_heads_in_between_p29() {
    let raw = snap::raw::Encoder::new().compress_vec(b"raw block").unwrap();
    assert_eq!(read(Codec::Snappy, &raw).unwrap(), b"raw block");
    let framed = [written(Codec::Snappy, b"one "), written(Codec::Snappy, b"two")].concat();
    assert_eq!(read(Codec::Snappy, &framed).unwrap(), b"one two");
}

#[test]
fn a_snappy_head_of_version_0_is_refused() {
    let mut body = written(Codec::Snappy, b"one");
    body[11] = 0;
    assert!(read(Codec::Snappy, &body).is_err());
}

#[test]
fn a_snappy_block_that_claims_gigabytes_costs_nothing() {
    for body in [
        &[0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0][..],
        b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01\0\0\0\x08\xff\xff\xff\xff\x0f\0\0\0",
        b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01\x7f\xff\xff\xff\x01",
        b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01\xff\xff\xff\xff\x01",
    ] {
        assert!(read(Codec::Snappy, body).is_err());
    }
}

#[test]
fn lz4_frames_that_java_cannot_read_are_refused_p29() {
    let body = written(Codec::Lz4, &sample(100_000));
    assert_eq!(body[4], 0b0110_0000, "version 1, independent blocks, no checksums");
    let linked = {
        let mut encoder = lz4::EncoderBuilder::new().block_mode(lz4::BlockMode::Linked).build(Vec::new()).unwrap();
        std::io::Write::write_all(&mut encoder, b"linked").unwrap();
        encoder.finish().0
    };
    assert!(read(Codec::Lz4, &linked).is_err());
    for (at, bits) in [(0, 0xff), (4, 0x80), (4, 0x01), (5, 0x80), (6, 0x01)] {
        let mut wrong = body.clone();
        wrong[at] ^= bits;
        assert!(read(Codec::Lz4, &wrong).is_err(), "byte {at}");
    }
}

#[test]
fn lz4_frames_with_checksums_and_content_size_are_read() {
    let records = sample(200_000);
    let mut builder = lz4::EncoderBuilder::new();
    builder.block_mode(lz4::BlockMode::Independent).block_size(lz4::BlockSize::Max4MB).content_size(200_000);
    let mut encoder = builder.build(Vec::new()).unwrap();
    std::io::Write::write_all(&mut encoder, &records).unwrap();
    assert_eq!(read(Codec::Lz4, &encoder.finish().0).unwrap(), records);
}

#[test]
fn output_past_the_bound_stops_the_compression() {
    for codec in Codec::ALL {
        let endless = std::io::repeat(7);
        assert!(
            matches!(compress(codec, 1, endless.take(1 << 26), 500), Err(CompressFault::TooLarge(500))),
            "{codec:?}"
        );
    }
}
