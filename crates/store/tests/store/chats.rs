use crate::support::{Fixture, NOW, dara, sara};
use amoozgar_store::{FoldedMessage, StoreError};
use amoozgar_types::chat::{
    ChatMessage, ChatModel, ChatRecord, ChatSettings, MessageStatus, ModelChoice, Role, Side,
};
use amoozgar_types::id::{ChatId, MessageId, UserId};
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::sampling::TemplateKind;
use amoozgar_types::{ApiError, ErrorCode};

fn chat(id: &str, title: &str, at: i64) -> ChatRecord {
    ChatRecord {
        chat_id: ChatId::new(id),
        title: title.to_owned(),
        model: Some(ChatModel {
            choice: ModelChoice::plain(ModelRef::Imported {
                name: "کوچک".into(),
            }),
            name: "کوچک".into(),
        }),
        compared: None,
        settings: ChatSettings::default(),
        created_ms: at,
        updated_ms: at,
    }
}

fn message(id: &str, parent: Option<&str>, role: Role, content: &str) -> ChatMessage {
    ChatMessage {
        message_id: MessageId::new(id),
        parent_id: parent.map(MessageId::new),
        role,
        content: content.to_owned(),
        side: Side::First,
        status: MessageStatus::Whole,
        error: None,
        model_name: (role == Role::Assistant).then(|| "کوچک".into()),
        template: (role == Role::Assistant).then_some(TemplateKind::Own),
        n_left_out: 0,
        n_tokens: (role == Role::Assistant).then_some(3),
        tokens_per_s: (role == Role::Assistant).then_some(2.5),
        created_ms: NOW,
    }
}

/// What stands in for the folding of the text's crate, which the store does not know.
fn folded(text: &str) -> String {
    text.replace([' ', '\u{200C}'], "").replace('ي', "ی")
}

fn add(fixture: &Fixture, chat_id: &str, messages: &[ChatMessage]) -> Result<(), StoreError> {
    let folds: Vec<String> = messages.iter().map(|one| folded(&one.content)).collect();
    let rows: Vec<_> = messages
        .iter()
        .zip(&folds)
        .map(|(message, folded)| FoldedMessage { message, folded })
        .collect();
    let latest = &messages.last().unwrap().message_id;
    fixture
        .store
        .add_chat_messages(&sara(), &ChatId::new(chat_id), &rows, latest, ["نو", "نو"])
}

fn filled() -> Fixture {
    let fixture = Fixture::with_users();
    for (id, title, at) in [("c1", "سفر", 1), ("c2", "", 2)] {
        let record = chat(id, title, at);
        let folded = folded(title);
        fixture
            .store
            .insert_chat(&sara(), &record, &folded)
            .unwrap();
    }
    let question = message("q", None, Role::User, "می\u{200C}روم به شيراز");
    let answer = message("a", Some("q"), Role::Assistant, "خوش باشید");
    add(&fixture, "c2", &[question, answer]).unwrap();
    fixture
}

fn titles(fixture: &Fixture, user: &UserId, search: &str) -> Vec<(String, Option<String>)> {
    let page = fixture
        .store
        .chat_page(user, &folded(search), 50, 0)
        .unwrap();
    assert_eq!(page.n_matching as usize, page.chats.len());
    page.chats
        .into_iter()
        .map(|(chat, found)| (chat.title, found))
        .collect()
}

#[test]
fn a_conversation_and_its_messages_come_back_as_they_were_after_a_restart() {
    let fixture = filled().reopened();
    let stored = fixture
        .store
        .chat(&sara(), &ChatId::new("c2"))
        .unwrap()
        .unwrap();
    assert_eq!(
        stored.record.title, "نو",
        "it got its title with the first message"
    );
    assert_eq!(
        stored.record.updated_ms, NOW,
        "the time of its last message"
    );
    assert_eq!(stored.record.model, chat("c2", "", 0).model);
    assert_eq!(stored.latest, Some(MessageId::new("a")));
    let messages = fixture
        .store
        .chat_messages(&sara(), &ChatId::new("c2"))
        .unwrap();
    assert_eq!(
        messages,
        [
            message("q", None, Role::User, "می\u{200C}روم به شيراز"),
            message("a", Some("q"), Role::Assistant, "خوش باشید"),
        ]
    );
}

