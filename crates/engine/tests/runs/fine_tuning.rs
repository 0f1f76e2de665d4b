//! Adapters and whole models trained further: from a finished folder to a finished folder, and PEFT's
//! files there and back.

use amoozgar_engine::kernels::segments::Segments;
use amoozgar_engine::model::Model;
use amoozgar_engine::weights::adapter::{LoraConfig, Scaling};
use amoozgar_engine::weights::{Role, Storage};
use amoozgar_engine::{
    Control, End, EngineError, Generator, LoadOptions, SamplingParams, evaluate, open,
    save_adapter, train,
};
use amoozgar_types::spec::Packing;
use amoozgar_types::{TrainEvent, TrainSpec};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn reference(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name)
}

fn logits(model: &Model) -> Vec<f32> {
    let tokens: Vec<u32> = (0..24).map(|index| index * 13 % 320).collect();
    model.logits(&tokens, &Segments::batch(2, 12)).unwrap()
}

fn worst(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "as many values");
    a.iter()
        .zip(b)
        .fold(0.0, |most, (a, b)| most.max((a - b).abs()))
}

fn load(folder: &Path) -> Model {
    open(folder, &LoadOptions::default()).unwrap().model
}

fn with_adapter(folder: &Path, adapter: &Path, storage: Storage) -> Model {
    let options = LoadOptions {
        storage,
        adapter: Some(adapter),
        ..LoadOptions::default()
    };
    open(folder, &options).unwrap().model
}

fn adapted() -> Model {
    with_adapter(&reference("llama"), &reference("lora"), Storage::F32)
}

#[test]
fn a_merged_adapter_says_what_the_adapted_model_said() {
    let mut model = adapted();
    let before = logits(&model);
    let plain = logits(&load(&reference("llama")));
    assert!(
        worst(&before, &plain) > 0.01,
        "the adapter changes something"
    );
    model.merge();
    assert!(
        worst(&logits(&model), &before) < 1e-5,
        "to rounding the same"
    );
    assert!(
        model
            .parameters
            .iter()
            .all(|(_, weight)| !weight.name.contains("lora")),
        "no adapter is left"
    );
}

#[test]
fn an_adapters_folder_read_and_written_again_holds_the_same_bytes_of_weights() {
    let folder = TempDir::new().unwrap();
    let config = LoraConfig {
        rank: 4,
        alpha: 8.0,
        dropout: 0.0,
        targets: Vec::new(),
        scaling: Scaling::Plain,
    };
    let targets: Vec<String> = ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj"]
        .into_iter()
        .chain(["up_proj", "v_proj"])
        .map(str::to_owned)
        .collect();
    save_adapter(&adapted(), &config, &targets, "base", folder.path()).unwrap();
    let tensors =
        |path: PathBuf| candle_core::safetensors::load(path, &candle_core::Device::Cpu).unwrap();
    let theirs = tensors(reference("lora").join("adapter_model.safetensors"));
    let ours = tensors(folder.path().join("adapter_model.safetensors"));
    assert_eq!(theirs.len(), ours.len(), "as many weights");
    for (name, tensor) in &theirs {
        let values =
            |tensor: &candle_core::Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(ours[name].dims(), tensor.dims(), "`{name}`'s shape");
        assert_eq!(values(&ours[name]), values(tensor), "`{name}`'s values");
    }
    let json = |path: PathBuf| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    };
    let ours = json(folder.path().join("adapter_config.json"));
    let theirs = json(reference("lora").join("adapter_config.json"));
    for field in [
        "peft_type",
        "task_type",
        "r",
        "use_rslora",
        "bias",
        "use_dora",
    ] {
        assert_eq!(ours[field], theirs[field], "`{field}` of PEFT's file");
    }
    let model = with_adapter(&reference("llama"), folder.path(), Storage::F32);
    assert_eq!(logits(&model), logits(&adapted()), "it says the same");
}

