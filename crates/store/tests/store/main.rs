//! Every table and the file as a whole, over real files.
#![allow(clippy::unwrap_used, missing_docs)]

mod backup;
mod chats;
mod checkpoints;
mod compare;
mod datasets;
mod downloads;
mod earlier_release;
mod job_pages;
mod jobs;
mod machine;
mod metrics;
mod model_owners;
mod notifications;
mod opening;
mod place;
mod recovery;
mod samples;
mod sessions;
mod settings;
mod support;
mod users;
