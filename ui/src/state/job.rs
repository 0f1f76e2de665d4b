//! A run as its page follows it.
