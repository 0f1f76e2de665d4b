//! The pictures: one path each on a 24-unit grid, stroked with the text's colour.

use yew::prelude::*;

/// Every picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IconName {
    /// A house.
    Home,
    /// A stack of disks.
    Database,
    /// A falling curve.
    Training,
    /// A bell.
    Bell,
    /// Sliders.
    Settings,
    /// A cross of two strokes.
    Plus,
    /// A bin.
    Trash,
    /// A triangle; never mirrored.
    Play,
    /// Two bars; never mirrored.
    Pause,
    /// A square.
    Stop,
    /// A circling arrow.
    Refresh,
    /// Towards the line's end.
    Forward,
    /// Towards the line's start.
    Back,
    /// Downwards.
    ChevronDown,
    /// Upwards.
    ChevronUp,
    /// A tick.
    Check,
    /// A diagonal cross.
    Close,
    /// A triangle with an exclamation mark.
    Alert,
    /// A circle with an i.
    Info,
    /// A folder.
    Folder,
    /// A sheet.
    File,
    /// An arrow into a tray.
    Import,
    /// A chip.
    Cpu,
    /// A memory module.
    Memory,
    /// An open book.
    Book,
    /// A padlock.
    Lock,
    /// A head and shoulders.
    User,
    /// A door with an arrow.
    SignOut,
    /// A sun.
    Sun,
    /// A moon.
    Moon,
    /// A screen.
    Screen,
    /// A four-pointed star.
    Sparkle,
    /// A flag: a saved point.
    Checkpoint,
    /// Lines of text.
    Lines,
    /// A magnifying glass.
    Search,
}

impl IconName {
    fn path(self) -> &'static str {
        match self {
            Self::Home => "M3.5 11 12 4l8.5 7M5.5 9.5V20h13V9.5M10 20v-5.5h4V20",
            Self::Database => {
                "M4.5 6c0-1.7 3.4-3 7.5-3s7.5 1.3 7.5 3-3.4 3-7.5 3-7.5-1.3-7.5-3ZM4.5 6v12c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3V6M4.5 12c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3"
            }
            Self::Training => "M4 4v16h16M7.5 7c1 6 4 8.500 12 9.200",
            Self::Bell => {
                "M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 1.500h-15L6 16.500ZM10 20.500c.5.700 1.200 1 2 1s1.500-.3 2-1M12 5V3"
            }
            Self::Settings => {
                "M4 7h9M17.500 7H20M4 17h2.500M11 17h9M15.200 4.800a2.200 2.200 0 1 1 0 4.400 2.200 2.200 0 0 1 0-4.400ZM8.800 14.800a2.200 2.200 0 1 1 0 4.400 2.200 2.200 0 0 1 0-4.400Z"
            }
            Self::Plus => "M12 5v14M5 12h14",
            Self::Trash => {
                "M4.500 6.500h15M9.500 6.500v-3h5v3M6.500 6.500l.8 14h9.400l.8-14M10.200 10.500v6M13.800 10.500v6"
            }
            Self::Play => "M8 5.200v13.600L18.500 12 8 5.200Z",
            Self::Pause => "M8.500 5.500v13M15.500 5.500v13",
            Self::Stop => "M6.500 6.500h11v11h-11z",
            Self::Refresh => "M19.500 12a7.500 7.500 0 1 1-2.400-5.500M19.500 3.500v4h-4",
            Self::Forward => "M14.500 5.500 8 12l6.500 6.500",
            Self::Back => "M9.500 5.500 16 12l-6.500 6.500",
            Self::ChevronDown => "M6 9.500l6 6 6-6",
            Self::ChevronUp => "M6 14.500l6-6 6 6",
            Self::Check => "M5 12.500l4.700 4.700L19.500 7",
            Self::Close => "M6.500 6.500l11 11M17.500 6.500l-11 11",
            Self::Alert => "M12 4 2.800 19.800h18.400L12 4ZM12 10v4.500M12 17.200v.1",
            Self::Info => {
                "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17ZM12 11v5.500M12 7.700v.1"
            }
            Self::Folder => "M3.500 18.500v-13h6l2 2.500h9v10.500h-17Z",
            Self::File => "M6 3.500h8l4.500 4.500v12.500H6v-17ZM13.500 3.800v4.700h4.700",
            Self::Import => "M12 3.500v11M7.500 10.500l4.500 4.500 4.500-4.500M4 16v4.500h16V16",
            Self::Cpu => {
                "M6.500 6.500h11v11h-11zM10 10h4v4h-4zM9.500 3.500v3M14.500 3.500v3M9.500 17.500v3M14.500 17.500v3M3.500 9.500h3M3.500 14.500h3M17.500 9.500h3M17.500 14.500h3"
            }
            Self::Memory => {
                "M3 7.500h18v7.500H3zM6 15v3M10 15v3M14 15v3M18 15v3M7 10v2.500M12 10v2.500M17 10v2.500"
            }
            Self::Book => {
                "M12 6.500c-2-1.700-5-2.300-8.500-2v14c3.500-.3 6.500.3 8.500 2 2-1.700 5-2.300 8.500-2v-14c-3.500-.3-6.500.3-8.500 2ZM12 6.500v14"
            }
            Self::Lock => {
                "M5.500 10.500h13v10h-13zM8.500 10.500V7.500a3.500 3.500 0 0 1 7 0v3M12 14.500v2"
            }
            Self::User => {
                "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM4.500 20.500c.8-3.600 3.700-5.500 7.500-5.500s6.700 1.900 7.500 5.500"
            }
            Self::SignOut => "M14 4.500h5.500v15H14M10.500 8 14.500 12l-4 4M14.500 12h-10",
            Self::Sun => {
                "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400"
            }
            Self::Moon => "M20 14.200A8.300 8.300 0 0 1 9.800 4a8.300 8.300 0 1 0 10.200 10.200Z",
            Self::Screen => "M3.500 4.500h17v11.500h-17zM9 20h6M12 16v4",
            Self::Sparkle => {
                "M12 3.500c.9 5 3.500 7.600 8.500 8.500-5 .9-7.600 3.500-8.500 8.500-.9-5-3.500-7.600-8.500-8.500 5-.9 7.600-3.500 8.500-8.500Z"
            }
            Self::Checkpoint => "M6 21V4M6 4.500c4-2 8 2 12.500 0v9c-4.500 2-8.500-2-12.500 0",
            Self::Lines => "M4 6.500h16M8 12h12M11 17.500h9",
            Self::Search => {
                "M10.500 4a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13ZM15.300 15.300 20.500 20.500"
            }
        }
    }
}

/// Props of [`Icon`].
#[derive(Properties, PartialEq)]
pub struct IconProps {
    /// Which picture.
    pub name: IconName,
}

/// A picture of the text's size and colour, hidden from screen readers.
#[component]
pub fn Icon(props: &IconProps) -> Html {
    html! {
        <svg
            class="icon"
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="1.7"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
        >
            <path d={props.name.path()} />
        </svg>
    }
}
