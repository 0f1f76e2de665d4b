//! A table that sorts, and draws only what is in sight where it is long.
//!
//! The page holds the rows and their order; the table asks for each row that it draws.

use super::IconName;
use crate::i18n::common;
use std::cmp::Ordering;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

/// Upwards or downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortOrder {
    /// The least first.
    Ascending,
    /// The greatest first.
    Descending,
}

/// What a table is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The index of the column.
    pub column: usize,
    /// The direction.
    pub order: SortOrder,
}

impl Sort {
    /// By this column, the least first.
    pub fn ascending(column: usize) -> Self {
        let order = SortOrder::Ascending;
        Self { column, order }
    }

    /// By this column, the greatest first.
    pub fn descending(column: usize) -> Self {
        let order = SortOrder::Descending;
        Self { column, order }
    }

    /// After a click on a column's head: the other way round for the same one.
    pub fn clicked(self, column: usize) -> Self {
        match self.order {
            SortOrder::Ascending if self.column == column => Self::descending(column),
            _ => Self::ascending(column),
        }
    }

    /// Sorts by what `compare` says of two rows in this column; equal rows keep their order.
    pub fn apply<T>(self, rows: &mut [T], compare: impl Fn(usize, &T, &T) -> Ordering) {
        rows.sort_by(|a, b| match self.order {
            SortOrder::Ascending => compare(self.column, a, b),
            SortOrder::Descending => compare(self.column, b, a),
        });
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    label: AttrValue,
    sortable: bool,
    class: &'static str,
}

impl Column {
    /// A column of words.
    pub fn new(label: impl Into<AttrValue>) -> Self {
        Self {
            label: label.into(),
            sortable: false,
            class: "",
        }
    }

    /// The narrow last column with buttons; its name is for screen readers.
    pub fn actions() -> Self {
        Self {
            class: "table__actions",
            ..Self::new(common::ACTIONS)
        }
    }

    /// Can be sorted by.
    pub fn sortable(self) -> Self {
        Self {
            sortable: true,
            ..self
        }
    }

    /// Holds numbers, whose digits stand below each other.
    pub fn numeric(self) -> Self {
        Self {
            class: "table__number",
            ..self
        }
    }
}

/// One row, as the page draws it.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRow {
    key: AttrValue,
    cells: Vec<Html>,
    testid: Option<AttrValue>,
    selected: bool,
}

impl TableRow {
    /// A row with a cell for each column; `key` tells it from all others.
    pub fn new(key: impl Into<AttrValue>, cells: Vec<Html>) -> Self {
        Self {
            key: key.into(),
            cells,
            testid: None,
            selected: false,
        }
    }

    /// `data-testid` of the row.
    pub fn testid(self, testid: impl Into<AttrValue>) -> Self {
        let testid = Some(testid.into());
        Self { testid, ..self }
    }

    /// Marks the row where `selected`.
    pub fn selected_if(self, selected: bool) -> Self {
        Self { selected, ..self }
    }
}

/// How much of a long table is in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// All rows are drawn.
    #[default]
    Whole,
    /// The table scrolls in a frame this many rows high, and only rows in sight are drawn. A cell is
    /// one line then; what is longer ends in an ellipsis.
    Window(u32),
}

/// Props of [`DataTable`].
#[derive(Properties, PartialEq)]
pub struct DataTableProps {
    /// What it lists, for screen readers.
    pub label: AttrValue,
    /// The columns.
    pub columns: Vec<Column>,
    /// How many rows there are.
    pub n_rows: usize,
    /// Draws the row with this index, in the page's order.
    pub row: Callback<usize, TableRow>,
    /// What it is sorted by.
    #[prop_or_default]
    pub sort: Option<Sort>,
    /// Called with what it shall be sorted by.
    #[prop_or_default]
    pub onsort: Callback<Sort>,
    /// How much is in sight.
    #[prop_or_default]
    pub extent: Extent,
    /// `data-testid`.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// The height of a row of a table in a window, in rem; `--row-height` in parts.css is the same.
const ROW_REM: f64 = 3.25;
/// Rows drawn above and below those in sight.
const SPARE: usize = 8;

/// A table.
#[component]
pub fn DataTable(props: &DataTableProps) -> Html {
    let top = use_state_eq(|| 0_usize);
    let (first, end, window) = match props.extent {
        Extent::Whole => (0, props.n_rows, None),
        Extent::Window(n) => {
            let (first, end) = in_sight(*top, n as usize, props.n_rows);
            (first, end, Some(n))
        }
    };
    let onscroll = {
        let top = top.clone();
        move |event: Event| {
            let frame = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlElement>().ok());
            if let Some(frame) = frame.filter(|_| window.is_some()) {
                let row = f64::from(frame.scroll_top()) / (ROW_REM * rem());
                // A new drawing every few rows is enough: the spare ones are there already.
                top.set(row as usize / (SPARE / 2) * (SPARE / 2));
            }
        }
    };
    let style = window.map(|n| {
        let shown = (f64::from(n)).min(props.n_rows as f64);
        format!("max-block-size:{}rem", ROW_REM * shown + 2.75)
    });
    let n_columns = props.columns.len().to_string();
    html! {
        <div
            class={classes!("table-frame", window.map(|_| "table-frame--window"))}
            role="region"
            aria-label={props.label.clone()}
            tabindex="0"
            {style}
            {onscroll}
            data-testid={props.testid.clone()}
        >
            <table class="table" aria-rowcount={(props.n_rows + 1).to_string()}>
                <thead>
                    <tr aria-rowindex="1">
                        { for props.columns.iter().enumerate().map(|(index, column)| head(props, index, column)) }
                    </tr>
                </thead>
                <tbody>
                    { spacer(first, &n_columns) }
                    { for (first..end).map(|index| {
                        let row = props.row.emit(index);
                        html! {
                            <tr
                                key={row.key.to_string()}
                                aria-rowindex={(index + 2).to_string()}
                                class={row.selected.then_some("is-selected")}
                                data-testid={row.testid}
                            >
                                { for row.cells.into_iter().zip(&props.columns).map(|(cell, column)| html! {
                                    <td class={column.class}>{ cell }</td>
                                }) }
                            </tr>
                        }
                    }) }
                    { spacer(props.n_rows - end.min(props.n_rows), &n_columns) }
                </tbody>
            </table>
        </div>
    }
}

