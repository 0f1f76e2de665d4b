//! The web view is closed: to other addresses, second windows, saved files, what is dropped on it, the
//! mouse's other buttons, developer tools, and Tauri's own commands. Each is tried as a page, another
//! program or a hand would.

use crate::support::desktop::Desktop;
use crate::support::display::Button;
use crate::support::drag::Drag;
use crate::support::wait_for;
use crate::support::window::{SOON, Window, journey};
use anyhow::{Context, Result, bail, ensure};
use fantoccini::key::Key;
use serde_json::{Value, json};
use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// The name of the windows' program.
const PROGRAM: &str = "amoozgar";
/// How a refusal begins in the log.
const REFUSED: &str = "the web view was refused";

/// Another address, which notices who comes.
struct Elsewhere {
    listener: TcpListener,
    address: String,
}

impl Elsewhere {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = format!("http://{}/", listener.local_addr()?);
        Ok(Self { listener, address })
    }

    /// That nobody came, and the page is the one that was marked.
    async fn is_unvisited_by(&self, window: &Window, after: &str) -> Result<()> {
        if let Ok((visitor, _)) = self.listener.accept() {
            bail!("{after}: somebody came, and said {:?}", said(visitor));
        }
        let stays = window.script("return window.marked === true").await?;
        ensure!(stays == json!(true), "{after}: the page is another one");
        Ok(())
    }
}

