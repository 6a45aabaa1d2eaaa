//! nc, as far as checks need it: `nc [-z] [-v] [-n] [-4|-6] [-w SECONDS] [-q SECONDS] HOST PORT[-PORT]`.
//!
//! It says what OpenBSD's nc says, on standard error. Without `-z` it carries standard input to the port and what
//! comes back to standard output.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use klamm_env::{Env, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::io::{Io, block_on_or_end};

const USAGE: &str = "usage: nc [-46nvz] [-q seconds] [-w timeout] destination port";
/// How long a connection may take where no -w says it: the system's own patience is longer.
const CONNECT_PATIENCE: Duration = Duration::from_secs(120);
/// The longest wait that can be asked for.
const MAX_SECONDS: u64 = 1 << 31;

#[derive(Debug, Default, PartialEq, Eq)]
struct Ask {
    scan: bool,
    verbose: bool,
    patience: Option<Duration>,
    host: String,
    /// First and last.
    ports: (u16, u16),
}

/// nc.
pub(super) fn run(args: &[String], io: &mut Io) -> u8 {
    if let Some(code) = super::version_asked(args, io) {
        return code;
    }
    let ask = match read(args) {
        Ok(ask) => ask,
        Err(why) => {
            io.complain(why);
            return crate::FAILED;
        }
    };
    match block_on_or_end(async |env| all_ports(&env, &ask, io).await) {
        Ok(true) => 0,
        Ok(false) => crate::FAILED,
        Err(problem) => {
            io.complain(format_args!("nc: {problem}"));
            crate::FAILED
        }
    }
}

fn read(args: &[String]) -> Result<Ask, String> {
    let mut ask = Ask::default();
    let mut words = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let Some(letters) = arg.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
            words.push(arg.as_str());
            continue;
        };
        for (at, letter) in letters.char_indices() {
            match letter {
                'z' => ask.scan = true,
                'v' => ask.verbose = true,
                'n' | 't' | '4' | '6' | 'N' => {}
                'w' | 'q' => {
                    let inline = Some(&letters[at + 1..]).filter(|rest| !rest.is_empty());
                    let value = inline.or_else(|| args.next().map(String::as_str));
                    let value =
                        value.ok_or_else(|| format!("nc: option requires an argument -- '{letter}'\n{USAGE}"))?;
                    let seconds = value.parse::<u64>().ok().filter(|seconds| *seconds <= MAX_SECONDS);
                    let seconds = seconds.ok_or_else(|| format!("nc: timeout invalid: {value}"))?;
                    if letter == 'w' {
                        ask.patience = Some(Duration::from_secs(seconds)).filter(|patience| !patience.is_zero());
                    }
                    break;
                }
                'h' => return Err(USAGE.to_owned()),
                'u' | 'l' => return Err(format!("nc: -{letter} is not built in: this nc makes TCP connections only")),
                _ => return Err(format!("nc: invalid option -- '{letter}'\n{USAGE}")),
            }
        }
    }
    let [host, ports] = words[..] else { return Err(USAGE.to_owned()) };
    ask.host = host.to_owned();
    ask.ports = range(ports).ok_or_else(|| format!("nc: port number invalid: {ports}"))?;
    Ok(ask)
}

fn range(text: &str) -> Option<(u16, u16)> {
    let port = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    match text.split_once('-') {
        Some((first, last)) => Some((port(first)?.min(port(last)?), port(first)?.max(port(last)?))),
        None => Some((port(text)?, port(text)?)),
    }
}

/// True if one port took a connection, as nc counts it.
async fn all_ports(env: &Env, ask: &Ask, io: &mut Io) -> bool {
    let mut any = false;
    for port in ask.ports.0..=ask.ports.1 {
        let patience = ask.patience.unwrap_or(CONNECT_PATIENCE);
        let stream = match timeout(patience, env.net.connect(&ask.host, port)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(problem)) => {
                complain(io, ask, port, &reason(&problem));
                continue;
            }
            Err(_) => {
                complain(io, ask, port, "Operation timed out");
                continue;
            }
        };
        if ask.verbose {
            let place = place(stream.peer_addr().ok(), &ask.host);
            io.complain(format_args!("Connection to {place} {port} port [tcp/*] succeeded!"));
        }
        any = if ask.scan { true } else { carry(env, stream, ask.patience, io).await || any };
    }
    any
}

