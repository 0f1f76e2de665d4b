//! Who is asked, who sees the token, and what the Hub's refusals mean.

use crate::support::server::{COMMIT, Fault, File, Origin, noise};
use crate::support::{Bench, MB, REPO, repo, request, run};
use amoozgar_hub::{HubError, Outcome, RepoKind, Revision, Search, Sensitive, Sort, TokenScope};

const TOKEN: &str = "hf_thetokenthatnobodyelsemaysee";

fn with_token(scope: TokenScope) -> Bench {
    let (mut bench, _) = Bench::with_weights(2 * MB);
    bench.network.token = Some(Sensitive::new(TOKEN));
    bench.network.token_scope = scope;
    bench
}

fn refusal(status: u16, headers: &'static [(&'static str, &'static str)]) -> HubError {
    let (bench, _) = Bench::with_weights(9);
    bench.server.misbehave(move |_| {
        let headers = headers
            .iter()
            .map(|(name, value)| Fault::With(name, (*value).to_owned()));
        std::iter::once(Fault::Status(status))
            .chain(headers)
            .collect()
    });
    run(bench.plan()).unwrap_err()
}

#[test]
fn the_token_does_not_follow_a_redirect_to_another_host() {
    let bench = with_token(TokenScope::Endpoint);
    run(bench.download()).unwrap();
    let seen = bench.server.seen();
    let with_token = |origin| {
        let of = seen.iter().filter(move |seen| seen.origin == origin);
        (
            of.clone()
                .filter(|seen| seen.header("authorization").is_some())
                .count(),
            of.count(),
        )
    };
    let (n_with, n) = with_token(Origin::Hub);
    assert!(
        n > 0 && n_with == n,
        "the endpoint gets it, as the user said: {n_with} of {n}"
    );
    let (n_with, n) = with_token(Origin::Cdn);
    assert!(
        n > 0 && n_with == 0,
        "the host of the content never does: {n_with} of {n}"
    );
    for seen in &seen {
        assert!(
            !seen.target.contains(TOKEN),
            "nor is it in an address: {}",
            seen.target
        );
    }
}

#[test]
fn an_endpoint_that_is_not_the_official_one_gets_no_token_unasked() {
    let bench = with_token(TokenScope::OfficialOnly);
    run(bench.download()).unwrap();
    assert!(
        bench
            .server
            .seen()
            .iter()
            .all(|seen| seen.header("authorization").is_none()),
        "nobody here is the official host"
    );
}

#[test]
fn a_redirect_that_comes_back_does_not_bring_the_token_along() {
    let (mut bench, weights) = Bench::with_weights(6 * MB);
    bench.network.token = Some(Sensitive::new(TOKEN));
    bench.network.token_scope = TokenScope::Endpoint;
    let back = format!("{}/returned/{}", bench.server.endpoint(), weights.oid);
    bench.server.misbehave(crate::support::cdn(move |_| {
        vec![Fault::Status(302), Fault::With("Location", back.clone())]
    }));
    run(bench.download()).unwrap();
    let seen = bench.server.seen();
    let returned = seen.iter().filter(|seen| seen.is_for("/returned/"));
    assert!(returned.clone().count() >= 6, "range after range");
    for seen in returned {
        let sent = seen.header("authorization");
        assert_eq!(sent, None, "another host led to {}", seen.target);
    }
}

#[test]
fn a_token_is_sent_without_white_space_and_an_impossible_one_is_named() {
    for (token, sent) in [
        ("hf_abc\n", Some("Bearer hf_abc")),
        (" hf_abc\r\n", Some("Bearer hf_abc")),
        ("\n", None),
    ] {
        let mut bench = with_token(TokenScope::Endpoint);
        bench.network.token = Some(Sensitive::new(token));
        run(bench.plan()).unwrap();
        let seen = bench.server.seen();
        assert_eq!(seen[0].header("authorization"), sent, "of {token:?}");
    }
    for token in ["hf a", "توکن"] {
        let mut bench = with_token(TokenScope::Endpoint);
        bench.network.token = Some(Sensitive::new(token));
        let failure = run(bench.plan()).unwrap_err();
        assert!(matches!(failure, HubError::UnusableToken), "{failure}");
        bench.network.token_scope = TokenScope::OfficialOnly;
        run(bench.plan()).unwrap();
    }
}

