//! The curves of a run, live.

use super::curves::{loss_table, lr_table};
use crate::components::{Card, Chart, ChartSpec, LineSpec};
use crate::hooks::use_paced;
use crate::i18n::training as words;
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
    let rate = use_memo(curves, |curves| Shared::new(lr_table(curves)));
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
        </div>
    }
}
