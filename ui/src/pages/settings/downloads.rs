//! How downloads go about it: how many at once, how fast, in which hours.

use super::form::{Fields, Invalid, use_form};
use crate::components::{NumberField, Steps, Switch, TextField};
use crate::i18n::network as words;
use amoozgar_text::number;
use amoozgar_types::download::DownloadHours;
use amoozgar_types::settings::Settings;
use yew::prelude::*;

const MOST_AT_ONCE: u32 = 8;
const MOST_CONNECTIONS: u32 = 16;
/// Proposed where hours are switched on.
const NIGHT: DownloadHours = DownloadHours {
    from_min: 60,
    to_min: 7 * 60,
};
const KILOBYTE: f64 = 1024.0;

#[derive(Clone, PartialEq)]
struct DownloadFields {
    at_once: String,
    connections: String,
    limit_kb: String,
    has_hours: bool,
    from: String,
    to: String,
    auto_resume: bool,
}

impl Fields for DownloadFields {
    fn read(settings: &Settings) -> Self {
        let downloads = &settings.downloads;
        let hours = downloads.hours.unwrap_or(NIGHT);
        Self {
            at_once: digits(downloads.at_once.into()),
            connections: digits(downloads.connections.into()),
            limit_kb: downloads
                .limit_bytes_per_s
                .map(|limit| digits(limit / KILOBYTE as u64))
                .unwrap_or_default(),
            has_hours: downloads.hours.is_some(),
            from: clock(hours.from_min),
            to: clock(hours.to_min),
            auto_resume: downloads.auto_resume,
        }
    }

    fn write(&self, settings: &mut Settings) -> Result<(), Invalid> {
        let downloads = &mut settings.downloads;
        downloads.at_once = whole(&self.at_once, MOST_AT_ONCE)?;
        downloads.connections = whole(&self.connections, MOST_CONNECTIONS)?;
        downloads.limit_bytes_per_s = limit(&self.limit_kb)?;
        downloads.hours = if self.has_hours {
            Some(DownloadHours {
                from_min: minutes(&self.from)?,
                to_min: minutes(&self.to)?,
            })
        } else {
            None
        };
        downloads.auto_resume = self.auto_resume;
        Ok(())
    }
}

/// Limits and hours.
#[component]
pub fn DownloadsSection() -> Html {
    let form = use_form::<DownloadFields>();
    let value = &form.value;
    let wrong_hour = |text: &str| minutes(text).is_err().then_some(words::HOUR_INVALID);
    form.card(
        words::DOWNLOADS,
        html! {
            <>
                <NumberField
                    id="downloads-at-once"
                    label={words::AT_ONCE}
                    help={words::AT_ONCE_HELP}
                    unit={words::AT_ONCE_UNIT}
                    steps={Steps::whole(1, MOST_AT_ONCE)}
                    value={value.at_once.clone()}
                    oninput={form.set(|fields, text| fields.at_once = text)}
                    error={whole(&value.at_once, MOST_AT_ONCE).is_err().then_some(words::AT_ONCE_INVALID)}
                    testid="downloads-at-once"
                />
                <NumberField
                    id="downloads-connections"
                    label={words::CONNECTIONS}
                    help={words::CONNECTIONS_HELP}
                    unit={words::CONNECTIONS_UNIT}
                    steps={Steps::whole(1, MOST_CONNECTIONS)}
                    value={value.connections.clone()}
                    oninput={form.set(|fields, text| fields.connections = text)}
                    error={whole(&value.connections, MOST_CONNECTIONS).is_err().then_some(words::CONNECTIONS_INVALID)}
                    testid="downloads-connections"
                />
                <NumberField
                    id="downloads-limit"
                    label={words::LIMIT}
                    help={words::LIMIT_HELP}
                    unit={words::LIMIT_UNIT}
                    value={value.limit_kb.clone()}
                    oninput={form.set(|fields, text| fields.limit_kb = text)}
                    error={limit(&value.limit_kb).is_err().then_some(words::LIMIT_INVALID)}
                    testid="downloads-limit"
                />
                <Switch
                    label={words::HOURS}
                    help={words::HOURS_HELP}
                    checked={value.has_hours}
                    onchange={form.set(|fields, on| fields.has_hours = on)}
                    testid="downloads-hours"
                />
                if value.has_hours {
                    <div class="setting-row">
                        <TextField
                            id="downloads-from"
                            label={words::HOURS_FROM}
                            value={value.from.clone()}
                            oninput={form.set(|fields, text| fields.from = text)}
                            error={wrong_hour(&value.from)}
                            testid="downloads-from"
                        />
                        <TextField
                            id="downloads-to"
                            label={words::HOURS_TO}
                            value={value.to.clone()}
                            oninput={form.set(|fields, text| fields.to = text)}
                            error={wrong_hour(&value.to)}
                            testid="downloads-to"
                        />
                    </div>
                }
                <Switch
                    label={words::AUTO_RESUME}
                    help={words::AUTO_RESUME_HELP}
                    checked={value.auto_resume}
                    onchange={form.set(|fields, on| fields.auto_resume = on)}
                    testid="downloads-auto"
                />
            </>
        },
    )
}

