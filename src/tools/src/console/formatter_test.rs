use klamm_record::{Batch, BatchBuilder, Codec, records};

use super::*;

fn quiet() -> Io {
    Io { out: Box::new(std::io::sink()), err: Box::new(std::io::sink()), input: Box::new(std::io::empty()) }
}

/// What the default formatter prints of a record with key `k`, value `v` and headers, and of one of nulls.
fn printed(properties: &[(&str, &str)]) -> String {
    let properties = properties.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let class = "org.apache.kafka.tools.consumer.DefaultMessageFormatter";
    let formatter = Formatter::of_class(class, &properties, &mut quiet()).unwrap();
    let mut builder = BatchBuilder::new(Codec::None);
    builder.append(5, Some(b"k"), Some(b"v"), &[(b"h", Some(b"x")), (b"n", None)]);
    builder.append(6, None, None, &[]);
    let batch = Batch::parse(&builder.build()).unwrap();
    let list: Vec<Record> = records(&batch).map(Result::unwrap).collect();
    let all = Records::for_test("t", 3, list);
    let mut out = Vec::new();
    for record in &all.records {
        if let Err(fault) = formatter.write(&all, record, &mut out) {
            out.extend_from_slice(format!("<{}>", fault.text()).as_bytes());
        }
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn the_value_alone_is_printed_unless_more_is_asked_for() {
    assert_eq!(printed(&[]), "v\nnull\n");
    assert_eq!(printed(&[("print.key", "true")]), "k\tv\nnull\tnull\n");
    assert_eq!(printed(&[("print.key", "true"), ("print.value", "false")]), "k\nnull\n");
    assert_eq!(printed(&[("print.value", "false")]), "");
    let all = ["timestamp", "partition", "offset", "delivery", "epoch", "headers", "key"];
    let all: Vec<String> = all.iter().map(|name| format!("print.{name}")).collect();
    let all: Vec<(&str, &str)> = all.iter().map(|key| (key.as_str(), "true")).collect();
    assert_eq!(
        printed(&all),
        "CreateTime:5\tPartition:3\tOffset:0\tDelivery:NOT_PRESENT\tEpoch:NOT_PRESENT\th:x,n:null\tk\tv\n\
         CreateTime:6\tPartition:3\tOffset:1\tDelivery:NOT_PRESENT\tEpoch:NOT_PRESENT\tNO_HEADERS\tnull\tnull\n"
    );
}

#[test]
fn separators_and_the_literal_of_null_are_taken_over() {
    let properties = [
        ("print.key", " TRUE "),
        ("print.headers", "true"),
        ("key.separator", "|"),
        ("headers.separator", ";"),
        ("line.separator", "\r\n"),
        ("null.literal", "NULL"),
    ];
    assert_eq!(printed(&properties), "h:x;n:NULL|k|v\r\nNO_HEADERS|NULL|NULL\r\n");
}

#[test]
fn deserializers_are_used_and_a_null_goes_through_them() {
    let class = "org.apache.kafka.common.serialization.IntegerDeserializer";
    assert_eq!(
        printed(&[("value.deserializer", class)]),
        "<Size of data received by IntegerDeserializer is not 4>1853189228\n"
    );
    assert_eq!(printed(&[("value.deserializer", "Foo")]), "v\nnull\n", "a class that nobody knows is passed over");
}

#[test]
fn formatters_are_known_by_their_classes() {
    let known = |class: &str| Formatter::of_class(class, &BTreeMap::new(), &mut quiet()).is_some();
    assert!(
        known("org.apache.kafka.tools.consumer.NoOpMessageFormatter") && known("kafka.tools.LoggingMessageFormatter")
    );
    assert!(!known("Foo") && !known("org.apache.kafka.tools.consumer.Foo"));
}
