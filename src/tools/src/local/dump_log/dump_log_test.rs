use std::sync::Mutex;

use bytes::Bytes;
use klamm_base::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};
use klamm_log::encode_producer_snapshot;
use klamm_record::{BatchBuilder, Codec, ControlType, EndTxnMarker, HEADER_LEN, stamp};

use super::*;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A folder with files, and the tool on them.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &[u8])]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        files.iter().for_each(|(name, bytes)| folder.put(name, bytes));
        folder
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        DiskOs.replace(&self.0.path().join(name), bytes).unwrap();
    }

    /// Exit code, stdout and stderr of `--files FILE OPTIONS`, with the folder's name as DIR.
    fn run(&self, file: &str, options: &str) -> (u8, String, String) {
        let root = self.0.path().display().to_string();
        let files = file.split(',').map(|file| format!("{root}/{file}")).collect::<Vec<_>>().join(",");
        let mut args = vec!["--files".to_owned(), files];
        args.extend(options.split_whitespace().map(str::to_owned));
        let (out, err) = (Kept::default(), Kept::default());
        let mut io = Io { out: Box::new(out.clone()), err: Box::new(err.clone()), input: Box::new(std::io::empty()) };
        let code = run(&args, &mut io);
        let said = |kept: &Kept| String::from_utf8_lossy(&kept.0.lock().unwrap()).replace(&root, "DIR");
        (code, said(&out), said(&err))
    }
}

const LOG: &str = "00000000000000000010.log";

/// Two records at offsets 10 and 11 of a producer, in one batch.
fn batch(codec: Codec) -> Bytes {
    let mut builder = BatchBuilder::new(codec).producer(ProducerId(7), ProducerEpoch(1), Sequence(5));
    builder.append(1_000, Some(b"k"), Some("v\u{e4}lue".as_bytes()), &[(b"h", Some(b"x")), (b"i", None)]);
    builder.append(2_000, None, None, &[]);
    stamped(&builder.build(), 10)
}

fn stamped(batch: &[u8], offset: i64) -> Bytes {
    let header = stamp(batch.first_chunk::<HEADER_LEN>().unwrap(), Offset(offset), LeaderEpoch(3));
    Bytes::from([&header[..], &batch[HEADER_LEN..]].concat())
}

fn crc(batch: &[u8]) -> u32 {
    u32::from_be_bytes(*batch[17..].first_chunk().unwrap())
}

#[test]
fn batches_and_records_are_printed_as_the_stock_tool_prints_them() {
    for codec in Codec::ALL {
        let batch = batch(codec);
        let folder = Folder::new(&[(LOG, &batch)]);
        let head = format!(
            "Dumping DIR/{LOG}\nLog starting offset: 10\nbaseOffset: 10 lastOffset: 11 count: 2 baseSequence: 5 lastSequence: 6 \
             producerId: 7 producerEpoch: 1 partitionLeaderEpoch: 3 isTransactional: false isControl: false deleteHorizonMs: \
             OptionalLong.empty position: 0 CreateTime: 2000 size: {} magic: 2 compresscodec: {} crc: {} isvalid: true\n",
            batch.len(),
            codec.name(),
            crc(&batch)
        );
        assert_eq!(folder.run(LOG, ""), (0, head.clone(), String::new()));
        let gap = format!("Non-consecutive offsets in DIR/{LOG}\n  -1 is followed by 10\n");
        let one = "| offset: 10 CreateTime: 1000 keySize: 1 valueSize: 6 sequence: 5 headerKeys: [h,i]";
        let two = "| offset: 11 CreateTime: 2000 keySize: -1 valueSize: -1 sequence: 6 headerKeys: []";
        assert_eq!(folder.run(LOG, "--deep-iteration"), (0, format!("{head}{one}\n{two}\n"), gap.clone()));
        assert_eq!(
            folder.run(LOG, "--print-data-log"),
            (0, format!("{head}{one} key: k payload: v\u{e4}lue\n{two}\n"), gap.clone())
        );
        let alone = folder.run(LOG, "--print-data-log --skip-record-metadata");
        assert_eq!(alone, (0, format!("{head}| key: k payload: v\u{e4}lue\n\n"), gap));
    }
}

