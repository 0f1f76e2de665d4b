//! The command line without a display: training, its events and exit codes, and what is said of
//! input that cannot be used.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "command_line/preference.rs"]
mod preference;
mod support;
#[path = "command_line/talk.rs"]
mod talk;

use amoozgar_types::error::{ApiError, ErrorCode};
use amoozgar_types::{Loss, TrainEvent};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;
use support::command_line::{
    Bench, Worker, events, json_answer, outcome, said, steps, validations,
};
use support::persian_text;

fn train(bench: &Bench, spec: &Value) -> Output {
    let path = bench.write("spec.json", serde_json::to_vec(spec).unwrap());
    bench.run(&["train", path.to_str().unwrap(), "--json"])
}

/// The error of a run that was refused, after checking that it says so as a program should.
fn refusal(output: &Output) -> ApiError {
    assert_eq!(
        output.status.code(),
        Some(2),
        "bad input is 2; {}",
        said(output)
    );
    let events = events(output);
    match events.last() {
        Some(TrainEvent::Failed { error }) => error.clone(),
        other => panic!("the last word is {other:?}; {}", said(output)),
    }
}

fn refused_data(name: &str, bytes: &[u8]) -> (ApiError, String) {
    let bench = Bench::new();
    let data = bench.write(name, bytes);
    let error = refusal(&train(&bench, &bench.tiny_spec(&data)));
    (error, data.to_str().unwrap().to_owned())
}