#[test]
fn everything_of_a_mirror_below_a_path_is_asked_below_it() {
    for prefix in ["", "/hf", "/repository/api/hf"] {
        let mut bench = with_token(TokenScope::Endpoint);
        let names = ["config.json", "tokenizer.json", "vocab.txt", "merges.txt"];
        let mut files: Vec<_> = names.map(|name| File::git(name, "{}\n")).to_vec();
        files.push(File::lfs("model.safetensors", noise(3, 2 * MB)));
        bench.server.publish(REPO, files);
        bench.server.set_page_size(2);
        bench.server.set_prefix(prefix);
        let base = format!("{}{prefix}", bench.server.endpoint());
        bench.network.endpoint = amoozgar_hub::Endpoint::at(&base);
        // As the Hub does it, and as a mirror passes it on: by the path, or with the official host.
        let mut n = 0;
        bench.server.misbehave(move |seen| {
            if !(seen.is_for("/resolve/") && seen.is_for(".json")) {
                return Vec::new();
            }
            n += 1;
            let host = ["", "https://huggingface.co"][n % 2];
            let name = seen.target.rsplit('/').next().unwrap();
            let to = format!("{host}/api/resolve-cache/{REPO}/{COMMIT}/{name}?etag=1");
            vec![Fault::Status(307), Fault::With("Location", to)]
        });
        let outcome = run(bench.download()).unwrap();
        assert!(matches!(outcome, Outcome::Finished { .. }), "{outcome:?}");
        let seen = bench.server.seen();
        assert!(
            seen.iter().filter(|seen| seen.is_for("/tree/")).count() == 3,
            "three pages below `{prefix}`"
        );
        for seen in seen.iter().filter(|seen| seen.origin == Origin::Hub) {
            assert!(
                seen.target.starts_with(&format!("{prefix}/")),
                "`{}` is below `{prefix}`",
                seen.target
            );
            assert!(seen.header("authorization").is_some(), "as the user said");
        }
    }
}

#[test]
fn a_needless_file_with_an_impossible_name_stops_nothing() {
    let bench = Bench::new();
    let odd = [
        "runs/Nov 12:30:05/events",
        "notes/what?.md",
        "src/aux.py",
        "old/model.",
        "a\\b.txt",
        "line\nend.txt",
    ];
    let mut files: Vec<_> = odd.map(|name| File::git(name, "x")).to_vec();
    files.push(File::lfs("model.safetensors", noise(3, 99)));
    bench.server.publish(REPO, files);
    let plan = run(bench.plan()).unwrap();
    assert_eq!(plan.files.len(), 1, "what a model needs");
    run(bench.download()).unwrap();
    let described = run(bench
        .hub()
        .describe(&crate::support::request(), &bench.control))
    .unwrap();
    assert_eq!(described.files.len(), 7, "all are shown");
    let asked = |pattern: &str| {
        let request = amoozgar_hub::Request {
            selection: amoozgar_hub::Selection::Matching(vec![pattern.to_owned()]),
            ..crate::support::request()
        };
        run(bench.hub().plan(&request, &bench.control))
    };
    for (pattern, name) in [("*.md", "notes/what?.md"), ("src/*", "src/aux.py")] {
        let failure = asked(pattern).unwrap_err();
        assert!(
            matches!(&failure, HubError::UnsafePath { path } if path == name),
            "asked for by name: {failure}"
        );
    }
    assert!(asked("*.safetensors").is_ok(), "others can be asked for");
}

#[test]
fn a_token_of_the_environment_is_not_sent_by_a_crate_below() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "access::an_endpoint_that_is_not_the_official_one_gets_no_token_unasked",
        ])
        .env("HF_TOKEN", TOKEN)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("1 passed"), "nor from there: {said}");
}

#[test]
fn no_failure_and_no_print_shows_the_token() {
    let bench = with_token(TokenScope::Endpoint);
    bench.server.misbehave(|_| {
        vec![
            Fault::Status(401),
            Fault::With(
                "X-Error-Message",
                "Invalid credentials in Authorization header".into(),
            ),
        ]
    });
    let failure = run(bench.plan()).unwrap_err();
    assert!(matches!(failure, HubError::BadToken { .. }), "{failure}");
    for shown in [
        format!("{failure:?}"),
        format!("{:?}", bench.network),
        format!("{:?}", bench.hub()),
    ] {
        assert!(!shown.contains(TOKEN), "`{shown}` gives it away");
    }
}

