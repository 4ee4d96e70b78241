//! The UI's container: its files, and how often its service has been started.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use pebble::Pebble;
use tokio::runtime::{Builder, Runtime};

use crate::Result;
use crate::serve::Address;

const FILE: &str = "/home/ubuntu/feature_store.yaml";
const CERTIFICATES: &str = "/home/ubuntu/ca.crt";
const PAUSE: Duration = Duration::from_millis(100);
/// As long as a change may take to get to a notebook, and a start of the UI more.
const PATIENCE: Duration = Duration::from_mins(4);

/// The UI of the one unit of feast-ui.
pub(crate) struct Ui {
    pebble: Pebble,
    log: PathBuf,
    /// Its address behind the gateway, with a slash at its end.
    pub(crate) url: String,
    runtime: Runtime,
}

/// What the charms have delivered to somebody.
pub(crate) struct Delivered {
    /// `feature_store.yaml`.
    pub(crate) file: String,
    /// The certificates that it names.
    pub(crate) certificates: Option<String>,
}

impl Ui {
    pub(crate) fn new(address: &Address, url: String) -> Result<Self> {
        Ok(Self {
            pebble: Pebble::of_container(&address.folder.join("pebble/feast-ui-0"), "feast-ui"),
            log: address.folder.join("logs/feast-ui-0-feast-ui.log"),
            url,
            runtime: Builder::new_current_thread().enable_all().build()?,
        })
    }

    /// How often Pebble has started the service.
    pub(crate) fn starts(&self) -> Result<usize> {
        Ok(fs::read_to_string(&self.log)?.matches("Service \"feast-ui\" starting").count())
    }

    /// The files that the UI reads.
    pub(crate) fn delivered(&self) -> Result<Option<Delivered>> {
        let found = self.runtime.block_on(self.pebble.observe(&[FILE, CERTIFICATES]))?;
        let mut files = found.map(|container| container.files).unwrap_or_default();
        let mut take = |path: &str| Some(files.remove(path)?.content.reveal().to_owned());
        Ok(take(FILE).map(|file| Delivered { file, certificates: take(CERTIFICATES) }))
    }

    /// Waits until a UI that was started more than `before` times has what `arrived` looks for, and answers. How long
    /// that was since `began`.
    pub(crate) fn wait(
        &self,
        before: usize,
        began: Instant,
        arrived: impl Fn(&Delivered) -> Result<bool>,
    ) -> Result<Duration> {
        let page = format!("{}projects-list.json", self.url);
        loop {
            let delivered = self.delivered()?;
            let has = delivered.as_ref().map(&arrived).transpose()?.unwrap_or(false);
            if has && self.starts()? > before && ureq::get(&page).call().is_ok() {
                return Ok(began.elapsed());
            }
            if began.elapsed() > PATIENCE {
                let what = if has { "does not answer" } else { "has not got the change" };
                return Err(format!("after {PATIENCE:?} the UI {what}").into());
            }
            std::thread::sleep(PAUSE);
        }
    }
}
