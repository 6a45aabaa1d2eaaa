//! Broker keys: who may do what.

use crate::key::{Key, keys};

pub(super) const KEYS: &[Key] = keys! {
    /// A class that decides who may do what; empty for none.
    "authorizer.class.name": String = "";
    /// A client by SASL must authenticate anew after this time, in milliseconds; 0 for never.
    "connections.max.reauth.ms": Long = "0";
    /// How often expired delegation tokens are removed, in milliseconds.
    "delegation.token.expiry.check.interval.ms": Long = "3600000", at_least(1);
    /// How long a delegation token is valid before it must be renewed, in milliseconds.
    "delegation.token.expiry.time.ms": Long = "86400000", at_least(1);
    /// The longest life of a delegation token, in milliseconds.
    "delegation.token.max.lifetime.ms": Long = "604800000", at_least(1);
    /// The key by which delegation tokens are signed.
    "delegation.token.secret.key": Password;
    /// A class that names who a connection belongs to.
    "principal.builder.class": Class = "org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder",
        per_broker;
    /// Classes that supply cryptography.
    "security.providers": String;
};