fn digits(value: u64) -> String {
    number::to_persian_digits(&value.to_string())
}

/// A whole number of 1 to `most`.
fn whole(text: &str, most: u32) -> Result<u32, Invalid> {
    let value = number::parse_number(text).ok_or(Invalid)?;
    if value.fract() == 0.0 && (1.0..=f64::from(most)).contains(&value) {
        Ok(value as u32)
    } else {
        Err(Invalid)
    }
}

/// Kilobytes per second as bytes; nothing is no limit.
fn limit(text: &str) -> Result<Option<u64>, Invalid> {
    // The most that can be told exactly in bytes.
    const MOST_KB: f64 = 1e12;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let value = number::parse_number(text).ok_or(Invalid)?;
    if (1.0..=MOST_KB).contains(&value) {
        Ok(Some((value * KILOBYTE) as u64))
    } else {
        Err(Invalid)
    }
}

/// «۰۷:۳۰»
fn clock(minute: u16) -> String {
    number::to_persian_digits(&format!("{:02}:{:02}", minute / 60, minute % 60))
}

/// Reads «۷:۳۰» or «۷» in any digits.
fn minutes(text: &str) -> Result<u16, Invalid> {
    let latin = number::to_latin_digits(text.trim());
    let (hour, minute) = latin.split_once(':').unwrap_or((latin.as_str(), "0"));
    let hour: u16 = hour.trim().parse().map_err(|_| Invalid)?;
    let minute: u16 = minute.trim().parse().map_err(|_| Invalid)?;
    if hour < 24 && minute < 60 {
        Ok(hour * 60 + minute)
    } else {
        Err(Invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::super::form::{Fields, Invalid};
    use super::{DownloadFields, clock, limit, minutes};
    use amoozgar_types::download::DownloadHours;
    use amoozgar_types::settings::Settings;

    #[test]
    fn hours_are_read_in_any_digits() {
        for (text, minute) in [("۲۳:۳۰", 1410), ("07:05", 425), ("٧", 420), ("0:00", 0)] {
            assert_eq!(minutes(text), Ok(minute), "`{text}`");
        }
        for text in ["", "24:00", "7:60", "هفت", "7:"] {
            assert_eq!(minutes(text), Err(Invalid), "`{text}`");
        }
        assert_eq!(clock(425), "۰۷:۰۵");
    }

    #[test]
    fn a_limit_is_kilobytes_and_nothing_is_none() {
        assert_eq!(limit("۵۰۰"), Ok(Some(512_000)));
        assert_eq!(limit(" "), Ok(None));
        for text in ["0", "-5", "x"] {
            assert_eq!(limit(text), Err(Invalid), "`{text}`");
        }
    }

    #[test]
    fn what_was_read_is_written_as_it_was() {
        let mut settings = Settings::default();
        settings.downloads.hours = Some(DownloadHours {
            from_min: 1380,
            to_min: 420,
        });
        settings.downloads.limit_bytes_per_s = Some(2048);
        let mut written = Settings::default();
        assert_eq!(DownloadFields::read(&settings).write(&mut written), Ok(()));
        assert_eq!(written, settings);
    }
}
