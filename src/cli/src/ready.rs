//! `klamm ready`: whether a broker serves, for healthchecks and scripts that wait.
//!
//! The admin port's `/ready`, an answer on a Kafka listener and the lines of the log say the same thing, since the ports
//! are opened only when everything serves.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use kafka_protocol::messages::MetadataRequest;
use klamm_env::Env;
use klamm_peer::{Address, Connection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};

use crate::fail;

/// Where a broker is looked for if nobody says where: the admin port as it is set by default, then the listener.
const ADMIN: &str = "127.0.0.1:9644";
const BOOTSTRAP: &str = "localhost:9092";

/// How long one look may take, and the pause before the next one.
const LOOK: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// What is read of an HTTP answer; the first line counts.
const HEAD_BYTES: u64 = 4096;

/// `klamm ready`.
#[derive(Debug, Args)]
pub struct Ready {
    /// Waits until the broker is ready, for at most so long: 30s, 500ms, 2m.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub wait: Option<Duration>,
    /// Asks this broker's listener, in Kafka's protocol; it need not be klamm.
    #[arg(long, value_name = "HOST:PORT", value_parser = address, conflicts_with = "admin")]
    pub bootstrap: Option<Address>,
    /// Asks this admin port. Without either the admin port 127.0.0.1:9644 is asked, then the listener localhost:9092.
    #[arg(long, value_name = "URL", value_parser = address)]
    pub admin: Option<Address>,
}

/// Looks once, or until the time is up. The exit code is 0 if the broker is ready, else 1, with one line that says why.
pub fn run(args: &Ready) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return not_ready(&error),
    };
    let code = match runtime.block_on(wait(args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => not_ready(&why),
    };
    // A name that is still being looked up holds up nobody.
    runtime.shutdown_background();
    code
}

fn not_ready(why: &dyn Display) -> ExitCode {
    fail(&format!("not ready: {why}"))
}

async fn wait(args: &Ready) -> Result<(), String> {
    let env = Env::real();
    let deadline = Instant::now() + args.wait.unwrap_or_default();
    loop {
        // The last look is a whole one, also if it begins just before the time is up.
        let why = match look(&env, args).await {
            Ok(()) => return Ok(()),
            Err(why) => why,
        };
        if Instant::now() + PAUSE > deadline {
            return Err(why);
        }
        sleep(PAUSE).await;
    }
}

/// One look; why the broker is not ready.
async fn look(env: &Env, args: &Ready) -> Result<(), String> {
    match (&args.admin, &args.bootstrap) {
        (Some(admin), _) => ask_admin(env, admin).await.map_err(|why| why.to_string()),
        (None, Some(bootstrap)) => ask_listener(env, bootstrap).await,
        (None, None) => {
            let admin = match ask_admin(env, &address(ADMIN)?).await {
                Ok(()) => return Ok(()),
                Err(NotReady::Stopping(why)) => return Err(why),
                Err(NotReady::Silent(why)) => why,
            };
            ask_listener(env, &address(BOOTSTRAP)?).await.map_err(|why| format!("{admin}; {why}"))
        }
    }
}

/// What an admin port says that does not say that the broker is ready.
enum NotReady {
    /// The broker is there and says so itself.
    Stopping(String),
    /// Nobody answers, or nobody who knows.
    Silent(String),
}

impl Display for NotReady {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (NotReady::Stopping(why) | NotReady::Silent(why)) = self;
        f.write_str(why)
    }
}

async fn ask_admin(env: &Env, admin: &Address) -> Result<(), NotReady> {
    let answer = timeout(LOOK, get_ready(env, admin)).await;
    let answer = answer.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)));
    let head = answer.map_err(|error| NotReady::Silent(format!("admin port {admin}: {error}")))?;
    let status = head.lines().next().unwrap_or_default();
    match status.split(' ').nth(1) {
        Some("200") => Ok(()),
        Some("503") => Err(NotReady::Stopping(format!("the broker of admin port {admin} is stopping"))),
        _ => Err(NotReady::Silent(format!("admin port {admin} answers {status:?}"))),
    }
}

/// The beginning of the answer to `GET /ready`.
async fn get_ready(env: &Env, admin: &Address) -> io::Result<String> {
    let mut stream = env.net.connect(&admin.host, admin.port).await?;
    let request = format!("GET /ready HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    stream.take(HEAD_BYTES).read_to_end(&mut head).await?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// A broker that answers and names itself among the live ones serves.
async fn ask_listener(env: &Env, bootstrap: &Address) -> Result<(), String> {
    let connection = Connection::open(env, bootstrap, "klamm-ready", LOOK).await.map_err(|error| error.to_string())?;
    let none = MetadataRequest::default().with_topics(Some(Vec::new()));
    let told = connection.call(&none, LOOK).await.map_err(|error| error.to_string())?;
    if told.brokers.is_empty() { Err(format!("{bootstrap} answers, but knows no live broker")) } else { Ok(()) }
}

/// `HOST:PORT`, also inside a URL.
fn address(text: &str) -> Result<Address, String> {
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let bare = bare.split('/').next().unwrap_or_default();
    let list = Address::parse_list(bare).unwrap_or_default();
    list.into_iter().next().ok_or_else(|| "expected HOST:PORT".to_owned())
}

/// A number with its unit; without one it is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let ms_per_unit = match unit.trim() {
        "ms" => Some(1),
        "s" | "" => Some(1000),
        "m" => Some(60_000),
        _ => None,
    };
    let ms = number.parse::<u32>().ok().zip(ms_per_unit).map(|(number, unit)| u64::from(number) * unit);
    ms.map(Duration::from_millis).ok_or_else(|| "expected a time such as 30s, 500ms or 2m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_units() {
        for (text, ms) in [("30s", 30_000), ("500ms", 500), ("2m", 120_000), ("7", 7000), ("0", 0), ("3 s", 3000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for bad in ["", "s", "1h", "-1s", "1.5s", "99999999999s", "ü"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_may_be_urls() {
        for (text, wanted) in [
            ("http://127.0.0.1:9644/ready", "127.0.0.1:9644"),
            ("kafka:9644", "kafka:9644"),
            ("http://[::1]:1/", "[::1]:1"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), wanted);
        }
        for bad in ["", "http://", "kafka", "http:///ready", "kafka:x"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
