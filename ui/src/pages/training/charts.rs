//! The curves of a run, live.

use super::curves::{logp_table, loss_table, lr_table, preferred_table, reward_table};
use crate::components::{Card, Chart, ChartSpec, LineSpec};
use crate::hooks::use_paced;
use crate::i18n::{preference as pairs, training as words};
use crate::state::job::Shared;
use amoozgar_types::job::Metrics;
use std::time::Duration;
use yew::prelude::*;

static LOSS: ChartSpec = ChartSpec {
    x_label: words::STEP,
    x_format: words::tick_step,
    y_format: words::tick_loss,
    y_size: 48.0,
    lines: &[
        LineSpec {
            label: words::LINE_TRAIN,
            color: "--chart-train",
            width: 1.0,
            alpha: 0.4,
            format: words::legend_loss,
            marked: false,
        },
        LineSpec {
            label: words::LINE_SMOOTH,
            color: "--chart-train",
            width: 2.0,
            alpha: 1.0,
            format: words::legend_loss,
            marked: false,
        },
        LineSpec {
            label: words::LINE_VALIDATION,
            color: "--chart-validation",
            width: 2.0,
            alpha: 1.0,
            format: words::legend_loss,
            marked: true,
        },
    ],
};

static RATE: ChartSpec = ChartSpec {
    x_label: words::STEP,
    x_format: words::tick_step,
    y_format: words::rate,
    y_size: 60.0,
    lines: &[LineSpec {
        label: words::LR_CHART,
        color: "--chart-lr",
        width: 2.0,
        alpha: 1.0,
        format: words::rate,
        marked: false,
    }],
};

/// A line of what is measured of pairs.
const fn of_pairs(label: &'static str, color: &'static str, marked: bool) -> LineSpec {
    LineSpec {
        label,
        color,
        width: 2.0,
        alpha: 1.0,
        format: words::legend_loss,
        marked,
    }
}

static REWARDS: ChartSpec = ChartSpec {
    x_label: words::STEP,
    x_format: words::tick_step,
    y_format: words::tick_loss,
    y_size: 48.0,
    lines: &[
        of_pairs(pairs::LINE_CHOSEN, "--chart-train", false),
        of_pairs(pairs::LINE_REJECTED, "--chart-lr", false),
        of_pairs(pairs::LINE_MARGIN, "--chart-validation", true),
    ],
};

static PREFERRED: ChartSpec = ChartSpec {
    x_label: words::STEP,
    x_format: words::tick_step,
    y_format: words::tick_loss,
    y_size: 48.0,
    lines: &[
        of_pairs(words::LINE_SMOOTH, "--chart-train", false),
        of_pairs(words::LINE_VALIDATION, "--chart-validation", true),
    ],
};

static LOGPS: ChartSpec = ChartSpec {
    x_label: words::STEP,
    x_format: words::tick_step,
    y_format: words::tick_loss,
    y_size: 48.0,
    lines: &[
        of_pairs(pairs::LINE_CHOSEN, "--chart-train", false),
        of_pairs(pairs::LINE_REJECTED, "--chart-lr", false),
        of_pairs(words::LINE_VALIDATION, "--chart-validation", true),
    ],
};

/// Drawing takes time from the training that it shows, most of all where no graphics card draws.
const DRAWN_EVERY: Duration = Duration::from_secs(1);

/// Props of [`Charts`].
#[derive(Properties, PartialEq)]
pub struct ChartsProps {
    /// The points so far.
    pub curves: Shared<Metrics>,
    /// No more will come by themselves.
    pub ended: bool,
}

/// Loss and learning rate.
#[component]
pub fn Charts(props: &ChartsProps) -> Html {
    let curves = use_paced(&props.curves, DRAWN_EVERY);
    let loss = use_memo(curves.clone(), |curves| Shared::new(loss_table(curves)));
    let rate = use_memo(curves.clone(), |curves| Shared::new(lr_table(curves)));
    let learns_pairs = props.curves.train.last();
    let learns_pairs = learns_pairs.is_some_and(|last| last.preference.is_some());
    let points = props.curves.train.len();
    // A run that ended before its first step has nothing to wait for.
    let hint = if points > 1 {
        words::CHART_HINT
    } else if props.ended {
        ""
    } else {
        words::CHART_EMPTY
    };
    html! {
        <div class="job__charts">
            <Card
                title={words::LOSS_CHART}
                actions={html! { <span class="chart-hint">{ hint }</span> }}
            >
                <Chart
                    spec={&LOSS}
                    table={(*loss).clone()}
                    label={words::LOSS_CHART}
                    height={280}
                    {points}
                    testid="loss-chart"
                />
            </Card>
            <Card title={words::LR_CHART}>
                <Chart
                    spec={&RATE}
                    table={(*rate).clone()}
                    label={words::LR_CHART}
                    height={280}
                    {points}
                    testid="lr-chart"
                />
            </Card>
            if learns_pairs { <PairsCharts {curves} {points} /> }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PairsChartsProps {
    curves: Shared<Metrics>,
    points: usize,
}

/// Rewards, the share of pairs that are told apart, how likely the answers are.
#[component]
fn PairsCharts(props: &PairsChartsProps) -> Html {
    let curves = &props.curves;
    let rewards = use_memo(curves.clone(), |curves| Shared::new(reward_table(curves)));
    let preferred = use_memo(curves.clone(), |curves| {
        Shared::new(preferred_table(curves))
    });
    let logps = use_memo(curves.clone(), |curves| Shared::new(logp_table(curves)));
    let chart = |title: &'static str, spec, table, testid: &'static str| {
        html! {
            <Card {title}>
                <Chart {spec} {table} label={title} height={280} points={props.points} {testid} />
            </Card>
        }
    };
    html! {
        <>
            { chart(pairs::REWARD_CHART, &REWARDS, (*rewards).clone(), "reward-chart") }
            { chart(pairs::PREFERRED_CHART, &PREFERRED, (*preferred).clone(), "preferred-chart") }
            { chart(pairs::LOGP_CHART, &LOGPS, (*logps).clone(), "logp-chart") }
        </>
    }
}
