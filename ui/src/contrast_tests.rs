//! The colours of `styles/tokens.css` against each other, by WCAG's formula: text can be read and
//! edges can be seen in every theme, at normal and at high contrast.
#![allow(clippy::panic, missing_docs)]

use std::collections::BTreeMap;

const TOKENS: &str = include_str!("../styles/tokens.css");

/// Text and what it stands on.
const TEXT: &[(&str, &[&str])] = &[
    (
        "ink",
        &[
            "ground",
            "surface",
            "surface-sunken",
            "surface-hover",
            "sidebar",
            "accent-soft",
            "danger-soft",
            "warning-soft",
        ],
    ),
    (
        "ink-soft",
        &[
            "ground",
            "surface",
            "surface-sunken",
            "surface-hover",
            "sidebar",
            "accent-soft",
            "danger-soft",
            "warning-soft",
        ],
    ),
    (
        "ink-faint",
        &[
            "ground",
            "surface",
            "surface-sunken",
            "surface-hover",
            "sidebar",
        ],
    ),
    (
        "accent-ink",
        &[
            "ground",
            "surface",
            "surface-sunken",
            "surface-hover",
            "accent-soft",
        ],
    ),
    ("on-accent", &["accent", "accent-hover"]),
    ("second-ink", &["second-soft", "surface"]),
    ("success-ink", &["success-soft", "surface"]),
    ("warning-ink", &["warning-soft", "surface"]),
    ("danger-ink", &["danger-soft", "surface", "ground"]),
    ("on-danger", &["danger", "danger-hover"]),
    ("on-tooltip", &["tooltip"]),
    ("chart-axis", &["surface"]),
];

/// What must be seen, though nobody reads it: edges, the ring of the focus, a chart's lines.
const SHAPES: &[(&str, &[&str])] = &[
    ("line-input", &["ground", "surface", "surface-sunken"]),
    (
        "accent",
        &["ground", "surface", "surface-sunken", "sidebar"],
    ),
    ("danger", &["surface"]),
    ("chart-train", &["surface"]),
    ("chart-validation", &["surface"]),
    ("chart-lr", &["surface"]),
    ("chart-fourth", &["surface"]),
    ("chart-fifth", &["surface"]),
    ("chart-sixth", &["surface"]),
];

type Tokens = BTreeMap<String, String>;

/// The declarations of the block that `selector` opens.
fn block(selector: &str) -> Tokens {
    let start = TOKENS
        .find(&format!("\n{selector} {{"))
        .unwrap_or_else(|| panic!("tokens.css has no block `{selector}`"));
    let body = &TOKENS[start..];
    let Some((_, body)) = body.split_once('{') else {
        panic!("tokens.css begins no block after `{selector}`");
    };
    let Some((body, _)) = body.split_once("\n}") else {
        panic!("tokens.css does not end the block `{selector}`");
    };
    body.split(';')
        .filter_map(|line| line.rsplit("--").next()?.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// What each combination of theme and contrast comes to.
fn themes() -> [(&'static str, Tokens, f64, f64); 4] {
    let base = block(":root");
    let over = |blocks: &[&str]| {
        let mut tokens = base.clone();
        for selector in blocks {
            tokens.extend(block(selector));
        }
        tokens
    };
    let dark = ":root[data-theme=\"dark\"]";
    let more = ":root[data-contrast=\"more\"]";
    let dark_more = ":root[data-theme=\"dark\"][data-contrast=\"more\"]";
    [
        ("light", base.clone(), 4.5, 3.0),
        ("dark", over(&[dark]), 4.5, 3.0),
        ("light, high contrast", over(&[more]), 7.0, 4.5),
        (
            "dark, high contrast",
            over(&[dark, more, dark_more]),
            7.0,
            4.5,
        ),
    ]
}

/// WCAG 2.2, relative luminance.
fn luminance(color: &str) -> f64 {
    let channel = |at: usize| {
        let value = u8::from_str_radix(&color[at..at + 2], 16)
            .unwrap_or_else(|_| panic!("`{color}` is no colour of six digits"));
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

/// WCAG 2.2, contrast ratio: 1 to 21.
fn ratio(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn the_formula_is_the_one_of_wcag() {
    let black_on_white = ratio("#000000", "#ffffff");
    assert!((black_on_white - 21.0).abs() < 1e-9, "{black_on_white}");
    let grey = ratio("#767676", "#ffffff");
    assert!(
        (grey - 4.54).abs() < 0.01,
        "the known limit of grey: {grey}"
    );
}

#[test]
fn every_pair_of_tokens_can_be_read_in_every_theme() {
    let mut faint = Vec::new();
    for (theme, tokens, text, shape) in themes() {
        for (pairs, least) in [(TEXT, text), (SHAPES, shape)] {
            for (front, backs) in pairs {
                for back in *backs {
                    let found = ratio(&tokens[*front], &tokens[*back]);
                    if found < least {
                        faint.push(format!(
                            "{theme}: {front} on {back} is {found:.2}, not {least}"
                        ));
                    }
                }
            }
        }
    }
    assert!(faint.is_empty(), "too faint to read:\n{}", faint.join("\n"));
}

#[test]
fn the_dark_palettes_leave_no_colour_of_the_light_one() {
    let (light, dark) = (block(":root"), block(":root[data-theme=\"dark\"]"));
    let left: Vec<_> = light
        .iter()
        .filter(|(_, value)| value.starts_with('#'))
        .map(|(name, _)| name)
        .filter(|name| !dark.contains_key(*name))
        .collect();
    assert!(left.is_empty(), "light colours in the dark theme: {left:?}");
    let (more, dark_more) = (
        block(":root[data-contrast=\"more\"]"),
        block(":root[data-theme=\"dark\"][data-contrast=\"more\"]"),
    );
    let left: Vec<_> = more
        .keys()
        .filter(|name| !dark_more.contains_key(*name))
        .collect();
    assert!(
        left.is_empty(),
        "light high contrast in the dark one: {left:?}"
    );
}
