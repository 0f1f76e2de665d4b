//! The command palette: everything that can be gone to or done, found by a few letters.
//!
//! A combobox with a list, after the WAI-ARIA pattern: the focus stays in the field, arrow keys move a
//! mark over the options, Enter takes the marked one. What is in it is the page's business.

use super::IconName;
use super::dialog::{Modal, Place};
use super::ids::use_id;
use crate::i18n::common;
use amoozgar_text::search;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct PaletteEntry {
    /// The heading it stands under.
    pub group: AttrValue,
    /// What it is called.
    pub label: AttrValue,
    /// What is said after it, such as a run's state.
    pub hint: Option<AttrValue>,
    /// Its picture.
    pub icon: IconName,
    /// Its name and other words it is found by, as [`search::fold`] makes them.
    folded: String,
}

impl PaletteEntry {
    /// An entry that is found by its label and by `also`.
    pub fn new(
        group: impl Into<AttrValue>,
        icon: IconName,
        label: impl Into<AttrValue>,
        also: &str,
    ) -> Self {
        let label = label.into();
        Self {
            group: group.into(),
            folded: search::fold(&format!("{label} {also}")),
            label,
            hint: None,
            icon,
        }
    }

    /// Says something after the label.
    pub fn hint(self, hint: impl Into<AttrValue>) -> Self {
        let hint = Some(hint.into());
        Self { hint, ..self }
    }
}

/// Props of [`CommandPalette`].
#[derive(Properties, PartialEq)]
pub struct CommandPaletteProps {
    /// Everything that can be chosen; entries of a group stand together.
    pub entries: Rc<Vec<PaletteEntry>>,
    /// Called with the index of what was chosen.
    pub on_choose: Callback<usize>,
    /// Called by Escape and by a click beside it.
    pub on_close: Callback<()>,
}

/// As many are shown at once.
const MOST: usize = 40;

/// The palette. Mount it to open it.
#[component]
pub fn CommandPalette(props: &CommandPaletteProps) -> Html {
    let query = use_state_eq(String::new);
    let marked = use_state_eq(|| 0_usize);
    let id = use_id("palette");
    let found = use_memo(
        ((*query).clone(), props.entries.clone()),
        |(query, entries)| matches(query, entries),
    );
    let oninput = {
        let (query, marked) = (query.clone(), marked.clone());
        move |event: InputEvent| {
            let input = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
            if let Some(input) = input {
                query.set(input.value());
                marked.set(0);
            }
        }
    };
    let onkeydown = {
        let (found, marked) = (found.clone(), marked.clone());
        let on_choose = props.on_choose.clone();
        move |event: KeyboardEvent| {
            let count = found.len();
            let next = match event.key().as_str() {
                "ArrowDown" if count > 0 => (*marked + 1) % count,
                "ArrowUp" if count > 0 => (*marked + count - 1) % count,
                "Enter" => {
                    event.prevent_default();
                    if let Some(chosen) = found.get(*marked).filter(|_| !event.is_composing()) {
                        on_choose.emit(*chosen);
                    }
                    return;
                }
                _ => return,
            };
            event.prevent_default();
            marked.set(next);
        }
    };
    let option_id = |index: usize| format!("{id}-{index}");
    use_effect_with(option_id(*marked), |id| bring_into_sight(id));
    let list_id = format!("{id}-list");
    html! {
        <Modal
            place={Place::Top}
            labelled_by={id.clone()}
            on_close={props.on_close.clone()}
            testid="palette"
        >
            <div class="palette">
                <div class="palette__head">
                    { IconName::Search.svg() }
                    <label class="visually-hidden" id={id.clone()} for={format!("{id}-field")}>
                        { common::PALETTE }
                    </label>
                    <input
                        id={format!("{id}-field")}
                        class="palette__field"
                        type="text"
                        role="combobox"
                        dir={if query.is_empty() { "rtl" } else { "auto" }}
                        autocomplete="off"
                        spellcheck="false"
                        placeholder={common::PALETTE_PLACEHOLDER}
                        aria-expanded="true"
                        aria-autocomplete="list"
                        aria-controls={list_id.clone()}
                        aria-activedescendant={(!found.is_empty()).then(|| option_id(*marked))}
                        data-testid="palette-field"
                        value={(*query).clone()}
                        {oninput}
                        {onkeydown}
                    />
                </div>
                <div class="palette__list" role="listbox" id={list_id} aria-label={common::PALETTE}>
                    { groups(props, &found, *marked, &option_id) }
                </div>
                <p class={if found.is_empty() { "palette__none" } else { "visually-hidden" }} role="status">
                    { if found.is_empty() { common::PALETTE_NOTHING.to_owned() } else { common::found(found.len()) } }
                </p>
            </div>
        </Modal>
    }
}

