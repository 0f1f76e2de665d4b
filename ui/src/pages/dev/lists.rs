//! Tables short and long, chart, code, file drop, stepper.

use crate::components::{
    Card, Chart, ChartSpec, CodeBlock, Column, DataTable, Extent, FileDrop, IconButton, IconName,
    LineSpec, Sort, Stepper, Table, TableRow,
};
use crate::i18n::{common, dev as words, training};
use crate::state::job::Shared;
use amoozgar_text::{number, order};
use yew::prelude::*;

/// Of the long table.
const N_ROWS: usize = 10_000;

/// A row that is a function of its number.
fn values(n: usize) -> (String, u64, f64) {
    let steps = (n as u64 * 7919) % 5000;
    (
        words::run(n + 1),
        steps,
        2.0 + f64::from((n % 97) as u32) / 40.0,
    )
}

/// Sorting and virtual scrolling.
#[component]
pub fn Tables() -> Html {
    let sort = use_state_eq(|| Sort::ascending(0));
    let rows = use_memo(*sort, |sort| {
        let mut rows: Vec<_> = (0..N_ROWS).map(values).collect();
        sort.apply(&mut rows, |column, a, b| match column {
            0 => order::compare(&a.0, &b.0),
            1 => a.1.cmp(&b.1),
            _ => a.2.total_cmp(&b.2),
        });
        rows
    });
    let columns = |n: usize| -> Vec<Column> {
        let mut columns = vec![
            Column::new(words::COLUMNS[0]).sortable(),
            Column::new(words::COLUMNS[1]).sortable().numeric(),
            Column::new(words::COLUMNS[2]).sortable().numeric(),
            Column::actions(),
        ];
        columns.truncate(n);
        columns
    };
    let row = Callback::from(move |index: usize| {
        let (name, steps, loss) = rows.get(index).cloned().unwrap_or_default();
        let cells = vec![
            html! { <span dir="auto">{ &name }</span> },
            html! { { common::count(steps) } },
            html! { { number::format_decimal(loss, 3) } },
            html! { <IconButton icon={IconName::Trash} label={common::DELETE} onclick={Callback::noop()} /> },
        ];
        TableRow::new(name, cells).selected_if(index == 1)
    });
    let onsort = {
        let sort = sort.clone();
        Callback::from(move |next| sort.set(next))
    };
    html! {
        <Card title={words::TABLES}>
            <DataTable
                label={words::SHORT_TABLE}
                columns={columns(4)}
                n_rows={3}
                row={row.clone()}
                sort={*sort}
                onsort={onsort.clone()}
            />
            <DataTable
                label={words::LONG_TABLE}
                columns={columns(3)}
                n_rows={N_ROWS}
                {row}
                sort={*sort}
                {onsort}
                extent={Extent::Window(8)}
                testid="dev-long-table"
            />
        </Card>
    }
}

static SPEC: ChartSpec = ChartSpec {
    x_label: "گام",
    x_format: training::tick_step,
    y_format: training::tick_loss,
    y_size: 44.0,
    lines: &[
        LineSpec {
            label: words::LINES[0],
            color: "--chart-train",
            width: 2.0,
            alpha: 1.0,
            format: training::legend_loss,
            marked: false,
        },
        LineSpec {
            label: words::LINES[1],
            color: "--chart-validation",
            width: 2.0,
            alpha: 1.0,
            format: training::legend_loss,
            marked: true,
        },
    ],
};

/// Chart, code, files, steps.
#[component]
pub fn Rest() -> Html {
    let step = use_state_eq(|| 2_usize);
    let back = {
        let step = step.clone();
        Callback::from(move |index| step.set(index))
    };
    let table = use_memo((), |()| {
        let x: Vec<f64> = (0..200).map(f64::from).collect();
        let train = x.iter().map(|at| Some(2.0 + 3.0 * (-at / 60.0).exp()));
        let validation = x
            .iter()
            .map(|at| (at % 40.0 == 0.0).then(|| 2.2 + 3.0 * (-at / 60.0).exp()));
        let columns = vec![train.collect(), validation.collect()];
        Shared::new(Table { x, columns })
    });
    let steps: Vec<AttrValue> = words::STEPS.iter().map(|name| (*name).into()).collect();
    html! {
        <Card title={words::REST}>
            <Stepper label={words::REST} {steps} current={*step} onselect={back} />
            <Chart
                spec={&SPEC}
                table={(*table).clone()}
                label={words::CHART}
                height={220}
                points={200}
            />
            <CodeBlock code="amoozgar train spec.toml --json" label={words::CODE} />
            <FileDrop
                title={words::DROP}
                text={words::DROP_TEXT}
                pick={words::PICK}
                on_pick={Callback::noop()}
                on_files={Callback::noop()}
            />
        </Card>
    }
}
