//! A dataset of conversations or pairs: what its columns are, which answers are learnt, and on the user's own rows
//! what a model reads and what it learns.

use super::preference::{is_pairs, use_objective};
use crate::api;
use crate::components::{
    Card, ErrorNote, SegmentedChoice, SegmentedOption, Select, SelectOption, Spinner,
};
use crate::i18n::{common, conversations as words, preference};
use crate::pages::training::form::{Form, FormAction, Goal};
use amoozgar_types::ApiError;
use amoozgar_types::chat::{
    ConversationsPreview, PairSide, PreviewPart, PreviewRow, PreviewThoughts,
};
use amoozgar_types::dataset::{DatasetFormat, DatasetRecord, Field, Mapping, Shape};
use amoozgar_types::ipc::{DatasetConversationsRequest, DatasetsConversations, RowChoices};
use amoozgar_types::spec::{Supervise, Thinking};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use yew::prelude::*;

/// How long choosing must rest before the shell is asked.
const REST: Duration = Duration::from_millis(300);

/// Props of [`ConversationsChoice`].
#[derive(Properties, PartialEq)]
pub struct ConversationsChoiceProps {
    /// What there is.
    pub datasets: Rc<Vec<DatasetRecord>>,
    /// The form.
    pub form: UseReducerHandle<Form>,
}

/// Shown where the chosen dataset holds conversations or pairs, or a table whose columns say nothing.
#[component]
pub fn ConversationsChoice(props: &ConversationsChoiceProps) -> Html {
    let form = &props.form;
    let chosen = form.dataset.as_ref().map(|(id, _)| id);
    let dataset = props
        .datasets
        .iter()
        .find(|one| Some(&one.dataset_id) == chosen);
    let dataset = dataset.filter(|dataset| has_rows(dataset));
    let request = dataset.and_then(|dataset| {
        Some(DatasetConversationsRequest {
            dataset_id: dataset.dataset_id.clone(),
            base_model: form.base.as_ref()?.model.clone(),
            rows: form.rows.clone(),
            context_length: form.context()?,
        })
    });
    let goes_on = form.goal != Goal::Scratch;
    let (answer, waiting) = use_preview(request.filter(|_| goes_on));
    if dataset.is_none() {
        return html! {};
    }
    let content = if goes_on {
        match &answer {
            Some(Ok(preview)) => {
                html! { <Shown form={form.clone()} preview={preview.clone()} stale={waiting} /> }
            }
            Some(Err(error)) => html! { <ErrorNote error={error.clone()} /> },
            None if waiting => html! { <p class="estimate__hint">{ words::LOADING }</p> },
            None => html! { <p class="estimate__hint">{ words::CHOOSE_BASE }</p> },
        }
    } else {
        let guess = dataset.and_then(|dataset| dataset.guess.as_ref());
        let needs = match guess.map(|guess| guess.shape) {
            Some(Shape::Preference) => preference::NEEDS_BASE,
            _ => words::NEEDS_BASE,
        };
        html! { <p class="field__error" role="alert" data-testid="run-rows-scratch">{ needs }</p> }
    };
    let busy = if waiting {
        html! { <Spinner /> }
    } else {
        html! {}
    };
    html! { <Card title={words::TITLE} actions={busy} testid="run-conversations">{ content }</Card> }
}

/// Whether the rows of a dataset may be conversations.
fn has_rows(dataset: &DatasetRecord) -> bool {
    let guess = dataset.guess.as_ref();
    guess.is_some_and(|guess| guess.shape.has_messages())
        || matches!(dataset.format, DatasetFormat::Csv | DatasetFormat::Json)
}

type Answer = Option<Result<Rc<ConversationsPreview>, ApiError>>;

/// What the shell says of the request, and whether it is still asked.
#[hook]
fn use_preview(request: Option<DatasetConversationsRequest>) -> (Answer, bool) {
    let (answer, waiting) = (use_state(|| None), use_state(|| false));
    {
        let (answer, waiting) = (answer.setter(), waiting.setter());
        use_effect_with(request, move |request| {
            let gone = Rc::new(Cell::new(false));
            waiting.set(request.is_some());
            if let Some(request) = request.clone() {
                let gone = gone.clone();
                wasm_bindgen_futures::spawn_local(async move {
                    yew::platform::time::sleep(REST).await;
                    if gone.get() {
                        return;
                    }
                    let outcome = api::call::<DatasetsConversations>(request).await;
                    if !gone.get() {
                        answer.set(Some(outcome.map(Rc::new)));
                        waiting.set(false);
                    }
                });
            } else {
                answer.set(None);
            }
            move || gone.set(true)
        });
    }
    ((*answer).clone(), *waiting)
}

#[derive(Properties, PartialEq)]
struct ShownProps {
    form: UseReducerHandle<Form>,
    preview: Rc<ConversationsPreview>,
    stale: bool,
}

