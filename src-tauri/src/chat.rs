//! Conversations: so far the servers for them that a user names. Knows nothing of Tauri.

pub mod services;
