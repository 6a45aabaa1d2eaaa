//! Listeners: bound before anything is touched, opened when everything serves.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use klamm_api::{Api, ApiMetrics, Services};
use klamm_env::net::ListenOptions;
use klamm_env::{Env, Listener};
use klamm_metadata::{Endpoint, SecurityProtocol};
use klamm_server::{ConnectionLimits, Connections, ListenerConfig, ServerMetrics, serve_listener};
use klamm_settings::BrokerConfig;
use metrics::Recorder;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::error::Error;
use crate::exporter::Exporter;

/// Sockets that are bound; nothing is accepted yet.
pub(crate) struct Bound {
    listeners: Vec<(Arc<str>, Listener, SocketAddr)>,
    admin: Option<(Listener, SocketAddr)>,
}

/// Binds every listener; nothing is accepted before [`accept`].
///
/// # Errors
/// If an address cannot be had.
pub(crate) async fn bind(env: &Env, config: &BrokerConfig) -> Result<Bound, Error> {
    let options = ListenOptions {
        backlog: config.socket_listen_backlog_size,
        send_buffer: config.socket_send_buffer_bytes,
        receive_buffer: config.socket_receive_buffer_bytes,
    };
    let mut listeners = Vec::with_capacity(config.listeners.len());
    for listener in &config.listeners {
        let fault = |source| Error::Listener { name: listener.name.clone(), source };
        let socket = env.net.listen(&listener.host, listener.port, options).await.map_err(fault)?;
        let address = socket.local_addr().map_err(fault)?;
        listeners.push((Arc::from(listener.name.as_str()), socket, address));
    }
    let admin = match &config.admin_listener {
        Some(admin) => bind_admin(env, admin, options).await?,
        None => None,
    };
    Ok(Bound { listeners, admin })
}

/// The admin port that nobody asked for gives way if its address is taken, as by a second broker on the machine.
async fn bind_admin(
    env: &Env,
    admin: &klamm_settings::AdminListener,
    options: ListenOptions,
) -> Result<Option<(Listener, SocketAddr)>, Error> {
    let fault = |source| Error::Listener { name: "klamm.admin.listener".to_owned(), source };
    match env.net.listen(&admin.host, admin.port, options).await {
        Ok(socket) => {
            let address = socket.local_addr().map_err(fault)?;
            Ok(Some((socket, address)))
        }
        Err(error) if admin.is_default => {
            tracing::warn!(%error, "there is no admin HTTP port: its default address is taken");
            Ok(None)
        }
        Err(error) => Err(fault(error)),
    }
}

/// What clients are told. A listener on port 0 is told by the port that it got; one without a host by the address that
/// the client reached, which is what an empty host means here.
pub(crate) fn endpoints(config: &BrokerConfig, bound: &Bound) -> Vec<Endpoint> {
    let advertised = config.advertised_listeners.iter().map(|listener| {
        let own = bound.listeners.iter().find(|(name, ..)| **name == *listener.name);
        let port = match listener.port {
            0 => own.map_or(0, |(_, _, address)| address.port()),
            port => port,
        };
        Endpoint {
            listener: Arc::from(listener.name.as_str()),
            host: Arc::from(listener.host.as_str()),
            port,
            protocol: SecurityProtocol::Plaintext,
        }
    });
    advertised.collect()
}

/// Opens the doors. Returns the addresses of the listeners and of the admin port.
pub(crate) fn accept(
    env: &Env,
    config: &BrokerConfig,
    bound: Bound,
    services: Arc<Services>,
    recorder: &dyn Recorder,
    prometheus: PrometheusHandle,
) -> (Vec<(String, SocketAddr)>, Option<SocketAddr>) {
    let api = Api::new(services.clone(), ApiMetrics::new(recorder));
    let connections = Connections::new(ConnectionLimits {
        max: usize::try_from(config.max_connections).unwrap_or(usize::MAX),
        max_per_ip: usize::try_from(config.max_connections_per_ip).unwrap_or(usize::MAX),
        overrides: config.max_connections_per_ip_overrides.clone().into_iter().collect::<BTreeMap<_, _>>(),
    });
    let mut listening = Vec::with_capacity(bound.listeners.len());
    for (name, listener, address) in bound.listeners {
        let listener_config = ListenerConfig {
            name: name.clone(),
            max_frame_bytes: usize::try_from(config.socket_request_max_bytes).unwrap_or(usize::MAX),
            max_idle: Duration::from_millis(config.connections_max_idle_ms),
        };
        let metrics = ServerMetrics::new(recorder, &name);
        listening.push((name.to_string(), address));
        let serve =
            serve_listener(listener, listener_config, api.clone(), connections.clone(), metrics, env.tasks.clone());
        env.tasks.spawn(serve);
    }
    let exporter = Exporter::new(prometheus, &services, env.tasks.clone());
    env.tasks.spawn(exporter.clone().upkeep());
    let admin = bound.admin.map(|(listener, address)| {
        env.tasks.spawn(exporter.serve(listener));
        address
    });
    (listening, admin)
}