#[test]
fn refusals_are_told_apart() {
    let gated = refusal(403, &[("X-Error-Code", "GatedRepo")]);
    assert!(
        matches!(&gated, HubError::Gated { page, .. } if page == "https://huggingface.co/amoozgar/test"),
        "with the page where the terms are: {gated:?}"
    );
    let missing = refusal(401, &[("X-Error-Code", "RepoNotFound")]);
    assert!(
        matches!(missing, HubError::RepoNotFound { .. }),
        "missing or private: {missing}"
    );
    let plain = refusal(401, &[]);
    assert!(
        matches!(plain, HubError::RepoNotFound { .. }),
        "a mirror says no more: {plain}"
    );
    let revision = refusal(404, &[("X-Error-Code", "RevisionNotFound")]);
    assert!(
        matches!(revision, HubError::RevisionNotFound { .. }),
        "{revision}"
    );
    let forbidden = refusal(403, &[]);
    assert!(
        matches!(forbidden, HubError::Refused { status: 403, .. }),
        "{forbidden}"
    );
    let broken = refusal(500, &[]);
    assert!(
        matches!(broken, HubError::Server { status: 500, .. }),
        "{broken}"
    );
}

#[test]
fn a_file_that_is_gone_is_named() {
    let (bench, _) = Bench::with_weights(9);
    bench.server.misbehave(|seen| {
        let gone = [
            Fault::Status(404),
            Fault::With("X-Error-Code", "EntryNotFound".into()),
        ];
        if seen.is_for("/resolve/") && seen.is_for("config.json") {
            gone.to_vec()
        } else {
            Vec::new()
        }
    });
    let failure = run(bench.download()).unwrap_err();
    assert!(
        matches!(&failure, HubError::FileNotFound { path, .. } if path == "config.json"),
        "{failure}"
    );
}

#[test]
fn a_host_that_asks_to_wait_is_heard() {
    let (bench, _) = Bench::with_weights(9);
    let mut n = 0;
    bench.server.misbehave(move |_| {
        n += 1;
        match n {
            1 => vec![Fault::Status(429), Fault::With("Retry-After", "40".into())],
            2 => vec![
                Fault::Status(429),
                Fault::With("RateLimit", "\"api\";r=0;t=17".into()),
            ],
            _ => Vec::new(),
        }
    });
    run(bench.download()).unwrap();
    let waited = bench.clock.waited().as_secs();
    assert!(
        (57..90).contains(&waited),
        "forty and seventeen seconds, not {waited}"
    );

    bench.server.misbehave(|_| {
        vec![
            Fault::Status(429),
            Fault::With("Retry-After", "86400".into()),
        ]
    });
    let failure = run(bench.plan()).unwrap_err();
    assert!(
        matches!(failure, HubError::RateLimited { wait: Some(wait), .. } if wait.as_secs() == 86400),
        "a day is told and not waited: {failure}"
    );
}

#[test]
fn search_shows_pages_of_what_it_finds() {
    let (bench, _) = Bench::with_weights(9);
    let search = Search {
        kind: RepoKind::Model,
        text: "TEST".into(),
        filters: vec!["fa".into(), "license:apache-2.0".into()],
        sort: Sort::Downloads,
        limit: 20,
        next: None,
    };
    let page = run(bench.hub().search(&search, &bench.control)).unwrap();
    assert_eq!(page.found.len(), 1);
    assert_eq!(page.found[0].id, "amoozgar/test");
    assert_eq!(page.found[0].licence.as_deref(), Some("apache-2.0"));
    assert_eq!(page.next, None, "there is one page");
    let asked = bench.server.seen()[0].target.clone();
    for part in [
        "filter=fa",
        "filter=license%3Aapache-2.0",
        "sort=downloads",
        "limit=20",
        "search=TEST",
    ] {
        assert!(asked.contains(part), "`{part}` in `{asked}`");
    }
    bench.server.misbehave(|_| {
        vec![Fault::With(
            "Link",
            "<https://huggingface.co/api/models?cursor=abc>; rel=\"next\"".into(),
        )]
    });
    let page = run(bench.hub().search(&search, &bench.control)).unwrap();
    let next = page.next.expect("there is another page");
    assert!(
        next.starts_with(bench.server.endpoint()),
        "on the endpoint, whoever the link names: {next}"
    );
    let further = Search {
        next: Some(next),
        ..search
    };
    run(bench.hub().search(&further, &bench.control)).unwrap();
    assert!(
        bench.server.seen().last().unwrap().is_for("cursor=abc"),
        "the next page was asked for"
    );
}

