//! Bundles: what is carried to a machine without a network, and what is not believed there.

use crate::support::server::noise;
use crate::support::{Bench, MB, names, repo, run};
use amoozgar_hub::{
    BundleForm, Cache, Control, HubError, Links, MANIFEST, Manifest, Revision, Stop, Unpacked,
    Watch, export, export_folder, import,
};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The bench's model as a bundle.
fn taken_along(
    bench: &Bench,
    form: BundleForm,
    to: &Path,
    watch: &Watch,
) -> Result<Manifest, HubError> {
    let (cache, revision) = (bench.cache(), Revision::main());
    run(export(&cache, &repo(), &revision, form, to, watch))
}

#[test]
fn a_bundle_carries_a_model_to_a_machine_without_a_network() {
    for form in [BundleForm::Folder, BundleForm::Zip] {
        let (bench, weights) = Bench::with_weights(3 * MB + 1);
        run(bench.download()).unwrap();
        let stick = bench.folder.path().join("stick");
        let manifest = taken_along(&bench, form, &stick, &Watch::default()).unwrap();
        assert_eq!(manifest.files.len(), 2);
        let of_weights = manifest
            .files
            .iter()
            .find(|file| file.path.as_str() == "model.safetensors")
            .unwrap();
        assert_eq!(of_weights.sha256, weights.oid, "what sha256sum would print");
        let again = taken_along(&bench, form, &stick, &Watch::default());
        assert!(again.is_err(), "nothing is overwritten");

        let elsewhere = Cache::new(bench.folder.path().join("elsewhere"), Links::Auto);
        let snapshot = match run(import(
            &elsewhere,
            Path::new("unused"),
            &stick,
            &Watch::default(),
        )) {
            Ok(Unpacked::Snapshot(snapshot)) => snapshot,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            fs::read(snapshot.path.join("model.safetensors")).unwrap(),
            *weights.bytes
        );
        assert_eq!(
            elsewhere.find(&repo(), &Revision::main()).unwrap(),
            Some(snapshot),
            "under its branch"
        );
    }
}

#[test]
fn a_folder_that_came_from_no_hub_travels_too() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("run");
    fs::create_dir_all(own.join("1_Pooling")).unwrap();
    let weights = noise(5, 3 * MB);
    fs::write(own.join("model.safetensors"), &weights).unwrap();
    fs::write(own.join("1_Pooling/config.json"), "{}").unwrap();
    for (form, stick) in [
        (BundleForm::Folder, "stick"),
        (BundleForm::Zip, "stick.zip"),
    ] {
        let folder = dir.path().join(format!("{stick} unpacked"));
        let stick = dir.path().join(stick);
        let watch = Watch::default();
        let manifest = run(export_folder(&own, "شعر", form, &stick, &watch)).unwrap();
        let listed: Vec<_> = manifest
            .files
            .iter()
            .map(|file| file.path.as_str())
            .collect();
        assert_eq!(listed, ["1_Pooling/config.json", "model.safetensors"]);

        let cache = Cache::new(dir.path().join("hub"), Links::Auto);
        match run(import(&cache, &folder, &stick, &watch)) {
            Ok(Unpacked::Folder { name }) => assert_eq!(name, "شعر"),
            other => panic!("{other:?}"),
        }
        assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), weights);
        assert_eq!(
            fs::read(folder.join("1_Pooling/config.json")).unwrap(),
            b"{}"
        );
        assert_eq!(
            names(&folder),
            ["1_Pooling", "model.safetensors"],
            "the manifest stays behind"
        );
    }
    let stick = dir.path().join("stick");
    fs::write(stick.join("model.safetensors"), "other bytes").unwrap();
    let (cache, folder) = (
        Cache::new(dir.path().join("hub"), Links::Auto),
        dir.path().join("bad"),
    );
    let failure = run(import(&cache, &folder, &stick, &Watch::default())).unwrap_err();
    assert!(matches!(failure, HubError::BadBundle { .. }), "{failure}");
    assert!(!folder.exists(), "and nothing half-made is left");
}

#[test]
fn a_damaged_bundle_is_refused_with_the_file_s_name() {
    let (bench, _) = Bench::with_weights(99);
    run(bench.download()).unwrap();
    let refused = |stick: &Path| {
        let elsewhere = Cache::new(stick.with_extension("cache"), Links::Auto);
        let folder = stick.with_extension("folder");
        let failure = run(import(&elsewhere, &folder, stick, &Watch::default())).unwrap_err();
        assert!(!folder.exists(), "not even a folder");
        let found = elsewhere.find(&repo(), &Revision::main()).unwrap();
        assert!(found.is_none(), "nothing came of it");
        match failure {
            HubError::BadBundle { detail, .. } => detail,
            HubError::UnsafePath { path } => path,
            other => panic!("{other:?}"),
        }
    };
    let fresh = |name: &str| {
        let stick = bench.folder.path().join(name);
        taken_along(&bench, BundleForm::Folder, &stick, &Watch::default()).unwrap();
        stick
    };
    let stick = fresh("flipped");
    let mut bytes = fs::read(stick.join("model.safetensors")).unwrap();
    bytes[50] ^= 1;
    fs::write(stick.join("model.safetensors"), bytes).unwrap();
    assert!(
        refused(&stick).contains("model.safetensors"),
        "one bit is wrong"
    );

    let stick = fresh("short");
    fs::remove_file(stick.join("config.json")).unwrap();
    assert!(refused(&stick).contains("config.json"), "it is missing");

    let stick = fresh("climbing");
    let manifest = fs::read_to_string(stick.join(MANIFEST)).unwrap();
    fs::write(
        stick.join(MANIFEST),
        manifest.replace("config.json", "../../config.json"),
    )
    .unwrap();
    assert!(
        refused(&stick).contains("../../config.json"),
        "it climbs out"
    );

    #[cfg(unix)]
    {
        let stick = fresh("linked");
        fs::remove_file(stick.join("config.json")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", stick.join("config.json")).unwrap();
        assert!(refused(&stick).contains("link"), "a link leads elsewhere");
    }
    let text = bench.folder.path().join("text.zip");
    fs::write(&text, "no zip").unwrap();
    assert!(refused(&text).contains("zip"), "it is none");

    let many = bench.folder.path().join("many.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&many).unwrap());
    for number in 0..=100_001 {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(format!("{number}"), options).unwrap();
    }
    zip.finish().unwrap();
    assert!(refused(&many).contains("lists more"), "its list has no end");
}

// Without links a file has no hash beside it.
#[test]
fn a_copy_that_is_stopped_leaves_nothing_half_made() {
    let (bench, _) = Bench::with_weights(3 * MB);
    run(bench.download()).unwrap();
    let control = Control::new();
    let watch = Watch {
        told: {
            let control = control.clone();
            Arc::new(move |_: &amoozgar_hub::Copied| control.stop(Stop::Cancel))
        },
        control,
        ..Watch::default()
    };
    for form in [BundleForm::Folder, BundleForm::Zip] {
        let stick = bench.folder.path().join("stick");
        let ended = taken_along(&bench, form, &stick, &watch);
        assert!(matches!(ended, Err(HubError::Stopped)), "{ended:?}");
        assert_eq!(
            names(bench.folder.path()),
            ["hub"],
            "nothing beside the cache"
        );
    }
}
