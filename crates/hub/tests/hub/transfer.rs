//! Bytes over a network that misbehaves: in the end they are right or the failure is clear, and
//! what has come is not fetched again.

use crate::support::server::{Fault, File, Origin, noise, splitmix};
use crate::support::{Bench, MB, REPO, cdn, finished, run};
use amoozgar_hub::{Event, HubError};
use std::time::Duration;

#[test]
fn a_whole_model_arrives_with_its_progress_told_in_order() {
    let (bench, weights) = Bench::with_weights(9 * MB + 17);
    finished(run(bench.download()));
    assert_eq!(bench.downloaded("model.safetensors"), *weights.bytes);
    assert_eq!(bench.downloaded("config.json"), b"{}\n");
    assert_eq!(
        bench.server.file_bytes_sent(),
        weights.bytes.len() as u64 + 3,
        "no byte was sent twice"
    );
    assert!(bench.nothing_is_left_over(), "no unfinished file stays");

    let events = bench.events();
    let total = weights.bytes.len() as u64 + 3;
    assert!(
        matches!(&events[0], Event::Started { total_bytes, present_bytes: 0, n_files: 2, .. } if *total_bytes == total),
        "first what will come: {:?}",
        events[0]
    );
    assert!(
        matches!(events.last(), Some(Event::Finished { .. })),
        "last the end: {:?}",
        events.last()
    );
    let progress: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Progress(progress) => Some(progress),
            _ => None,
        })
        .collect();
    let last = progress.last().expect("there is progress");
    assert!(
        (last.percent - 100.0).abs() < f64::EPSILON && last.done_bytes == total,
        "{last:?}"
    );
    assert!(
        progress
            .windows(2)
            .all(|pair| pair[0].done_bytes <= pair[1].done_bytes),
        "it never goes backwards"
    );
    assert!(
        progress
            .iter()
            .all(|one| one.percent.is_finite() && one.bytes_per_s.is_finite()),
        "no NaN"
    );
}

#[test]
fn fifty_cuts_at_random_offsets_cost_no_byte() {
    let (bench, weights) = Bench::with_weights(12 * MB);
    let mut seed = 50;
    bench.server.misbehave(cdn(move |n| {
        let cut = Fault::CutAfter(1 + splitmix(&mut seed) % (MB as u64 / 5));
        if n <= 50 { vec![cut] } else { Vec::new() }
    }));
    finished(run(bench.download()));
    assert_eq!(bench.downloaded("model.safetensors"), *weights.bytes);
    let cuts = bench
        .server
        .seen()
        .iter()
        .filter(|seen| seen.origin == Origin::Cdn)
        .count();
    assert!(
        cuts > 50,
        "there were {cuts} requests, so all fifty cuts happened"
    );
    assert_eq!(
        bench.server.file_bytes_sent(),
        weights.bytes.len() as u64 + 3,
        "every byte that came before a cut was kept"
    );
}

#[test]
fn small_files_survive_cuts_as_well() {
    let bench = Bench::new();
    let tokenizer = File::git("tokenizer.json", noise(3, 700_000));
    bench.server.publish(
        REPO,
        vec![
            File::lfs("model.safetensors", noise(4, 9)),
            tokenizer.clone(),
        ],
    );
    let mut n_cuts = 0;
    bench.server.misbehave(move |seen| {
        n_cuts += usize::from(seen.is_for("tokenizer"));
        if seen.is_for("tokenizer") && n_cuts <= 5 {
            vec![Fault::CutAfter(99_999)]
        } else {
            Vec::new()
        }
    });
    finished(run(bench.download()));
    assert_eq!(bench.downloaded("tokenizer.json"), *tokenizer.bytes);
    assert_eq!(
        bench.server.file_bytes_sent(),
        700_009,
        "no byte was sent twice"
    );
}

#[test]
fn a_server_without_ranges_is_read_from_the_start_by_one_lane() {
    let (bench, weights) = Bench::with_weights(5 * MB);
    bench.server.misbehave(cdn(|_| vec![Fault::IgnoreRange]));
    finished(run(bench.download()));
    assert_eq!(bench.downloaded("model.safetensors"), *weights.bytes);
    assert_eq!(
        bench.server.file_bytes_sent(),
        weights.bytes.len() as u64 + 3,
        "the other lanes kept out"
    );
}

#[test]
fn ranges_that_stop_working_after_a_cut_cost_that_file_alone() {
    let (bench, weights) = Bench::with_weights(5 * MB);
    bench.server.misbehave(cdn(|n| match n {
        1 => vec![Fault::IgnoreRange, Fault::CutAfter(3 * MB as u64)],
        _ => vec![Fault::IgnoreRange],
    }));
    finished(run(bench.download()));
    assert_eq!(bench.downloaded("model.safetensors"), *weights.bytes);
    assert!(
        bench.server.file_bytes_sent() >= 8 * MB as u64,
        "there was no way but to start again"
    );
}

