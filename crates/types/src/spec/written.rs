//! A specification as it is written: what is absent takes the default of its task and method, and what
//! older programs wrote is read as what it means now.

use super::{
    CheckpointSpec, DEFAULT_BETA, DEFAULT_SEED, DatasetSpec, Defaults, Dtype, EvaluationSpec,
    LoraSpec, Method, ModelSpec, Objective, OptimizerKind, OptimizerSpec, ScheduleKind, SizePreset,
    Task, TokenizerSpec, TrainSpec, default_alpha, default_context,
};
use crate::spec::BaseStorage;
use serde::Deserialize;

/// The content of SPEC.toml or job.json, read but not filled in. Unknown fields are refused.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecFile {
    #[serde(default)]
    name: String,
    dataset: DatasetSpec,
    task: Option<Task>,
    objective: Option<Objective>,
    beta: Option<f64>,
    #[serde(default)]
    method: WrittenMethod,
    base_model: Option<String>,
    #[serde(default)]
    lora: WrittenLora,
    #[serde(default)]
    dtype: Dtype,
    #[serde(default)]
    tokenizer: TokenizerSpec,
    #[serde(default)]
    model: WrittenModel,
    #[serde(default)]
    optimizer: WrittenOptimizer,
    #[serde(default)]
    evaluation: EvaluationSpec,
    #[serde(default)]
    checkpoint: CheckpointSpec,
    seed: Option<u64>,
    threads: Option<usize>,
    memory_limit_bytes: Option<u64>,
}

/// Why a specification contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The older method `classify` beside another task.
    #[error("method `classify` is task `sequence_classification`, not `{task}`")]
    TaskOfClassify {
        /// The task that is named beside it.
        task: &'static str,
    },
}

impl SpecFile {
    /// The model to go on from, as it is written.
    pub fn base_model(&self) -> Option<&str> {
        self.base_model.as_deref()
    }

    /// The specification with every default filled in. `longest_context` is how many tokens the base model
    /// sees at once, where that is known.
    ///
    /// # Errors
    /// Where the method of an older program contradicts the task beside it.
    pub fn resolve(self, longest_context: Option<u32>) -> Result<TrainSpec, SpecError> {
        let (task, method) = self.task_and_method()?;
        let objective = self.objective;
        let defaults = Defaults::learning(task, method, objective);
        let beta = objective.filter(|objective| objective.is_preference());
        let beta = beta.map(|_| DEFAULT_BETA);
        let context = default_context(method, SizePreset::default(), longest_context);
        Ok(TrainSpec {
            name: self.name,
            dataset: self.dataset,
            task,
            objective,
            // One that changes nothing is refused where the specification is looked at.
            beta: self.beta.or(beta),
            method,
            base_model: self.base_model,
            lora: self.lora.resolve(),
            dtype: self.dtype,
            tokenizer: self.tokenizer,
            model: self.model.resolve(context as usize),
            optimizer: self.optimizer.resolve(OptimizerSpec::with(defaults)),
            evaluation: self.evaluation,
            checkpoint: self.checkpoint,
            seed: self.seed.unwrap_or(u64::from(DEFAULT_SEED)),
            threads: self.threads,
            memory_limit_bytes: self.memory_limit_bytes,
        })
    }

    fn task_and_method(&self) -> Result<(Task, Method), SpecError> {
        let method = match self.method {
            WrittenMethod::Scratch => Method::Scratch,
            WrittenMethod::Full => Method::Full,
            WrittenMethod::Lora => Method::Lora,
            WrittenMethod::Classify => {
                return match self.task {
                    Some(task) if task != Task::SequenceClassification => {
                        Err(SpecError::TaskOfClassify {
                            task: task.as_str(),
                        })
                    }
                    _ if self.base_model.is_some() => {
                        Ok((Task::SequenceClassification, Method::Full))
                    }
                    _ => Ok((Task::SequenceClassification, Method::Scratch)),
                };
            }
        };
        Ok((self.task.unwrap_or_default(), method))
    }
}

impl TryFrom<SpecFile> for TrainSpec {
    type Error = SpecError;

    fn try_from(file: SpecFile) -> Result<Self, SpecError> {
        file.resolve(None)
    }
}

/// The methods' names, those of older programs too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenMethod {
    #[default]
    Scratch,
    #[serde(alias = "continue")]
    Full,
    Lora,
    /// Of older programs: task `sequence_classification`, on a base model where there is one.
    Classify,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenLora {
    rank: Option<usize>,
    alpha: Option<f64>,
    dropout: Option<f64>,
    targets: Vec<String>,
    use_rslora: bool,
    base: BaseStorage,
}

