//! The curves over one another, with the choice of axis and curve, and the files they are saved to.

use super::drawing::{Drawing, Line};
use super::picture;
use super::tables::{Axis, Curve, line, table};
use crate::api;
use crate::components::{
    Button, Card, Chart, ChartSpec, EmptyState, IconName, LineSpec, SegmentedChoice,
    SegmentedOption,
};
use crate::i18n::{compare as words, errors, training};
use crate::state::job::Shared;
use crate::state::toasts::{ShowToast, use_toasts};
use amoozgar_types::compare::ComparedRun;
use amoozgar_types::id::JobId;
use amoozgar_types::ipc::{CompareExport, ExportContent, TrainingCompareExport};
use amoozgar_types::{ApiError, ErrorCode};
use yew::prelude::*;

/// The colours of the runs, by their place in the comparison: the variable, and its light value for
/// files.
pub const COLORS: [(&str, &str); 6] = [
    ("--chart-train", "#0b766e"),
    ("--chart-validation", "#b3352c"),
    ("--chart-lr", "#4a46b8"),
    ("--chart-fourth", "#86530a"),
    ("--chart-fifth", "#1f6b36"),
    ("--chart-sixth", "#8a2f83"),
];

const fn spec(
    x_label: &'static str,
    x_format: fn(f64) -> String,
    lines: &'static [LineSpec],
) -> ChartSpec {
    ChartSpec {
        x_label,
        x_format,
        y_format: training::tick_loss,
        y_size: 48.0,
        lines,
    }
}

const fn of_run(color: &'static str, width: f64, marked: bool) -> LineSpec {
    LineSpec {
        label: "",
        color,
        width,
        alpha: 1.0,
        format: training::legend_loss,
        marked,
    }
}

const fn of_runs(width: f64, marked: bool) -> [LineSpec; 6] {
    [
        of_run(COLORS[0].0, width, marked),
        of_run(COLORS[1].0, width, marked),
        of_run(COLORS[2].0, width, marked),
        of_run(COLORS[3].0, width, marked),
        of_run(COLORS[4].0, width, marked),
        of_run(COLORS[5].0, width, marked),
    ]
}

static MARKED: [LineSpec; 6] = of_runs(2.0, true);
static PLAIN: [LineSpec; 6] = of_runs(2.0, false);
static THIN: [LineSpec; 6] = of_runs(1.0, false);

static SPECS: [[ChartSpec; 3]; 3] = [by_axes(&MARKED), by_axes(&PLAIN), by_axes(&THIN)];

const fn by_axes(lines: &'static [LineSpec; 6]) -> [ChartSpec; 3] {
    [
        spec(words::AXIS_STEP, training::tick_step, lines),
        spec(words::AXIS_TIME, words::tick_time, lines),
        spec(words::AXIS_TOKENS, words::tick_tokens, lines),
    ]
}

/// Props of [`CompareCharts`].
#[derive(Properties, PartialEq)]
pub struct CompareChartsProps {
    /// What is compared.
    pub runs: Shared<Vec<ComparedRun>>,
}

/// One chart.
#[component]
pub fn CompareCharts(props: &CompareChartsProps) -> Html {
    let axis = use_state_eq(|| 0_usize);
    let curve = use_state_eq(|| 0_usize);
    let (chosen_axis, chosen_curve) = (Axis::ALL[*axis % 3], Curve::ALL[*curve % 3]);
    let shown = use_memo((props.runs.clone(), *axis, *curve), move |(runs, ..)| {
        let lines: Vec<_> = runs
            .iter()
            .map(|run| line(run, chosen_axis, chosen_curve))
            .collect();
        let points: usize = lines.iter().map(Vec::len).sum();
        (Shared::new(table(&lines)), points)
    });
    let (table, points) = ((shown.0).clone(), shown.1);
    let spec = &SPECS[*curve % 3][*axis % 3];
    let names: Vec<String> = props.runs.iter().map(|run| run.job.name.clone()).collect();
    let key = format!("{} {} {names:?}", *axis, *curve);
    let frame = use_node_ref();
    html! {
        <Card title={words::CHART} actions={html! {
            <Exports
                runs={props.runs.clone()}
                curve={chosen_curve}
                axis={chosen_axis}
                frame={frame.clone()}
            />
        }}>
            <div class="compare__choices">
                <SegmentedChoice
                    label={words::CURVE}
                    options={options(&words::CURVES, "compare-curve")}
                    selected={*curve}
                    onselect={let curve = curve.clone(); move |index| curve.set(index)}
                />
                <SegmentedChoice
                    label={words::AXIS}
                    options={options(&words::AXES, "compare-axis")}
                    selected={*axis}
                    onselect={let axis = axis.clone(); move |index| axis.set(index)}
                />
            </div>
            if points == 0 {
                <EmptyState icon={IconName::Training} title={words::NO_POINTS} text={words::NO_POINTS_TEXT} />
            } else {
                <div ref={frame}>
                    <Chart
                        {key}
                        {spec}
                        {table}
                        {names}
                        label={words::CURVES.get(*curve).copied().unwrap_or_default()}
                        height={360}
                        {points}
                        testid="compare-chart"
                    />
                </div>
            }
        </Card>
    }
}