#[test]
fn another_etag_between_parts_does_not_mix_versions() {
    // The same bytes under another name, as behind a mirror with several machines.
    let (mut bench, weights) = Bench::with_weights(6 * MB);
    bench.settings.lanes_per_file = 1;
    bench
        .server
        .misbehave(cdn(|n| vec![Fault::With("ETag", format!("\"{}\"", n / 3))]));
    finished(run(bench.download()));
    assert_eq!(bench.downloaded("model.safetensors"), *weights.bytes);
    let answers: Vec<_> = bench
        .server
        .seen()
        .into_iter()
        .filter(|seen| seen.origin == Origin::Cdn)
        .collect();
    assert!(
        answers.iter().any(|seen| seen.header("if-range").is_some()),
        "the version was named with the range"
    );
    let of_ranges = answers.iter().filter(|seen| seen.status == 206);
    assert_eq!(
        of_ranges.map(|seen| seen.sent_bytes).sum::<u64>(),
        weights.bytes.len() as u64,
        "what had come was kept: the hash of the whole decides"
    );
    assert_eq!(
        answers.iter().filter(|seen| seen.status == 200).count(),
        1,
        "the condition brought a whole file once, and was given up"
    );

    // Really other bytes from some part on.
    let (bench, _) = Bench::with_weights(6 * MB);
    bench.server.misbehave(cdn(|n| match n {
        1..=2 => Vec::new(),
        _ => vec![Fault::Corrupt, Fault::With("ETag", "\"other\"".into())],
    }));
    let failure = run(bench.download()).unwrap_err();
    assert!(
        matches!(&failure, HubError::Changed { path } if path == "model.safetensors"),
        "{failure}"
    );
    assert!(
        bench.nothing_is_left_over(),
        "a mixture is of no use to anyone"
    );
}

#[test]
fn wrong_bytes_are_told_and_never_come_to_their_place() {
    let (bench, weights) = Bench::with_weights(3 * MB);
    bench.server.misbehave(cdn(|_| vec![Fault::Corrupt]));
    let failure = run(bench.download()).unwrap_err();
    assert!(
        matches!(&failure, HubError::WrongHash { path, expected, .. } if path == "model.safetensors" && *expected == weights.oid),
        "{failure}"
    );
    assert!(!bench.snapshot().exists(), "there is no snapshot");
    assert!(
        !bench.repo_dir().join("blobs").join(&weights.oid).exists(),
        "nor a blob of that name"
    );
    assert!(
        bench
            .cache()
            .find(&crate::support::repo(), &crate::support::request().revision)
            .unwrap()
            .is_none()
    );
    assert!(
        matches!(bench.events().last(), Some(Event::Failed { .. })),
        "the last word is the failure"
    );

    bench.server.behave();
    finished(run(bench.download()));
    assert_eq!(
        bench.downloaded("model.safetensors"),
        *weights.bytes,
        "another try brings it"
    );
}

#[test]
fn a_truncated_file_on_the_server_is_told_with_both_lengths() {
    for whole in [3 * MB + 5, 20_000] {
        let (bench, _) = Bench::with_weights(whole);
        let half = whole as u64 / 2;
        bench
            .server
            .misbehave(cdn(move |_| vec![Fault::Truncate(half)]));
        let failure = run(bench.download()).unwrap_err();
        assert!(
            matches!(failure, HubError::WrongSize { expected, found, .. } if expected == whole as u64 && found == half),
            "{failure}"
        );
    }
}

#[test]
fn status_416_makes_the_file_be_looked_up_again() {
    let (mut bench, weights) = Bench::with_weights(6 * MB);
    bench.settings.lanes_per_file = 1;
    bench.server.misbehave(cdn(|n| {
        if n == 3 {
            vec![Fault::Status(416)]
        } else {
            Vec::new()
        }
    }));
    finished(run(bench.download()));
    assert_eq!(bench.downloaded("model.safetensors"), *weights.bytes);
    let resolves = bench
        .server
        .seen()
        .iter()
        .filter(|seen| seen.is_for("/resolve/") && seen.is_for("model"))
        .count();
    assert!(resolves >= 2, "a fresh address was asked for");
}

