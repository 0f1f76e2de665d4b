//! Low-rank adapters over frozen weights (Hu et al., 2021), as PEFT keeps them.

use super::{ModelConfig, Network};
use crate::EngineError;
use crate::kernels::gemm::{Spread, View, gemm};
use crate::random::Keyed;
use crate::tape::Adapter;
use crate::weights::adapter::{AdapterConfig, Held, OnMap, PREFIX};
use crate::weights::{Layout, Parameter, Parameters, Role, Storage, Weight};
use std::collections::{BTreeMap, BTreeSet};

/// A head of its own.
const HEAD: &str = "lm_head.weight";

/// Freezes `parameters`, keeping the matrices as `storage`, and gives every map that `config` names a
/// fresh adapter: `A` uniform as PEFT draws it, `B` zero, so that nothing changes at first. Answers
/// with the names of the adapted maps' last parts.
///
/// # Errors
/// Where `config` names no map of the model, or a rank of 0.
pub(super) fn adapt(
    network: &mut Network,
    parameters: &mut Parameters,
    config: &AdapterConfig,
    storage: Storage,
    seed: u64,
) -> Result<Vec<String>, EngineError> {
    let invalid = |detail: String| EngineError::InvalidSpec {
        field: "lora",
        detail,
    };
    let lora = &config.lora;
    if lora.rank == 0 {
        return Err(invalid("the rank must be positive".to_owned()));
    }
    parameters.freeze(storage);
    let mut adapted: Vec<String> = Vec::new();
    for linear in network.linears_mut() {
        let base = parameters.get(linear.weight);
        let path = base.name.trim_end_matches(".weight").to_owned();
        let Some(OnMap { rank, scale }) = config.on_map(&path).map_err(invalid)? else {
            continue;
        };
        let n_out = base.shape.first().copied().unwrap_or(0);
        let names = ["A", "B"].map(|part| format!("{PREFIX}{path}.lora_{part}.weight"));
        // Parts of one joint matrix share its adapter.
        let known = (parameters.id(&names[0]), parameters.id(&names[1]));
        let ids = if let (Ok(a), Ok(b)) = known {
            [a, b]
        } else {
            let [a, b] = fresh(&names, rank, linear.n_in, n_out, seed);
            [parameters.add(a), parameters.add(b)]
        };
        linear.adapter = Some(Adapter {
            a: ids[0],
            b: ids[1],
            rank,
            scale: scale as f32,
            dropout: lora.dropout as f32,
            site: Keyed::new(0, &names[0]).bits(0),
        });
        adapted.extend(path.rsplit('.').next().map(str::to_owned));
    }
    adapted.sort();
    adapted.dedup();
    if adapted.is_empty() {
        let named = lora.targets.join("`, `");
        return Err(invalid(format!("the model has no `{named}`")));
    }
    Ok(adapted)
}

/// `A` is uniform in `±1 / sqrt(n_in)`, as `kaiming_uniform_` with `a = sqrt(5)` gives; `B` is zero.
fn fresh(
    [name_a, name_b]: &[String; 2],
    rank: usize,
    n_in: usize,
    n_out: usize,
    seed: u64,
) -> [Parameter; 2] {
    let stream = Keyed::new(seed, name_a);
    let bound = 1.0 / (n_in as f64).sqrt();
    let values = (0..(rank * n_in) as u64)
        .map(|index| ((2.0 * stream.uniform(index) - 1.0) * bound) as f32)
        .collect();
    let parameter = |name: &String, shape: Vec<usize>, values| Parameter {
        name: name.clone(),
        shape,
        weight: Weight::F32(values),
        layout: Layout::Plain,
        role: Role::Trained,
    };
    [
        parameter(name_a, vec![rank, n_in], values),
        parameter(name_b, vec![n_out, rank], vec![0.0; n_out * rank]),
    ]
}