#[test]
fn a_trained_model_can_be_evaluated_and_continues_a_prompt() {
    let bench = Bench::new();
    let data = bench.write("stories.txt", persian_text(160));
    let output = train(&bench, &bench.tiny_spec(&data));
    assert_eq!(
        output.status.code(),
        Some(0),
        "finished is 0; {}",
        said(&output)
    );

    let events = events(&output);
    let numbers: Vec<u64> = steps(&events).iter().map(|step| step.step).collect();
    assert_eq!(
        numbers,
        (1..=60).collect::<Vec<_>>(),
        "every step is told once, in order"
    );
    let started = events
        .iter()
        .position(|event| matches!(event, TrainEvent::Started(_)));
    let first_step = events
        .iter()
        .position(|event| matches!(event, TrainEvent::Step(_)));
    assert!(started < first_step, "the plan comes before the first step");
    assert!(
        events
            .iter()
            .any(|event| matches!(event, TrainEvent::Sample(sample) if sample.prompt == "روزی")),
        "the prompt was continued on the way"
    );
    let loss = |number: usize| steps(&events)[number].loss.finite().unwrap();
    assert!(
        loss(59) < loss(0) - 0.5,
        "it learns: from {} to {}",
        loss(0),
        loss(59)
    );
    let outcome = outcome(&events).expect("the last event is `finished`");
    assert_eq!(outcome.step, 60);
    let lowest = validations(&events)
        .iter()
        .filter_map(|point| point.val_loss.finite())
        .fold(f64::INFINITY, f64::min);
    assert_eq!(
        outcome.val_loss,
        Loss::Finite(lowest),
        "the final model is the best one"
    );
    let model = Path::new(&outcome.model_dir);
    for file in ["config.json", "model.safetensors", "tokenizer.json"] {
        assert!(
            model.join(file).is_file(),
            "`{file}` is in the final folder"
        );
    }

    let held_out = bench.write("held-out.txt", persian_text(12));
    let answer = bench.run(&[
        "evaluate",
        "--json",
        "--model",
        &outcome.model_dir,
        "--data",
        held_out.to_str().unwrap(),
    ]);
    let answer = json_answer(&answer).unwrap();
    let number = |key: &str| {
        answer[key]
            .as_f64()
            .unwrap_or_else(|| panic!("`{key}` in {answer}"))
    };
    assert!(number("loss") < 6.0, "better than guessing: {answer}");
    assert!(
        (number("perplexity") - number("loss").exp()).abs() < 1e-3 * number("perplexity"),
        "perplexity is exp(loss): {answer}"
    );
    let bits = number("loss") * number("n_tokens") / number("n_bytes") / std::f64::consts::LN_2;
    assert!(
        (number("bits_per_byte") - bits).abs() < 1e-3 * bits,
        "bits per byte follow from loss, tokens and bytes: {answer}"
    );

    let generate = |seed: &str| {
        let output = bench.run(&[
            "generate",
            "--json",
            "--model",
            &outcome.model_dir,
            "--prompt",
            "روزی",
            "--max-tokens",
            "16",
            "--temperature",
            "0.8",
            "--seed",
            seed,
        ]);
        assert!(output.status.success(), "{}", said(&output));
        output.stdout
    };
    let text = |stdout: &[u8]| -> String {
        String::from_utf8_lossy(stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter_map(|line| line["text"].as_str().map(str::to_owned))
            .collect()
    };
    let first = text(&generate("7"));
    assert!(!first.is_empty(), "it wrote something");
    assert_eq!(
        first,
        text(&generate("7")),
        "the same seed writes the same text"
    );
}

#[test]
fn an_empty_file_is_refused_by_name() {
    for bytes in ["", " \n\u{200c}\n\t\n"] {
        let (error, path) = refused_data("empty.txt", bytes.as_bytes());
        assert_eq!(error.code, ErrorCode::EmptyFile, "{error}");
        assert_eq!(
            error.params.path.as_deref(),
            Some(&*path),
            "it says which file"
        );
    }
}

#[test]
fn a_binary_file_is_refused_with_the_place_of_its_first_strange_byte() {
    let mut bytes = persian_text(20).into_bytes();
    let offset = bytes.len() as u64;
    bytes.extend([0x00, 0x01, 0xff, 0x00]);
    let (error, path) = refused_data("picture.txt", &bytes);
    assert_eq!(error.code, ErrorCode::BinaryFile, "{error}");
    assert_eq!(
        error.params.path.as_deref(),
        Some(&*path),
        "it says which file"
    );
    assert_eq!(error.params.offset, Some(offset), "and where");
}

#[test]
fn broken_json_on_line_seven_is_refused_with_that_line() {
    let mut lines: Vec<String> = persian_text(40)
        .split("\n\n")
        .filter(|text| !text.is_empty())
        .map(|text| json!({ "text": text }).to_string())
        .collect();
    lines[6] = r#"{"text": "ناتمام"#.to_owned();
    let (error, path) = refused_data("stories.jsonl", lines.join("\n").as_bytes());
    assert_eq!(error.code, ErrorCode::InvalidJson, "{error}");
    assert_eq!(
        error.params.line,
        Some(7),
        "the seventh line is the broken one: {error}"
    );
    assert_eq!(
        error.params.path.as_deref(),
        Some(&*path),
        "it says which file"
    );
}

#[test]
fn a_line_that_would_fill_the_memory_is_refused_with_its_place_and_the_limit() {
    let text = format!("یک\n\n{}", "کلمه ".repeat(64 << 17));
    let (error, path) = refused_data("line.txt", text.as_bytes());
    assert_eq!(error.code, ErrorCode::LineTooLong, "{error}");
    assert_eq!(error.params.path.as_deref(), Some(&*path), "which file");
    assert_eq!(error.params.line, Some(3), "on which line");
    assert_eq!(error.params.limit, Some(64 << 20), "what could be read");
}

#[test]
fn a_line_without_text_is_refused_with_the_field() {
    let (error, _) = refused_data("stories.jsonl", b"{\"text\": \"a\"}\n{\"body\": \"b\"}\n");
    assert_eq!(error.code, ErrorCode::MissingField, "{error}");
    assert_eq!(
        error.params.field.as_deref(),
        Some("text"),
        "it says which field"
    );
    assert_eq!(error.params.line, Some(2), "and on which line");
}

#[test]
fn a_missing_path_is_refused_by_name() {
    let bench = Bench::new();
    let data = bench.path("nowhere.txt");
    let error = refusal(&train(&bench, &bench.tiny_spec(&data)));
    assert_eq!(error.code, ErrorCode::FileNotFound, "{error}");
    assert_eq!(
        error.params.path.as_deref(),
        data.to_str(),
        "it says which path"
    );
    let output = bench.run(&[
        "train",
        bench.path("no-spec.json").to_str().unwrap(),
        "--json",
    ]);
    assert_eq!(
        output.status.code(),
        Some(2),
        "a missing specification too; {}",
        said(&output)
    );
}

#[test]
fn a_context_longer_than_the_data_is_refused_with_both_lengths() {
    let bench = Bench::new();
    let data = bench.write("short.txt", persian_text(6));
    let mut spec = bench.tiny_spec(&data);
    spec["model"]["context_length"] = json!(2048);
    let error = refusal(&train(&bench, &spec));
    assert_eq!(error.code, ErrorCode::DatasetTooSmall, "{error}");
    let (needed, found) = (error.params.needed.unwrap(), error.params.found.unwrap());
    assert!(needed >= 2048, "one context is needed at least: {error}");
    assert!(found < needed, "there is less: {error}");
}

#[test]
fn a_book_on_one_line_is_learnt_and_a_part_of_it_held_out() {
    let bench = Bench::new();
    let line = persian_text(160).replace('\n', " ");
    let data = bench.write("book.txt", &line);
    let mut spec = bench.tiny_spec(&data);
    spec["optimizer"]["max_steps"] = json!(2);
    let output = train(&bench, &spec);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let events = events(&output);
    let plan = events.iter().find_map(|event| match event {
        TrainEvent::Started(plan) => Some(plan),
        _ => None,
    });
    let plan = plan.expect("the run says what it does");
    let share = plan.n_val_tokens as f64 / (plan.n_train_tokens + plan.n_val_tokens) as f64;
    assert!(
        (0.05..0.2).contains(&share),
        "about a tenth is held out, not {share}"
    );
}

#[test]
fn a_run_keeps_its_specification_until_it_has_accepted_another() {
    let bench = Bench::new();
    let data = bench.write("stories.txt", persian_text(160));
    let mut spec = bench.tiny_spec(&data);
    spec["optimizer"]["max_steps"] = json!(4);
    let job = bench.path("job");
    let job = job.to_str().unwrap();
    let path = bench.write("a.json", serde_json::to_vec(&spec).unwrap());
    let first = bench.run(&["train", path.to_str().unwrap(), "--job-dir", job, "--json"]);
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    let kept = || std::fs::read_to_string(format!("{job}/job.json")).unwrap();
    let before = kept();

    let mut other = spec.clone();
    other["optimizer"]["lr"] = json!(1e-4);
    let path = bench.write("b.json", serde_json::to_vec(&other).unwrap());
    let path = path.to_str().unwrap();
    for place in ["--resume", "--job-dir"] {
        let error = refusal(&bench.run(&["train", path, place, job, "--json"]));
        assert_eq!(error.code, ErrorCode::InvalidCheckpoint, "{place}: {error}");
        assert_eq!(kept(), before, "{place}: the run's own settings stay");
    }
    let files = std::fs::read_dir(job).unwrap();
    let left = files.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name == "job.next.json"
    });
    assert_eq!(left.count(), 0, "what was refused is gone");
    let again = bench.run(&["train", "--resume", job, "--json"]);
    assert_eq!(again.status.code(), Some(0), "as before: {}", said(&again));

    let mut renamed = spec;
    renamed["name"] = json!("نام دیگر");
    let path = bench.write("c.json", serde_json::to_vec(&renamed).unwrap());
    let accepted = bench.run(&["train", path.to_str().unwrap(), "--resume", job, "--json"]);
    assert_eq!(accepted.status.code(), Some(0), "{}", said(&accepted));
    assert!(kept().contains("نام دیگر"), "what may change is taken over");
}

