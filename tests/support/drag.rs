//! Another program from which something is dragged onto a window: the source's side of XDND
//! (<https://freedesktop.org/wiki/Specifications/XDND/>).

use super::display::Display;
use anyhow::{Context, Result};
use std::time::{Duration, Instant};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt, CreateWindowAux, EventMask, PropMode,
    SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Window, WindowClass,
};
use x11rb::wrapper::ConnectionExt as _;

/// The version that is spoken.
const VERSION: u32 = 5;
/// How long the window may take to answer.
const ANSWER: Duration = Duration::from_secs(2);

/// Something that is held over a window.
pub struct Drag<'a> {
    display: &'a Display,
    source: Window,
    target: Window,
    place: (i16, i16),
    offered: Vec<(Atom, Vec<u8>)>,
}

impl<'a> Drag<'a> {
    /// Takes something up, under the names of its types, and brings it over a place of a window.
    pub fn over(
        display: &'a Display,
        target: Window,
        place: (i16, i16),
        offered: &[(&str, &str)],
    ) -> Result<Self> {
        let connection = &display.connection;
        let source = connection.generate_id()?;
        connection.create_window(
            x11rb::COPY_DEPTH_FROM_PARENT,
            source,
            display.root,
            -10,
            -10,
            1,
            1,
            0,
            WindowClass::INPUT_OUTPUT,
            x11rb::COPY_FROM_PARENT,
            &CreateWindowAux::new(),
        )?;
        let owned = display.atom("XdndSelection")?;
        connection
            .set_selection_owner(source, owned, x11rb::CURRENT_TIME)?
            .check()?;
        let offered = offered
            .iter()
            .map(|(kind, data)| Ok((display.atom(kind)?, data.as_bytes().to_vec())))
            .collect::<Result<Vec<_>>>()?;
        let kinds: Vec<u32> = offered.iter().map(|(kind, _)| *kind).collect();
        let list = display.atom("XdndTypeList")?;
        connection
            .change_property32(PropMode::REPLACE, source, list, AtomEnum::ATOM, &kinds)?
            .check()?;
        let drag = Self {
            display,
            source,
            target,
            place,
            offered,
        };
        let first = |n: usize| kinds.get(n).copied().unwrap_or(x11rb::NONE);
        let flags = (VERSION << 24) | u32::from(kinds.len() > 3);
        drag.send("XdndEnter", [flags, first(0), first(1), first(2)])?;
        Ok(drag)
    }

    /// Tells the window where the pointer is, and whether it would take what is held.
    pub fn hover(&self) -> Result<bool> {
        let (x, y) = self.display.on_screen(self.target, self.place)?;
        let at = (u32::from(x.cast_unsigned()) << 16) | u32::from(y.cast_unsigned());
        let copy = self.display.atom("XdndActionCopy")?;
        self.send("XdndPosition", [0, at, x11rb::CURRENT_TIME, copy])?;
        let answer = self.serve("XdndStatus")?;
        Ok(answer.is_some_and(|words| words[1] & 1 == 1))
    }

    /// Lets go over the window, also where it would take nothing: not every program asks.
    pub fn let_go(self) -> Result<()> {
        self.send("XdndDrop", [0, x11rb::CURRENT_TIME, 0, 0])?;
        self.serve("XdndFinished")?;
        Ok(())
    }

    fn send(&self, name: &str, words: [u32; 4]) -> Result<()> {
        let [a, b, c, d] = words;
        let kind = self.display.atom(name)?;
        let message = ClientMessageEvent::new(32, self.target, kind, [self.source, a, b, c, d]);
        let connection = &self.display.connection;
        connection
            .send_event(false, self.target, EventMask::NO_EVENT, message)?
            .check()
            .with_context(|| format!("{name} cannot be sent"))
    }

    /// Hands out what is asked for until the window says `name`.
    fn serve(&self, name: &str) -> Result<Option<[u32; 5]>> {
        let (wanted, deadline) = (self.display.atom(name)?, Instant::now() + ANSWER);
        while Instant::now() < deadline {
            match self.display.connection.poll_for_event()? {
                Some(Event::SelectionRequest(request)) => self.hand_out(&request)?,
                Some(Event::ClientMessage(message)) if message.type_ == wanted => {
                    return Ok(Some(message.data.as_data32()));
                }
                Some(_) => {}
                None => std::thread::sleep(super::LOOK_EVERY / 10),
            }
        }
        Ok(None)
    }

    fn hand_out(&self, request: &SelectionRequestEvent) -> Result<()> {
        let connection = &self.display.connection;
        let found = self
            .offered
            .iter()
            .find(|(kind, _)| *kind == request.target);
        if let Some((kind, data)) = found {
            connection.change_property8(
                PropMode::REPLACE,
                request.requestor,
                request.property,
                *kind,
                data,
            )?;
        }
        let notice = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property: found.map_or(x11rb::NONE, |_| request.property),
        };
        connection
            .send_event(false, request.requestor, EventMask::NO_EVENT, notice)?
            .check()?;
        Ok(())
    }
}
