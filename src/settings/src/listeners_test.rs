use crate::testing::settings;
use crate::{Listener, SecurityProtocol, Settings};

fn listener(name: &str, host: &str, port: u16) -> Listener {
    Listener { name: name.to_owned(), host: host.to_owned(), port, protocol: SecurityProtocol::Plaintext }
}

fn refused(text: &str) -> String {
    match Settings::load(Some(("f", &format!("node.id=1\n{text}"))), &[]) {
        Ok(_) => panic!("{text} was accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn names_are_in_upper_case_and_hosts_may_be_empty_names_or_addresses() {
    let text = "node.id=1\nlistener.security.protocol.map=a:plaintext,B:PLAINTEXT, C:PLAINTEXT\n\
                inter.broker.listener.name=b\nlisteners=a://:9092,B://[::1]:9093 , C://my-host.example:0";
    let config = settings(text).broker_config();
    let expected = [listener("A", "", 9092), listener("B", "::1", 9093), listener("C", "my-host.example", 0)];
    assert_eq!(config.listeners, expected);
    assert_eq!(config.advertised_listeners, expected);
    assert_eq!(config.inter_broker_listener_name, "B");
}

#[test]
fn a_controllers_listener_gets_no_socket_and_is_not_told() {
    let text = "process.roles=broker,controller\nnode.id=1\ncontroller.listener.names=CONTROLLER\n\
                listeners=PLAINTEXT://:9092,CONTROLLER://localhost:9093\n\
                advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093";
    let config = settings(text).broker_config();
    assert_eq!(config.listeners, [listener("PLAINTEXT", "", 9092)]);
    assert_eq!(config.advertised_listeners, [listener("PLAINTEXT", "localhost", 9092)]);
}

#[test]
fn a_controllers_listener_may_be_secured_since_nobody_opens_it() {
    let text = "node.id=1\ncontroller.listener.names=C\nlistener.security.protocol.map=C:SASL_SSL,PLAINTEXT:PLAINTEXT\n\
                listeners=PLAINTEXT://:9092,C://:9093";
    assert_eq!(settings(text).broker_config().listeners.len(), 1);
}

#[test]
fn what_kafka_refuses_is_refused_in_one_clear_line() {
    for (text, why) in [
        ("listeners=PLAINTEXT", "PLAINTEXT is not of the form NAME://HOST:PORT"),
        ("listeners=PLAINTEXT://:x", "is not of the form NAME://HOST:PORT"),
        ("listeners=PLAINTEXT://:70000", "is not of the form NAME://HOST:PORT"),
        ("listeners=PLAINTEXT://a b:1", "is not of the form NAME://HOST:PORT"),
        ("listeners=PLAINTEXT://:+1", "is not of the form NAME://HOST:PORT"),
        ("listeners=", "must not be empty"),
        ("listeners=PLAINTEXT://:1,plaintext://:2", "PLAINTEXT is there twice: each listener needs its own name"),
        (
            "listener.security.protocol.map=A:PLAINTEXT,PLAINTEXT:PLAINTEXT\nlisteners=PLAINTEXT://:1,A://:1",
            "PLAINTEXT and A have the same port: each listener needs its own",
        ),
        ("listeners=X://:1", "no security protocol is defined for X"),
        ("listeners=SSL://:1", "SSL speaks SSL, which is not supported yet: use PLAINTEXT"),
        ("listeners=SASL_PLAINTEXT://:1", "not supported yet"),
        ("listener.security.protocol.map=A:B", "A:B is not NAME:PROTOCOL, with one of PLAINTEXT, SSL"),
        ("listeners=PLAINTEXT://0.0.0.0:9092", "clients cannot be told 0.0.0.0"),
        (
            "advertised.listeners=PLAINTEXT://0.0.0.0:9092",
            "f:2: advertised.listeners=PLAINTEXT://0.0.0.0:9092: clients",
        ),
        (
            "listener.security.protocol.map=A:PLAINTEXT,PLAINTEXT:PLAINTEXT\n\
             advertised.listeners=PLAINTEXT://h:1,A://h:2",
            "A is not the name of a listener, which are PLAINTEXT",
        ),
        (
            "inter.broker.listener.name=X",
            "inter.broker.listener.name must name an advertised listener, which are PLAINTEXT",
        ),
        (
            "inter.broker.listener.name=PLAINTEXT\nsecurity.inter.broker.protocol=PLAINTEXT",
            "cannot be set together with security.inter.broker.protocol",
        ),
        ("controller.listener.names=C", "C is not the name of a listener in listeners"),
        ("controller.listener.names=PLAINTEXT", "no listener is left for clients"),
    ] {
        let line = refused(text);
        assert!(line.contains(why) && !line.contains('\n'), "{line}");
    }
}

#[test]
fn one_port_serves_ipv4_and_ipv6_by_two_listeners() {
    let text = "node.id=1\nlistener.security.protocol.map=A:PLAINTEXT,PLAINTEXT:PLAINTEXT\n\
                listeners=PLAINTEXT://127.0.0.1:9092,A://[::1]:9092";
    assert_eq!(settings(text).broker_config().listeners.len(), 2);
    let free = text.replace("127.0.0.1:9092", ":0").replace("[::1]:9092", ":0");
    assert_eq!(settings(&free).broker_config().listeners.len(), 2);
}
