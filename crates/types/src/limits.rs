//! The values that the settings of a run may have, each stated once: the engine refuses what is outside, and
//! so does the command line. Where the form and the shell that takes it are narrower, [`form`] says so; a
//! setting that is not named there has the same range in both.

use std::ops::RangeInclusive;

/// The most steps that a setting can name; no run of this program reaches it.
pub const MOST_STEPS: u32 = 1_000_000;

/// Minutes between the checkpoints that the clock asks for.
pub const CHECKPOINT_MINUTES: RangeInclusive<f64> = 0.01..=1440.0;

/// Passes over the training text.
pub const EPOCHS: RangeInclusive<u64> = 1..=1_000_000_000;
/// Sequences in one optimizer step.
pub const BATCH_SIZE: RangeInclusive<usize> = 1..=1 << 20;
/// Peak learning rate; 0 is outside.
pub const LR: RangeInclusive<f64> = f64::MIN_POSITIVE..=1e6;
/// Share of the peak rate at which the schedule ends.
pub const MIN_LR_RATIO: RangeInclusive<f64> = 0.0..=1.0;
/// Steps of linear warm-up.
pub const WARMUP_STEPS: RangeInclusive<u32> = 0..=MOST_STEPS;
/// Decoupled decay of matrices.
pub const WEIGHT_DECAY: RangeInclusive<f64> = 0.0..=100.0;
/// Decay of the first moment; 1 would never forget.
pub const BETA1: RangeInclusive<f64> = 0.0..=0.999_999;
/// Decay of the second moment; 1 would never forget.
pub const BETA2: RangeInclusive<f64> = 0.0..=0.999_999_9;
/// Added to the root of the second moment; 0 is outside.
pub const EPS: RangeInclusive<f64> = f64::MIN_POSITIVE..=1.0;
/// Global gradient norm above which gradients are scaled down; 0 never does.
pub const GRAD_CLIP: RangeInclusive<f64> = 0.0..=f64::MAX;

/// Tokens in one sequence.
pub const CONTEXT_LENGTH: RangeInclusive<usize> = 2..=1 << 20;
/// Transformer blocks of a model of fresh weights.
pub const N_LAYERS: RangeInclusive<usize> = 1..=1024;
/// Width of the residual stream of a model of fresh weights.
pub const D_MODEL: RangeInclusive<usize> = 1..=1 << 16;
/// Width of the hidden layer of a model of fresh weights.
pub const D_FF: RangeInclusive<usize> = 1..=1 << 20;
/// Size of a tokenizer's vocabulary: 256 bytes and the special tokens at least.
pub const VOCAB_SIZE: RangeInclusive<usize> = 260..=1 << 20;

/// Rank of adapters.
pub const RANK: RangeInclusive<usize> = 1..=4096;
/// `LoRA`'s alpha; 0 would add nothing.
pub const ALPHA: RangeInclusive<f64> = f64::MIN_POSITIVE..=1e6;
/// Share of an adapter's input that is left out in training; all of it would leave nothing.
pub const DROPOUT: RangeInclusive<f64> = 0.0..=0.99;

/// How far a model that learns of pairs may move from where it was; 0 would hold it by nothing.
pub const BETA: RangeInclusive<f64> = 0.000_1..=100.0;

/// The share held out where a dataset has no held-out text of its own; 0 is outside.
pub const VALIDATION_FRACTION: RangeInclusive<f64> = f64::MIN_POSITIVE..=0.5;
/// Validations in a row without a new best after which a run ends.
pub const PATIENCE: RangeInclusive<u64> = 1..=MOST_STEPS as u64;
/// Sampling temperature of what is continued at a validation; 0 is greedy.
pub const SAMPLE_TEMPERATURE: RangeInclusive<f64> = 0.0..=100.0;

/// What the form offers, and the shell takes from it: less than a specification may say, as much as a
/// computer at home can bear.
pub mod form {
    use super::{MOST_STEPS, RangeInclusive};