#[test]
fn control_records_say_how_a_transaction_ended_and_what_a_quorum_decided() {
    let marker = EndTxnMarker {
        producer_id: ProducerId(7),
        producer_epoch: ProducerEpoch(1),
        commit: true,
        coordinator_epoch: 4,
    };
    let mut change = BatchBuilder::new(Codec::None).control();
    change.append(5, Some(&ControlType::LeaderChange.write()), Some(b"\0\0\0\0\0\x01\x02\0\0\0\x01\0\x01\0"), &[]);
    change.append(5, Some(&[0, 0, 0, 3]), Some(b"\0\0\0\0\0\0\0\0\0\x09\0"), &[]);
    change.append(5, Some(&[0, 0, 0, 5]), Some(b"\0\0\0\x01\0"), &[]);
    change.append(5, Some(&[0, 0, 0, 9]), None, &[]);
    let bytes = [stamped(&marker.batch(9), 0), stamped(&change.build(), 1)].concat();
    let (code, out, _) =
        Folder::new(&[("00000000000000000000.log", &bytes)]).run("00000000000000000000.log", "--print-data-log");
    let lines: Vec<&str> =
        out.lines().filter(|line| line.starts_with('|')).map(|line| &line[line.find(']').unwrap() + 1..]).collect();
    let wanted = [
        " endTxnMarker: COMMIT coordinatorEpoch: 4",
        r#" LeaderChange: {"version":0,"leaderId":1,"voters":[{"voterId":1}],"grantingVoters":[]}"#,
        r#" SnapshotHeader {"version":0,"lastContainedLogTimestamp":9}"#,
        r#" KRaftVersion {"version":0,"kRaftVersion":1}"#,
        " controlType: UNKNOWN(9)",
    ];
    assert_eq!((code, lines.as_slice()), (0, &wanted[..]));
}

/// The records of a coordinator's topic as they are printed, from `key: ` on.
fn decoded(option: &str, pairs: &[(&[u8], Option<&[u8]>)]) -> Vec<String> {
    let mut builder = BatchBuilder::new(Codec::None);
    pairs.iter().for_each(|(key, value)| builder.append(5, Some(key), *value, &[]));
    let name = "00000000000000000000.log";
    let (code, out, err) = Folder::new(&[(name, &stamped(&builder.build(), 0))]).run(name, option);
    assert_eq!(code, 0, "{err}");
    out.lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line[line.find("] ").unwrap() + 2..].to_owned())
        .collect()
}

