//! ApiVersions, key 18.
//!
//! - Versions 0-4. An unsupported version is answered in version 0 with the one range that helps (KIP-511).
//! - Features: `metadata.version` and the group, transaction, share, streams and ELR features at the levels that
//!   klamm serves; a feature at level 0 is left out of the finalized ones, and before version 4 a feature whose lowest
//!   level is 0 is left out of the supported ones, because old clients fail on it (KAFKA-17011, KAFKA-17492).
//! - KIP-35, KIP-511, KIP-584.

use kafka_protocol::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey};
use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::protocol::StrBytes;
use klamm_base::ErrorCode;
use klamm_wire::{Answer, RequestHeader};

use crate::call::{Call, Handler};
use crate::reply::Reply;
use crate::table::{Row, TABLE};

/// The handler.
pub struct ApiVersions;

/// A feature: its name, the levels that are understood, and the level that is in force.
struct Feature {
    name: &'static str,
    min: i16,
    max: i16,
    finalized: i16,
}

/// `metadata.version` is Kafka 4.3's. The others stay at 0 until what they switch on is served: the Java client changes
/// its behaviour by them (`transaction.version` 2 makes producers leave out AddPartitionsToTxn).
const FEATURES: &[Feature] = &[
    Feature { name: "metadata.version", min: 7, max: 30, finalized: 30 },
    Feature { name: "kraft.version", min: 0, max: 0, finalized: 0 },
];

impl Handler for ApiVersions {
    type Request = ApiVersionsRequest;
    type Response = ApiVersionsResponse;

    async fn handle(call: Call<'_>, request: ApiVersionsRequest) -> Reply<ApiVersionsResponse> {
        if call.version() >= 3 {
            let (name, version) = (&request.client_software_name, &request.client_software_version);
            if !is_software_text(name) || !is_software_text(version) {
                return Reply::Now(ApiVersionsResponse::default().with_error_code(ErrorCode::InvalidRequest.code()));
            }
            call.session.set_software(name, version);
        }
        let epoch = call.services.metadata_epoch();
        Reply::Now(with_features(ApiVersionsResponse::default().with_api_keys(ranges()), call.version(), epoch))
    }
}

fn ranges() -> Vec<ApiVersion> {
    TABLE.iter().map(range).collect()
}

fn range(row: &Row) -> ApiVersion {
    ApiVersion::default()
        .with_api_key(row.key)
        .with_min_version(row.advertised.min)
        .with_max_version(row.advertised.max)
}

fn with_features(response: ApiVersionsResponse, version: i16, epoch: i64) -> ApiVersionsResponse {
    if version < 3 {
        return response;
    }
    let supported = FEATURES.iter().filter(|feature| version >= 4 || feature.min > 0).map(|feature| {
        SupportedFeatureKey::default()
            .with_name(StrBytes::from_static_str(feature.name))
            .with_min_version(feature.min)
            .with_max_version(feature.max)
    });
    let finalized = FEATURES.iter().filter(|feature| feature.finalized > 0).map(|feature| {
        FinalizedFeatureKey::default()
            .with_name(StrBytes::from_static_str(feature.name))
            .with_min_version_level(feature.finalized)
            .with_max_version_level(feature.finalized)
    });
    response
        .with_supported_features(supported.collect())
        .with_finalized_features_epoch(epoch)
        .with_finalized_features(finalized.collect())
}

/// The answer to a version that is not served: version 0 of the body, the error, and the range to use (A1).
pub(crate) fn unsupported_version(row: &Row, header: &RequestHeader) -> Answer {
    let response = ApiVersionsResponse::default()
        .with_error_code(ErrorCode::UnsupportedVersion.code())
        .with_api_keys(vec![range(row)]);
    Answer::encode(header.correlation_id, false, &response, 0, []).expect("version 0 has both fields")
}

/// `[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?` (`ApiVersionsRequest.isValid`, A2).
fn is_software_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    ends(bytes.first()) && ends(bytes.last()) && bytes.iter().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_names_follow_kafkas_pattern_a2() {
        for good in ["a", "apache-kafka-java", "4.3.1", "A1"] {
            assert!(is_software_text(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a b", "a_b", ".", "ä"] {
            assert!(!is_software_text(bad), "{bad}");
        }
    }

    #[test]
    fn features_appear_from_version_3_and_level_0_only_in_version_4_a4() {
        let at = |version| with_features(ApiVersionsResponse::default(), version, 7);
        assert!(at(2).supported_features.is_empty());
        assert_eq!(at(3).supported_features.len(), 1);
        assert_eq!(at(4).supported_features.len(), FEATURES.len());
        assert!(at(4).finalized_features.iter().all(|feature| feature.max_version_level > 0));
        assert_eq!(at(4).finalized_features_epoch, 7);
    }
}
