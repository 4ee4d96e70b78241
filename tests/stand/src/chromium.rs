//! A headless Chromium that opens a page and waits until it shows what it should.

mod devtools;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::leash::{self, Ending, Process};
use crate::missing::on_path;

use devtools::DevTools;

/// How long the browser may take to start on a busy machine.
const START: Duration = Duration::from_mins(1);
/// After how long a page is loaded again that does not show what it should; longer than any page takes.
const RELOAD: Duration = Duration::from_secs(20);

/// The browser, if this machine has one.
pub fn find() -> Option<PathBuf> {
    on_path(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])
}

/// A running browser with a profile of its own. It ends when this value is dropped.
#[derive(Debug)]
pub struct Chromium {
    devtools: DevTools,
    _process: Process,
}

/// What a page shows.
#[derive(Clone, Debug)]
pub struct Page {
    /// The text that a person sees.
    pub text: String,
    /// A picture of it, as PNG.
    pub screenshot: Vec<u8>,
}

impl Chromium {
    /// Starts the browser. Its profile and its log go to `folder`, which is made if it is not there.
    pub fn start(folder: &Path) -> Result<Self, Error> {
        let program = find().ok_or(Error::Absent)?;
        let failed = |source| Error::Folder { path: folder.to_owned(), source };
        let profile = folder.join("profile");
        fs::create_dir_all(&profile).map_err(failed)?;
        let port_file = profile.join("DevToolsActivePort");
        let _of_an_earlier_one = fs::remove_file(&port_file);

        let mut command =
            leash::command(program, Ending { grace: Duration::from_secs(3), ..Ending::default() })?;
        command
            .args(["--headless", "--remote-debugging-port=0", "--window-size=1400,1000"])
            .args([
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .args(["--disable-default-apps", "--disable-extensions", "--no-proxy-server"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank");
        let mut process = Process::start("chromium", command, &folder.join("chromium.log"))?;
        let mut address = None;
        process.wait_ready(START, || {
            address = fs::read_to_string(&port_file).ok().and_then(|text| {
                let (port, path) = text.trim().split_once('\n')?;
                Some(format!("ws://127.0.0.1:{port}{path}"))
            });
            address.is_some()
        })?;
        let devtools = DevTools::connect(&address.unwrap_or_default())?;
        Ok(Self { devtools, _process: process })
    }

    /// Opens `url`, again now and then, until all of `texts` are on the page, or fails with what is on it after `limit`.
    pub fn open(&mut self, url: &str, texts: &[&str], limit: Duration) -> Result<Page, Error> {
        let started = Instant::now();
        let mut asked: Option<Instant> = None;
        loop {
            // A page that has asked for its data too early does not ask again by itself.
            if asked.is_none_or(|asked| asked.elapsed() > RELOAD) {
                self.devtools.call("Page.navigate", &json!({ "url": url }))?;
                asked = Some(Instant::now());
            }
            let text = self.text()?;
            let absent: Vec<&str> =
                texts.iter().copied().filter(|wanted| !text.contains(wanted)).collect();
            if absent.is_empty() {
                return Ok(Page { text, screenshot: self.screenshot()? });
            }
            if started.elapsed() > limit {
                let absent = absent.join(", ");
                return Err(Error::NotShown { url: url.to_owned(), limit, absent, text });
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn text(&mut self) -> Result<String, Error> {
        let expression = "document.body ? document.body.innerText : ''";
        let answer =
            self.devtools.call("Runtime.evaluate", &json!({ "expression": expression }))?;
        Ok(answer["result"]["value"].as_str().unwrap_or_default().to_owned())
    }

    fn screenshot(&mut self) -> Result<Vec<u8>, Error> {
        use base64::Engine as _;
        let answer = self.devtools.call("Page.captureScreenshot", &json!({ "format": "png" }))?;
        let picture = answer["data"].as_str().unwrap_or_default();
        base64::engine::general_purpose::STANDARD
            .decode(picture)
            .map_err(|error| Error::Answer(error.to_string()))
    }
}

/// Why a page was not seen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no browser.
    #[error("finding Chromium: none of chromium, chromium-browser, google-chrome is on PATH")]
    Absent,
    /// The profile's folder cannot be used.
    #[error("using {path}: {source}", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The browser does not run.
    #[error(transparent)]
    Process(#[from] leash::Error),
    /// The connection to the browser failed.
    #[error("speaking to Chromium: {0}")]
    Connection(#[source] Box<tungstenite::Error>),
    /// The browser did not do what it was asked.
    #[error("understanding Chromium: {0}")]
    Answer(String),
    /// The page is not what it should be.
    #[error("{url} did not show {absent} within {limit:?}; it shows:\n{text}")]
    NotShown {
        /// The page.
        url: String,
        /// How long it was waited for.
        limit: Duration,
        /// The texts that are not on it.
        absent: String,
        /// The text that is on it.
        text: String,
    },
}

impl From<tungstenite::Error> for Error {
    fn from(error: tungstenite::Error) -> Self {
        Self::Connection(Box::new(error))
    }
}
