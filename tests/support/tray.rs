//! The desktop's tray: a watcher to which the application's icon registers, and its menu.

use anyhow::{Context, Result, bail};
use std::sync::{Arc, Mutex, PoisonError};
use zbus::{Connection, OwnedObjectPath, OwnedVariant, Proxy, Variant, connection};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// Where an icon is found on the bus: its owner and its object.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Icon {
    owner: String,
    path: String,
}

/// The tray of one desktop.
pub struct Tray {
    connection: Connection,
    icons: Arc<Mutex<Vec<Icon>>>,
}

/// An entry of the icon's menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    id: i32,
    pub label: String,
    pub enabled: bool,
}

struct Watcher {
    icons: Arc<Mutex<Vec<Icon>>>,
}

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    /// `service` is an object's path, or the name of a bus whose icon is at the usual path.
    fn register_status_notifier_item(
        &self,
        service: &str,
        #[zbus(header)] header: zbus::message::Header<'_>,
    ) {
        let owner = header.sender().map(ToString::to_string).unwrap_or_default();
        let icon = if service.starts_with('/') {
            Icon {
                owner,
                path: service.to_owned(),
            }
        } else {
            Icon {
                owner: service.to_owned(),
                path: "/StatusNotifierItem".to_owned(),
            }
        };
        let mut icons = self.icons.lock().unwrap_or_else(PoisonError::into_inner);
        icons.push(icon);
    }

    fn register_status_notifier_host(&self, service: &str) {
        // This tray is host enough; the protocol wants the method all the same.
        let _ = service;
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        let icons = self.icons.lock().unwrap_or_else(PoisonError::into_inner);
        icons
            .iter()
            .map(|icon| format!("{}{}", icon.owner, icon.path))
            .collect()
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

impl Tray {
    /// Serves a tray on the bus at `address`.
    pub fn start(address: &str) -> Result<Self> {
        let icons = Arc::new(Mutex::new(Vec::new()));
        let watcher = Watcher {
            icons: Arc::clone(&icons),
        };
        let connection = connection::Builder::address(address)
            .serve_at("/StatusNotifierWatcher", watcher)
            .name(WATCHER)
            .build();
        let connection = wait(connection).context("the tray could not be served")?;
        Ok(Self { connection, icons })
    }

    /// What the icon's menu shows now; separators are left out.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        type Item = (
            i32,
            std::collections::HashMap<String, OwnedVariant>,
            Vec<OwnedVariant>,
        );
        let everything = (0_i32, -1_i32, Vec::<String>::new());
        let (_, root): (u32, Item) = wait(self.menu()?.call("GetLayout", &everything))?;
        let mut entries = Vec::new();
        for child in root.2 {
            let (id, properties, _): Item = child.try_into()?;
            let text = |name: &str| match properties.get(name).map(|value| &**value) {
                Some(Variant::Str(text)) => text.to_string(),
                _ => String::new(),
            };
            if text("type") == "separator" {
                continue;
            }
            let enabled = !matches!(
                properties.get("enabled").map(|value| &**value),
                Some(Variant::Bool(false))
            );
            entries.push(Entry {
                id,
                label: text("label"),
                enabled,
            });
        }
        Ok(entries)
    }

    /// Clicks the entry whose label is `label`.
    pub fn choose(&self, label: &str) -> Result<()> {
        let entries = self.entries()?;
        let Some(entry) = entries.iter().find(|entry| entry.label == label) else {
            bail!("the tray has no `{label}` among {entries:?}");
        };
        if !entry.enabled {
            bail!("`{label}` cannot be chosen now");
        }
        let click = (entry.id, "clicked", Variant::from(0_i32), 0_u32);
        wait(self.menu()?.call::<_, _, ()>("Event", &click))?;
        Ok(())
    }

    fn menu(&self) -> Result<Proxy<'static>> {
        let icon = {
            let icons = self.icons.lock().unwrap_or_else(PoisonError::into_inner);
            icons.last().cloned().context("no icon came to the tray")?
        };
        wait(async {
            let item = Proxy::new(
                &self.connection,
                icon.owner.clone(),
                icon.path,
                "org.kde.StatusNotifierItem",
            );
            let menu: OwnedObjectPath = item.await?.get_property("Menu").await?;
            let menu = Proxy::new(&self.connection, icon.owner, menu, "com.canonical.dbusmenu");
            Ok(menu.await?)
        })
    }
}

/// Waits for the bus within a test's own runtime, which has a thread to spare.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}
