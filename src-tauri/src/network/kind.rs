//! The kind of a repository, between the domain's word and the hub's.
//!
//! The hub's crate knows nothing of this program, so that it can be used without it, and the interface
//! knows nothing of the hub: each has the word, and this is the one place that maps them.

use amoozgar_types::repo::RepoKind;

/// As the hub calls it.
pub fn to_hub(kind: RepoKind) -> amoozgar_hub::RepoKind {
    match kind {
        RepoKind::Model => amoozgar_hub::RepoKind::Model,
        RepoKind::Dataset => amoozgar_hub::RepoKind::Dataset,
    }
}

/// As the domain calls it.
pub fn from_hub(kind: amoozgar_hub::RepoKind) -> RepoKind {
    match kind {
        amoozgar_hub::RepoKind::Model => RepoKind::Model,
        amoozgar_hub::RepoKind::Dataset => RepoKind::Dataset,
    }
}
