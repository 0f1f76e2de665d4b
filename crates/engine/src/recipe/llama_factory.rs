//! A run's settings by LLaMA-Factory's names, and the list of its datasets.

use super::data::{self, Data};
use super::yaml::{OFF, ON, Value, text};
use super::{Recipes, Template};
use amoozgar_types::spec::{
    BaseStorage, Dtype, Method, OptimizerKind, Packing, ScheduleKind, Supervise,
};
use serde_json::json;

/// Names in `dataset_info.json`.
const TRAIN: &str = "amoozgar_train";
const VALIDATION: &str = "amoozgar_validation";

/// Writes the whole file of settings.
pub(super) fn write(file: &mut Recipes<'_>) {
    file.yaml
        .comment("In this folder: llamafactory-cli train llama_factory.yaml");
    model(file);
    method(file);
    rows(file);
    optimizer(file);
    evaluation(file);
}

/// `dataset_info.json`: where the rows lie, and what their columns are.
pub(super) fn dataset_info(data: &Data) -> String {
    let of_file = |name: &str| {
        if data.has_messages {
            json!({
                "file_name": name,
                "formatting": "sharegpt",
                "columns": { "messages": "messages" },
                "tags": {
                    "role_tag": "role", "content_tag": "content", "user_tag": "user",
                    "assistant_tag": "assistant", "system_tag": "system",
                },
            })
        } else {
            json!({ "file_name": name, "columns": { "prompt": "text" } })
        }
    };
    let mut info = json!({ TRAIN: of_file(data::TRAIN) });
    if data.has_validation {
        info[VALIDATION] = of_file(data::VALIDATION);
    }
    format!("{info:#}\n")
}

fn model(file: &mut Recipes<'_>) {
    file.yaml.section("The model");
    file.base_notes();
    file.yaml.set("model_name_or_path", &text(&file.base.name));
    if let Some(revision) = &file.base.revision {
        file.yaml.set("model_revision", &text(revision));
    }
    match file.spec.dtype {
        Dtype::F32 => {
            for name in ["bf16", "fp16"] {
                file.yaml.set(name, &OFF);
            }
        }
        Dtype::Bf16 => file.yaml.set("bf16", &ON),
    }
}

fn method(file: &mut Recipes<'_>) {
    let (spec, lora) = (file.spec, &file.spec.lora);
    file.yaml.section("The method");
    let stage = if file.data.has_messages { "sft" } else { "pt" };
    file.yaml.set("stage", &text(stage));
    file.yaml.set("do_train", &ON);
    if spec.method != Method::Lora {
        file.yaml.set("finetuning_type", &text("full"));
        return;
    }
    file.yaml.set("finetuning_type", &text("lora"));
    file.yaml.set("lora_rank", &Value::Count(lora.rank as u64));
    let alpha = file.alpha();
    file.yaml.set("lora_alpha", &Value::Count(alpha));
    file.yaml.set("lora_dropout", &Value::Number(lora.dropout));
    let targets = if lora.targets.is_empty() {
        "all".to_owned()
    } else {
        lora.targets.join(",")
    };
    file.yaml.set("lora_target", &text(targets));
    if lora.use_rslora {
        file.yaml.set("use_rslora", &ON);
    }
    let (bits, name) = match lora.base {
        BaseStorage::Dtype => return,
        BaseStorage::Q8 => (8, "q8"),
        BaseStorage::Q4 => (4, "q4"),
        BaseStorage::File => {
            return file.without(
                "lora.base",
                "file",
                "the frozen weights are not read from a GGUF file",
            );
        }
    };
    file.without(
        "lora.base",
        name,
        "bitsandbytes stores them, with other values than the run's",
    );
    file.yaml.set("quantization_bit", &Value::Count(bits));
    file.yaml.set("quantization_method", &text("bnb"));
}

fn rows(file: &mut Recipes<'_>) {
    file.yaml.section("The data");
    file.left_out();
    file.yaml.set("dataset_dir", &text("."));
    file.yaml.set("dataset", &text(TRAIN));
    if file.data.has_validation {
        file.yaml.set("eval_dataset", &text(VALIDATION));
    } else {
        let share = file.spec.dataset.validation_fraction;
        file.without(
            "dataset.validation_fraction",
            &share.to_string(),
            "as much is held out, but other rows",
        );
        file.yaml.set("val_size", &Value::Number(share));
    }
    let context = file.spec.model.context_length as u64;
    file.yaml.set("cutoff_len", &Value::Count(context));
    if file.data.has_messages {
        template(file);
        if file.spec.dataset.supervise == Supervise::Last {
            file.yaml.set("mask_history", &ON);
        }
    }
    packing(file);
}

