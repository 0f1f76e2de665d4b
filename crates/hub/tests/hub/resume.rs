//! Pausing and going on, what is here already, and the limits of disk and line.

use crate::support::server::{Fault, File, Origin, noise};
use crate::support::{Bench, MB, REPO, cdn, finished, run};
use amoozgar_hub::{Event, HubError, Outcome, Stop};
use std::sync::Mutex;

#[test]
fn a_paused_download_goes_on_where_it_was() {
    let (bench, weights) = Bench::with_weights(8 * MB);
    // Each lane gets a part of its piece and then silence: the pause comes while all of them wait.
    bench
        .server
        .misbehave(cdn(|_| vec![Fault::StallAfter(300_000)]));
    let (control, events) = (bench.control.clone(), &bench.events);
    let hub = bench.hub();
    let outcome = run(async {
        let plan = bench.plan().await.unwrap();
        let observer = |event: &Event| {
            if let Event::Progress(progress) = event
                && progress.done_bytes == 4 * 300_000 + 3
            {
                control.stop(Stop::Pause);
            }
            events.lock().unwrap().push(event.clone());
        };
        hub.download(&bench.cache(), &plan, &bench.settings, &control, &observer)
            .await
    });
    assert!(
        matches!(outcome, Ok(Outcome::Stopped { kept_bytes }) if kept_bytes == 4 * 300_000 + 3),
        "every byte is kept: {outcome:?}"
    );
    assert!(
        matches!(bench.events().last(), Some(Event::Stopped { .. })),
        "and that is the last word"
    );
    assert!(
        !bench.snapshot().exists(),
        "an unfinished model is not there"
    );

    bench.server.behave();
    let again = Bench {
        control: amoozgar_hub::Control::new(),
        events: Mutex::default(),
        ..bench
    };
    finished(run(again.download()));
    assert_eq!(again.downloaded("model.safetensors"), *weights.bytes);
    assert_eq!(
        again.server.file_bytes_sent(),
        weights.bytes.len() as u64 + 3,
        "no byte was sent twice"
    );
    assert!(
        matches!(again.events()[0], Event::Started { present_bytes, .. } if present_bytes == 1_200_003),
        "it starts from what is here: {:?}",
        again.events()[0]
    );
}

#[test]
fn a_discarded_download_leaves_nothing() {
    let (bench, weights) = Bench::with_weights(8 * MB);
    bench
        .server
        .misbehave(cdn(|_| vec![Fault::StallAfter(300_000)]));
    let hub = bench.hub();
    let outcome = run(async {
        let plan = bench.plan().await.unwrap();
        let observer = |event: &Event| {
            if matches!(event, Event::Progress(progress) if progress.done_bytes > 1_000_000) {
                bench.control.stop(Stop::Discard);
            }
        };
        hub.download(
            &bench.cache(),
            &plan,
            &bench.settings,
            &bench.control,
            &observer,
        )
        .await
    });
    assert!(
        matches!(outcome, Ok(Outcome::Stopped { .. })),
        "{outcome:?}"
    );
    assert!(
        bench.nothing_is_left_over(),
        "no part of `{}` stays",
        weights.path
    );
}

#[test]
fn too_little_space_is_told_before_the_first_byte() {
    let (mut bench, weights) = Bench::with_weights(5 * MB);
    bench.free_bytes = MB as u64;
    let failure = run(bench.download()).unwrap_err();
    let total = weights.bytes.len() as u64 + 3;
    assert!(
        matches!(failure, HubError::DiskFull { needed: Some(needed), free: Some(free), .. } if needed == total && free == MB as u64),
        "{failure:?}"
    );
    assert_eq!(
        bench.server.file_bytes_sent(),
        0,
        "nothing was fetched for it"
    );
}

#[test]
fn a_rate_cap_holds_over_all_lanes() {
    let (bench, _) = Bench::with_weights(6 * MB);
    bench.settings.pace.set(Some(MB as u64));
    finished(run(bench.download()));
    // The last bytes of a turn need not be waited for, so it may be a little less than six.
    let seconds = bench.clock.waited().as_secs_f64();
    assert!(
        seconds > 5.5,
        "six megabytes at one a second took {seconds} s"
    );
}

#[test]
fn a_file_that_is_here_is_not_fetched_again_and_a_damaged_one_is() {
    let (bench, weights) = Bench::with_weights(2 * MB);
    finished(run(bench.download()));
    bench.server.forget();
    finished(run(bench.download()));
    assert_eq!(bench.server.file_bytes_sent(), 0, "all was here");

    let blob = bench.snapshot().join("model.safetensors");
    let mut bytes = std::fs::read(&blob).unwrap();
    bytes[MB] ^= 1;
    std::fs::write(&blob, bytes).unwrap();
    finished(run(bench.download()));
    assert_eq!(
        bench.downloaded("model.safetensors"),
        *weights.bytes,
        "one bit was wrong"
    );
    assert_eq!(
        bench.server.file_bytes_sent(),
        weights.bytes.len() as u64,
        "that file alone came again"
    );
}

#[test]
fn two_files_with_the_same_bytes_are_fetched_once() {
    let bench = Bench::new();
    let bytes = noise(9, 50_000);
    let files = [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    ];
    bench.server.publish(
        REPO,
        files.map(|path| File::lfs(path, bytes.clone())).to_vec(),
    );
    finished(run(bench.download()));
    for path in files {
        assert_eq!(bench.downloaded(path), bytes, "`{path}`");
    }
    assert_eq!(bench.server.file_bytes_sent(), 50_000);
}

#[test]
fn one_file_that_fails_keeps_what_others_have() {
    let bench = Bench::new();
    let good = File::lfs("model-00001-of-00002.safetensors", noise(1, 3 * MB));
    let bad = File::lfs("model-00002-of-00002.safetensors", noise(2, 3 * MB));
    bench.server.publish(REPO, vec![good.clone(), bad.clone()]);
    let bad_oid = bad.oid.clone();
    bench.server.misbehave(move |seen| {
        if seen.origin == Origin::Cdn && seen.is_for(&bad_oid) {
            vec![Fault::Status(451)]
        } else {
            Vec::new()
        }
    });
    let failure = run(bench.download()).unwrap_err();
    assert!(
        matches!(failure, HubError::Refused { status: 451, .. }),
        "{failure}"
    );
    bench.server.behave();
    finished(run(bench.download()));
    assert_eq!(bench.downloaded(&good.path), *good.bytes);
    let total = good.bytes.len() + bad.bytes.len();
    assert!(
        bench.server.file_bytes_sent() <= (total + 4 * MB) as u64,
        "at most the pieces under way were fetched again"
    );
}
