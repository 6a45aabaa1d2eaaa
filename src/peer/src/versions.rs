//! What the other side serves.

use std::fmt::Debug;

use kafka_protocol::messages::{ApiKey, ApiVersionsResponse};
use kafka_protocol::protocol::{Message, Request};

use crate::error::Error;

/// A broker's answer to ApiVersions.
#[derive(Clone, Debug)]
pub struct Versions(ApiVersionsResponse);

impl Versions {
    pub(crate) fn new(answer: ApiVersionsResponse) -> Versions {
        Versions(answer)
    }

    /// The answer as it came: APIs, features, the epoch of the features.
    pub fn answer(&self) -> &ApiVersionsResponse {
        &self.0
    }

    /// The lowest and the highest version of the API `key` that the broker serves.
    pub fn range(&self, key: i16) -> Option<(i16, i16)> {
        self.0.api_keys.iter().find(|api| api.api_key == key).map(|api| (api.min_version, api.max_version))
    }

    /// The highest version of `R` that both sides know.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if there is none.
    pub fn highest<R: Request>(&self) -> Result<i16, Error> {
        self.highest_up_to::<R>(i16::MAX)
    }

    /// The highest version of `R` that both sides know and that is not above `limit`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if there is none.
    pub fn highest_up_to<R: Request>(&self, limit: i16) -> Result<i16, Error> {
        let ours = <R as Message>::VERSIONS;
        let unsupported = || Error::Unsupported { api: api_name(R::KEY) };
        let (low, high) = self.range(R::KEY).ok_or_else(unsupported)?;
        let version = high.min(ours.max).min(limit);
        if version < low.max(ours.min) { Err(unsupported()) } else { Ok(version) }
    }
}

/// `LIST_OFFSETS` for 2 (`ApiKeys.name`).
pub(crate) fn api_name(key: i16) -> String {
    let Ok(api) = ApiKey::try_from(key) else { return format!("API key {key}") };
    let camel = name_of(&api);
    let mut name = String::new();
    for letter in camel.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_uppercase());
    }
    name
}

fn name_of(api: &impl Debug) -> String {
    let name = format!("{api:?}");
    name.strip_suffix("Key").unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::api_versions_response::ApiVersion;
    use kafka_protocol::messages::{ListOffsetsRequest, MetadataRequest};

    use super::*;

    fn versions(key: i16, low: i16, high: i16) -> Versions {
        let api = ApiVersion::default().with_api_key(key).with_min_version(low).with_max_version(high);
        Versions::new(ApiVersionsResponse::default().with_api_keys(vec![api]))
    }

    #[test]
    fn the_highest_version_that_both_know_is_taken() {
        let ours = <MetadataRequest as Message>::VERSIONS.max;
        assert_eq!(versions(3, 0, 9).highest::<MetadataRequest>().unwrap(), 9);
        assert_eq!(versions(3, 0, 99).highest::<MetadataRequest>().unwrap(), ours);
        assert_eq!(versions(3, 0, 99).highest_up_to::<MetadataRequest>(4).unwrap(), 4);
    }

    #[test]
    fn no_common_version_is_said_with_the_api_s_name() {
        let refusals = [
            versions(3, 99, 100).highest::<MetadataRequest>().unwrap_err().to_string(),
            versions(3, 0, 9).highest::<ListOffsetsRequest>().unwrap_err().to_string(),
        ];
        assert_eq!(refusals, ["The node does not support METADATA", "The node does not support LIST_OFFSETS"]);
    }
}
