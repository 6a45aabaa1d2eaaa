//! From a command line to a client of the cluster, and how a tool says that it failed.

use std::path::Path;

use klamm_env::{Disk, DiskOs, Env};
use klamm_peer::{Client, ClientOptions};

use crate::client_config::{ClientConfig, resolvable};
use crate::io::{Io, block_on_or_end};
use crate::jopt::{Fault, Opt, Parsed};
use crate::thrown::{EXECUTION, KAFKA, RUNTIME, Thrown};

/// Whom to ask, by the name that tools had for it before 3.0.
pub(crate) const BROKER_LIST: Opt =
    Opt::value(&["broker-list"], "String", "The old name of bootstrap-server.").hidden();

/// What named the cluster before 4.0.
pub(crate) const ZOOKEEPER: Opt = Opt::value(&["zookeeper"], "String", "Nothing any more.").hidden();

/// Why a tool stops: an exception, and what its stack trace would name as its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) thrown: Thrown,
    pub(crate) cause: Option<String>,
}

impl From<Thrown> for Failure {
    fn from(thrown: Thrown) -> Failure {
        Failure { thrown, cause: None }
    }
}

impl From<klamm_peer::Error> for Failure {
    fn from(error: klamm_peer::Error) -> Failure {
        Thrown::of(error).into()
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        Thrown::new(fault.class(), fault.to_string()).into()
    }
}

impl Failure {
    /// A failure of a future of the admin client, as one sees it who waits for the future.
    pub(crate) fn executed(self) -> Failure {
        Failure { cause: Some(self.thrown.to_string()), thrown: self.thrown.within(EXECUTION) }
    }

    /// Says it as the stock tools say what they do not expect: the message, and what a stack trace begins with.
    pub(crate) fn tell(&self, io: &mut Io) -> u8 {
        io.complain(self.thrown.text());
        self.tell_trace(io)
    }

    /// Says what a stack trace begins with, and its cause.
    pub(crate) fn tell_trace(&self, io: &mut Io) -> u8 {
        io.complain(&self.thrown);
        if let Some(cause) = &self.cause {
            io.complain(format_args!("Caused by: {cause}"));
        }
        crate::FAILED
    }
}

/// The properties in a file, or none (`Utils.loadProps`).
pub(crate) fn properties(path: Option<&str>) -> Result<ClientConfig, Failure> {
    let mut config = ClientConfig::new();
    let Some(path) = path else { return Ok(config) };
    if missing(path) {
        return Err(Thrown::new("java.nio.file.NoSuchFileException", path).into());
    }
    config.load(path).map_err(|problem| Thrown::new("java.io.IOException", problem))?;
    Ok(config)
}

/// The text of a file (`Utils.readFileAsString`).
pub(crate) fn read_text(path: &str) -> Result<String, Failure> {
    let bytes = DiskOs.read(Path::new(path)).map_err(|_| Failure {
        thrown: Thrown::new("java.io.IOException", format!("Unable to read file {path}")),
        cause: missing(path).then(|| format!("java.nio.file.NoSuchFileException: {path}")),
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn missing(path: &str) -> bool {
    !DiskOs.exists(Path::new(path))
}

/// The brokers that a command line names: `--bootstrap-server`, or what stood for it once. `None` if nothing does.
///
/// # Errors
/// If an option came twice.
pub(crate) fn bootstrap(io: &mut Io, parsed: &Parsed) -> Result<Option<String>, Fault> {
    let of = |name: &str| if parsed.knows(name) { parsed.single(name) } else { Ok(None) };
    if let Some(servers) = of("bootstrap-server")?.or(of("broker-list")?) {
        return Ok(Some(servers.to_owned()));
    }
    Ok(of("zookeeper")?.map(|_| {
        io.complain(
            "There is no ZooKeeper any more and --zookeeper names no broker: asking localhost:9092. \
             Give the broker by --bootstrap-server HOST:PORT.",
        );
        "localhost:9092".to_owned()
    }))
}

/// How a client of the brokers in `servers` with the properties of `config` behaves.
///
/// # Errors
/// As Kafka's admin client fails when it is made (`KafkaAdminClient.createInternal`).
pub(crate) fn admin_options(
    mut config: ClientConfig,
    servers: &str,
    client_id: &str,
) -> Result<ClientOptions, Failure> {
    config.set("bootstrap.servers", servers);
    let made = config.options(client_id).and_then(|mut options| {
        if options.api_timeout < options.request_timeout {
            if config.get("default.api.timeout.ms").is_some() {
                return Err("The specified value of default.api.timeout.ms must be no smaller than the value of \
                            request.timeout.ms."
                    .to_owned());
            }
            options.api_timeout = options.request_timeout;
        }
        Ok(options)
    });
    made.map_err(not_created)
}

/// The admin client is not made since something is wrong with its configuration.
fn not_created(problem: String) -> Failure {
    Failure {
        thrown: Thrown::new(KAFKA, "Failed to create new KafkaAdminClient"),
        cause: Some(format!("org.apache.kafka.common.config.ConfigException: {problem}")),
    }
}

/// Sees to it that one of the brokers that were named has an address.
///
/// # Errors
/// As [`admin_options`].
pub(crate) async fn check_addresses(options: &ClientOptions) -> Result<(), Failure> {
    resolvable(&options.bootstrap).await.map_err(not_created)
}

/// A client of the brokers in `servers` with the properties of `config` (`Admin.create`).
pub(crate) async fn admin(env: &Env, config: ClientConfig, servers: &str, client_id: &str) -> Result<Client, Failure> {
    let options = admin_options(config, servers, client_id)?;
    check_addresses(&options).await?;
    Ok(Client::new(env, options))
}

/// Does a tool's work on this thread.
pub(crate) fn in_world<T>(work: impl AsyncFnOnce(Env) -> Result<T, Failure>) -> Result<T, Failure> {
    block_on_or_end(work).unwrap_or_else(|problem| Err(Thrown::new(RUNTIME, problem.to_string()).into()))
}
