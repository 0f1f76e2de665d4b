//! A run's settings by Axolotl's names.

use super::yaml::{OFF, ON, Value, text};
use super::{Recipes, Template, data};
use amoozgar_types::spec::{
    BaseStorage, Dtype, Method, OptimizerKind, Packing, ScheduleKind, Supervise,
};

/// `null`: Axolotl's way of training on the last message alone is to name no role.
const NONE: Value = Value::Flag("null");

/// Writes the whole file.
pub(super) fn write(file: &mut Recipes<'_>) {
    file.yaml
        .comment("In this folder: axolotl train axolotl.yaml");
    model(file);
    adapter(file);
    rows(file);
    optimizer(file);
    evaluation(file);
}

fn model(file: &mut Recipes<'_>) {
    file.yaml.section("The model");
    file.base_notes();
    file.yaml.set("base_model", &text(&file.base.name));
    if let Some(revision) = &file.base.revision {
        file.yaml.set("revision_of_model", &text(revision));
    }
    let context = file.spec.model.context_length as u64;
    file.yaml.set("sequence_len", &Value::Count(context));
    file.yaml.set("excess_length_strategy", &text("truncate"));
    match file.spec.dtype {
        Dtype::F32 => {
            for name in ["bf16", "fp16", "tf32"] {
                file.yaml.set(name, &OFF);
            }
        }
        Dtype::Bf16 => file.yaml.set("bf16", &ON),
    }
}

fn adapter(file: &mut Recipes<'_>) {
    let (spec, lora) = (file.spec, &file.spec.lora);
    if spec.method != Method::Lora {
        return;
    }
    file.yaml.section("The adapter");
    match lora.base {
        BaseStorage::Dtype => file.yaml.set("adapter", &text("lora")),
        BaseStorage::Q8 => {
            file.without(
                "lora.base",
                "q8",
                "8 bits by bitsandbytes, whose values are not those of the run",
            );
            file.yaml.set("adapter", &text("lora"));
            file.yaml.set("load_in_8bit", &ON);
        }
        BaseStorage::Q4 => {
            file.without(
                "lora.base",
                "q4",
                "4 bits by bitsandbytes, whose values are not those of the run",
            );
            file.yaml.set("adapter", &text("qlora"));
            file.yaml.set("load_in_4bit", &ON);
        }
        BaseStorage::File => {
            file.without(
                "lora.base",
                "file",
                "the frozen weights are not read from a GGUF file",
            );
            file.yaml.set("adapter", &text("lora"));
        }
    }
    file.yaml.set("lora_r", &Value::Count(lora.rank as u64));
    let alpha = file.alpha();
    file.yaml.set("lora_alpha", &Value::Count(alpha));
    file.yaml.set("lora_dropout", &Value::Number(lora.dropout));
    if lora.targets.is_empty() {
        file.yaml.set("lora_target_linear", &ON);
    } else {
        let targets = lora.targets.iter().map(text).collect();
        file.yaml.set("lora_target_modules", &Value::List(targets));
    }
    if lora.use_rslora {
        file.yaml.set("peft_use_rslora", &ON);
    }
}

fn rows(file: &mut Recipes<'_>) {
    file.yaml.section("The data");
    if file.data.has_messages {
        match &file.base.template {
            Template::Own => file.yaml.set("chat_template", &text("tokenizer_default")),
            Template::Plain(source) => {
                file.yaml.comment(
                    "The model has no form of conversations: this is the one that the run used.",
                );
                file.yaml.set("chat_template", &text("jinja"));
                file.yaml.set("chat_template_jinja", &text(source));
            }
            Template::Unknown => {
                file.without(
                    "base_model",
                    "its chat template",
                    "the model is gone, so its form of conversations is not known",
                );
                file.yaml
                    .set("chat_template", &text("tokenizer_default_fallback_chatml"));
            }
        }
    }
    file.left_out();
    let learnt = of_file(file, data::TRAIN);
    file.yaml.set("datasets", &Value::Maps(vec![learnt]));
    if file.data.has_validation {
        let held = of_file(file, data::VALIDATION);
        file.yaml.set("test_datasets", &Value::Maps(vec![held]));
        file.yaml.set("val_set_size", &Value::Number(0.0));
    } else {
        let share = file.spec.dataset.validation_fraction;
        file.without(
            "dataset.validation_fraction",
            &share.to_string(),
            "as much is held out, but other rows",
        );
        file.yaml.set("val_set_size", &Value::Number(share));
    }
    packing(file);
    file.yaml
        .set("dataset_prepared_path", &text("last_run_prepared"));
}

