//! Ways to the Hub: stand-ins, proxies, the offline switch, and the connection test.

use crate::support::server::{Fault, Origin};
use crate::support::{Bench, MB, repo, run};
use amoozgar_hub::{
    Access, Control, Endpoint, HostOverride, HubError, Network, ProbeTarget, Proxy, ProxyServer,
    Role, Sensitive, Unreachable, Verdict,
};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

const TOKEN: &str = "hf_thetokenthatnobodyelsemaysee";

#[test]
fn the_offline_switch_lets_nothing_out() {
    let (mut bench, _) = Bench::with_weights(9);
    bench.network.access = Access::Offline;
    let failure = run(bench.plan()).unwrap_err();
    assert!(matches!(failure, HubError::Offline), "{failure}");
    let failure = run(bench.hub().probe(&ProbeTarget::default(), &Control::new())).unwrap_err();
    assert!(matches!(failure, HubError::Offline), "{failure}");
    assert!(bench.server.seen().is_empty(), "no request came");
}

#[test]
fn a_page_that_wants_a_login_is_not_taken_for_the_hub() {
    let (bench, _) = Bench::with_weights(9);
    bench.server.misbehave(|_| vec![Fault::Corrupt]);
    let failure = run(bench.plan()).unwrap_err();
    assert!(matches!(failure, HubError::BadAnswer { .. }), "{failure}");
}

#[test]
fn a_host_can_be_put_in_place_of_another() {
    let (mut bench, weights) = Bench::with_weights(2 * MB);
    bench.network.endpoint = Endpoint::Official;
    bench.network.overrides = vec![HostOverride {
        host: "huggingface.co".into(),
        base: bench.server.endpoint().to_owned(),
    }];
    bench.network.token = Some(Sensitive::new(TOKEN));
    run(bench.download()).unwrap();
    assert_eq!(bench.downloaded("model.safetensors"), *weights.bytes);
    assert!(
        bench
            .server
            .seen()
            .iter()
            .all(|seen| seen.header("authorization").is_none()),
        "the stand-in is not the official host"
    );
}

#[test]
fn the_connection_test_names_the_host_that_fails_and_how() {
    let (mut bench, _) = Bench::with_weights(2 * MB);
    bench.network.idle_timeout = Duration::from_millis(300);
    let target = ProbeTarget {
        repo: repo(),
        file: amoozgar_hub::FilePath::new("model.safetensors").unwrap(),
    };
    let probe = |bench: &Bench| run(bench.hub().probe(&target, &Control::new())).unwrap();
    let reports = probe(&bench);
    let roles: Vec<_> = reports.iter().map(|report| report.role).collect();
    assert_eq!(
        roles,
        [Role::Api, Role::Resolve, Role::Content],
        "in the order in which they are needed"
    );
    assert!(
        reports
            .iter()
            .all(|report| matches!(report.verdict, Verdict::Works { .. })),
        "{reports:?}"
    );
    assert_eq!(
        reports[2].host.as_deref(),
        Some(bench.server.host(Origin::Cdn)),
        "the third is another host"
    );

    bench.server.misbehave(|seen| match seen.origin {
        Origin::Cdn => vec![Fault::StallAfter(0)],
        Origin::Hub => Vec::new(),
    });
    let reports = probe(&bench);
    assert_eq!(
        reports[2].verdict,
        Verdict::Unreachable {
            how: Unreachable::TimedOut
        },
        "it is the content that fails"
    );

    bench.server.misbehave(|seen| {
        if seen.is_for("/api/") {
            vec![Fault::Status(403)]
        } else {
            Vec::new()
        }
    });
    let reports = probe(&bench);
    assert!(
        matches!(reports[0].verdict, Verdict::Fails { .. }),
        "{reports:?}"
    );
    assert!(
        reports[1..]
            .iter()
            .all(|report| report.verdict == Verdict::NotTried),
        "{reports:?}"
    );

    bench.network.endpoint = Endpoint::at("http://nowhere.invalid");
    let reports = probe(&bench);
    assert_eq!(
        reports[0].verdict,
        Verdict::Unreachable {
            how: Unreachable::Dns
        },
        "no name ends in that"
    );
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    bench.network.endpoint = Endpoint::at(&format!("http://{closed}"));
    let reports = probe(&bench);
    assert_eq!(
        reports[0].verdict,
        Verdict::Unreachable {
            how: Unreachable::Connect
        },
        "nobody listens there"
    );
    bench.network.endpoint = Endpoint::at(&bench.server.endpoint().replace("http", "https"));
    let reports = probe(&bench);
    assert_eq!(
        reports[0].verdict,
        Verdict::Unreachable {
            how: Unreachable::Tls
        },
        "it speaks no TLS"
    );
}

