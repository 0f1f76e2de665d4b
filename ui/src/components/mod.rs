//! The pieces that pages are made of. None fetches anything; all words come in through props or
//! i18n; all looks live in `styles/components.css`.

mod button;
mod card;
mod chart;
mod chart_binding;
mod choice;
mod dialog;
mod feedback;
mod field;
mod icon;
mod layout;
mod link;
mod ltr;
mod status;
mod tabs;
mod toasts;

pub use button::{Button, IconButton, Variant};
pub use card::{Card, PageHeader};
pub use chart::{Chart, ChartSpec, LineSpec, Table};
pub use choice::{ChoiceCard, SegmentedChoice, SegmentedOption, Switch};
pub use dialog::ConfirmDialog;
pub use feedback::{EmptyState, ErrorNote, ErrorState, Skeleton, Spinner};
pub use field::{NumberField, TextField};
pub use icon::{Icon, IconName};
pub use layout::{Layout, Logo};
pub use link::{ButtonLink, LinkTo};
pub use ltr::Ltr;
pub use status::{Progress, StatusBadge};
pub use tabs::{Tab, Tabs};
pub use toasts::ToastStack;
