//! Talking to a model that was just trained: it answers, is stopped, killed and asked again; what was said is
//! there after a restart, is found as it is typed in a hurry, and goes when it is told to.

use crate::pages::in_both_themes;
use crate::support::database::Database;
use crate::support::desktop::{Desktop, kill_hard};
use crate::support::wait_for;
use crate::support::window::{Form, RUN, SOON, Window, still_journey};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Instant;

/// Typed with the letters of an Arabic keyboard.
const QUESTION: &str = "روزي پسرک در باغ چه مي\u{200c}ديد؟";

#[tokio::test(flavor = "multi_thread")]
async fn a_trained_model_is_talked_to_and_what_was_said_is_kept() -> Result<()> {
    still_journey("window-chat", walk).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_the_program_ended_with_is_there_after_a_restart() -> Result<()> {
    let desktop = Desktop::start_still()?;
    let window = Window::open(&desktop).await?;
    window.make_profile("شیرین").await?;
    train(&window).await?;
    window.click("nav-chat").await?;
    window.find("chat", SOON).await?;
    window.settled().await?;
    ask(&window, "سلام").await?;
    ended(&window, &["whole", "cut"]).await?;
    long_answers(&window).await.context("the settings")?;
    ask(&window, "داستانی بگو").await.context("asking")?;
    frozen(&desktop, &window)
        .await
        .context("freezing the child")?;
    let database = Database::open(&desktop.data_dir())?;
    let before = wait_for("the answer's row", SOON, || {
        let (status, text) = database.last_answer()?;
        Ok((status == "writing" && !text.is_empty()).then_some(text))
    })?;
    let id = open_id(&window).await.context("the address")?;
    desktop.end_application()?;
    window.end_session().await;

    let window = Window::open(&desktop).await.context("the second start")?;
    window
        .click_text("button", "شیرین")
        .await
        .context("signing in")?;
    window.click("nav-chat").await?;
    window.see_text(".chat-list__title", "سلام").await?;
    window.click(&format!("chat-item-{id}")).await?;
    ended(&window, &["stopped"]).await?;
    let shown = answer(&window).await?;
    ensure!(
        shown.starts_with(before.split_whitespace().next().unwrap_or_default()),
        "`{shown}` after `{before}`"
    );
    // And it goes on.
    regenerate(&window).await?;
    ended(&window, &["whole", "cut"]).await?;
    window.end_session().await;
    desktop.end_application()
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    window.make_profile("شیرین").await?;
    window.click("nav-chat").await?;
    window.find("chat-get-model", SOON).await?;
    in_both_themes(desktop, window, "chat-no-model").await?;
    train(window).await?;
    window.click("nav-chat").await?;
    window.find("chat", SOON).await?;
    window.settled().await?;
    in_both_themes(desktop, window, "chat-new").await?;

    ask(window, QUESTION).await?;
    ended(window, &["whole", "cut"]).await?;
    let first = answer(window).await?;
    ensure!(!first.is_empty(), "it wrote something");
    ensure!(
        window.has("chat-plain").await,
        "a model without a template says so"
    );
    let title = title(window).await?;
    ensure!(title == QUESTION, "called by its first message: `{title}`");
    ensure!(
        window.prop("chat-text", "value").await?.as_deref() == Some(""),
        "the field is free again"
    );
    in_both_themes(desktop, window, "chat").await?;

    line_breaks(window).await?;
    again(window).await?;
    compares(desktop, window).await?;
    long_answers(window).await?;
    stops(desktop, window).await?;
    dies(desktop, window).await?;
    // The list lies beside the conversation.
    desktop.resize_window(1280, 800)?;
    renamed_and_found(window).await
}

/// A tiny model that writes long texts.
async fn train(window: &Window) -> Result<()> {
    window
        .start_run(&Form {
            name: "قصه\u{200c}گو",
            dataset: "stories",
            epochs: "3",
            batch: "1",
            lr: "0.003",
            context: "2048",
        })
        .await?;
    window.status(&["completed"], RUN).await?;
    // What tells of the run's end lies over the page's lower edge for a while.
    while window.has("toast").await {
        if window.has("toast-close").await {
            window.click("toast-close").await?;
        }
        window.settled().await?;
    }
    Ok(())
}

/// Types a message and sends it with the keyboard.
pub async fn ask(window: &Window, text: &str) -> Result<()> {
    window
        .type_into("chat-text", text)
        .await
        .context("typing the message")?;
    let before = window.count("[data-testid=chat-question]").await?;
    // A first message opens another address, and the field may go before the driver has let go of it.
    let pressed = window.press("\u{e007}").await;
    let deadline = Instant::now() + SOON;
    while window.count("[data-testid=chat-question]").await? <= before {
        if Instant::now() >= deadline {
            bail!("`{text}` was not sent: {pressed:?}");
        }
        tokio::time::sleep(crate::support::LOOK_EVERY).await;
    }
    Ok(())
}

/// Asks for another answer and waits until it has taken the place of the last one.
async fn regenerate(window: &Window) -> Result<()> {
    let mark = "document.querySelectorAll('[data-testid=chat-answer]')
        .forEach((one) => { one.wasThere = true; })";
    window.script(mark).await?;
    window.click("chat-regenerate").await?;
    let last = "const all = document.querySelectorAll('[data-testid=chat-answer]');
        return all[all.length - 1]?.wasThere === undefined";
    let deadline = Instant::now() + SOON;
    while window.script(last).await? != json!(true) {
        if Instant::now() >= deadline {
            bail!("the last answer is the same after {SOON:?}");
        }
        tokio::time::sleep(crate::support::LOOK_EVERY).await;
    }
    Ok(())
}

/// Waits until every answer has one of the states.
pub async fn ended(window: &Window, wanted: &[&str]) -> Result<()> {
    let deadline = Instant::now() + RUN;
    loop {
        let states = states(window).await?;
        let has_ended = |state: &String| wanted.contains(&state.as_str());
        if !states.is_empty() && states.iter().all(has_ended) && !window.has("chat-stop").await {
            return Ok(());
        }
        if Instant::now() >= deadline {
            bail!("the answers are {states:?}, not {wanted:?}");
        }
        tokio::time::sleep(crate::support::LOOK_EVERY).await;
    }
}

/// The states of the last question's answers.
async fn states(window: &Window) -> Result<Vec<String>> {
    let script = "const turns = document.querySelectorAll('.turn');
        const last = turns[turns.length - 1];
        return last ? [...last.querySelectorAll('[data-testid=chat-answer]')]
            .map((one) => one.dataset.state) : []";
    Ok(serde_json::from_value(window.script(script).await?)?)
}

/// The id of the open conversation.
async fn open_id(window: &Window) -> Result<String> {
    let address = window.address().await?;
    let id = address.rsplit('/').next();
    Ok(id.context("the address names it")?.to_owned())
}

/// What the conversation is called.
async fn title(window: &Window) -> Result<String> {
    let script = "return document.querySelector('[data-testid=chat-title]')?.innerText ?? ''";
    let title = window.script(script).await?;
    Ok(title.as_str().unwrap_or_default().to_owned())
}

/// The text of the last answer.
pub async fn answer(window: &Window) -> Result<String> {
    let script = "const found = document.querySelectorAll('[data-testid=chat-answer-text] .rich');
        return found[found.length - 1]?.innerText ?? ''";
    let text: Value = window.script(script).await?;
    Ok(text.as_str().unwrap_or_default().trim().to_owned())
}

/// Shift+Enter is a new line and sends nothing.
async fn line_breaks(window: &Window) -> Result<()> {
    let before = window.count("[data-testid=chat-question]").await?;
    window.type_into("chat-text", "یک").await?;
    window.press("\u{e008}\u{e007}\u{e000}").await?;
    window.press("دو").await?;
    window.prop_is("chat-text", "value", "یک\nدو").await?;
    ensure!(
        window.count("[data-testid=chat-question]").await? == before,
        "nothing was sent"
    );
    // What is typed stays while the page is away.
    window.click("nav-home").await?;
    window.find("home-new-run", SOON).await?;
    window.script("history.back()").await?;
    window.prop_is("chat-text", "value", "یک\nدو").await?;
    empty(window, "chat-text").await
}

/// Takes away what a field holds, as with the keyboard.
async fn empty(window: &Window, test_id: &str) -> Result<()> {
    window.click(test_id).await?;
    window.press("\u{e009}a\u{e000}").await?;
    window.press("\u{e003}").await?;
    window.prop_is(test_id, "value", "").await
}

/// Another answer takes the place of the first, which stays in the database.
async fn again(window: &Window) -> Result<()> {
    regenerate(window).await?;
    ended(window, &["whole", "cut"]).await?;
    ensure!(
        window.count("[data-testid=chat-answer]").await? == 1,
        "one answer is shown"
    );
    Ok(())
}

/// Two models answer one question, one after the other.
async fn compares(desktop: &Desktop, window: &Window) -> Result<()> {
    window.turn("chat-compare").await?;
    window.find("chat-second-model", SOON).await?;
    ask(window, "سپس چه شد؟").await?;
    ended(window, &["whole", "cut"]).await?;
    ensure!(states(window).await?.len() == 2, "both answered");
    in_both_themes(desktop, window, "chat-compared").await?;
    window.turn("chat-compare").await
}

/// Answers go on for as long as the context has room.
async fn long_answers(window: &Window) -> Result<()> {
    window.click("chat-settings-open").await?;
    window.type_into("chat-max-tokens", "۸۱۹۲").await?;
    window.click("chat-settings-open").await?;
    window.settled().await
}

/// An answer that is stopped keeps what had come.
async fn stops(desktop: &Desktop, window: &Window) -> Result<()> {
    ask(window, "داستانی بگو").await?;
    let child = frozen(desktop, window).await?;
    let before = answer(window).await?;
    window.click("chat-stop").await?;
    // One that does not hear is ended.
    ended(window, &["stopped"]).await?;
    // What is drawn of the last lines may change with those that follow.
    let first = before.split_whitespace().next().unwrap_or_default();
    let after = answer(window).await?;
    ensure!(after.starts_with(first), "`{after}` after `{before}`");
    let (status, kept) = Database::open(&desktop.data_dir())?.last_answer()?;
    ensure!(
        status == "stopped" && !kept.is_empty(),
        "{status}: `{kept}`"
    );
    wait_for("the end of the frozen child", SOON, || {
        Ok((!desktop.children("infer").contains(&child)).then_some(()))
    })
}

/// A child that dies is an answer that failed, and the next question is answered.
async fn dies(desktop: &Desktop, window: &Window) -> Result<()> {
    regenerate(window).await?;
    let child = frozen(desktop, window).await?;
    kill_hard(child)?;
    ended(window, &["failed"]).await?;
    window.find("error-message", SOON).await?;
    in_both_themes(desktop, window, "chat-failed").await?;
    regenerate(window).await?;
    ended(window, &["whole", "cut"]).await
}

/// Stops the writing child where it is, in the middle of an answer.
async fn frozen(desktop: &Desktop, window: &Window) -> Result<u32> {
    let deadline = Instant::now() + RUN;
    while Instant::now() < deadline {
        for child in desktop.children("infer") {
            let halted = Command::new("kill")
                .args(["-STOP", &child.to_string()])
                .status()?;
            ensure!(halted.success(), "kill -STOP {child}: {halted}");
            // What was on its way arrives.
            window.settled().await?;
            if states(window).await? == ["writing"] && !answer(window).await?.is_empty() {
                return Ok(child);
            }
            let gone_on = Command::new("kill")
                .args(["-CONT", &child.to_string()])
                .status()?;
            ensure!(gone_on.success(), "kill -CONT {child}: {gone_on}");
        }
        if states(window).await?.iter().all(|state| state != "writing")
            && !window.has("chat-stop").await
        {
            // It was faster.
            regenerate(window).await?;
        }
    }
    bail!("no answer was met in its middle")
}

/// Another name, the search, a restart, and the end.
async fn renamed_and_found(window: &Window) -> Result<()> {
    window.click("chat-rename").await?;
    window.type_into("chat-name", "قصهٔ باغ").await?;
    window.click("chat-rename-save").await?;
    window
        .see_text("[data-testid=chat-title]", "قصهٔ باغ")
        .await?;

    window.type_into("chat-search", "میدید").await?;
    window
        .see_text(".chat-list__excerpt", "مي\u{200c}ديد")
        .await?;
    window.type_into("chat-search", "نیست چنین چیزی").await?;
    window.find("chat-none", SOON).await?;
    empty(window, "chat-search").await?;
    window.see_text(".chat-list__title", "قصهٔ باغ").await?;

    let id = window.address().await?;
    let id = id
        .rsplit('/')
        .next()
        .context("the address names it")?
        .to_owned();
    let kept = window.invoke("chat_get", &json!(id)).await?;
    let Ok(kept) = kept else { bail!("{kept:?}") };
    let n_shown = kept["messages"].as_array().map_or(0, Vec::len);
    ensure!(n_shown >= 6, "{kept}");

    window.click("chat-delete").await?;
    window.click("dialog-confirm").await?;
    window.find("chat-none", SOON).await?;
    let gone = window.invoke("chat_get", &json!(id)).await?;
    ensure!(
        gone.is_err_and(|error| error["code"] == json!("not_found")),
        "it is gone"
    );
    Ok(())
}
