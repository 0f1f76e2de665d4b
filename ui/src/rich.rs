//! Markdown of others, drawn as text: cards of the Hub ([`card`]) and messages of conversations
//! ([`message`]). What a stranger or a model wrote is never markup; both know the same kinds of lines.

pub mod card;
mod lines;
pub mod message;
