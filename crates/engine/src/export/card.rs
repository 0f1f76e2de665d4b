//! The card of a final model: the `README.md` that the Hub shows.

use crate::model::{self, ModelConfig};
use crate::tokenizer::BOS;
use amoozgar_types::TrainSpec;
use amoozgar_types::event::ValidationRecord;
use amoozgar_types::spec::{Method, Task};
use std::path::Path;

/// What the model's card tells.
pub(crate) struct Card<'a> {
    pub(crate) spec: &'a TrainSpec,
    pub(crate) best: Option<&'a ValidationRecord>,
    pub(crate) n_train_tokens: u64,
    pub(crate) total_steps: u64,
}

/// Where the weights come from, in one sentence.
fn origin(spec: &TrainSpec) -> String {
    let base = spec.base_model.as_deref().unwrap_or_default();
    let base = Path::new(base)
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    match (spec.task, spec.method) {
        (Task::CausalLm, Method::Scratch) => {
            "A Llama-style decoder trained from scratch with Amoozgar on one computer, with a byte-level BPE of the same text.".to_owned()
        }
        (Task::SequenceClassification, Method::Scratch) => {
            "A BERT-style classifier trained from scratch with Amoozgar on one computer, with a byte-level BPE of the same text.".to_owned()
        }
        (Task::SequenceClassification, Method::Full) => {
            format!("`{base}`, trained with Amoozgar on one computer to sort texts into classes.")
        }
        (Task::CausalLm, Method::Full) => {
            format!("`{base}`, every weight trained further with Amoozgar on one computer.")
        }
        (_, Method::Lora) => format!(
            "`{base}` with a low-rank adapter (rank {}, alpha {}) that Amoozgar trained on one computer; the weights have it merged, and `adapter` holds it alone, as PEFT reads it.",
            spec.lora.rank, spec.lora.alpha
        ),
    }
}

/// The card's text.
pub(super) fn readme(config: &ModelConfig, card: &Card<'_>) -> String {
    let spec = card.spec;
    let name = if spec.name.is_empty() {
        "A language model"
    } else {
        &spec.name
    };
    let file = |path: &str| {
        Path::new(path).file_name().map_or_else(
            || path.to_owned(),
            |name| name.to_string_lossy().into_owned(),
        )
    };
    let decodes = config.is_decoder();
    let task = if decodes {
        "text-generation"
    } else {
        "text-classification"
    };
    let mut text = format!(
        "---\nlanguage: fa\nlibrary_name: transformers\npipeline_tag: {task}\n---\n# {name}\n\n\
         {}\n\n\
         | what | value |\n|---|---|\n\
         | weights | {} |\n| layers, width, heads, hidden | {}, {}, {} ({} for keys), {} |\n\
         | vocabulary | {} |\n| context | {} tokens |\n\
         | text | `{}`, {} tokens, normalized |\n| steps | {} of {} sequences |\n\
         | learning rate | {} (warm-up, cosine), weight decay {} |\n| seed | {} |\n",
        origin(spec),
        model::n_parameters(config),
        config.num_hidden_layers,
        config.hidden_size,
        config.num_attention_heads,
        config.num_key_value_heads,
        config.intermediate_size,
        config.vocab_size,
        config.max_position_embeddings,
        file(&spec.dataset.train),
        card.n_train_tokens,
        card.total_steps,
        spec.optimizer.batch_size,
        spec.optimizer.lr,
        spec.optimizer.weight_decay,
        spec.seed,
    );
    if let Some(best) = card.best {
        text.push_str(&measured(best));
    }
    text.push_str(&if decodes {
        how_to_write()
    } else {
        how_to_sort(config)
    });
    text
}

/// The table's last rows.
fn measured(best: &ValidationRecord) -> String {
    let (loss, step) = (best.val_loss.finite().unwrap_or(f64::NAN), best.step);
    match &best.classes {
        None => format!(
            "| held-out loss | {loss:.4} nats per token, {:.4} bits per byte, at step {step} |\n",
            best.bits_per_byte
        ),
        Some(scores) => format!(
            "| held-out loss | {loss:.4} nats per text, at step {step} |\n\
             | held-out accuracy, macro F1 | {:.4}, {:.4} (always the most frequent class: {:.4}) |\n",
            scores.accuracy, scores.macro_f1, scores.majority_accuracy
        ),
    }
}

fn how_to_write() -> String {
    format!(
        "\nText is expected in the normalized form that Amoozgar's `dataset normalize` writes; every document begins with `{BOS}`.\n\n\
         ```python\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\n\
         tokenizer = AutoTokenizer.from_pretrained(\".\")\nmodel = AutoModelForCausalLM.from_pretrained(\".\")\n\
         inputs = tokenizer(\"ای دل\", return_tensors=\"pt\", return_token_type_ids=False)\n\
         print(tokenizer.decode(model.generate(**inputs, max_new_tokens=48)[0]))\n```\n"
    )
}

fn how_to_sort(config: &ModelConfig) -> String {
    format!(
        "\nClasses: `{}`. Text is expected in the normalized form that Amoozgar's `dataset normalize` writes.\n\n\
         ```python\nfrom transformers import AutoModelForSequenceClassification, AutoTokenizer\n\
         tokenizer = AutoTokenizer.from_pretrained(\".\")\n\
         model = AutoModelForSequenceClassification.from_pretrained(\".\")\n\
         inputs = tokenizer(\"ای دل\", return_tensors=\"pt\")\n\
         print(model.config.id2label[model(**inputs).logits.argmax().item()])\n```\n",
        config.labels.join("`, `")
    )
}