fn groups(
    props: &CommandPaletteProps,
    found: &[usize],
    marked: usize,
    option_id: &dyn Fn(usize) -> String,
) -> Html {
    let entry_at = |at: usize| found.get(at).and_then(|index| props.entries.get(*index));
    let mut parts = Vec::new();
    let mut start = 0;
    while let Some(first) = entry_at(start) {
        let mut end = start + 1;
        while entry_at(end).is_some_and(|entry| entry.group == first.group) {
            end += 1;
        }
        parts.push(html! {
            <div key={start} role="group" aria-label={first.group.clone()}>
                <div class="palette__group" aria-hidden="true">{ &first.group }</div>
                { for (start..end).filter_map(|at| {
                    let entry = entry_at(at)?;
                    let (on_choose, index) = (props.on_choose.clone(), *found.get(at)?);
                    Some(html! {
                        <div
                            key={index}
                            id={option_id(at)}
                            role="option"
                            class="palette__option"
                            aria-selected={if at == marked { "true" } else { "false" }}
                            data-testid="palette-option"
                            onclick={move |_| on_choose.emit(index)}
                        >
                            { entry.icon.svg() }
                            <span class="palette__label" dir="auto">{ &entry.label }</span>
                            if let Some(hint) = &entry.hint {
                                <span class="palette__hint">{ hint }</span>
                            }
                        </div>
                    })
                }) }
            </div>
        });
        start = end;
    }
    parts.into_iter().collect()
}

/// The entries that a query names, best first, those of one group together.
fn matches(query: &str, entries: &[PaletteEntry]) -> Vec<usize> {
    let query = search::fold(query);
    let mut scored: Vec<(i32, usize)> = entries
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| Some((search::score_folded(&query, &entry.folded)?, index)))
        .collect();
    // Equal ones, as all are while nothing is typed, keep their order.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.truncate(MOST);
    let mut groups: Vec<(&AttrValue, Vec<usize>)> = Vec::new();
    for (_, index) in scored {
        let Some(entry) = entries.get(index) else {
            continue;
        };
        match groups.iter_mut().find(|(group, _)| **group == entry.group) {
            Some((_, members)) => members.push(index),
            None => groups.push((&entry.group, vec![index])),
        }
    }
    groups
        .into_iter()
        .flat_map(|(_, members)| members)
        .collect()
}

fn bring_into_sight(id: &str) {
    let option = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|page| page.get_element_by_id(id));
    if let Some(option) = option {
        let options = ScrollIntoViewOptions::new();
        options.set_block(ScrollLogicalPosition::Nearest);
        option.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

#[cfg(test)]
mod tests {
    use super::{IconName, PaletteEntry, matches};

    fn entry(group: &'static str, label: &'static str) -> PaletteEntry {
        PaletteEntry::new(group, IconName::File, label, "")
    }

    #[test]
    fn the_best_comes_first_and_groups_stay_together() {
        let entries = [
            entry("صفحه‌ها", "تنظیمات"),
            entry("صفحه‌ها", "مجموعه‌داده‌ها"),
            entry("اجراها", "آموزش حافظ"),
            entry("کارها", "آموزش تازه"),
            entry("کارها", "وارد کردن داده"),
        ];
        assert_eq!(
            matches("", &entries),
            [0, 1, 2, 3, 4],
            "nothing typed shows all as they are"
        );
        assert_eq!(matches("تازه", &entries), [3], "one is named");
        assert_eq!(
            matches("داده", &entries).len(),
            2,
            "in the middle of a word too"
        );
        let found = matches("اموزش", &entries);
        assert_eq!(found.len(), 2, "without the madda");
        assert_eq!(matches("زرافه", &entries), [0_usize; 0], "nothing named so");
    }
}
