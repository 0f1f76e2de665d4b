//! A loss that is either a number or diverged.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A loss in nats per token. Written as a number, or as the string `diverged` where training
/// produced NaN or infinity, which JSON cannot carry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// A finite loss.
    Finite(f64),
    /// NaN or infinite.
    Diverged,
}

impl Loss {
    /// The number, where there is one.
    pub fn finite(self) -> Option<f64> {
        match self {
            Self::Finite(value) => Some(value),
            Self::Diverged => None,
        }
    }
}

impl From<f64> for Loss {
    fn from(value: f64) -> Self {
        if value.is_finite() {
            Self::Finite(value)
        } else {
            Self::Diverged
        }
    }
}

impl Serialize for Loss {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Finite(value) => serializer.serialize_f64(*value),
            Self::Diverged => serializer.serialize_str("diverged"),
        }
    }
}

impl<'de> Deserialize<'de> for Loss {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Loss;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number or `diverged`")
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Loss, E> {
                Ok(value.into())
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Loss, E> {
                Ok((value as f64).into())
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Loss, E> {
                Ok((value as f64).into())
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Loss, E> {
                match value {
                    "diverged" => Ok(Loss::Diverged),
                    other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Loss;

    #[test]
    fn a_loss_survives_json_bit_for_bit_and_divergence_is_a_value_of_its_own() {
        for value in [
            Loss::Finite(3.1),
            Loss::Finite(0.1 + 0.2),
            Loss::Finite(2.0),
            Loss::Diverged,
        ] {
            let text = serde_json::to_string(&value).unwrap();
            assert_eq!(
                serde_json::from_str::<Loss>(&text).unwrap(),
                value,
                "through `{text}`"
            );
        }
        assert_eq!(
            Loss::from(f64::NAN),
            Loss::Diverged,
            "NaN never crosses as a number"
        );
        assert_eq!(
            Loss::from(f64::INFINITY),
            Loss::Diverged,
            "nor does infinity"
        );
    }
}
