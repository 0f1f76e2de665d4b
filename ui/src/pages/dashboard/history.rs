//! The machine and the speed of training over the last hours.

use crate::components::{
    Card, Chart, ChartSpec, ErrorState, LineSpec, SegmentedChoice, SegmentedOption, Skeleton, Table,
};
use crate::hooks::use_query;
use crate::i18n::{dashboard as words, time};
use crate::state::job::Shared;
use amoozgar_types::UtcMs;
use amoozgar_types::ipc::{History, SystemHistory};
use amoozgar_types::machine::MachineSample;
use yew::prelude::*;

const HOURS: [u32; 3] = [1, 6, 24];
const MINUTE_MS: f64 = 60_000.0;
/// Samples come a minute apart; where they do not, nothing ran and nothing is drawn.
const GAP_MS: UtcMs = 150_000;

static MACHINE: ChartSpec = ChartSpec {
    x_label: words::CLOCK,
    x_format: clock,
    y_format: words::tick_percent,
    y_size: 48.0,
    lines: &[
        LineSpec {
            label: words::PROCESSOR,
            color: "--chart-train",
            width: 2.0,
            alpha: 1.0,
            format: words::tick_percent,
            marked: false,
        },
        LineSpec {
            label: words::MEMORY,
            color: "--chart-lr",
            width: 2.0,
            alpha: 1.0,
            format: words::tick_percent,
            marked: false,
        },
    ],
};

static SPEED: ChartSpec = ChartSpec {
    x_label: words::CLOCK,
    x_format: clock,
    y_format: words::tick_speed,
    y_size: 60.0,
    lines: &[LineSpec {
        label: words::TOKENS_PER_S,
        color: "--chart-validation",
        width: 2.0,
        alpha: 1.0,
        format: words::tick_speed,
        marked: true,
    }],
};

/// Props of [`HistoryCards`].
#[derive(Properties, PartialEq)]
pub struct HistoryCardsProps {
    /// Changes once a minute, and has the samples read again.
    pub minute: UtcMs,
    /// Memory of the machine, once that is known.
    pub memory_bytes: Option<u64>,
}

