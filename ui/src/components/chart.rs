//! A line chart: drawn by uPlot, fed by Yew.
//!
//! New data never makes a new chart. Colours are CSS variables, asked for at each drawing, so that a
//! change of theme only draws again. The drawing reads from the left; words and digits are Persian.

use super::chart_binding::{MutationObserver, UPlot};
use crate::api;
use crate::hooks::use_painted;
use crate::state::job::Shared;
use js_sys::{Array, Object, Reflect};
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlElement, MediaQueryList, ResizeObserver};
use yew::prelude::*;

/// One line of a chart.
pub struct LineSpec {
    /// What the legend calls it.
    pub label: &'static str,
    /// The CSS variable of its colour.
    pub color: &'static str,
    /// Its width in CSS pixels.
    pub width: f64,
    /// How opaque it is, 0 to 1.
    pub alpha: f64,
    /// How its values read.
    pub format: fn(f64) -> String,
    /// Whether its points are marked, as for values that are few.
    pub marked: bool,
}

/// What a chart shows; one per kind of chart, compared by identity.
pub struct ChartSpec {
    /// What the horizontal axis counts.
    pub x_label: &'static str,
    /// How its values read.
    pub x_format: fn(f64) -> String,
    /// How the vertical axis' ticks read.
    pub y_format: fn(f64) -> String,
    /// Room for those ticks in CSS pixels.
    pub y_size: f64,
    /// The lines, in the order of the table's columns.
    pub lines: &'static [LineSpec],
}

impl PartialEq for ChartSpec {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// Aligned columns: `columns[line][row]` belongs to `x[row]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Ascending.
    pub x: Vec<f64>,
    /// One per line of the chart, each as long as `x`.
    pub columns: Vec<Vec<Option<f64>>>,
}

