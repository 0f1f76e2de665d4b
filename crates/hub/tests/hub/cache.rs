//! The cache: the Hub's own layout, and traps in it.

use crate::support::server::{COMMIT, File, noise};
use crate::support::{Bench, MB, REPO, names, repo, run};
use amoozgar_hub::{Cache, HubError, Links, Outcome, Revision, Watch, adopt};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

#[cfg(unix)]
#[test]
fn the_layout_is_the_hub_s_own() {
    let bench = Bench::new();
    let weights = File::lfs("model.safetensors", noise(1, 5 * MB));
    let pooling = File::git("1_Pooling/config.json", "{}\n");
    bench
        .server
        .publish(REPO, vec![weights.clone(), pooling.clone()]);
    let outcome = run(bench.download()).unwrap();
    assert_eq!(
        outcome,
        Outcome::Finished {
            snapshot: bench.snapshot(),
            commit: amoozgar_hub::Commit::new(COMMIT).unwrap()
        }
    );
    let dir = bench.cache_dir().join("models--amoozgar--test");
    assert_eq!(
        fs::read_to_string(dir.join("refs/main")).unwrap(),
        COMMIT,
        "no line end after the commit"
    );
    let mut blobs = vec![weights.oid.clone(), pooling.oid.clone()];
    blobs.sort();
    assert_eq!(
        names(&dir.join("blobs")),
        blobs,
        "blobs are named by their hashes"
    );
    #[cfg(unix)]
    {
        let link =
            |path: &str| fs::read_link(dir.join("snapshots").join(COMMIT).join(path)).unwrap();
        assert_eq!(
            link("model.safetensors"),
            Path::new(&format!("../../blobs/{}", weights.oid))
        );
        assert_eq!(
            link("1_Pooling/config.json"),
            Path::new(&format!("../../../blobs/{}", pooling.oid))
        );
    }
}

#[test]
fn where_there_are_no_links_snapshots_hold_real_files() {
    let (mut bench, weights) = Bench::with_weights(5 * MB);
    let twin = File::git("generation_config.json", "{}\n");
    bench.server.publish(
        REPO,
        vec![weights.clone(), File::git("config.json", "{}\n"), twin],
    );
    bench.links = Links::Never;
    run(bench.download()).unwrap();
    for (path, bytes) in [
        ("model.safetensors", weights.bytes.to_vec()),
        ("config.json", b"{}\n".to_vec()),
        ("generation_config.json", b"{}\n".to_vec()),
    ] {
        let place = bench.snapshot().join(path);
        assert!(
            fs::symlink_metadata(&place).unwrap().is_file(),
            "`{path}` is no link"
        );
        assert_eq!(fs::read(place).unwrap(), bytes, "`{path}`");
    }
    assert!(
        names(&bench.repo_dir().join("blobs")).is_empty(),
        "nothing lies there twice"
    );
    let found = bench
        .cache()
        .find(&repo(), &Revision::main())
        .unwrap()
        .expect("it is found again");
    assert_eq!(found.files.len(), 3);
    bench.server.forget();
    run(bench.download()).unwrap();
    assert_eq!(bench.server.file_bytes_sent(), 0, "and not fetched again");
}

