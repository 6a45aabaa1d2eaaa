//! Client properties: `--command-config`, `--consumer-property` and their like.

use std::path::Path;
use std::time::Duration;

use klamm_env::{Disk, DiskOs};
use klamm_peer::{Address, Client, ClientOptions};
use klamm_settings::parse_properties;

/// Properties of a client; a later one wins.
#[derive(Clone, Debug, Default)]
pub struct ClientConfig(Vec<(String, String)>);

impl ClientConfig {
    /// No properties.
    pub fn new() -> ClientConfig {
        ClientConfig::default()
    }

    /// Adds the properties of a file.
    ///
    /// # Errors
    /// In one line what is wrong, with the file's name.
    pub fn load(&mut self, path: &str) -> Result<(), String> {
        let bytes = DiskOs.read(Path::new(path)).map_err(|error| match error.to_string() {
            text if text.contains(path) => text,
            text => format!("{path}: {text}"),
        })?;
        let pairs = parse_properties(&String::from_utf8_lossy(&bytes))
            .map_err(|line| format!("{path}:{line}: a \\u must be followed by four hexadecimal digits"))?;
        self.0.extend(pairs);
        Ok(())
    }

    /// Sets one.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.push((key.into(), value.into()));
    }

    /// The value that holds for `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.trim())
    }

    /// The value of `key` as a number.
    ///
    /// # Errors
    /// In Kafka's words if it is none (`ConfigException`).
    pub fn number(&self, key: &str) -> Result<Option<i64>, String> {
        let Some(text) = self.get(key) else { return Ok(None) };
        let number = text.parse::<i64>();
        number.map(Some).map_err(|_| format!("Invalid value {text} for configuration {key}: Not a number of type LONG"))
    }

    /// A client of the brokers in `bootstrap.servers`. `client_id` counts where the properties name none.
    ///
    /// # Errors
    /// In one line: an address or a number that is none, or a `security.protocol` that this tool does not speak.
    pub fn options(&self, client_id: &str) -> Result<ClientOptions, String> {
        self.check_security()?;
        let servers = self.get("bootstrap.servers").unwrap_or_default();
        let bootstrap =
            Address::parse_list(servers).map_err(|item| format!("Invalid url in bootstrap.servers: {item}"))?;
        if bootstrap.is_empty() {
            return Err("No resolvable bootstrap urls given in bootstrap.servers".to_owned());
        }
        let mut options = ClientOptions::new(bootstrap, self.get("client.id").unwrap_or(client_id));
        let spans = [
            ("default.api.timeout.ms", &mut options.api_timeout),
            ("request.timeout.ms", &mut options.request_timeout),
            ("socket.connection.setup.timeout.ms", &mut options.connect_timeout),
            ("retry.backoff.ms", &mut options.retry_backoff),
            ("retry.backoff.max.ms", &mut options.retry_backoff_max),
        ];
        for (key, span) in spans {
            if let Some(number) = self.number(key)? {
                *span = Duration::from_millis(u64::try_from(number).unwrap_or(0));
            }
        }
        Ok(options)
    }

    /// A client of the brokers in `bootstrap.servers`.
    ///
    /// # Errors
    /// As [`ClientConfig::options`].
    pub fn client(&self, env: &klamm_env::Env, client_id: &str) -> Result<Client, String> {
        Ok(Client::new(env, self.options(client_id)?))
    }

    fn check_security(&self) -> Result<(), String> {
        match self.get("security.protocol") {
            None | Some("PLAINTEXT" | "") => Ok(()),
            Some(protocol) => Err(format!("security.protocol={protocol}: this tool speaks PLAINTEXT only so far")),
        }
    }
}

/// Sees to it that one of the brokers to ask first has an address (`ClientUtils.parseAndValidateAddresses`). The stock
/// clients look names up once, when they are made, and do not wait for a name that nobody knows.
///
/// # Errors
/// In Kafka's words if none has one.
pub(crate) async fn resolvable(bootstrap: &[Address]) -> Result<(), String> {
    for Address { host, port } in bootstrap {
        if tokio::net::lookup_host((host.as_str(), *port)).await.is_ok_and(|mut found| found.next().is_some()) {
            return Ok(());
        }
        tracing::warn!(
            target: "org.apache.kafka.clients.ClientUtils",
            "Couldn't resolve server {host}:{port} from bootstrap.servers as DNS resolution failed for {host}"
        );
    }
    Err("No resolvable bootstrap urls given in bootstrap.servers".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> ClientConfig {
        ClientConfig(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn the_later_of_two_values_wins_and_numbers_are_milliseconds() {
        let config = config(&[
            ("bootstrap.servers", "a:1"),
            ("request.timeout.ms", "5"),
            ("request.timeout.ms", " 7 "),
            ("client.id", "me"),
        ]);
        let options = config.options("other").unwrap();
        assert_eq!((options.request_timeout, options.client_id.as_str()), (Duration::from_millis(7), "me"));
        assert_eq!(options.api_timeout, Duration::from_secs(60));
    }

    #[test]
    fn what_cannot_be_done_is_said_in_a_line() {
        let refusal = |pairs: &[(&str, &str)]| config(pairs).options("x").unwrap_err();
        assert_eq!(refusal(&[("bootstrap.servers", "a")]), "Invalid url in bootstrap.servers: a");
        assert!(refusal(&[]).contains("bootstrap.servers"));
        assert!(refusal(&[("bootstrap.servers", "a:1"), ("request.timeout.ms", "x")]).contains("request.timeout.ms"));
        assert!(refusal(&[("bootstrap.servers", "a:1"), ("security.protocol", "SASL_SSL")]).contains("SASL_SSL"));
    }

    #[test]
    fn a_broker_that_has_no_address_is_no_broker_to_ask() {
        let asked = |text: &str| {
            let bootstrap = Address::parse_list(text).unwrap();
            crate::io::block_on(async |_| resolvable(&bootstrap).await).unwrap()
        };
        assert_eq!(asked("nobody.invalid:1,127.0.0.1:1"), Ok(()));
        assert!(asked("nobody.invalid:1,nothing.invalid:1").is_err_and(|text| text.starts_with("No resolvable ")));
    }
}