fn head(props: &DataTableProps, index: usize, column: &Column) -> Html {
    let order = props.sort.filter(|sort| sort.column == index);
    let aria_sort = match order.map(|sort| sort.order) {
        Some(SortOrder::Ascending) => Some("ascending"),
        Some(SortOrder::Descending) => Some("descending"),
        None => None,
    };
    if !column.sortable {
        let hidden = (column.class == "table__actions").then_some("visually-hidden");
        return html! {
            <th key={index} scope="col" class={column.class}><span class={hidden}>{ &column.label }</span></th>
        };
    }
    let next = props
        .sort
        .map_or(Sort::ascending(index), |sort| sort.clicked(index));
    let onsort = props.onsort.clone();
    let icon = match aria_sort {
        Some("ascending") => IconName::ChevronUp,
        Some(_) => IconName::ChevronDown,
        None => IconName::Sort,
    };
    html! {
        <th key={index} scope="col" class={column.class} aria-sort={aria_sort}>
            <button
                type="button"
                class={classes!("table__sort", aria_sort.map(|_| "is-sorted"))}
                onclick={move |_| onsort.emit(next)}
            >
                { &column.label }
                { icon.svg() }
            </button>
        </th>
    }
}

/// A row in place of those that are not drawn.
fn spacer(n_rows: usize, n_columns: &str) -> Html {
    if n_rows == 0 {
        return html! {};
    }
    let style = format!("block-size:{}rem", ROW_REM * n_rows as f64);
    html! {
        <tr class="table__spacer" aria-hidden="true"><td colspan={n_columns.to_owned()} {style} /></tr>
    }
}

/// The rows to draw: `[first, end)`.
fn in_sight(top: usize, n_shown: usize, n_rows: usize) -> (usize, usize) {
    let last_top = n_rows.saturating_sub(n_shown);
    let top = top.min(last_top);
    let first = top.saturating_sub(SPARE);
    (first, (top + n_shown + SPARE + SPARE / 2).min(n_rows))
}

/// The page's rem in CSS pixels, which follows the text's scale.
fn rem() -> f64 {
    let size = web_sys::window().and_then(|window| {
        let root = window.document()?.document_element()?;
        let style = window.get_computed_style(&root).ok()??;
        let size = style.get_property_value("font-size").ok()?;
        size.trim_end_matches("px").parse().ok()
    });
    size.unwrap_or(16.0)
}

#[cfg(test)]
mod tests {
    use super::{Sort, SortOrder, in_sight};

    #[test]
    fn a_second_click_turns_the_order_round() {
        let sort = Sort::ascending(1);
        assert_eq!(
            sort.clicked(1).order,
            SortOrder::Descending,
            "the same column"
        );
        assert_eq!(sort.clicked(2), Sort::ascending(2), "another column");
        let mut rows = [2, 3, 1];
        Sort::descending(0).apply(&mut rows, |_, a, b| a.cmp(b));
        assert_eq!(rows, [3, 2, 1], "the greatest first");
    }

    #[test]
    fn only_rows_near_the_window_are_drawn() {
        assert_eq!(in_sight(0, 10, 10_000), (0, 22), "at the top");
        assert_eq!(in_sight(500, 10, 10_000), (492, 522), "in the middle");
        let (first, end) = in_sight(9_999, 10, 10_000);
        assert_eq!(end, 10_000, "never past the last");
        assert!(first <= 9_990, "the last ten are in sight");
        assert_eq!(in_sight(40, 10, 3), (0, 3), "rows that went away");
    }
}
