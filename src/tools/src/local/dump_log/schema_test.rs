use super::super::decode::TABLES;
use super::*;

const TABLE: &str = "# told\nvalue 1=ONE 0-4 4 a:int32@3+ b:string c:int64@1-1 d:uuid@4+#0\n\
    value 10 0-0 0 l:[x:int8 y:[int32]] n:?{z:string}#1 e:[string]\n";

fn read(name: &str, version: i16, bytes: &[u8]) -> Result<String, Cut> {
    find(TABLE, name).unwrap().read(version, &mut &*bytes).map(|json| json.to_string())
}

#[test]
fn every_line_of_every_table_is_understood() {
    let lines = TABLES.iter().flat_map(|table| table.lines().map(move |line| (table, line)));
    let records: Vec<_> = lines.filter(|(_, line)| !line.starts_with('#')).collect();
    assert!(records.len() > 60);
    for (table, line) in records {
        let name: Vec<&str> = line.split([' ', '=']).take(2).collect();
        let schema = find(table, &name.join(" ")).unwrap();
        assert!(schema.has(schema.versions.0) && !schema.has(schema.versions.1 + 1), "{line}");
    }
    assert_eq!(find(TABLE, "value 0"), None);
}

#[test]
fn a_field_is_there_in_its_versions_alone() {
    assert_eq!(read("value 1", 0, b"\0\x01x"), Ok(r#"{"b":"x"}"#.to_owned()));
    assert_eq!(read("value 1", 1, b"\xff\xff\0\0\0\0\0\0\0\x05"), Ok(r#"{"b":null,"c":5}"#.to_owned()));
    assert_eq!(read("value 1", 3, b"\xff\xff\xff\xff\0\0"), Ok(r#"{"a":-1,"b":""}"#.to_owned()));
    let tagged = [&b"\0\0\0\x01\x02x\x02\0\x10"[..], &[0; 16], b"\x07\x01?"].concat();
    assert_eq!(read("value 1", 4, &tagged), Ok(r#"{"a":1,"b":"x","d":"AAAAAAAAAAAAAAAAAAAAAA"}"#.to_owned()));
    assert_eq!(find(TABLE, "value 1").unwrap().label, "ONE");
}

#[test]
fn lists_and_structs_lie_in_each_other() {
    let bytes = b"\x02\x05\x03\0\0\0\x01\0\0\0\x02\0\x01\x01\x01\x04\x01\x02y\0";
    assert_eq!(read("value 10", 0, bytes), Ok(r#"{"l":[{"x":5,"y":[1,2]}],"n":{"z":"y"},"e":[]}"#.to_owned()));
    assert_eq!(read("value 10", 0, b"\0\x01\0"), Ok(r#"{"l":null,"e":[]}"#.to_owned()));
    for cut in 0..bytes.len() {
        assert_eq!(read("value 10", 0, &bytes[..cut]), Err(Cut), "{cut}");
    }
    assert_eq!(read("value 10", 0, b"\xff\xff\xff\xff\x0f"), Err(Cut), "a list that cannot be");
}

#[test]
fn numbers_are_printed_as_java_does() {
    for (value, text) in [(1.0, "1.0"), (1_048_576.0, "1048576.0"), (1e7, "1.0E7"), (1.5e-5, "1.5E-5"), (-0.0, "-0.0")]
    {
        assert_eq!(java_double(value), text);
    }
}