    /// Characters of a run's name.
    pub const NAME_CHARS: RangeInclusive<usize> = 1..=80;
    /// Passes over the training text.
    pub const EPOCHS: RangeInclusive<u32> = 1..=1000;
    /// Sequences in one optimizer step.
    pub const BATCH_SIZE: RangeInclusive<u32> = 1..=512;
    /// Peak learning rate; 0 is outside.
    pub const LR: RangeInclusive<f64> = f64::MIN_POSITIVE..=0.1;
    /// Tokens in one sequence; a finished model may see fewer.
    pub const CONTEXT_LENGTH: RangeInclusive<u32> = 16..=2048;
    /// Rank of adapters.
    pub const RANK: RangeInclusive<u32> = 1..=256;
    /// `LoRA`'s alpha.
    pub const ALPHA: RangeInclusive<f64> = 0.01..=1024.0;
    /// Share of an adapter's input that is left out in training.
    pub const DROPOUT: RangeInclusive<f64> = 0.0..=0.9;
    /// How far a model that learns of pairs may move from where it was.
    pub const BETA: RangeInclusive<f64> = 0.01..=10.0;
    /// Decoupled decay of matrices.
    pub const WEIGHT_DECAY: RangeInclusive<f64> = 0.0..=1.0;
    /// Seed of every random choice.
    pub const SEED: RangeInclusive<u32> = 0..=u32::MAX;
    /// The share held out where a dataset has no held-out text of its own.
    pub const VALIDATION_FRACTION: RangeInclusive<f64> = 0.005..=0.5;
    /// Validations in a row without a new best after which a run ends.
    pub const PATIENCE: RangeInclusive<u32> = 1..=1000;
    /// Steps between checkpoints.
    pub const CHECKPOINT_EVERY: RangeInclusive<u32> = 1..=MOST_STEPS;
    /// Minutes between the checkpoints that the clock asks for.
    pub const CHECKPOINT_MINUTES: RangeInclusive<u32> = 1..=1440;
    /// Prompts that a run continues at each validation.
    pub const N_PROMPTS: RangeInclusive<usize> = 0..=8;
    /// Characters of one of them.
    pub const PROMPT_CHARS: RangeInclusive<usize> = 1..=500;
    /// Tokens of a continuation that is asked of a trained model.
    pub const MAX_TOKENS: RangeInclusive<u32> = 1..=1024;
    /// Sampling temperature; 0 is greedy.
    pub const TEMPERATURE: RangeInclusive<f64> = 0.0..=2.0;
}

/// How tokens may be drawn when a model writes for a person.
pub mod sampling {
    use super::RangeInclusive;

    /// Tokens of an answer.
    pub const MAX_TOKENS: RangeInclusive<u32> = 1..=8192;
    /// Temperature; 0 is greedy.
    pub const TEMPERATURE: RangeInclusive<f64> = 0.0..=2.0;
    /// Likeliest tokens among which is drawn.
    pub const TOP_K: RangeInclusive<u32> = 1..=1000;
    /// Share of the probability that they hold; 0 is outside.
    pub const TOP_P: RangeInclusive<f64> = f64::MIN_POSITIVE..=1.0;
    /// Share of the likeliest one's probability.
    pub const MIN_P: RangeInclusive<f64> = 0.0..=1.0;
    /// What the logits of tokens that were there are divided by.
    pub const REPETITION_PENALTY: RangeInclusive<f64> = 1.0..=2.0;
    /// Texts at which an answer ends.
    pub const N_STOPS: RangeInclusive<usize> = 0..=8;
    /// Bytes of one of them.
    pub const STOP_BYTES: RangeInclusive<usize> = 1..=256;
}

/// What a conversation may hold.
pub mod chat {
    use super::RangeInclusive;

    /// Characters of a conversation's name.
    pub const TITLE_CHARS: RangeInclusive<usize> = 1..=120;
    /// Characters of one message.
    pub const TEXT_CHARS: RangeInclusive<usize> = 1..=100_000;
    /// Characters of what the model is told first.
    pub const SYSTEM_CHARS: RangeInclusive<usize> = 0..=20_000;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{
        BaseStorage, DEFAULT_BETA, Defaults, LoraSpec, Method, Objective, SizePreset, Task,
        TokenizerSpec, default_alpha, default_context,
    };

