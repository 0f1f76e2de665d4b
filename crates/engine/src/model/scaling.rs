//! How rotary angles were stretched for more positions than a model was first trained on: linear, dynamic,
//! `YaRN` and that of Llama 3, as transformers computes them (`modeling_rope_utils.py`).

use super::fields::{Fields, limits};
use crate::kernels::rope;
use serde_json::{Value, json};

/// How a model's rotary angles were stretched for more positions than it was first trained on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum RopeScaling {
    /// Not at all.
    #[default]
    None,
    /// Every angle is divided (Chen et al., 2023).
    Linear {
        /// By what.
        factor: f64,
    },
    /// Beyond the model's context the angles' base grows with the text; within it, which no text leaves here,
    /// angles are as they were.
    Dynamic {
        /// How fast the base grows.
        factor: f64,
    },
    /// Slow angles are divided, fast ones are not, those between in part, and what is rotated is multiplied
    /// (Peng et al., 2023).
    Yarn(Yarn),
    /// Slow angles are divided, fast ones are not, those between in part (Llama 3.1).
    Llama3 {
        /// By what slow angles are divided.
        factor: f64,
        /// Turns within the first context below which an angle is slow.
        low_freq_factor: f64,
        /// Turns within the first context above which an angle is fast.
        high_freq_factor: f64,
        /// The context of the first training.
        original_context: f64,
    },
}

/// The settings of `YaRN`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Yarn {
    /// By what slow angles are divided.
    pub factor: f64,
    /// The context of the first training.
    pub original_context: f64,
    /// Turns within the first context above which an angle is fast.
    pub beta_fast: f64,
    /// Turns within the first context below which an angle is slow.
    pub beta_slow: f64,
    /// What queries and keys are multiplied by once they are rotated.
    pub attention_factor: f64,
    /// Whether the bounds between slow and fast angles are whole pairs.
    pub bounds: Bounds,
}

/// Where the bounds between slow and fast angles stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounds {
    /// At whole pairs.
    Whole,
    /// Where the turns put them.
    Exact,
}

/// `YaRN`'s bounds where nothing is said of them.
pub(super) const YARN_BETAS: [f64; 2] = [32.0, 1.0];

/// What `YaRN` multiplies by where nothing is said of it, times `mscale` of the logarithm.
pub(super) fn yarn_attention(factor: f64, mscale: f64) -> f64 {
    if factor <= 1.0 {
        1.0
    } else {
        0.1 * mscale * factor.ln() + 1.0
    }
}

impl RopeScaling {
    /// Reads `rope_scaling` or `rope_parameters`, whichever the version of transformers wrote; the error
    /// names what is not known.
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, String> {
        must_be_whole(fields)?;
        Self::read_by(fields, Self::of)
    }

    /// [`RopeScaling::read`] of a family that rotates a share of each head.
    pub(super) fn read_of_share(fields: &Fields<'_>) -> Result<Self, String> {
        Self::read_by(fields, Self::kind)
    }

