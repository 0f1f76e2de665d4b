//! How a family lies in GGUF files: what its file says of it ([`InGguf`]), and what a file says, read within
//! limits ([`Settings`]).

use super::ModelConfig;
use super::fields::limits;
use super::scaling::{Bounds, RopeScaling, YARN_BETAS, Yarn, is_one, yarn_attention};
use crate::gguf::{Metadata, Value};
use crate::kernels::rope;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// What rotary angles are divided by.
pub(super) const ROPE_FACTORS: &str = "rope_freqs.weight";
/// The context of Llama's first training where a file does not say.
const ORIGINAL_CONTEXT: f64 = 8192.0;
/// Turns that tell slow angles from fast ones, of every Llama.
const FREQ_FACTORS: [f64; 2] = [1.0, 4.0];

/// How a family lies in GGUF files.
pub(super) trait InGguf: Sync {
    /// `general.architecture`.
    fn architecture(&self) -> &'static str;

    /// Reads the family's settings; the error says what is wrong with them.
    fn read(&self, settings: &Settings<'_>) -> Result<ModelConfig, String>;

    /// The family's settings, without the architecture before their names; the error names what GGUF
    /// cannot say.
    fn write(&self, config: &ModelConfig) -> Result<Vec<(&'static str, Value)>, String>;

    /// GGUF's path of the path `path` of a weight that stands in no block.
    fn end(&self, path: &str) -> Option<&'static str>;

    /// GGUF's path of the path `path` of a weight within its block.
    fn part(&self, path: &str) -> Option<&'static str>;

    /// How files keep the values of the weight `name`.
    fn order(&self, config: &ModelConfig, name: &str) -> Order;
}

/// How a file keeps a weight's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As in memory.
    Plain,
    /// The rows of each head's rotated pairs lie beside each other, in memory half a head apart.
    Pairs {
        /// Heads whose rows these are.
        n_heads: usize,
    },
    /// One is added to every value.
    PlusOne,
}

/// A family's settings, each of which must have been asked for in the end.
pub(super) struct Settings<'a> {
    metadata: &'a Metadata,
    architecture: &'static str,
    tensors: BTreeSet<&'a str>,
    rope_factors: Option<&'a [f32]>,
    /// Rows of the embedding.
    pub(super) vocab_size: usize,
    read: RefCell<BTreeSet<String>>,
}

impl<'a> Settings<'a> {
    /// The settings of `architecture` in a file with these tensors, of which the embedding has `vocab_size`
    /// rows and `rope_factors` may divide angles.
    pub(super) fn new(
        metadata: &'a Metadata,
        architecture: &'static str,
        tensors: BTreeSet<&'a str>,
        rope_factors: Option<&'a [f32]>,
        vocab_size: usize,
    ) -> Self {
        Self {
            metadata,
            architecture,
            tensors,
            rope_factors,
            vocab_size,
            read: RefCell::default(),
        }
    }

    fn name(&self, setting: &str) -> String {
        let name = format!("{}.{setting}", self.architecture);
        self.read.borrow_mut().insert(name.clone());
        name
    }

    /// A count from 1 to `most`.
    pub(super) fn count(&self, setting: &str, most: usize) -> Result<usize, String> {
        self.optional_count(setting, most)?
            .ok_or_else(|| format!("the file lacks `{}.{setting}`", self.architecture))
    }

    /// A count from 1 to `most`; `None` where the file does not say.
    pub(super) fn optional_count(
        &self,
        setting: &str,
        most: usize,
    ) -> Result<Option<usize>, String> {
        self.metadata.count(&self.name(setting), most)
    }

    /// A number within `range`; `None` where the file does not say.
    pub(super) fn number(
        &self,
        setting: &str,
        range: RangeInclusive<f64>,
    ) -> Result<Option<f64>, String> {
        self.metadata.number(&self.name(setting), range)
    }

    /// A setting as it is.
    pub(super) fn value(&self, setting: &str) -> Option<&Value> {
        self.metadata.get(&self.name(setting))
    }