#[test]
fn an_adapter_over_transposed_matrices_says_so_to_peft() {
    let folder = TempDir::new().unwrap();
    let mut model = load(&reference("gpt2"));
    let config = LoraConfig {
        rank: 3,
        alpha: 6.0,
        dropout: 0.0,
        targets: Vec::new(),
        scaling: Scaling::Plain,
    };
    let targets = model.adapt(&config, Storage::F32, 7).unwrap();
    save_adapter(&model, &config, &targets, "base", folder.path()).unwrap();
    let path = folder.path().join("adapter_config.json");
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(
        json["fan_in_fan_out"], true,
        "GPT-2 keeps its matrices as (inputs, outputs)"
    );
    assert_eq!(
        json["target_modules"],
        serde_json::json!(["c_attn", "c_fc", "c_proj"]),
        "every map of the blocks"
    );
    let weights = folder.path().join("adapter_model.safetensors");
    let tensors = candle_core::safetensors::load(weights, &candle_core::Device::Cpu).unwrap();
    let path = "base_model.model.transformer.h.0.attn.c_attn";
    let [a, b] = ["A", "B"].map(|part| tensors[&format!("{path}.lora_{part}.weight")].dims());
    assert_eq!(a[0], 3, "A is (rank, inputs) all the same");
    assert_eq!(b, [3 * a[1], 3], "B is (outputs, rank)");
}

