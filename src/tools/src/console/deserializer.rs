//! From bytes to what Java prints of them: the deserializers that a class name may stand for
//! (`org.apache.kafka.common.serialization`).

use std::fmt::Write;

use crate::thrown::Thrown;

const PACKAGE: &str = "org.apache.kafka.common.serialization.";
const SERIALIZATION: &str = "org.apache.kafka.common.errors.SerializationException";

/// A deserializer, and `toString` of what it makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deserializer {
    Text,
    Short,
    Integer,
    Long,
    Float,
    Double,
    Boolean,
    Uuid,
    Bytes,
    ByteBuffer,
    ByteArray,
    Void,
}

impl Deserializer {
    /// The deserializer of a class, if it is one of Kafka's own that stands for itself.
    pub(super) fn of_class(class: &str) -> Option<Deserializer> {
        Some(match class.strip_prefix(PACKAGE)?.strip_suffix("Deserializer")? {
            "String" => Deserializer::Text,
            "Short" => Deserializer::Short,
            "Integer" => Deserializer::Integer,
            "Long" => Deserializer::Long,
            "Float" => Deserializer::Float,
            "Double" => Deserializer::Double,
            "Boolean" => Deserializer::Boolean,
            "UUID" => Deserializer::Uuid,
            "Bytes" => Deserializer::Bytes,
            "ByteBuffer" => Deserializer::ByteBuffer,
            "ByteArray" => Deserializer::ByteArray,
            "Void" => Deserializer::Void,
            _ => return None,
        })
    }

    /// What is printed of `bytes`.
    ///
    /// # Errors
    /// If they are none of what this reads.
    pub(super) fn print(self, bytes: &[u8]) -> Result<String, Thrown> {
        Ok(match self {
            Deserializer::Text => String::from_utf8_lossy(bytes).into_owned(),
            Deserializer::Short => i16::from_be_bytes(sized(bytes, "ShortDeserializer")?).to_string(),
            Deserializer::Integer => i32::from_be_bytes(sized(bytes, "IntegerDeserializer")?).to_string(),
            Deserializer::Long => i64::from_be_bytes(sized(bytes, "LongDeserializer")?).to_string(),
            Deserializer::Float => java_float(&format!("{:e}", f32::from_be_bytes(sized(bytes, "Deserializer")?))),
            Deserializer::Double => java_float(&format!("{:e}", f64::from_be_bytes(sized(bytes, "Deserializer")?))),
            Deserializer::Boolean => match sized::<1>(bytes, "BooleanDeserializer")? {
                [0] => "false".to_owned(),
                [1] => "true".to_owned(),
                [other] => {
                    let signed = other.cast_signed();
                    return Err(fault(format!("Unexpected byte received by BooleanDeserializer: {signed}")));
                }
            },
            Deserializer::Uuid => uuid(&String::from_utf8_lossy(bytes))?,
            Deserializer::Bytes => escaped(bytes),
            Deserializer::ByteBuffer => format!("java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", bytes.len()),
            Deserializer::ByteArray => String::from_utf8_lossy(bytes).into_owned(),
            Deserializer::Void => {
                let class = "java.lang.IllegalArgumentException";
                return Err(Thrown::new(class, "Data should be null for a VoidDeserializer."));
            }
        })
    }
}

fn fault(why: String) -> Thrown {
    Thrown::new(SERIALIZATION, why)
}

fn sized<const N: usize>(bytes: &[u8], name: &str) -> Result<[u8; N], Thrown> {
    bytes.try_into().map_err(|_| fault(format!("Size of data received by {name} is not {N}")))
}