    /// Refuses another count than `expected`, where the file has one.
    pub(super) fn must_equal(&self, setting: &str, expected: usize) -> Result<(), String> {
        match self.value(setting) {
            Some(Value::Unsigned(number)) if *number == expected as u64 => Ok(()),
            None => Ok(()),
            Some(value) => Err(format!(
                "`{}.{setting}` is {}, which is supported as {expected} alone",
                self.architecture,
                value.shown()
            )),
        }
    }

    /// Passes over settings that change no number.
    pub(super) fn pass_over(&self, settings: &[&str]) {
        for setting in settings {
            self.name(setting);
        }
    }

    /// Whether the file has a tensor of this name.
    pub(super) fn has_tensor(&self, name: &str) -> bool {
        self.tensors.contains(name)
    }

    /// How angles of the base `theta` are scaled, where `rotated` values of a head are.
    pub(super) fn rope_scaling(&self, rotated: usize, theta: f64) -> Result<RopeScaling, String> {
        self.pass_over(&["rope.scaling.finetuned"]);
        let old = self.number("rope.scale_linear", limits::ROPE_FACTOR)?;
        let factor = self.number("rope.scaling.factor", limits::ROPE_FACTOR)?;
        let original = self.number("rope.scaling.original_context_length", 1.0..=1e9)?;
        // What llama.cpp takes where a file does not say, and what is computed here.
        let [fast, slow] = YARN_BETAS;
        for (name, known) in [
            ("rope.scaling.attn_factor", 1.0),
            ("rope.scaling.yarn_ext_factor", 1.0),
            ("rope.scaling.yarn_attn_factor", 1.0),
            ("rope.scaling.yarn_beta_fast", fast),
            ("rope.scaling.yarn_beta_slow", slow),
        ] {
            let number = self.number(name, 0.0..=*limits::ROPE_FACTOR.end())?;
            if let Some(number) = number.filter(|number| number.to_bits() != known.to_bits()) {
                return Err(format!("`{name}` is {number}, which is not supported"));
            }
        }
        let scaling = match self.value("rope.scaling.type") {
            None => old.filter(|&factor| !is_one(factor)).map(linear),
            Some(Value::Text(kind)) if kind == "none" => None,
            Some(Value::Text(kind)) if kind == "linear" => factor.map(linear),
            Some(Value::Text(kind)) if kind == "yarn" => Some(yarn(factor, original)?),
            Some(other) => {
                return Err(format!(
                    "rotary angles scaled as `{}` are not supported",
                    other.shown()
                ));
            }
        };
        match (scaling, self.rope_factors) {
            (scaling, None) => Ok(scaling.unwrap_or_default()),
            (Some(_), Some(_)) => Err(format!("angles are scaled twice, also by `{ROPE_FACTORS}`")),
            (None, Some(factors)) => scaling_by(
                factors,
                rotated,
                theta,
                original.unwrap_or(ORIGINAL_CONTEXT),
            ),
        }
    }

    /// Refuses settings of the family that nothing asked for.
    pub(super) fn must_be_read(&self) -> Result<(), String> {
        let of_family = format!("{}.", self.architecture);
        let read = self.read.borrow();
        let unknown = self.metadata.iter().find(|(name, value)| {
            let is_nothing = matches!(value, Value::Unsigned(0) | Value::Bool(false));
            name.starts_with(&of_family) && !read.contains(*name) && !is_nothing
        });
        match unknown {
            None => Ok(()),
            Some((name, value)) => Err(format!(
                "`{name}` is {}, which is not understood",
                value.shown()
            )),
        }
    }
}

fn linear(factor: f64) -> RopeScaling {
    RopeScaling::Linear { factor }
}

/// `YaRN` as llama.cpp computes it.
fn yarn(factor: Option<f64>, original: Option<f64>) -> Result<RopeScaling, String> {
    let lacks =
        |name: &str| format!("angles are scaled as `yarn`, and `rope.scaling.{name}` is missing");
    let factor = factor.ok_or_else(|| lacks("factor"))?;
    let [beta_fast, beta_slow] = YARN_BETAS;
    Ok(RopeScaling::Yarn(Yarn {
        factor,
        original_context: original.ok_or_else(|| lacks("original_context_length"))?,
        beta_fast,
        beta_slow,
        attention_factor: yarn_attention(factor, 1.0),
        bounds: Bounds::Whole,
    }))
}

