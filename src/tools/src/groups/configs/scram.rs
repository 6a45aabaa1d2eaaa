//! SCRAM credentials of users (KIP-554).

use bytes::Bytes;
use hmac::Hmac;
use kafka_protocol::messages::alter_user_scram_credentials_request::{
    ScramCredentialDeletion, ScramCredentialUpsertion,
};
use kafka_protocol::messages::describe_user_scram_credentials_request::UserName;
use kafka_protocol::messages::{AlterUserScramCredentialsRequest, DescribeUserScramCredentialsRequest};
use kafka_protocol::protocol::StrBytes;
use klamm_base::ErrorCode;
use klamm_peer::To;
use sha2::{Sha256, Sha512};
use tokio::time::timeout;

use super::Command;
use super::calls::{PATIENCE, late};
use super::failure::{Failure, executed, illegal};
use super::given::Settings;
use crate::io::Io;
use crate::thrown::{EXECUTION, Thrown};

/// How often a password is hashed where nobody says it.
const DEFAULT_ITERATIONS: i32 = 4096;
/// The least that the brokers take.
const MIN_ITERATIONS: i32 = 4096;

/// The mechanisms and their numbers (`ScramMechanism`).
const MECHANISMS: &[(&str, i8)] = &[("SCRAM-SHA-256", 1), ("SCRAM-SHA-512", 2)];

/// True for the name of a mechanism.
pub(super) fn is_mechanism(key: &str) -> bool {
    MECHANISMS.iter().any(|(name, _)| *name == key)
}

fn number_of(mechanism: &str) -> i8 {
    MECHANISMS.iter().find(|(name, _)| *name == mechanism).map_or(0, |(_, number)| *number)
}

impl Command<'_> {
    /// Prints which credentials users have.
    pub(super) async fn describe_scram(&self, io: &mut Io, users: &[String]) -> Result<(), Failure> {
        let users = users.iter().map(|user| UserName::default().with_name(StrBytes::from_string(user.clone())));
        let request = DescribeUserScramCredentialsRequest::default().with_users(Some(users.collect()));
        let call = self.cluster.client.call("describeUserScramCredentials", &To::Any, &request);
        let answer = timeout(PATIENCE, call).await.map_err(|_| late())?;
        let answer = answer.map_err(|error| executed(Thrown::of(error)))?;
        if let Some(thrown) = Thrown::wire(answer.error_code, answer.error_message.as_ref()) {
            return Err(executed(thrown));
        }
        let absent = ErrorCode::ResourceNotFound.code();
        for result in answer.results.iter().filter(|result| result.error_code != absent) {
            let user = result.user.as_str();
            if let Some(thrown) = Thrown::wire(result.error_code, result.error_message.as_ref()) {
                let thrown = thrown.within(EXECUTION);
                let text = format!("Error retrieving SCRAM credential configs for user-principal '{user}'");
                io.say(format_args!("{text}: ExecutionException: {}", thrown.text()));
                continue;
            }
            let infos = result.credential_infos.iter().map(|info| {
                let known = MECHANISMS.iter().find(|(_, number)| *number == info.mechanism);
                format!("{}=iterations={}", known.map_or("UNKNOWN", |(name, _)| name), info.iterations)
            });
            let infos = infos.collect::<Vec<_>>().join(", ");
            io.say(format_args!("SCRAM credential configs for user-principal '{user}' are {infos}"));
        }
        Ok(())
    }

    /// Makes and deletes credentials of a user.
    pub(super) async fn alter_scram(&self, user: &str, add: &Settings, delete: &[String]) -> Result<(), Failure> {
        let name = StrBytes::from_string(user.to_owned());
        let deletions = delete.iter().map(|mechanism| {
            ScramCredentialDeletion::default().with_name(name.clone()).with_mechanism(number_of(mechanism))
        });
        let mut upsertions = Vec::new();
        for (mechanism, text) in add {
            let (iterations, password) = read_credential(mechanism, text)?;
            let mut salt = self.cluster.env.random.bytes16().to_vec();
            salt.extend(self.cluster.env.random.bytes16());
            let salted = salted_password(mechanism, password, &salt, iterations);
            upsertions.push(
                ScramCredentialUpsertion::default()
                    .with_name(name.clone())
                    .with_mechanism(number_of(mechanism))
                    .with_iterations(iterations)
                    .with_salt(Bytes::from(salt))
                    .with_salted_password(Bytes::from(salted)),
            );
        }
        let request =
            AlterUserScramCredentialsRequest::default().with_deletions(deletions.collect()).with_upsertions(upsertions);
        let answer = self.cluster.client.call("alterUserScramCredentials", &To::Controller, &request).await;
        let answer = answer.map_err(|error| executed(Thrown::of(error)))?;
        let refusals = answer.results.iter().filter_map(|it| Thrown::wire(it.error_code, it.error_message.as_ref()));
        refusals.map(executed).next().map_or(Ok(()), Err)
    }
}

