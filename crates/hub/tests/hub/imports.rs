//! What an import may not do: change what the Hub gave, pass for it, bring programs, or carry away
//! what lies outside of a folder.

use crate::support::server::{COMMIT, File, noise};
use crate::support::{Bench, MB, names, repo, run};
use amoozgar_hub::{
    BundleFile, BundleForm, Cache, Commit, Content, HubError, Links, MANIFEST, Manifest, Oid,
    Origin, Revision, Snapshot, Unpacked, Watch, adopt, export, export_folder, import,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The bench's model as a bundle in a folder.
fn stick(bench: &Bench, name: &str) -> PathBuf {
    let to = bench.folder.path().join(name);
    run(export(
        &bench.cache(),
        &repo(),
        &Revision::main(),
        BundleForm::Folder,
        &to,
        &Watch::default(),
    ))
    .unwrap();
    to
}

fn change(stick: &Path, change: impl FnOnce(&mut Manifest)) {
    let place = stick.join(MANIFEST);
    let mut manifest = serde_json::from_slice(&fs::read(&place).unwrap()).unwrap();
    change(&mut manifest);
    fs::write(place, serde_json::to_vec(&manifest).unwrap()).unwrap();
}

/// Puts a file into a bundle, with hashes that are right, in place of another of its name.
fn forge(stick: &Path, name: &str, bytes: &[u8]) {
    let place = stick.join(name);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, bytes).unwrap();
    change(stick, |manifest| {
        manifest.files.retain(|file| file.path.as_str() != name);
        manifest.files.push(BundleFile {
            path: amoozgar_hub::FilePath::new(name).unwrap(),
            size_bytes: bytes.len() as u64,
            sha256: File::lfs(name, bytes.to_vec()).oid,
            oid: Oid::parse(&File::git(name, bytes).oid).unwrap(),
        });
    });
}

fn into(cache: &Cache, stick: &Path) -> Result<Snapshot, HubError> {
    match run(import(
        cache,
        &stick.with_extension("folder"),
        stick,
        &Watch::default(),
    ))? {
        Unpacked::Snapshot(snapshot) => Ok(snapshot),
        Unpacked::Folder { name } => panic!("a folder, `{name}`"),
    }
}

fn fresh(bench: &Bench, name: &str) -> Cache {
    Cache::new(bench.folder.path().join(name), bench.links)
}

fn listed(snapshot: &Snapshot) -> Vec<&str> {
    snapshot
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect()
}

#[test]
fn an_import_changes_no_commit_and_no_reference_that_is_known() {
    for links in [Links::Auto, Links::Never] {
        let (mut bench, weights) = Bench::with_weights(MB);
        bench.links = links;
        run(bench.download()).unwrap();
        let other_commit = stick(&bench, "other commit");
        change(&other_commit, |manifest| {
            if let Content::Snapshot(named) = &mut manifest.content {
                named.commit = Commit::new(&"f".repeat(40)).unwrap();
            }
        });
        let other_file = stick(&bench, "other file");
        forge(&other_file, "config.json", b"{\"evil\":1}");
        let one_more = stick(&bench, "one more");
        forge(&one_more, "tokenizer.json", b"{\"evil\":1}");
        for forged in [&other_commit, &other_file, &one_more] {
            let failure = into(&bench.cache(), forged).unwrap_err();
            assert!(
                matches!(failure, HubError::KnownOtherwise { .. }),
                "{}: {failure}",
                forged.display()
            );
        }
        // Another cache may say the same things.
        for forged in [&other_commit, &other_file, &one_more] {
            let theirs = Cache::new(forged.with_extension("cache"), links);
            into(&theirs, forged).unwrap();
            let adopted = run(adopt(&bench.cache(), &theirs, &repo(), &Watch::default()));
            assert!(
                matches!(adopted, Err(HubError::KnownOtherwise { .. })),
                "{}: {adopted:?}",
                forged.display()
            );
        }
        let snapshot = into(&bench.cache(), &stick(&bench, "the same")).unwrap();
        assert_eq!(snapshot.origin, Origin::Hub, "it is known from the Hub");
        assert_eq!(listed(&snapshot), ["config.json", "model.safetensors"]);
        assert_eq!(bench.downloaded("config.json"), b"{}\n");
        assert_eq!(bench.downloaded("model.safetensors"), *weights.bytes);
        let main = fs::read_to_string(bench.repo_dir().join("refs/main")).unwrap();
        assert_eq!(main, COMMIT, "the reference is as it was");
        assert_eq!(names(&bench.repo_dir().join("snapshots")), [COMMIT]);
    }
}