/// The scaling that divides the frequencies of `rotated` values by `factors`.
fn scaling_by(
    factors: &[f32],
    rotated: usize,
    theta: f64,
    original: f64,
) -> Result<RopeScaling, String> {
    let slowest = factors.iter().copied().fold(1.0, f32::max);
    let scaling = RopeScaling::Llama3 {
        factor: f64::from(slowest),
        low_freq_factor: FREQ_FACTORS[0],
        high_freq_factor: FREQ_FACTORS[1],
        original_context: original,
    };
    let expected = divisors(scaling, rotated, theta);
    let alike = |(factor, expected): (&f32, &f32)| (factor - expected).abs() <= 1e-3 * expected;
    if factors.len() == expected.len() && factors.iter().zip(&expected).all(alike) {
        Ok(scaling)
    } else {
        Err(format!(
            "`{ROPE_FACTORS}` divides the rotary angles as no known scaling does"
        ))
    }
}

/// What `scaling` divides the frequencies of `rotated` values by.
fn divisors(scaling: RopeScaling, rotated: usize, theta: f64) -> Vec<f32> {
    let plain = rope::frequencies(rotated, theta);
    let scaled = scaling.frequencies(rotated, theta);
    plain
        .iter()
        .zip(scaled)
        .map(|(plain, scaled)| plain / scaled)
        .collect()
}

/// What angles are divided by, as a tensor; `None` where they are not, or as settings say it.
pub(crate) fn rope_factors(config: &ModelConfig) -> Option<(&'static str, Vec<f32>)> {
    let scaling = config.attention.rope_scaling;
    let RopeScaling::Llama3 { .. } = scaling else {
        return None;
    };
    Some((
        ROPE_FACTORS,
        divisors(scaling, config.rotated(), config.rope_theta),
    ))
}

/// The settings of a family's angles beside their base; the error names what GGUF cannot say.
pub(super) fn rope_settings(scaling: RopeScaling) -> Result<Vec<(&'static str, Value)>, String> {
    Ok(match scaling {
        RopeScaling::None => Vec::new(),
        RopeScaling::Linear { factor } => vec![
            ("rope.scaling.type", "linear".into()),
            ("rope.scaling.factor", factor.into()),
        ],
        RopeScaling::Dynamic { .. } => {
            return Err("angles are scaled as `dynamic`, which GGUF has no word for".to_owned());
        }
        RopeScaling::Yarn(own) => {
            let RopeScaling::Yarn(known) = yarn(Some(own.factor), Some(own.original_context))?
            else {
                return Ok(Vec::new());
            };
            let attention = (own.attention_factor - known.attention_factor).abs();
            let same = Yarn {
                attention_factor: known.attention_factor,
                ..own
            };
            if attention > 1e-6 || same != known {
                return Err(
                    "`yarn` with another `attention_factor`, `beta_fast`, `beta_slow` or `truncate` than by itself is not written to GGUF"
                        .to_owned(),
                );
            }
            vec![
                ("rope.scaling.type", "yarn".into()),
                ("rope.scaling.factor", own.factor.into()),
                (
                    "rope.scaling.original_context_length",
                    Value::Unsigned(own.original_context as u64),
                ),
            ]
        }
        RopeScaling::Llama3 {
            low_freq_factor,
            high_freq_factor,
            original_context,
            ..
        } => {
            if [low_freq_factor, high_freq_factor] != FREQ_FACTORS {
                let [low, high] = FREQ_FACTORS;
                return Err(format!(
                    "`low_freq_factor` and `high_freq_factor` are {low_freq_factor} and {high_freq_factor}, GGUF knows {low} and {high} alone"
                ));
            }
            vec![(
                "rope.scaling.original_context_length",
                Value::Unsigned(original_context as u64),
            )]
        }
    })
}
