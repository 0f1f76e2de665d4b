//! What a page says and hears while a test goes on: its console's errors, and all traffic with the shell.

use super::window::Window;
use anyhow::Result;
use serde_json::json;

impl Window {
    /// Keeps what the page says to its console as an error from now on.
    pub async fn gather_errors(&self) -> Result<()> {
        let script = "window.gathered = [];
            const keep = (text) => window.gathered.push(String(text));
            const before = console.error;
            console.error = (...words) => { keep(words.join(' ')); before(...words); };
            addEventListener('error', (event) => keep(event.message));
            addEventListener('unhandledrejection', (event) => keep(event.reason));";
        self.run(script, vec![]).await?;
        Ok(())
    }

    /// What [`Self::gather_errors`] has kept.
    pub async fn gathered_errors(&self) -> Result<Vec<String>> {
        let gathered = self.run("return window.gathered", vec![]).await?;
        Ok(serde_json::from_value(gathered)?)
    }

    /// Keeps every answer and every event of the shell from now on, and every request but those that
    /// `but` names.
    pub async fn gather_traffic(&self, but: &str) -> Result<()> {
        let script = "window.traffic = [];
            const send = window.fetch;
            window.fetch = async (address, options) => {
                const url = String(address.url ?? address);
                const body = options?.body;
                if (!url.includes(arguments[0])) {
                    const text = typeof body === 'string' ? body
                        : body ? new TextDecoder().decode(body) : '';
                    window.traffic.push(url + ' ' + text);
                }
                const answer = await send(address, options);
                answer.clone().text().then((text) => window.traffic.push(url + ' ' + text));
                return answer;
            };
            // Events and channels call back by number.
            const callbacks = window.__TAURI_INTERNALS__.callbacks;
            const find = callbacks.get.bind(callbacks);
            callbacks.get = (id) => {
                const callback = find(id);
                return callback && ((data) => {
                    window.traffic.push('event ' + JSON.stringify(data));
                    return callback(data);
                });
            };";
        // A function of its own would have arguments of its own.
        let script = script.replace("arguments[0]", &json!(but).to_string());
        self.run(&script, vec![]).await?;
        Ok(())
    }

    /// What [`Self::gather_traffic`] has kept.
    pub async fn gathered_traffic(&self) -> Result<Vec<String>> {
        let gathered = self.run("return window.traffic", vec![]).await?;
        Ok(serde_json::from_value(gathered)?)
    }
}
