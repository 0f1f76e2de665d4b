//! The access token of the Hub.

use super::secret::{SecretCard, SecretWords};
use crate::i18n::network as words;
use amoozgar_types::ipc::SecretStatus;
use amoozgar_types::secret::SecretName;
use yew::prelude::*;

const TOKEN: SecretWords = SecretWords {
    title: words::TOKEN,
    text: words::TOKEN_TEXT,
    field: words::TOKEN_FIELD,
    placeholder: Some(words::TOKEN_PLACEHOLDER),
    save: words::TOKEN_SAVE,
    replace: words::TOKEN_REPLACE,
    delete: words::TOKEN_DELETE,
    none: Some(words::TOKEN_NONE),
    kept,
    ask: Some((words::TOKEN_DELETE_TITLE, words::TOKEN_DELETE_TEXT)),
    saved: words::TOKEN_SAVED,
    deleted: words::TOKEN_DELETED,
    testid: "token",
};

/// Set, replaced, deleted.
pub fn token_section() -> Html {
    html! { <SecretCard secret={SecretName::HubToken} words={TOKEN} /> }
}

fn kept(status: &SecretStatus) -> String {
    status.kept.map_or_else(String::new, words::token_kept)
}
