//! The card's half in English, with the lines of code for both.

use super::{Facts, Shown, optimizer_name, schedule_name, targets};
use crate::model;
use crate::tokenizer::BOS;
use amoozgar_types::event::ValidationRecord;
use amoozgar_types::spec::{Method, Task};
use std::fmt::Write as _;

/// The whole half.
pub(super) fn half(facts: &Facts<'_>) -> String {
    let mut out = format!("## What it is\n\n{}\n\n{}", origin(facts), shape(facts));
    let _ = write!(
        out,
        "\n## How it was trained\n\n{}{}",
        training(facts),
        held_out(facts)
    );
    let _ = write!(out, "\n## How to use it\n\n{}", usage(facts));
    let _ = write!(out, "\n## Limits\n\n{}", limits(facts));
    out
}

/// Where the weights come from.
fn origin(facts: &Facts<'_>) -> String {
    let spec = facts.card.spec;
    let base = facts.base.as_ref().map_or("", |base| base.name.as_str());
    let does = match (spec.task, facts.card.conversations.is_some()) {
        (Task::SequenceClassification, _) => "sorts texts into classes",
        (Task::CausalLm, true) => "answers in conversations",
        (Task::CausalLm, false) => "continues texts",
    };
    match (facts.shown, spec.method) {
        (Shown::Adapter, _) => format!(
            "A low-rank adapter (LoRA) on `{base}` that {does}. The weights of the model itself are not in this folder."
        ),
        (_, Method::Scratch) => format!(
            "A model that {does}, trained from fresh weights with a byte-level BPE tokenizer of the same text."
        ),
        (_, Method::Full) => {
            format!("`{base}`, every weight of which was trained further; it {does}.")
        }
        (_, Method::Lora) => format!(
            "`{base}` with a low-rank adapter (LoRA) merged into its weights; it {does}. The folder `adapter` holds the adapter alone."
        ),
    }
}

fn shape(facts: &Facts<'_>) -> String {
    let config = facts.config;
    format!(
        "| what | value |\n|---|---|\n\
         | family | {} |\n| weights | {} |\n| blocks, width, heads | {}, {}, {} ({} for keys) |\n\
         | vocabulary | {} |\n| context | {} tokens |\n",
        config.architecture.model_type(),
        model::n_parameters(config),
        config.num_hidden_layers,
        config.hidden_size,
        config.num_attention_heads,
        config.num_key_value_heads,
        config.vocab_size,
        config.max_position_embeddings,
    )
}

fn training(facts: &Facts<'_>) -> String {
    let (card, spec) = (facts.card, facts.card.spec);
    let optimizer = &spec.optimizer;
    let mut out = format!(
        "With Amoozgar, on one computer.\n\n| what | value |\n|---|---|\n| data | {} |\n",
        facts.dataset
    );
    if let Some(read) = card.conversations {
        let _ = write!(
            out,
            "| conversations, held out | {}, {} |\n| answers learnt | {}, of {} tokens |\n",
            read.n_train, read.n_validation, read.n_answers, read.n_answer_tokens
        );
    }
    let _ = write!(
        out,
        "| tokens of training text | {}, normalized |\n| steps | {} of {} sequences{} |\n\
         | tokens of a sequence | {} at the most |\n| optimizer | {}, weight decay {} |\n\
         | learning rate | {} ({}) |\n| seed | {} |\n",
        card.n_train_tokens,
        card.total_steps,
        optimizer.batch_size,
        if card.early_stopped {
            ", stopped early"
        } else {
            ""
        },
        spec.model.context_length,
        optimizer_name(optimizer.kind),
        optimizer.weight_decay,
        optimizer.lr,
        schedule_name(optimizer.schedule),
        spec.seed,
    );
    if spec.method == Method::Lora {
        let lora = &spec.lora;
        let _ = writeln!(
            out,
            "| LoRA | rank {}, alpha {}, dropout {}, on {} |",
            lora.rank,
            lora.alpha,
            lora.dropout,
            targets(spec).unwrap_or_else(|| "every map of the blocks".to_owned())
        );
    }
    out
}

fn held_out(facts: &Facts<'_>) -> String {
    let mut out = String::new();
    if let (Some(first), Some(best)) = (facts.card.first, facts.card.best)
        && first.step < best.step
    {
        let _ = writeln!(out, "| held-out loss at first | {} |", measured(first));
    }
    if let Some(best) = facts.card.best {
        let _ = writeln!(out, "| held-out loss of this model | {} |", measured(best));
        if let Some(scores) = &best.classes {
            let _ = writeln!(
                out,
                "| held-out accuracy, macro F1 | {:.4}, {:.4} (always the most frequent class: {:.4}) |",
                scores.accuracy, scores.macro_f1, scores.majority_accuracy
            );
        }
    }
    out
}

