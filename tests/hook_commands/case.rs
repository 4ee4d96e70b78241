//! Cases: what hook commands are asked, and what each of them answers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use probe::{Answer, By, Command, Plan, Report, filled};
use serde::Deserialize;

/// What happens to one unit, hook after hook, from a world in order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Story {
    /// What it is about.
    #[serde(rename = "story")]
    pub(crate) name: String,
    /// Which unit it happens to.
    #[serde(default)]
    pub(crate) unit: Who,
    /// What happens.
    pub(crate) hooks: Vec<Hook>,
}

/// Which unit is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Who {
    /// The one that leads.
    #[default]
    Leader,
    /// One that does not.
    Follower,
}

/// A hook or an action, and the hook commands in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hook {
    /// What Juju runs the charm for.
    pub(crate) within: Within,
    /// The exit status of the charm.
    #[serde(default)]
    pub(crate) exit: u8,
    /// Why the controller refuses the changes: a part of the text, by version.
    #[serde(default)]
    pub(crate) flush_refused: BTreeMap<Version, String>,
    /// What is asked.
    pub(crate) cases: Vec<Case>,
}

/// What Juju runs the charm for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Within {
    /// `config-changed`.
    ConfigChanged,
    /// `db-relation-changed`, because the first unit of `pg` has written something.
    RelationChanged,
    /// The action `backup` with `target=x`.
    Backup,
}

/// A version of Juju.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) enum Version {
    /// 3.6.11.
    #[serde(rename = "3.6")]
    V3,
    /// 4.1.
    #[serde(rename = "4.1")]
    V4,
}

/// One hook command and its answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Case {
    /// What is run, in words as a shell reads them, with `{name}` for values of the world.
    pub(crate) run: String,
    #[serde(default)]
    stdin: Option<String>,
    /// Remembers the identifier at the end of what it prints under this name.
    #[serde(default)]
    save: Option<String>,
    #[serde(default)]
    prints: Option<String>,
    #[serde(default)]
    refused: Option<String>,
    #[serde(default)]
    code: Option<i32>,
    /// What a version answers that differs from the others, and why.
    #[serde(default)]
    but: BTreeMap<Version, Expected>,
    #[serde(default)]
    because: Option<String>,
}

/// An answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    prints: Option<String>,
    refused: Option<String>,
    code: Option<i32>,
}

/// All of them.
pub(crate) fn stories() -> Vec<Story> {
    let files = [
        include_str!("cases/relations.yaml"),
        include_str!("cases/secrets.yaml"),
        include_str!("cases/unit.yaml"),
        include_str!("cases/command_lines.yaml"),
    ];
    files
        .iter()
        .flat_map(|text| serde_yaml::from_str::<Vec<Story>>(text).expect("stories in YAML"))
        .collect()
}

/// How many hook commands are asked in all stories.
pub(crate) fn count(stories: &[Story]) -> usize {
    stories.iter().flat_map(|story| &story.hooks).map(|hook| hook.cases.len()).sum()
}

impl Hook {
    /// What the charm is to do.
    pub(crate) fn plan(&self, by: By, values: &BTreeMap<String, String>) -> Plan {
        let within = match self.within {
            Within::ConfigChanged => "hooks/config-changed",
            Within::RelationChanged => "hooks/db-relation-changed",
            Within::Backup => "actions/backup",
        };
        Plan {
            within: within.to_owned(),
            by,
            commands: self.cases.iter().map(Case::command).collect(),
            values: values.clone(),
            exit: self.exit,
        }
    }
}

impl Case {
    fn command(&self) -> Command {
        let words = shlex::split(&self.run).expect("words as a shell reads them");
        Command { words, stdin: self.stdin.clone(), save: self.save.clone() }
    }

    fn expected(&self, version: Version, values: &BTreeMap<String, String>) -> Answer {
        let different = self.but.get(&version);
        assert_eq!(self.but.is_empty(), self.because.is_none(), "{}: why?", self.run);
        let (prints, refused, code) = match different {
            Some(Expected { prints, refused, code }) => (prints, refused, code),
            None => (&self.prints, &self.refused, &self.code),
        };
        let line = |text: &Option<String>, before: &str| {
            text.as_ref()
                .map(|text| format!("{before}{}\n", filled(text, values)))
                .unwrap_or_default()
        };
        Answer {
            code: code.unwrap_or(if refused.is_some() { 2 } else { 0 }),
            stdout: line(prints, ""),
            stderr: line(refused, "ERROR "),
        }
    }
}

/// What is different from what is expected, in lines; nothing if nothing is.
pub(crate) fn differences(hook: &Hook, version: Version, report: &Report) -> String {
    let mut text = String::new();
    assert_eq!(hook.cases.len(), report.answers.len());
    for (case, answer) in hook.cases.iter().zip(&report.answers) {
        let expected = case.expected(version, &report.values);
        if !same(&expected, answer) {
            let _ = writeln!(text, "$ {}\nexpected: {expected:?}\nanswered: {answer:?}", case.run);
        }
    }
    text
}

/// The order of keys in an object, and the way to quote in YAML, are no part of an answer.
fn same(one: &Answer, other: &Answer) -> bool {
    let value = |answer: &Answer| serde_yaml::from_str::<serde_yaml::Value>(&answer.stdout).ok();
    one == other
        || one.code == other.code
            && one.stderr == other.stderr
            && value(one).is_some_and(|known| Some(known) == value(other))
}
