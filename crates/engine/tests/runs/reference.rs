//! Every architecture against what `PyTorch` computes (tests/reference, written by transformers and
//! PEFT), under every policy of what is kept between forward and backward.

use amoozgar_engine::kernels::cross_entropy::{IGNORE, Loss};
use amoozgar_engine::kernels::segments::Segments;
use amoozgar_engine::model::{Batch, Model, StepContext};
use amoozgar_engine::tape::{Gradients, Policy};
use amoozgar_engine::train::optimizer::{Decayed, Optimizer, OptimizerConfig, clip_factor};
use amoozgar_engine::weights::Storage;
use amoozgar_engine::weights::adapter::{LoraConfig, Scaling};
use amoozgar_engine::{KvCache, LoadOptions, open};
use amoozgar_types::spec::OptimizerKind;
use candle_core::{DType, Device, Tensor};
use std::collections::HashMap;
use std::path::PathBuf;

const DECODERS: [&str; 14] = [
    "llama",
    "llama-tied",
    "llama3-rope",
    "llama-yarn",
    "llama-biases",
    "qwen2",
    "qwen3",
    "qwen3_5",
    "mistral",
    "phi3",
    "phi3-part",
    "smollm3",
    "gemma3",
    "gpt2",
];
const ALL: [&str; 24] = [
    "llama",
    "llama-tied",
    "llama3-rope",
    "llama-yarn",
    "llama-biases",
    "qwen2",
    "qwen3",
    "qwen3_5",
    "mistral",
    "phi3",
    "phi3-part",
    "smollm3",
    "gemma3",
    "gpt2",
    "bert",
    "bert-tokens",
    "roberta",
    "xlm-roberta",
    "distilbert",
    "modernbert",
    "modernbert-mean",
    "lora",
    "qwen3_5-lora",
    "lora-phi3",
];

struct Reference {
    name: &'static str,
    model: Model,
    batch: Batch,
    tensors: HashMap<String, Tensor>,
    json: serde_json::Value,
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name)
}

fn tensors(name: &str) -> HashMap<String, Tensor> {
    candle_core::safetensors::load(folder(name).join("reference.safetensors"), &Device::Cpu)
        .unwrap()
}

/// The model and its batch; those with `lora` in their names are adapters over the model and the batch of another.
fn load(name: &'static str) -> Reference {
    let base = match name {
        "lora" => "llama",
        "lora-phi3" => "phi3",
        "qwen3_5-lora" => "qwen3_5",
        whole => whole,
    };
    let adapter = folder(name);
    let options = LoadOptions {
        adapter: (base != name).then_some(&adapter),
        ..LoadOptions::default()
    };
    let model = open(&folder(base), &options).unwrap().model;
    let json = serde_json::from_slice(&std::fs::read(folder(name).join("reference.json")).unwrap());
    Reference {
        name,
        batch: batch(&tensors(base)),
        model,
        tensors: tensors(name),
        json: json.unwrap(),
    }
}

/// Rows of whole sequences; of a padded batch only what the mask shows, packed.
fn batch(tensors: &HashMap<String, Tensor>) -> Batch {
    let ids: Vec<Vec<u32>> = tensors["input_ids"]
        .to_dtype(DType::U32)
        .unwrap()
        .to_vec2()
        .unwrap();
    if let Some(mask) = tensors.get("attention_mask") {
        let mask: Vec<Vec<i64>> = mask.to_vec2().unwrap();
        let lengths: Vec<usize> = mask
            .iter()
            .map(|row| row.iter().filter(|&&seen| seen == 1).count())
            .collect();
        // Of each row a label, or of each of its tokens.
        let labels: Vec<i64> = match tensors["labels"].rank() {
            1 => tensors["labels"].to_vec1().unwrap(),
            _ => shown(&tensors["labels"].to_vec2().unwrap(), &lengths),
        };
        return Batch {
            tokens: shown(&ids, &lengths),
            segments: Segments::packed(&lengths),
            targets: labels.iter().map(|&label| target(label)).collect(),
        };
    }
    let labels: Vec<Vec<i64>> = tensors["labels"].to_vec2().unwrap();
    // Each row predicts the label after it.
    let targets = labels.iter().flat_map(|row| {
        let shifted = row[1..].iter().map(|&label| target(label));
        shifted.chain([IGNORE]).collect::<Vec<_>>()
    });
    Batch {
        targets: targets.collect(),
        segments: Segments::batch(ids.len(), ids[0].len()),
        tokens: ids.concat(),
    }
}

