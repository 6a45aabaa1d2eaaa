//! The features of Kafka 4.3 and their levels (`MetadataVersion`, `Feature`), as kafka-storage tells and checks them.

use std::collections::BTreeMap;

use super::{Failure, ILLEGAL, RUNTIME};
use crate::io::Io;

/// The name of the feature that releases are told by.
pub(super) const METADATA: &str = "metadata.version";
/// The feature that says whether the quorum may change.
pub(super) const KRAFT: &str = "kraft.version";

/// The level of the first release in [`RELEASES`].
const FIRST_LEVEL: i16 = 7;
const RELEASES: &[&str] = &[
    "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2", "3.7-IV0", "3.7-IV1",
    "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0", "4.0-IV0", "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0",
    "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0", "4.4-IV0",
];
/// The newest level that is not for tests alone.
const LATEST_STABLE: i16 = 30;

/// A feature other than the release: its name, and for each level above 0 the release level that brings it.
struct Feature {
    name: &'static str,
    /// The release level from which each of its levels, from 1 on, is the default.
    since: &'static [i16],
    /// Release levels that its levels, from 1 on, cannot do without.
    needs: &'static [Option<i16>],
}

const FEATURES: &[Feature] = &[
    Feature { name: KRAFT, since: &[21], needs: &[None] },
    Feature { name: "transaction.version", since: &[24, 24], needs: &[None, None] },
    Feature { name: "group.version", since: &[22], needs: &[None] },
    Feature { name: "eligible.leader.replicas.version", since: &[26], needs: &[Some(23)] },
    Feature { name: "share.version", since: &[28], needs: &[None] },
    Feature { name: "streams.version", since: &[29], needs: &[None] },
];

impl Feature {
    fn default_at(&self, release: i16) -> i16 {
        let levels = self.since.iter().take_while(|since| **since <= release).count();
        i16::try_from(levels).unwrap_or(0)
    }

    fn has(&self, level: i16) -> bool {
        usize::try_from(level).is_ok_and(|level| level <= self.since.len())
    }

    fn need(&self, level: i16) -> Option<i16> {
        let place = usize::try_from(level).ok()?.checked_sub(1)?;
        *self.needs.get(place)?
    }
}

fn feature(name: &str) -> Option<&'static Feature> {
    FEATURES.iter().find(|feature| feature.name == name)
}

/// The name of a release level; `None` if there is none.
pub(super) fn release_name(level: i16) -> Option<&'static str> {
    RELEASES.get(usize::try_from(level.checked_sub(FIRST_LEVEL)?).ok()?).copied()
}

/// The level of a release as it may be written: `3.9`, `3.9.1`, `4.0-IV1`.
fn release_level(text: &str, unstable: bool) -> Result<i16, Failure> {
    let known = || (FIRST_LEVEL..).zip(RELEASES).filter(|(level, _)| unstable || *level <= LATEST_STABLE);
    let key = text.split('.').take(2).collect::<Vec<_>>().join(".");
    let exact = known().find(|(_, name)| **name == key);
    let short = known().filter(|(level, name)| *level <= LATEST_STABLE && name.split('-').next() == Some(&*key)).last();
    exact.or(short).map(|(level, _)| level).ok_or_else(|| {
        let all: Vec<&str> = known().map(|(_, name)| *name).collect();
        let all = all.join(", ");
        Failure::Terse(format!("Unknown {METADATA} '{text}'. Supported {METADATA} are: {all}"))
    })
}

/// kafka-storage version-mapping.
pub(super) fn version_mapping(release: Option<&str>, io: &mut Io) -> Result<u8, Failure> {
    let level = release.map_or(Ok(LATEST_STABLE), |text| release_level(text, true))?;
    let name = release.or_else(|| release_name(level)).unwrap_or_default();
    io.say(format_args!("{METADATA}={level} ({name})"));
    for feature in FEATURES {
        io.say(format_args!("{}={}", feature.name, feature.default_at(level)));
    }
    Ok(0)
}

/// kafka-storage feature-dependencies.
pub(super) fn dependencies(wanted: &[String], io: &mut Io) -> Result<u8, Failure> {
    for text in wanted {
        let terse = |why: String| Failure::Terse(why);
        let (name, level) = text.split_once('=').filter(|(_, level)| !level.contains('=')).ok_or_else(|| {
            terse(format!(
                "Invalid feature format: {text}. Expected format: 'feature=version' (e.g. 'group.version=1')"
            ))
        })?;
        let level: i16 =
            level.parse().map_err(|_| terse(format!("Invalid version format: {level} for feature {name}")))?;
        if name == METADATA {
            let release = release_name(level).ok_or_else(|| terse(format!("Unknown {METADATA} {level}")))?;
            io.say(format_args!("{METADATA}={level} ({release}) has no dependencies."));
            continue;
        }
        let feature = feature(name).ok_or_else(|| terse(format!("Unknown feature: {name}")))?;
        if !feature.has(level) {
            return Err(terse(format!("Feature level {level} is not supported for feature {name}")));
        }
        match feature.need(level) {
            Some(need) => {
                io.say(format_args!("{name}={level} requires:"));
                io.say(format_args!("    {METADATA}={need} ({})", release_name(need).unwrap_or_default()));
            }
            None => io.say(format_args!("{name}={level} has no dependencies.")),
        }
    }
    Ok(0)
}

