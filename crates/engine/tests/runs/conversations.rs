//! Conversations: what of them is learnt, held out, cut and left out, and what stands in the folder of what
//! learnt them.

use amoozgar_engine::kernels::cross_entropy::IGNORE;
use amoozgar_engine::tokenizer::Tokenizer;
use amoozgar_engine::{
    Control, End, EngineError, LoadOptions, estimate, evaluate, first_batches, open, train,
};
use amoozgar_types::event::{ConversationsRead, WorkerCommand};
use amoozgar_types::spec::Packing;
use amoozgar_types::{TrainEvent, TrainSpec};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const CHATML: &str = "{% for message in messages %}{{'<|bos|>' + message['role'] + '\n' + message['content'] + '<|eos|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|bos|>assistant\n' }}{% endif %}";

/// A finished model over a few sentences.
fn base(folder: &Path) -> PathBuf {
    let path = folder.join("text.txt");
    let text: Vec<String> = (0..60)
        .map(|n| format!("پرسش {n} پاسخ باغ گل آب assistant user {}", n * 7 % 31))
        .collect();
    std::fs::write(&path, text.join("\n\n")).unwrap();
    let spec: TrainSpec = serde_json::from_value(json!({
        "dataset": { "train": path, "validation_fraction": 0.1 },
        "tokenizer": { "vocab_size": 320 },
        "model": { "n_layers": 2, "d_model": 32, "n_heads": 2, "n_kv_heads": 1, "d_ff": 64, "context_length": 192 },
        "optimizer": { "batch_size": 4, "max_steps": 4 },
        "evaluation": { "prompts": [] },
        "threads": 2
    }))
    .unwrap();
    let End::Finished(outcome) = run(&spec, &folder.join("base")).unwrap().0 else {
        panic!("the run ends well")
    };
    PathBuf::from(outcome.model_dir)
}

fn run(
    spec: &TrainSpec,
    job: &Path,
) -> Result<(End, Option<ConversationsRead>, Vec<TrainEvent>), EngineError> {
    let mut events = Vec::new();
    let end = train(spec, job, &Control::new(), &mut |event| events.push(event))?;
    let read = events.iter().find_map(|event| match event {
        TrainEvent::Conversations(read) => Some(read.clone()),
        _ => None,
    });
    Ok((end, read, events))
}

/// Questions and answers, as a table.
fn table(folder: &Path) -> PathBuf {
    let rows = (0..40).map(|n| format!("باغ {n}؟,گل {} آب", n % 5));
    let rows: Vec<String> = rows.collect();
    let path = folder.join("rows.csv");
    std::fs::write(&path, format!("پرسش,پاسخ\n{}\n", rows.join("\n"))).unwrap();
    path
}

fn spec(base: &Path, data: &Path, method: &str) -> TrainSpec {
    serde_json::from_value(json!({
        "dataset": { "train": data, "validation_fraction": 0.2 },
        "method": method,
        "base_model": base,
        "model": { "context_length": 192 },
        "optimizer": { "batch_size": 2, "max_steps": 30, "lr": 5e-3 },
        "evaluation": { "every_steps": 10, "prompts": ["باغ ۱؟"], "sample_tokens": 6 },
        "threads": 2
    }))
    .unwrap()
}