fn options(labels: &[&'static str; 3], testid: &str) -> Vec<SegmentedOption> {
    labels
        .iter()
        .enumerate()
        .map(|(index, label)| SegmentedOption {
            label: (*label).into(),
            icon: None,
            testid: Some(format!("{testid}-{index}").into()),
        })
        .collect()
}

#[derive(Properties, PartialEq)]
struct ExportsProps {
    runs: Shared<Vec<ComparedRun>>,
    curve: Curve,
    axis: Axis,
    frame: NodeRef,
}

/// What a comparison is saved as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Png,
    Svg,
    Csv,
}

impl Kind {
    fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Csv => "csv",
        }
    }
}

#[component]
fn Exports(props: &ExportsProps) -> Html {
    let toasts = use_toasts();
    let busy = use_state_eq(|| None::<Kind>);
    let export = |kind: Kind| {
        let (toasts, busy, frame) = (toasts.clone(), busy.clone(), props.frame.clone());
        let (runs, curve, axis) = (props.runs.clone(), props.curve, props.axis);
        move |_| {
            let (toasts, busy, frame, runs) =
                (toasts.clone(), busy.clone(), frame.clone(), runs.clone());
            busy.set(Some(kind));
            wasm_bindgen_futures::spawn_local(async move {
                match save(kind, &runs, curve, axis, &frame).await {
                    Ok(Some(path)) => toasts.success(words::saved(&path)),
                    Ok(None) => {}
                    Err(error) => toasts.error(errors::describe(&error).message),
                }
                busy.set(None);
            });
        }
    };
    let button = |kind: Kind, label: &'static str, testid: &'static str| {
        html! {
            <Button
                {label}
                icon={IconName::Download}
                onclick={export(kind)}
                loading={*busy == Some(kind)}
                {testid}
            />
        }
    };
    html! {
        <div class="compare__exports">
            { button(Kind::Png, words::EXPORT_PNG, "compare-png") }
            { button(Kind::Svg, words::EXPORT_SVG, "compare-svg") }
            { button(Kind::Csv, words::EXPORT_CSV, "compare-csv") }
        </div>
    }
}

/// Asks where to, and has the shell write there; `None` where nothing was chosen.
async fn save(
    kind: Kind,
    runs: &[ComparedRun],
    curve: Curve,
    axis: Axis,
    frame: &NodeRef,
) -> Result<Option<String>, ApiError> {
    let filter = api::FileFilter {
        name: words::file_kind(kind.ending()),
        extensions: vec![kind.ending().to_owned()],
    };
    let name = format!("{}.{}", words::FILE_NAME, kind.ending());
    let Some(path) = api::pick_save(words::EXPORT_TITLE, &name, filter).await? else {
        return Ok(None);
    };
    let path = with_ending(path, kind.ending());
    let content = content(kind, runs, curve, axis, frame)?;
    api::call::<TrainingCompareExport>(CompareExport {
        path: path.clone(),
        content,
    })
    .await?;
    Ok(Some(path))
}

fn content(
    kind: Kind,
    runs: &[ComparedRun],
    curve: Curve,
    axis: Axis,
    frame: &NodeRef,
) -> Result<ExportContent, ApiError> {
    let title = words::title_of(curve, axis);
    Ok(match kind {
        Kind::Csv => {
            let ids: Vec<JobId> = runs.iter().map(|run| run.job.job_id.clone()).collect();
            ExportContent::Csv(ids)
        }
        Kind::Svg => {
            let lines: Vec<_> = runs.iter().map(|run| line(run, axis, curve)).collect();
            let drawing = Drawing {
                title: &title,
                x_label: words::AXES[axis as usize],
                x_format: SPECS[0][axis as usize].x_format,
                y_format: training::tick_loss,
                lines: runs
                    .iter()
                    .zip(&lines)
                    .zip(COLORS)
                    .map(|((run, points), (_, color))| Line {
                        name: &run.job.name,
                        color,
                        points,
                    })
                    .collect(),
            };
            ExportContent::Svg(drawing.svg())
        }
        Kind::Png => {
            let chart = frame
                .cast::<web_sys::Element>()
                .ok_or(ApiError::detail(ErrorCode::Internal, "there is no chart"))?;
            let lines: Vec<_> = runs
                .iter()
                .zip(COLORS)
                .map(|(run, (variable, _))| (run.job.name.clone(), variable))
                .collect();
            let png = picture::png(&chart, &title, &lines)
                .map_err(|thrown| ApiError::detail(ErrorCode::Internal, format!("{thrown:?}")))?;
            ExportContent::Png(png)
        }
    })
}

/// Some systems' dialogs leave the ending to the program.
fn with_ending(path: String, ending: &str) -> String {
    let wanted = format!(".{ending}");
    if path.to_lowercase().ends_with(&wanted) {
        path
    } else {
        path + &wanted
    }
}