#[component]
fn Shown(props: &ShownProps) -> Html {
    let preview = &props.preview;
    let rows = props.form.rows.clone();
    let change = {
        let form = props.form.dispatcher();
        Callback::from(move |rows: RowChoices| form.dispatch(FormAction::Rows(rows)))
    };
    use_objective(&props.form, preview);
    let is_pairs = is_pairs(preview);
    let taken = match &preview.used {
        Some(guess) => words::taken_for(guess),
        None => words::UNKNOWN.to_owned(),
    };
    let has_thoughts = preview
        .rows
        .iter()
        .any(|row| row.thoughts == PreviewThoughts::Written);
    let has_several = preview.rows.iter().any(|row| n_learnt(row) > 1);
    html! {
        <div class={classes!("conversations", props.stale.then_some("is-stale"))} aria-live="polite">
            <p data-testid="run-rows-taken">{ taken }</p>
            if !preview.columns.names.is_empty() {
                <Columns {rows} preview={preview.clone()} onchange={change.clone()} />
            }
            if !is_pairs && (has_several || props.form.rows.supervise == Supervise::Last) {
                { supervise(&props.form.rows, &change) }
            }
            if has_thoughts || props.form.rows.thinking == Thinking::Read {
                { thinking(&props.form.rows, &change) }
            }
            if preview.rows.iter().any(|row| row.thoughts == PreviewThoughts::LeftOut) {
                <p class="field__hint" data-testid="run-rows-unthought">{ words::UNTHOUGHT }</p>
            }
            if !preview.rows.is_empty() {
                <p class="conversations__legend">
                    <span class="piece piece--read">{ words::READ }</span>
                    if is_pairs {
                        <span class="piece piece--learnt">{ words::PREFERRED }</span>
                        <span class="piece piece--avoided">{ words::AVOIDED }</span>
                    } else {
                        <span class="piece piece--learnt">{ words::LEARNT }</span>
                    }
                    <span class="piece piece--cut">{ words::CUT }</span>
                </p>
            }
            <ol class="conversations__rows" data-testid="run-rows">
                { for preview.rows.iter().map(shown_row) }
            </ol>
            { for preview.faults.iter().map(|count| html! {
                <p class="field__error" data-testid="run-rows-fault">{ words::fault(count) }</p>
            }) }
        </div>
    }
}

fn n_learnt(row: &PreviewRow) -> usize {
    let pieces = row.pieces.iter();
    pieces
        .filter(|piece| piece.part == PreviewPart::Learnt)
        .count()
}

fn option(label: &'static str, testid: &'static str) -> SegmentedOption {
    SegmentedOption {
        label: label.into(),
        icon: None,
        testid: Some(testid.into()),
    }
}

fn thinking(rows: &RowChoices, change: &Callback<RowChoices>) -> Html {
    let (rows, change) = (rows.clone(), change.clone());
    html! {
        <SegmentedChoice
            label={words::THINKING}
            options={vec![
                option(words::THINKING_LEARNT, "run-thinking-learn"),
                option(words::THINKING_READ, "run-thinking-read"),
            ]}
            selected={usize::from(rows.thinking == Thinking::Read)}
            onselect={move |index| change.emit(RowChoices {
                thinking: if index == 0 { Thinking::Learn } else { Thinking::Read },
                ..rows.clone()
            })}
        />
    }
}

fn supervise(rows: &RowChoices, change: &Callback<RowChoices>) -> Html {
    let (rows, change) = (rows.clone(), change.clone());
    html! {
        <SegmentedChoice
            label={words::SUPERVISE}
            options={vec![option(words::ALL, "run-supervise-all"), option(words::LAST, "run-supervise-last")]}
            selected={usize::from(rows.supervise == Supervise::Last)}
            onselect={move |index| change.emit(RowChoices {
                supervise: if index == 0 { Supervise::All } else { Supervise::Last },
                ..rows.clone()
            })}
        />
    }
}

#[derive(Properties, PartialEq)]
struct ColumnsProps {
    rows: RowChoices,
    preview: Rc<ConversationsPreview>,
    onchange: Callback<RowChoices>,
}

