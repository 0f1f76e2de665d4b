//! Shapes: what the rows of a file mean, whatever its format.

pub(crate) mod conversation;
pub(crate) mod guess;
pub(crate) mod labelled;
mod message;
pub(crate) mod pair;
pub(crate) mod text;

/// The field or column that holds a row's text.
pub(crate) const TEXT_FIELD: &str = "text";
/// The field or column that holds a row's class.
pub(crate) const LABEL_FIELD: &str = "label";
