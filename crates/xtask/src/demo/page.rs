//! The UI, as a person sees it through the gateway.

use std::fs;
use std::path::Path;
use std::time::Duration;

use stand::chromium::{self, Chromium};

use crate::Result;

/// Feast 0.49 notices a registry that was filled after its start within 5 seconds, newer ones within a minute.
const PATIENCE: Duration = Duration::from_secs(90);

/// Opens the page behind `url` with a browser and saves a picture of it; without a browser, sees whether it is there.
pub(crate) fn look(url: &str, screenshot: &Path, folder: &Path) -> Result<String> {
    println!("   {url}");
    if chromium::find().is_none() {
        let page = ureq::get(url).call()?.body_mut().read_to_string()?;
        return if page.contains("<div id=\"root\">") {
            Ok(format!(
                "{url} answers with the UI's page; with Chromium on this machine it would be looked at"
            ))
        } else {
            Err(format!("{url} does not answer with the UI's page").into())
        };
    }
    let mut browser = Chromium::start(&folder.join("chromium"))?;
    browser.open(url, &["feast_project"], PATIENCE)?;
    let views = format!("{url}p/feast_project/feature-view");
    let page = browser.open(&views, &["driver_hourly_stats"], PATIENCE)?;
    if let Some(folder) = screenshot.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(screenshot, page.screenshot)?;
    Ok(format!("{views} shows the feature view driver_hourly_stats: see {}", screenshot.display()))
}
