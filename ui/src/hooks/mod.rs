//! Effects that pages share: fetching, listening.

mod use_event;
mod use_query;

pub use crate::state::session::use_session;
pub use use_event::use_event;
pub use use_query::{Query, use_query};