/// A failed connection is told with -v, or where nothing else tells it.
fn complain(io: &mut Io, ask: &Ask, port: u16, why: &str) {
    if ask.verbose || !ask.scan {
        io.complain(format_args!("nc: connect to {} port {port} (tcp) failed: {why}", ask.host));
    }
}

/// `localhost (127.0.0.1)`, or the address alone where it was asked for by it.
fn place(peer: Option<SocketAddr>, host: &str) -> String {
    match peer.map(|peer| peer.ip().to_string()) {
        Some(address) if address != host => format!("{host} ({address})"),
        _ => host.to_owned(),
    }
}

/// The system's words without Rust's number behind them.
fn reason(problem: &std::io::Error) -> String {
    let text = problem.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// Carries standard input there and what comes back to standard output, until the other side has said everything or
/// nothing has moved for `patience`.
async fn carry(env: &Env, stream: Stream, patience: Option<Duration>, io: &mut Io) -> bool {
    let (mut from, mut to) = tokio::io::split(stream);
    let (send, mut typed) = mpsc::channel::<Vec<u8>>(4);
    let mut input = std::mem::replace(&mut io.input, Box::new(std::io::empty()));
    let started = env.tasks.thread("stdin", move || {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = input.read(&mut buffer) {
            if send.blocking_send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    if started.is_err() {
        return false;
    }
    let (mut buffer, mut open) = (vec![0; 16 * 1024], true);
    loop {
        let step = async {
            tokio::select! {
                bytes = typed.recv(), if open => match bytes {
                    Some(bytes) => to.write_all(&bytes).await.map(|()| None),
                    None => {
                        open = false;
                        to.shutdown().await.map(|()| None)
                    }
                },
                count = from.read(&mut buffer) => count.map(Some),
            }
        };
        let step = match patience {
            Some(patience) => timeout(patience, step).await,
            None => Ok(step.await),
        };
        match step {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(count @ 1..))) => {
                if io.out.write_all(&buffer[..count]).and_then(|()| io.out.flush()).is_err() {
                    return true;
                }
            }
            Ok(Ok(Some(0))) | Err(_) => return true,
            Ok(Err(_)) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(line: &str) -> Result<Ask, String> {
        read(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_stand_alone_or_together_before_or_behind_the_place() {
        let wanted = Ask {
            scan: true,
            verbose: true,
            patience: Some(Duration::from_secs(1)),
            host: "localhost".to_owned(),
            ports: (9093, 9093),
        };
        for line in
            ["-vz -w 1 localhost 9093", "-z -v -w1 localhost 9093", "localhost 9093 -zvw 1", "-nzvw1 localhost 9093"]
        {
            assert_eq!(ask(line).as_ref(), Ok(&wanted), "{line}");
        }
        assert_eq!(ask("a 20-10").unwrap().ports, (10, 20));
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_a_line() {
        assert_eq!(ask("-z localhost"), Err(USAGE.to_owned()));
        assert_eq!(ask("localhost x"), Err("nc: port number invalid: x".to_owned()));
        assert_eq!(ask("localhost 0"), Err("nc: port number invalid: 0".to_owned()));
        assert_eq!(ask("-w x a 1"), Err("nc: timeout invalid: x".to_owned()));
        assert!(ask("-l 1").unwrap_err().contains("-l is not built in"));
        assert!(ask("-y a 1").unwrap_err().starts_with("nc: invalid option -- 'y'"));
        assert!(ask("a 1 -w").unwrap_err().starts_with("nc: option requires an argument -- 'w'"));
    }
}
