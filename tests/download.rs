//! `amoozgar download` from outside, against a local server: it survives being killed, being
//! stopped and a full disk, and says what failed in codes.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/hub_server.rs"]
mod hub_server;
mod support;

use hub_server::{COMMIT, Fault, File, HubServer, Origin, noise, splitmix};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use support::command_line::{Bench, said};

const REPO: &str = "amoozgar/test";
const MB: usize = 1 << 20;

/// A server with one model, and a place to download it to.
struct Trial {
    bench: Bench,
    server: HubServer,
    files: Vec<File>,
}

impl Trial {
    fn new(n_bytes: usize) -> Self {
        let files = vec![
            File::git("config.json", "{}\n"),
            File::git("tokenizer.json", noise(2, 10_000)),
            File::lfs("model.safetensors", noise(1405, n_bytes)),
        ];
        let server = HubServer::start();
        server.publish("models/amoozgar/test", files.clone());
        Self {
            bench: Bench::new(),
            server,
            files,
        }
    }

    fn n_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes.len() as u64).sum()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bench.command(&["download"]);
        command
            .args(arguments)
            .args(["--endpoint", self.server.endpoint()])
            .env("XDG_RUNTIME_DIR", self.bench.path("runtime"))
            .stdin(Stdio::null());
        for name in [
            "HF_TOKEN",
            "HF_ENDPOINT",
            "HF_HOME",
            "HF_HUB_CACHE",
            "HF_HUB_OFFLINE",
            "HF_TOKEN_PATH",
            "HUGGINGFACE_HUB_CACHE",
        ] {
            command.env_remove(name);
        }
        for name in ["http_proxy", "https_proxy", "all_proxy"] {
            command.env_remove(name).env_remove(name.to_uppercase());
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts a download whose output goes to a file.
    fn start(&self, arguments: &[&str], output: &str) -> Child {
        let file = std::fs::File::create(self.bench.path(output)).unwrap();
        self.command(arguments)
            .stdout(file)
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn snapshot(&self) -> PathBuf {
        self.bench
            .data_dir()
            .join("hub/models--amoozgar--test/snapshots")
            .join(COMMIT)
    }

    fn assert_all_is_right(&self) {
        for file in &self.files {
            let bytes = std::fs::read(self.snapshot().join(&file.path)).unwrap();
            assert!(
                bytes == *file.bytes,
                "`{}` has the bytes that were published",
                file.path
            );
        }
    }
}

fn lines(text: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(text);
    // The last line of a killed process may be cut.
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

fn events_named<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|event| event["event"] == name)
        .collect()
}

/// The code of the failure that a run ended with.
fn failure(output: &Output) -> String {
    let events = lines(&output.stdout);
    let last = events
        .last()
        .unwrap_or_else(|| panic!("no last word; {}", said(output)));
    assert_eq!(last["event"], "failed", "{last}");
    last["error"]["code"].as_str().unwrap().to_owned()
}

/// Waits for what must come, and fails where it does not.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{what} does not come"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
}