/// Which column holds what; open where the names alone do not say it.
#[component]
fn Columns(props: &ColumnsProps) -> Html {
    let names = &props.preview.columns.names;
    let used = props.preview.used.as_ref();
    let shape = props.rows.shape.or(used.map(|guess| guess.shape));
    let shape = shape.filter(|shape| shape.has_messages());
    let shape = shape.unwrap_or(Shape::PromptCompletion);
    let mapping = used.map(|guess| guess.mapping.clone()).unwrap_or_default();
    let mapping: Mapping = mapping
        .into_iter()
        .chain(props.rows.mapping.clone())
        .collect();
    let open = used.is_none() || props.rows.shape.is_some();
    let shapes = Shape::CONVERSATIONS.iter().chain([&Shape::Preference]);
    let shapes =
        shapes.map(|&shape| SelectOption::new(words::shape_value(shape), words::shape(shape)));
    let on_shape = {
        let (rows, onchange) = (props.rows.clone(), props.onchange.clone());
        Callback::from(move |value: String| {
            let chosen = Shape::CONVERSATIONS.iter().chain([&Shape::Preference]);
            let shape = chosen
                .copied()
                .find(|shape| words::shape_value(*shape) == value);
            // The parts of another shape are others.
            onchange.emit(RowChoices {
                shape,
                mapping: Mapping::new(),
                ..rows.clone()
            });
        })
    };
    let (needed, optional) = shape.fields();
    let fields = needed.iter().chain(optional);
    html! {
        <details class="conversations__columns" {open} data-testid="run-columns">
            <summary>{ words::COLUMNS }</summary>
            <div class="field-grid">
                <Select
                    id="run-shape" label={words::SHAPE} options={shapes.collect::<Vec<_>>()}
                    value={words::shape_value(shape)} onchange={on_shape} testid="run-shape"
                />
                { for fields.map(|&field| {
                    let chosen = mapping.get(&field).cloned().unwrap_or_default();
                    let absent = SelectOption::new("", words::NO_COLUMN);
                    let options = std::iter::once(absent)
                        .chain(names.iter().map(|name| SelectOption::new(name.clone(), name.clone())));
                    html! {
                        <Select
                            key={field.as_str()}
                            id={format!("run-column-{}", field.as_str())}
                            label={words::field(field)}
                            options={options.collect::<Vec<_>>()}
                            value={chosen}
                            onchange={on_column(props, shape, &mapping, field)}
                            testid={format!("run-column-{}", field.as_str())}
                        />
                    }
                }) }
            </div>
        </details>
    }
}

fn on_column(
    props: &ColumnsProps,
    shape: Shape,
    mapping: &Mapping,
    field: Field,
) -> Callback<String> {
    let (rows, onchange) = (props.rows.clone(), props.onchange.clone());
    let mapping = mapping.clone();
    Callback::from(move |column: String| {
        let mut mapping = mapping.clone();
        mapping.remove(&field);
        if !column.is_empty() {
            mapping.insert(field, column);
        }
        let (needed, _) = shape.fields();
        let is_whole = needed.iter().all(|field| mapping.contains_key(field));
        onchange.emit(RowChoices {
            // Before every part has its column there is nothing to read by.
            shape: is_whole.then_some(shape),
            mapping,
            ..rows.clone()
        });
    })
}

fn shown_row(row: &PreviewRow) -> Html {
    html! {
        <li key={format!("{} {:?}", row.line, row.side)} class="conversations__row">
            <p class="conversations__meta">
                { words::row(row.line, &common::count(row.n_tokens)) }
                if let Some(side) = row.side { { format!(" · {}", side_in_words(side)) } }
            </p>
            <div class="conversations__text" dir="auto">
                { for row.pieces.iter().map(|piece| {
                    let (class, name) = match piece.part {
                        PreviewPart::Read => ("piece piece--read", "read"),
                        PreviewPart::Learnt if row.side == Some(PairSide::Rejected) => {
                            ("piece piece--avoided", "avoided")
                        }
                        PreviewPart::Learnt => ("piece piece--learnt", "learnt"),
                        PreviewPart::Cut => ("piece piece--cut", "cut"),
                    };
                    html! { <span {class} data-part={name}>{ for parts(&piece.text).into_iter().map(part) }</span> }
                }) }
            </div>
        </li>
    }
}

fn side_in_words(side: PairSide) -> &'static str {
    match side {
        PairSide::Chosen => words::CHOSEN,
        PairSide::Rejected => words::REJECTED,
    }
}

/// A piece's text, the template's signs (as `<|im_end|>`) apart from what people wrote.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Sign(&'a str),
}

/// A sign is Latin and must not turn the direction of the line that it stands in.
fn part(part: Part<'_>) -> Html {
    match part {
        Part::Text(text) => html! { text },
        Part::Sign(sign) => html! { <bdi dir="ltr">{ sign }</bdi> },
    }
}

/// Parts a text at signs: what stands between angle brackets without white space.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut rest, mut from) = (text, 0);
    while let Some(start) = rest.get(from..).and_then(|later| later.find('<')) {
        let start = from + start;
        let tail = rest.get(start..).unwrap_or_default();
        let end = tail.find(|c: char| c == '>' || c.is_whitespace());
        let Some(end) = end.filter(|&end| tail.as_bytes().get(end) == Some(&b'>')) else {
            from = start + 1;
            continue;
        };
        let (before, sign_on) = rest.split_at(start);
        let (sign, after) = sign_on.split_at(end + 1);
        if !before.is_empty() {
            parts.push(Part::Text(before));
        }
        parts.push(Part::Sign(sign));
        (rest, from) = (after, 0);
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{Part, parts};

    #[test]
    fn signs_of_a_template_stand_apart() {
        use Part::{Sign, Text};
        assert_eq!(
            parts("<|im_start|>user\nالف < ب <b> و <"),
            [
                Sign("<|im_start|>"),
                Text("user\nالف < ب "),
                Sign("<b>"),
                Text(" و <")
            ],
        );
        assert_eq!(parts(""), []);
    }
}
