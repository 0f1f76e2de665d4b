//! The fields of a `config.json` that no family reads: which of them change no number here whatever they
//! say, which may have one value alone, and the refusal of every other by its name. transformers adds fields
//! that change the computation, and a model that is computed without one answers wrong in silence.

use super::fields::Fields;
use crate::EngineError;
use serde_json::Value;

/// A field that the computation does not ask for, and what it may be.
pub(crate) type Known = (&'static str, May);

/// What a field may be that the computation does not ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum May {
    /// It changes no number.
    BeAnything,
    /// The computation is the one with the field switched on.
    BeTrue,
    /// The computation is the one with this text.
    Say(&'static str),
    /// A list of which every item is this text.
    ListOnly(&'static str),
    /// Nothing is listed.
    BeEmpty,
}

/// Characters of a value that an error shows.
const SHOWN: usize = 80;

/// Fields of every family. What they say is of a file's origin, of training or generation by
/// transformers, or of how values are stored and computed but not of which.
const SHARED: &[Known] = &[
    // A number that JSON does not have, as it is read.
    ("__float__", May::BeAnything),
    ("model_type", May::BeAnything),
    ("architectures", May::BeAnything),
    ("transformers_version", May::BeAnything),
    ("_name_or_path", May::BeAnything),
    ("name_or_path", May::BeAnything),
    ("_commit_hash", May::BeAnything),
    ("auto_map", May::BeAnything),
    ("finetuning_task", May::BeAnything),
    ("tokenizer_class", May::BeAnything),
    ("model_max_length", May::BeAnything),
    ("unsloth_fixed", May::BeAnything),
    ("unsloth_version", May::BeAnything),
    ("transformers.js_config", May::BeAnything),
    // How transformers stores and computes.
    ("dtype", May::BeAnything),
    ("torch_dtype", May::BeAnything),
    ("torchscript", May::BeAnything),
    ("use_bfloat16", May::BeAnything),
    ("use_cache", May::BeAnything),
    ("cache_implementation", May::BeAnything),
    ("attn_implementation", May::BeAnything),
    ("_attn_implementation", May::BeAnything),
    ("_attn_implementation_autoset", May::BeAnything),
    ("_flash_attn_2_enabled", May::BeAnything),
    ("use_flash_attention_2", May::BeAnything),
    ("use_flash_attn", May::BeAnything),
    ("gradient_checkpointing", May::BeAnything),
    ("chunk_size_feed_forward", May::BeAnything),
    ("return_dict", May::BeAnything),
    ("return_dict_in_generate", May::BeAnything),
    ("output_attentions", May::BeAnything),
    ("output_hidden_states", May::BeAnything),
    ("output_scores", May::BeAnything),
    ("output_past", May::BeAnything),
    ("tf_legacy_loss", May::BeAnything),
    // How fresh weights were drawn.
    ("initializer_range", May::BeAnything),
    ("initializer_factor", May::BeAnything),
    // Tokens. Those that begin and end a text are read where a family asks for them.
    ("bos_token_id", May::BeAnything),
    ("eos_token_id", May::BeAnything),
    ("pad_token_id", May::BeAnything),
    ("unk_token_id", May::BeAnything),
    ("sep_token_id", May::BeAnything),
    ("cls_token_id", May::BeAnything),
    ("mask_token_id", May::BeAnything),
    ("decoder_start_token_id", May::BeAnything),
    ("forced_bos_token_id", May::BeAnything),
    ("forced_eos_token_id", May::BeAnything),
    // Classes, which a decoder has no use for.
    ("num_labels", May::BeAnything),
    ("id2label", May::BeAnything),
    ("label2id", May::BeAnything),
    ("problem_type", May::BeAnything),
    // Settings of generation, which older versions kept in this file.
    ("task_specific_params", May::BeAnything),
    ("prefix", May::BeAnything),
    ("max_length", May::BeAnything),
    ("min_length", May::BeAnything),
    ("max_new_tokens", May::BeAnything),
    ("do_sample", May::BeAnything),
    ("early_stopping", May::BeAnything),
    ("num_beams", May::BeAnything),
    ("num_beam_groups", May::BeAnything),
    ("num_return_sequences", May::BeAnything),
    ("temperature", May::BeAnything),
    ("top_k", May::BeAnything),
    ("top_p", May::BeAnything),
    ("typical_p", May::BeAnything),
    ("repetition_penalty", May::BeAnything),
    ("length_penalty", May::BeAnything),
    ("diversity_penalty", May::BeAnything),
    ("no_repeat_ngram_size", May::BeAnything),
    ("encoder_no_repeat_ngram_size", May::BeAnything),
    ("exponential_decay_length_penalty", May::BeAnything),
    ("bad_words_ids", May::BeAnything),
    ("suppress_tokens", May::BeAnything),
    ("begin_suppress_tokens", May::BeAnything),
    ("remove_invalid_values", May::BeAnything),
    // Of parts that no family here has: routers of experts, state spaces. What would bring such a part in is
    // not in this list.
    ("router_jitter", May::BeAnything),
    ("router_jitter_noise", May::BeAnything),
    ("router_aux_loss_coef", May::BeAnything),
    ("output_router_logits", May::BeAnything),
    ("time_step_limit", May::BeAnything),
    // What changes the computation unless it says nothing.
    ("pruned_heads", May::BeEmpty),
    ("layer_types", May::ListOnly("full_attention")),
];

/// Fields that say that the weights are not stored as numbers.
const QUANTIZED: [&str; 3] = ["quantization_config", "quantization", "compression_config"];

impl Fields<'_> {
    /// Refuses the fields that nothing asked for, unless they are known to change nothing: those of every
    /// family, those in `known`, dropout (which transformers draws in training; a run here trains
    /// without), and what is null or false, which switches nothing on.
    ///
    /// # Errors
    /// With the name and the value of the first other.
    pub(crate) fn must_be_understood(&self, known: &[Known]) -> Result<(), String> {
        for (name, value) in self.entries() {
            if let Some(within) = self.opened(name) {
                within.must_be_understood(known)?;
            } else if !self.was_asked_for(name) {
                let own = known.iter().find(|(field, _)| field == name);
                let may = own.or_else(|| SHARED.iter().find(|(field, _)| field == name));
                let fine = match may {
                    Some((_, may)) => may.be(value),
                    None => is_off(value) || is_dropout(name),
                };
                if !fine {
                    return Err(refusal(&self.path_of(name), name, value));
                }
            }
        }
        Ok(())
    }
}

impl May {
    fn be(self, value: &Value) -> bool {
        match self {
            Self::BeAnything => true,
            Self::BeTrue => value == &Value::Bool(true),
            Self::Say(text) => value.is_null() || value == text,
            Self::ListOnly(text) => {
                let all = |list: &Vec<Value>| list.iter().all(|item| item == text);
                value.is_null() || value.as_array().is_some_and(all)
            }
            Self::BeEmpty => match value {
                Value::Array(items) => items.is_empty(),
                Value::Object(entries) => entries.is_empty(),
                other => is_off(other),
            },
        }
    }
}

/// Whether a value switches nothing on.
fn is_off(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false))
}

