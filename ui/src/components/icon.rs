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
    /// An arrow down to a line.
    Download,
    /// An arrow up from a line.
    Upload,
    /// A circle with a Persian question mark.
    Help,
    /// Two sheets.
    Copy,
    /// Two chevrons, up and down.
    Sort,
    /// A circle, half of it filled with lines.
    Contrast,
    /// Bars of a chart.
    Dashboard,
    /// Two lines that cross.
    Compare,
    /// Two people.
    Users,
    /// A key.
    Key,
    /// A parcel: a model.
    Box,
    /// A globe: the network.
    Globe,
    /// A clock.
    Clock,
    /// A pencil.
    Edit,
    /// A shield.
    Shield,
    /// A drive.
    Disk,
    /// A thermometer.
    Temperature,
    /// A battery.
    Battery,
    /// A funnel.
    Filter,
    /// A star.
    Star,
    /// Three dots.
    More,
    /// A speech bubble.
    Chat,
    /// An arrow upwards.
    Send,
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
            Self::Download => "M12 3.5v11.5M7.5 10.500l4.500 4.500 4.500-4.500M4.500 20h15",
            Self::Upload => "M12 15.500V4M7.500 8.500 12 4l4.500 4.500M4.500 20h15",
            Self::Help => {
                "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17ZM14.600 9.600a2.600 2.600 0 1 0-3.800 2.300c.8.4 1.200.9 1.200 1.800M12 16.700v.1"
            }
            Self::Copy => "M8.500 8.500h11v11h-11zM15.500 8.500v-4h-11v11h4",
            Self::Sort => "M8 10l4-4 4 4M8 14l4 4 4-4",
            Self::Contrast => {
                "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17ZM12 3.500v17M14.500 5v14M17 7v10"
            }
            Self::Dashboard => "M4 20h16M6.500 20v-7M12 20V5M17.500 20v-10",
            Self::Compare => "M4 6c7 0 9 12 16 12M4 18c7 0 9-12 16-12",
            Self::Users => {
                "M9 5a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7ZM2.500 19.500c.7-3.200 3.200-5 6.500-5s5.800 1.800 6.500 5M16 5.300a3.500 3.500 0 0 1 0 6.400M18 15.200c1.900.8 3.100 2.300 3.500 4.300"
            }
            Self::Key => {
                "M8 10.500a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM11 11.700l8.500-8.200M15.500 7.500l3 3"
            }
            Self::Box => "M12 3.500 20 7.500v9L12 20.500 4 16.500v-9ZM4 7.500l8 4 8-4M12 11.500v9",
            Self::Globe => {
                "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17ZM3.500 12h17M12 3.500c-5 5-5 12 0 17M12 3.500c5 5 5 12 0 17"
            }
            Self::Clock => {
                "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17ZM12 7.500V12l3 2"
            }
            Self::Edit => {
                "M4.500 19.500l1-4.500L16 4.500l3.500 3.500L9 18.500ZM13.500 7l3.500 3.500"
            }
            Self::Shield => {
                "M12 3.500l7.500 3v5c0 4.500-3 7.500-7.500 9-4.500-1.500-7.500-4.500-7.500-9v-5Z"
            }
            Self::Disk => "M4 13.500h16v6H4zM4 13.500l2.500-9h11l2.500 9M16.500 16.500h.1",
            Self::Temperature => {
                "M9.500 13.500V6a2.500 2.500 0 0 1 5 0v7.500a4 4 0 1 1-5 0ZM12 9v7"
            }
            Self::Battery => "M3.500 8h15v8h-15zM21 10.500v3M6.500 11v2",
            Self::Filter => "M4 5h16l-6 7.500v6.500l-4-2v-4.500Z",
            Self::Star => {
                "M12 3.500l2.600 5.600 6 .8-4.400 4.200 1.100 6L12 17.200l-5.300 2.900 1.100-6-4.400-4.200 6-.8Z"
            }
            Self::More => "M5.500 12h.1M12 12h.1M18.500 12h.1",
            Self::Chat => "M4 5h16v11.500H10.500L6 20v-3.500H4ZM8 9.200h8M8 12.500h5",
            Self::Send => "M12 19.500V5M6 11l6-6 6 6",
        }
    }
}

impl IconName {
    /// The picture in the text's size and colour, hidden from screen readers. A plain element, since a
    /// component for each would cost time and give nothing.
    pub fn svg(self) -> Html {
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
                <path d={self.path()} />
            </svg>
        }
    }
}
