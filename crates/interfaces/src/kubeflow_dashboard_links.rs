//! `kubeflow_dashboard_links`: an application (the requirer) adds links to Kubeflow's dashboard (the provider).
//!
//! The requirer's application databag holds `dashboard_links`, a JSON array of objects with six known keys. The
//! dashboard's hook fails on any other key or an unknown location, and then no link changes any more. The provider
//! publishes nothing.

use charm::Databag;
use serde::Serialize;
use serde_json::Value;

use crate::{Error, python_json};

const KEY: &str = "dashboard_links";

/// The links of one application. None at all withdraws them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links(pub Vec<Link>);

/// A link on the dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it says.
    pub text: String,
    /// Where it leads: an absolute path behind the dashboard's own host.
    pub link: String,
    /// In which part of the dashboard it is.
    pub location: Location,
    /// Its icon; the dashboard's default is `icons:link`.
    pub icon: String,
    /// Its kind; the dashboard's default is `item`.
    pub kind: String,
    /// A longer text, shown for quick links only.
    pub description: String,
}

/// A part of the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// The sidebar, shown inside the dashboard.
    Menu,
    /// The sidebar, opened beside the dashboard.
    External,
    /// The list of shortcuts.
    Quick,
    /// The list of documents.
    Documentation,
}

impl Location {
    const ALL: [Self; 4] = [Self::Menu, Self::External, Self::Quick, Self::Documentation];

    /// As in the databag.
    pub fn word(self) -> &'static str {
        match self {
            Self::Menu => "menu",
            Self::External => "external",
            Self::Quick => "quick",
            Self::Documentation => "documentation",
        }
    }
}

impl Link {
    /// A link with the dashboard's own icon and kind.
    pub fn new(text: impl Into<String>, link: impl Into<String>, location: Location) -> Self {
        Self {
            text: text.into(),
            link: link.into(),
            location,
            icon: "icons:link".to_owned(),
            kind: "item".to_owned(),
            description: String::new(),
        }
    }

    /// This link with another icon, such as `device:data-usage`.
    #[must_use]
    pub fn with_icon(self, icon: impl Into<String>) -> Self {
        Self { icon: icon.into(), ..self }
    }

    fn read(index: usize, value: &Value) -> Result<Self, Error> {
        const KEYS: [&str; 6] = ["text", "link", "location", "icon", "type", "desc"];
        let place = format!("{KEY}[{index}]");
        let Some(item) = value.as_object() else {
            return Err(Error::invalid(place, "is not an object"));
        };
        if item.keys().any(|key| !KEYS.contains(&key.as_str())) {
            return Err(Error::invalid(
                place,
                "has a key other than text, link, location, icon, type and desc",
            ));
        }
        let text = |key: &'static str, default: Option<&str>| match item.get(key) {
            Some(Value::String(text)) => Ok(text.clone()),
            None if default.is_some() => Ok(default.unwrap_or_default().to_owned()),
            _ => Err(Error::invalid(format!("{place}.{key}"), "is not a text")),
        };
        let word = text("location", None)?;
        let location = Location::ALL
            .into_iter()
            .find(|location| location.word() == word)
            .ok_or_else(|| {
                Error::invalid(
                    format!("{place}.location"),
                    "is not menu, external, quick or documentation",
                )
            })?;
        Ok(Self {
            text: text("text", None)?,
            link: text("link", None)?,
            location,
            icon: text("icon", Some("icons:link"))?,
            kind: text("type", Some("item"))?,
            description: text("desc", Some(""))?,
        })
    }
}

impl Links {
    /// What the application publishes.
    pub fn databag(&self) -> Databag {
        #[derive(Serialize)]
        struct Wire<'a> {
            text: &'a str,
            link: &'a str,
            location: &'a str,
            icon: &'a str,
            r#type: &'a str,
            desc: &'a str,
        }
        let items: Vec<Wire<'_>> = self
            .0
            .iter()
            .map(|Link { text, link, location, icon, kind, description }| Wire {
                text,
                link,
                location: location.word(),
                icon,
                r#type: kind,
                desc: description,
            })
            .collect();
        Databag::from([(KEY, python_json::text(&items))])
    }

    /// Reads the links of an application.
    pub fn read(remote: &Databag) -> Result<Option<Self>, Error> {
        let Some(text) = remote.get(KEY) else { return Ok(None) };
        let items: Vec<Value> =
            serde_json::from_str(text).map_err(|_| Error::invalid(KEY, "is not a JSON array"))?;
        let links: Result<Vec<Link>, Error> =
            items.iter().enumerate().map(|(index, item)| Link::read(index, item)).collect();
        Ok(Some(Self(links?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feast() -> Links {
        Links(vec![
            Link::new("Feast", "/feast/", Location::External).with_icon("device:data-usage"),
        ])
    }

    #[test]
    fn the_databag_is_the_originals_and_reads_back() {
        let bag = feast().databag();
        assert_eq!(
            bag.get(KEY),
            Some(
                r#"[{"text": "Feast", "link": "/feast/", "location": "external", "icon": "device:data-usage", "type": "item", "desc": ""}]"#
            )
        );
        assert_eq!(Links::read(&bag), Ok(Some(feast())));
    }

    #[test]
    fn only_the_six_known_keys_are_sent() {
        let text = feast().databag().get(KEY).unwrap().to_owned();
        let items: Vec<serde_json::Map<String, Value>> = serde_json::from_str(&text).unwrap();
        let keys: Vec<&str> = items[0].keys().map(String::as_str).collect();
        assert_eq!(keys, ["desc", "icon", "link", "location", "text", "type"]);
    }

    #[test]
    fn every_location_has_its_word() {
        for location in Location::ALL {
            let links = Links(vec![Link::new("a", "/", location)]);
            assert_eq!(Links::read(&links.databag()), Ok(Some(links)));
        }
    }

    #[test]
    fn no_link_withdraws() {
        assert_eq!(Links::default().databag().get(KEY), Some("[]"));
        assert_eq!(Links::read(&Links::default().databag()), Ok(Some(Links::default())));
        assert_eq!(Links::read(&Databag::new()), Ok(None));
    }

    #[test]
    fn optional_keys_may_be_left_out() {
        let text = r#"[{"text": "a", "link": "/a", "location": "menu"}]"#;
        let links = Links::read(&Databag::from([(KEY, text)])).unwrap().unwrap();
        assert_eq!(links, Links(vec![Link::new("a", "/a", Location::Menu)]));
    }

    #[test]
    fn what_the_dashboard_would_fail_on_is_named() {
        for (text, field) in [
            ("{}", "dashboard_links is not"),
            ("[1]", "dashboard_links[0] is not an object"),
            (r#"[{"text": "a", "link": "/a"}]"#, "dashboard_links[0].location is not a text"),
            (
                r#"[{"text": "a", "link": "/a", "location": "top"}]"#,
                "dashboard_links[0].location is not menu",
            ),
            (
                r#"[{"text": 1, "link": "/a", "location": "menu"}]"#,
                "dashboard_links[0].text is not a text",
            ),
            (
                r#"[{"text": "a", "link": "/a", "location": "menu", "x": 1}]"#,
                "dashboard_links[0] has a key other than",
            ),
        ] {
            let error = Links::read(&Databag::from([(KEY, text)])).unwrap_err().to_string();
            assert!(error.starts_with(field), "{error}");
        }
    }
}