#[test]
fn compressed_text_without_a_length_is_read_as_what_it_is() {
    let bench = Bench::new();
    let words: Vec<String> = (0..60_000).map(|n| format!("واژهٔ {n}")).collect();
    let vocabulary = File::git("vocab.txt", words.join("\n"));
    let long = File::git("tokenizer.json", noise(8, 5 * MB));
    bench.server.publish(
        REPO,
        vec![
            File::lfs("model.safetensors", noise(4, 9)),
            vocabulary.clone(),
            long.clone(),
        ],
    );
    let mut n_asked = 0;
    bench.server.misbehave(move |seen| {
        n_asked += 1;
        match seen {
            seen if seen.is_for("/resolve/") && n_asked % 2 == 0 => {
                vec![Fault::Gzip, Fault::CutAfter(50_000)]
            }
            seen if seen.is_for("vocab") || seen.is_for("tokenizer") => vec![Fault::Gzip],
            _ => Vec::new(),
        }
    });
    finished(run(bench.download()));
    assert_eq!(bench.downloaded("vocab.txt"), *vocabulary.bytes);
    assert_eq!(bench.downloaded("tokenizer.json"), *long.bytes);
}

#[test]
fn headers_that_a_mirror_leaves_out_are_not_needed() {
    let (bench, weights) = Bench::with_weights(5 * MB);
    bench.server.misbehave(|_| {
        [
            "ETag",
            "Content-Range",
            "X-Repo-Commit",
            "X-Linked-Etag",
            "X-Linked-Size",
            "Accept-Ranges",
        ]
        .map(Fault::Without)
        .to_vec()
    });
    finished(run(bench.download()));
    assert_eq!(bench.downloaded("model.safetensors"), *weights.bytes);
    assert_eq!(
        bench.server.file_bytes_sent(),
        weights.bytes.len() as u64 + 3
    );
}

#[test]
fn an_address_that_has_expired_is_asked_for_anew() {
    let (bench, weights) = Bench::with_weights(8 * MB);
    bench.server.misbehave(cdn(|n| {
        if n % 3 == 0 {
            vec![Fault::Status(403)]
        } else {
            Vec::new()
        }
    }));
    finished(run(bench.download()));
    assert_eq!(bench.downloaded("model.safetensors"), *weights.bytes);
    assert_eq!(
        bench.server.file_bytes_sent(),
        weights.bytes.len() as u64 + 3,
        "no byte was sent twice"
    );

    let (bench, _) = Bench::with_weights(2 * MB);
    bench.server.misbehave(cdn(|_| vec![Fault::Status(403)]));
    let failure = run(bench.download()).unwrap_err();
    assert!(
        matches!(failure, HubError::Expired { .. }),
        "one that never works is told: {failure}"
    );
}

#[test]
fn silence_ends_an_attempt_and_not_the_download() {
    let (mut bench, weights) = Bench::with_weights(4 * MB);
    bench.network.idle_timeout = Duration::from_millis(200);
    bench.server.misbehave(cdn(|n| {
        if n <= 3 {
            vec![Fault::StallAfter(100_000)]
        } else {
            Vec::new()
        }
    }));
    finished(run(bench.download()));
    assert_eq!(bench.downloaded("model.safetensors"), *weights.bytes);
    assert_eq!(
        bench.server.file_bytes_sent(),
        weights.bytes.len() as u64 + 3,
        "what came before the silence was kept"
    );

    bench.server.publish(
        REPO,
        vec![File::lfs("model.safetensors", noise(77, 2 * MB))],
    );
    bench.server.misbehave(cdn(|_| vec![Fault::StallAfter(0)]));
    let failure = run(bench.download()).unwrap_err();
    assert!(
        matches!(failure, HubError::Stalled { .. }),
        "endless silence is told: {failure}"
    );
}

#[test]
fn failures_of_the_server_are_waited_out_with_growing_pauses() {
    let (bench, weights) = Bench::with_weights(2 * MB);
    bench.server.misbehave(cdn(|n| {
        if n <= 6 {
            vec![Fault::Status(500)]
        } else {
            Vec::new()
        }
    }));
    finished(run(bench.download()));
    assert_eq!(bench.downloaded("model.safetensors"), *weights.bytes);
    let waits = bench.clock.waits.lock().unwrap().clone();
    assert_eq!(waits.len(), 6, "one pause for each failure: {waits:?}");
    assert!(waits[5] > waits[0] * 8, "they grow: {waits:?}");
    let told = bench
        .events()
        .iter()
        .filter(|event| matches!(event, Event::Retrying { .. }))
        .count();
    assert_eq!(told, 6, "and each is told");

    bench.server.publish(
        REPO,
        vec![File::lfs("model.safetensors", noise(78, 2 * MB))],
    );
    bench.server.misbehave(cdn(|_| vec![Fault::Status(503)]));
    let failure = run(bench.download()).unwrap_err();
    assert!(
        matches!(failure, HubError::Server { status: 503, .. }),
        "at last it is told: {failure}"
    );
}
