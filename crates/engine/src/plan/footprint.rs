//! How much memory a run takes, from its shapes alone: weights, gradients, moments, and what lies
//! between a forward and its backward pass under each policy.
//!
//! Activations are counted as the most buffers of each width that live at once.

use crate::EngineError;
use crate::gguf::Gguf;
use crate::kernels::delta_rule::KEPT_EVERY;
use crate::kernels::quantized;
use crate::memory;
use crate::model::{self, ModelConfig, NormPlacement, as_stored};
use crate::plan::small_text;
use crate::setup::{base_model, config_of, lora_of, storage_of};
use crate::tape::Policy;
use crate::threads;
use crate::train::optimizer::memory_bytes;
use crate::weights::Storage;
use amoozgar_types::TrainSpec;
use amoozgar_types::event::KeptActivations;
use amoozgar_types::spec::Method;

/// Bytes of an f32.
const F32: u64 = 4;
/// Logits and their inputs while the loss is computed, in bytes; see `kernels::cross_entropy`.
const LOSS_BYTES: u64 = 20 << 20;
/// What a worker holds beside the model: code, tokenizer, threads, and on Linux the window's libraries,
/// which the application's one executable brings and of which 30 to 40 MiB are in memory.
const BASE_BYTES: u64 = 56 << 20;
/// What the allocator holds for what comes and goes in a step, as a multiple of the most that is there at
/// once: buffers just given back, and gaps too small for the next. Four runs held 1.16 to 1.24 times it.
const HELD: f64 = 1.2;
/// Share of the free memory that a run may take.
const USABLE: f64 = 0.8;

/// Memory of a run, by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// Weights as they are kept.
    pub(crate) weights: u64,
    /// What the optimizer remembers of the trained ones.
    pub(crate) moments: u64,
    /// Gradients and what lies between forward and backward, where the sum of both is largest.
    pub(crate) passing: u64,
    /// The whole model in f32, into which an adapter is merged once training is over.
    pub(crate) merged: u64,
}

impl Footprint {
    /// The peak.
    pub(crate) fn total(self) -> u64 {
        let passing = (self.passing as f64 * HELD) as u64;
        BASE_BYTES + self.weights + self.moments + (LOSS_BYTES + passing).max(self.merged)
    }
}

/// The memory of a run with `micro_batch` sequences at a time under `policy`.
pub(crate) fn footprint(
    spec: &TrainSpec,
    config: &ModelConfig,
    micro_batch: usize,
    policy: Policy,
) -> Footprint {
    let n_sequences = micro_batch * spec.sequences_at_once();
    let n_rows = (n_sequences * spec.model.context_length) as u64;
    let shapes = trained_shapes(spec, config);
    let kind = spec.optimizer.kind;
    let gradients: u64 = shapes.iter().map(|shape| of_shape(shape) * F32).sum();
    let (kept, going_back) = row_values(spec, config, policy);
    let kept = n_rows * kept * F32;
    // A block's gradients come as what was kept for it goes. Where they add up over micro-batches,
    // they are there throughout; else only the head's is, as the way back begins.
    let together = if micro_batch < spec.optimizer.batch_size {
        kept + gradients
    } else {
        gradients.max(kept + head_gradient(spec, config))
    };
    Footprint {
        weights: weights_bytes(spec, config),
        moments: shapes
            .iter()
            .map(|shape| memory_bytes(kind, shape) as u64)
            .sum(),
        passing: together + n_rows * going_back * F32 + scratch_bytes(spec, config),
        merged: if spec.method == Method::Lora {
            model::n_parameters(config) * F32
        } else {
            0
        },
    }
}

/// Weights that a run trains.
pub(crate) fn n_trained(spec: &TrainSpec, config: &ModelConfig) -> u64 {
    if spec.method == Method::Lora {
        adapter_shapes(spec, config)
            .iter()
            .map(|shape| shape.iter().product::<usize>() as u64)
            .sum()
    } else {
        model::n_parameters(config)
    }
}

/// The fastest policy whose memory is free now; the leanest where none is. A machine that does not
/// tell gets the one that costs little and saves much.
pub(crate) fn choose_policy(spec: &TrainSpec, config: &ModelConfig, micro_batch: usize) -> Policy {
    policy_within(spec, config, micro_batch, memory::available_to(spec))
}

/// [`choose_policy`] where `available` bytes are free.
pub(crate) fn policy_within(
    spec: &TrainSpec,
    config: &ModelConfig,
    micro_batch: usize,
    available: Option<u64>,
) -> Policy {
    let Some(available) = available else {
        return Policy::RecomputeCheap;
    };
    // What is cheap to compute again costs a hundredth of the time and saves a third of the memory:
    // keeping it as well is worth no gibibyte.
    [
        Policy::RecomputeCheap,
        Policy::RecomputeBlock,
        Policy::RecomputeGroup,
    ]
    .into_iter()
    .find(|&policy| {
        footprint(spec, config, micro_batch, policy).total() as f64 <= USABLE * available as f64
    })
    .unwrap_or(Policy::RecomputeGroup)
}