    fn read_by(
        fields: &Fields<'_>,
        read: fn(&Fields<'_>) -> Result<Self, String>,
    ) -> Result<Self, String> {
        let of = |name: &str| match fields.object(name)? {
            Some(rope) => read(&rope).map(Some),
            None => Ok(None),
        };
        match (of("rope_scaling")?, of("rope_parameters")?) {
            (Some(one), Some(other)) if one != other => {
                Err("`rope_scaling` and `rope_parameters` contradict each other".to_owned())
            }
            (one, other) => Ok(one.or(other).unwrap_or_default()),
        }
    }

    /// Reads one object of such settings, of a model that rotates whole heads.
    pub(super) fn of(rope: &Fields<'_>) -> Result<Self, String> {
        must_be_whole(rope)?;
        Self::kind(rope)
    }

    fn kind(rope: &Fields<'_>) -> Result<Self, String> {
        let factor = |name: &str| needed(rope.number(name, limits::ROPE_FACTOR)?, name);
        match kind_of(rope)? {
            None | Some("default") => Ok(Self::None),
            Some("linear") => Ok(Self::Linear {
                factor: factor("factor")?,
            }),
            Some("dynamic") => Ok(Self::Dynamic {
                factor: factor("factor")?,
            }),
            Some("yarn") => Yarn::of(rope).map(Self::Yarn),
            Some("llama3") => {
                let (low, high) = (factor("low_freq_factor")?, factor("high_freq_factor")?);
                if high <= low {
                    return Err(format!(
                        "`high_freq_factor` is {high}, not above `low_freq_factor`, which is {low}"
                    ));
                }
                Ok(Self::Llama3 {
                    factor: factor("factor")?,
                    low_freq_factor: low,
                    high_freq_factor: high,
                    original_context: original_context(rope)?,
                })
            }
            Some(other) => Err(format!(
                "rotary angles scaled as `{other}` are not supported"
            )),
        }
    }

    /// The settings as transformers has them, without the angles' base.
    pub(super) fn to_json(self) -> Value {
        match self {
            Self::None => json!({ "rope_type": "default" }),
            Self::Linear { factor } => json!({ "rope_type": "linear", "factor": factor }),
            Self::Dynamic { factor } => json!({ "rope_type": "dynamic", "factor": factor }),
            Self::Yarn(yarn) => json!({
                "rope_type": "yarn",
                "factor": yarn.factor,
                "original_max_position_embeddings": yarn.original_context as u64,
                "beta_fast": yarn.beta_fast,
                "beta_slow": yarn.beta_slow,
                "attention_factor": yarn.attention_factor,
                "truncate": yarn.bounds == Bounds::Whole,
            }),
            Self::Llama3 {
                factor,
                low_freq_factor,
                high_freq_factor,
                original_context,
            } => json!({
                "rope_type": "llama3",
                "factor": factor,
                "low_freq_factor": low_freq_factor,
                "high_freq_factor": high_freq_factor,
                "original_max_position_embeddings": original_context as u64,
            }),
        }
    }

    /// The settings with the angles' base, and as transformers 4 has them, which has a field for each.
    pub(super) fn both_spellings(self, theta: f64) -> [Value; 2] {
        let mut rope = self.to_json();
        rope["rope_theta"] = theta.into();
        let old = match self {
            Self::None => Value::Null,
            _ => rope.clone(),
        };
        [rope, old]
    }

    /// The frequencies of the pairs of `rotated` values by the base `theta`, in f32 throughout, as
    /// transformers computes them.
    pub fn frequencies(self, rotated: usize, theta: f64) -> Vec<f32> {
        let mut frequencies = rope::frequencies(rotated, theta);
        match self {
            Self::Yarn(yarn) => yarn.scale(&mut frequencies, theta),
            _ => {
                for frequency in &mut frequencies {
                    *frequency = self.scale(*frequency);
                }
            }
        }
        frequencies
    }

    /// What queries and keys are multiplied by once they are rotated.
    pub fn attention_factor(self) -> f64 {
        match self {
            Self::Yarn(yarn) => yarn.attention_factor,
            Self::None | Self::Linear { .. } | Self::Dynamic { .. } | Self::Llama3 { .. } => 1.0,
        }
    }

    /// Scales `frequency` by itself, which `YaRN` does not.
    fn scale(self, frequency: f32) -> f32 {
        match self {
            Self::None | Self::Dynamic { .. } | Self::Yarn(_) => frequency,
            Self::Linear { factor } => frequency / factor as f32,
            Self::Llama3 {
                factor,
                low_freq_factor,
                high_freq_factor,
                original_context,
            } => {
                let (factor, low, high) = (
                    factor as f32,
                    low_freq_factor as f32,
                    high_freq_factor as f32,
                );
                let wavelength = std::f32::consts::TAU / frequency;
                let turns = original_context as f32 / wavelength;
                if wavelength > (original_context / low_freq_factor) as f32 {
                    frequency / factor
                } else if wavelength < (original_context / high_freq_factor) as f32 {
                    frequency
                } else {
                    let smooth = (turns - low) / (high - low);
                    (1.0 - smooth) * frequency / factor + smooth * frequency
                }
            }
        }
    }
}

impl Yarn {
    fn of(rope: &Fields<'_>) -> Result<Self, String> {
        // A zero says as little as a missing number.
        let optional = |name: &str| {
            let number = rope.number(name, 0.0..=*limits::ROPE_FACTOR.end())?;
            Ok::<_, String>(number.filter(|number| *number > 0.0))
        };
        let factor = needed(rope.number("factor", limits::ROPE_FACTOR)?, "factor")?;
        let named = rope.number("attention_factor", limits::ROPE_FACTOR)?;
        let inferred = match (optional("mscale")?, optional("mscale_all_dim")?) {
            (Some(one), Some(all)) => yarn_attention(factor, one) / yarn_attention(factor, all),
            _ => yarn_attention(factor, 1.0),
        };
        let [fast, slow] = YARN_BETAS;
        Ok(Self {
            factor,
            original_context: original_context(rope)?,
            beta_fast: optional("beta_fast")?.unwrap_or(fast),
            beta_slow: optional("beta_slow")?.unwrap_or(slow),
            attention_factor: named.unwrap_or(inferred),
            bounds: if rope.flag("truncate")? == Some(false) {
                Bounds::Exact
            } else {
                Bounds::Whole
            },
        })
    }

