//! Broker keys: TLS.

use crate::key::{Key, keys};

pub(super) const KEYS: &[Key] = keys! {
    /// Whether a new certificate may name another subject.
    "ssl.allow.dn.changes": Boolean = "false";
    /// Whether a new certificate may name other hosts.
    "ssl.allow.san.changes": Boolean = "false";
    /// The cipher suites that are spoken; none named is all.
    "ssl.cipher.suites": List = "", items, per_broker;
    /// Whether clients must show a certificate.
    "ssl.client.auth": String = "none", one_of(&["required", "requested", "none"]), per_broker;
    /// The versions of TLS that are spoken.
    "ssl.enabled.protocols": List = "TLSv1.2,TLSv1.3", items, per_broker;
    /// How the name in a server's certificate is compared with the host.
    "ssl.endpoint.identification.algorithm": String = "https", per_broker;
    /// A class that makes TLS engines.
    "ssl.engine.factory.class": Class, per_broker;
    /// What opens the key in the key store.
    "ssl.key.password": Password, per_broker;
    /// How the key for a connection is chosen.
    "ssl.keymanager.algorithm": String = "SunX509", per_broker;
    /// The broker's certificate itself, in PEM.
    "ssl.keystore.certificate.chain": Password, per_broker;
    /// The broker's key itself, in PEM.
    "ssl.keystore.key": Password, per_broker;
    /// The file with the broker's key and certificate.
    "ssl.keystore.location": String, per_broker;
    /// What opens the key store.
    "ssl.keystore.password": Password, per_broker;
    /// The format of the key store.
    "ssl.keystore.type": String = "JKS", per_broker;
    /// Rules that turn the name in a certificate into a principal.
    "ssl.principal.mapping.rules": String = "DEFAULT";
    /// The version of TLS that is preferred.
    "ssl.protocol": String = "TLSv1.3", per_broker;
    /// Who supplies TLS.
    "ssl.provider": String, per_broker;
    /// Where TLS takes its chance from.
    "ssl.secure.random.implementation": String, per_broker;
    /// How a certificate is checked.
    "ssl.trustmanager.algorithm": String = "PKIX", per_broker;
    /// The trusted certificates themselves, in PEM.
    "ssl.truststore.certificates": Password, per_broker;
    /// The file with the certificates that are trusted.
    "ssl.truststore.location": String, per_broker;
    /// What opens the trust store.
    "ssl.truststore.password": Password, per_broker;
    /// The format of the trust store.
    "ssl.truststore.type": String = "JKS", per_broker;
};
