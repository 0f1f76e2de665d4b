//! The interface of Amoozgar: Yew, compiled to WebAssembly, Persian and right-to-left.
//!
//! Enter at [`app`] for the shell around the pages and at [`route`] for the pages' addresses.
//! Everything that crosses the bridge goes through [`api`]; every word a person reads comes from
//! [`i18n`]; every colour and distance from `styles/tokens.css`. Nothing here touches files, the
//! network, or the words of an error.

// The one error of the bridge carries its parameters by value; no path here is hot.
#![allow(clippy::result_large_err)]

mod api;
mod app;
mod battery;
mod components;
#[cfg(test)]
mod contrast_tests;
mod ending;
mod hooks;
mod i18n;
mod markdown;
mod pages;
mod palette;
mod rescue;
mod rich;
mod route;
mod state;

fn main() {
    rescue::install();
    yew::Renderer::<app::App>::new().render();
}
