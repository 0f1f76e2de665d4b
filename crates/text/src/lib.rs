//! Persian text as Amoozgar reads, stores and shows it.
//!
//! Enter at [`normalize()`] for the text that models learn from, at [`number`] and [`date`] for what
//! the interface shows and accepts, at [`search`] and [`order`] for finding and
//! sorting, at [`bidi`] and [`diacritics`] for the rest.
//!
//! Invariants:
//! - Does no IO, reads no clock and no locale: the instant and the offset are passed in, the digits that
//!   numbers are shown in are set ([`number::show_in`]).
//! - Builds for `wasm32-unknown-unknown`; depends on unicode-normalization and `icu_calendar` alone.
//! - Never panics, whatever the text.
#![deny(missing_docs)]

pub mod bidi;
pub mod date;
pub mod diacritics;
mod normalize;
pub mod number;
pub mod order;
pub mod search;

pub use normalize::{is_blank, normalize};
