//! Files in JSON, with Kafka's words for what is wrong in them (`org.apache.kafka.server.util.Json`, `DecodeJson`).

use serde_json::{Map, Value};

use crate::thrown::Thrown;

fn mapping(message: String) -> Thrown {
    Thrown::new("com.fasterxml.jackson.databind.JsonMappingException", message)
}

/// The value that a text holds; `None` if it is not JSON. Blanks alone are nothing, which is a value of its own.
pub(crate) fn parse(text: &str) -> Option<Value> {
    let blank = !text.is_empty() && text.trim().is_empty();
    if blank { Some(Value::Null) } else { serde_json::from_str(text).ok() }
}

fn shown(value: &Value) -> String {
    if value.is_null() { String::new() } else { value.to_string() }
}

/// The fields of an object.
pub(crate) fn object(value: &Value) -> Result<&Map<String, Value>, Thrown> {
    value.as_object().ok_or_else(|| mapping(format!("Expected JSON object, received {}", shown(value))))
}

/// The items of an array.
pub(crate) fn array(value: &Value) -> Result<&[Value], Thrown> {
    value
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| mapping(format!("Expected JSON array, received {}", shown(value))))
}

/// A field that must be there.
pub(crate) fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a Value, Thrown> {
    fields.get(name).ok_or_else(|| mapping(format!("No such field exists: `{name}`")))
}

/// A text.
pub(crate) fn string(value: &Value) -> Result<&str, Thrown> {
    value.as_str().ok_or_else(|| unexpected("String", value))
}

/// A number of 32 bits.
pub(crate) fn integer(value: &Value) -> Result<i32, Thrown> {
    value.as_i64().and_then(|number| i32::try_from(number).ok()).ok_or_else(|| unexpected("Integer", value))
}

/// A number of 64 bits.
pub(crate) fn long(value: &Value) -> Result<i64, Thrown> {
    value.as_i64().ok_or_else(|| unexpected("Long", value))
}

fn unexpected(kind: &str, value: &Value) -> Thrown {
    mapping(format!("Expected `{kind}` value, received {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_said_in_kafka_s_words() {
        let said = |fault: Thrown| fault.text().to_owned();
        assert_eq!([parse("{"), parse("")], [None, None]);
        assert_eq!(said(object(&parse("\n").unwrap()).unwrap_err()), "Expected JSON object, received ");
        assert_eq!(said(object(&parse("[]").unwrap()).unwrap_err()), "Expected JSON object, received []");
        assert_eq!(said(array(&parse("{}").unwrap()).unwrap_err()), "Expected JSON array, received {}");
        assert_eq!(said(integer(&parse("\"x\"").unwrap()).unwrap_err()), "Expected `Integer` value, received \"x\"");
        assert_eq!(said(long(&parse("1.5").unwrap()).unwrap_err()), "Expected `Long` value, received 1.5");
        assert_eq!(said(string(&parse("1").unwrap()).unwrap_err()), "Expected `String` value, received 1");
        let object = parse("{\"a\": 5000000000}").unwrap();
        assert_eq!(said(field(object.as_object().unwrap(), "b").unwrap_err()), "No such field exists: `b`");
        assert!(integer(&object["a"]).is_err() && long(&object["a"]).is_ok());
    }
}