    fn within<T: PartialOrd>(inner: &RangeInclusive<T>, outer: &RangeInclusive<T>) -> bool {
        outer.contains(inner.start()) && outer.contains(inner.end())
    }

    fn wide(range: &RangeInclusive<u32>) -> RangeInclusive<usize> {
        *range.start() as usize..=*range.end() as usize
    }

    #[test]
    fn whatever_the_form_offers_can_be_trained() {
        let as_u64 =
            |range: &RangeInclusive<u32>| u64::from(*range.start())..=u64::from(*range.end());
        for (name, holds) in [
            ("epochs", within(&as_u64(&form::EPOCHS), &EPOCHS)),
            ("batch", within(&wide(&form::BATCH_SIZE), &BATCH_SIZE)),
            ("lr", within(&form::LR, &LR)),
            (
                "context",
                within(&wide(&form::CONTEXT_LENGTH), &CONTEXT_LENGTH),
            ),
            ("rank", within(&wide(&form::RANK), &RANK)),
            ("alpha", within(&form::ALPHA, &ALPHA)),
            ("dropout", within(&form::DROPOUT, &DROPOUT)),
            ("beta", within(&form::BETA, &BETA)),
            ("decay", within(&form::WEIGHT_DECAY, &WEIGHT_DECAY)),
            (
                "share",
                within(&form::VALIDATION_FRACTION, &VALIDATION_FRACTION),
            ),
            (
                "checkpoint minutes",
                form::CHECKPOINT_MINUTES.into_inner().0 >= 1
                    && f64::from(*form::CHECKPOINT_MINUTES.end()) <= *CHECKPOINT_MINUTES.end(),
            ),
            ("patience", within(&as_u64(&form::PATIENCE), &PATIENCE)),
            (
                "temperature",
                within(&form::TEMPERATURE, &SAMPLE_TEMPERATURE),
            ),
        ] {
            assert!(holds, "{name} of the form is within a specification's");
        }
    }

    #[test]
    fn every_default_is_within_what_the_form_offers() {
        let mut all: Vec<Defaults> = vec![Defaults::CONTINUED];
        for &task in Task::ALL {
            all.extend(Method::ALL.iter().map(|&method| Defaults::of(task, method)));
        }
        for &objective in Objective::PREFERENCE {
            let of = |&method| Defaults::learning(Task::CausalLm, method, Some(objective));
            all.extend(Method::ALL.iter().map(of));
        }
        assert!(form::BETA.contains(&DEFAULT_BETA));
        for defaults in all {
            assert!(form::EPOCHS.contains(&defaults.epochs), "{defaults:?}");
            assert!(
                form::BATCH_SIZE.contains(&defaults.batch_size),
                "{defaults:?}"
            );
            assert!(form::LR.contains(&defaults.lr), "{defaults:?}");
            assert!(
                form::WEIGHT_DECAY.contains(&defaults.weight_decay),
                "{defaults:?}"
            );
        }
        for &preset in SizePreset::ALL {
            let context = default_context(Method::Scratch, preset, None);
            assert!(form::CONTEXT_LENGTH.contains(&context), "{preset:?}");
            assert!(VOCAB_SIZE.contains(&preset.vocab_size()), "{preset:?}");
        }
        assert!(form::CHECKPOINT_MINUTES.contains(&Defaults::CHECKPOINT_MINUTES));
        let lora = LoraSpec::default();
        assert!(RANK.contains(&lora.rank) && form::ALPHA.contains(&lora.alpha));
        assert_eq!(lora.base, BaseStorage::Dtype, "as `dtype` says");
        assert!(
            form::ALPHA.contains(&default_alpha(f64::from(*form::RANK.end()))),
            "the alpha of the highest rank"
        );
        assert!(VOCAB_SIZE.contains(&TokenizerSpec::default().vocab_size));
    }
}