impl WrittenLora {
    fn resolve(self) -> LoraSpec {
        let defaults = LoraSpec::default();
        let rank = self.rank.unwrap_or(defaults.rank);
        LoraSpec {
            rank,
            alpha: self.alpha.unwrap_or_else(|| default_alpha(rank as f64)),
            dropout: self.dropout.unwrap_or(defaults.dropout),
            targets: self.targets,
            use_rslora: self.use_rslora,
            base: self.base,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenModel {
    n_layers: Option<usize>,
    d_model: Option<usize>,
    n_heads: Option<usize>,
    n_kv_heads: Option<usize>,
    d_ff: Option<usize>,
    context_length: Option<usize>,
    tie_embeddings: Option<bool>,
}

impl WrittenModel {
    /// Heads and the hidden layer follow the width, key and value heads the query heads, so that one of
    /// them alone can be written.
    fn resolve(self, context_length: usize) -> ModelSpec {
        let defaults = ModelSpec::default();
        let d_model = self.d_model.unwrap_or(defaults.d_model);
        let n_heads = self.n_heads.unwrap_or_else(|| ModelSpec::heads_of(d_model));
        ModelSpec {
            n_layers: self.n_layers.unwrap_or(defaults.n_layers),
            d_model,
            n_heads,
            n_kv_heads: self.n_kv_heads.unwrap_or(n_heads),
            d_ff: self.d_ff.unwrap_or_else(|| ModelSpec::d_ff_of(d_model)),
            context_length: self.context_length.unwrap_or(context_length),
            tie_embeddings: self.tie_embeddings.unwrap_or(defaults.tie_embeddings),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenOptimizer {
    kind: Option<OptimizerKind>,
    schedule: Option<ScheduleKind>,
    epochs: Option<u64>,
    max_steps: Option<u64>,
    batch_size: Option<usize>,
    micro_batch: Option<usize>,
    lr: Option<f64>,
    min_lr_ratio: Option<f64>,
    warmup_steps: Option<u64>,
    weight_decay: Option<f64>,
    beta1: Option<f64>,
    beta2: Option<f64>,
    eps: Option<f64>,
    grad_clip: Option<f64>,
}

impl WrittenOptimizer {
    fn resolve(self, defaults: OptimizerSpec) -> OptimizerSpec {
        OptimizerSpec {
            kind: self.kind.unwrap_or(defaults.kind),
            schedule: self.schedule.unwrap_or(defaults.schedule),
            epochs: self.epochs.unwrap_or(defaults.epochs),
            max_steps: self.max_steps,
            batch_size: self.batch_size.unwrap_or(defaults.batch_size),
            micro_batch: self.micro_batch,
            lr: self.lr.unwrap_or(defaults.lr),
            min_lr_ratio: self.min_lr_ratio.unwrap_or(defaults.min_lr_ratio),
            warmup_steps: self.warmup_steps,
            weight_decay: self.weight_decay.unwrap_or(defaults.weight_decay),
            beta1: self.beta1.unwrap_or(defaults.beta1),
            beta2: self.beta2.unwrap_or(defaults.beta2),
            eps: self.eps.unwrap_or(defaults.eps),
            grad_clip: self.grad_clip.unwrap_or(defaults.grad_clip),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{SpecFile, Task};
    use crate::spec::{Defaults, Method, TrainSpec};
    use serde_json::{Value, json};

    fn read(more: Value) -> Result<TrainSpec, serde_json::Error> {
        let mut spec = json!({ "dataset": { "train": "/t.txt" } });
        let (Value::Object(all), Value::Object(more)) = (&mut spec, more) else {
            unreachable!("both are objects");
        };
        all.extend(more);
        serde_json::from_value(spec)
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn what_older_programs_wrote_is_read_as_what_it_means_now() {
        for (written, task, method) in [
            (json!({}), Task::CausalLm, Method::Scratch),
            (
                json!({ "method": "continue", "base_model": "/m" }),
                Task::CausalLm,
                Method::Full,
            ),
            (
                json!({ "method": "classify", "base_model": "/m" }),
                Task::SequenceClassification,
                Method::Full,
            ),
            (
                json!({ "method": "classify", "base_model": null }),
                Task::SequenceClassification,
                Method::Scratch,
            ),
            (
                json!({ "task": "sequence_classification", "method": "lora", "base_model": "/m" }),
                Task::SequenceClassification,
                Method::Lora,
            ),
        ] {
            let spec = read(written.clone()).unwrap();
            assert_eq!((spec.task, spec.method), (task, method), "{written}");
            let again: TrainSpec =
                serde_json::from_value(serde_json::to_value(&spec).unwrap()).unwrap();
            assert_eq!(again, spec, "{written} through job.json");
        }
        let contradiction = read(json!({ "task": "causal_lm", "method": "classify" })).unwrap_err();
        assert!(
            contradiction.to_string().contains("classify"),
            "`{contradiction}` names it"
        );
    }

    #[test]
    fn an_absent_setting_takes_the_default_of_its_task_and_method() {
        for &task in Task::ALL {
            for &method in Method::ALL {
                let spec = read(json!({
                    "task": task.as_str(), "method": method.as_str(), "base_model": "/m",
                }))
                .unwrap();
                let wanted = Defaults::of(task, method);
                let found = &spec.optimizer;
                assert_eq!(
                    (found.epochs, found.batch_size),
                    (u64::from(wanted.epochs), wanted.batch_size as usize),
                    "{task:?} {method:?}"
                );
                assert!(close(found.lr, wanted.lr), "{task:?} {method:?}");
                assert!(
                    close(found.weight_decay, wanted.weight_decay),
                    "{task:?} {method:?}"
                );
            }
        }
        let lora = read(json!({ "method": "lora", "base_model": "/m" })).unwrap();
        assert!(
            close(lora.optimizer.lr, 2e-4),
            "not the rate of a model from scratch: {}",
            lora.optimizer.lr
        );
        let own = read(json!({ "method": "lora", "optimizer": { "lr": 1e-5 } })).unwrap();
        assert!(close(own.optimizer.lr, 1e-5), "what is written counts");
    }

    #[test]
    fn a_shape_follows_what_is_written_of_it() {
        let shape = |model: Value| {
            let model = read(json!({ "model": model })).unwrap().model;
            (
                model.d_model,
                model.n_heads,
                model.n_kv_heads,
                model.d_ff,
                model.context_length,
            )
        };
        assert_eq!(shape(json!({})), (192, 6, 6, 512, 128), "the small one");
        assert_eq!(
            shape(json!({ "n_heads": 2 })),
            (192, 2, 2, 512, 128),
            "as many key and value heads as query heads"
        );
        assert_eq!(
            shape(json!({ "n_heads": 4, "n_kv_heads": 2 })),
            (192, 4, 2, 512, 128),
            "what is written counts"
        );
        assert_eq!(
            shape(json!({ "d_model": 96 })),
            (96, 3, 3, 256, 128),
            "heads and hidden layer of the width"
        );
        for d_model in (2..700).step_by(2) {
            let (_, n_heads, _, d_ff, _) = shape(json!({ "d_model": d_model }));
            assert!(
                n_heads > 0 && d_model % (2 * n_heads) == 0 && d_ff > 0,
                "{n_heads} heads at width {d_model}"
            );
        }
    }

    #[test]
    fn the_context_of_a_finished_model_is_no_longer_than_it_sees() {
        let file: SpecFile = serde_json::from_value(json!({
            "dataset": { "train": "/t.txt" }, "method": "lora", "base_model": "/m",
        }))
        .unwrap();
        assert_eq!(file.base_model(), Some("/m"), "as written");
        let context = |longest| {
            let spec = file.clone().resolve(longest).unwrap();
            spec.model.context_length
        };
        assert_eq!(context(Some(64)), 64, "all that it sees");
        assert_eq!(context(Some(4096)), 256, "what a computer at home can bear");
        assert_eq!(context(None), 256, "where that is not known");
    }

    #[test]
    fn alpha_follows_the_rank() {
        let lora = read(json!({ "lora": { "rank": 32 } })).unwrap().lora;
        assert!(close(lora.alpha, 64.0), "twice the rank: {}", lora.alpha);
    }

    #[test]
    fn what_is_learnt_of_pairs_has_a_beta_and_rates_of_its_own() {
        for (objective, beta, lr) in [
            (json!(null), None, 2e-4),
            (json!("sft"), None, 2e-4),
            (json!("dpo"), Some(0.1), 1e-5),
            (json!("orpo"), Some(0.1), 5e-5),
        ] {
            let spec = read(json!({
                "objective": objective, "method": "lora", "base_model": "/m",
            }))
            .unwrap();
            assert_eq!(spec.beta, beta, "{objective}");
            assert!(close(spec.optimizer.lr, lr), "{objective}");
            let again: TrainSpec =
                serde_json::from_value(serde_json::to_value(&spec).unwrap()).unwrap();
            assert_eq!(again, spec, "{objective} through job.json");
        }
        let own = read(json!({ "objective": "dpo", "beta": 0.3 })).unwrap();
        assert_eq!(own.beta, Some(0.3), "what is written counts");
    }

    #[test]
    fn an_unknown_field_is_refused_by_name() {
        for (field, more) in [
            ("speed", json!({ "speed": 1 })),
            ("momentum", json!({ "optimizer": { "momentum": 1 } })),
            ("n_head", json!({ "model": { "n_head": 1 } })),
            ("r", json!({ "lora": { "r": 1 } })),
            ("gamma", json!({ "objective": "dpo", "gamma": 1 })),
        ] {
            let refused = read(more).unwrap_err().to_string();
            assert!(refused.contains(&format!("`{field}`")), "`{refused}`");
        }
    }
}