/// What a visitor says first.
fn said(mut visitor: TcpStream) -> Result<String> {
    visitor.set_nonblocking(false)?;
    visitor.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut bytes = [0; 4096];
    let n = visitor.read(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes[..n]).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_leads_nowhere_else_and_opens_and_saves_nothing() -> Result<()> {
    journey("window-closed-addresses", addresses).await
}

async fn addresses(desktop: &Desktop, window: &Window) -> Result<()> {
    const LINK: &str = "const link = document.createElement('a'); link.href = arguments[0];
        document.body.append(link);";
    const BY_HAND: [&str; 2] = ["window.open", "_blank"];
    let elsewhere = Elsewhere::start()?;
    window.find("login-name", SOON).await?;
    window.script("window.marked = true").await?;
    let refusals = || desktop.log("app.err").matches(REFUSED).count();
    for (name, script, to) in [
        ("a script", "location.href = arguments[0]".to_owned(), None),
        ("a link", format!("{LINK} link.click()"), None),
        ("its own file", "location.href = arguments[0]".to_owned(), Some("/styles/base.css")),
        ("a frame", "const frame = document.createElement('iframe'); frame.src = arguments[0];
            document.body.append(frame)".to_owned(), None),
        ("window.open", "window.opened = open(arguments[0])".to_owned(), None),
        ("_blank", format!("{LINK} link.target = '_blank'; link.click()"), None),
        ("a download", format!("{LINK} link.download = 'x.css'; link.click()"), Some("/styles/base.css")),
        ("a made file", "const link = document.createElement('a'); link.download = 'x.txt';
            link.href = URL.createObjectURL(new Blob(['x'])); document.body.append(link); link.click()"
            .to_owned(), None),
    ] {
        let before = refusals();
        let to = to.unwrap_or(&elsewhere.address);
        if BY_HAND.contains(&name) {
            // No engine opens a window that nobody's hand asked for.
            let script = format!(
                "window.clicked = false; const given = arguments;
                addEventListener('click', () => {{
                    window.clicked = true;
                    (function () {{ {script} }}).apply(null, given);
                }}, {{ once: true }})"
            );
            window.run(&script, vec![json!(to)]).await?;
            window.click("login-name").await?;
            until(window, "window.clicked").await?;
        } else {
            window.run(&script, vec![json!(to)]).await?;
        }
        // A policy for content forbids frames before anybody is asked.
        if name != "a frame" {
            wait_for(&format!("the refusal of {name}"), SOON, || {
                Ok((refusals() > before).then_some(()))
            })?;
        }
        elsewhere.is_unvisited_by(window, name).await?;
    }
    let opened = window.script("return window.opened").await?;
    ensure!(opened == Value::Null, "a second window: {opened}");
    let (display, _) = desktop.display()?;
    ensure!(display.n_visible(PROGRAM)? == 1, "one window can be seen");
    for folder in [desktop.home(), desktop.home().join("Downloads")] {
        let saved = fs::read_dir(&folder).into_iter().flatten().flatten();
        let names: Vec<_> = saved.map(|entry| entry.file_name()).collect();
        ensure!(
            !names
                .iter()
                .any(|name| name.to_string_lossy().starts_with("x.")),
            "saved: {names:?}"
        );
    }
    let form = "const form = document.createElement('form'); form.action = arguments[0];
        form.method = 'post'; document.body.append(form); const done = arguments[1];
        addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective));
        form.submit()";
    let directive = window.ask(form, vec![json!(elsewhere.address)]).await?;
    ensure!(
        directive == json!("form-action"),
        "a form was sent: {directive}"
    );
    elsewhere.is_unvisited_by(window, "a form").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_on_the_window_opens_nothing() -> Result<()> {
    journey("window-closed-drops", drops).await
}

async fn drops(desktop: &Desktop, window: &Window) -> Result<()> {
    let elsewhere = Elsewhere::start()?;
    let address = elsewhere.address.as_str();
    window.make_profile("سارا").await?;
    window.click("nav-datasets").await?;
    window.find("dataset-import-path", SOON).await?;
    window.script("window.marked = true").await?;
    let page = desktop.data_dir().join("page.html");
    fs::write(&page, "<title>x</title>")?;
    let file = format!("file://{}\r\n", page.display());
    let (lines, moz) = (format!("{address}\r\n"), format!("{address}\nx"));
    for (name, offered) in [
        (
            "a link",
            vec![("_NETSCAPE_URL", moz.as_str()), ("text/plain", address)],
        ),
        (
            "a listed link",
            vec![("text/uri-list", lines.as_str()), ("text/plain", address)],
        ),
        (
            "an address as a text",
            vec![("text/plain", address), ("UTF8_STRING", address)],
        ),
    ] {
        drop_on(desktop, window, "h1", &offered)
            .await
            .context(name)?;
        elsewhere.is_unvisited_by(window, name).await?;
        let path = window.prop("dataset-import-path", "value").await?;
        ensure!(
            path.as_deref() == Some(""),
            "{name} was taken for a path: {path:?}"
        );
    }
    // A file is the interface's to take: its path, and nothing else of it.
    drop_on(desktop, window, "h1", &[("text/uri-list", &file)]).await?;
    let path = page.display().to_string();
    window
        .prop_is("dataset-import-path", "value", &path)
        .await?;
    elsewhere.is_unvisited_by(window, "a file").await?;
    // Where nobody takes one, nothing happens.
    window.click("nav-training").await?;
    window.find("new-run", SOON).await?;
    drop_on(desktop, window, "h1", &[("text/uri-list", &file)]).await?;
    elsewhere
        .is_unvisited_by(window, "a file that nobody takes")
        .await?;
    window.see_text("h1", "آموزش").await?;

    // A text may be dropped into a field to write in.
    window.click("nav-datasets").await?;
    window.prop_is("dataset-import-path", "value", "").await?;
    let text = [("text/plain", "poem"), ("UTF8_STRING", "poem")];
    drop_on(
        desktop,
        window,
        "[data-testid=\"dataset-import-path\"]",
        &text,
    )
    .await?;
    window.prop_is("dataset-import-path", "value", "poem").await
}

/// Drags something over the first element that a selector finds, until the page has noticed, and lets go.
async fn drop_on(
    desktop: &Desktop,
    window: &Window,
    css: &str,
    offered: &[(&str, &str)],
) -> Result<()> {
    let place = center(window, css).await?;
    let watch = "window.over = false;
        addEventListener('dragover', () => { window.over = true }, { capture: true, once: true })";
    window.script(watch).await?;
    let (display, target) = desktop.display()?;
    let drag = Drag::over(&display, target, place, offered)?;
    let deadline = std::time::Instant::now() + SOON;
    while window.script("return window.over").await? != json!(true) {
        ensure!(
            std::time::Instant::now() < deadline,
            "the page notices no drag"
        );
        drag.hover()?;
    }
    // What the page answered to the last position counts.
    drag.hover()?;
    drag.hover()?;
    drag.let_go()
}

/// The middle of an element, in pixels of the window.
async fn center(window: &Window, css: &str) -> Result<(i16, i16)> {
    let script = "const box = document.querySelector(arguments[0]).getBoundingClientRect();
        return [Math.round(box.left + box.width / 2), Math.round(box.top + box.height / 2)]";
    let place = window.run(script, vec![json!(css)]).await?;
    Ok(serde_json::from_value(place)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mouse_and_the_keyboard_open_nothing_of_a_browser() -> Result<()> {
    journey("window-closed-buttons", buttons).await
}

async fn buttons(desktop: &Desktop, window: &Window) -> Result<()> {
    window.make_profile("سارا").await?;
    window.click("nav-datasets").await?;
    window.find("dataset-import-path", SOON).await?;
    let (display, target) = desktop.display()?;
    let height = window.script("return innerHeight").await?;

    // The developer tools' keys.
    let keys = [Key::Control, Key::Shift].map(char::from);
    window.press(&format!("{}{}I", keys[0], keys[1])).await?;

    // The middle button follows no link; the left one does, and is the one step of the history.
    let steps = window.script("return history.length").await?.as_u64();
    let link = center(window, "[data-testid=\"nav-training\"]").await?;
    let watch = "window.seen = 0; addEventListener('auxclick', () => { window.seen += 1 })";
    window.script(watch).await?;
    display.click(target, link, Button::Middle)?;
    until(window, "window.seen === 1").await?;
    window.find("dataset-import-path", SOON).await?;
    display.click(target, link, Button::Left)?;
    window.find("new-run", SOON).await?;
    ensure!(
        window.script("return history.length").await?.as_u64() == steps.map(|steps| steps + 1),
        "the middle button went somewhere"
    );

    // No menu over the page; one in a field, which shows that the first would have been seen.
    window.click("nav-datasets").await?;
    window.find("dataset-import-path", SOON).await?;
    let watch = "window.menus = [];
        addEventListener('contextmenu', (event) => window.menus.push(event.defaultPrevented))";
    window.script(watch).await?;
    display.click(target, center(window, "h1").await?, Button::Right)?;
    until(window, "window.menus.length === 1").await?;
    display.click(target, link, Button::Right)?;
    until(window, "window.menus.length === 2").await?;
    ensure!(display.n_visible(PROGRAM)? == 1, "a menu over the page");
    let field = center(window, "[data-testid=\"dataset-import-path\"]").await?;
    display.click(target, field, Button::Right)?;
    until(window, "window.menus.length === 3").await?;
    let menus = window.script("return window.menus").await?;
    ensure!(menus == json!([true, true, false]), "prevented: {menus}");
    wait_for("the menu of a field", SOON, || {
        Ok((display.n_visible(PROGRAM)? == 2).then_some(()))
    })?;
    let now = window.script("return innerHeight").await?;
    ensure!(
        now == height,
        "developer tools lie in the window: {height}, {now}"
    );
    Ok(())
}

async fn until(window: &Window, condition: &str) -> Result<()> {
    let deadline = std::time::Instant::now() + SOON;
    while window.script(&format!("return {condition}")).await? != json!(true) {
        ensure!(std::time::Instant::now() < deadline, "never: {condition}");
        tokio::time::sleep(crate::support::LOOK_EVERY).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_tauris_own_commands_the_page_has_those_that_the_interface_calls() -> Result<()> {
    journey("window-closed-commands", async |_, window| {
        window.find("login-name", SOON).await?;
        for command in [
            "app|version",
            "app|identifier",
            "event|emit",
            "event|emit_to",
            "image|from_path",
            "image|from_bytes",
            "menu|new",
            "path|resolve_directory",
            "path|join",
            "resources|close",
            "tray|new",
            "tray|get_by_id",
            "tray|remove_by_id",
            "webview|create_webview_window",
            "webview|get_all_webviews",
            "webview|internal_toggle_devtools",
            "webview|print",
            "webview|clear_all_browsing_data",
            "window|close",
            "window|destroy",
            "window|hide",
            "window|show",
            "window|set_focus",
            "window|set_theme",
            "window|title",
            "window|cursor_position",
            "dialog|message",
            "opener|open_url",
            "opener|open_path",
            "window-state|save_window_state",
        ] {
            let answer = window
                .invoke(&format!("plugin:{command}"), &json!({}))
                .await?;
            let refused = answer.err().unwrap_or_default();
            let words = refused.as_str().unwrap_or_default();
            ensure!(
                words.contains("not allowed") || words.contains("not found"),
                "`{command}`: {refused}"
            );
        }
        Ok(())
    })
    .await
}
