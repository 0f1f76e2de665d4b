//! What an open conversation asks the shell: reading it, sending into it, following what is written in it.

use super::composer::Sending;
use super::form::{Change, Form};
use super::thread::{Happened, Thread};
use crate::api;
use amoozgar_types::ApiError;
use amoozgar_types::chat::{ChatDetail, ChatMessage, ChatRecord, MessageStatus};
use amoozgar_types::id::{ChatId, MessageId};
use amoozgar_types::ipc::{
    ChatConfigure, ChatConfigureTo, ChatCreate, ChatFollow, ChatGet, ChatRegenerate,
    ChatRegenerateAnswer, ChatSend, ChatSendText, ChatStop, ChatUpdate, NewChat,
};
use std::cell::RefCell;
use std::rc::Rc;
use yew::prelude::*;

/// Where what is told of a conversation goes.
#[derive(Clone)]
pub struct Ends {
    /// The open conversation; none while it is new.
    pub id: Option<ChatId>,
    /// What is shown.
    pub thread: UseReducerDispatcher<Thread>,
    /// What failed.
    pub failure: UseStateSetter<Option<ApiError>>,
}

impl Ends {
    /// Asks for another answer.
    pub fn regenerate(&self, message_id: MessageId) {
        let Some(chat_id) = self.id.clone() else {
            return;
        };
        self.failure.set(None);
        let ends = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let request = ChatRegenerate {
                chat_id: chat_id.clone(),
                message_id,
            };
            match api::call::<ChatRegenerateAnswer>(request).await {
                Ok(detail) => begun(detail, &chat_id, &ends.thread),
                Err(error) => ends.failure.set(Some(error)),
            }
        });
    }

    /// Ends the answers under way.
    pub fn stop(&self) {
        let Some(chat_id) = self.id.clone() else {
            return;
        };
        let failure = self.failure.clone();
        wasm_bindgen_futures::spawn_local(async move {
            if let Err(error) = api::call::<ChatStop>(chat_id).await {
                failure.set(Some(error));
            }
        });
    }

    /// Sends what was typed: into the open conversation, or into a new one, which is opened then. `made` is
    /// a new one that was made before its first message could be sent.
    pub fn send(
        &self,
        (text, done): Sending,
        form: Form,
        chat: Option<Rc<ChatRecord>>,
        made: Rc<RefCell<Option<ChatId>>>,
        opened: impl Fn(&ChatId) + 'static,
    ) {
        self.failure.set(None);
        let ends = self.clone();
        let known = self.id.clone().or_else(|| made.borrow().clone());
        wasm_bindgen_futures::spawn_local(async move {
            let sent = async {
                let chat_id = match known {
                    Some(id) => id,
                    None => create(&form).await?,
                };
                made.replace(Some(chat_id.clone()));
                if let Some(request) = configuration(&chat_id, &form)
                    && chat.is_none_or(|chat| form.differs_from(&chat))
                {
                    api::call::<ChatConfigureTo>(request).await?;
                }
                let request = ChatSend {
                    chat_id: chat_id.clone(),
                    text,
                };
                let detail = api::call::<ChatSendText>(request).await?;
                Ok::<_, ApiError>((chat_id, detail))
            };
            match sent.await {
                Ok((chat_id, detail)) => {
                    done.emit(true);
                    if ends.id.is_some() {
                        begun(detail, &chat_id, &ends.thread);
                    }
                    opened(&chat_id);
                }
                Err(error) => {
                    done.emit(false);
                    ends.failure.set(Some(error));
                }
            }
        });
    }
}

/// What the shell is asked to store of the fields; `None` where one cannot be used.
pub fn configuration(id: &ChatId, form: &Form) -> Option<ChatConfigure> {
    Some(ChatConfigure {
        chat_id: id.clone(),
        model: form.model.clone()?,
        compared: form.compared.clone(),
        settings: form.settings()?,
    })
}

/// Reads a conversation, and follows what is being written in it.
pub fn open(
    id: ChatId,
    thread: UseReducerDispatcher<Thread>,
    form: UseReducerDispatcher<Form>,
    unread: UseStateSetter<Option<ApiError>>,
) {
    wasm_bindgen_futures::spawn_local(async move {
        match api::call::<ChatGet>(id.clone()).await {
            Ok(detail) => {
                form.dispatch(Change::Record(Rc::new(detail.chat.clone())));
                begun(detail, &id, &thread);
            }
            Err(error) => unread.set(Some(error)),
        }
    });
}

/// Shows a conversation, and follows what is being written in it.
fn begun(detail: ChatDetail, id: &ChatId, thread: &UseReducerDispatcher<Thread>) {
    let writes = |message: &ChatMessage| message.status == MessageStatus::Writing;
    let is_under_way = detail.messages.iter().any(writes);
    thread.dispatch(Happened::Read(detail));
    if !is_under_way {
        return;
    }
    let (id, told, ended) = (id.clone(), thread.clone(), thread.clone());
    let on_update = Callback::from(move |update: ChatUpdate| told.dispatch(Happened::Told(update)));
    wasm_bindgen_futures::spawn_local(async move {
        if let Err(error) = api::call_with_channel::<ChatFollow, _>(id, on_update).await {
            api::log(&format!("the answer could not be followed: {error}"));
            ended.dispatch(Happened::Told(ChatUpdate::Done));
        }
    });
}

async fn create(form: &Form) -> Result<ChatId, ApiError> {
    let wrong = || ApiError::invalid_field("model");
    let request = NewChat {
        model: form.model.clone().ok_or_else(wrong)?,
        compared: form.compared.clone(),
        settings: form.settings().ok_or_else(wrong)?,
    };
    Ok(api::call::<ChatCreate>(request).await?.chat_id)
}