/// Shares of values that transformers leaves out in training.
fn is_dropout(name: &str) -> bool {
    name.contains("dropout") || name.ends_with("_pdrop")
}

fn refusal(path: &str, name: &str, value: &Value) -> String {
    if QUANTIZED.contains(&name) {
        let method = ["quant_method", "format", "mode"];
        let method = method.iter().find_map(|field| value.get(field)?.as_str());
        let method = method.map_or(String::new(), |method| format!(" by `{method}`"));
        return format!(
            "`{path}` says that the weights are quantized{method}, which is not supported: name the model that was quantized, or a GGUF file of it"
        );
    }
    let text = value.to_string();
    let shown: String = text.chars().take(SHOWN).collect();
    let more = if shown.len() < text.len() { "..." } else { "" };
    format!(
        "`{path}` is {shown}{more}, which is not understood and may change what the model computes"
    )
}

/// Whether a weight's name is as a pattern says, in which each `*` is any text.
fn is_like(name: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        if let Some(between) = last.replace(part) {
            match rest.split_once(between) {
                Some((_, behind)) => rest = behind,
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |end| rest.ends_with(end))
}

/// The names among `unused` that a family says its folders carry and the model does not need.
///
/// # Errors
/// With the first other: it is part of a computation that is not this one.
pub(super) fn passed_over(
    unused: Vec<String>,
    patterns: &[&str],
    invalid: &dyn Fn(String) -> EngineError,
) -> Result<Vec<String>, EngineError> {
    let is_known = |name: &String| patterns.iter().any(|pattern| is_like(name, pattern));
    match unused.iter().find(|name| !is_known(name)) {
        None => Ok(unused),
        Some(name) => Err(invalid(format!(
            "the model has no place for the weight `{name}`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn a_star_stands_for_any_text() {
        for (name, pattern, like) in [
            ("cls.predictions.bias", "cls.*", true),
            ("bert.cls.bias", "cls.*", false),
            (
                "model.layers.3.self_attn.rotary_emb.inv_freq",
                "*.rotary_emb.inv_freq",
                true,
            ),
            (
                "model.layers.3.self_attn.rotary_emb.inv_freq.x",
                "*.rotary_emb.inv_freq",
                false,
            ),
            ("h.0.attn.bias", "h.*.attn.bias", true),
            ("h.0.attn.c_attn.bias", "h.*.attn.bias", false),
            ("h.attn.bias", "h.*.attn.bias", false),
            ("position_ids", "position_ids", true),
            ("position_ids.x", "position_ids", false),
        ] {
            assert_eq!(is_like(name, pattern), like, "`{name}` and `{pattern}`");
        }
    }
}
