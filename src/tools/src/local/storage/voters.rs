//! `--initial-controllers` (`DynamicVoters`) and `--add-scram` (`ScramParser`).

use std::collections::BTreeMap;

use klamm_base::TopicId;

use super::{Failure, ILLEGAL};

/// The first controllers: the id of each one's metadata directory, by node id.
pub(super) fn parse_voters(text: &str) -> Result<BTreeMap<i32, TopicId>, Failure> {
    let mut voters = BTreeMap::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (id, directory) = parse_voter(part).map_err(|why| Failure::thrown(ILLEGAL, why))?;
        if voters.insert(id, directory).is_some() {
            return Err(Failure::thrown(ILLEGAL, format!("Node id {id} was specified more than once.")));
        }
    }
    if voters.is_empty() { Err(Failure::thrown(ILLEGAL, "No voters given.")) } else { Ok(voters) }
}

/// `id@host:port:directory`.
fn parse_voter(text: &str) -> Result<(i32, TopicId), String> {
    let (id, rest) = text.split_once('@').ok_or("No @ found in dynamic voter string.")?;
    let id: i32 = id.parse().map_err(|_| "Failed to parse node id in dynamic voter string.")?;
    if id < 0 {
        return Err(format!("Invalid negative node id {id} in dynamic voter string."));
    }
    if rest.is_empty() {
        return Err("No hostname found after node id.".to_owned());
    }
    let rest = match rest.strip_prefix('[') {
        Some(inner) => {
            let end = inner.find(']').ok_or("Hostname began with left bracket, but no right bracket was found.")?;
            &inner[end + 1..]
        }
        None => &rest[rest.find(':').ok_or("No colon following hostname could be found.")?..],
    };
    let rest = rest.strip_prefix(':').ok_or("No colon following hostname could be found.")?;
    let (port, directory) = rest.split_once(':').ok_or("No colon following port could be found.")?;
    let port: i32 = port.parse().map_err(|_| "Failed to parse port in dynamic voter string.")?;
    if !(0..=65535).contains(&port) {
        return Err(format!("Invalid port {port} in dynamic voter string."));
    }
    let directory = TopicId::parse(directory).ok_or("Failed to parse directory ID in dynamic voter string.")?;
    Ok((id, directory))
}

/// Checks a credential's words; there is nowhere to keep one yet.
pub(super) fn check_scram(text: &str) -> Result<(), Failure> {
    let terse = |why: String| Err(Failure::Terse(why));
    let Some((mechanism, value)) = text.split_once('=') else {
        return terse(format!("Failed to find equals sign in SCRAM argument '{text}'"));
    };
    if !matches!(mechanism, "SCRAM-SHA-256" | "SCRAM-SHA-512") {
        return terse(format!("The add-scram mechanism {mechanism} is not supported."));
    }
    let Some(value) = value.strip_prefix('[') else {
        return terse("Expected configuration string to start with [".to_owned());
    };
    let Some(value) = value.strip_suffix(']') else {
        return terse("Expected configuration string to end with ]".to_owned());
    };
    let has = |key: &str| value.split(',').any(|pair| pair.trim().split('=').next() == Some(key));
    if !has("name") {
        return terse("You must supply 'name' to add-scram".to_owned());
    }
    match (has("password"), has("saltedpassword")) {
        (false, false) => terse("You must supply one of 'password' or 'saltedpassword' to add-scram".to_owned()),
        (true, true) => terse("You must only supply one of 'password' or 'saltedpassword' to add-scram".to_owned()),
        _ => terse("kafka-storage: klamm keeps no SCRAM credentials yet: --add-scram cannot be done".to_owned()),
    }
}
