//! A custom server for chat: its models, its key, and answers that are none.

use amoozgar_hub::{
    Access, HubError, Network, Proxy, ProxyServer, Sensitive, Surroundings, is_same_server,
    service_models,
};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

/// Answers one request with these bytes and tells what was asked.
fn serve(answer: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1/", listener.local_addr().unwrap());
    let (say, hear) = channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        let mut piece = [0; 4096];
        while !asked.windows(4).any(|four| four == b"\r\n\r\n") {
            let n = stream.read(&mut piece).unwrap();
            asked.extend_from_slice(&piece[..n]);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        say.send(String::from_utf8(asked).unwrap()).unwrap();
    });
    (base, hear)
}

fn ask(base: &str, key: Option<&str>, access: Access) -> Result<Vec<String>, HubError> {
    let network = Network {
        proxy: Proxy::None,
        access,
        ..Network::default()
    };
    ask_over(&network, base, key)
}

fn ask_over(network: &Network, base: &str, key: Option<&str>) -> Result<Vec<String>, HubError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(service_models(
            network,
            Surroundings::system(1),
            base,
            key.map(Sensitive::new),
        ))
}

#[test]
fn a_server_is_asked_for_its_models_with_the_key_in_the_header_alone() {
    let (base, asked) = serve(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 52\r\n\r\n\
         {\"data\":[{\"id\":\"b\",\"object\":\"model\"},{\"id\":\"a\"}] }  ",
    );
    let models = ask(&base, Some("sk-0123456789"), Access::Online).unwrap();
    assert_eq!(models, ["a", "b"], "in order");
    let asked = asked.recv().unwrap();
    assert!(
        asked.starts_with("GET /v1/models HTTP/1.1"),
        "the path in `{asked}`"
    );
    assert!(
        asked
            .to_lowercase()
            .contains("authorization: bearer sk-0123456789"),
        "the key"
    );
}

#[test]
fn a_refused_key_and_an_answer_that_is_no_list_are_told_apart() {
    let (base, _asked) = serve("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
    let refused = ask(&base, Some("sk-wrong"), Access::Online).unwrap_err();
    assert!(matches!(refused, HubError::BadToken { .. }), "{refused}");
    assert!(
        !format!("{refused:?}").contains("sk-wrong"),
        "the key is not in the failure"
    );
    let (base, _asked) = serve("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>");
    let other = ask(&base, None, Access::Online).unwrap_err();
    assert!(matches!(other, HubError::BadAnswer { .. }), "{other}");
}

#[test]
fn an_address_that_is_none_and_the_offline_switch_are_said_at_once() {
    let none = ask("localhost:8080", None, Access::Online).unwrap_err();
    assert!(
        matches!(none, HubError::InvalidSetting { .. }),
        "no scheme: {none}"
    );
    let offline = ask("http://127.0.0.1:9/v1", None, Access::Offline).unwrap_err();
    assert!(matches!(offline, HubError::Offline), "{offline}");
}

#[test]
fn the_proxy_is_on_the_way_to_every_server_but_those_of_this_machine() {
    let list = "HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\n{\"data\":[{\"id\":\"a\"}]} ";
    let (address, asked) = serve(list);
    let behind = |address: &str| Network {
        proxy: Proxy::Http(ProxyServer {
            address: address.to_owned(),
            user: None,
            password: None,
        }),
        ..Network::default()
    };
    let proxy = address
        .trim_start_matches("http://")
        .trim_end_matches("/v1/");
    let models = ask_over(&behind(proxy), "http://models.example/v1", None).unwrap();
    assert_eq!(models, ["a"], "the proxy's answer");
    let asked = asked.recv().unwrap();
    assert!(
        asked.starts_with("GET http://models.example/v1/models "),
        "the proxy is asked: `{asked}`"
    );
    let (base, _asked) = serve(list);
    let models = ask_over(&behind("127.0.0.1:9"), &base, None).unwrap();
    assert_eq!(models, ["a"], "no proxy stands before this machine");
}

#[test]
fn a_server_is_known_by_scheme_host_and_port() {
    let own = "https://models.example/v1";
    for same in ["https://models.example", " https://MODELS.example:443/v2/ "] {
        assert!(is_same_server(own, same), "`{same}`");
    }
    for other in [
        "http://models.example/v1",
        "https://models.example:8443/v1",
        "https://models.example.org/v1",
        "https://models.example@thief.example/v1",
        "models.example/v1",
        "",
    ] {
        assert!(!is_same_server(own, other), "`{other}`");
        assert!(!is_same_server(other, own), "`{other}`");
    }
    assert!(!is_same_server("", ""), "none is none");
}