#[test]
fn a_number_that_is_none_is_refused_and_not_taken_for_absent() {
    let bench = Bench::new();
    let data = bench.write("stories.txt", persian_text(160));
    let text = format!(
        "[dataset]\ntrain = {:?}\n[optimizer]\nlr = nan\n",
        data.to_str().unwrap()
    );
    let path = bench.write("spec.toml", text);
    let error = refusal(&bench.run(&["train", path.to_str().unwrap(), "--json"]));
    assert_eq!(error.code, ErrorCode::InvalidSpec, "{error}");
    assert_eq!(
        error.params.field.as_deref(),
        Some("optimizer.lr"),
        "{error}"
    );
}

#[test]
fn settings_that_cannot_be_used_are_refused_with_their_field() {
    let bench = Bench::new();
    let data = bench.write("stories.txt", persian_text(40));
    let mut spec = bench.tiny_spec(&data);
    spec["model"]["n_heads"] = json!(5);
    let error = refusal(&train(&bench, &spec));
    assert_eq!(error.code, ErrorCode::InvalidSpec, "{error}");
    assert!(error.params.field.is_some(), "it says which field: {error}");
}

#[test]
fn a_specification_may_be_toml_beside_its_data() {
    let bench = Bench::new();
    bench.write("stories.txt", persian_text(60));
    let path = bench.write(
        "spec.toml",
        "name = \"تامل\"\n[dataset]\ntrain = \"stories.txt\"\n[tokenizer]\nvocab_size = 300\n\
         [model]\nn_layers = 1\nd_model = 16\nn_heads = 2\nn_kv_heads = 1\nd_ff = 32\n\
         context_length = 16\n[optimizer]\nmax_steps = 3\nbatch_size = 4\n",
    );
    let output = bench
        .command(&["train", path.to_str().unwrap(), "--json"])
        .current_dir("/")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(
        steps(&events(&output)).len(),
        3,
        "as many steps as asked for"
    );
}