/// Of each row as much as its length.
fn shown<T: Clone>(rows: &[Vec<T>], lengths: &[usize]) -> Vec<T> {
    let rows = rows.iter().zip(lengths);
    rows.flat_map(|(row, &len)| row[..len].to_vec()).collect()
}

fn target(label: i64) -> u32 {
    match label {
        -100 => IGNORE,
        label => label as u32,
    }
}

impl Reference {
    fn gradients(&self, policy: Policy) -> (f64, Gradients) {
        let mut gradients = Gradients::new(&self.model.parameters);
        let step = StepContext {
            policy,
            scale: 1.0 / self.batch.n_targets() as f32,
            dropout: None,
        };
        let loss = self
            .model
            .gradients(&self.batch, &step, &mut gradients)
            .unwrap();
        (mean(loss), gradients)
    }
}

fn mean(loss: Loss) -> f64 {
    loss.sum_nll / loss.n_targets as f64
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// The logits; of padded rows that each token has some of, those that the mask shows.
fn logits(tensors: &HashMap<String, Tensor>) -> Vec<f32> {
    let all = &tensors["logits"];
    let Some(mask) = tensors.get("attention_mask").filter(|_| all.rank() == 3) else {
        return values(all);
    };
    let mask: Vec<Vec<i64>> = mask.to_vec2().unwrap();
    let rows: Vec<Vec<Vec<f32>>> = all.to_vec3().unwrap();
    let seen = rows.into_iter().zip(mask).flat_map(|(row, mask)| {
        let seen = row.into_iter().zip(mask);
        seen.filter(|(_, seen)| *seen == 1)
            .map(|(logits, _)| logits)
    });
    seen.flatten().collect()
}

fn norm(values: &[f32]) -> f32 {
    values.iter().map(|value| value * value).sum::<f32>().sqrt()
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "as many values");
    let differences: Vec<f32> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    norm(&differences)
}

#[test]
fn logits_and_loss_agree_with_pytorch_to_a_hundred_thousandth() {
    for name in ALL {
        let reference = load(name);
        let batch = &reference.batch;
        let ours = reference
            .model
            .logits(&batch.tokens, &batch.segments)
            .unwrap();
        let theirs = logits(&reference.tensors);
        let scale = theirs
            .iter()
            .fold(1.0_f32, |most, value| most.max(value.abs()));
        let worst = ours
            .iter()
            .zip(&theirs)
            .fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(
            ours.len() == theirs.len() && worst <= 1e-5 * scale,
            "{name}: logits differ by {worst}"
        );
        let loss = mean(reference.model.loss(batch).unwrap());
        let expected = reference.json["loss"].as_f64().unwrap();
        assert!(
            (loss - expected).abs() <= 1e-5 * expected,
            "{name}: loss {loss}, not {expected}"
        );
    }
}

#[test]
fn every_weight_has_the_gradient_that_pytorch_computes_under_every_policy() {
    for name in ALL {
        let reference = load(name);
        let n_theirs = reference
            .tensors
            .keys()
            .filter(|name| name.starts_with("grad."))
            .count();
        for policy in Policy::ALL {
            let (loss, gradients) = reference.gradients(policy);
            let expected = reference.json["loss"].as_f64().unwrap();
            assert!(
                (loss - expected).abs() <= 1e-5 * expected,
                "{name}, {policy:?}: loss {loss}, not {expected}"
            );
            let mut n_ours = 0;
            for (id, parameter) in reference.model.parameters.trained() {
                let ours = parameter.in_file_order(gradients.get(id).unwrap().to_vec());
                let theirs = values(&reference.tensors[&format!("grad.{}", parameter.name)]);
                let off = distance(&ours, &theirs);
                // Keys' biases move every score of a query alike: their true gradient is zero, and
                // what both compute is rounding, below the floor.
                let size = norm(&theirs).max(1e-3);
                assert!(
                    off <= 1e-4 * size,
                    "{name}, {policy:?}: the gradient of `{}` is {off} off a norm of {size}",
                    parameter.name
                );
                n_ours += 1;
            }
            assert_eq!(n_ours, n_theirs, "{name}: as many gradients");
        }
    }
}

/// The losses before each of as many steps as `n`, on the model's own batch.
fn curve(reference: &mut Reference, kind: OptimizerKind, policy: Policy, n: usize) -> Vec<f64> {
    let config = OptimizerConfig {
        kind,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weight_decay: 0.01,
        decayed: Decayed::All,
    };
    let mut optimizer = Optimizer::new(config, &reference.model.parameters);
    (0..n)
        .map(|_| {
            let (loss, gradients) = reference.gradients(policy);
            let clip = clip_factor(gradients.norm(), 1.0);
            optimizer.step(&mut reference.model.parameters, &gradients, 1e-3, clip);
            loss
        })
        .collect()
}

