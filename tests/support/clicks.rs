//! Clicks that reach what they are meant for, or say what lay over it.

use super::window::Window;
use anyhow::{Result, anyhow, ensure};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use serde_json::json;

impl Window {
    /// Clicks where an element was a moment ago; fails where the click reached something else.
    pub(super) async fn hit(&self, element: &Element) -> Result<()> {
        const SHOW: &str = "arguments[0].scrollIntoView({ block: 'center', inline: 'nearest' })";
        const WATCH: &str = "window.wasHit = false;
            arguments[0].addEventListener(
                'click', () => { window.wasHit = true; }, { capture: true, once: true })";
        self.run(WATCH, vec![serde_json::to_value(element)?])
            .await?;
        if !self.is_on_top(element).await? {
            self.run(SHOW, vec![serde_json::to_value(element)?]).await?;
        }
        if let Err(error) = element.click().await {
            let kind = match &error {
                CmdError::Standard(answer) => answer.error.to_string(),
                other => other.to_string(),
            };
            return Err(anyhow!("{kind}; {}", self.place_of(element).await));
        }
        // A click that left the page, or the application, leaves nobody to ask.
        let missed = self.run("return window.wasHit === false", vec![]).await;
        ensure!(
            !missed.is_ok_and(|missed| missed == json!(true)),
            "the click missed it"
        );
        Ok(())
    }

    /// Whether a click in an element's middle would reach it.
    async fn is_on_top(&self, element: &Element) -> Result<bool> {
        const ON_TOP: &str = "const place = arguments[0].getBoundingClientRect();
            const [x, y] = [place.x + place.width / 2, place.y + place.height / 2];
            return arguments[0].contains(document.elementFromPoint(x, y))";
        let is_on_top = self
            .run(ON_TOP, vec![serde_json::to_value(element)?])
            .await?;
        Ok(is_on_top == json!(true))
    }

    /// Where an element is, and what lies over its middle.
    async fn place_of(&self, element: &Element) -> String {
        const PLACE: &str = "const place = arguments[0].getBoundingClientRect();
            const [x, y] = [place.x + place.width / 2, place.y + place.height / 2];
            const over = document.elementFromPoint(x, y);
            return `its middle is at ${x}, ${y} of ${innerWidth}, ${innerHeight}, where there is `
                + (over?.outerHTML.slice(0, 200) ?? 'nothing')";
        match serde_json::to_value(element) {
            Ok(element) => match self.run(PLACE, vec![element]).await {
                Ok(place) => place.to_string(),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        }
    }
}