/// Two charts over the same hours.
#[component]
pub fn HistoryCards(props: &HistoryCardsProps) -> Html {
    let span = use_state_eq(|| 0_usize);
    let hours = HOURS.get(*span).copied().unwrap_or(1);
    let samples = use_query::<SystemHistory>(History { hours });
    {
        let samples = samples.clone();
        use_effect_with(props.minute, move |_| samples.reload());
    }
    let choose = {
        let span = span.clone();
        Callback::from(move |index| span.set(index))
    };
    let options: Vec<_> = HOURS
        .iter()
        .map(|hours| SegmentedOption {
            label: words::hours(*hours).into(),
            icon: None,
            testid: Some(format!("history-{hours}").into()),
        })
        .collect();
    let actions = html! {
        <SegmentedChoice
            label={words::HISTORY_SPAN}
            {options}
            selected={*span}
            onselect={choose}
        />
    };
    let (machine, speed) = match (samples.data(), samples.error()) {
        (Some(list), _) => (
            html! { <MachineChart samples={Shared::new((*list).clone())} {hours} memory_bytes={props.memory_bytes} /> },
            html! { <SpeedChart samples={Shared::new((*list).clone())} {hours} /> },
        ),
        (None, Some(error)) => (
            html! { <ErrorState {error} on_retry={samples.on_retry()} /> },
            html! {},
        ),
        (None, None) => (
            html! { <Skeleton lines={5} /> },
            html! { <Skeleton lines={5} /> },
        ),
    };
    html! {
        <>
            <Card title={words::HISTORY} class="dashboard__chart" {actions}>{ machine }</Card>
            <Card title={words::THROUGHPUT} class="dashboard__chart">{ speed }</Card>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct ChartProps {
    samples: Shared<Vec<MachineSample>>,
    hours: u32,
    #[prop_or_default]
    memory_bytes: Option<u64>,
}

#[component]
fn MachineChart(props: &ChartProps) -> Html {
    let inputs = (props.samples.clone(), props.hours, props.memory_bytes);
    let table = use_memo(inputs, |(samples, hours, memory_bytes)| {
        let memory = memory_bytes.unwrap_or(0) as f64;
        Shared::new(table(
            samples,
            *hours,
            &[&|sample| Some(f64::from(sample.cpu_percent)), &|sample| {
                (memory > 0.0).then(|| sample.used_memory_bytes as f64 / memory * 100.0)
            }],
        ))
    });
    html! {
        <>
            if props.samples.len() < 2 {
                <p class="muted">{ words::HISTORY_EMPTY }</p>
            }
            <Chart
                spec={&MACHINE}
                table={(*table).clone()}
                label={words::HISTORY}
                height={220}
                points={props.samples.len()}
                testid="history-chart"
            />
        </>
    }
}

#[component]
fn SpeedChart(props: &ChartProps) -> Html {
    let table = use_memo((props.samples.clone(), props.hours), |(samples, hours)| {
        Shared::new(table(samples, *hours, &[&|sample| sample.tokens_per_s]))
    });
    let points = props
        .samples
        .iter()
        .filter(|sample| sample.tokens_per_s.is_some())
        .count();
    if points == 0 {
        return html! { <p class="muted" data-testid="throughput-empty">{ words::THROUGHPUT_EMPTY }</p> };
    }
    html! {
        <Chart
            spec={&SPEED}
            table={(*table).clone()}
            label={words::THROUGHPUT}
            height={220}
            {points}
            testid="throughput-chart"
        />
    }
}

/// Reads one line's value from a sample.
type Read<'a> = dyn Fn(&MachineSample) -> Option<f64> + 'a;

/// Minutes on the horizontal axis, so that its ticks fall on whole ones.
fn table(samples: &[MachineSample], hours: u32, columns: &[&Read<'_>]) -> Table {
    let mut made = Table {
        x: Vec::with_capacity(samples.len()),
        columns: vec![Vec::with_capacity(samples.len()); columns.len()],
    };
    let mut before: Option<UtcMs> = None;
    // The axis shows the hours that were asked for, also where little of them was measured.
    if let (Some(first), Some(last)) = (samples.first(), samples.last()) {
        let begin_ms = last.at_ms - UtcMs::from(hours) * 3_600_000;
        if begin_ms < first.at_ms {
            made.x.push(begin_ms as f64 / MINUTE_MS);
            for column in &mut made.columns {
                column.push(None);
            }
        }
    }
    for sample in samples {
        if before.is_some_and(|before| sample.at_ms - before > GAP_MS) {
            made.x.push((sample.at_ms as f64 - 1.0) / MINUTE_MS);
            for column in &mut made.columns {
                column.push(None);
            }
        }
        before = Some(sample.at_ms);
        made.x.push(sample.at_ms as f64 / MINUTE_MS);
        for (column, read) in made.columns.iter_mut().zip(columns) {
            column.push(read(sample));
        }
    }
    made
}

fn clock(minute: f64) -> String {
    time::clock((minute * MINUTE_MS) as UtcMs)
}

#[cfg(test)]
mod tests {
    use super::table;
    use amoozgar_types::machine::MachineSample;

    #[test]
    fn a_time_without_samples_is_a_gap_and_not_a_line() {
        let sample = |minute: i64| MachineSample {
            at_ms: minute * 60_000,
            cpu_percent: 10.0,
            used_memory_bytes: 1,
            tokens_per_s: None,
        };
        let made = table(&[sample(1), sample(2), sample(9)], 1, &[&|_| Some(1.0)]);
        assert_eq!(
            made.columns,
            [vec![None, Some(1.0), Some(1.0), None, Some(1.0)]],
            "nothing at the hour's begin, nothing in the gap"
        );
        assert!(
            (made.x[4] - made.x[0] - 60.0).abs() < f64::EPSILON,
            "the axis spans the hour"
        );
        assert!(made.x.is_sorted(), "and in order: {:?}", made.x);
    }
}