/// Puts the whole weights among `values` (by PEFT's names) in the place of the model's, which are not frozen
/// yet; what is left are the matrices of maps. The error says what does not fit.
pub(super) fn put_whole(
    model: &ModelConfig,
    parameters: &mut Parameters,
    config: &AdapterConfig,
    values: &mut BTreeMap<String, Held>,
) -> Result<(), String> {
    let embedding = model.architecture.family().embedding();
    let (own, head) = (format!("{PREFIX}{embedding}"), format!("{PREFIX}{HEAD}"));
    if model.tie_word_embeddings {
        let is_one = match (values.get(&own), values.get(&head)) {
            (None, None) => true,
            (Some(one), Some(other)) => one.shape == other.shape && one.values == other.values,
            (Some(_), None) => config.keeps_tie,
            (None, Some(_)) => false,
        };
        if !is_one {
            return Err(format!(
                "`{embedding}` is the head too, and the adapter changes one of both alone (`modules_to_save`), which is not supported"
            ));
        }
        values.remove(&head);
    }
    let whole: Vec<String> = values
        .keys()
        .filter(|name| !name.contains(".lora_"))
        .cloned()
        .collect();
    for key in whole {
        // A bias that is trained beside a map's matrices stands in what PEFT calls its base layer.
        let name = key.strip_prefix(PREFIX).unwrap_or(&key);
        let name = name.replace(".base_layer.bias", ".bias");
        if !config.holds(&name)? {
            return Err(format!("it holds `{name}`, which its settings do not name"));
        }
        let Ok(id) = parameters.id(&name) else {
            return Err(format!("the model has no place for `{key}`"));
        };
        must_fit(&name, values.get(&key), &parameters.get(id).file_shape())?;
        if let Some(held) = values.remove(&key) {
            let fails = parameters.set(&name, held.values);
            fails.map_err(|failure| failure.to_string())?;
        }
    }
    Ok(())
}

/// Refuses a weight of another shape than the model's.
pub(super) fn must_fit(name: &str, held: Option<&Held>, shape: &[usize]) -> Result<(), String> {
    match held {
        Some(held) if held.shape == shape => Ok(()),
        Some(held) => Err(format!(
            "`{name}` is {:?}, the model takes {shape:?}: it was made for another model",
            held.shape
        )),
        None => Err(format!("the weight `{name}` is missing")),
    }
}

/// A map with an adapter on it.
pub(crate) struct AdaptedMap<'a> {
    /// The map's path, as `model.layers.0.self_attn.q_proj`.
    pub(crate) path: &'a str,
    /// (R, I).
    pub(crate) a: &'a Parameter,
    /// (O, R).
    pub(crate) b: &'a Parameter,
    /// What `B A` is multiplied by.
    pub(crate) scale: f32,
}

impl AdaptedMap<'_> {
    /// The alpha of this scale where it is `alpha / rank`.
    pub(crate) fn alpha(&self) -> f32 {
        self.scale * self.a.shape.first().copied().unwrap_or(1) as f32
    }
}

/// The adapted maps, parts of a joint matrix as one.
pub(super) fn adapters<'a>(network: &Network, parameters: &'a Parameters) -> Vec<AdaptedMap<'a>> {
    let mut seen = BTreeSet::new();
    let adapted = network
        .linears()
        .filter_map(|map| Some((map, map.adapter.as_ref()?)));
    adapted
        .filter(|(_, adapter)| seen.insert(adapter.a))
        .map(|(map, adapter)| AdaptedMap {
            path: parameters.get(map.weight).name.trim_end_matches(".weight"),
            a: parameters.get(adapter.a),
            b: parameters.get(adapter.b),
            scale: adapter.scale,
        })
        .collect()
}

/// Adds to every adapted map's rows what its adapter adds to it, `scale * B A`, in f32; the adapters
/// are gone then.
pub(super) fn merge(network: &mut Network, parameters: &mut Parameters) {
    for linear in network.linears_mut() {
        let Some(adapter) = linear.adapter.take() else {
            continue;
        };
        let mut weight = parameters.get(linear.weight).weight.to_f32();
        let rows = linear.rows.start * linear.n_in..linear.rows.end * linear.n_in;
        let b = &parameters.vector(adapter.b)
            [linear.rows.start * adapter.rank..linear.rows.end * adapter.rank];
        gemm(
            &mut weight[rows],
            View::new(b, linear.rows.len(), adapter.rank),
            View::new(parameters.vector(adapter.a), adapter.rank, linear.n_in),
            adapter.scale,
            1.0,
            Spread::Pool,
        );
        parameters.replace(linear.weight, Weight::F32(weight));
    }
    parameters.retain_before(PREFIX);
}