fn template(file: &mut Recipes<'_>) {
    match &file.base.template {
        Template::Own => file.yaml.comment(
            "template is absent, so that the form of conversations is read off the model's tokenizer.",
        ),
        Template::Plain(_) => {
            file.yaml.comment(
                "The model has no form of conversations: the run used ChatML, which has this name here.",
            );
            file.yaml.set("template", &text("chatml"));
        }
        Template::Unknown => file.without(
            "base_model",
            "its chat template",
            "the model is gone, so its form of conversations is not known; set template where it has none",
        ),
    }
}

fn packing(file: &mut Recipes<'_>) {
    file.yaml.set("packing", &ON);
    if file.data.has_messages {
        file.yaml
            .comment("Rows that share a sequence do not see each other.");
        file.yaml.set("neat_packing", &ON);
        return;
    }
    if file.spec.dataset.packing != Packing::Continuous {
        let name = match file.spec.dataset.packing {
            Packing::Auto => "auto",
            Packing::Documents | Packing::Continuous => "documents",
        };
        file.without(
            "dataset.packing",
            name,
            "texts are one stream, in which a later one sees the earlier ones",
        );
    }
}

fn optimizer(file: &mut Recipes<'_>) {
    let optimizer = &file.spec.optimizer;
    file.yaml.section("The optimizer");
    let (micro, accumulated) = file.batch();
    if optimizer.micro_batch.is_none() {
        file.yaml.comment("Sequences of one step: per_device_train_batch_size x gradient_accumulation_steps x GPUs. The product is the run's.");
    }
    file.yaml
        .set("per_device_train_batch_size", &Value::Count(micro));
    file.yaml
        .set("gradient_accumulation_steps", &Value::Count(accumulated));
    file.yaml
        .set("num_train_epochs", &Value::Number(optimizer.epochs as f64));
    if let Some(steps) = optimizer.max_steps {
        file.yaml.set("max_steps", &Value::Count(steps));
    }
    file.yaml.set("learning_rate", &Value::Number(optimizer.lr));
    match optimizer.schedule {
        ScheduleKind::Cosine => {
            file.yaml
                .set("lr_scheduler_type", &text("cosine_with_min_lr"));
            let floor = vec![("min_lr_rate", Value::Number(optimizer.min_lr_ratio))];
            file.yaml.set("lr_scheduler_kwargs", &Value::Map(floor));
        }
        ScheduleKind::Linear => {
            file.without(
                "optimizer.min_lr_ratio",
                &optimizer.min_lr_ratio.to_string(),
                "the line goes down to 0",
            );
            file.yaml.set("lr_scheduler_type", &text("linear"));
        }
        ScheduleKind::Constant => file
            .yaml
            .set("lr_scheduler_type", &text("constant_with_warmup")),
    }
    let (name, warmup) = file.warmup();
    file.yaml.set(name, &warmup);
    file.yaml
        .set("weight_decay", &Value::Number(optimizer.weight_decay));
    let kind = match optimizer.kind {
        OptimizerKind::AdamW => "adamw_torch",
        OptimizerKind::AdamW8bit => "adamw_bnb_8bit",
        OptimizerKind::Adafactor => "adafactor",
    };
    file.yaml.set("optim", &text(kind));
    if optimizer.kind == OptimizerKind::Adafactor {
        file.without(
            "optimizer.kind",
            "adafactor",
            "transformers' own decay and bound of a step stand in its place",
        );
    } else {
        for (name, value) in [
            ("adam_beta1", optimizer.beta1),
            ("adam_beta2", optimizer.beta2),
            ("adam_epsilon", optimizer.eps),
        ] {
            file.yaml.set(name, &Value::Number(value));
        }
    }
    file.yaml
        .set("max_grad_norm", &Value::Number(optimizer.grad_clip));
    file.yaml.set("seed", &Value::Count(file.spec.seed));
}

fn evaluation(file: &mut Recipes<'_>) {
    let (evaluation, checkpoint) = (&file.spec.evaluation, &file.spec.checkpoint);
    file.yaml.section("Validation and checkpoints");
    file.yaml.set("eval_strategy", &text("steps"));
    match evaluation.every_steps {
        Some(steps) => file.yaml.set("eval_steps", &Value::Count(steps)),
        // A number below 1 is a share of the run.
        None => file.yaml.set("eval_steps", &Value::Number(0.05)),
    }
    match checkpoint.every_steps {
        Some(steps) => file.yaml.set("save_steps", &Value::Count(steps)),
        None => file.yaml.set("save_steps", &Value::Number(0.1)),
    }
    let kept = checkpoint.keep_last as u64 + 1;
    file.yaml.set("save_total_limit", &Value::Count(kept));
    if let Some(patience) = evaluation.patience {
        file.without(
            "evaluation.patience",
            &patience.to_string(),
            "early_stopping_steps also asks for load_best_model_at_end, with saves at every validation",
        );
    }
    file.yaml.set("output_dir", &text("./outputs"));
}
