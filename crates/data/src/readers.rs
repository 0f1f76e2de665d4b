//! Readers, one per file format. Each reads from [`lines::Lines`] and knows nothing of what the rows
//! mean; that is the shape's (`shape`).

pub(crate) mod csv;
pub(crate) mod jsonl;
pub(crate) mod lines;
mod source;
pub(crate) mod txt;
