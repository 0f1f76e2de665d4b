//! Making a profile: a name, and a password where one is wanted.

use crate::api;
use crate::components::{Button, ErrorNote, IconName, TextField, Variant};
use crate::hooks::use_session;
use crate::i18n::account;
use amoozgar_types::ipc::{AccountRegister, Register};
use yew::prelude::*;

/// The limits of the shell's own check.
const MOST_NAME_CHARS: usize = 64;
pub const LEAST_PASSWORD_CHARS: usize = 6;

/// Props of [`RegisterForm`].
#[derive(Properties, PartialEq)]
pub struct RegisterFormProps {
    /// Back to the profiles, where there are any.
    pub on_back: Option<Callback<()>>,
}

#[derive(Clone, Default, PartialEq)]
struct Form {
    name: String,
    password: String,
    again: String,
}

impl Form {
    fn name_error(&self) -> Option<String> {
        let length = self.name.trim().chars().count();
        if length == 0 {
            Some(account::NAME_NEEDED.to_owned())
        } else if length > MOST_NAME_CHARS {
            Some(account::name_too_long(MOST_NAME_CHARS))
        } else {
            None
        }
    }

    fn password_error(&self) -> Option<String> {
        password_error(&self.password)
    }

    fn again_error(&self) -> Option<String> {
        (self.password != self.again).then(|| account::PASSWORDS_DIFFER.to_owned())
    }

    fn is_good(&self) -> bool {
        self.name_error().is_none()
            && self.password_error().is_none()
            && self.again_error().is_none()
    }

    fn request(&self) -> Register {
        Register {
            name: self.name.trim().to_owned(),
            password: Some(self.password.clone()).filter(|password| !password.is_empty()),
        }
    }
}

/// What the shell would say of a password; an empty one is none.
pub fn password_error(password: &str) -> Option<String> {
    let length = password.chars().count();
    (1..LEAST_PASSWORD_CHARS)
        .contains(&length)
        .then(|| account::password_too_short(LEAST_PASSWORD_CHARS))
}

/// The form for a new profile; signs it in.
#[component]
pub fn RegisterForm(props: &RegisterFormProps) -> Html {
    let session = use_session();
    let form = use_state(Form::default);
    // Nobody is told about an empty name before they had a chance to type one.
    let submitted = use_state(|| false);
    let busy = use_state(|| false);
    let failure = use_state(|| None);
    let change = |set: fn(&mut Form, String)| {
        let form = form.clone();
        Callback::from(move |text| {
            let mut next = (*form).clone();
            set(&mut next, text);
            form.set(next);
        })
    };
    let onsubmit = {
        let (form, submitted, busy, failure) = (
            form.clone(),
            submitted.clone(),
            busy.clone(),
            failure.clone(),
        );
        move |event: SubmitEvent| {
            event.prevent_default();
            submitted.set(true);
            if *busy || !form.is_good() {
                return;
            }
            busy.set(true);
            failure.set(None);
            let (session, busy, failure) = (session.clone(), busy.clone(), failure.clone());
            let request = form.request();
            wasm_bindgen_futures::spawn_local(async move {
                match api::call::<AccountRegister>(request).await {
                    Ok(signed) => session.registered(signed),
                    Err(error) => {
                        busy.set(false);
                        failure.set(Some(error));
                    }
                }
            });
        }
    };
    let show_name_error = *submitted || form.name.chars().count() > MOST_NAME_CHARS;
    let show_again_error = *submitted || !form.again.is_empty();
    html! {
        <form class="login__form" {onsubmit} novalidate={true}>
            <header>
                <h2>{ account::NEW_TITLE }</h2>
                <p class="muted">{ account::NEW_TEXT }</p>
            </header>
            <TextField
                id="name"
                label={account::NAME}
                value={form.name.clone()}
                oninput={change(|form, text| form.name = text)}
                placeholder={account::NAME_PLACEHOLDER}
                error={form.name_error().filter(|_| show_name_error)}
                autofocus={true}
                testid="login-name"
            />
            <TextField
                id="password"
                kind="password"
                label={account::PASSWORD_OPTIONAL}
                value={form.password.clone()}
                oninput={change(|form, text| form.password = text)}
                help={account::PASSWORD_HELP}
                error={form.password_error()}
                autocomplete="new-password"
                testid="login-password"
            />
            if !form.password.is_empty() {
                <TextField
                    id="password-again"
                    kind="password"
                    label={account::PASSWORD_AGAIN}
                    value={form.again.clone()}
                    oninput={change(|form, text| form.again = text)}
                    error={form.again_error().filter(|_| show_again_error)}
                    autocomplete="new-password"
                    testid="login-password-again"
                />
            }
            if let Some(error) = (*failure).clone() {
                <ErrorNote {error} />
            }
            <div class="login__actions">
                <Button
                    label={account::CREATE}
                    variant={Variant::Primary}
                    loading={*busy}
                    testid="login-submit"
                />
                if let Some(on_back) = props.on_back.clone() {
                    <Button
                        label={account::OTHER_PROFILE}
                        variant={Variant::Ghost}
                        icon={IconName::User}
                        onclick={move |_| on_back.emit(())}
                        testid="login-back"
                    />
                }
            </div>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    fn form(name: &str, password: &str, again: &str) -> Form {
        Form {
            name: name.into(),
            password: password.into(),
            again: again.into(),
        }
    }

    #[test]
    fn a_name_alone_makes_a_profile_without_a_password() {
        let form = form("  سارا ", "", "");
        assert!(form.is_good(), "the password is optional");
        assert_eq!(
            form.request().name,
            "سارا",
            "spaces at the edges are not part of a name"
        );
        assert!(
            form.request().password.is_none(),
            "an empty password is none"
        );
    }

    #[test]
    fn what_the_shell_would_refuse_is_said_while_one_types() {
        assert!(form(" ", "", "").name_error().is_some(), "an empty name");
        assert!(
            form(&"ن".repeat(65), "", "").name_error().is_some(),
            "a name of 65"
        );
        assert!(
            form("ن", "12345", "12345").password_error().is_some(),
            "five characters"
        );
        assert!(
            form("ن", "123456", "12345").again_error().is_some(),
            "two passwords"
        );
        assert!(form("ن", "123456", "123456").is_good(), "six are enough");
    }
}