#[test]
fn records_of_coordinators_and_of_the_cluster_are_printed_as_json() {
    let commit = b"\0\x01\0\x01g\0\x01t\0\0\0\x02";
    let subscription = b"\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff";
    let member =
        [&b"\0\x01m\xff\xff\0\x01c\0\x02/h\0\0\0\x01\0\0\0\x02\0\0\0\x0d"[..], subscription, b"\0\0\0\x01z"].concat();
    let group =
        [&b"\0\x03\0\x08consumer\0\0\0\x07\0\x05range\0\x01m\0\0\0\0\0\0\0\x09\0\0\0\x01"[..], &member].concat();
    let printed = decoded(
        "--offsets-decoder",
        &[
            (commit, Some(b"\0\x03\0\0\0\0\0\0\0\x05\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\x08")),
            (commit, None),
            (b"\0\x02\0\x01g", Some(&group)),
            (b"\x7f\0", None),
            (commit, Some(b"\0\x09")),
            (b"\0", None),
        ],
    );
    let key = r#"key: {"type":"1","data":{"group":"g","topic":"t","partition":2}}"#;
    let wanted = [
        format!(
            r#"{key} payload: {{"version":"3","data":{{"offset":5,"leaderEpoch":-1,"metadata":"","commitTimestamp":8}}}}"#
        ),
        format!("{key} payload: <DELETE>"),
        concat!(
            r#"key: {"type":"2","data":{"group":"g"}} payload: {"version":"3","data":{"protocolType":"consumer","#,
            r#""generation":7,"protocol":"range","leader":"m","currentStateTimestamp":9,"members":[{"memberId":"m","#,
            r#""groupInstanceId":null,"clientId":"c","clientHost":"/h","rebalanceTimeout":1,"sessionTimeout":2,"#,
            r#""subscription":{"topics":["t"],"userData":null},"assignment":"eg=="}]}}"#
        )
        .to_owned(),
        "key: Unknown record type 32512 at offset 3, skipping.".to_owned(),
        "key: Error at offset 4, skipping. Found an unknown record version 9 for 1 type".to_owned(),
        "key: Error at offset 5, skipping. Could not read version from key's buffer.".to_owned(),
    ];
    assert_eq!(printed, wanted);
    let ongoing = b"\0\0\0\0\0\0\0\0\0\x07\0\x01\0\0\0\x3c\x01\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02";
    let printed = decoded("--transaction-log-decoder", &[(b"\0\0\0\x02tx", Some(ongoing))]);
    assert!(printed[0].starts_with(
        r#"key: {"type":"0","data":{"transactionalId":"tx"}} payload: {"version":"0","data":{"producerId":7,"#
    ));
    let topic = [&b"\x01\x02\0\x02t"[..], &[0; 16], b"\0"].concat();
    let printed = decoded("--cluster-metadata-decoder", &[(b"", Some(&topic)), (b"", Some(b"\x01\x02"))]);
    let wanted = [
        r#"payload: {"type":"TOPIC_RECORD","version":0,"data":{"name":"t","topicId":"AAAAAAAAAAAAAAAAAAAAAA"}}"#,
        "payload: Error at 1, skipping. Error while reading version",
    ];
    assert_eq!(printed, wanted);
}

#[test]
fn indexes_are_held_against_their_log() {
    let second = stamped(&batch(Codec::None), 12);
    let position = u32::try_from(batch(Codec::None).len()).unwrap();
    let log = [batch(Codec::None), second].concat();
    let pair = |offset: u32, position: u32| [offset.to_be_bytes(), position.to_be_bytes()].concat();
    let time = |time: i64, offset: u32| [&time.to_be_bytes()[..], &offset.to_be_bytes()].concat();
    let folder = Folder::new(&[(LOG, &log), ("00000000000000000010.index", &pair(3, position))]);
    let (index, times) = ("00000000000000000010.index", "00000000000000000010.timeindex");
    assert_eq!(
        folder.run(index, ""),
        (0, format!("Dumping DIR/{index}\noffset: 13 position: {position}\n"), String::new())
    );
    assert_eq!(folder.run(index, "--verify-index-only").1, format!("Dumping DIR/{index}\n"));
    assert_eq!(
        folder.run(index, "--index-sanity-check").1,
        format!("Dumping DIR/{index}\nDIR/{index} passed sanity check.\n")
    );
    folder.put(times, &[time(2_000, 1), time(2_000, 3), time(9, 2), [0; 12].to_vec()].concat());
    let (code, out, err) = folder.run(times, "");
    let entries = "timestamp: 2000 offset: 11\ntimestamp: 2000 offset: 13\ntimestamp: 9 offset: 12\n";
    assert_eq!((code, out), (0, format!("Dumping DIR/{times}\n{entries}")));
    let wanted = format!(
        "Found out of order timestamp in :DIR/{times}\n  Index timestamp: 2000, Previously indexed timestamp: 2000\n\
         The following indexed offsets are not found in :DIR/{times}\nIndexed offset: 12, found log offset: 13\n"
    );
    assert_eq!(err, wanted);
    folder.put(index, &pair(9, position));
    assert_eq!(folder.run(index, "").2, format!("Mismatches in :DIR/{index}\n  Index offset: 19, log offset: 13\n"));
    folder.put(index, b"");
    assert_eq!(folder.run(index, "").1, format!("Dumping DIR/{index}\nDIR/{index} is empty.\n"));
    folder.put(index, &pair(9, 99_999));
    let (code, _, err) = folder.run(index, "");
    assert_eq!(code, 1);
    let wanted = "Exception in thread \"main\" java.lang.IllegalArgumentException: Slice from position 99999 exceeds end position of \
                  FileRecords(size=";
    assert!(err.starts_with(wanted), "{err}");
    folder.put(index, &[0xff; 9]);
    assert!(
        folder
            .run(index, "--index-sanity-check")
            .2
            .contains("the last offset is 9 which is less than the base offset 10")
    );
    folder.put(times, &[0xff; 13]);
    assert!(
        folder
            .run(times, "--index-sanity-check")
            .2
            .contains("the last offset is 9 which is less than the first offset 10")
    );
    folder.put(times, &[0; 13]);
    assert!(
        folder
            .run(times, "--index-sanity-check")
            .2
            .contains("found 13 bytes which is neither positive nor a multiple of 12")
    );
}

