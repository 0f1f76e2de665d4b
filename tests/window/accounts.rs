//! Profiles in the real window: signing in and out, locking, expiry and recovery; who is refused
//! what, over every command there is; and what a stolen database tells.

use crate::support::database::Database;
use crate::support::desktop::Desktop;
use crate::support::window::{RUN, SOON, Window, journey};
use crate::support::{persian_text, wait_for};
use amoozgar_types::ipc::{Access, COMMANDS, access_of};
use anyhow::{Context, Result, bail, ensure};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::Path;

const PASSWORD: &str = "گل سرخ ۱۴۰۵";
const NEW_PASSWORD: &str = "باغ بهار ۱۴۰۶";

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_opened_locked_ended_and_recovered_and_the_database_tells_no_secret()
-> Result<()> {
    journey("accounts-session", session).await
}

async fn session(desktop: &Desktop, window: &Window) -> Result<()> {
    let codes = window.make_guarded_profile("نیما", PASSWORD).await?;
    ensure!(codes.len() == 8, "eight codes are shown: {codes:?}");
    let code = codes.first().context("a code")?.clone();

    // Out, and in again; without a keyring nothing is remembered, and the page says so.
    window.click("sign-out").await?;
    window.click_text("button", "نیما").await?;
    window.click("login-remember").await?;
    window.type_into("login-password", PASSWORD).await?;
    window.click("login-submit").await?;
    window.find("nav-datasets", SOON).await?;
    window
        .click_text(".toast", "دسته‌کلید سیستم در دسترس نیست")
        .await?;

    // The lock keeps the page as it was, and opens with the password alone.
    window.click("nav-datasets").await?;
    window
        .type_into("dataset-import-path", "/tmp/کتاب.txt")
        .await?;
    window.click("lock-now").await?;
    window.find("lock", SOON).await?;
    ensure!(
        refusal(window, "training_page").await? == "locked",
        "the shell is locked, not the page alone"
    );
    window.type_into("lock-password", "گل سرخ").await?;
    window.click("lock-submit").await?;
    let said = window.text("error-message").await?;
    ensure!(
        said.contains("برای این نمایه گذاشته شده یکی نیست"),
        "a wrong password opens nothing: {said}"
    );
    window.type_into("lock-password", PASSWORD).await?;
    window.click("lock-submit").await?;
    let kept = window.prop("dataset-import-path", "value").await?;
    ensure!(
        kept.as_deref() == Some("/tmp/کتاب.txt"),
        "what was typed before the lock is still there, not {kept:?}"
    );

    // A session whose time is over ends at the next sign of life, wherever one is.
    let database = Connection::open(desktop.data_dir().join("amoozgar.db"))?;
    database.busy_timeout(SOON)?;
    let n_ended = database.execute("UPDATE sessions SET expires_ms = 1", [])?;
    ensure!(n_ended == 1, "one session was kept, not {n_ended}");
    let standing = window.invoke("account_touch", &Value::Null).await?;
    ensure!(standing == Ok(json!("expired")), "it is over: {standing:?}");
    window.find("login-expired", SOON).await?;
    ensure!(
        refusal(window, "training_page").await? == "session_expired",
        "the shell has ended it too"
    );

    // A forgotten password is replaced with a code, which is then used up.
    window.click_text("button", "نیما").await?;
    window.click("login-forgot").await?;
    window
        .type_into("recover-code", &code.to_lowercase())
        .await?;
    window.type_into("recover-password", NEW_PASSWORD).await?;
    window.click("recover-submit").await?;
    window.find("nav-datasets", SOON).await?;
    window.click("sign-out").await?;
    let user_id: String = database.query_row("SELECT user_id FROM users", [], |row| row.get(0))?;
    let again = json!({ "user_id": user_id, "code": code, "password": PASSWORD });
    ensure!(
        code_of(window.invoke("account_recover", &again).await?)? == "wrong_recovery_code",
        "a code opens once"
    );

    // Wrong passwords cost more and more, also after a restart of the page.
    let wrong = json!({ "user_id": user_id, "password": PASSWORD, "remember": false });
    let mut refusals = Vec::new();
    for _ in 0..4 {
        refusals.push(code_of(window.invoke("account_login", &wrong).await?)?);
    }
    ensure!(
        refusals.first().map(String::as_str) == Some("wrong_credentials")
            && refusals.last().map(String::as_str) == Some("too_many_attempts"),
        "the old password is wrong, and after a few tries one has to wait: {refusals:?}"
    );

    let secrets = [&[PASSWORD.to_owned(), NEW_PASSWORD.to_owned()], &codes[..]].concat();
    tells_nothing(&desktop.data_dir(), &secrets)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_remembered_comes_in_at_the_next_start_until_they_sign_out() -> Result<()> {
    let desktop = Desktop::start()?;
    let _keyring = desktop.start_keyring()?;
    let window = Window::open(&desktop).await?;
    window.make_guarded_profile("لیلا", PASSWORD).await?;
    window.click("sign-out").await?;
    window.click_text("button", "لیلا").await?;
    window.click("login-remember").await?;
    window.type_into("login-password", PASSWORD).await?;
    window.click("login-submit").await?;
    window.find("nav-datasets", SOON).await?;
    let database = Connection::open(desktop.data_dir().join("amoozgar.db"))?;
    database.busy_timeout(SOON)?;
    let n_remembered = || -> Result<i64> {
        let query = "SELECT count(*) FROM sessions WHERE length(token_hash) = 64";
        Ok(database.query_row(query, [], |row| row.get(0))?)
    };
    ensure!(n_remembered()? == 1, "a hash is kept, the token is not");
    window.close_session().await;

    let window = Window::open(&desktop).await?;
    window.find("nav-datasets", SOON).await?;
    window.click("sign-out").await?;
    window.find("login-new", SOON).await?;
    wait_for("the end of the session", SOON, || {
        Ok((n_remembered()? == 0).then_some(()))
    })?;
    window.close_session().await;

    let window = Window::open(&desktop).await?;
    window.find("login-new", SOON).await?;
    window.close_session().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_refuses_who_is_not_signed_in_who_is_locked_out_and_who_is_no_administrator()
-> Result<()> {
    journey("accounts-guards", async |_, window| {
        window.find("login-name", SOON).await?;
        everyone_refused(window, "not_signed_in", |access| access != Access::Anyone).await?;

        window.make_profile("مدیر").await?;
        window.click("sign-out").await?;
        window.click("login-new").await?;
        window.make_guarded_profile("کاربر", PASSWORD).await?;
        everyone_refused(window, "not_permitted", |access| {
            access == Access::Administrator
        })
        .await?;
        window.click("lock-now").await?;
        window.find("lock", SOON).await?;
        everyone_refused(window, "locked", |access| {
            matches!(access, Access::User | Access::Administrator)
        })
        .await
    })
    .await
}

/// A name that is in everything that is the first user's.
const MARK: &str = "MARK7F3A";

#[tokio::test(flavor = "multi_thread")]
async fn no_command_shows_or_changes_what_is_another_users() -> Result<()> {
    journey("accounts-others", others).await
}

/// The page that another profile left shows nothing of it, not even until its answer comes.
async fn nothing_is_left_on(window: &Window, page: &str) -> Result<()> {
    let watch = "window.shown = '';
        new MutationObserver(() => { window.shown += document.body.innerText; })
            .observe(document.body, { childList: true, subtree: true, characterData: true });";
    window.run(watch, vec![]).await?;
    for at in ["/", page] {
        window.go(at).await?;
        window.settled().await?;
    }
    window.find("error-retry", SOON).await?;
    let shown = window.run("return window.shown", vec![]).await?;
    let shown = shown.as_str().context("what was shown")?;
    ensure!(
        !shown.is_empty() && !shown.contains(MARK),
        "another's run was shown: {shown}"
    );
    Ok(())
}

async fn others(desktop: &Desktop, window: &Window) -> Result<()> {
    window.make_profile(MARK).await?;
    let owner = window.invoke("account_status", &Value::Null).await?;
    let owner = owner.map_err(refused)?["user"]["user_id"].clone();
    let file = desktop.data_dir().join(format!("{MARK}.txt"));
    std::fs::write(&file, persian_text(300))?;
    let imported = window
        .invoke("datasets_import", &json!({ "path": file, "name": MARK }))
        .await?
        .map_err(refused)?;
    let run = json!({
        "name": MARK, "dataset_id": imported["dataset"]["dataset_id"], "preset": "tiny", "epochs": 1,
        "batch_size": 4, "lr": 0.001, "context_length": 32,
    });
    let job = window
        .invoke("training_create", &run)
        .await?
        .map_err(refused)?;
    let job_id = job["job_id"].as_str().context("the run's id")?.to_owned();
    window.go(&format!("/training/jobs/{job_id}")).await?;
    window.status(&["completed"], RUN).await?;
    let database = Database::open(&desktop.data_dir())?;
    wait_for("the notification's row", SOON, || {
        let all = database.belongings(owner.as_str().unwrap())?;
        Ok(all.contains("\nnotifications ").then_some(()))
    })?;
    let told = window
        .invoke("notifications_list", &Value::Null)
        .await?
        .map_err(refused)?;
    let sessions = window
        .invoke("account_sessions", &Value::Null)
        .await?
        .map_err(refused)?;
    let of_run = json!({ "source": "trained", "job_id": job_id });
    let talk = json!({ "model": { "model": of_run }, "compared": null, "settings": {} });
    let chat = window
        .invoke("chat_create", &talk)
        .await?
        .map_err(refused)?["chat_id"]
        .clone();
    let called = json!({ "chat_id": chat, "title": MARK });
    window
        .invoke("chat_rename", &called)
        .await?
        .map_err(refused)?;
    let talk = json!({
        "chat_id": chat, "message_id": "m", "model": { "model": of_run }, "compared": null,
        "settings": {}, "title": "از دیگری", "text": "سلام", "dataset_id": imported["dataset"]["dataset_id"],
        "base_model": of_run, "rows": {}, "context_length": 32,
    });
    let notified = database.belongings(owner.as_str().unwrap())?;
    window.click("sign-out").await?;
    window.click("login-new").await?;
    window.make_profile("دیگری").await?;
    nothing_is_left_on(window, &format!("/training/jobs/{job_id}")).await?;

    let mut everything = json!({
        "job_id": job_id, "dataset_id": imported["dataset"]["dataset_id"], "user_id": owner,
        "notification_id": told[0]["notification_id"], "session_id": sessions[0]["session_id"],
        "jobs": [job_id], "job_ids": [job_id],
        "name": "از دیگری", "prompt": "روزی", "max_tokens": 4, "temperature": 0.0, "seed": 1,
        "preset": "tiny", "epochs": 1, "batch_size": 4, "lr": 0.001, "context_length": 32,
        "position": 0, "offset": 0, "limit": 20, "shared": true, "hours": 1, "folder": "job",
        "password": PASSWORD, "code": "0000-0000-0000-0000", "role": "user", "remember": false,
        "path": "/nowhere/at/all.txt", "search": "", "group": "all", "service_id": "s",
        "base_url": "http://127.0.0.1:9", "key": "x", "program": "axolotl", "content": { "kind": "csv", "value": [job_id] },
    });
    let of_hub = json!({
        "repo": "someone/something", "kind": "model", "revision": null, "files": null, "text": "x",
        "sort": "downloads", "download_id": "d", "partial": "keep", "source": "trained",
        "model": { "source": "trained", "job_id": job_id }, "form": "folder",
        "network": { "offline": true }, "secret": "hub_token", "value": "x",
    });
    if let (Some(all), Some(more)) = (everything.as_object_mut(), of_hub.as_object()) {
        all.extend(more.clone());
    }
    let targets = json!([
        { "kind": "checkpoint", "job_id": job_id, "step": 1 },
        { "kind": "job_cache", "job_id": job_id },
    ]);
    let requests = [
        Value::Null,
        json!(job_id),
        imported["dataset"]["dataset_id"].clone(),
        told[0]["notification_id"].clone(),
        sessions[0]["session_id"].clone(),
        everything,
        talk,
        chat,
        targets,
        json!(1),
        json!(false),
        json!("hub_token"),
        json!("wait"),
    ];
    let mut unread = Vec::new();
    for command in COMMANDS {
        let mut is_read = false;
        for request in &requests {
            come_back(window).await?;
            match window.invoke(command, request).await? {
                Ok(answer) => {
                    is_read = true;
                    let answer = answer.to_string();
                    // Everyone sees the names of the profiles at the door.
                    ensure!(
                        !answer.contains(MARK) || *command == "account_status",
                        "`{command}` with {request} shows what is another's: {answer}"
                    );
                }
                // What cannot be read as a request is refused with a sentence, not with a code.
                Err(refusal) => is_read |= refusal.get("code").is_some(),
            }
        }
        if !is_read {
            unread.push(*command);
        }
    }
    ensure!(
        unread.is_empty(),
        "no request of this test can be read by {unread:?}: give `everything` the fields they need"
    );
    let now = database.belongings(owner.as_str().unwrap())?;
    ensure!(
        now == notified,
        "what is another's was changed:\n{now}\ninstead of\n{notified}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shared_is_seen_and_an_administrator_looks_after_the_others() -> Result<()> {
    journey("accounts-administrator", administrator).await
}

async fn administrator(desktop: &Desktop, window: &Window) -> Result<()> {
    let _keyring = desktop.start_keyring()?;
    window.make_profile("مدیر").await?;
    window.click("sign-out").await?;
    window.click("login-new").await?;
    window.make_profile("فرهاد").await?;
    let file = desktop.data_dir().join("شیرین.txt");
    std::fs::write(&file, persian_text(50))?;
    let imported = window
        .invoke("datasets_import", &json!({ "path": file, "name": "شیرین" }))
        .await?
        .map_err(refused)?;
    let dataset_id = imported["dataset"]["dataset_id"]
        .as_str()
        .context("an id")?
        .to_owned();
    window.go(&format!("/datasets/{dataset_id}")).await?;
    window.click_text("label.switch", "همهٔ کاربران").await?;
    window.click_text(".toast", "به آن دسترسی دارند").await?;
    keep_secrets(window).await?;
    ensure!(desktop.n_secrets()? == 2, "a token and a key are kept");
    let other = window
        .invoke("account_status", &Value::Null)
        .await?
        .map_err(refused)?;
    let other = other["user"]["user_id"]
        .as_str()
        .context("an id")?
        .to_owned();

    // Another sees it and whose it is, and cannot remove it.
    window.click("sign-out").await?;
    window.click_text("button", "مدیر").await?;
    window.click("nav-datasets").await?;
    let row = window.text(&format!("dataset-row-{dataset_id}")).await?;
    // The name stands between marks that keep its direction to itself.
    ensure!(
        row.contains("از ") && row.contains("فرهاد"),
        "it is said whose it is: {row}"
    );
    ensure!(
        !window.has(&format!("dataset-delete-{dataset_id}")).await,
        "what is another's cannot be removed"
    );

    // Roles, passwords and profiles are an administrator's.
    let copy = desktop
        .data_dir()
        .join(format!("datasets/{dataset_id}.txt"));
    ensure!(copy.is_file(), "the dataset's file is there");
    let database = Connection::open(desktop.data_dir().join("amoozgar.db"))?;
    database.busy_timeout(SOON)?;
    let holds = |condition: &str| -> Result<Option<()>> {
        let query = format!("SELECT count(*) FROM users WHERE user_id = ?1 AND {condition}");
        let n: i64 = database.query_row(&query, [&other], |row| row.get(0))?;
        Ok((n == 1).then_some(()))
    };
    window.go("/settings/account").await?;
    window.click(&format!("user-role-{other}")).await?;
    wait_for("the new role", SOON, || holds("role = 'administrator'"))?;
    window.click(&format!("user-role-{other}")).await?;
    wait_for("the old role", SOON, || holds("role = 'user'"))?;
    window.click(&format!("user-reset-{other}")).await?;
    window.type_into("reset-password", PASSWORD).await?;
    window.click("reset-save").await?;
    wait_for("a password", SOON, || {
        holds("password_hash LIKE '$argon2id$%'")
    })?;
    window.click(&format!("user-delete-{other}")).await?;
    window.click("dialog-confirm").await?;
    wait_for("the end of the profile", SOON, || {
        Ok(holds("1")?.is_none().then_some(()))
    })?;
    wait_for("the end of its files", SOON, || {
        Ok((!copy.exists()).then_some(()))
    })?;
    wait_for("the end of its secrets", SOON, || {
        Ok((desktop.n_secrets()? == 0).then_some(()))
    })?;

    let own: String = database.query_row("SELECT user_id FROM users", [], |row| row.get(0))?;
    let last = window.invoke("account_delete_user", &json!(own)).await?;
    ensure!(
        code_of(last)? == "last_administrator",
        "somebody has to look after the profiles"
    );
    Ok(())
}

/// Some commands sign out, as they should.
async fn come_back(window: &Window) -> Result<()> {
    let account = window
        .invoke("account_status", &Value::Null)
        .await?
        .map_err(refused)?;
    if !account["user"].is_null() {
        return Ok(());
    }
    let profiles = account["profiles"].as_array().context("profiles")?;
    let own = profiles
        .iter()
        .find(|profile| profile["name"] != MARK)
        .context("the second profile")?;
    let login = json!({ "user_id": own["user_id"], "password": PASSWORD, "remember": false });
    window
        .invoke("account_login", &login)
        .await?
        .map_err(refused)?;
    Ok(())
}

/// Keeps an access token and the key of a service for who is signed in.
async fn keep_secrets(window: &Window) -> Result<()> {
    let ask = async |command: &str, request: Value| {
        let answer = window.invoke(command, &request).await?;
        answer.map_err(refused).context(command.to_owned())
    };
    let token = json!({ "secret": "hub_token", "value": "hf_abcdefghijklmnop" });
    ask("secret_set", token).await?;
    let mut settings = ask("settings_get", Value::Null).await?;
    settings["services"] = json!([{
        "service_id": "s1", "name": "خانگی", "base_url": "http://127.0.0.1:9/v1", "model": ""
    }]);
    ask("settings_set", settings).await?;
    let key = json!({ "service_id": "s1", "key": "sk-abcdefghijklmnop" });
    ask("service_key_set", key).await?;
    Ok(())
}

async fn everyone_refused(
    window: &Window,
    code: &str,
    concerned: impl Fn(Access) -> bool,
) -> Result<()> {
    let mut n_asked = 0;
    for command in COMMANDS {
        if concerned(access_of(command)) {
            n_asked += 1;
            let found = refusal(window, command).await?;
            ensure!(found == code, "`{command}` says `{found}`, not `{code}`");
        }
    }
    ensure!(n_asked > 0, "some commands are concerned by `{code}`");
    Ok(())
}

/// The code that a command refuses with; its request does not matter, for it is never read.
async fn refusal(window: &Window, command: &str) -> Result<String> {
    code_of(window.invoke(command, &Value::Null).await?)
}

fn code_of(outcome: std::result::Result<Value, Value>) -> Result<String> {
    match outcome {
        Ok(answer) => bail!("answered instead of refused: {answer}"),
        Err(refusal) => refusal["code"]
            .as_str()
            .map(str::to_owned)
            .with_context(|| format!("a refusal without a code: {refusal}")),
    }
}

fn refused(refusal: Value) -> anyhow::Error {
    anyhow::anyhow!("refused: {refusal}")
}

/// Searches every file of the data folder, the database's log and the program's own included.
fn tells_nothing(dir: &Path, secrets: &[String]) -> Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            tells_nothing(&path, secrets)?;
            continue;
        }
        let bytes = std::fs::read(&path)?;
        for secret in secrets {
            let bare = secret.replace('-', "");
            for form in [secret.as_bytes(), bare.as_bytes()] {
                ensure!(
                    !bytes.windows(form.len()).any(|part| part == form),
                    "a secret lies in `{}`",
                    path.display()
                );
            }
        }
    }
    Ok(())
}
