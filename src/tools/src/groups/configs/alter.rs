//! `--alter`: which kind of configuration is changed, and whether it can be.

use super::Command;
use super::calls::check_broker;
use super::entity::{BROKER_LOGGERS, BROKERS, CLIENT_METRICS, CLIENTS, GROUPS, IPS, TOPICS, USERS, singular};
use super::failure::{Failure, illegal};
use super::given::{Settings, added, deleted};
use super::options::Entities;
use super::quotas::{is_client_quota, is_ip_quota};
use super::scram::is_mechanism;
use crate::io::Io;

impl Command<'_> {
    /// Changes a configuration and says so.
    pub(super) async fn alter(&self, io: &mut Io, entities: &Entities) -> Result<(), Failure> {
        if entities.types.len() != entities.names.len() {
            return Err(illegal("An entity name must be specified for every entity type"));
        }
        let (kind, name) = (entities.types[0].as_str(), entities.names[0].as_str());
        let add = added(self.parsed)?;
        let delete = deleted(self.parsed);
        match kind {
            TOPICS | CLIENT_METRICS | BROKERS | GROUPS => {
                if kind == BROKERS && !name.is_empty() {
                    check_broker(kind, name)?;
                }
                self.alter_resource(kind, name, &add, &delete).await?;
            }
            BROKER_LOGGERS => self.alter_loggers(name, &add, &delete).await?,
            USERS | CLIENTS => self.alter_user_or_client(entities, &add, &delete).await?,
            IPS => {
                let keys = add.iter().map(|(key, _)| key).chain(&delete);
                let strange: Vec<&str> = keys.map(String::as_str).filter(|key| !is_ip_quota(key)).collect();
                if !strange.is_empty() {
                    return Err(illegal(format!(
                        "Only connection quota configs can be added for '{IPS}' using --bootstrap-server. Unexpected config names: {}",
                        strange.join(",")
                    )));
                }
                self.alter_quotas(entities, &add, &delete).await?;
            }
            kind => return Err(illegal(format!("Unsupported entity type: {kind}"))),
        }
        match name {
            "" => io.say(format_args!("Completed updating default config for {kind} in the cluster.")),
            name => io.say(format_args!("Completed updating config for {} {name}.", singular(kind))),
        }
        Ok(())
    }

    async fn alter_user_or_client(
        &self,
        entities: &Entities,
        add: &Settings,
        delete: &[String],
    ) -> Result<(), Failure> {
        let added: Vec<&str> = add.iter().map(|(key, _)| key.as_str()).collect();
        let deleted: Vec<&str> = delete.iter().map(String::as_str).collect();
        let with_client = entities.types[0] == CLIENTS || entities.types.len() == 2;
        check_keys(with_client, &added, &deleted)?;
        let quotas = added.iter().chain(&deleted).any(|key| is_client_quota(key));
        let scram = added.iter().chain(&deleted).any(|key| is_mechanism(key));
        if scram && entities.names.iter().any(String::is_empty) {
            let text = "The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.";
            return Err(illegal(text));
        }
        if scram && quotas {
            return Err(illegal(format!(
                "Cannot alter both quota and SCRAM credential configs simultaneously for '{USERS}' using --bootstrap-server."
            )));
        }
        if quotas {
            return self.alter_quotas(entities, add, delete).await;
        }
        self.alter_scram(&entities.names[0], add, delete).await
    }
}

/// Which keys a user or a client can have.
fn check_keys(with_client: bool, added: &[&str], deleted: &[&str]) -> Result<(), Failure> {
    let (what, whose) = if with_client { ("quota", CLIENTS) } else { ("quota and SCRAM credential", USERS) };
    let fits = |key: &str| is_client_quota(key) || (!with_client && is_mechanism(key));
    // Kafka prints its collections with their names.
    for (keys, done, collection) in [(added, "added", "Set"), (deleted, "deleted", "ArrayBuffer")] {
        let strange: Vec<&str> = keys.iter().copied().filter(|key| !fits(key)).collect();
        if !strange.is_empty() {
            return Err(illegal(format!(
                "Only {what} configs can be {done} for '{whose}' using --bootstrap-server. Unexpected config names: {collection}({})",
                strange.join(", ")
            )));
        }
    }
    Ok(())
}