/// `Double.toString` of a number whose shortest digits are written as `1.25e-7`.
fn java_float(scientific: &str) -> String {
    match scientific {
        "NaN" => return "NaN".to_owned(),
        "inf" => return "Infinity".to_owned(),
        "-inf" => return "-Infinity".to_owned(),
        _ => {}
    }
    let (sign, body) = scientific.strip_prefix('-').map_or(("", scientific), |body| ("-", body));
    let (mantissa, exponent) = body.split_once('e').unwrap_or((body, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let point = |digits: &str| if digits.is_empty() { "0".to_owned() } else { digits.to_owned() };
    if digits == "0" {
        return format!("{sign}0.0");
    }
    // From a thousandth to ten million, as a plain number.
    if (-3..7).contains(&exponent) {
        let places = usize::try_from(exponent + 1).unwrap_or(0);
        if exponent < 0 {
            let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
            return format!("{sign}0.{zeros}{digits}");
        }
        let padded = format!("{digits:0<places$}");
        return format!("{sign}{}.{}", &padded[..places], point(&padded[places..]));
    }
    format!("{sign}{}.{}E{exponent}", &digits[..1], point(&digits[1..]))
}

/// `UUID.fromString(text).toString()`.
fn uuid(text: &str) -> Result<String, Thrown> {
    let bad = || fault("Error parsing data into UUID".to_owned());
    let parts: Vec<&str> = text.split('-').collect();
    let widths = [8, 4, 4, 4, 12];
    if parts.len() != widths.len() {
        return Err(bad());
    }
    let part = |(part, width): (&&str, usize)| {
        let number = u64::from_str_radix(part, 16).ok().filter(|_| part.len() <= width)?;
        Some(format!("{number:0width$x}"))
    };
    let parts: Option<Vec<String>> = parts.iter().zip(widths).map(part).collect();
    Ok(parts.ok_or_else(bad)?.join("-"))
}

/// `Bytes.toString`: what can be printed as it is, the rest as `\x1F`.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte {
            b' '..=b'~' if *byte != b'\\' => text.push(char::from(*byte)),
            _ => {
                let _ = write!(text, "\\x{byte:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(class: &str, bytes: &[u8]) -> String {
        let deserializer = Deserializer::of_class(&format!("{PACKAGE}{class}Deserializer")).unwrap();
        deserializer.print(bytes).unwrap_or_else(|fault| fault.text().to_owned())
    }

    #[test]
    fn bytes_become_what_java_prints() {
        assert_eq!(print("String", b"a\xff"), "a\u{fffd}");
        assert_eq!(print("Integer", &(-7i32).to_be_bytes()), "-7");
        assert_eq!(print("Long", &5i64.to_be_bytes()), "5");
        assert_eq!(print("Short", &9i16.to_be_bytes()), "9");
        assert_eq!(print("Boolean", &[1]), "true");
        assert_eq!(print("Bytes", b"a\\\x01~"), "a\\x5C\\x01~");
        assert_eq!(print("UUID", b"1-2-3-4-5"), "00000001-0002-0003-0004-000000000005");
        assert_eq!(print("ByteBuffer", b"abc"), "java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]");
        assert_eq!(Deserializer::of_class("Foo"), None);
    }

    #[test]
    fn numbers_with_fractions_are_java_s() {
        let double = |number: f64| print("Double", &number.to_be_bytes());
        let shown = [0.0, 1.0, -0.5, 123.25, 0.001, 0.0001, 1e7, 9_999_999.0, 1.5e-10, f64::NAN, f64::INFINITY];
        let shown = shown.map(double);
        let expected =
            ["0.0", "1.0", "-0.5", "123.25", "0.001", "1.0E-4", "1.0E7", "9999999.0", "1.5E-10", "NaN", "Infinity"];
        assert_eq!(shown, expected);
        assert_eq!(print("Float", &1.1f32.to_be_bytes()), "1.1");
    }

    #[test]
    fn bytes_that_are_none_of_it_are_refused_in_kafka_s_words() {
        assert_eq!(print("Integer", b"abc"), "Size of data received by IntegerDeserializer is not 4");
        assert_eq!(print("Double", b"abc"), "Size of data received by Deserializer is not 8");
        assert_eq!(print("Boolean", &[200]), "Unexpected byte received by BooleanDeserializer: -56");
        assert_eq!(print("UUID", b"x"), "Error parsing data into UUID");
        assert_eq!(print("Void", b"x"), "Data should be null for a VoidDeserializer.");
    }
}