fn assert_follows(ours: &[f64], theirs: &[serde_json::Value], tolerance: f64, what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}: as many steps");
    for (step, (loss, expected)) in ours.iter().zip(theirs).enumerate() {
        let expected = expected.as_f64().unwrap();
        assert!(
            (loss - expected).abs() <= tolerance * expected,
            "{what}: step {step} has loss {loss}, not {expected}"
        );
    }
}

#[test]
fn twelve_steps_of_adamw_follow_pytorchs_curve() {
    for (name, policy) in ALL.into_iter().zip(Policy::ALL.into_iter().cycle()) {
        let mut reference = load(name);
        let expected = reference.json["curve"].as_array().unwrap().clone();
        let ours = curve(&mut reference, OptimizerKind::AdamW, policy, expected.len());
        assert_follows(&ours, &expected, 1e-4, name);
    }
}

/// tests/reference/adafactor.json, written by adafactor.py beside it.
#[test]
fn twelve_steps_of_adafactor_follow_transformers_curve() {
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder("adafactor.json")).unwrap()).unwrap();
    for name in ["llama", "gpt2"] {
        let expected = json[name].as_array().unwrap();
        let mut reference = load(name);
        let kind = OptimizerKind::Adafactor;
        let ours = curve(&mut reference, kind, Policy::Keep, expected.len());
        assert_follows(&ours, expected, 1e-4, name);
    }
}

#[test]
fn sixty_steps_with_eight_bit_moments_stay_near_the_curve_of_whole_ones() {
    for name in ["llama", "gpt2"] {
        let whole = curve(&mut load(name), OptimizerKind::AdamW, Policy::Keep, 60);
        let narrow = curve(&mut load(name), OptimizerKind::AdamW8bit, Policy::Keep, 60);
        assert!(
            whole[59] < 0.2 * whole[0],
            "{name}: the loss falls from {} to {}",
            whole[0],
            whole[59]
        );
        for (step, (whole, narrow)) in whole.iter().zip(&narrow).enumerate() {
            assert!(
                (whole - narrow).abs() <= 0.03 * whole,
                "{name}: step {step} has loss {narrow} in 8 bits, {whole} in 32"
            );
        }
    }
}

#[test]
fn policies_give_the_same_bits() {
    for name in ALL {
        let reference = load(name);
        let (_, kept) = reference.gradients(Policy::Keep);
        for policy in Policy::ALL {
            let (_, gradients) = reference.gradients(policy);
            for (id, parameter) in reference.model.parameters.trained() {
                assert_eq!(
                    gradients.get(id),
                    kept.get(id),
                    "{name}, {policy:?}: `{}`",
                    parameter.name
                );
            }
        }
    }
}

#[test]
fn micro_batches_add_up_to_the_gradient_of_the_whole() {
    let encoders = [
        "bert",
        "roberta",
        "xlm-roberta",
        "distilbert",
        "modernbert",
        "modernbert-mean",
    ];
    for name in ["llama", "qwen3_5", "gpt2", "bert-tokens"]
        .into_iter()
        .chain(encoders)
    {
        let reference = load(name);
        let (_, whole) = reference.gradients(Policy::Keep);
        let mut parts = Gradients::new(&reference.model.parameters);
        for (index, span) in reference.batch.segments.iter().enumerate() {
            let targets = if encoders.contains(&name) {
                vec![reference.batch.targets[index]]
            } else {
                reference.batch.targets[span.clone()].to_vec()
            };
            let part = Batch {
                segments: Segments::batch(1, span.len()),
                tokens: reference.batch.tokens[span].to_vec(),
                targets,
            };
            let step = StepContext {
                policy: Policy::RecomputeCheap,
                scale: 1.0 / reference.batch.n_targets() as f32,
                dropout: None,
            };
            reference.model.gradients(&part, &step, &mut parts).unwrap();
        }
        for (id, parameter) in reference.model.parameters.trained() {
            let (whole, parts) = (whole.get(id).unwrap(), parts.get(id).unwrap());
            let off = distance(whole, parts);
            assert!(
                off <= 1e-5 * norm(whole).max(1e-2),
                "{name}: `{}` is {off} off",
                parameter.name
            );
        }
    }
}

