//! Talking to a model in the terminal: `chat`, and `generate --chat`.

use crate::support::command_line::{Bench, Worker, json_answer, said};
use crate::support::persian_text;
use amoozgar_types::error::{ApiError, ErrorCode};
use serde_json::{Value, json};
use std::process::Output;

/// The final model of a short run, with a context of so many tokens.
fn trained(bench: &Bench, context_length: u64) -> String {
    let data = bench.write("stories.txt", persian_text(160));
    let mut spec = bench.tiny_spec(&data);
    spec["model"]["context_length"] = json!(context_length);
    spec["optimizer"]["batch_size"] = json!(2);
    spec["optimizer"]["max_steps"] = json!(20);
    let dir = bench.job_dir("talk", &spec);
    let mut worker = Worker::start(bench, &dir);
    assert_eq!(worker.finish(), Some(0), "{:?}", worker.events.last());
    dir.join("final").display().to_string()
}

/// The JSON objects among a command's lines.
fn answers(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

#[test]
fn a_model_is_talked_to_line_by_line_and_forgets_what_does_not_fit() {
    let bench = Bench::new();
    let model = trained(&bench, 96);
    let talk = |arguments: &[&str], lines: &str| {
        let all = [
            &["chat", "--json", "--model", &model, "--seed", "1"],
            arguments,
        ]
        .concat();
        let output = bench.run_with_input(&all, lines.as_bytes());
        assert!(output.status.success(), "{}", said(&output));
        assert!(said(&output).contains("no chat template"), "it says so");
        answers(&output)
    };
    let said_all = talk(&["--max-tokens", "16"], "سلام\n\nخوبی؟\nچه خبر؟\nبگو\n");
    assert_eq!(said_all.len(), 4, "an empty line is none: {said_all:?}");
    let last = &said_all[3];
    assert_eq!(said_all[0]["template"], "plain");
    assert_eq!(said_all[0]["n_left_out"], 0);
    assert!(last["n_left_out"].as_u64().unwrap() > 0, "{last}");
    let text = said_all[0]["text"].as_str().unwrap().to_owned();
    assert!(!text.trim().is_empty(), "{said_all:?}");

    // The same question is answered the same, also by `generate --chat`.
    let again = bench.run(&[
        "generate",
        "--chat",
        "--json",
        "--model",
        &model,
        "--prompt",
        "سلام",
        "--seed",
        "1",
        "--max-tokens",
        "16",
        "--temperature",
        "0.7",
        "--top-k",
        "40",
        "--top-p",
        "0.95",
        "--repetition-penalty",
        "1.1",
    ]);
    let again = json_answer(&again).unwrap();
    assert_eq!(again["text"], text.as_str(), "{again}");

    // A text at which it ends is no part of the answer.
    let stop = text
        .chars()
        .nth(text.chars().count() / 2)
        .unwrap()
        .to_string();
    let cut = talk(&["--max-tokens", "16", "--stop", &stop], "سلام\n");
    let (before, _) = text.split_once(&stop).unwrap();
    assert_eq!(cut[0]["text"], before, "up to `{stop}`");
    assert_eq!(cut[0]["finish_reason"], "stop");
    let told = talk(&["--max-tokens", "16", "--system", "شعر بگو"], "سلام\n");
    assert_ne!(
        told[0]["text"],
        text.as_str(),
        "it was told something first"
    );
}

#[test]
fn a_message_is_shown_as_the_model_reads_it() {
    let bench = Bench::new();
    let model = trained(&bench, 64);
    let shown = |arguments: &[&str]| {
        let all = [&["tokens", "--json", "--model", &model], arguments].concat();
        json_answer(&bench.run(&all)).unwrap()
    };
    let plain = shown(&["سلام"]);
    assert_eq!(plain["text"], "سلام", "nothing is put around it");
    let message = shown(&["سلام", "--chat", "--system", "شعر بگو"]);
    let text = message["text"].as_str().unwrap();
    let order = ["شعر بگو", "پرسش: سلام", "پاسخ:"].map(|part| text.find(part));
    assert!(
        order.iter().all(Option::is_some) && order.is_sorted(),
        "`{text}`"
    );
    let n = |answer: &serde_json::Value| answer["token_ids"].as_array().unwrap().len();
    assert_eq!(n(&message), message["pieces"].as_array().unwrap().len());
    assert!(n(&message) > n(&plain), "{message}");
    let alone = bench.run(&["tokens", "--model", &model, "سلام", "--system", "شعر بگو"]);
    assert_eq!(alone.status.code(), Some(2), "--system says nothing alone");
}

#[test]
fn a_question_longer_than_the_context_and_a_setting_out_of_range_are_refused_by_name() {
    let bench = Bench::new();
    let model = trained(&bench, 32);
    let refused = |arguments: &[&str]| {
        let start = [
            "generate", "--chat", "--json", "--model", &model, "--prompt",
        ];
        let output = bench.run(&[&start[..], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        let answer = json_answer(&output).unwrap();
        let error: ApiError = serde_json::from_value(answer["error"].clone()).unwrap();
        error
    };
    let long = refused(&[&"سلام ".repeat(40)]);
    assert_eq!(long.code, ErrorCode::PromptTooLong, "{long}");
    assert_eq!(long.params.limit, Some(32));
    assert!(long.params.found > Some(32), "{long}");
    for (flag, value, field) in [
        ("--temperature", "3", "temperature"),
        ("--top-p", "0", "top_p"),
        ("--min-p", "2", "min_p"),
        ("--repetition-penalty", "0.5", "repetition_penalty"),
        ("--max-tokens", "0", "max_tokens"),
    ] {
        let error = refused(&["سلام", flag, value]);
        assert_eq!(error.code, ErrorCode::InvalidField, "{error}");
        assert_eq!(error.params.field.as_deref(), Some(field), "{flag} {value}");
    }
}