#[test]
fn text_from_standard_input_is_normalized() {
    let bench = Bench::new();
    // Arabic yeh and kaf become Persian ones; an address stays as it is.
    let input = "كتاب علي https://example.com/كي\n";
    let output = bench.run_with_input(&["dataset", "normalize", "-"], input.as_bytes());
    assert!(output.status.success(), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("کتاب علی "), "Persian letters in `{text}`");
}

#[test]
fn what_training_reads_is_checked_and_normalized_whatever_its_encoding() {
    let bench = Bench::new();
    let utf_16: Vec<u8> = "\u{feff}كتاب من گم شد\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let windows_1256 = b"\xDF\xCA\xC7\xC8 \xE3\xE4 \x90\xE3 \xD4\xCF\n".to_vec();
    for (encoding, bytes) in [("utf-16le", utf_16), ("windows-1256", windows_1256)] {
        let file = bench.write("old.txt", &bytes);
        let path = file.to_str().unwrap();
        let checked = json_answer(&bench.run(&["dataset", "check", path, "--json"])).unwrap();
        assert_eq!(checked["encoding"], encoding, "{checked}");
        for output in [
            bench.run(&["dataset", "normalize", path]),
            bench.run_with_input(&["dataset", "normalize", "-"], &bytes),
        ] {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let text = text.trim_start_matches('\u{feff}');
            assert_eq!(text, "کتاب من گم شد\n", "{encoding}; {}", said(&output));
        }
    }
    let file = bench.write("broken.txt", b"caf\xE9\n");
    for command in ["check", "normalize"] {
        let output = bench.run(&["dataset", command, file.to_str().unwrap(), "--json"]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert_eq!(answer["error"]["code"], "invalid_utf8", "{answer}");
        assert_eq!(answer["error"]["params"]["offset"], 3, "{answer}");
    }
}

#[test]
fn commands_that_do_not_exist_and_files_that_do_not_are_told_on_standard_error() {
    let bench = Bench::new();
    for arguments in [
        &["fly"][..],
        &["dataset", "normalize", "/nowhere.txt"],
        &["evaluate", "--model", "/nowhere", "--data", "/nowhere.txt"],
        &["generate", "--model", "/nowhere", "--prompt", "روزی"],
    ] {
        let output = bench.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}; {}",
            said(&output)
        );
        assert!(!said(&output).is_empty(), "{arguments:?} says why");
    }
}

