//! Windows on a display, as a window manager sees them.

use anyhow::{Context, Result};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ClientMessageEvent,
    ConfigureWindowAux, ConnectionExt, EventMask, MOTION_NOTIFY_EVENT, MapState, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// A connection to a display.
pub struct Display {
    pub(super) connection: RustConnection,
    pub(super) root: Window,
}

/// A button of the mouse, by its number.
#[derive(Debug, Clone, Copy)]
pub enum Button {
    Left = 1,
    Middle = 2,
    Right = 3,
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

    /// How many windows of a program can be seen now: menus are windows too.
    pub fn n_visible(&self, class: &str) -> Result<usize> {
        let children = self.connection.query_tree(self.root)?.reply()?.children;
        let seen = children.into_iter().filter(|window| {
            self.is_viewable(*window).unwrap_or(false)
                && self.class(*window).is_ok_and(|names| names.contains(class))
        });
        Ok(seen.count())
    }

    /// Moves the pointer to a place of a window and clicks there, as a hand does.
    pub fn click(&self, window: Window, place: (i16, i16), button: Button) -> Result<()> {
        let (x, y) = self.on_screen(window, place)?;
        let fake = |kind, detail, x, y| -> Result<()> {
            self.connection
                .xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, self.root, x, y, 0)?
                .check()
                .context("the pointer cannot be used")
        };
        fake(MOTION_NOTIFY_EVENT, 0, x, y)?;
        fake(BUTTON_PRESS_EVENT, button as u8, 0, 0)?;
        fake(BUTTON_RELEASE_EVENT, button as u8, 0, 0)
    }

    /// Where on the screen a place of a window is.
    pub(super) fn on_screen(&self, window: Window, (x, y): (i16, i16)) -> Result<(i16, i16)> {
        let found = self
            .connection
            .translate_coordinates(window, self.root, x, y)?
            .reply()?;
        Ok((found.dst_x, found.dst_y))
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

    /// The names by which a window's program is known, each with a zero at its end.
    fn class(&self, window: Window) -> Result<String> {
        let (kind, any) = (AtomEnum::WM_CLASS, AtomEnum::ANY);
        let property = self
            .connection
            .get_property(false, window, kind, any, 0, 1024)?;
        Ok(String::from_utf8_lossy(&property.reply()?.value).into_owned())
    }

    pub(super) fn atom(&self, name: &str) -> Result<Atom> {
        Ok(self
            .connection
            .intern_atom(false, name.as_bytes())?
            .reply()?
            .atom)
    }
}
