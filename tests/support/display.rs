//! Windows on a display, as a window manager sees them.

use anyhow::{Context, Result};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt, EventMask, MapState,
    Window,
};
use x11rb::rust_connection::RustConnection;

/// A connection to a display.
pub struct Display {
    connection: RustConnection,
    root: Window,
}

impl Display {
    pub fn open(name: &str) -> Result<Self> {
        let (connection, screen) = x11rb::connect(Some(name))?;
        let root = connection.setup().roots[screen].root;
        Ok(Self { connection, root })
    }

    /// The windows that can be seen now and have this in their title.
    pub fn visible(&self, title: &str) -> Result<Vec<Window>> {
        let mut found = Vec::new();
        for window in self.connection.query_tree(self.root)?.reply()?.children {
            // A window may go away between two questions.
            if self.is_viewable(window).unwrap_or(false)
                && self.title(window).is_ok_and(|text| text.contains(title))
            {
                found.push(window);
            }
        }
        Ok(found)
    }

    /// Asks a window to close, as the cross in its corner does.
    pub fn ask_to_close(&self, window: Window) -> Result<()> {
        let message = ClientMessageEvent::new(
            32,
            window,
            self.atom("WM_PROTOCOLS")?,
            [self.atom("WM_DELETE_WINDOW")?, x11rb::CURRENT_TIME, 0, 0, 0],
        );
        self.connection
            .send_event(false, window, EventMask::NO_EVENT, message)?
            .check()
            .context("the window cannot be asked")?;
        Ok(())
    }

    /// Gives a window another size.
    pub fn resize(&self, window: Window, width: u32, height: u32) -> Result<()> {
        let size = ConfigureWindowAux::new().width(width).height(height);
        self.connection
            .configure_window(window, &size)?
            .check()
            .context("the window cannot be resized")?;
        Ok(())
    }

    /// A window's width and height.
    pub fn size(&self, window: Window) -> Result<(u32, u32)> {
        let geometry = self.connection.get_geometry(window)?.reply()?;
        Ok((geometry.width.into(), geometry.height.into()))
    }

    fn is_viewable(&self, window: Window) -> Result<bool> {
        let attributes = self.connection.get_window_attributes(window)?.reply()?;
        Ok(attributes.map_state == MapState::VIEWABLE)
    }

    fn title(&self, window: Window) -> Result<String> {
        let name = self.atom("_NET_WM_NAME")?;
        let value = self
            .connection
            .get_property(false, window, name, AtomEnum::ANY, 0, 1024)?
            .reply()?
            .value;
        Ok(String::from_utf8_lossy(&value).into_owned())
    }

    fn atom(&self, name: &str) -> Result<Atom> {
        Ok(self
            .connection
            .intern_atom(false, name.as_bytes())?
            .reply()?
            .atom)
    }
}