#[test]
fn snapshots_and_aborted_transactions_are_told_entry_by_entry() {
    let mut bytes = encode_producer_snapshot(std::iter::empty());
    let empty = bytes.clone();
    let entry = [&7_i64.to_be_bytes()[..], &[0, 1], &[0, 0, 0, 9], &[0, 0, 0, 0, 0, 0, 0, 42], &[0, 0, 0, 2]].concat();
    let entry = [&entry[..], &5_i64.to_be_bytes(), &(-1_i32).to_be_bytes(), &(-1_i64).to_be_bytes()].concat();
    bytes.extend_from_slice(&entry);
    bytes[9] = 1;
    let sealed = klamm_record::crc_of(&[&[0; 21][..], &bytes[6..]].concat());
    bytes[2..6].copy_from_slice(&sealed.to_be_bytes());
    let folder =
        Folder::new(&[("00000000000000000042.snapshot", &bytes), ("1.snapshot", &empty), ("2.snapshot", &[0xff; 13])]);
    let line = "producerId: 7 producerEpoch: 1 coordinatorEpoch: -1 currentTxnFirstOffset: OptionalLong.empty lastTimestamp: 5 \
                firstSequence: 7 lastSequence: 9 lastOffset: 42 offsetDelta: 2 timestamp: 5\n";
    let name = "00000000000000000042.snapshot";
    assert_eq!(folder.run(name, ""), (0, format!("Dumping DIR/{name}\n{line}"), String::new()));
    assert_eq!(folder.run("1.snapshot", ""), (0, "Dumping DIR/1.snapshot\n".to_owned(), String::new()));
    let why = "Snapshot failed schema validation: Snapshot contained an unknown file version -1\n";
    assert_eq!(folder.run("2.snapshot", "").2, why);
    folder.put("2.snapshot", &[&[0, 1][..], &[0; 8]].concat());
    assert_eq!(
        folder.run("2.snapshot", "").2,
        "Snapshot is corrupt (CRC is no longer valid). Stored crc: 0. Computed crc: 1214729159\n"
    );
    let aborted =
        [&[0, 0][..], &1_i64.to_be_bytes(), &2_i64.to_be_bytes(), &3_i64.to_be_bytes(), &4_i64.to_be_bytes(), b"x"]
            .concat();
    folder.put("0.txnindex", &aborted);
    let line = "version: 0 producerId: 1 firstOffset: 2 lastOffset: 3 lastStableOffset: 4\n";
    assert_eq!(folder.run("0.txnindex", "").1, format!("Dumping DIR/0.txnindex\n{line}"));
}