#[test]
fn conversations_are_found_by_title_and_text_the_latest_first() {
    let fixture = filled();
    let all = titles(&fixture, &sara(), "");
    assert_eq!(all, [("نو".into(), None), ("سفر".into(), None)]);
    let found = titles(&fixture, &sara(), "میروم به شی راز");
    let text = "می\u{200C}روم به شيراز";
    assert_eq!(found, [("نو".into(), Some(text.into()))], "by a message");
    assert_eq!(
        titles(&fixture, &sara(), "سفر"),
        [("سفر".into(), None)],
        "by its title"
    );
    assert_eq!(titles(&fixture, &sara(), "تهران"), []);
    let page = fixture.store.chat_page(&sara(), "", 1, 1).unwrap();
    assert_eq!((page.chats.len(), page.n_matching, page.n_all), (1, 2, 2));
}

#[test]
fn an_id_is_no_key_to_anothers_conversation() {
    let fixture = filled();
    let (store, id) = (&fixture.store, ChatId::new("c2"));
    assert_eq!(store.chat(&dara(), &id).unwrap(), None);
    assert_eq!(store.chat_messages(&dara(), &id).unwrap(), []);
    assert_eq!(titles(&fixture, &dara(), ""), []);
    let message = message("x", None, Role::User, "سلام");
    let row = FoldedMessage {
        message: &message,
        folded: "",
    };
    let settings = ChatSettings::default();
    for refused in [
        store.rename_chat(&dara(), &id, "ن", "ن"),
        store.configure_chat(&dara(), &id, [None, None], &settings),
        store.delete_chat(&dara(), &id),
        store.add_chat_messages(&dara(), &id, &[row], &message.message_id, ["", ""]),
    ] {
        assert!(
            matches!(refused, Err(StoreError::NotFound { .. })),
            "{refused:?}"
        );
    }
    let mut changed = self::message("a", Some("q"), Role::Assistant, "دیگر");
    changed.n_tokens = None;
    let row = FoldedMessage {
        message: &changed,
        folded: "",
    };
    store.save_chat_message(&dara(), &id, &row).unwrap();
    let messages = store.chat_messages(&sara(), &id).unwrap();
    assert_eq!(messages[1].content, "خوش باشید", "nothing was changed");
}

#[test]
fn an_answer_that_was_being_written_has_ended_at_the_next_start_with_what_had_come() {
    let fixture = filled();
    let mut answer = message("b", Some("q"), Role::Assistant, "");
    answer.status = MessageStatus::Writing;
    add(&fixture, "c2", std::slice::from_ref(&answer)).unwrap();
    answer.content = "نیمه".into();
    let row = FoldedMessage {
        message: &answer,
        folded: "نیمه",
    };
    let id = ChatId::new("c2");
    fixture.store.save_chat_message(&sara(), &id, &row).unwrap();
    let fixture = fixture.reopened();
    fixture.store.stop_unfinished_messages().unwrap();
    let messages = fixture.store.chat_messages(&sara(), &id).unwrap();
    let last = messages.last().unwrap();
    assert_eq!(last.status, MessageStatus::Stopped);
    assert_eq!(last.content, "نیمه");
    assert_eq!(
        messages[0].status,
        MessageStatus::Whole,
        "the others are as they were"
    );
}

#[test]
fn a_failure_is_kept_with_what_had_come_and_a_message_of_no_tree_is_refused() {
    let fixture = filled();
    let mut answer = message("b", Some("q"), Role::Assistant, "تا");
    answer.status = MessageStatus::Failed;
    answer.error = Some(ApiError::new(ErrorCode::ProcessDied));
    add(&fixture, "c2", std::slice::from_ref(&answer)).unwrap();
    let messages = fixture
        .store
        .chat_messages(&sara(), &ChatId::new("c2"))
        .unwrap();
    assert_eq!(messages[2], answer);
    let lost = message("d", Some("nobody"), Role::User, "سلام");
    let refused = add(&fixture, "c2", &[lost]);
    assert!(refused.is_err(), "what it follows is not there");
    let foreign = message("d", Some("q"), Role::User, "سلام");
    let refused = add(&fixture, "c1", &[foreign]);
    assert!(
        refused.is_err(),
        "it would follow another conversation's message"
    );
}

#[test]
fn a_conversation_goes_with_its_messages_and_with_its_profile() {
    let fixture = filled();
    let store = &fixture.store;
    store.delete_chat(&sara(), &ChatId::new("c2")).unwrap();
    assert_eq!(
        store.chat_messages(&sara(), &ChatId::new("c2")).unwrap(),
        []
    );
    assert_eq!(titles(&fixture, &sara(), "شیراز"), []);
    store
        .rename_chat(&sara(), &ChatId::new("c1"), "کار", "کار")
        .unwrap();
    assert_eq!(titles(&fixture, &sara(), "کار"), [("کار".into(), None)]);
}
