//! Readers, one per file format. Each reads from [`lines::Lines`] and knows nothing of what the rows
//! mean; that is the shape's (`shape`).

pub(crate) mod csv;
mod json_array;
pub(crate) mod jsonl;
mod legacy;
pub(crate) mod lines;
pub(crate) mod rows;
mod source;
pub(crate) mod txt;
pub(crate) mod whole;