#[test]
fn a_model_is_downloaded_and_its_path_printed() {
    let trial = Trial::new(3 * MB);
    let output = trial.run(&[REPO]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let path = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(
        path,
        format!("{}\n", trial.snapshot().display()),
        "the path alone, for scripts"
    );
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(
        words.contains("model.safetensors") && words.contains("3.1 MB"),
        "sizes were shown first: {words}"
    );
    trial.assert_all_is_right();

    let again = trial.run(&[REPO, "--json"]);
    let events = lines(&again.stdout);
    let names: Vec<_> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(names.first(), Some(&"planned"));
    assert_eq!(names.get(1), Some(&"started"));
    assert_eq!(names.last(), Some(&"finished"));
    assert_eq!(
        events_named(&events, "started")[0]["present_bytes"],
        trial.n_bytes(),
        "all was here"
    );
    assert_eq!(
        trial.server.file_bytes_sent(),
        trial.n_bytes(),
        "and nothing came twice"
    );
    let offline = trial
        .command(&[REPO])
        .env("HF_HUB_OFFLINE", "1")
        .output()
        .unwrap();
    assert_eq!(
        offline.stdout,
        output.stdout,
        "what is here is here without a network; {}",
        said(&offline)
    );
}

#[test]
fn twenty_kills_at_random_moments_cost_a_chunk_each_at_most() {
    const CHUNK: u64 = 512 << 10;
    // What the server had sent and the killed process had not read: four lanes, each slow enough
    // to keep no more than a few pieces on the way.
    const ON_THE_WAY: u64 = 4 * (64 << 10);
    let trial = Trial::new(24 * MB);
    trial.server.misbehave(|seen| match seen.origin {
        Origin::Cdn => vec![Fault::Slow(Duration::from_millis(20))],
        Origin::Hub => Vec::new(),
    });
    let chunk = CHUNK.to_string();
    let arguments = [REPO, "--json", "--chunk-bytes", &chunk];
    let mut seed = 20;
    let mut expected_at_least = 0;
    for kill in 0..20 {
        let before = trial.server.file_bytes_sent();
        let moment = before + splitmix(&mut seed) % MB as u64;
        let mut child = trial.start(&arguments, "events.jsonl");
        until("the moment", || trial.server.file_bytes_sent() > moment);
        child.kill().unwrap();
        child.wait().unwrap();
        let events = lines(&std::fs::read(trial.bench.path("events.jsonl")).unwrap());
        assert!(
            events_named(&events, "finished").is_empty(),
            "it was killed on the way"
        );
        if let [started] = events_named(&events, "started").as_slice() {
            let present = started["present_bytes"].as_u64().unwrap();
            assert!(
                present >= expected_at_least,
                "before kill {kill} there were {present} bytes, not {expected_at_least}"
            );
            let sent = trial.server.file_bytes_sent() - before;
            expected_at_least = (present + sent).saturating_sub(CHUNK + ON_THE_WAY + 10_003);
        }
        assert!(
            !trial.snapshot().exists(),
            "an unfinished model is not there"
        );
    }
    trial.server.behave();
    let last = trial.run(&arguments);
    assert_eq!(last.status.code(), Some(0), "{}", said(&last));
    let present = events_named(&lines(&last.stdout), "started")[0]["present_bytes"]
        .as_u64()
        .unwrap();
    assert!(
        present >= expected_at_least,
        "the last one began with {present} bytes"
    );
    trial.assert_all_is_right();
}

#[test]
fn ctrl_c_keeps_every_byte_and_says_so() {
    let trial = Trial::new(6 * MB);
    trial.server.misbehave(|seen| match seen.origin {
        Origin::Cdn => vec![Fault::StallAfter(300_000)],
        Origin::Hub => Vec::new(),
    });
    let child = trial
        .command(&[REPO, "--chunk-bytes", "1048576"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let all = 4 * 300_000 + 10_003;
    until("what four lanes get", || {
        trial.server.file_bytes_sent() == all
    });
    // They are on the way to the disk; a state file shows that the last of them arrived.
    let dir = trial
        .bench
        .data_dir()
        .join("hub/models--amoozgar--test/.amoozgar");
    let state = dir.join(format!("{}.state", trial.files[2].oid));
    let total = |text: &str| -> Option<u64> {
        let state: Value = serde_json::from_str(text).ok()?;
        state["have"]
            .as_array()?
            .iter()
            .map(|have| Some(have["end"].as_u64()? - have["start"].as_u64()?))
            .sum()
    };
    until("the state", || {
        std::fs::read_to_string(&state).is_ok_and(|text| total(&text) == Some(4 * 300_000))
    });
    kill_process(pid(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(3),
        "stopped is 3; {}",
        said(&output)
    );
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("1.2 MB are kept"), "{words}");
    assert!(output.stdout.is_empty(), "there is no path yet");

    trial.server.behave();
    let again = trial.run(&[REPO]);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    trial.assert_all_is_right();
    assert_eq!(
        trial.server.file_bytes_sent(),
        trial.n_bytes(),
        "no byte was sent twice"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_on_the_way_is_told_as_such() {
    let trial = Trial::new(4 * MB);
    // Just enough for the weights, and not for the notes about them.
    trial
        .server
        .publish("models/amoozgar/test", trial.files[2..].to_vec());
    let disk = trial.bench.path("disk");
    std::fs::create_dir(&disk).unwrap();
    let download = trial.command(&[REPO, "--json"]);
    let in_own_namespace = "mount -t tmpfs -o size=4m tmpfs \"$HF_HOME\" && exec \"$@\"";
    // Where no disk of one's own can be mounted, a limit on the size of files stands in for it.
    let with_a_limit = "trap '' XFSZ; ulimit -f 2048; exec \"$@\"";
    let can_mount = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "tmpfs"])
        .arg(&disk)
        .status()
        .is_ok_and(|status| status.success());
    let mut command = if can_mount {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", in_own_namespace, "sh"]);
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", with_a_limit, "sh"]);
        command
    };
    command
        .arg(download.get_program())
        .args(download.get_args());
    for (name, value) in download.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let output = command
        .env("HF_HOME", &disk)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(
        failure(&output),
        if can_mount { "disk_full" } else { "io" },
        "{}",
        said(&output)
    );
    assert!(
        trial.server.file_bytes_sent() > 0,
        "it was found out while writing, not before"
    );
}

#[test]
fn failures_have_codes_and_statuses() {
    let trial = Trial::new(99);
    let code = |arguments: &[&str]| {
        let output = trial.run(arguments);
        (failure(&output), output.status.code().unwrap())
    };
    assert_eq!(
        code(&["nobody/nothing", "--json"]),
        ("repo_not_found".into(), 2)
    );
    assert_eq!(code(&["a/../b", "--json"]), ("invalid_field".into(), 2));
    assert_eq!(
        code(&[REPO, "--revision", "v9", "--json"]),
        ("revision_not_found".into(), 2)
    );
    assert_eq!(
        code(&[REPO, "--include", "*.csv", "--json"]),
        ("nothing_selected".into(), 2)
    );
    assert_eq!(
        code(&[REPO, "--token-from-keyring", "--json"]),
        ("keyring_unavailable".into(), 1)
    );
    trial.server.publish(
        "models/amoozgar/test",
        vec![File::git("pytorch_model.bin", noise(1, 9))],
    );
    assert_eq!(code(&[REPO, "--json"]), ("only_pickle".into(), 2));
    trial.server.misbehave(|_| {
        vec![
            Fault::Status(403),
            Fault::With("X-Error-Code", "GatedRepo".into()),
        ]
    });
    assert_eq!(code(&[REPO, "--json"]), ("gated_repo".into(), 1));
    let words = trial.run(&[REPO]);
    assert!(
        said(&words).contains("https://huggingface.co/amoozgar/test"),
        "with the page: {}",
        said(&words)
    );
    let offline = trial
        .command(&[REPO, "--json"])
        .env("HF_HUB_OFFLINE", "1")
        .output()
        .unwrap();
    assert_eq!(failure(&offline), "not_cached");
}

#[test]
fn the_environment_of_the_hub_is_honoured() {
    let trial = Trial::new(99);
    let home = trial.bench.path("hf");
    let mut command = trial
        .bench
        .command(&["download", REPO, "--include", "config.json"]);
    let output = command
        .env("HF_ENDPOINT", trial.server.endpoint())
        .env("HF_HOME", &home)
        .env("HF_TOKEN", "hf_secretsecretsecret")
        .env_remove("HF_HUB_CACHE")
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        home.join("hub/models--amoozgar--test/refs/main").is_file(),
        "in the Hub's own cache"
    );
    let with_token = |seen: &hub_server::Seen| seen.header("authorization").is_some();
    assert!(
        !trial.server.seen().iter().any(with_token),
        "the token is the official host's"
    );

    let output = trial
        .command(&[REPO, "--trust-endpoint"])
        .env("HF_TOKEN", "hf_secretsecretsecret")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(!said(&output).contains("secretsecret"), "it is not printed");
    let (hub, cdn): (Vec<_>, Vec<_>) = trial
        .server
        .seen()
        .into_iter()
        .partition(|seen| seen.origin == Origin::Hub);
    assert!(hub.iter().any(with_token), "unless the user says so");
    assert!(
        !cdn.is_empty() && !cdn.iter().any(with_token),
        "and even then not another host's"
    );
}

#[test]
fn a_token_that_signing_in_left_in_a_file_is_found() {
    let trial = Trial::new(99);
    let home = trial.bench.path("hf");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("token"), "hf_fromthefile\n").unwrap();
    let bearers = |arguments: &[&str], unasked: &str| {
        let n_before = trial.server.seen().len();
        let output = trial
            .command(arguments)
            .env("HF_HOME", &home)
            .env("HF_HUB_DISABLE_IMPLICIT_TOKEN", unasked)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let seen = trial.server.seen().split_off(n_before);
        assert!(!seen.is_empty(), "something was asked");
        let token = |seen: &hub_server::Seen| seen.header("authorization").map(str::to_owned);
        seen.iter().filter_map(token).collect::<Vec<_>>()
    };
    let one = [REPO, "--include", "config.json"];
    let none: Vec<String> = Vec::new();
    assert_eq!(bearers(&one, ""), none, "a mirror gets it from nowhere");
    let trusted = [REPO, "--include", "config.json", "--trust-endpoint"];
    let given = bearers(&trusted, "");
    assert!(
        !given.is_empty() && given.iter().all(|bearer| bearer == "Bearer hf_fromthefile"),
        "where the user says so, it is taken from the file: {given:?}"
    );
    assert_eq!(
        bearers(&trusted, "1"),
        none,
        "unless the environment says that none is to be taken unasked"
    );
}