    fn scale(self, frequencies: &mut [f32], theta: f64) {
        let n_rotated = 2.0 * frequencies.len() as f64;
        // The pair that turns so many times within the first context.
        let pair_of = |turns: f64| {
            let per_turn = self.original_context / (turns * std::f64::consts::TAU);
            n_rotated * per_turn.ln() / (2.0 * theta.ln())
        };
        let (low, high) = (pair_of(self.beta_fast), pair_of(self.beta_slow));
        let (low, high) = match self.bounds {
            Bounds::Whole => (low.floor(), high.ceil()),
            Bounds::Exact => (low, high),
        };
        let (low, mut high) = (low.max(0.0), high.min(n_rotated - 1.0));
        if low.to_bits() == high.to_bits() {
            high += 0.001;
        }
        for (pair, frequency) in frequencies.iter_mut().enumerate() {
            let ramp = ((pair as f32 - low as f32) / (high - low) as f32).clamp(0.0, 1.0);
            let kept = 1.0 - ramp;
            let divided = 1.0 / (self.factor as f32 * (1.0 / *frequency));
            *frequency = divided * (1.0 - kept) + *frequency * kept;
        }
    }
}

/// The kind of scaling that an object names, in either spelling.
pub(super) fn kind_of<'a>(rope: &Fields<'a>) -> Result<Option<&'a str>, String> {
    match (rope.text("rope_type")?, rope.text("type")?) {
        (Some(kind), Some(old)) if kind != old => {
            Err(format!("`rope_type` is `{kind}` and `type` is `{old}`"))
        }
        (kind, old) => Ok(kind.or(old)),
    }
}

/// Refuses that a part of each head is rotated.
fn must_be_whole(fields: &Fields<'_>) -> Result<(), String> {
    match fields.number("partial_rotary_factor", limits::ROPE_SHARE)? {
        Some(share) if !is_one(share) => Err(format!(
            "`partial_rotary_factor` is {share}, which is not supported"
        )),
        _ => Ok(()),
    }
}

/// The context of the first training.
fn original_context(rope: &Fields<'_>) -> Result<f64, String> {
    const NAME: &str = "original_max_position_embeddings";
    let context = rope.optional_count(NAME, limits::POSITIONS)?;
    needed(context.map(|context| context as f64), NAME)
}

fn needed(value: Option<f64>, name: &str) -> Result<f64, String> {
    value.ok_or_else(|| format!("the scaling of the rotary angles lacks `{name}`"))
}

/// Whether a factor changes nothing.
pub(super) fn is_one(factor: f64) -> bool {
    factor.to_bits() == 1.0_f64.to_bits()
}