#[test]
fn an_import_is_unverified_until_the_hub_has_confirmed_it() {
    for links in [Links::Auto, Links::Never] {
        let (mut bench, weights) = Bench::with_weights(MB);
        bench.links = links;
        run(bench.download()).unwrap();
        let honest = stick(&bench, "honest");
        let forged = stick(&bench, "forged");
        forge(&forged, "config.json", b"{\"evil\":1}");
        forge(&forged, "tokenizer.json", b"{\"evil\":1}");

        let confirmed = |cache: &Cache| {
            let commit = Commit::new(COMMIT).unwrap();
            let confirm = run(bench.hub().confirm(cache, &repo(), &commit, &bench.control));
            let found = cache.find(&repo(), &Revision::main()).unwrap().unwrap();
            (confirm, found.origin)
        };
        let cache = fresh(&bench, "of the honest");
        assert_eq!(into(&cache, &honest).unwrap().origin, Origin::Unverified);
        assert_eq!(into(&cache, &honest).unwrap().origin, Origin::Unverified);
        let (confirm, origin) = confirmed(&cache);
        assert!(confirm.is_ok() && origin == Origin::Hub, "{confirm:?}");

        let cache = fresh(&bench, "of the forged");
        assert_eq!(into(&cache, &forged).unwrap().origin, Origin::Unverified);
        let (confirm, origin) = confirmed(&cache);
        assert!(
            matches!(&confirm, Err(HubError::NotConfirmed { path, .. }) if path == "config.json"),
            "{confirm:?}"
        );
        assert_eq!(origin, Origin::Unverified, "it stays so");
        // One import does not change another either.
        assert!(into(&cache, &honest).is_err(), "the files differ");

        run(async {
            let plan = bench.plan().await.unwrap();
            let (hub, settings) = (bench.hub(), &bench.settings);
            hub.download(&cache, &plan, settings, &bench.control, &|_| ())
                .await
        })
        .unwrap();
        let found = cache.find(&repo(), &Revision::main()).unwrap().unwrap();
        assert_eq!(found.origin, Origin::Hub, "the Hub gave all of it");
        assert_eq!(listed(&found), ["config.json", "model.safetensors"]);
        assert_eq!(fs::read(found.path.join("config.json")).unwrap(), b"{}\n");
        assert_eq!(
            fs::read(found.path.join("model.safetensors")).unwrap(),
            *weights.bytes
        );

        let cache = fresh(&bench, "adopted");
        let adopted = run(adopt(&cache, &bench.cache(), &repo(), &Watch::default())).unwrap();
        assert_eq!(adopted[0].origin, Origin::Unverified, "another's word");
        assert_eq!(confirmed(&cache).1, Origin::Hub);
    }
}

#[test]
fn an_import_that_fails_leaves_no_mark() {
    let (bench, _) = Bench::with_weights(MB);
    run(bench.download()).unwrap();
    let broken = stick(&bench, "broken");
    fs::write(broken.join("config.json"), "{ }").unwrap();
    let cache = fresh(&bench, "elsewhere");
    assert!(into(&cache, &broken).is_err(), "it is damaged");
    run(async {
        let plan = bench.plan().await.unwrap();
        let (hub, settings) = (bench.hub(), &bench.settings);
        hub.download(&cache, &plan, settings, &bench.control, &|_| ())
            .await
    })
    .unwrap();
    let found = cache.find(&repo(), &Revision::main()).unwrap().unwrap();
    assert_eq!(found.origin, Origin::Hub);
}

