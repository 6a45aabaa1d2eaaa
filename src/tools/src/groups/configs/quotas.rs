//! Quotas of users, clients and addresses.

use std::collections::BTreeMap;

use kafka_protocol::messages::alter_client_quotas_request::{EntityData, EntryData, OpData};
use kafka_protocol::messages::describe_client_quotas_request::ComponentData;
use kafka_protocol::messages::{AlterClientQuotasRequest, DescribeClientQuotasRequest};
use kafka_protocol::protocol::StrBytes;
use klamm_peer::To;
use tokio::time::timeout;

use super::Command;
use super::calls::{PATIENCE, late};
use super::entity::quota_type;
use super::failure::{Failure, executed, illegal};
use super::given::Settings;
use super::options::Entities;
use crate::io::Io;
use crate::thrown::Thrown;

/// Quotas of users and clients (`QuotaConfig.userAndClientQuotaConfigs`).
const CLIENT_QUOTAS: &[&str] =
    &["consumer_byte_rate", "controller_mutation_rate", "producer_byte_rate", "request_percentage"];
/// Quotas of addresses (`QuotaConfig.ipConfigs`).
const IP_QUOTAS: &[&str] = &["connection_creation_rate"];

/// True for a quota of users and clients.
pub(super) fn is_client_quota(key: &str) -> bool {
    CLIENT_QUOTAS.contains(&key)
}

/// True for a quota of addresses.
pub(super) fn is_ip_quota(key: &str) -> bool {
    IP_QUOTAS.contains(&key)
}

/// An entity (its types and names; no name is the default), and its quotas.
type Quotas = BTreeMap<BTreeMap<String, Option<String>>, BTreeMap<String, f64>>;

impl Command<'_> {
    /// Prints quotas.
    pub(super) async fn describe_quotas(&self, io: &mut Io, entities: &Entities) -> Result<(), Failure> {
        for (entity, values) in self.quotas(entities).await? {
            let types = [("user", "user-principal"), ("client-id", "client-id"), ("ip", "ip")];
            let named = types.iter().filter_map(|(key, shown)| {
                let name = entity.get(*key)?;
                Some(match name {
                    Some(name) => format!("{shown} '{name}'"),
                    None => format!("the default {shown}"),
                })
            });
            let named = named.collect::<Vec<_>>().join(", ");
            let values: Vec<String> =
                values.iter().map(|(key, value)| format!("{key}={}", java_double(*value))).collect();
            io.say(format_args!("Quota configs for {named} are {}", values.join(", ")));
        }
        Ok(())
    }

    async fn quotas(&self, entities: &Entities) -> Result<Quotas, Failure> {
        if entities.names.len() > entities.types.len() {
            return Err(illegal("More entity names specified than entity types"));
        }
        let mut components = Vec::new();
        for (at, kind) in entities.types.iter().enumerate() {
            let quota = quota_type(kind).ok_or_else(|| illegal(format!("Unexpected entity type {kind}")))?;
            // 0 is this name, 1 the default, 2 any.
            let (match_type, name) = match entities.names.get(at).map(String::as_str) {
                Some("") => (1, None),
                Some(name) => (0, Some(StrBytes::from_string(name.to_owned()))),
                None => (2, None),
            };
            let component = ComponentData::default().with_entity_type(StrBytes::from_static_str(quota));
            components.push(component.with_match_type(match_type).with_match(name));
        }
        let request = DescribeClientQuotasRequest::default().with_components(components).with_strict(true);
        let call = self.cluster.client.call("describeClientQuotas", &To::Any, &request);
        let answer = timeout(PATIENCE, call).await.map_err(|_| late())?;
        let answer = answer.map_err(|error| executed(Thrown::of(error)))?;
        if let Some(thrown) = Thrown::wire(answer.error_code, answer.error_message.as_ref()) {
            return Err(executed(thrown));
        }
        let text = |text: &StrBytes| text.to_string();
        let entry = |entry: kafka_protocol::messages::describe_client_quotas_response::EntryData| {
            let entity = entry.entity.iter().map(|it| (text(&it.entity_type), it.entity_name.as_ref().map(text)));
            let values = entry.values.iter().map(|it| (text(&it.key), it.value));
            (entity.collect(), values.collect())
        };
        Ok(answer.entries.unwrap_or_default().into_iter().map(entry).collect())
    }

    /// Sets and unsets quotas of one entity.
    pub(super) async fn alter_quotas(
        &self,
        entities: &Entities,
        add: &Settings,
        delete: &[String],
    ) -> Result<(), Failure> {
        if entities.types.len() != entities.names.len() {
            return Err(illegal("Exactly one entity name must be specified for every entity type"));
        }
        let known = self.quotas(entities).await?.into_values().next().unwrap_or_default();
        let strange: Vec<&str> = delete.iter().map(String::as_str).filter(|key| !known.contains_key(*key)).collect();
        if !strange.is_empty() {
            return Err(illegal(format!("Invalid config(s): {}", strange.join(","))));
        }
        let entity = entities.types.iter().zip(&entities.names).map(|(kind, name)| {
            let name = (!name.is_empty()).then(|| StrBytes::from_string(name.clone()));
            let kind = StrBytes::from_static_str(quota_type(kind).unwrap_or_default());
            EntityData::default().with_entity_type(kind).with_entity_name(name)
        });
        let mut ops = Vec::new();
        for (key, value) in add {
            let number = value
                .trim()
                .parse::<f64>()
                .map_err(|_| illegal(format!("Cannot parse quota configuration value for {key}: {value}")))?;
            ops.push(OpData::default().with_key(StrBytes::from_string(key.clone())).with_value(number));
        }
        let remove = |key: &String| OpData::default().with_key(StrBytes::from_string(key.clone())).with_remove(true);
        ops.extend(delete.iter().map(remove));
        let entry = EntryData::default().with_entity(entity.collect()).with_ops(ops);
        let request = AlterClientQuotasRequest::default().with_entries(vec![entry]);
        let answer = self.cluster.client.call("alterClientQuotas", &To::Any, &request).await;
        let answer = answer.map_err(|error| executed(Thrown::of(error)))?;
        let refusals = answer.entries.iter().filter_map(|it| Thrown::wire(it.error_code, it.error_message.as_ref()));
        refusals.map(executed).next().map_or(Ok(()), Err)
    }
}

/// A number as Java writes it (`Double.toString`): `1024.0`, `1.0E7`.
fn java_double(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return if value.fract() == 0.0 { format!("{value:.1}") } else { value.to_string() };
    }
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_java_writes_them() {
        let numbers = [
            (0.0, "0.0"),
            (1024.0, "1024.0"),
            (0.5, "0.5"),
            (1_048_576.0, "1048576.0"),
            (9_999_999.0, "9999999.0"),
            (10_000_000.0, "1.0E7"),
            (10_485_760.0, "1.048576E7"),
            (-12_345_678.5, "-1.23456785E7"),
            (0.001, "0.001"),
            (0.000_25, "2.5E-4"),
            (f64::NAN, "NaN"),
        ];
        for (value, expected) in numbers {
            assert_eq!(java_double(value), expected);
        }
    }
}
