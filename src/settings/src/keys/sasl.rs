//! Broker keys: authentication by SASL.

use crate::key::{Key, keys};

pub(super) const KEYS: &[Key] = keys! {
    /// A class that supplies a client's credentials.
    "sasl.client.callback.handler.class": Class;
    /// The ways to authenticate that clients may choose from.
    "sasl.enabled.mechanisms": List = "GSSAPI", items, per_broker;
    /// The users or the login of a listener, in JAAS form.
    "sasl.jaas.config": Password, per_broker;
    /// The path of the kinit command.
    "sasl.kerberos.kinit.cmd": String = "/usr/bin/kinit", per_broker;
    /// The shortest time between two logins by Kerberos, in milliseconds.
    "sasl.kerberos.min.time.before.relogin": Long = "60000", per_broker;
    /// Rules that turn Kerberos principals into short names.
    "sasl.kerberos.principal.to.local.rules": List = "DEFAULT", items, per_broker;
    /// The Kerberos principal name under which the brokers run.
    "sasl.kerberos.service.name": String, per_broker;
    /// The share of chance in the time of a ticket's renewal.
    "sasl.kerberos.ticket.renew.jitter": Double = "0.05", per_broker;
    /// The share of a ticket's life after which it is renewed.
    "sasl.kerberos.ticket.renew.window.factor": Double = "0.8", per_broker;
    /// A class that supplies the credentials of a login.
    "sasl.login.callback.handler.class": Class;
    /// A class that logs in.
    "sasl.login.class": Class;
    /// How long a connection to the identity provider may take, in milliseconds.
    "sasl.login.connect.timeout.ms": Int;
    /// How long an answer of the identity provider may take, in milliseconds.
    "sasl.login.read.timeout.ms": Int;
    /// How long before its end a credential is refreshed at the latest, in seconds.
    "sasl.login.refresh.buffer.seconds": Short = "300", per_broker;
    /// The shortest time before a credential is refreshed, in seconds.
    "sasl.login.refresh.min.period.seconds": Short = "60", per_broker;
    /// The share of a credential's life after which it is refreshed.
    "sasl.login.refresh.window.factor": Double = "0.8", per_broker;
    /// The share of chance in the time of a credential's refresh.
    "sasl.login.refresh.window.jitter": Double = "0.05", per_broker;
    /// The longest pause between two attempts at the identity provider, in milliseconds.
    "sasl.login.retry.backoff.max.ms": Long = "10000";
    /// The first pause between two attempts at the identity provider, in milliseconds.
    "sasl.login.retry.backoff.ms": Long = "100";
    /// The way by which brokers authenticate to controllers.
    "sasl.mechanism.controller.protocol": String = "GSSAPI";
    /// The way by which brokers authenticate among themselves.
    "sasl.mechanism.inter.broker.protocol": String = "GSSAPI", per_broker;
    /// Whether tokens are taken without looking whom they are meant for.
    "sasl.oauthbearer.allow.unverified.audience": Boolean = "false", since_4_4;
    /// Whether tokens are taken without looking who made them.
    "sasl.oauthbearer.allow.unverified.issuer": Boolean = "false", since_4_4;
    /// The algorithm by which an assertion is signed.
    "sasl.oauthbearer.assertion.algorithm": String = "RS256", one_of_ignore_case(&["ES256", "RS256"]);
    /// Whom an assertion is meant for.
    "sasl.oauthbearer.assertion.claim.aud": String;
    /// How long an assertion is valid, in seconds.
    "sasl.oauthbearer.assertion.claim.exp.seconds": Int = "300", between(0, 86400);
    /// Who made an assertion.
    "sasl.oauthbearer.assertion.claim.iss": String;
    /// Whether an assertion carries an id of its own.
    "sasl.oauthbearer.assertion.claim.jti.include": Boolean = "false";
    /// How far before now an assertion begins to be valid, in seconds.
    "sasl.oauthbearer.assertion.claim.nbf.seconds": Int = "60", between(0, 3600);
    /// Whom an assertion speaks of.
    "sasl.oauthbearer.assertion.claim.sub": String;
    /// A file with an assertion that is made already.
    "sasl.oauthbearer.assertion.file": String;
    /// A file with the key that signs assertions.
    "sasl.oauthbearer.assertion.private.key.file": String;
    /// What opens the key that signs assertions.
    "sasl.oauthbearer.assertion.private.key.passphrase": Password;
    /// A file with the fixed parts of assertions.
    "sasl.oauthbearer.assertion.template.file": String;
    /// The id by which a client asks for tokens.
    "sasl.oauthbearer.client.credentials.client.id": String;
    /// The secret by which a client asks for tokens.
    "sasl.oauthbearer.client.credentials.client.secret": Password;
    /// How far the clocks of the identity provider and the broker may differ, in seconds.
    "sasl.oauthbearer.clock.skew.seconds": Int = "30";
    /// Whom tokens must be meant for.
    "sasl.oauthbearer.expected.audience": List = "", items;
    /// Who must have made tokens.
    "sasl.oauthbearer.expected.issuer": String;
    /// How often those keys are read, in milliseconds.
    "sasl.oauthbearer.jwks.endpoint.refresh.ms": Long = "3600000";
    /// The longest pause between two attempts to read them, in milliseconds.
    "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms": Long = "10000";
    /// The first pause between two attempts to read them, in milliseconds.
    "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms": Long = "100";
    /// Where the keys are that tokens are checked by.
    "sasl.oauthbearer.jwks.endpoint.url": String;
    /// A class that gets tokens.
    "sasl.oauthbearer.jwt.retriever.class": Class = "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever";
    /// A class that checks tokens.
    "sasl.oauthbearer.jwt.validator.class": Class = "org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator";
    /// The scope that a client asks a token for.
    "sasl.oauthbearer.scope": String;
    /// The claim of a token that holds its scope.
    "sasl.oauthbearer.scope.claim.name": String = "scope";
    /// The claim of a token that holds its subject.
    "sasl.oauthbearer.sub.claim.name": String = "sub";
    /// Where tokens are asked for.
    "sasl.oauthbearer.token.endpoint.url": String;
    /// A class that checks credentials.
    "sasl.server.callback.handler.class": Class;
    /// The largest message before a client is authenticated, in bytes.
    "sasl.server.max.receive.size": Int = "524288";
};
