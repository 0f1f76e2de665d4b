#![allow(missing_docs, clippy::unwrap_used)]
//! The decoder against what `PyTorch` computes (tests/reference, written by transformers).

use amoozgar_engine::model::{KvCache, Llama, LlamaConfig};
use amoozgar_engine::optimizer::{AdamW, AdamWConfig, Decayed, Gradients};
use candle_core::{Device, Tensor, Var};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

struct Reference {
    config: LlamaConfig,
    variables: BTreeMap<String, Var>,
    model: Llama,
    tensors: HashMap<String, Tensor>,
    json: serde_json::Value,
}

fn load(name: &str) -> Reference {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name);
    let config = LlamaConfig::load(&folder).unwrap();
    let variables: BTreeMap<String, Var> = Llama::read_weights(&config, &folder)
        .unwrap()
        .into_iter()
        .map(|(name, tensor)| (name, Var::from_tensor(&tensor).unwrap()))
        .collect();
    let model = Llama::over_variables(&config, &variables, 128).unwrap();
    let tensors =
        candle_core::safetensors::load(folder.join("reference.safetensors"), &Device::Cpu).unwrap();
    let json =
        serde_json::from_slice(&std::fs::read(folder.join("reference.json")).unwrap()).unwrap();
    Reference {
        config,
        variables,
        model,
        tensors,
        json,
    }
}

impl Reference {
    /// Mean loss over the labels that are not -100, each predicted by the position before.
    fn loss(&self) -> Tensor {
        let ids = self.tensors["input_ids"]
            .to_dtype(candle_core::DType::U32)
            .unwrap();
        let labels: Vec<Vec<i64>> = self.tensors["labels"].to_vec2().unwrap();
        let (mut rows, mut targets) = (Vec::new(), Vec::new());
        let t = ids.dim(1).unwrap();
        for (b, row) in labels.iter().enumerate() {
            for (position, &label) in row.iter().enumerate().skip(1) {
                if label >= 0 {
                    rows.push((b * t + position - 1) as u32);
                    targets.push(label as u32);
                }
            }
        }
        let n = rows.len();
        let logits = self.model.forward(&ids).unwrap();
        let chosen = logits
            .index_select(&Tensor::from_vec(rows, n, &Device::Cpu).unwrap(), 0)
            .unwrap();
        let targets = Tensor::from_vec(targets, n, &Device::Cpu).unwrap();
        amoozgar_engine::ops::nll(&chosen, &targets)
            .unwrap()
            .mean_all()
            .unwrap()
    }
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn logits_and_loss_agree_with_pytorch_to_a_hundred_thousandth() {
    for name in ["llama", "llama-tied"] {
        let reference = load(name);
        let ids = reference.tensors["input_ids"]
            .to_dtype(candle_core::DType::U32)
            .unwrap();
        let ours = values(&reference.model.forward(&ids).unwrap());
        let theirs = values(&reference.tensors["logits"]);
        let scale = theirs
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        let worst = ours
            .iter()
            .zip(&theirs)
            .fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(
            worst <= 1e-5 * scale.max(1.0),
            "{name}: logits differ by {worst}"
        );
        let loss = reference.loss().to_scalar::<f32>().unwrap();
        let expected = reference.json["loss"].as_f64().unwrap();
        assert!(
            (f64::from(loss) - expected).abs() <= 1e-5 * expected,
            "{name}: loss {loss}, not {expected}"
        );
    }
}

#[test]
fn every_weight_has_the_gradient_that_pytorch_computes() {
    for name in ["llama", "llama-tied"] {
        let reference = load(name);
        let grads = reference.loss().backward().unwrap();
        for (weight, variable) in &reference.variables {
            let ours =
                values(grads.get(variable).unwrap_or_else(|| {
                    panic!("{name}: `{weight}` has no gradient: the graph is cut")
                }));
            let theirs = values(&reference.tensors[&format!("grad.{weight}")]);
            let norm = theirs.iter().map(|value| value * value).sum::<f32>().sqrt();
            let distance = ours
                .iter()
                .zip(&theirs)
                .map(|(a, b)| (a - b) * (a - b))
                .sum::<f32>()
                .sqrt();
            assert!(
                distance <= 1e-4 * norm,
                "{name}: the gradient of `{weight}` is {distance} off a norm of {norm}"
            );
        }
    }
}

#[test]
fn twelve_steps_of_adamw_follow_pytorchs_curve() {
    for name in ["llama", "llama-tied"] {
        let reference = load(name);
        let config = AdamWConfig {
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.01,
            decayed: Decayed::All,
        };
        let mut optimizer = AdamW::new(config, &reference.variables);
        for (step, expected) in reference.json["curve"]
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
        {
            let loss = reference.loss();
            let (ours, theirs) = (
                f64::from(loss.to_scalar::<f32>().unwrap()),
                expected.as_f64().unwrap(),
            );
            assert!(
                (ours - theirs).abs() <= 1e-4 * theirs,
                "{name}: step {step} has loss {ours}, not {theirs}"
            );
            let mut gradients = Gradients::default();
            gradients
                .add(&reference.variables, &loss.backward().unwrap(), 1.0)
                .unwrap();
            let scale = (1.0 / (gradients.norm() + 1e-6)).min(1.0);
            optimizer
                .step(&reference.variables, &gradients, 1e-3, scale)
                .unwrap();
        }
    }
}

#[test]
fn greedy_generation_with_a_cache_writes_pytorchs_tokens() {
    for name in ["llama", "llama-tied"] {
        let reference = load(name);
        let expected: Vec<u32> = reference.json["greedy"]
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_u64().unwrap() as u32)
            .collect();
        let mut tokens = expected[..4].to_vec();
        let mut cache = KvCache::default();
        while tokens.len() < expected.len() {
            let fresh = tokens[cache.len()..].to_vec();
            let n = fresh.len();
            let input = Tensor::from_vec(fresh, (1, n), &Device::Cpu).unwrap();
            let logits = values(&reference.model.next_logits(&input, &mut cache).unwrap());
            let best = (0..logits.len())
                .max_by(|&a, &b| logits[a].total_cmp(&logits[b]))
                .unwrap();
            tokens.push(best as u32);
        }
        assert_eq!(tokens, expected, "{name}: greedy tokens");
        assert_eq!(
            cache.len(),
            expected.len() - 1,
            "the cache holds every token but the last"
        );
        assert_eq!(reference.config.vocab_size, 320, "the fixture's vocabulary");
    }
}
