//! What a token of a block sees and how it knows where the others stand: windows, rotary angles and their
//! scaling, the scores' scale.

use super::ModelConfig;
use super::facts::Positions;
use super::fields::{Fields, limits};
use super::linear_attention::LinearAttention;
use crate::kernels::attention::Mask;
use crate::kernels::rope;
use serde_json::{Value, json};

/// What attention is beyond heads and angles. By itself: no biases but a family's own, whole sight, plain
/// angles, scores divided by the root of a head's width.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Attention {
    /// Whether queries, keys, values and what is mixed of them have biases.
    pub biases: bool,
    /// How angles are scaled.
    pub rope_scaling: RopeScaling,
    /// What scores are divided by the root of; a head's width where it is `None`.
    pub query_scalar: Option<f64>,
    /// Blocks that see a window.
    pub sliding: Option<Sliding>,
    /// Values of each head that are rotated; all where it is `None`.
    pub rotated: Option<usize>,
    /// Whether what attention mixes is multiplied by a gate, which the queries' map gives.
    pub output_gate: bool,
    /// Blocks of linear attention.
    pub linear: Option<LinearAttention>,
}

/// Blocks whose tokens see a window of others.
#[derive(Debug, Clone, PartialEq)]
pub struct Sliding {
    /// Tokens seen, the own one included; of an encoder half of them before and half behind the own one.
    pub window: usize,
    /// Of each block, whether it sees the window alone.
    pub blocks: Vec<bool>,
    /// Base of these blocks' angles, which are not scaled.
    pub rope_theta: f64,
}

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

impl RopeScaling {
    /// Reads `rope_scaling` or `rope_parameters`, whichever the version of transformers wrote; the error
    /// names what is not known.
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, String> {
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

    /// Reads one object of such settings, where all of a head is rotated.
    pub(super) fn of(rope: &Fields<'_>) -> Result<Self, String> {
        let partial = rope.number("partial_rotary_factor", limits::ROPE_FACTOR)?;
        if partial.is_some_and(|share| !is_one(share)) {
            return Err("`partial_rotary_factor` is not supported".to_owned());
        }
        Self::kind(rope)
    }

    fn kind(rope: &Fields<'_>) -> Result<Self, String> {
        let needed = |name: &str| {
            rope.number(name, limits::ROPE_FACTOR)?
                .ok_or_else(|| format!("the scaling of the rotary angles lacks `{name}`"))
        };
        let (kind, old_kind) = (rope.text("rope_type")?, rope.text("type")?);
        if let (Some(kind), Some(old)) = (kind, old_kind)
            && kind != old
        {
            return Err(format!("`rope_type` is `{kind}` and `type` is `{old}`"));
        }
        match kind.or(old_kind) {
            None | Some("default") => Ok(Self::None),
            Some("linear") => Ok(Self::Linear {
                factor: needed("factor")?,
            }),
            Some("llama3") => {
                let (low, high) = (needed("low_freq_factor")?, needed("high_freq_factor")?);
                if high <= low {
                    return Err(format!(
                        "`high_freq_factor` is {high}, not above `low_freq_factor`, which is {low}"
                    ));
                }
                let original = "original_max_position_embeddings";
                Ok(Self::Llama3 {
                    factor: needed("factor")?,
                    low_freq_factor: low,
                    high_freq_factor: high,
                    original_context: rope
                        .optional_count(original, limits::POSITIONS)?
                        .ok_or_else(|| {
                            format!("the scaling of the rotary angles lacks `{original}`")
                        })? as f64,
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

    /// Scales `frequency`, in f32 throughout, as transformers computes it.
    pub(crate) fn scale(self, frequency: f32) -> f32 {
        match self {
            Self::None => frequency,
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

impl ModelConfig {
    /// What tokens of block `layer` see.
    pub(super) fn mask(&self, layer: usize) -> Mask {
        match &self.attention.sliding {
            Some(sliding) if sliding.slides(layer) => match self.facts().mask {
                Mask::Bidirectional => Mask::Near {
                    reach: sliding.window / 2,
                },
                _ => Mask::Sliding {
                    window: sliding.window,
                },
            },
            _ => self.facts().mask,
        }
    }

    /// Which of [`ModelConfig::rotations`] block `layer` rotates by; `None` where positions are learned.
    pub(super) fn rotation(&self, layer: usize) -> Option<usize> {
        let slides = |sliding: &Sliding| sliding.slides(layer);
        self.rotates()
            .then(|| usize::from(self.attention.sliding.as_ref().is_some_and(slides)))
    }

    /// Angles of the positions: those of blocks that see everything, then those of blocks that see a
    /// window.
    pub(super) fn rotations(&self) -> Vec<rope::Table> {
        if !self.rotates() {
            return Vec::new();
        }
        let table = |theta, scaling: RopeScaling| {
            let rotated = self.attention.rotated.unwrap_or(self.head_dim);
            let mut frequencies = rope::frequencies(rotated, theta);
            for frequency in &mut frequencies {
                *frequency = scaling.scale(*frequency);
            }
            rope::Table::from_frequencies(&frequencies, self.max_position_embeddings)
        };
        let whole = table(self.rope_theta, self.attention.rope_scaling);
        let sliding = self.attention.sliding.as_ref();
        let sliding = sliding.map(|sliding| table(sliding.rope_theta, RopeScaling::None));
        [whole].into_iter().chain(sliding).collect()
    }

    /// Cosines (and as many sines) of [`ModelConfig::rotations`], the greatest number where they cannot be
    /// counted.
    pub(super) fn n_angles(&self) -> usize {
        if !self.rotates() {
            return 0;
        }
        let of_one = self.head_dim.checked_mul(self.max_position_embeddings);
        let n_tables = 1 + usize::from(self.attention.sliding.is_some());
        of_one
            .and_then(|n| n.checked_mul(n_tables))
            .unwrap_or(usize::MAX)
    }

    /// What scores are multiplied by.
    pub(super) fn score_scale(&self) -> f32 {
        let scalar = self.attention.query_scalar;
        1.0 / (scalar.unwrap_or(self.head_dim as f64) as f32).sqrt()
    }

    /// Whether positions are rotations (and not learned vectors).
    pub(crate) fn rotates(&self) -> bool {
        self.facts().positions == Positions::Rotated
    }
}

/// Whether a factor changes nothing.
pub(super) fn is_one(factor: f64) -> bool {
    factor.to_bits() == 1.0_f64.to_bits()
}

impl Sliding {
    fn slides(&self, layer: usize) -> bool {
        self.blocks.get(layer).copied().unwrap_or(false)
    }
}