/// The lines of standard error.
fn words(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().map(str::to_owned).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_display_the_window_says_so_in_one_sentence() {
    let bench = Bench::new();
    for (name, display) in [("no display", None), (":4711", Some(":4711"))] {
        let mut command = bench.command(&[]);
        command.stdin(std::process::Stdio::null());
        if let Some(display) = display {
            command.env("DISPLAY", display);
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {}", said(&output));
        let words = words(&output);
        assert_eq!(words.len(), 1, "{name}: one sentence; {}", said(&output));
        assert!(
            words[0].contains("there is no display")
                && words[0].contains(display.unwrap_or("DISPLAY")),
            "{name}: what is missing: {words:?}"
        );
    }
    assert!(!bench.data_dir().exists(), "and nothing was made");
}

#[test]
fn a_failure_is_told_once() {
    let bench = Bench::new();
    let empty = bench.write("empty.txt", "");
    let empty = empty.to_str().unwrap();
    let no_text = bench.write("no-text.jsonl", "{\"body\": \"b\"}\n");
    let model = bench.path("model");
    bench.write("model/config.json", "{");
    let model = model.to_str().unwrap();
    let spec = bench.tiny_spec(Path::new(empty));
    let spec = bench.write("spec.json", serde_json::to_vec(&spec).unwrap());
    for arguments in [
        &["train", spec.to_str().unwrap()][..],
        &["train", "/nowhere.toml"],
        &["train", "--resume", "/nowhere"],
        &["dataset", "check", no_text.to_str().unwrap()],
        &["evaluate", "--model", model, "--data", empty],
        &["generate", "--model", model, "--prompt", "روزی"],
        &["generate", "--json", "--model", model, "--prompt", "روزی"],
        &["download", "no/such/repository"],
    ] {
        let mut command = bench.command(arguments);
        // What is not here is not asked for elsewhere.
        command
            .env("HF_HUB_OFFLINE", "1")
            .stdin(std::process::Stdio::null());
        let output = command.output().unwrap();
        let words = words(&output);
        assert!(!output.status.success(), "{arguments:?} fails");
        assert_eq!(words.len(), 1, "{arguments:?}: {}", said(&output));
        assert!(
            words[0].starts_with("amoozgar: "),
            "{arguments:?}: {words:?}"
        );
    }
}

#[test]
fn a_run_that_is_at_work_is_not_trained_by_a_second_process() {
    let bench = Bench::new();
    let data = bench.write("stories.txt", persian_text(160));
    let mut spec = bench.tiny_spec(&data);
    spec["optimizer"]["max_steps"] = json!(100_000);
    let dir = bench.job_dir("job", &spec);
    let job = dir.to_str().unwrap();
    let other = bench.write("other.json", {
        spec["name"] = json!("دیگری");
        serde_json::to_vec(&spec).unwrap()
    });
    let mut first = Worker::start(&bench, &dir);
    first.until("its first step", |event| {
        matches!(event, TrainEvent::Step(_))
    });
    let before = std::fs::read(dir.join("job.json")).unwrap();
    let other = other.to_str().unwrap();
    for arguments in [
        &["train", "--resume", job][..],
        &["train", other, "--resume", job],
        &["train", other, "--job-dir", job],
        &["worker", job],
    ] {
        let output = bench.run(arguments);
        let error = refusal(&output);
        assert_eq!(error.code, ErrorCode::RunAtWork, "{arguments:?}: {error}");
        assert_eq!(error.params.path.as_deref(), Some(job), "which run");
        if arguments[0] == "train" {
            let sentence = format!("amoozgar: another process is training the run in `{job}`");
            assert_eq!(words(&output), [sentence], "{arguments:?}");
        }
    }
    assert!(!dir.join("job.next.json").exists(), "nothing was written");
    assert_eq!(std::fs::read(dir.join("job.json")).unwrap(), before);
    first.child.kill().unwrap();
    first.finish();
    let mut again = Worker::start(&bench, &dir);
    again.until("its first step", |event| {
        matches!(event, TrainEvent::Step(_))
    });
}
