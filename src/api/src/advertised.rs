//! What a client is told of where this broker is.
//!
//! A host that was advertised is told as it stands, as Kafka does. Where none was, the client came by an address that
//! works for it, so it is told that one, with one exception: a client on a container's host comes in by the gateway of
//! the container's network, through a published port, and in general has no way to the container's own address. What
//! works for it is `localhost`. `docs/decisions/0007-advertised-address.md` has the whole of it.

use std::borrow::Cow;
use std::net::IpAddr;

use klamm_metadata::Endpoint;

use crate::call::Call;
use crate::unreached::About;

/// What a client on a container's host is told.
const LOCALHOST: &str = "localhost";

/// The host for a client at `peer` that reached this broker at `reached`, where `advertised` was set, or is empty.
/// `gateways` are the addresses by which the host's clients come to this container; none outside of a container.
pub fn host<'a>(advertised: &'a str, reached: IpAddr, peer: IpAddr, gateways: &[IpAddr]) -> Cow<'a, str> {
    if !advertised.is_empty() {
        return Cow::Borrowed(advertised);
    }
    // An IPv4 client on a socket of both families is shown as IPv4.
    let (reached, peer) = (reached.to_canonical(), peer.to_canonical());
    // A forwarder without root's rights has the container's own address as a client; so has the container itself, which
    // localhost serves as well.
    let is_forwarded = !gateways.is_empty() && peer == reached && !peer.is_loopback();
    if is_forwarded || gateways.contains(&peer) {
        return Cow::Borrowed(LOCALHOST);
    }
    Cow::Owned(reached.to_string())
}

impl Call<'_> {
    /// The host that this call's client is told for one of this broker's endpoints.
    pub fn host<'a>(&self, endpoint: &'a Endpoint) -> Cow<'a, str> {
        host(&endpoint.host, self.session.local.ip(), self.session.peer.ip(), &self.services.gateways)
    }

    /// Notes that this call's client is told where this broker is, so that a line says so if it never comes. Once for a
    /// request, whatever it holds.
    pub fn told(&self, about: About) {
        let image = self.services.image();
        let own = image.brokers.get(&self.services.node).and_then(|broker| broker.endpoint(&self.session.listener));
        let Some(endpoint) = own else { return };
        let host = self.host(endpoint);
        let (unreached, client_id) = (&self.services.unreached, &self.header.client_id);
        self.session.asked_where(unreached, client_id, &host, endpoint.port, about);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(advertised: &str, reached: &str, peer: &str, gateways: &[&str]) -> String {
        let gateways: Vec<IpAddr> = gateways.iter().map(|address| address.parse().unwrap()).collect();
        host(advertised, reached.parse().unwrap(), peer.parse().unwrap(), &gateways).into_owned()
    }

    #[test]
    fn each_client_is_told_what_works_for_it() {
        let inside = ["172.18.0.1", "192.168.65.1", "fd00::1"];
        for (advertised, reached, peer, gateways, wanted) in [
            // What was advertised is told as it stands, to everyone.
            ("kafka", "172.18.0.2", "172.18.0.1", &inside[..], "kafka"),
            ("kafka", "127.0.0.1", "127.0.0.1", &[], "kafka"),
            // Outside of a container: what was reached.
            ("", "127.0.0.1", "127.0.0.1", &[], "127.0.0.1"),
            ("", "192.168.1.10", "192.168.1.1", &[], "192.168.1.10"),
            ("", "192.168.1.10", "192.168.1.10", &[], "192.168.1.10"),
            ("", "::ffff:10.0.0.1", "::ffff:10.0.0.2", &[], "10.0.0.1"),
            ("", "fe80::1", "fe80::2", &[], "fe80::1"),
            // Inside: a neighbour is told the container's address, the host localhost.
            ("", "172.18.0.2", "172.18.0.5", &inside, "172.18.0.2"),
            ("", "172.18.0.2", "172.18.0.1", &inside, "localhost"),
            ("", "::ffff:172.18.0.2", "::ffff:172.18.0.1", &inside, "localhost"),
            ("", "172.18.0.2", "192.168.65.1", &inside, "localhost"),
            ("", "fd00::2", "fd00::1", &inside, "localhost"),
            // A forwarder of a rootless engine, or the container itself.
            ("", "10.88.0.2", "10.88.0.2", &inside, "localhost"),
            ("", "127.0.0.1", "127.0.0.1", &inside, "127.0.0.1"),
            ("", "::1", "::1", &inside, "::1"),
            // A client of another machine is told what it reached: nobody here knows the host's address.
            ("", "172.18.0.2", "203.0.113.9", &inside, "172.18.0.2"),
        ] {
            assert_eq!(told(advertised, reached, peer, gateways), wanted, "{advertised:?} {reached} {peer}");
        }
    }
}