/// The policy in the words of events.
pub(crate) fn told(policy: Policy) -> KeptActivations {
    match policy {
        Policy::Keep => KeptActivations::All,
        Policy::RecomputeCheap => KeptActivations::Costly,
        Policy::RecomputeBlock => KeptActivations::BlockInputs,
        Policy::RecomputeGroup => KeptActivations::GroupInputs,
    }
}

fn of_shape(shape: &[usize]) -> u64 {
    shape.iter().product::<usize>() as u64
}

/// Shapes of what is trained.
fn trained_shapes(spec: &TrainSpec, config: &ModelConfig) -> Vec<Vec<usize>> {
    if spec.method == Method::Lora {
        return adapter_shapes(spec, config);
    }
    let all = model::shapes(config).into_iter();
    all.map(|(_, shape)| shape).collect()
}

/// Bytes of the weights as they are kept.
fn weights_bytes(spec: &TrainSpec, config: &ModelConfig) -> u64 {
    let shapes = model::shapes(config);
    let shapes = shapes.iter().map(|(_, shape)| shape.as_slice());
    if spec.method != Method::Lora {
        return shapes.map(|shape| of_shape(shape) * F32).sum();
    }
    let storage = storage_of(spec);
    let in_file = match storage {
        Storage::File => in_file_bytes(spec),
        _ => None,
    };
    let frozen: u64 =
        in_file.unwrap_or_else(|| shapes.map(|shape| stored_bytes(shape, storage)).sum());
    let adapters = adapter_shapes(spec, config);
    frozen
        + adapters
            .iter()
            .map(|shape| of_shape(shape) * F32)
            .sum::<u64>()
}

/// Bytes of the head's gradient, which is there before any block's.
fn head_gradient(spec: &TrainSpec, config: &ModelConfig) -> u64 {
    if spec.method == Method::Lora || !config.is_decoder() {
        return 0;
    }
    (config.vocab_size * config.hidden_size) as u64 * F32
}

/// Bytes of the base model's GGUF file, where it is one that can be read. What is no weight in it is little.
fn in_file_bytes(spec: &TrainSpec) -> Option<u64> {
    let file = model::in_gguf(base_model(spec).ok()??).ok()??;
    Some(Gguf::open(&file).ok()?.n_bytes())
}

/// Bytes of a frozen weight, as `Weight::store` keeps it.
fn stored_bytes(shape: &[usize], storage: Storage) -> u64 {
    let n = shape.iter().product::<usize>() as u64;
    let &[_, width] = shape else { return n * F32 };
    let blocks = n / quantized::BLOCK as u64;
    match storage {
        Storage::F32 | Storage::File => n * F32,
        Storage::Q8 if width.is_multiple_of(quantized::BLOCK) => {
            blocks * size_of::<quantized::BlockQ8>() as u64
        }
        Storage::Q4 if width.is_multiple_of(quantized::BLOCK) => {
            blocks * size_of::<quantized::BlockQ4>() as u64
        }
        Storage::Bf16 | Storage::Q8 | Storage::Q4 => n * 2,
    }
}

/// Shapes of the adapters' two matrices for every adapted map.
fn adapter_shapes(spec: &TrainSpec, config: &ModelConfig) -> Vec<Vec<usize>> {
    let lora = lora_of(spec);
    model::block_maps(config)
        .into_iter()
        .filter(|(path, _)| lora.adapts(path))
        .flat_map(|(_, [n_out, n_in])| [vec![lora.rank, n_in], vec![n_out, lora.rank]])
        .collect()
}

/// f32 values of a row (a token) in what mixes the tokens of a block.
struct MixerValues {
    /// What is kept where cheap values are computed again.
    costly: u64,
    /// What is cheap to compute again.
    cheap: u64,
    /// The most that is there while it goes back, beside both.
    going_back: u64,
}

/// The values of block `layer`.
fn mixer_values(config: &ModelConfig, layer: usize) -> MixerValues {
    if let Some(linear) = config.linear_attention(layer) {
        let heads = linear.heads;
        let (qkv, values) = (heads.qkv_width() as u64, heads.out_width() as u64);
        // One state of all heads for so many tokens.
        let states = (heads.state_len() / KEPT_EVERY) as u64;
        // Before the convolution; the gate, what is read of the states, two inputs and one deviation a head.
        return MixerValues {
            costly: qkv + 2 * values + states + 3 * heads.n_value_heads as u64,
            cheap: qkv + 2 * values,
            going_back: 3 * qkv + 2 * values,
        };
    }
    let q = (config.num_attention_heads * config.head_dim) as u64;
    let kv = (config.num_key_value_heads * config.head_dim) as u64;
    let head_norms = u64::from(config.facts().head_norms);
    let gate = u64::from(config.attention.output_gate) * q;
    // Queries, keys, values, what attention mixed, one value a head. A gate comes with the queries, and both
    // are copied apart; its product is cheap.
    MixerValues {
        costly: 2 * q + 2 * kv + config.num_attention_heads as u64 + gate,
        cheap: head_norms * (q + kv) + 3 * gate,
        going_back: 3 * gate,
    }
}