/// Props of [`Chart`].
#[derive(Properties, PartialEq)]
pub struct ChartProps {
    /// What it shows.
    pub spec: &'static ChartSpec,
    /// The values; the chart has as many of the lines as the table has columns.
    pub table: Shared<Table>,
    /// What the legend calls the lines, where the chart's kind does not say it. A chart keeps the names
    /// and the number of lines that it was made with: key it by them.
    #[prop_or_default]
    pub names: Vec<String>,
    /// What it is, for screen readers.
    pub label: AttrValue,
    /// The height of axes and drawing in CSS pixels.
    pub height: u32,
    /// How many values were measured, before thinning.
    pub points: usize,
    /// `data-testid`.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// A line chart. Dragging zooms in, a double click shows everything again.
#[component]
pub fn Chart(props: &ChartProps) -> Html {
    let target = use_node_ref();
    let drawn = use_mut_ref(|| None::<Drawn>);
    // Drawing takes longer than the rest of a page, which is not to wait for it.
    let ready = use_painted();
    {
        let (target, drawn) = (target.clone(), drawn.clone());
        let (spec, height) = (props.spec, props.height);
        let (table, names) = (props.table.clone(), props.names.clone());
        use_effect_with(ready, move |ready| {
            if let (true, Some(target)) = (*ready, target.cast::<HtmlElement>()) {
                match Drawn::new(spec, &table, &names, &target, height) {
                    Ok(made) => *drawn.borrow_mut() = Some(made),
                    Err(error) => api::log(&format!("a chart could not be drawn: {error:?}")),
                }
            }
            move || drop(drawn.borrow_mut().take())
        });
    }
    use_effect_with(props.table.clone(), move |table| {
        if let Some(drawn) = &*drawn.borrow()
            && let Err(error) = drawn.set_table(table)
        {
            api::log(&format!("a chart could not be updated: {error:?}"));
        }
    });
    html! {
        <div
            class="chart"
            dir="ltr"
            role="img"
            aria-label={props.label.clone()}
            data-testid={props.testid.clone()}
            data-points={props.points.to_string()}
        >
            <div
                class="chart__target"
                style={format!("--chart-height: {}px", props.height)}
                ref={target}
            />
        </div>
    }
}

type Function2 = Closure<dyn Fn(JsValue, JsValue) -> JsValue>;

/// A chart on the page with everything that keeps it alive.
struct Drawn {
    plot: Rc<UPlot>,
    shown: RefCell<Shared<Table>>,
    resize: ResizeObserver,
    theme: MutationObserver,
    scheme: Option<MediaQueryList>,
    redraw: Closure<dyn Fn()>,
    _resized: Closure<dyn Fn()>,
    _functions: Vec<Function2>,
}

impl Drop for Drawn {
    fn drop(&mut self) {
        self.resize.disconnect();
        self.theme.disconnect();
        if let Some(scheme) = &self.scheme {
            let listener = self.redraw.as_ref().unchecked_ref();
            if let Err(error) = scheme.remove_event_listener_with_callback("change", listener) {
                api::log(&format!("a listener could not be removed: {error:?}"));
            }
        }
        self.plot.destroy();
    }
}

impl Drawn {
    fn new(
        spec: &'static ChartSpec,
        table: &Shared<Table>,
        names: &[String],
        target: &HtmlElement,
        height: u32,
    ) -> Result<Self, JsValue> {
        let mut functions = Vec::new();
        let lines: Vec<_> = spec
            .lines
            .iter()
            .take(table.columns.len())
            .enumerate()
            .map(|(row, line)| (names.get(row).map_or(line.label, String::as_str), line))
            .collect();
        let options = options(spec, &lines, target, height, &mut functions)?;
        let plot = Rc::new(UPlot::new(&options, &aligned(table), target)?);
        let redraw = {
            let plot = plot.clone();
            Closure::<dyn Fn()>::new(move || plot.redraw(false, false))
        };
        let resized = {
            let (plot, target) = (Rc::downgrade(&plot), target.clone());
            Closure::<dyn Fn()>::new(move || fit_at_next_frame(plot.clone(), &target, height))
        };
        let resize = ResizeObserver::new(resized.as_ref().unchecked_ref())?;
        resize.observe(target);
        let theme = MutationObserver::new(redraw.as_ref())?;
        let window = web_sys::window();
        let root = window
            .as_ref()
            .and_then(web_sys::Window::document)
            .and_then(|page| page.document_element());
        if let Some(root) = root {
            let watched = Object::new();
            put(&watched, "attributes", true)?;
            theme.observe(root.as_ref(), &watched);
        }
        let scheme = match window {
            Some(window) => window.match_media("(prefers-color-scheme: dark)")?,
            None => None,
        };
        if let Some(scheme) = &scheme {
            scheme.add_event_listener_with_callback("change", redraw.as_ref().unchecked_ref())?;
        }
        Ok(Self {
            plot,
            shown: RefCell::new(table.clone()),
            resize,
            theme,
            scheme,
            redraw,
            _resized: resized,
            _functions: functions,
        })
    }

    /// Shows other values, leaving a zoom as it is.
    fn set_table(&self, table: &Shared<Table>) -> Result<(), JsValue> {
        if *self.shown.borrow() == *table {
            return Ok(());
        }
        let zoom = self.zoom()?;
        self.plot.set_data(&aligned(table), zoom.is_none());
        if let Some((min, max)) = zoom {
            let limits = Object::new();
            put(&limits, "min", min)?;
            put(&limits, "max", max)?;
            self.plot.set_scale("x", &limits);
        }
        *self.shown.borrow_mut() = table.clone();
        Ok(())
    }

