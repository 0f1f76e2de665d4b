//! A comparison as a PNG: the chart's own canvas on paper, with title and legend in the page's font.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement};

const MARGIN: f64 = 24.0;
const TITLE: f64 = 40.0;
const LEGEND_LINE: f64 = 28.0;

/// The picture in base64; `lines` are names with the CSS variables of their colours.
pub fn png(chart: &Element, title: &str, lines: &[(String, &str)]) -> Result<String, JsValue> {
    let drawn: HtmlCanvasElement = chart
        .query_selector("canvas")?
        .ok_or("the chart has no canvas")?
        .dyn_into()?;
    let window = web_sys::window().ok_or("no window")?;
    let page = window.document().ok_or("no document")?;
    let scale = window.device_pixel_ratio().max(1.0);
    let (width, height) = (f64::from(drawn.width()), f64::from(drawn.height()));
    let below = lines.len() as f64 * LEGEND_LINE * scale;
    let canvas: HtmlCanvasElement = page.create_element("canvas")?.dyn_into()?;
    canvas.set_width((width + 2.0 * MARGIN * scale) as u32);
    canvas.set_height((height + (TITLE + 2.0 * MARGIN) * scale + below) as u32);
    let pen: CanvasRenderingContext2d = canvas
        .get_context("2d")?
        .ok_or("no drawing context")?
        .dyn_into()?;
    let style = window
        .get_computed_style(chart)?
        .ok_or("the chart has no style")?;
    let color = |name: &str| style.get_property_value(name).unwrap_or_default();
    pen.set_fill_style_str(color("--surface").trim());
    pen.fill_rect(0.0, 0.0, canvas.width().into(), canvas.height().into());
    let right = f64::from(canvas.width()) - MARGIN * scale;
    js_sys::Reflect::set(&pen, &"direction".into(), &"rtl".into())?;
    pen.set_text_align("start");
    pen.set_fill_style_str(color("--ink").trim());
    pen.set_font(&format!("700 {}px Vazirmatn, sans-serif", 18.0 * scale));
    pen.fill_text(title, right, (MARGIN + 18.0) * scale)?;
    pen.draw_image_with_html_canvas_element(&drawn, MARGIN * scale, (MARGIN + TITLE) * scale)?;
    pen.set_font(&format!("{}px Vazirmatn, sans-serif", 14.0 * scale));
    for (row, (name, variable)) in lines.iter().enumerate() {
        let y = height + (MARGIN + TITLE + (row as f64 + 0.8) * LEGEND_LINE) * scale;
        pen.set_fill_style_str(color(variable).trim());
        pen.fill_rect(
            right - 18.0 * scale,
            y - 8.0 * scale,
            18.0 * scale,
            5.0 * scale,
        );
        pen.set_fill_style_str(color("--ink").trim());
        pen.fill_text(name, right - 28.0 * scale, y)?;
    }
    let url = canvas.to_data_url_with_type("image/png")?;
    url.split_once(',')
        .map(|(_, bytes)| bytes.to_owned())
        .ok_or_else(|| "the canvas gave no data".into())
}
