//! Starts klamm with Testcontainers for Rust, as a test of somebody's application would, and uses it with rdkafka.
//!
//! Called as `rust-containers MODULE IMAGE RUNS`; prints one line of JSON: what each run saw, and how long its steps took.

mod application;

use std::error::Error;
use std::time::Instant;

use serde_json::{Value, json};
use testcontainers_modules::kafka::{apache, confluent};
use testcontainers_modules::testcontainers::core::ContainerPort;
use testcontainers_modules::testcontainers::runners::AsyncRunner;
use testcontainers_modules::testcontainers::{ContainerAsync, ContainerRequest, Image, ImageExt};

pub type Outcome<T> = Result<T, Box<dyn Error>>;

fn since(start: Instant) -> f64 {
    (start.elapsed().as_secs_f64() * 10_000.0).round() / 10.0
}

async fn once(module: &str, image: &str) -> Outcome<Value> {
    let (name, tag) = image.rsplit_once(':').ok_or("an image is NAME:TAG")?;
    match module {
        "apache" => run(apache::Kafka::default().with_name(name).with_tag(tag), apache::KAFKA_PORT).await,
        "confluent" => run(confluent::Kafka::default().with_name(name).with_tag(tag), confluent::KAFKA_PORT).await,
        _ => Err(format!("there is no module {module}").into()),
    }
}

async fn run<I>(request: ContainerRequest<I>, port: ContainerPort) -> Outcome<Value>
where
    I: Image,
{
    let start = Instant::now();
    let container = request.start().await?;
    let ready_ms = since(start);
    let bootstrap = format!("127.0.0.1:{}", container.get_host_port_ipv4(port).await?);
    let mut seen = match application::run(&bootstrap).await {
        Ok(seen) => seen,
        Err(failure) => {
            show_log(&container).await?;
            return Err(failure);
        }
    };
    let stopping = Instant::now();
    container.rm().await?;
    seen["bootstrap"] = json!(bootstrap);
    seen["ready_ms"] = json!(ready_ms);
    seen["stop_ms"] = json!(since(stopping));
    Ok(seen)
}

/// Shows what the broker said, on stderr.
async fn show_log<I: Image>(container: &ContainerAsync<I>) -> Outcome<()> {
    eprintln!("{}", String::from_utf8_lossy(&container.stdout_to_vec().await?));
    eprintln!("{}", String::from_utf8_lossy(&container.stderr_to_vec().await?));
    Ok(())
}

async fn all(module: &str, image: &str, count: usize) -> Outcome<Value> {
    let mut runs = Vec::new();
    for _ in 0..count {
        runs.push(once(module, image).await?);
    }
    Ok(json!({ "runs": runs }))
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, image, count] = arguments.as_slice() else {
        return Err("usage: rust-containers MODULE IMAGE RUNS".into());
    };
    // The library removes a container that is dropped from a task of its own, which needs a second thread.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    println!("{}", runtime.block_on(all(module, image, count.parse()?))?);
    Ok(())
}
