//! The browser of the stand sees what a script puts on a page.

use std::time::Duration;

use stand::chromium::{Chromium, Error};
use stand::missing::{Need, needs};

const PAGE: &str = "data:text/html,<body>first<script>setTimeout(() => document.body.append(' then'), 300)</script>";

#[test]
fn a_page_is_seen_once_its_script_has_run() {
    if !needs(&[Need::Chromium]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut chromium = Chromium::start(folder.path()).unwrap();
    let page = chromium.open(PAGE, &["first", "then"], Duration::from_secs(20)).unwrap();
    assert_eq!(page.text, "first then");
    assert!(page.screenshot.starts_with(b"\x89PNG"));
    let error = chromium.open(PAGE, &["never"], Duration::from_millis(100)).unwrap_err();
    assert!(matches!(error, Error::NotShown { absent, .. } if absent == "never"));
}