    /// The part that a person zoomed into.
    fn zoom(&self) -> Result<Option<(f64, f64)>, JsValue> {
        let scales = Reflect::get((*self.plot).as_ref(), &"scales".into())?;
        let x = Reflect::get(&scales, &"x".into())?;
        let min = Reflect::get(&x, &"min".into())?.as_f64();
        let max = Reflect::get(&x, &"max".into())?.as_f64();
        let shown = self.shown.borrow();
        let (Some(min), Some(max), Some(first), Some(last)) =
            (min, max, shown.x.first(), shown.x.last())
        else {
            return Ok(None);
        };
        let zoomed = shown.x.len() > 1 && (min > *first || max < *last);
        Ok(zoomed.then_some((min, max)))
    }
}

/// uPlot's aligned data: an array of columns, `null` where there is no value.
fn aligned(table: &Table) -> JsValue {
    let data = Array::new();
    data.push(&js_sys::Float64Array::from(table.x.as_slice()));
    for column in &table.columns {
        let values: Array = column
            .iter()
            .map(|value| value.map_or(JsValue::NULL, JsValue::from_f64))
            .collect();
        data.push(&values);
    }
    data.into()
}

/// Gives a chart its target's width. A chart that grows within the observer's own callback would be
/// observed again at once, which the page reports as an error.
fn fit_at_next_frame(plot: Weak<UPlot>, target: &HtmlElement, height: u32) {
    let target = target.clone();
    let fit = Closure::once_into_js(move || {
        let size = Object::new();
        let width = f64::from(target.client_width());
        // The chart may be gone by the time of the frame.
        if let Some(plot) = plot.upgrade()
            && width > 0.0
            && (width - plot.width()).abs() >= 1.0
            && put(&size, "width", width).is_ok()
            && put(&size, "height", f64::from(height)).is_ok()
        {
            plot.set_size(&size);
        }
    });
    let asked = web_sys::window()
        .map(|window| window.request_animation_frame(fit.unchecked_ref::<js_sys::Function>()));
    if let Some(Err(error)) = asked {
        api::log(&format!("a chart could not be fitted: {error:?}"));
    }
}

fn options(
    spec: &'static ChartSpec,
    lines: &[(&str, &'static LineSpec)],
    target: &HtmlElement,
    height: u32,
    functions: &mut Vec<Function2>,
) -> Result<JsValue, JsValue> {
    let options = Object::new();
    put(&options, "width", f64::from(target.client_width().max(200)))?;
    put(&options, "height", f64::from(height))?;
    put(
        &options,
        "padding",
        Array::of4(&12.into(), &12.into(), &0.into(), &0.into()),
    )?;
    put(&options, "scales", scales()?)?;
    put(&options, "cursor", cursor()?)?;
    put(&options, "legend", legend(spec, functions)?)?;
    let series = Array::new();
    let x = Object::new();
    put(&x, "label", spec.x_label)?;
    put(&x, "value", value(spec.x_format, functions))?;
    series.push(&x);
    for (label, line) in lines {
        let options = line_options(label, line, target, functions)?;
        series.push(&options);
    }
    put(&options, "series", series)?;
    let axes = Array::new();
    let x_axis = axis_options(spec.x_format, 34.0, target, functions)?;
    let y_axis = axis_options(spec.y_format, spec.y_size, target, functions)?;
    axes.push(&x_axis);
    axes.push(&y_axis);
    put(&options, "axes", axes)?;
    Ok(options.into())
}

fn scales() -> Result<Object, JsValue> {
    let (scales, x) = (Object::new(), Object::new());
    put(&x, "time", false)?;
    put(&scales, "x", x)?;
    Ok(scales)
}

fn cursor() -> Result<Object, JsValue> {
    let (cursor, drag) = (Object::new(), Object::new());
    put(&drag, "x", true)?;
    put(&drag, "y", false)?;
    put(&cursor, "drag", drag)?;
    put(&cursor, "y", false)?;
    Ok(cursor)
}

/// Marks in the legend name the variable itself, so that they follow the theme by themselves.
fn legend(spec: &'static ChartSpec, functions: &mut Vec<Function2>) -> Result<Object, JsValue> {
    let (legend, markers) = (Object::new(), Object::new());
    let fill = Closure::<dyn Fn(JsValue, JsValue) -> JsValue>::new(move |_, series: JsValue| {
        let index = series.as_f64().map_or(0, |index| index as usize);
        let line = index.checked_sub(1).and_then(|line| spec.lines.get(line));
        line.map_or(JsValue::NULL, |line| {
            let share = 100.0 * line.alpha;
            format!(
                "color-mix(in srgb, var({}) {share}%, transparent)",
                line.color
            )
            .into()
        })
    });
    put(&markers, "width", 0.0)?;
    put(&markers, "fill", keep(fill, functions))?;
    put(&legend, "markers", markers)?;
    Ok(legend)
}

fn line_options(
    label: &str,
    line: &'static LineSpec,
    target: &HtmlElement,
    functions: &mut Vec<Function2>,
) -> Result<Object, JsValue> {
    let options = Object::new();
    put(&options, "label", label)?;
    put(&options, "width", line.width)?;
    put(&options, "alpha", line.alpha)?;
    put(&options, "spanGaps", true)?;
    put(&options, "value", value(line.format, functions))?;
    put(&options, "stroke", color(line.color, target, functions))?;
    let points = Object::new();
    put(&points, "show", line.marked)?;
    put(&points, "size", 6.0)?;
    put(&points, "fill", color(line.color, target, functions))?;
    put(&options, "points", points)?;
    Ok(options)
}

fn axis_options(
    format: fn(f64) -> String,
    size: f64,
    target: &HtmlElement,
    functions: &mut Vec<Function2>,
) -> Result<Object, JsValue> {
    let (axis, grid, ticks) = (Object::new(), Object::new(), Object::new());
    put(&axis, "stroke", color("--chart-axis", target, functions))?;
    put(&axis, "size", size)?;
    put(&axis, "gap", 6.0)?;
    put(&axis, "font", "12px Vazirmatn, sans-serif")?;
    let values = Closure::<dyn Fn(JsValue, JsValue) -> JsValue>::new(move |_, splits: JsValue| {
        Array::from(&splits)
            .iter()
            .map(|split| split.as_f64().map_or(JsValue::NULL, |at| format(at).into()))
            .collect::<Array>()
            .into()
    });
    put(&axis, "values", keep(values, functions))?;
    put(&grid, "stroke", color("--chart-grid", target, functions))?;
    put(&grid, "width", 1.0)?;
    put(&axis, "grid", grid)?;
    put(&ticks, "show", false)?;
    put(&axis, "ticks", ticks)?;
    Ok(axis)
}

/// A legend's value in words; a dash while the cursor is elsewhere.
fn value(format: fn(f64) -> String, functions: &mut Vec<Function2>) -> JsValue {
    let words = Closure::<dyn Fn(JsValue, JsValue) -> JsValue>::new(move |_, raw: JsValue| {
        raw.as_f64()
            .map_or_else(|| crate::i18n::common::NONE_YET.to_owned(), format)
            .into()
    });
    keep(words, functions)
}

/// The colour that a CSS variable has at the time of drawing.
fn color(variable: &'static str, target: &HtmlElement, functions: &mut Vec<Function2>) -> JsValue {
    let target = target.clone();
    let read = Closure::<dyn Fn(JsValue, JsValue) -> JsValue>::new(move |_, _| {
        web_sys::window()
            .and_then(|window| window.get_computed_style(&target).ok().flatten())
            .and_then(|style| style.get_property_value(variable).ok())
            .map(|found| found.trim().to_owned())
            .filter(|found| !found.is_empty())
            .unwrap_or_else(|| "currentColor".to_owned())
            .into()
    });
    keep(read, functions)
}

fn keep(function: Function2, functions: &mut Vec<Function2>) -> JsValue {
    let value = function.as_ref().clone();
    functions.push(function);
    value
}

fn put(object: &Object, key: &str, value: impl Into<JsValue>) -> Result<(), JsValue> {
    Reflect::set(object, &key.into(), &value.into()).map(|_| ())
}