fn of_file(file: &Recipes<'_>, name: &str) -> Vec<(&'static str, Value)> {
    let mut row = vec![("path", text(name)), ("ds_type", text("json"))];
    if !file.data.has_messages {
        row.extend([("type", text("completion")), ("field", text("text"))]);
        return row;
    }
    let fields = vec![("role", text("role")), ("content", text("content"))];
    row.extend([
        ("type", text("chat_template")),
        ("field_messages", text("messages")),
        ("message_property_mappings", Value::Map(fields)),
    ]);
    row.extend(match file.spec.dataset.supervise {
        Supervise::All => [
            ("roles_to_train", Value::List(vec![text("assistant")])),
            ("train_on_eos", text("turn")),
        ],
        // The form that Axolotl's documents give for training on the last message.
        Supervise::Last => [("roles_to_train", NONE), ("train_on_eos", NONE)],
    });
    row
}

fn packing(file: &mut Recipes<'_>) {
    if !file.data.has_messages && file.spec.dataset.packing == Packing::Continuous {
        file.without(
            "dataset.packing",
            "continuous",
            "texts share a sequence, but none sees another",
        );
    }
    file.yaml.set("sample_packing", &ON);
    file.yaml.comment(
        "An attention that keeps packed rows from seeing each other; flash attention takes no f32.",
    );
    let attention = match file.spec.dtype {
        Dtype::F32 => "flex_attention",
        Dtype::Bf16 => "flash_attention",
    };
    file.yaml.set(attention, &ON);
}

fn optimizer(file: &mut Recipes<'_>) {
    let optimizer = &file.spec.optimizer;
    file.yaml.section("The optimizer");
    let (micro, accumulated) = file.batch();
    if optimizer.micro_batch.is_none() {
        file.yaml.comment("Sequences of one step: micro_batch_size x gradient_accumulation_steps x GPUs. The product is the run's.");
    }
    file.yaml.set("micro_batch_size", &Value::Count(micro));
    file.yaml
        .set("gradient_accumulation_steps", &Value::Count(accumulated));
    file.yaml.set("num_epochs", &Value::Count(optimizer.epochs));
    if let Some(steps) = optimizer.max_steps {
        file.yaml.set("max_steps", &Value::Count(steps));
    }
    file.yaml.set("learning_rate", &Value::Number(optimizer.lr));
    match optimizer.schedule {
        ScheduleKind::Cosine => {
            file.yaml.set("lr_scheduler", &text("cosine"));
            file.yaml.set(
                "cosine_min_lr_ratio",
                &Value::Number(optimizer.min_lr_ratio),
            );
        }
        ScheduleKind::Linear => {
            file.without(
                "optimizer.min_lr_ratio",
                &optimizer.min_lr_ratio.to_string(),
                "the line goes down to 0",
            );
            file.yaml.set("lr_scheduler", &text("linear"));
        }
        ScheduleKind::Constant => file.yaml.set("lr_scheduler", &text("constant_with_warmup")),
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
    file.yaml.set("optimizer", &text(kind));
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
            "early_stopping_patience also asks for load_best_model_at_end, with saves at every validation",
        );
    }
    file.yaml.set("output_dir", &text("./outputs"));
}