fn measured(record: &ValidationRecord) -> String {
    let (loss, step) = (record.val_loss.finite().unwrap_or(f64::NAN), record.step);
    match record.classes {
        Some(_) => format!("{loss:.4} nats per text, at step {step}"),
        None => format!(
            "{loss:.4} nats per token, {:.4} bits per byte, at step {step}",
            record.bits_per_byte
        ),
    }
}

fn usage(facts: &Facts<'_>) -> String {
    let spec = facts.card.spec;
    let mut out =
        "Text is expected in the normalized form that `amoozgar dataset normalize` writes.\n\n"
            .to_owned();
    if spec.task == Task::SequenceClassification {
        out += &sorting(facts);
        return out;
    }
    if facts.shown == Shown::Model {
        let _ = write!(out, "transformers:\n\n{}", writing(facts, MODEL));
    }
    if spec.method == Method::Lora {
        let base = facts.base.as_ref().map_or("", |base| base.name.as_str());
        let adapter = match facts.shown {
            Shown::Model => "adapter",
            Shown::Adapter => ".",
        };
        let load = format!(
            "from peft import PeftModel\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\n\
             base = {}\ntokenizer = AutoTokenizer.from_pretrained(base)\n\
             model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), \"{adapter}\")\n",
            serde_json::json!(base)
        );
        let _ = write!(out, "\npeft:\n\n{}", writing(facts, &load));
    }
    // Of a tokenizer that was made here GGUF has no name.
    if spec.method != Method::Scratch && facts.shown == Shown::Model {
        out += "\nllama.cpp and Ollama, by way of a GGUF file:\n\n\
            ```sh\namoozgar export --model . --to gguf --quantize q8_0 --out model.gguf\n\
            llama-cli -m model.gguf\nollama create my-model -f model.Modelfile\n```\n";
    }
    out
}

/// Loading the folder's own model.
const MODEL: &str = "from transformers import AutoModelForCausalLM, AutoTokenizer\n\
    tokenizer = AutoTokenizer.from_pretrained(\".\")\n\
    model = AutoModelForCausalLM.from_pretrained(\".\")\n";

fn writing(facts: &Facts<'_>, load: &str) -> String {
    let ask = if facts.card.conversations.is_some() {
        "messages = [{\"role\": \"user\", \"content\": \"سلام!\"}]\n\
         inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True, return_tensors=\"pt\")\n"
    } else {
        "inputs = tokenizer(\"یکی بود یکی نبود\", return_tensors=\"pt\", return_token_type_ids=False)\n"
    };
    let begins = if facts.card.spec.method == Method::Scratch {
        format!("# Every document begins with {BOS}, which the tokenizer puts there.\n")
    } else {
        String::new()
    };
    format!(
        "```python\n{load}{begins}{ask}print(tokenizer.decode(model.generate(**inputs, max_new_tokens=48)[0]))\n```\n"
    )
}

fn sorting(facts: &Facts<'_>) -> String {
    format!(
        "Classes: `{}`.\n\ntransformers:\n\n\
         ```python\nfrom transformers import AutoModelForSequenceClassification, AutoTokenizer\n\
         tokenizer = AutoTokenizer.from_pretrained(\".\")\n\
         model = AutoModelForSequenceClassification.from_pretrained(\".\")\n\
         inputs = tokenizer(\"یکی بود یکی نبود\", return_tensors=\"pt\")\n\
         print(model.config.id2label[model(**inputs).logits.argmax().item()])\n```\n",
        facts.config.labels.join("`, `")
    )
}

fn limits(facts: &Facts<'_>) -> String {
    let mut out = format!(
        "- It was measured on held-out text of {} alone, and on nothing else.\n\
         - No text of the model was checked for truth, for harm or for personal data of its training text.\n",
        facts.dataset
    );
    match &facts.base {
        None => {}
        Some(base) => {
            match &base.licence {
                Some(licence) => {
                    let _ = writeln!(
                        out,
                        "- Its base model stands under the licence `{licence}`, whose terms go on for this one."
                    );
                }
                None => out += "- The licence of its base model is not known.\n",
            }
            out += "- What its base model does badly it may do as well.\n";
        }
    }
    out
}