#[test]
fn a_name_that_climbs_out_is_refused_before_anything_is_fetched() {
    for name in [
        "../../../outside.json",
        "/tmp/outside.json",
        "a/../../outside.json",
        "..\\outside.json",
    ] {
        let bench = Bench::new();
        bench.server.publish(
            REPO,
            vec![
                File::git(name, "{}"),
                File::lfs("model.safetensors", noise(1, 9)),
            ],
        );
        let failure = run(bench.download()).unwrap_err();
        assert!(
            matches!(&failure, HubError::UnsafePath { path } if path == name),
            "`{name}`: {failure}"
        );
        assert_eq!(bench.server.file_bytes_sent(), 0, "nothing was fetched");
        assert!(names(bench.folder.path()).is_empty(), "nothing was written");
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link_that_was_laid_in_the_cache() {
    use std::os::unix::fs::symlink;
    let lay = |place: &dyn Fn(&Bench) -> std::path::PathBuf, is_dir: bool| {
        let bench = Bench::new();
        let weights = File::lfs("model.safetensors", noise(1, 2 * MB));
        bench.server.publish(
            REPO,
            vec![weights, File::git("1_Pooling/config.json", "{}")],
        );
        let outside = bench.folder.path().join("outside");
        if is_dir {
            fs::create_dir(&outside).unwrap();
        } else {
            fs::write(&outside, "precious").unwrap();
        }
        let trap = place(&bench);
        fs::create_dir_all(trap.parent().unwrap()).unwrap();
        symlink(&outside, &trap).unwrap();
        let outcome = run(bench.download());
        if is_dir {
            assert!(
                names(&outside).is_empty(),
                "nothing came to the folder outside"
            );
        } else {
            assert_eq!(
                fs::read_to_string(&outside).unwrap(),
                "precious",
                "the file outside is as it was"
            );
        }
        (bench, outcome)
    };
    let part = File::lfs("model.safetensors", noise(1, 2 * MB)).oid;
    let folders: [&dyn Fn(&Bench) -> std::path::PathBuf; 4] = [
        &|bench| bench.repo_dir().join("blobs"),
        &|bench| bench.repo_dir().join("snapshots"),
        &|bench| bench.repo_dir().join(".amoozgar"),
        &|bench| bench.snapshot().join("1_Pooling"),
    ];
    for folder in folders {
        let (_, outcome) = lay(folder, true);
        assert!(
            matches!(outcome, Err(HubError::UnsafeCache { .. })),
            "{outcome:?}"
        );
    }
    let (_, outcome) = lay(
        &|bench| bench.repo_dir().join(format!(".amoozgar/{part}.part")),
        false,
    );
    assert!(
        matches!(outcome, Err(HubError::UnsafeCache { .. })),
        "{outcome:?}"
    );
    // Links that are simply replaced.
    for place in ["blobs/B", "snapshots/C/model.safetensors", "refs/main"] {
        let place = place.replace('B', &part).replace('C', COMMIT);
        let (bench, outcome) = lay(&|bench| bench.repo_dir().join(&place), false);
        assert!(outcome.is_ok(), "`{place}`: {outcome:?}");
        assert_eq!(bench.downloaded("model.safetensors").len(), 2 * MB);
    }
}

#[cfg(unix)]
#[test]
fn a_snapshot_whose_file_is_a_link_to_elsewhere_is_not_read() {
    let (bench, _) = Bench::with_weights(99);
    run(bench.download()).unwrap();
    let pointer = bench.snapshot().join("config.json");
    fs::remove_file(&pointer).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", &pointer).unwrap();
    let failure = bench.cache().find(&repo(), &Revision::main()).unwrap_err();
    assert!(
        matches!(&failure, HubError::UnsafeCache { path } if *path == pointer),
        "{failure}"
    );
}

#[test]
fn a_cache_that_another_tool_made_is_read_and_scanned() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("datasets--owner--name");
    let commit = "a".repeat(40);
    let snapshot = dir.join("snapshots").join(&commit).join("data");
    for path in [&dir.join("blobs"), &dir.join("refs/pr"), &snapshot] {
        fs::create_dir_all(path).unwrap();
    }
    fs::write(dir.join("refs/main"), &commit).unwrap();
    fs::write(dir.join("refs/pr/1"), &commit).unwrap();
    let file = File::git("data/train.txt", "متن\n");
    fs::write(dir.join("blobs").join(&file.oid), &*file.bytes).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(
        format!("../../../blobs/{}", file.oid),
        snapshot.join("train.txt"),
    )
    .unwrap();
    #[cfg(not(unix))]
    fs::write(snapshot.join("train.txt"), &*file.bytes).unwrap();
    fs::create_dir_all(folder.path().join(".locks/datasets--owner--name")).unwrap();
    fs::write(folder.path().join("version.txt"), "1").unwrap();

    let cache = Cache::new(folder.path(), Links::Auto);
    let scan = cache.scan().unwrap();
    assert!(scan.problems.is_empty(), "{:?}", scan.problems);
    assert_eq!(scan.repos.len(), 1, "other files are nobody's repository");
    let found = &scan.repos[0];
    assert_eq!(found.repo.id(), "owner/name");
    let refs: Vec<_> = found.refs.keys().map(String::as_str).collect();
    assert_eq!(refs, ["main", "pr/1"]);
    assert_eq!(found.snapshots[0].files[0].path.as_str(), "data/train.txt");
    let by_branch = cache.find(&found.repo, &Revision::main()).unwrap();
    let by_commit = cache
        .find(&found.repo, &Revision::new(&commit).unwrap())
        .unwrap();
    assert!(
        by_branch.is_some() && by_branch == by_commit,
        "by both names"
    );

    #[cfg(unix)]
    {
        fs::remove_file(dir.join("blobs").join(&file.oid)).unwrap();
        assert_eq!(
            cache.find(&found.repo, &Revision::main()).unwrap(),
            None,
            "a part of a snapshot is none"
        );
    }
}

#[test]
fn ten_thousand_files_arrive() {
    let bench = Bench::new();
    let files: Vec<File> = (0..10_000)
        .map(|n| {
            File::git(
                &format!("data/{}/{n}.json", n % 100),
                format!("{{\"n\": {n}}}"),
            )
        })
        .collect();
    bench.server.publish("datasets/amoozgar/many", files);
    let request = amoozgar_hub::Request {
        repo: amoozgar_hub::Repo::new(amoozgar_hub::RepoKind::Dataset, "amoozgar/many").unwrap(),
        ..crate::support::request()
    };
    let hub = bench.hub();
    let outcome = run(async {
        let plan = hub.plan(&request, &bench.control).await.unwrap();
        assert_eq!(plan.files.len(), 10_000, "all pages of the list were read");
        hub.download(
            &bench.cache(),
            &plan,
            &bench.settings,
            &bench.control,
            &|_| (),
        )
        .await
    });
    let Ok(Outcome::Finished { snapshot, .. }) = outcome else {
        panic!("{outcome:?}");
    };
    for n in [0, 4321, 9999] {
        let text = fs::read_to_string(snapshot.join(format!("data/{}/{n}.json", n % 100))).unwrap();
        assert_eq!(text, format!("{{\"n\": {n}}}"));
    }
    let found = bench
        .cache()
        .find(&request.repo, &Revision::main())
        .unwrap()
        .unwrap();
    assert_eq!(found.files.len(), 10_000);
    let listings = bench
        .server
        .seen()
        .iter()
        .filter(|seen| seen.is_for("/tree/"))
        .count();
    assert_eq!(listings, 10, "a thousand to a page");
}

#[test]
fn a_list_without_an_end_is_given_up() {
    let (bench, _) = Bench::with_weights(9);
    bench.server.misbehave(|seen| {
        let link = format!("<https://huggingface.co{}>; rel=\"next\"", seen.target);
        vec![crate::support::server::Fault::With("Link", link)]
    });
    let failure = run(bench.plan()).unwrap_err();
    assert!(matches!(failure, HubError::BadAnswer { .. }), "{failure}");
}

#[test]
fn one_process_at_a_time_downloads_a_repository() {
    let (bench, _) = Bench::with_weights(2 * MB);
    bench.server.misbehave(|seen| match seen.origin {
        crate::support::server::Origin::Cdn => vec![crate::support::server::Fault::StallAfter(9)],
        crate::support::server::Origin::Hub => Vec::new(),
    });
    let (hub, cache) = (bench.hub(), bench.cache());
    run(async {
        let plan = bench.plan().await.unwrap();
        let other = std::sync::Mutex::new(None);
        let watch = |event: &amoozgar_hub::Event| {
            if matches!(event, amoozgar_hub::Event::Started { .. }) {
                // The second begins while the first is at work, and ends at once.
                let (hub, cache, plan) = (hub.clone(), cache.clone(), plan.clone());
                let (settings, control) = (bench.settings.clone(), bench.control.clone());
                *other.lock().unwrap() = Some(tokio::spawn(async move {
                    let own = amoozgar_hub::Control::new();
                    let outcome = hub.download(&cache, &plan, &settings, &own, &|_| ()).await;
                    control.stop(amoozgar_hub::Stop::Pause);
                    outcome
                }));
            }
        };
        let first = hub.download(&cache, &plan, &bench.settings, &bench.control, &watch);
        assert!(
            matches!(first.await, Ok(Outcome::Stopped { .. })),
            "the first is stopped by the second's end"
        );
        let second = other.lock().unwrap().take().unwrap();
        let second = second.await.unwrap();
        assert!(matches!(second, Err(HubError::Busy { .. })), "{second:?}");
    });
}

#[cfg(unix)]
#[test]
fn another_cache_is_taken_over_file_by_file_and_a_damaged_file_of_it_is_refused() {
    let (bench, weights) = Bench::with_weights(3 * MB + 1);
    run(bench.download()).unwrap();
    let ours = Cache::new(bench.folder.path().join("ours"), Links::Auto);
    let told = Arc::new(Mutex::new(Vec::new()));
    let watch = Watch {
        told: {
            let told = Arc::clone(&told);
            Arc::new(move |copied: &amoozgar_hub::Copied| told.lock().unwrap().push(copied.clone()))
        },
        ..Watch::default()
    };
    let adopted = run(adopt(&ours, &bench.cache(), &repo(), &watch)).unwrap();
    assert_eq!(adopted.len(), 1, "the one that `main` names");
    assert_eq!(
        fs::read(adopted[0].path.join("model.safetensors")).unwrap(),
        *weights.bytes
    );
    assert_eq!(
        ours.find(&repo(), &Revision::main()).unwrap(),
        Some(adopted[0].clone()),
        "under its branch"
    );
    assert!(
        told.lock()
            .unwrap()
            .iter()
            .any(|copied| copied.file == "model.safetensors"),
        "it was said which file is copied"
    );
    fs::write(bench.repo_dir().join("blobs").join(&weights.oid), "ruined").unwrap();
    let theirs = Cache::new(bench.folder.path().join("others"), Links::Auto);
    let failure = run(adopt(&theirs, &bench.cache(), &repo(), &watch)).unwrap_err();
    assert!(
        matches!(&failure, HubError::WrongHash { path, .. } if path == "model.safetensors"),
        "{failure:?}"
    );
    assert!(
        theirs.find(&repo(), &Revision::main()).unwrap().is_none(),
        "nothing came of it"
    );
}

#[test]
fn what_is_removed_is_gone_and_what_is_not_whole_can_be_thrown_away() {
    let (bench, _) = Bench::with_weights(3 * MB);
    run(bench.download()).unwrap();
    let partial = bench.repo_dir().join(".amoozgar").join("x.part");
    fs::write(&partial, "half").unwrap();
    let unshown = bench.repo_dir().join("blobs").join("a".repeat(64));
    fs::write(&unshown, "whole, of a download that was given up").unwrap();
    bench.cache().discard_partial(&repo()).unwrap();
    assert!(!partial.exists(), "the half is gone");
    assert!(!unshown.exists(), "and what no snapshot shows");
    assert!(
        bench
            .cache()
            .find(&repo(), &Revision::main())
            .unwrap()
            .is_some(),
        "the whole stays"
    );
    bench.cache().remove(&repo()).unwrap();
    assert!(!bench.repo_dir().exists(), "all of it is gone");
    assert!(bench.cache().scan().unwrap().repos.is_empty());
    bench.cache().remove(&repo()).unwrap();
}