/// Bytes that threads compute in while linear attention goes back.
fn scratch_bytes(spec: &TrainSpec, config: &ModelConfig) -> u64 {
    let Some(linear) = &config.attention.linear else {
        return 0;
    };
    let of_head = (linear.heads.key_dim * linear.heads.value_dim) as u64;
    (threads::count(spec.threads) * KEPT_EVERY) as u64 * of_head * F32
}

/// f32 values that a row (a token) of the micro-batch takes: kept between forward and backward, and while
/// one block goes back.
fn row_values(spec: &TrainSpec, config: &ModelConfig, policy: Policy) -> (u64, u64) {
    let d = config.hidden_size as u64;
    let ff = config.intermediate_size as u64;
    let facts = config.facts();
    let gated = u64::from(facts.activation.is_gated());
    // What attention and the hidden layer give is kept for the norms behind them; the sums are cheap.
    let behind = u64::from(facts.norms == NormPlacement::Around) * d;
    let inner = if spec.method == Method::Lora {
        let adapted = adapter_shapes(spec, config).len() / 2;
        (adapted * spec.lora.rank / config.num_hidden_layers.max(1)) as u64
    } else {
        0
    };
    // Input, the first sum; what goes into the hidden layer's activation; one value a row for norms.
    let costly = 2 * d + (1 + gated) * ff + inner + 4 + behind;
    let cheap = 2 * d + ff + behind;
    // While one block goes back: its values computed again, the hidden layer's gradients, and those
    // of the residual stream.
    let hidden_back = (2 + 2 * gated) * ff;
    let mixers = (0..config.num_hidden_layers).map(|layer| mixer_values(config, layer));
    let (mut kept, mut all_kept, mut going_back, mut of_one) = (0, 0, 0, 0);
    for mixer in mixers {
        let (costly, cheap) = (costly + mixer.costly, cheap + mixer.cheap);
        let back = 5 * d + hidden_back.max(mixer.going_back);
        kept += costly;
        all_kept += costly + cheap;
        going_back = going_back.max(back);
        of_one = of_one.max(costly + cheap + back - ff);
    }
    let n_blocks = config.num_hidden_layers as u64;
    match policy {
        Policy::Keep => (all_kept, going_back - ff),
        Policy::RecomputeCheap => (kept, going_back),
        Policy::RecomputeBlock => (n_blocks * d, of_one),
        Policy::RecomputeGroup => {
            let group = (config.num_hidden_layers as f64).sqrt().round().max(1.0) as u64;
            let inputs = n_blocks.div_ceil(group) + group;
            (inputs * d, of_one)
        }
    }
}

/// What a specification's model is, where nothing is read but its configuration, a small text, and of a base
/// model what [`crate::open`] asks its weights too: whether its head is its embedding.
pub(crate) fn config_before_start(spec: &TrainSpec) -> Result<ModelConfig, EngineError> {
    // How many classes there are hardly matters.
    let labels = ["0".to_owned(), "1".to_owned()];
    let known = small_text::known(spec);
    let vocab_size = known.map_or(spec.tokenizer.vocab_size, |known| known.vocab_size);
    let config = config_of(spec, vocab_size, 0, &labels)?;
    match base_model(spec)? {
        Some(folder) => as_stored(config, folder),
        None => Ok(config),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::config_before_start;
    use crate::LoadOptions;
    use crate::model::n_parameters;
    use amoozgar_types::TrainSpec;
    use candle_core::{Device, safetensors};
    use std::path::Path;

    #[test]
    fn an_estimate_counts_the_head_that_a_tied_model_stores_beside_its_embedding() {
        let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/llama-tied");
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        std::fs::copy(reference.join("config.json"), dir.join("config.json")).unwrap();
        let weights = reference.join("model.safetensors");
        let mut weights = safetensors::load(weights, &Device::Cpu).unwrap();
        let head = weights["model.embed_tokens.weight"]
            .affine(2.0, 0.0)
            .unwrap();
        weights.insert("lm_head.weight".to_owned(), head);
        safetensors::save(&weights, dir.join("model.safetensors")).unwrap();

        let opened = crate::open(dir, &LoadOptions::default()).unwrap();
        let mut spec: TrainSpec = serde_json::from_value(serde_json::json!({
            "method": "full", "dataset": { "train": dir.join("text.txt") }
        }))
        .unwrap();
        spec.base_model = Some(dir.display().to_string());
        spec.model.context_length = 8;
        let foreseen = config_before_start(&spec).unwrap();
        assert!(!foreseen.tie_word_embeddings, "the head was trained apart");
        assert_eq!(n_parameters(&foreseen), n_parameters(opened.model.config()));
    }
}
