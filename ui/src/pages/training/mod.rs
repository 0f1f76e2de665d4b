//! Making, listing and watching runs.

mod charts;
mod checkpoints;
pub mod compare;
mod curves;
mod details;
mod estimate;
mod feed;
pub mod form;
mod header;
mod job;
mod list;
mod log;
mod new_run;
mod pager;
mod recipe;
mod row;
mod samples;
mod write;

pub use charts::Charts;
pub use compare::ComparePage;
pub use details::Details;
pub use feed::use_job;
pub use job::JobPage;
pub use list::TrainingListPage;
pub use new_run::{NewRunPage, address_on};
pub use pager::Pager;
pub use samples::Samples;
