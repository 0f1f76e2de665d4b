//! A comparison as an SVG file, for a document or a page: title, axes with Persian ticks, lines,
//! legend. Pure text; the colours are those of the light theme, whatever the window shows.

use amoozgar_text::bidi::isolate;
use std::fmt::Write;

/// What is drawn.
pub struct Drawing<'a> {
    /// Above the drawing.
    pub title: &'a str,
    /// Below the horizontal axis.
    pub x_label: &'a str,
    /// How the horizontal axis' ticks read.
    pub x_format: fn(f64) -> String,
    /// How the vertical axis' ticks read.
    pub y_format: fn(f64) -> String,
    /// The lines, in the order of the legend.
    pub lines: Vec<Line<'a>>,
}

/// One line.
pub struct Line<'a> {
    /// What the legend calls it.
    pub name: &'a str,
    /// Its colour.
    pub color: &'static str,
    /// Its points.
    pub points: &'a [(f64, f64)],
}

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 540.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 64.0;
const LEGEND_LINE: f64 = 26.0;
const BELOW: f64 = 64.0;
/// About how many ticks an axis has.
const TICKS: f64 = 6.0;

impl Drawing<'_> {
    /// The file's text.
    pub fn svg(&self) -> String {
        let n_lines = self.lines.len() as f64;
        let height = HEIGHT + n_lines * LEGEND_LINE;
        let x = Scale::over(self.points().map(|point| point.0), LEFT, WIDTH - RIGHT);
        let y = Scale::over(self.points().map(|point| point.1), HEIGHT - BELOW, TOP);
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             width=\"{WIDTH}\" height=\"{height}\" font-family=\"Vazirmatn, 'Noto Sans Arabic', sans-serif\" \
             font-size=\"14\" fill=\"#1d2433\">\
             <rect width=\"100%\" height=\"100%\" fill=\"#fffdf9\"/>"
        );
        text(
            &mut out,
            WIDTH - RIGHT,
            34.0,
            "font-size=\"18\" font-weight=\"700\"",
            self.title,
        );
        for at in y.ticks() {
            let place = y.place(at);
            let _ = write!(
                out,
                "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{place:.1}\" y2=\"{place:.1}\" stroke=\"#e9e4d9\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#626979\" font-size=\"12\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 8.0,
                place + 4.0,
                escaped(&(self.y_format)(at)),
            );
        }
        for at in x.ticks() {
            let _ = write!(
                out,
                "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#626979\" font-size=\"12\">{}</text>",
                x.place(at),
                HEIGHT - BELOW + 20.0,
                escaped(&(self.x_format)(at)),
            );
        }
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" direction=\"rtl\" fill=\"#626979\">{}</text>",
            f64::midpoint(LEFT, WIDTH - RIGHT),
            HEIGHT - BELOW + 44.0,
            escaped(self.x_label),
        );
        for (row, line) in self.lines.iter().enumerate() {
            let Line {
                name,
                color,
                points,
            } = line;
            let _ = write!(
                out,
                "<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"1.8\" stroke-linejoin=\"round\" points=\"",
            );
            for (at, value) in *points {
                let _ = write!(out, "{:.2},{:.2} ", x.place(*at), y.place(*value));
            }
            let place = HEIGHT + row as f64 * LEGEND_LINE;
            let _ = write!(
                out,
                "\"/><rect x=\"{}\" y=\"{}\" width=\"18\" height=\"5\" rx=\"2\" fill=\"{color}\"/>",
                WIDTH - RIGHT - 18.0,
                place - 8.0,
            );
            text(&mut out, WIDTH - RIGHT - 28.0, place, "", &isolate(name));
        }
        out.push_str("</svg>\n");
        out
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.lines
            .iter()
            .flat_map(|line| line.points.iter().copied())
    }
}

/// A line of Persian that begins at the right.
fn text(out: &mut String, x: f64, y: f64, style: &str, words: &str) {
    let _ = write!(
        out,
        "<text x=\"{x}\" y=\"{y}\" direction=\"rtl\" text-anchor=\"start\" {style}>{}</text>",
        escaped(words)
    );
}

fn escaped(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .fold(String::new(), |mut out, letter| {
            match letter {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                other => out.push(other),
            }
            out
        })
}

/// From values to places.
struct Scale {
    least: f64,
    most: f64,
    from: f64,
    to: f64,
}

impl Scale {
    fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            least = least.min(value);
            most = most.max(value);
        }
        if !least.is_finite() {
            (least, most) = (0.0, 1.0);
        } else if most <= least {
            most = least + 1.0;
        }
        Self {
            least,
            most,
            from,
            to,
        }
    }

    fn place(&self, value: f64) -> f64 {
        self.from + (value - self.least) / (self.most - self.least) * (self.to - self.from)
    }

    /// Round numbers within the range: 1, 2 or 5 times a power of ten apart.
    fn ticks(&self) -> Vec<f64> {
        let rough = (self.most - self.least) / TICKS;
        let power = 10_f64.powf(rough.log10().floor());
        let apart = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|times| times * power)
            .find(|apart| *apart >= rough)
            .unwrap_or(rough);
        let first = (self.least / apart).ceil() as i64;
        let last = (self.most / apart).floor() as i64;
        (first..=last).map(|n| n as f64 * apart).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Drawing, Line, Scale};
    use amoozgar_text::number;

    fn drawing<'a>(name: &'a str, points: &'a [(f64, f64)]) -> Drawing<'a> {
        Drawing {
            title: "زیان اعتبارسنجی",
            x_label: "گام",
            x_format: |value| number::format_decimal(value, 0),
            y_format: |value| number::format_decimal(value, 1),
            lines: vec![Line {
                name,
                color: "#0b766e",
                points,
            }],
        }
    }

    #[test]
    fn what_a_person_wrote_is_text_and_never_markup() {
        let svg = drawing("<script>\"&\u{0}", &[(1.0, 2.0)]).svg();
        assert!(!svg.contains("<script"), "no markup of a name's in `{svg}`");
        assert!(svg.contains("&lt;script&gt;&quot;&amp;"), "the name itself");
        assert!(
            !svg.contains('\u{0}'),
            "no control character, which XML forbids"
        );
    }

    #[test]
    fn every_point_is_drawn_and_the_ticks_are_persian() {
        let points: Vec<_> = (0..500).map(|n| (f64::from(n), f64::from(n % 7))).collect();
        let svg = drawing("الف", &points).svg();
        let line = svg
            .split("points=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_default();
        assert_eq!(line.split_whitespace().count(), 500, "no point is left out");
        assert!(
            svg.contains('۳') && svg.contains("direction=\"rtl\""),
            "Persian"
        );
    }

    #[test]
    fn ticks_are_round_numbers_within_the_range_even_where_nothing_was_measured() {
        let scale = Scale::over([0.0, 1234.0].into_iter(), 0.0, 100.0);
        assert_eq!(scale.ticks(), [0.0, 500.0, 1000.0], "500 apart");
        let empty = Scale::over(std::iter::empty(), 0.0, 1.0);
        assert!(empty.ticks().iter().all(|tick| tick.is_finite()), "finite");
        let flat = Scale::over([2.0, 2.0].into_iter(), 0.0, 1.0);
        assert!(flat.place(2.0).is_finite(), "a flat line has a place");
    }
}