#[test]
fn a_converted_branch_of_the_hub_s_own_converter_is_found() {
    let bench = Bench::new();
    let pickle = File::git("pytorch_model.bin", noise(1, 99));
    let config = File::git("config.json", "{}");
    let weights = File::lfs("model.safetensors", noise(2, 99));
    bench
        .server
        .publish(REPO, vec![config.clone(), pickle.clone()]);
    bench.server.pull_request(
        REPO,
        3,
        "stranger",
        vec![config.clone(), File::lfs("model.safetensors", noise(6, 99))],
    );
    let failure = run(bench.plan()).unwrap_err();
    assert!(
        matches!(failure, HubError::OnlyPickle { .. }),
        "anyone can open a request: {failure}"
    );

    bench.server.pull_request(
        REPO,
        7,
        "SFconvertbot",
        vec![config, pickle, weights.clone()],
    );
    let plan = run(bench.plan()).unwrap();
    assert_eq!(
        plan.converted.as_ref().map(Revision::as_str),
        Some("refs/pr/7")
    );
    let names: Vec<_> = plan.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        names,
        ["config.json", "model.safetensors"],
        "and nothing of the pickle"
    );
    run(bench.download()).unwrap();
    let cached = bench
        .cache()
        .find(&repo(), plan.converted.as_ref().unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(
        std::fs::read(cached.path.join("model.safetensors")).unwrap(),
        *weights.bytes
    );
    assert!(
        bench
            .cache()
            .find(&repo(), &Revision::main())
            .unwrap()
            .is_none(),
        "it is not taken for the main branch"
    );
}

#[test]
fn a_download_stays_with_its_commit() {
    let (bench, _) = Bench::with_weights(2 * MB);
    run(bench.download()).unwrap();
    let of_files: Vec<_> = bench
        .server
        .seen()
        .into_iter()
        .filter(|seen| seen.is_for("/resolve/"))
        .collect();
    assert!(!of_files.is_empty());
    for seen in of_files {
        assert!(
            seen.is_for(COMMIT),
            "`{}` names the commit, not the branch",
            seen.target
        );
    }
    let (bench, _) = Bench::with_weights(2 * MB);
    bench
        .server
        .misbehave(|_| vec![Fault::With("X-Repo-Commit", "f".repeat(40))]);
    let failure = run(bench.download()).unwrap_err();
    assert!(
        matches!(failure, HubError::Changed { .. }),
        "another commit is another model: {failure}"
    );
}

#[test]
fn a_plan_shows_sizes_and_licence_before_anything_is_fetched() {
    let (bench, weights) = Bench::with_weights(2 * MB);
    let plan = run(bench.hub().plan(&request(), &bench.control)).unwrap();
    assert_eq!(plan.total_bytes(), weights.bytes.len() as u64 + 3);
    assert_eq!(plan.info.licence.as_deref(), Some("mit"));
    assert!(plan.info.gated, "the card says so");
    assert_eq!(bench.server.file_bytes_sent(), 0);
    let outcome = run(bench.download()).unwrap();
    assert!(matches!(outcome, Outcome::Finished { commit, .. } if commit == plan.info.commit));
}

#[test]
fn a_repository_shows_every_file_with_its_reason_and_its_card() {
    use amoozgar_hub::Reason;
    let bench = Bench::new();
    bench.server.publish(
        REPO,
        vec![
            File::git("README.md", "# مدل\n"),
            File::git("config.json", "{}"),
            File::lfs("model.safetensors", noise(1, 99)),
            File::lfs("pytorch_model.bin", noise(2, 99)),
        ],
    );
    let described = run(bench
        .hub()
        .describe(&crate::support::request(), &bench.control))
    .unwrap();
    assert!(described.refused.is_none(), "there is something to bring");
    let shown: Vec<_> = described
        .files
        .iter()
        .map(|one| (one.file.path.as_str(), one.chosen, one.reason))
        .collect();
    assert_eq!(
        shown,
        [
            ("README.md", true, Reason::Words),
            ("config.json", true, Reason::Configuration),
            ("model.safetensors", true, Reason::Weights),
            ("pytorch_model.bin", false, Reason::Pickle),
        ]
    );
    let commit = described.info.commit;
    let card = run(bench.hub().card(&repo(), &commit, &bench.control)).unwrap();
    assert_eq!(card.as_deref(), Some("# مدل\n"), "the card's text");

    bench
        .server
        .publish(REPO, vec![File::git("pytorch_model.bin", noise(2, 99))]);
    let described = run(bench
        .hub()
        .describe(&crate::support::request(), &bench.control))
    .unwrap();
    assert!(
        matches!(described.refused, Some(HubError::OnlyPickle { .. })),
        "{:?}",
        described.refused
    );
    assert_eq!(described.files.len(), 1, "it is shown all the same");
    let card = run(bench.hub().card(&repo(), &commit, &bench.control)).unwrap();
    assert_eq!(card, None, "there is none");
}
