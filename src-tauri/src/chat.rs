//! Conversations with the models of this machine, and the servers for chat that a user names. Knows nothing
//! of Tauri: what is told of an answer goes to a follower's closure.
//!
//! Invariants:
//! - A person's message is stored before a model is asked.
//! - Of an answer under way its task alone writes the row, about once a second and at its end, so that what
//!   had come is there whatever ends it.
//! - One conversation has one round of answers under way at most.

pub mod answers;
pub mod conversations;
pub mod models;
pub mod services;

mod history;
mod live;
mod round;
mod writing;

pub use answers::Chats;
