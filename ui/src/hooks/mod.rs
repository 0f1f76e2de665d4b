//! Effects that pages share: fetching, listening, waiting for a frame.

mod use_event;
mod use_paced;
mod use_painted;
mod use_query;
mod use_resized;

pub use crate::state::session::use_session;
pub use use_event::use_event;
pub use use_paced::use_paced;
pub use use_painted::use_painted;
pub use use_query::{Query, forget_answers, keep, kept, use_kept_query, use_query};
pub use use_resized::use_resized;
