//! The pieces that pages are made of. None fetches anything; all words come in through props or
//! i18n; all looks live in `styles/components.css`.

#![allow(
    dead_code,
    unused_imports,
    reason = "the set is whole: a component may be made before the page that needs it, and debug builds \
              alone have the page that shows all"
)]

mod badge;
mod button;
mod card;
mod chart;
mod chart_binding;
mod choice;
mod code;
mod deferred;
mod dialog;
mod feedback;
mod field;
mod file_drop;
mod icon;
mod ids;
mod layout;
mod link;
mod ltr;
mod palette;
mod select;
mod slider;
mod status;
mod stepper;
mod table;
mod tabs;
mod textarea;
mod toasts;

pub use badge::{Badge, Explain, Tone, Tooltip};
pub use button::{Button, IconButton, Variant};
pub use card::{Card, PageHeader};
pub use chart::{Chart, ChartSpec, LineSpec, Table};
pub use choice::{ChoiceCard, SegmentedChoice, SegmentedOption, Switch};
pub use code::{CodeBlock, copy};
pub use deferred::Deferred;
pub use dialog::{ConfirmDialog, Dialog, Modal, Place};
pub use feedback::{EmptyState, ErrorNote, ErrorState, Skeleton, Spinner};
pub use field::{NumberField, Steps, TextField};
pub use file_drop::FileDrop;
pub use icon::IconName;
pub use ids::{focus, focus_child, moved, use_id};
pub use layout::{Layout, Logo};
pub use link::{ButtonLink, LinkTo};
pub use ltr::Ltr;
pub use palette::{CommandPalette, PaletteEntry};
pub use select::{Select, SelectOption};
pub use slider::Slider;
pub use status::{Progress, StatusBadge};
pub use stepper::Stepper;
pub use table::{Column, DataTable, Extent, Sort, SortOrder, TableRow};
pub use tabs::{Tab, Tabs, tab_id};
pub use textarea::{Checkbox, TextArea};
pub use toasts::ToastStack;