#[test]
fn pickle_and_programs_pass_neither_out_nor_in() {
    let (bench, _) = Bench::with_weights(MB);
    run(bench.download()).unwrap();
    let honest = stick(&bench, "honest");
    // As another program that uses the same cache leaves it.
    fs::write(bench.snapshot().join("pytorch_model.bin"), "pickle").unwrap();
    fs::write(bench.snapshot().join("modeling.py"), "import os").unwrap();
    let wanted = ["config.json", "model.safetensors"];
    let out = stick(&bench, "out");
    assert_eq!(names(&out), [MANIFEST, wanted[0], wanted[1]]);
    let adopted = run(adopt(
        &fresh(&bench, "adopted"),
        &bench.cache(),
        &repo(),
        &Watch::default(),
    ));
    assert_eq!(listed(&adopted.unwrap()[0]), wanted);

    forge(&honest, "pytorch_model.bin", b"pickle");
    forge(&honest, "modeling.py", b"import os");
    let cache = fresh(&bench, "imported");
    assert_eq!(listed(&into(&cache, &honest).unwrap()), wanted);
    change(&honest, |manifest| {
        manifest
            .files
            .retain(|file| file.path.as_str() != "model.safetensors");
    });
    let failure = into(&fresh(&bench, "pickle"), &honest).unwrap_err();
    assert!(
        matches!(&failure, HubError::OnlyPickle { example, .. } if example == "pytorch_model.bin"),
        "{failure}"
    );

    let folder = bench.folder.path().join("run");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("model.safetensors"), noise(1, 9)).unwrap();
    fs::write(folder.join("optimizer.pt"), "pickle").unwrap();
    fs::write(folder.join("train.py"), "import os").unwrap();
    let to = bench.folder.path().join("folder");
    let watch = Watch::default();
    let out = run(export_folder(&folder, "run", BundleForm::Zip, &to, &watch)).unwrap();
    assert_eq!(out.files.len(), 1, "the weights alone: {out:?}");
    let to = bench.folder.path().join("open folder");
    run(export_folder(
        &folder,
        "run",
        BundleForm::Folder,
        &to,
        &watch,
    ))
    .unwrap();
    forge(&to, "train.py", b"import os");
    let here = bench.folder.path().join("here");
    run(import(&cache, &here, &to, &watch)).unwrap();
    assert_eq!(names(&here), ["model.safetensors"]);
}

#[test]
fn a_manifest_that_contradicts_itself_is_refused() {
    let (bench, _) = Bench::with_weights(99);
    run(bench.download()).unwrap();
    let refused = |name: &str, edit: &dyn Fn(&mut Manifest)| {
        let stick = stick(&bench, name);
        change(&stick, edit);
        let failure = into(&fresh(&bench, "elsewhere"), &stick).unwrap_err();
        assert!(
            matches!(failure, HubError::BadBundle { .. }),
            "{name}: {failure}"
        );
    };
    refused("twice", &|manifest| {
        manifest.files.push(manifest.files[0].clone());
    });
    refused("endless", &|manifest| {
        for file in &mut manifest.files {
            file.size_bytes = u64::MAX;
        }
    });
    refused("two commits", &|manifest| {
        if let Content::Snapshot(named) = &mut manifest.content {
            named.revision = Revision::new(&"e".repeat(40)).unwrap();
        }
    });
}

#[test]
fn a_copy_that_the_disk_has_no_space_for_does_not_begin() {
    let (bench, _) = Bench::with_weights(MB);
    run(bench.download()).unwrap();
    let honest = stick(&bench, "honest");
    let watch = Watch {
        free_space: Arc::new(|_| Ok(1000)),
        ..Watch::default()
    };
    let cache = fresh(&bench, "elsewhere");
    let full = |done: Result<(), HubError>| {
        let needed = matches!(
            done,
            Err(HubError::DiskFull {
                needed: Some(_),
                free: Some(1000),
                ..
            })
        );
        assert!(needed, "{done:?}");
    };
    full(run(import(&cache, Path::new("unused"), &honest, &watch)).map(drop));
    full(run(adopt(&cache, &bench.cache(), &repo(), &watch)).map(drop));
    let to = bench.folder.path().join("to");
    let form = BundleForm::Zip;
    let main = Revision::main();
    full(run(export(&bench.cache(), &repo(), &main, form, &to, &watch)).map(drop));
    full(run(export_folder(&honest, "x", form, &to, &watch)).map(drop));
    assert!(!to.exists(), "nothing was begun");
    assert!(cache.find(&repo(), &main).unwrap().is_none());
}

#[cfg(unix)]
mod traps {
    use super::*;
    use std::os::unix::fs::symlink;

    /// Lays a trap at a path.
    type Trap<'a> = &'a dyn Fn(&Path);