#[test]
fn merged_weights_say_what_every_adapted_family_said() {
    let config = LoraConfig {
        rank: 4,
        alpha: 8.0,
        dropout: 0.0,
        targets: Vec::new(),
        scaling: Scaling::Plain,
    };
    for name in DECODERS {
        let Reference {
            mut model, batch, ..
        } = load(name);
        let plain = model.logits(&batch.tokens, &batch.segments).unwrap();
        model.adapt(&config, Storage::F32, 1405).unwrap();
        let of_b: Vec<(String, usize)> = model
            .parameters
            .trained()
            .filter(|(_, weight)| weight.name.contains("lora_B"))
            .map(|(_, weight)| (weight.name.clone(), weight.len()))
            .collect();
        for (name, n) in of_b {
            let values = (0..n).map(|at| ((at * 7 % 11) as f32 - 5.0) * 0.01);
            model.parameters.set(&name, values.collect()).unwrap();
        }
        let adapted = model.logits(&batch.tokens, &batch.segments).unwrap();
        assert!(
            distance(&adapted, &plain) > 0.01 * norm(&plain),
            "{name}: the adapter changes something"
        );
        model.merge();
        let merged = model.logits(&batch.tokens, &batch.segments).unwrap();
        let off = distance(&merged, &adapted);
        assert!(
            off <= 1e-5 * norm(&adapted),
            "{name}: merged weights are {off} off"
        );
    }
}

#[test]
fn greedy_generation_with_a_cache_writes_pytorchs_tokens() {
    for name in DECODERS {
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
            let fresh = &tokens[cache.len()..];
            let logits = reference.model.next_logits(fresh, &mut cache).unwrap();
            let best = (0..logits.len())
                .max_by(|&a, &b| logits[a].total_cmp(&logits[b]))
                .unwrap();
            tokens.push(best as u32);
        }
        assert_eq!(tokens, expected, "{}: greedy tokens", reference.name);
        assert_eq!(
            cache.len(),
            expected.len() - 1,
            "the cache holds every token but the last"
        );
    }
}

#[test]
fn packed_and_padded_sequences_have_the_logits_that_each_has_alone() {
    for name in DECODERS {
        let Reference { model, batch, .. } = load(name);
        let vocab_size = model.config().vocab_size;
        let lengths = [5, 1, 17, 2, 9];
        let longest = 17;
        let starts = lengths.iter().scan(0, |start, len| {
            *start += len;
            Some(*start - len)
        });
        let sequences: Vec<&[u32]> = starts
            .zip(lengths)
            .map(|(start, len)| &batch.tokens[start..start + len])
            .collect();
        let packed = model
            .logits(&sequences.concat(), &Segments::packed(&lengths))
            .unwrap();
        let padded: Vec<u32> = sequences
            .iter()
            .flat_map(|tokens| {
                let rest = std::iter::repeat_n(7, longest - tokens.len());
                tokens.iter().copied().chain(rest)
            })
            .collect();
        let padded = model
            .logits(&padded, &Segments::padded(&lengths, longest))
            .unwrap();
        let mut start = 0;
        for (index, tokens) in sequences.into_iter().enumerate() {
            let alone = model
                .logits(tokens, &Segments::batch(1, tokens.len()))
                .unwrap();
            let size = norm(&alone);
            for (all, row, how) in [
                (&packed, start, "packed"),
                (&padded, index * longest, "padded"),
            ] {
                let ours = &all[row * vocab_size..(row + tokens.len()) * vocab_size];
                let off = distance(ours, &alone);
                assert!(
                    off <= 1e-5 * size,
                    "{name}: sequence {index} {how} is {off} off what it is alone"
                );
            }
            start += tokens.len();
        }
    }
}

#[test]
fn tokens_read_in_pieces_have_the_logits_of_tokens_read_at_once() {
    for name in DECODERS {
        let Reference { model, batch, .. } = load(name);
        let tokens = &batch.tokens[..20];
        let whole = model.next_logits(tokens, &mut KvCache::default()).unwrap();
        for pieces in [vec![1, 19], vec![2, 1, 5, 12], vec![19, 1]] {
            let (mut cache, mut last, mut start) = (KvCache::default(), Vec::new(), 0);
            for len in &pieces {
                let piece = &tokens[start..start + len];
                last = model.next_logits(piece, &mut cache).unwrap();
                start += len;
            }
            let off = distance(&last, &whole);
            assert!(
                off <= 1e-5 * norm(&whole),
                "{name}: pieces of {pieces:?} tokens are {off} off"
            );
        }
    }
}
