//! Makes the user interface of a Feast wheel work behind a path prefix.
//!
//! The front end in the wheel was built to be served from `/`. What the original charm's image does is to build it again
//! with `PUBLIC_URL=/feast`; this does the same to the built files, and reaches the addresses that `PUBLIC_URL` leaves
//! behind. Every replacement is counted: another release would differ, and must not go unnoticed.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Error, Release};

/// Changes when the replacements do.
pub(super) const EDITION: &str = "1";

/// Changes the files in `build`, the folder `feast/ui/build` of an installation of `release`.
pub(super) fn apply(build: &Path, release: Release) -> Result<(), Error> {
    let original = release == Release::Original;
    let only = |one: Release, count: usize| if release == one { count } else { 0 };

    let mut index = Text::read(build.join("index.html"))?;
    let links =
        index.replace("href=\"/", "href=\"/feast/") + index.replace("src=\"/", "src=\"/feast/");
    index.expect("href=\"/ and src=\"/", links, 5)?;
    index.write()?;

    let mut css = Text::read(find(&build.join("static/css"), ".css")?)?;
    let links = css.replace("url(/static/", "url(/feast/static/");
    css.expect("url(/static/", links, if original { 1 } else { 2 })?;
    css.write()?;

    let mut js = Text::read(find(&build.join("static/js"), ".js")?)?;
    for (from, to, count) in [
        (
            "__webpack_require__.p=\"/\"",
            "__webpack_require__.p=\"/feast/\"",
            only(Release::Original, 1),
        ),
        (",r.p=\"/\"", ",r.p=\"/feast/\"", only(Release::Newest, 1)),
        (
            "o=(\"\",\"\");return jsxRuntime.exports.jsx(react_router_dom",
            "o=\"/feast\";return jsxRuntime.exports.jsx(react_router_dom",
            only(Release::Original, 1),
        ),
        ("const r=e||gfe,n=\"\";", "const r=e||gfe,n=\"/feast\";", only(Release::Newest, 1)),
        ("\"/demo-custom-tabs/", "\"/feast/demo-custom-tabs/", only(Release::Newest, 9)),
    ] {
        let found = js.replace(from, to);
        js.expect(from, found, count)?;
    }
    let calls = js.replace("\"/api/v1", "\"/feast/api/v1")
        + js.replace("\"/api/mlflow", "\"/feast/api/mlflow");
    js.expect("\"/api/v1 and \"/api/mlflow", calls, only(Release::Newest, 23))?;
    js.write()
}

struct Text {
    path: PathBuf,
    text: String,
}

impl Text {
    fn read(path: PathBuf) -> Result<Self, Error> {
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Self { path, text }),
            Err(source) => Err(Error::File { path, source }),
        }
    }

    fn replace(&mut self, from: &str, to: &str) -> usize {
        let count = self.text.matches(from).count();
        self.text = self.text.replace(from, to);
        count
    }

    fn expect(&self, from: &str, found: usize, expected: usize) -> Result<(), Error> {
        if found == expected {
            return Ok(());
        }
        Err(Error::Unknown { path: self.path.clone(), from: from.to_owned(), found, expected })
    }

    fn write(self) -> Result<(), Error> {
        let Self { path, text } = self;
        fs::write(&path, text).map_err(|source| Error::File { path, source })
    }
}

/// The file `main.HASH` + `suffix` in `folder`.
fn find(folder: &Path, suffix: &str) -> Result<PathBuf, Error> {
    let failed = |source| Error::File { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("main.") && name.ends_with(suffix) {
            found.push(entry.path());
        }
    }
    match <[PathBuf; 1]>::try_from(found) {
        Ok([path]) => Ok(path),
        Err(found) => Err(Error::Unknown {
            path: folder.to_owned(),
            from: format!("main.*{suffix}"),
            found: found.len(),
            expected: 1,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(index: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("index.html", index),
            ("static/css/main.1.css", "a{b:url(/static/media/x.svg)}"),
            ("static/css/main.1.css.map", ""),
            (
                "static/js/main.2.js",
                "__webpack_require__.p=\"/\";o=(\"\",\"\");return jsxRuntime.exports.jsx(react_router_dom",
            ),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    const FIVE: &str =
        r#"<a href="/1"><a href="/2"><a href="/3"><script src="/4"><script src="/5"><a href="6">"#;

    #[test]
    fn every_absolute_address_gets_the_prefix() {
        let folder = build(FIVE);
        apply(folder.path(), Release::Original).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(
            read("index.html").starts_with(r#"<a href="/feast/1">"#)
                && read("index.html").ends_with(r#""6">"#)
        );
        assert_eq!(read("static/css/main.1.css"), "a{b:url(/feast/static/media/x.svg)}");
        assert!(read("static/js/main.2.js").contains("p=\"/feast/\";o=\"/feast\";return"));
    }

    #[test]
    fn files_of_another_release_are_not_taken_for_known_ones() {
        let error =
            apply(build("<a href=\"/1\">").path(), Release::Original).unwrap_err().to_string();
        assert!(
            error.ends_with(
                "index.html its prefix: href=\"/ and src=\"/ is there 1 times instead of 5"
            ),
            "{error}"
        );
        let error = apply(build(FIVE).path(), Release::Newest).unwrap_err().to_string();
        assert!(
            error.contains("main.1.css") && error.ends_with("is there 1 times instead of 2"),
            "{error}"
        );
    }
}