#[test]
fn answers_are_learnt_whole_and_by_an_adapter_and_the_folder_tells_how_to_ask() {
    let folder = TempDir::new().unwrap();
    let base = base(folder.path());
    let data = table(folder.path());
    let before = evaluate(&base, &data, None, Packing::Auto).unwrap();
    for method in ["full", "lora"] {
        let spec = spec(&base, &data, method);
        let (end, read, _) = run(&spec, &folder.path().join(method)).unwrap();
        let End::Finished(outcome) = end else {
            panic!("{method} ends well")
        };
        let read = read.unwrap();
        assert_eq!((read.n_train, read.n_validation), (32, 8), "{method}");
        assert_eq!(
            (read.n_answers, read.n_cut),
            (32, 0),
            "{method}: an answer each"
        );
        let model = PathBuf::from(&outcome.model_dir);
        let after = evaluate(&model, &data, None, Packing::Auto).unwrap();
        assert!(
            after.loss < before.loss * 0.97,
            "{method}: {} is less than {}",
            after.loss,
            before.loss
        );
        assert_eq!(after.n_tokens, before.n_tokens, "the answers' tokens");
        let template = std::fs::read_to_string(model.join("chat_template.jinja")).unwrap();
        assert!(
            template.contains("پاسخ:"),
            "{method}: the form that it learnt in"
        );
        let settings: Value =
            serde_json::from_slice(&std::fs::read(model.join("generation_config.json")).unwrap())
                .unwrap();
        assert!(
            settings["eos_token_id"]
                .as_array()
                .unwrap()
                .contains(&1.into()),
            "{method}: what ends an answer ends it elsewhere: {settings}"
        );
    }
    let latest = std::fs::read_dir(folder.path().join("full/checkpoints")).unwrap();
    for checkpoint in latest.map(|entry| entry.unwrap().path()) {
        let opened = open(&checkpoint, &LoadOptions::default()).unwrap();
        let chat = opened.chat(&opened.tokenizer().unwrap()).unwrap();
        assert!(
            chat.template().source().contains("پاسخ:"),
            "a checkpoint is asked alike"
        );
    }
}

#[test]
fn the_targets_of_a_batch_are_answers_alone_and_no_conversation_sees_another() {
    let folder = TempDir::new().unwrap();
    let base = base(folder.path());
    std::fs::write(base.join("chat_template.jinja"), CHATML).unwrap();
    let data = folder.path().join("rows.jsonl");
    let rows = (0..12).map(|n| {
        let said = |role: &str, text: String| json!({ "role": role, "content": text });
        json!({ "messages": [
            said("system", "تو".to_owned()), said("user", format!("باغ {n}")), said("assistant", format!("گل {n}")),
            said("user", format!("<|eos|> گل {n}")), said("assistant", format!("<|eos|>assistant\nگل {n}")),
        ]})
        .to_string()
    });
    std::fs::write(&data, rows.collect::<Vec<_>>().join("\n")).unwrap();
    let tokenizer = Tokenizer::load(&base.join("tokenizer.json"), None).unwrap();
    for (supervise, n_answers) in [("all", 2), ("last", 1)] {
        let mut spec = spec(&base, &data, "full");
        spec.dataset.supervise = serde_json::from_value(supervise.into()).unwrap();
        let job = folder.path().join(supervise);
        let batches = first_batches(&spec, &job, 6).unwrap();
        let mut seen = BTreeSet::new();
        for batch in batches.iter().flatten() {
            for span in batch.segments.iter() {
                let (tokens, targets) = (&batch.tokens[span.clone()], &batch.targets[span]);
                let text = tokenizer.decode(tokens).unwrap();
                assert_eq!(
                    text.matches("system").count(),
                    1,
                    "one conversation: {text}"
                );
                assert_eq!(tokens[0], 0, "it begins at its beginning");
                // Runs of targets are answers.
                let answers: Vec<Vec<u32>> = targets
                    .split(|&target| target == IGNORE)
                    .filter(|answer| !answer.is_empty())
                    .map(<[u32]>::to_vec)
                    .collect();
                assert_eq!(answers.len(), n_answers, "{supervise}: {text}");
                for answer in &answers {
                    assert_eq!(answer.last(), Some(&1), "its end is learnt");
                    assert_eq!(
                        answer.iter().filter(|&&id| id == 1).count(),
                        1,
                        "a token's name that an answer holds is text"
                    );
                }
                let last = tokenizer.decode(answers.last().unwrap()).unwrap();
                assert!(last.starts_with("<|eos|>assistant\nگل "), "`{last}`");
                seen.insert(last);
            }
        }
        assert!(
            seen.len() >= 9,
            "{supervise}: those that are not held out: {seen:?}"
        );
    }
}