#[test]
fn what_is_broken_is_told_in_the_stock_tool_s_words() {
    let good = batch(Codec::None);
    let told = |change: &dyn Fn(&mut Vec<u8>), options: &str| {
        let mut bytes = good.to_vec();
        change(&mut bytes);
        let (code, out, err) = Folder::new(&[(LOG, &bytes)]).run(LOG, options);
        (
            code,
            out.lines().skip(2).map(str::to_owned).collect::<Vec<_>>().join("\n"),
            err.replace("Exception in thread \"main\" ", ""),
        )
    };
    let (code, _, err) = told(&|bytes| bytes[8..12].copy_from_slice(&[0, 0, 0, 5]), "");
    let small = "org.apache.kafka.common.errors.CorruptRecordException: Found record size 5 smaller than minimum record overhead (14)";
    assert!(code == 1 && err.starts_with(small), "{err}");
    assert!(told(&|bytes| bytes[16] = 3, "").1.contains(" magic: 3 compresscodec: none "));
    assert!(told(&|bytes| bytes[70] ^= 1, "").1.ends_with(" isvalid: false"));
    let (code, out, err) = told(&|bytes| bytes[22] = 6, "");
    assert_eq!((code, err.as_str()), (1, "java.lang.IllegalArgumentException: Unknown compression type id: 6\n"));
    assert!(out.ends_with("deleteHorizonMs: OptionalLong.empty"), "{out}");
    let (code, out, err) = told(&|bytes| bytes[60] = 1, "--deep-iteration");
    assert_eq!((code, out.matches("| offset").count()), (1, 0));
    let why = "org.apache.kafka.common.InvalidRecordException: Incorrect declared batch size, records still remaining in file\n";
    assert_eq!(err, why);
    let (code, out, _) = told(&|bytes| bytes[60] = 9, "--deep-iteration");
    assert_eq!((code, out.matches("| offset").count()), (1, 2));
    let cut = Folder::new(&[(LOG, &good[..good.len() - 1])]);
    let found = format!("Found {} invalid bytes at the end of {LOG}\n", good.len() - 1);
    assert!(cut.run(LOG, "").1.ends_with(&found));
    assert_eq!(cut.run(LOG, "--max-bytes 99").1, format!("Dumping DIR/{LOG}\nLog starting offset: 10\n"));
    for (file, options, why) in [
        ("x.log", "", "java.lang.NumberFormatException: For input string: \"x\"\n"),
        ("1.log", "", "java.nio.file.NoSuchFileException: DIR/1.log\n"),
        ("x.checkpoint", "", "java.lang.StringIndexOutOfBoundsException: begin 0, end 20, length 12\n"),
        (
            LOG,
            "--max-bytes x",
            "joptsimple.OptionArgumentConversionException: Cannot parse argument 'x' of option max-bytes\n",
        ),
        (LOG, "--bogus", "joptsimple.UnrecognizedOptionException: bogus is not a recognized option\n"),
        (LOG, "--value-decoder-class x.Y", "java.lang.RuntimeException: Failed to load decoder class\n"),
    ] {
        let (code, _, err) = cut.run(file, options);
        assert_eq!((code, err), (1, format!("Exception in thread \"main\" {why}")));
    }
    assert_eq!(
        cut.run("noext", ""),
        (0, "Dumping DIR/noext\n".to_owned(), "Ignoring unknown file DIR/noext\n".to_owned())
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 96, ..Default::default() })]

    #[test]
    fn no_bytes_make_it_panic(
        noise in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
        flips in proptest::collection::vec((0_usize..400, proptest::num::u8::ANY), 0..6),
        codec in 0_usize..5,
    ) {
        let mut bytes = [batch(Codec::ALL[codec]), batch(Codec::None)].concat();
        let len = bytes.len();
        flips.iter().for_each(|(at, byte)| bytes[at % len] = *byte);
        let folder = Folder::new(&[(LOG, &bytes)]);
        for decoder in ["--print-data-log", "--offsets-decoder", "--transaction-log-decoder", "--cluster-metadata-decoder"] {
            folder.run(LOG, decoder);
        }
        for suffix in ["log", "index", "timeindex", "snapshot", "txnindex", "checkpoint"] {
            folder.put(&format!("00000000000000000000.{suffix}"), &noise);
            folder.run(&format!("00000000000000000000.{suffix}"), "--deep-iteration");
        }
        folder.put("00000000000000000010.index", &noise);
        folder.put("00000000000000000010.timeindex", &noise);
        folder.run("00000000000000000010.index,00000000000000000010.timeindex", "");
    }
}
