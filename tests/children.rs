//! The program's children as real processes: what is too large, too slow or broken costs a child, and
//! none outlives its parent.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::result_large_err, missing_docs)]

mod support;

use amoozgar::process::ask::Answerer;
use amoozgar::process::infer::{Inference, Told};
use amoozgar::process::inspect::Inspector;
use amoozgar::process::measure::Measurer;
use amoozgar_types::chat::{Message, Role};
use amoozgar_types::event::TrainEvent;
use amoozgar_types::installed::BaseFitness;
use amoozgar_types::process::{
    DatasetRows, DatasetSummary, InspectRequest, ModelFiles, Prompt, PromptInput,
};
use amoozgar_types::sampling::{FinishReason, Sampling, TemplateKind};
use amoozgar_types::{ApiError, ErrorCode};
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::command_line::{Bench, Worker};
use support::{executable, persian_text, wait_for, wait_for_end};
use tokio::sync::watch;

const PATIENCE: Duration = Duration::from_secs(60);
const WARM: Duration = Duration::from_secs(60);
const MIB: u64 = 1 << 20;

#[expect(
    clippy::unnecessary_wraps,
    reason = "what the window is asked may fail"
)]
fn half_a_gibibyte() -> Result<u64, ApiError> {
    Ok(512 * MIB)
}

/// A field of a process's status, in KiB; `None` once it is gone.
fn status_kib(pid: u32, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Whether a process still does something; a zombie whose new parent has not looked does not.
fn works(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        let state = stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.chars().next());
        !matches!(state, Some('Z' | 'X'))
    })
}

fn is_gone(pid: u32) {
    wait_for("the end of the child", PATIENCE, || {
        Ok((!works(pid)).then_some(()))
    })
    .unwrap();
}