/// A SOCKS5 proxy (RFC 1928 and 1929) that takes every host to one address, and tells what it was
/// asked: the kind of address, the host, name and password.
fn socks5(to: String) -> (String, mpsc::Receiver<(u8, String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, to, sender) = (stream.unwrap(), to.clone(), sender.clone());
            std::thread::spawn(move || {
                let read = |stream: &mut TcpStream, n: usize| {
                    let mut bytes = vec![0; n];
                    stream.read_exact(&mut bytes).unwrap();
                    bytes
                };
                let text = |stream: &mut TcpStream| {
                    let length = usize::from(read(stream, 1)[0]);
                    String::from_utf8(read(stream, length)).unwrap()
                };
                let hello = read(&mut stream, 2);
                read(&mut stream, usize::from(hello[1]));
                stream.write_all(&[5, 2]).unwrap();
                read(&mut stream, 1);
                let login = format!("{}:{}", text(&mut stream), text(&mut stream));
                stream.write_all(&[1, 0]).unwrap();
                let kind = read(&mut stream, 4)[3];
                let host = if kind == 3 {
                    text(&mut stream)
                } else {
                    String::new()
                };
                read(&mut stream, 2);
                stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
                sender.send((kind, host, login)).unwrap();
                let server = TcpStream::connect(to).unwrap();
                let (mut from, mut into) =
                    (stream.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut from, &mut into));
                let (mut from, mut into) = (server, stream);
                // The client may be gone before the server is.
                drop(std::io::copy(&mut from, &mut into));
            });
        }
    });
    (address, receiver)
}

#[test]
fn a_socks5_proxy_looks_up_names_itself_and_gets_its_password() {
    let (mut bench, _) = Bench::with_weights(9);
    let (address, asked) = socks5(bench.server.host(Origin::Hub).to_owned());
    bench.network.endpoint = Endpoint::at("http://hub.invalid");
    bench.network.proxy = Proxy::Socks5(ProxyServer {
        address,
        user: Some("کاربر".into()),
        password: Some(Sensitive::new("p@ss word")),
    });
    let plan = run(bench.plan()).unwrap();
    assert_eq!(plan.files.len(), 2);
    let (kind, host, login) = asked.recv().unwrap();
    assert_eq!(
        (kind, host.as_str()),
        (3, "hub.invalid"),
        "by name, which this machine cannot look up"
    );
    assert_eq!(login, "کاربر:p@ss word");
}

#[test]
fn an_http_proxy_carries_everything() {
    let (mut bench, _) = Bench::with_weights(9);
    let proxy = bench.server.host(Origin::Hub).to_owned();
    bench.network.endpoint = Endpoint::at("http://hub.invalid");
    bench.network.proxy = Proxy::Http(ProxyServer {
        address: proxy,
        user: None,
        password: None,
    });
    // The server sees whole addresses, as a proxy does, and has no such page.
    let failure = run(bench.plan()).unwrap_err();
    assert!(!failure.is_network(), "somebody answered: {failure}");
    assert!(
        bench.server.seen()[0]
            .target
            .starts_with("http://hub.invalid/api/"),
        "{:?}",
        bench.server.seen()[0]
    );
    bench.server.misbehave(|_| vec![Fault::Status(407)]);
    let reports = run(bench.hub().probe(&ProbeTarget::default(), &Control::new())).unwrap();
    assert_eq!(
        reports[0].verdict,
        Verdict::Unreachable {
            how: Unreachable::Proxy
        },
        "it wants a password"
    );
}

#[test]
fn settings_that_cannot_be_used_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let not_pem = folder.path().join("ca.pem");
    std::fs::write(&not_pem, "no certificate").unwrap();
    let network = |change: &dyn Fn(&mut Network)| {
        let mut network = Network::default();
        change(&mut network);
        let surroundings = amoozgar_hub::Surroundings::system(1);
        match amoozgar_hub::Hub::new(&network, surroundings) {
            Err(HubError::InvalidSetting { setting, .. }) => setting,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        network(&|network| network.endpoint = Endpoint::at("file:///etc")),
        "endpoint"
    );
    assert_eq!(
        network(&|network| network.ca_file = Some(not_pem.clone())),
        "ca_file"
    );
    let server = ProxyServer {
        address: "a b".into(),
        user: None,
        password: None,
    };
    assert_eq!(
        network(&|network| network.proxy = Proxy::Http(server.clone())),
        "proxy"
    );
}