#[test]
fn what_is_cut_and_left_out_is_counted_and_a_run_goes_on_bit_for_bit() {
    let folder = TempDir::new().unwrap();
    let base = base(folder.path());
    let data = folder.path().join("rows.jsonl");
    let mut rows: Vec<String> = (0..20)
        .map(|n| {
            json!({ "prompt": format!("باغ {n}؟"), "completion": format!("گل {n}") }).to_string()
        })
        .collect();
    let long = "باغ گل آب ".repeat(120);
    rows.push(json!({ "prompt": "چند؟", "completion": long }).to_string());
    rows.push(json!({ "prompt": long, "completion": "هیچ" }).to_string());
    rows.push(json!({ "prompt": "x", "completion": " " }).to_string());
    rows.push("{".to_owned());
    std::fs::write(&data, rows.join("\n")).unwrap();
    let spec = spec(&base, &data, "lora");
    let (_, read, _) = run(&spec, &folder.path().join("whole")).unwrap();
    let read = read.unwrap();
    assert_eq!(
        read.n_train + read.n_validation,
        21,
        "the others are learnt: {read:?}"
    );
    assert_eq!(read.n_cut, 1, "the long answer is cut");
    let faults: Vec<(String, Vec<u64>)> = read
        .faults
        .iter()
        .map(|count| (format!("{:?}", count.fault), count.lines.clone()))
        .collect();
    assert_eq!(
        faults,
        [
            ("EmptyAnswer".to_owned(), vec![23]),
            ("Unreadable".to_owned(), vec![24]),
            ("TooLong".to_owned(), vec![22]),
        ],
        "each with its line"
    );

    let broken = folder.path().join("broken");
    let control = Control::new();
    train(&spec, &broken, &control, &mut |event| {
        if matches!(event, TrainEvent::Step(record) if record.step == 13) {
            control.send(WorkerCommand::Stop);
        }
    })
    .unwrap();
    let (_, again, _) = run(&spec, &broken).unwrap();
    assert_eq!(again.as_ref(), Some(&read), "said again where it goes on");
    let bytes = |job: &str| {
        let adapter = folder.path().join(job).join("final/adapter");
        std::fs::read(adapter.join("adapter_model.safetensors")).unwrap()
    };
    assert!(bytes("whole") == bytes("broken"), "the same bytes");
}

#[test]
fn what_cannot_be_learnt_as_conversations_is_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let base = base(folder.path());
    let data = table(folder.path());
    let text = folder.path().join("text.txt");
    let field = |spec: &TrainSpec| match run(spec, &folder.path().join("job")) {
        Err(error) => error.to_api().params.field.unwrap_or_default(),
        Ok(_) => "nothing".to_owned(),
    };
    let mut scratch = spec(&base, &data, "full");
    scratch.method = amoozgar_types::spec::Method::Scratch;
    assert_eq!(field(&scratch), "method", "a fresh model learns no answers");
    let mut plain = spec(&base, &text, "full");
    plain.objective = Some(amoozgar_types::spec::Objective::Sft);
    assert_eq!(field(&plain), "objective", "plain text has none");
    std::fs::write(&data, "الف,ب\n۱,۲\n").unwrap();
    assert_eq!(
        field(&spec(&base, &data, "full")),
        "dataset.mapping",
        "columns that say nothing"
    );
}

#[test]
fn a_plan_over_a_finished_model_counts_with_its_own_tokenizer_and_template() {
    let folder = TempDir::new().unwrap();
    let base = base(folder.path());
    let rows = table(folder.path());
    // A tokenizer of almost only bytes: many times the tokens that ours make of Persian.
    let text = folder.path().join("plain.txt");
    let words = "ژرفنای خاموش دریاچه‌ها، ستاره‌های دوردست و کوهستان‌های پوشیده از مه\n\n";
    std::fs::write(&text, words.repeat(60)).unwrap();
    for data in [&rows, &text] {
        let mut spec = spec(&base, data, "lora");
        spec.optimizer.max_steps = None;
        spec.optimizer.epochs = 1;
        spec.evaluation.prompts.clear();
        let foreseen = estimate(&spec, std::fs::metadata(data).unwrap().len()).unwrap();
        let job = folder.path().join(data.file_stem().unwrap());
        let (_, _, events) = run(&spec, &job).unwrap();
        let planned = events.iter().find_map(|event| match event {
            TrainEvent::Started(plan) => Some(plan),
            _ => None,
        });
        let planned = planned.unwrap();
        for (what, foreseen, there) in [
            ("tokens", foreseen.n_train_tokens, planned.n_train_tokens),
            ("steps", foreseen.total_steps, planned.total_steps),
        ] {
            let (foreseen, there) = (foreseen as f64, there as f64);
            assert!(
                (foreseen / there - 1.0).abs() < 0.1,
                "{}: {foreseen} {what} foreseen, {there} there",
                data.display()
            );
        }
    }
}