/// `iterations=8192,password=p` or `password=p`.
fn read_credential<'a>(mechanism: &str, text: &'a str) -> Result<(i32, &'a str), Failure> {
    let wrong = || illegal(format!("Invalid credential property {}={text}", mechanism.replace('-', "_")));
    let (iterations, password) = match text.strip_prefix("password=") {
        Some(password) => (None, password),
        None => {
            let (number, rest) =
                text.strip_prefix("iterations=").and_then(|it| it.split_once(',')).ok_or_else(wrong)?;
            let digits = number.strip_prefix('-').unwrap_or(number);
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong());
            }
            (Some(number), rest.strip_prefix("password=").ok_or_else(wrong)?)
        }
    };
    let iterations = match iterations {
        None | Some("-1") => DEFAULT_ITERATIONS,
        Some(number) => number.parse().map_err(|_| illegal(format!("For input string: \"{number}\"")))?,
    };
    if iterations < MIN_ITERATIONS {
        return Err(illegal(format!(
            "Iterations {iterations} is less than the minimum {MIN_ITERATIONS} required for {mechanism}"
        )));
    }
    Ok((iterations, password))
}

/// `Hi(password, salt, iterations)` of RFC 5802.
fn salted_password(mechanism: &str, password: &str, salt: &[u8], iterations: i32) -> Vec<u8> {
    let rounds = iterations.unsigned_abs();
    // A key of any length makes an HMAC.
    if mechanism == "SCRAM-SHA-256" {
        let mut out = vec![0; 32];
        let _ = pbkdf2::pbkdf2::<Hmac<Sha256>>(password.as_bytes(), salt, rounds, &mut out);
        out
    } else {
        let mut out = vec![0; 64];
        let _ = pbkdf2::pbkdf2::<Hmac<Sha512>>(password.as_bytes(), salt, rounds, &mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_and_refused_in_kafka_s_words() {
        assert_eq!(read_credential("SCRAM-SHA-256", "password=a,b").unwrap(), (4096, "a,b"));
        assert_eq!(read_credential("SCRAM-SHA-512", "iterations=8192,password=p").unwrap(), (8192, "p"));
        assert_eq!(read_credential("SCRAM-SHA-512", "iterations=-1,password=p").unwrap(), (4096, "p"));
        let refusal = |text: &str| match read_credential("SCRAM-SHA-256", text) {
            Err(Failure::Told(text)) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            refusal("iterations=100,password=p"),
            "Iterations 100 is less than the minimum 4096 required for SCRAM-SHA-256"
        );
        assert_eq!(refusal("secret"), "Invalid credential property SCRAM_SHA_256=secret");
        assert_eq!(
            refusal("iterations=x,password=p"),
            "Invalid credential property SCRAM_SHA_256=iterations=x,password=p"
        );
    }

    #[test]
    fn a_password_is_salted_as_rfc_7677_salts_it() {
        let salt = [0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81];
        let salted = salted_password("SCRAM-SHA-256", "pencil", &salt, 4096);
        let hex: String = salted.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d");
        assert_eq!(salted_password("SCRAM-SHA-512", "pencil", &salt, 4096).len(), 64);
    }
}