#[test]
fn a_fresh_adapter_changes_nothing_and_alone_is_trained() {
    let mut model = load(&reference("qwen2"));
    let before = logits(&model);
    let config = LoraConfig {
        rank: 2,
        alpha: 4.0,
        dropout: 0.0,
        targets: vec!["q_proj".to_owned(), "v_proj".to_owned()],
        scaling: Scaling::RankStabilized,
    };
    let targets = model.adapt(&config, Storage::F32, 7).unwrap();
    assert_eq!(
        targets,
        ["q_proj", "v_proj"],
        "the maps that were asked for"
    );
    assert_eq!(logits(&model), before, "B is zero at first");
    assert!(
        model
            .parameters
            .iter()
            .all(|(_, weight)| (weight.role == Role::Trained) == weight.name.contains("lora_")),
        "all else is frozen"
    );
    let nothing = LoraConfig {
        targets: vec!["no_such_map".to_owned()],
        ..config
    };
    let refused = load(&reference("qwen2")).adapt(&nothing, Storage::F32, 7);
    assert!(
        matches!(refused, Err(EngineError::InvalidSpec { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_frozen_base_may_be_kept_in_fewer_bits() {
    let whole = logits(&adapted());
    let scale = whole
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()));
    for (storage, tolerance) in [
        (Storage::Bf16, 0.02),
        (Storage::Q8, 0.04),
        (Storage::Q4, 0.5),
    ] {
        let model = with_adapter(&reference("llama"), &reference("lora"), storage);
        let off = worst(&logits(&model), &whole) / scale;
        assert!(
            off > 0.0 && off < tolerance,
            "{storage:?}: {off} of the largest logit off"
        );
        let bytes = model.parameters.n_bytes();
        assert!(
            bytes * 10 < adapted().parameters.n_bytes() * 7,
            "{storage:?}: {bytes} bytes"
        );
    }
}

/// A tiny run over text that `folder` is given.
fn spec(folder: &Path) -> TrainSpec {
    let path = folder.join("text.txt");
    let text: Vec<String> = (0..120)
        .map(|n| format!("باغ {n} پر از گل {} بود و آب روان داشت", n * 7 % 31))
        .collect();
    std::fs::write(&path, text.join("\n\n")).unwrap();
    serde_json::from_value(serde_json::json!({
        "dataset": { "train": path, "validation_fraction": 0.1 },
        "tokenizer": { "vocab_size": 300 },
        "model": { "n_layers": 2, "d_model": 32, "n_heads": 2, "n_kv_heads": 1, "d_ff": 64, "context_length": 16 },
        "optimizer": { "batch_size": 4, "micro_batch": 2, "max_steps": 30 },
        "evaluation": { "every_steps": 10, "prompts": [] },
        "threads": 2
    }))
    .unwrap()
}

fn finish(spec: &TrainSpec, job: &Path) -> (PathBuf, f64) {
    let end = train(spec, job, &Control::new(), &mut |_| {}).unwrap();
    let End::Finished(outcome) = end else {
        panic!("the run ends well")
    };
    (
        PathBuf::from(outcome.model_dir),
        outcome.val_loss.finite().unwrap(),
    )
}

#[test]
fn a_finished_model_learns_on_whole_or_by_an_adapter_and_its_folder_is_whole_again() {
    let folder = TempDir::new().unwrap();
    let scratch = spec(folder.path());
    let (base, first_loss) = finish(&scratch, &folder.path().join("scratch"));
    for method in ["continue", "full", "lora"] {
        let mut further = scratch.clone();
        further.method = serde_json::from_value(method.into()).unwrap();
        further.base_model = Some(base.display().to_string());
        further.lora.dropout = 0.1;
        further.optimizer.lr = 5e-3;
        let job = folder.path().join(method);
        let (model, loss) = finish(&further, &job);
        assert!(
            loss < first_loss,
            "{method}: {loss} is less than {first_loss}"
        );
        let data = Path::new(&further.dataset.train);
        let (before, after) = (
            evaluate(&base, data, None, Packing::Auto).unwrap(),
            evaluate(&model, data, None, Packing::Auto).unwrap(),
        );
        assert!(after.loss < before.loss, "{method}: the folder has learned");
        assert_eq!(
            std::fs::read(base.join("tokenizer.json")).unwrap(),
            std::fs::read(model.join("tokenizer.json")).unwrap(),
            "{method}: the base model's tokenizer"
        );
        let params = SamplingParams {
            max_tokens: 4,
            ..SamplingParams::default()
        };
        Generator::load(&model)
            .unwrap()
            .generate("باغ", &params, &mut |_| ControlFlow::Continue(()))
            .unwrap();
        assert_eq!(
            model.join("adapter/adapter_config.json").is_file(),
            method == "lora",
            "{method}: an adapter of its own"
        );
    }
    let job = folder.path().join("lora");
    let adapted = with_adapter(&base, &job.join("final/adapter"), Storage::F32);
    let merged = load(&job.join("final"));
    let tokens: Vec<u32> = (0..12).collect();
    let of = |model: &Model| model.logits(&tokens, &Segments::batch(1, 12)).unwrap();
    assert!(
        worst(&of(&adapted), &of(&merged)) < 1e-4,
        "the adapter over the base is the merged model"
    );
}

#[test]
fn an_adapters_run_broken_off_goes_on_bit_for_bit_with_its_dropout() {
    let folder = TempDir::new().unwrap();
    let scratch = spec(folder.path());
    let (base, _) = finish(&scratch, &folder.path().join("scratch"));
    let mut lora = scratch;
    lora.method = amoozgar_types::spec::Method::Lora;
    lora.base_model = Some(base.display().to_string());
    lora.lora.dropout = 0.2;
    lora.lora.base = amoozgar_types::spec::BaseStorage::Q8;
    finish(&lora, &folder.path().join("whole"));
    let broken = folder.path().join("broken");
    let control = Control::new();
    let end = train(&lora, &broken, &control, &mut |event| {
        if matches!(event, TrainEvent::Step(record) if record.step == 13) {
            control.send(amoozgar_types::event::WorkerCommand::Stop);
        }
    });
    assert!(
        matches!(end.unwrap(), End::Stopped { step: 13, .. }),
        "broken off"
    );
    finish(&lora, &broken);
    let bytes = |job: &str| {
        let adapter = folder.path().join(job).join("final/adapter");
        std::fs::read(adapter.join("adapter_model.safetensors")).unwrap()
    };
    assert!(bytes("whole") == bytes("broken"), "the same bytes");
}

#[test]
fn a_method_without_its_model_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut spec = spec(folder.path());
    spec.method = amoozgar_types::spec::Method::Lora;
    let end = train(
        &spec,
        &folder.path().join("job"),
        &Control::new(),
        &mut |_| {},
    );
    assert!(
        matches!(
            end,
            Err(EngineError::InvalidSpec {
                field: "base_model",
                ..
            })
        ),
        "{end:?}"
    );
}
