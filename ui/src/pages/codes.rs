//! Recovery codes, shown once.

use crate::components::{CodeBlock, IconName};
use crate::i18n::account;
use yew::prelude::*;

/// Props of [`Codes`].
#[derive(Properties, PartialEq)]
pub struct CodesProps {
    /// The codes.
    pub codes: Vec<String>,
}

/// The codes with the sentence that says what they are for.
#[component]
pub fn Codes(props: &CodesProps) -> Html {
    html! {
        <div class="codes">
            <div class="note note--warning">
                { IconName::Shield.svg() }
                <p>{ account::CODES_TEXT }</p>
            </div>
            <CodeBlock
                code={props.codes.join("\n")}
                label={account::CODES_TITLE}
                testid="recovery-codes"
            />
        </div>
    }
}
