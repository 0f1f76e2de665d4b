//! The web view: it shows the interface, and nothing else ever. Whatever a link, a script or something
//! that was dropped asks of it, it leaves the interface's page for no other address, opens no second
//! window, saves no file, asks for no device and has no developer tools. What belongs to the page
//! itself (the context menu, the middle button, what is dropped on it) is closed in
//! `ui/static/closed.js`.

use super::front::MAIN;
use crate::words;
use tauri::webview::{NewWindowResponse, PermissionResponse};
use tauri::{AppHandle, Url, WebviewUrl, WebviewWindowBuilder};

/// Where Tauri serves the interface: scheme and host.
const ORIGIN: (&str, &str) = if cfg!(windows) {
    ("http", "tauri.localhost")
} else {
    ("tauri", "localhost")
};

/// A proxy that cannot be reached: nobody listens at port 0. The page comes from no network, and an engine
/// opens connections ahead of a navigation that is refused a moment later. Other systems serve the page
/// itself by way of HTTP.
#[cfg(target_os = "linux")]
const NO_NETWORK: &str = "http://127.0.0.1:0";

/// Makes the one window.
pub fn open(app: &AppHandle) -> tauri::Result<()> {
    let builder = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::default())
        .title(words::APP_NAME)
        .inner_size(1200.0, 800.0)
        .min_inner_size(720.0, 560.0)
        // In no build: what is tested is what is shipped.
        .devtools(false)
        .on_navigation(|address| is_own(address) || refused("to leave its page", address))
        .on_new_window(|address, _| {
            refused("a second window", &address);
            NewWindowResponse::Deny
        })
        .on_download(|_, event| match event {
            tauri::webview::DownloadEvent::Requested { url, .. } => refused("to save a file", &url),
            _ => false,
        })
        .on_permission_request(|_, kind| {
            tracing::warn!(?kind, "the web view was refused a device");
            PermissionResponse::Deny
        });
    #[cfg(target_os = "linux")]
    let builder = builder.proxy_url(Url::parse(NO_NETWORK).map_err(tauri::Error::InvalidUrl)?);
    builder.build().map(drop)
}

/// Whether an address is that of the interface's own page. What stands after `#` is the route, which
/// changes without a navigation.
fn is_own(address: &Url) -> bool {
    (address.scheme(), address.host_str()) == (ORIGIN.0, Some(ORIGIN.1))
        && address.port().is_none()
        && address.query().is_none()
        && matches!(address.path(), "" | "/" | "/index.html")
}

/// Says what was refused; `false`, which refuses it. Of an address the log gets no more than its host: the
/// rest may tell what somebody reads or wrote.
fn refused(what: &str, address: &Url) -> bool {
    let (scheme, host) = (address.scheme(), address.host_str().unwrap_or_default());
    tracing::warn!(scheme, host, "the web view was refused {what}");
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{ORIGIN, is_own};
    use tauri::Url;

    #[test]
    fn only_the_interfaces_own_page_is_gone_to() {
        let (scheme, host) = ORIGIN;
        let own = |rest: &str| is_own(&Url::parse(&format!("{scheme}://{host}{rest}")).unwrap());
        for rest in ["", "/", "/index.html", "/#/training", "/index.html#/"] {
            assert!(own(rest), "`{rest}` is the page");
        }
        for rest in [
            "/styles/base.css",
            "/?q",
            "/index.html/x",
            ":8080/",
            "/../x",
        ] {
            assert!(!own(rest), "`{rest}` is another one");
        }
        for other in [
            "https://example.org/",
            "http://localhost/",
            "tauri://example.org/",
            "tauri://localhost.example.org/",
            "file:///etc/passwd",
            "data:text/html,x",
            "blob:tauri://localhost/1",
            "about:blank",
            "javascript:1",
        ] {
            assert!(!is_own(&Url::parse(other).unwrap()), "`{other}`");
        }
    }
}