/// A model's folder whose configuration is changed in one place.
fn folder(bench: &Bench, name: &str, field: &str, value: serde_json::Value) -> PathBuf {
    let reference =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/engine/tests/reference/llama");
    let text = fs::read_to_string(reference.join("config.json")).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&text).unwrap();
    config[field] = value;
    bench.write(
        &format!("{name}/config.json"),
        serde_json::to_vec(&config).unwrap(),
    );
    bench.write(&format!("{name}/tokenizer.json"), "{}");
    bench.write(&format!("{name}/model.safetensors"), "");
    bench.path(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_claims_four_billion_layers_is_listed_with_a_reason() {
    let bench = Bench::new();
    let monster = folder(
        &bench,
        "monster",
        "num_hidden_layers",
        json!(4_000_000_000_u64),
    );
    let sound = folder(&bench, "sound", "num_hidden_layers", json!(2));
    let inspector = Inspector::new(&executable());
    let found = inspector.fitness(&monster).await;
    assert!(
        matches!(&found, BaseFitness::NotUnderstood { detail } if detail.contains("`num_hidden_layers` is 4000000000")),
        "the reason names the field: {found:?}"
    );
    let found = inspector.fitness(&sound).await;
    assert!(
        matches!(found, BaseFitness::Fit { .. }),
        "the folder beside it is as good as before: {found:?}"
    );
    let held = status_kib(std::process::id(), "VmHWM:").unwrap();
    assert!(held < 512 << 10, "{held} KiB in the process that asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_that_claim_281_terabytes_of_header_are_refused() {
    let bench = Bench::new();
    let dir = folder(&bench, "model", "num_hidden_layers", json!(2));
    let mut header = (1_u64 << 48).to_le_bytes().to_vec();
    header.extend_from_slice(b"{\"a\":");
    bench.write("model/model.safetensors", header);
    let inference = Inference::new(&executable(), half_a_gibibyte);
    let failure = inference
        .generate(&dir, prompt("روزی", 4), |_| ControlFlow::Continue(()))
        .await
        .unwrap_err();
    assert_eq!(failure.code, ErrorCode::InvalidModel, "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_takes_too_long_is_an_error_and_leaves_no_process() {
    let bench = Bench::new();
    let pipe = bench.path("text.txt");
    fs::create_dir_all(pipe.parent().unwrap()).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let inspect = Answerer::new(&executable(), "inspect", 1, WARM);
    // A look at a folder leaves a child that is known.
    let folder = InspectRequest::ModelFolder {
        path: bench.path(".").display().to_string(),
    };
    let _: BaseFitness = inspect.ask(&folder, 512 * MIB, PATIENCE).await.unwrap();
    let child = inspect.warm_id().unwrap();
    let endless = InspectRequest::Dataset {
        path: pipe.display().to_string(),
    };
    let began = Instant::now();
    let failure = inspect
        .ask::<DatasetSummary>(&endless, 512 * MIB, Duration::from_millis(300))
        .await
        .unwrap_err();
    assert_eq!(failure.code, ErrorCode::ProcessTimedOut, "{failure}");
    assert!(began.elapsed() < PATIENCE, "nobody waited for it");
    assert!(
        !Path::new(&format!("/proc/{child}")).exists(),
        "it is no zombie either"
    );
    let _: BaseFitness = inspect.ask(&folder, 512 * MIB, PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_takes_too_much_memory_is_an_error() {
    let bench = Bench::new();
    let path = bench.write("text.txt", "سلام ".repeat(4 << 20));
    let inspect = Answerer::new(&executable(), "inspect", 1, WARM);
    let request = InspectRequest::Dataset {
        path: path.display().to_string(),
    };
    let failure = inspect
        .ask::<DatasetSummary>(&request, 64 * MIB, PATIENCE)
        .await
        .unwrap_err();
    assert_eq!(failure.code, ErrorCode::ProcessOutOfMemory, "{failure}");
    assert_eq!(failure.params.found, Some(64 * MIB), "how much it had");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_does_not_fit_is_foreseen_in_little_memory_and_says_what_would() {
    let bench = Bench::new();
    let data = bench.write("stories.txt", persian_text(160));
    let mut spec = bench.tiny_spec(&data);
    spec["model"] = json!({
        "n_layers": 32, "d_model": 4096, "n_heads": 32, "n_kv_heads": 32, "d_ff": 11008,
        "context_length": 512
    });
    let spec = serde_json::from_value(spec).unwrap();
    let measurer = Measurer::new(&executable());
    let planned = tokio::task::spawn_blocking(move || measurer.plan(spec, 512 * MIB, MIB));
    let estimate = planned.await.unwrap().unwrap();
    assert!(estimate.run.n_parameters > 6_000_000_000, "{estimate:?}");
    assert!(
        estimate.run.memory_bytes > 100_000 * MIB && estimate.free_memory_bytes == 512 * MIB,
        "what it needs and what there is: {estimate:?}"
    );
    assert_eq!(estimate.run.duration_s, None, "nothing was timed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_answers_many_questions_one_after_another() {
    let bench = Bench::new();
    let text = bench.write("text.txt", persian_text(12));
    let inspect = Answerer::new(&executable(), "inspect", 1, WARM);
    let dataset = InspectRequest::Dataset {
        path: text.display().to_string(),
    };
    let summary: DatasetSummary = inspect.ask(&dataset, 512 * MIB, PATIENCE).await.unwrap();
    assert_eq!(summary.n_rows, 12);
    let child = inspect.warm_id();
    let rows = InspectRequest::Rows {
        path: text.display().to_string(),
        offset: 10,
        limit: 5,
    };
    let found: DatasetRows = inspect.ask(&rows, 512 * MIB, PATIENCE).await.unwrap();
    assert_eq!(found.rows.len(), 2, "as far as there are any: {found:?}");
    assert_eq!(inspect.warm_id(), child, "the same process");
    let none = InspectRequest::Bundle {
        path: text.display().to_string(),
    };
    let failure = inspect.ask::<()>(&none, 512 * MIB, PATIENCE).await;
    assert_eq!(
        failure.unwrap_err().code,
        ErrorCode::InvalidBundle,
        "an error is an answer"
    );
    assert_eq!(inspect.warm_id(), child, "and ends nothing");
}

#[test]
fn a_child_whose_input_closes_ends_at_once() {
    let bench = Bench::new();
    for subcommand in ["inspect", "measure", "infer"] {
        let mut child = bench
            .command(&[subcommand])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdin.take());
        let status = wait_for_end(&mut child, PATIENCE).unwrap();
        assert!(status.success(), "{subcommand}: {status}");
        let mut said = String::new();
        child.stdout.unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(said, "", "{subcommand} was asked nothing");
    }
}

/// Its input stays open here, as it would where another process holds it: the system ends it.
#[test]
fn a_child_ends_when_its_parent_is_killed_although_its_input_is_open() {
    const SCRIPT: &str = r#"exec 3<&0; "$1" inspect <&3 & echo $!; wait"#;
    let bench = Bench::new();
    let mut parent = bench
        .command(&[])
        .stdin(Stdio::null())
        .get_envs()
        .fold(Command::new("sh"), |mut command, (name, value)| {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
            command
        })
        .args(["-c", SCRIPT, "sh"])
        .arg(executable())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = parent.stdin.take().unwrap();
    let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let child: u32 = lines.next().unwrap().unwrap().parse().unwrap();
    // It has begun once it answers.
    let request = InspectRequest::ModelFolder {
        path: "/nowhere".to_owned(),
    };
    writeln!(input, "{}", serde_json::to_string(&request).unwrap()).unwrap();
    let answer = lines.next().unwrap().unwrap();
    assert!(answer.contains("\"done\""), "{answer}");
    parent.kill().unwrap();
    parent.wait().unwrap();
    is_gone(child);
    drop(input);
}

fn prompt(text: &str, max_tokens: u32) -> Prompt {
    Prompt {
        input: PromptInput::Text(text.to_owned()),
        sampling: Sampling {
            max_tokens,
            temperature: 0.8,
            ..Sampling::UNLIMITED
        },
        seed: 1,
    }
}

/// A run's folder with a model that writes, of some seconds' training.
fn trained(bench: &Bench) -> PathBuf {
    let data = bench.write("stories.txt", persian_text(160));
    let dir = bench.job_dir("run", &bench.tiny_spec(&data));
    let mut worker = Worker::start(bench, &dir);
    assert_eq!(worker.finish(), Some(0), "{:?}", worker.events.last());
    dir
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_writes_in_a_child_that_stops_when_told_and_keeps_the_model_for_a_while() {
    let bench = Bench::new();
    let model = trained(&bench).join("final");
    let inference = Inference::new(&executable(), half_a_gibibyte);
    let mut pieces = String::new();
    let made = inference
        .generate(&model, prompt("روزی", 12), |piece| {
            pieces.push_str(piece);
            ControlFlow::Continue(())
        })
        .await
        .unwrap();
    assert!(
        made.finish != FinishReason::Cancelled && made.n_tokens > 0,
        "{made:?}"
    );
    assert_eq!(pieces, made.text, "it came piece by piece");
    let child = inference.warm_id().expect("the child keeps the model");

    let mut n_pieces = 0;
    let made = inference
        .generate(&model, prompt("روزی", 1_000_000), |_| {
            n_pieces += 1;
            inference.stop();
            ControlFlow::Continue(())
        })
        .await
        .unwrap();
    assert_eq!(
        made.finish,
        FinishReason::Cancelled,
        "long before a million tokens: {n_pieces}"
    );
    assert_eq!(inference.warm_id(), Some(child), "no second one was loaded");

    let made = inference
        .generate(&model, prompt("روزی", 1_000_000), |_| {
            ControlFlow::Break(())
        })
        .await
        .unwrap();
    assert_eq!(
        made.finish,
        FinishReason::Cancelled,
        "nobody reads it any more"
    );

    inference.unload();
    is_gone(child);
}

/// A run's final model whose context has room for a conversation.
fn talkative(bench: &Bench) -> PathBuf {
    let data = bench.write("stories.txt", persian_text(160));
    let mut spec = bench.tiny_spec(&data);
    spec["model"]["context_length"] = json!(256);
    spec["optimizer"]["batch_size"] = json!(2);
    let dir = bench.job_dir("run", &spec);
    let mut worker = Worker::start(bench, &dir);
    assert_eq!(worker.finish(), Some(0), "{:?}", worker.events.last());
    dir.join("final")
}

fn conversation(text: &str, max_tokens: u32) -> Prompt {
    Prompt {
        input: PromptInput::Messages(vec![Message::new(Role::User, text)]),
        ..prompt("", max_tokens)
    }
}

fn files(dir: &Path) -> ModelFiles {
    ModelFiles {
        model_dir: dir.display().to_string(),
        adapter_dir: None,
    }
}

/// What was told of a text, in words.
fn words(told: Told<'_>) -> &'static str {
    match told {
        Told::Waiting => "waiting",
        Told::Loading(_) => "loading",
        Told::Reading(TemplateKind::Plain) => "reading in the plain template",
        Told::Reading(TemplateKind::Own) => "reading in its own template",
        Told::Text(_) => "text",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_answered_after_the_text_before_it_and_can_be_stopped_before_its_turn() {
    let bench = Bench::new();
    let model = talkative(&bench);
    let inference = Inference::new(&executable(), half_a_gibibyte);
    let (_going_on, goes_on) = watch::channel(false);
    let (stop, stopped) = watch::channel(false);
    let (mut first, mut second, mut never) = (Vec::new(), Vec::new(), Vec::new());
    // All three ask before the first model is loaded; the last one is told to stop while it waits.
    let (one, two, three) = tokio::join!(
        inference.write(
            files(&model),
            conversation("روزی", 12),
            goes_on.clone(),
            |told| {
                stop.send_replace(true);
                first.push(words(told));
                ControlFlow::Continue(())
            }
        ),
        inference.write(
            files(&model),
            conversation("سلام", 12),
            goes_on,
            |told| {
                second.push(words(told));
                ControlFlow::Continue(())
            }
        ),
        inference.write(
            files(&model),
            conversation("سلام", 12),
            stopped,
            |told| {
                never.push(words(told));
                ControlFlow::Continue(())
            }
        ),
    );
    let (one, two, three) = (one.unwrap(), two.unwrap(), three.unwrap());
    assert!(one.n_tokens > 0 && two.n_tokens > 0, "{one:?} {two:?}");
    assert_eq!(three.finish, FinishReason::Cancelled);
    assert_eq!(three.text, "");
    first.dedup();
    second.dedup();
    assert_eq!(first, ["loading", "reading in the plain template", "text"]);
    assert_eq!(
        second,
        ["waiting", "reading in the plain template", "text"],
        "the model is kept"
    );
    assert_eq!(never, ["waiting"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_loaded_in_vain_is_let_go_of() {
    let bench = Bench::new();
    let model = talkative(&bench);
    let inference = Inference::new(&executable(), half_a_gibibyte);
    let (stop, stopped) = watch::channel(false);
    let made = inference
        .write(files(&model), conversation("سلام", 12), stopped, |_| {
            stop.send_replace(true);
            ControlFlow::Continue(())
        })
        .await
        .unwrap();
    assert_eq!(made.finish, FinishReason::Cancelled);
    assert_eq!(inference.warm_id(), None, "nothing is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writing_child_that_is_killed_is_an_error_and_the_next_one_writes() {
    let bench = Bench::new();
    let model = trained(&bench).join("final");
    let inference = Inference::new(&executable(), half_a_gibibyte);
    let made = inference
        .generate(&model, prompt("روزی", 1), |_| ControlFlow::Continue(()))
        .await;
    made.unwrap();
    let child = inference.warm_id().unwrap();
    let failure = inference
        .generate(&model, prompt("روزی", 1_000_000), |_| {
            let mut kill = Command::new("kill");
            let killed = kill.args(["-KILL", &child.to_string()]).status();
            assert!(killed.unwrap().success());
            ControlFlow::Continue(())
        })
        .await
        .unwrap_err();
    assert_eq!(failure.code, ErrorCode::ProcessOutOfMemory, "{failure}");
    let made = inference
        .generate(&model, prompt("روزی", 4), |_| ControlFlow::Continue(()))
        .await;
    assert!(made.unwrap().n_tokens > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_still_trains_writes_from_its_checkpoint() {
    let bench = Bench::new();
    let data = bench.write("stories.txt", persian_text(160));
    let mut spec = bench.tiny_spec(&data);
    spec["optimizer"]["max_steps"] = json!(100_000);
    let mut worker = Worker::start(&bench, &bench.job_dir("run", &spec));
    worker.until("a checkpoint", |event| {
        matches!(event, TrainEvent::Checkpoint(_))
    });
    worker.say("pause");
    worker.until("the pause", |event| {
        matches!(event, TrainEvent::Paused { .. })
    });
    let saved = worker.events.iter().rev().find_map(|event| match event {
        TrainEvent::Checkpoint(saved) => Some(PathBuf::from(&saved.path)),
        _ => None,
    });
    let inference = Inference::new(&executable(), half_a_gibibyte);
    let made = inference
        .generate(&saved.unwrap(), prompt("روزی", 8), |_| {
            ControlFlow::Continue(())
        })
        .await
        .unwrap();
    assert!(made.n_tokens > 0, "{made:?}");
}