    fn fifo(path: &Path) {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success(), "a pipe at {}", path.display());
    }

    #[test]
    fn nothing_outside_of_a_folder_leaves_with_its_bundle() {
        let dir = tempfile::tempdir().unwrap();
        let secret = dir.path().join("id_ed25519");
        fs::write(&secret, "-----BEGIN OPENSSH PRIVATE KEY-----").unwrap();
        let lay: [(&str, Trap<'_>); 7] = [
            ("README.md", &|at| symlink(&secret, at).unwrap()),
            ("a.txt", &|at| symlink("../id_ed25519", at).unwrap()),
            ("ssh", &|at| symlink(dir.path(), at).unwrap()),
            ("nest", &|at| symlink(".", at).unwrap()),
            ("gone", &|at| symlink("nothing", at).unwrap()),
            ("pipe", &fifo),
            ("device", &|at| symlink("/dev/zero", at).unwrap()),
        ];
        for (name, trap) in lay {
            let own = dir.path().join(format!("own-{name}"));
            fs::create_dir(&own).unwrap();
            fs::write(own.join("model.safetensors"), noise(1, 99)).unwrap();
            symlink("model.safetensors", own.join("again.safetensors")).unwrap();
            let to = dir.path().join(format!("stick-{name}"));
            trap(&own.join(name));
            let exported = |form| run(export_folder(&own, "x", form, &to, &Watch::default()));
            for form in [BundleForm::Folder, BundleForm::Zip] {
                let failure = exported(form).unwrap_err();
                assert!(
                    matches!(&failure, HubError::NotRegular { path } if path.ends_with(name)),
                    "`{name}`: {failure}"
                );
                assert!(!to.exists(), "nothing left with it");
            }
            fs::remove_file(own.join(name)).unwrap();
            let manifest = exported(BundleForm::Folder).unwrap();
            assert_eq!(manifest.files.len(), 2, "a link within the folder is fine");
        }
    }

    #[test]
    fn folders_without_an_end_are_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let deep: PathBuf = std::iter::repeat_n("d", 40).collect();
        fs::create_dir_all(dir.path().join("own").join(&deep)).unwrap();
        let (own, to) = (dir.path().join("own"), dir.path().join("to"));
        let exported = run(export_folder(
            &own,
            "x",
            BundleForm::Zip,
            &to,
            &Watch::default(),
        ));
        assert!(
            matches!(exported, Err(HubError::TooManyFiles { .. })),
            "{exported:?}"
        );
    }

    #[test]
    fn a_bundle_with_a_pipe_or_a_link_in_it_is_refused_at_once() {
        let (bench, _) = Bench::with_weights(99);
        run(bench.download()).unwrap();
        for name in ["config.json", MANIFEST] {
            for is_link in [true, false] {
                let stick = stick(&bench, &format!("{name}-{is_link}"));
                let at = stick.join(name);
                fs::remove_file(&at).unwrap();
                if is_link {
                    symlink("/etc/hostname", &at).unwrap();
                } else {
                    fifo(&at);
                }
                let failure = into(&fresh(&bench, "elsewhere"), &stick).unwrap_err();
                assert!(matches!(failure, HubError::BadBundle { .. }), "{failure}");
            }
        }
        let pipe = bench.folder.path().join("pipe.zip");
        fifo(&pipe);
        assert!(into(&fresh(&bench, "elsewhere"), &pipe).is_err());
    }

    #[test]
    fn a_cache_with_pipes_and_rings_of_links_is_read_and_not_waited_for() {
        let (bench, _) = Bench::with_weights(99);
        run(bench.download()).unwrap();
        let refs = bench.repo_dir().join("refs");
        for n in 0..12 {
            symlink(".", refs.join(format!("ring{n}"))).unwrap();
        }
        fifo(&refs.join("pipe"));
        fs::write(refs.join("long"), noise(1, MB)).unwrap();
        symlink("main", refs.join("link")).unwrap();
        // What other programs fetch and nobody needs.
        fs::write(bench.snapshot().join("what?.md"), "x").unwrap();
        let cache = bench.cache();
        let found = cache.scan_repo(&repo()).unwrap();
        assert_eq!(found.refs.len(), 1, "{:?}", found.refs);
        assert_eq!(found.snapshots[0].files.len(), 2, "the odd one is left out");
        let pipe = Revision::new("pipe").unwrap();
        assert!(cache.find(&repo(), &pipe).unwrap().is_none());
        let adopted = run(adopt(
            &fresh(&bench, "ours"),
            &cache,
            &repo(),
            &Watch::default(),
        ));
        assert_eq!(adopted.unwrap().len(), 1);

        fifo(&bench.snapshot().join("pipe.json"));
        let failure = cache.find(&repo(), &Revision::main()).unwrap_err();
        assert!(matches!(failure, HubError::NotRegular { .. }), "{failure}");
        assert_eq!(cache.scan().unwrap().problems.len(), 1, "it is named");
    }
}