/// The levels that a format asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Levels {
    /// The release's level.
    pub(super) release: i16,
    /// The other features' levels, by name.
    pub(super) features: BTreeMap<String, i16>,
}

/// The given level of each feature (`StorageTool.parseNameAndLevel`).
pub(super) fn parse_features(given: &[String]) -> Result<BTreeMap<String, i16>, Failure> {
    let mut levels = BTreeMap::new();
    for text in given {
        let fault = |why: &str| Failure::thrown(RUNTIME, format!("Can't parse feature=level string {text}: {why}"));
        let (name, level) = text.split_once('=').ok_or_else(|| fault("equals sign not found."))?;
        let (name, level) = (name.trim(), level.trim());
        let number = level.parse().map_err(|_| fault(&format!("unable to parse {level} as a short.")))?;
        levels.insert(name.to_owned(), number);
    }
    Ok(levels)
}

/// The release that `--release-version` names.
pub(super) fn parse_release(given: Option<&str>, unstable: bool) -> Result<Option<i16>, Failure> {
    given.map(|text| release_level(text, unstable)).transpose()
}

/// All levels from those given (`Formatter.calculateEffectiveFeatureLevels`). `dynamic` where the quorum may change.
pub(super) fn effective_levels(
    release: Option<i16>,
    given: &BTreeMap<String, i16>,
    unstable: bool,
    dynamic: bool,
) -> Result<Levels, Failure> {
    let release = effective_release(release, given.get(METADATA).copied(), unstable)?;
    if let Some(unknown) = given.keys().find(|name| *name != METADATA && feature(name).is_none()) {
        let mut names: Vec<&str> = FEATURES.iter().map(|feature| feature.name).collect();
        names.sort_unstable();
        let names = names.join(", ");
        return Err(Failure::Terse(format!("Unsupported feature: {unknown}. Supported features are: {names}")));
    }
    let mut features = BTreeMap::new();
    for feature in FEATURES {
        let level = match (feature.name, given.get(feature.name)) {
            (KRAFT, level) => kraft_level(level.copied(), dynamic)?,
            (_, Some(level)) => *level,
            (_, None) => feature.default_at(release),
        };
        features.insert(feature.name.to_owned(), level);
    }
    for (name, level) in &features {
        let feature = feature(name).filter(|feature| feature.has(*level));
        let feature =
            feature.ok_or_else(|| Failure::thrown(ILLEGAL, format!("No feature:{name} with feature level {level}")))?;
        if let Some(need) = feature.need(*level).filter(|need| *need > release) {
            let text = format!("{name} could not be set to {level} because it depends on {METADATA} level {need}");
            return Err(Failure::thrown(ILLEGAL, text));
        }
    }
    Ok(Levels { release, features })
}

fn effective_release(release: Option<i16>, given: Option<i16>, unstable: bool) -> Result<i16, Failure> {
    match (release, given) {
        (Some(_), Some(_)) => {
            let text = format!("Use --release-version instead of --feature {METADATA}=X to avoid ambiguity.");
            Err(Failure::Terse(text))
        }
        (None, Some(level)) => match release_name(level) {
            Some(name) if level > LATEST_STABLE && !unstable => {
                Err(Failure::Terse(format!("{METADATA} {name} is not yet stable.")))
            }
            Some(_) => Ok(level),
            None => {
                let last = FIRST_LEVEL + i16::try_from(RELEASES.len()).unwrap_or(0) - 1;
                let text = format!(
                    "No MetadataVersion with feature level {level}. Valid feature levels are from {FIRST_LEVEL} to {last}."
                );
                Err(Failure::thrown(ILLEGAL, text))
            }
        },
        (Some(level), None) => Ok(level),
        (None, None) if unstable => Ok(LATEST_STABLE + 1),
        (None, None) => Ok(LATEST_STABLE),
    }
}

fn kraft_level(given: Option<i16>, dynamic: bool) -> Result<i16, Failure> {
    let flags = "one of the flags --standalone, --initial-controllers, or --no-initial-controllers is used.";
    match given {
        Some(0) if dynamic => Err(Failure::Terse(format!(
            "Cannot set {KRAFT} to 0 if controller.quorum.voters is empty and {flags} For dynamic controllers support, try \
             removing the --feature flag for {KRAFT}."
        ))),
        Some(level) if level != 0 && !dynamic => Err(Failure::Terse(format!(
            "Cannot set {KRAFT} to {level} unless controller.quorum.voters is empty and {flags} For dynamic controllers \
             support, try using one of --standalone, --initial-controllers, or --no-initial-controllers and removing \
             controller.quorum.voters."
        ))),
        Some(level) => Ok(level),
        None => Ok(i16::from(dynamic)),
    }
}

impl Levels {
    /// The records that these levels would be (`BootstrapMetadata.toString`).
    pub(super) fn bootstrap(&self) -> String {
        let record = |name: &str, level: i16| {
            format!("ApiMessageAndVersion(FeatureLevelRecord(name='{name}', featureLevel={level}) at version 0)")
        };
        let others = self.features.iter().filter(|(name, level)| *name != KRAFT && **level > 0);
        let records: Vec<String> = [record(METADATA, self.release)]
            .into_iter()
            .chain(others.map(|(name, level)| record(name, *level)))
            .collect();
        format!(
            "BootstrapMetadata(records=[{}], metadataVersionLevel={}, source=format command)",
            records.join(", "),
            self.release
        )
    }
}
