//! Listeners: their addresses are taken before anything is touched, and opened when everything serves. Until then a
//! client is refused, so that an open port means a broker that serves.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use klamm_api::{Api, ApiMetrics, Services};
use klamm_env::Env;
use klamm_env::net::{ListenOptions, Reserved};
use klamm_server::{ConnectionLimits, Connections, ListenerConfig, ServerMetrics, serve_listener};
use klamm_settings::BrokerConfig;
use metrics::Recorder;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::error::Error;
use crate::exporter::Exporter;

/// Addresses that are ours; nobody can connect yet.
pub(crate) struct Bound {
    listeners: Vec<(Arc<str>, Reserved, SocketAddr)>,
    admin: Option<(Reserved, SocketAddr)>,
}

impl Bound {
    /// The listeners and the ports that they got.
    pub fn ports(&self) -> Arc<[(Arc<str>, u16)]> {
        self.listeners.iter().map(|(name, _, address)| (name.clone(), address.port())).collect()
    }
}

/// Where a broker that serves is reached: the listeners by name, and the admin port.
pub(crate) type Doors = (Vec<(String, SocketAddr)>, Option<SocketAddr>);

/// Takes the address of every listener; nobody can connect before [`accept`].
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
        let socket = env.net.reserve(&listener.host, listener.port, options).await.map_err(fault)?;
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
) -> Result<Option<(Reserved, SocketAddr)>, Error> {
    let fault = |source| Error::Listener { name: "klamm.admin.listener".to_owned(), source };
    match env.net.reserve(&admin.host, admin.port, options).await {
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

/// Opens the doors: the listeners first and the admin port behind them, which says that they are open.
///
/// # Errors
/// If somebody listens meanwhile on an address that was free at [`bind`].
pub(crate) fn accept(
    env: &Env,
    config: &BrokerConfig,
    bound: Bound,
    services: Arc<Services>,
    recorder: &dyn Recorder,
    prometheus: PrometheusHandle,
) -> Result<Doors, Error> {
    let api = Api::new(services.clone(), ApiMetrics::new(recorder));
    let connections = Connections::new(ConnectionLimits {
        max: usize::try_from(config.max_connections).unwrap_or(usize::MAX),
        max_per_ip: usize::try_from(config.max_connections_per_ip).unwrap_or(usize::MAX),
        overrides: config.max_connections_per_ip_overrides.clone().into_iter().collect::<BTreeMap<_, _>>(),
    });
    let mut listening = Vec::with_capacity(bound.listeners.len());
    for (name, reserved, address) in bound.listeners {
        let listener = reserved.listen().map_err(|source| Error::Listener { name: name.to_string(), source })?;
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
    let Some((reserved, address)) = bound.admin else { return Ok((listening, None)) };
    match reserved.listen() {
        Ok(listener) => {
            env.tasks.spawn(exporter.serve(listener));
            Ok((listening, Some(address)))
        }
        Err(error) if config.admin_listener.as_ref().is_some_and(|admin| admin.is_default) => {
            tracing::warn!(%error, "there is no admin HTTP port: its default address is taken");
            Ok((listening, None))
        }
        Err(source) => Err(Error::Listener { name: "klamm.admin.listener".to_owned(), source }),
    }
}
