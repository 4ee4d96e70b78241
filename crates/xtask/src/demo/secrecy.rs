//! Passwords are nowhere but where they have to be: in nothing that is printed, logged, or handed to a program.

mod needles;
mod places;
mod processes;
mod transcript;

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use charm::Secret;
use serde_json::Value;

use crate::Result;
use crate::demo::login::STORES;
use crate::demo::terminal;
use crate::serve::Address;
use needles::Needles;
use places::Places;
use processes::Processes;
use transcript::Transcript;

/// What Juju is asked for that people look at, or programs that watch it.
const SHOWN: [&[&str]; 3] = [
    &["status", "--relations", "--storage"],
    &["status", "--format=json"],
    &["debug-log", "--replay", "--no-tail"],
];

/// Looks at everything from its beginning on.
pub(crate) struct Secrecy {
    since: SystemTime,
    transcript: Transcript,
    processes: Processes,
    /// Every password that was issued, by the secret and the revision that has it.
    issued: BTreeMap<Secret, String>,
}

/// What was looked at, and found.
#[derive(Default)]
struct Report {
    /// Passwords in places that are not for them.
    leaks: Vec<String>,
    /// The same in places that are.
    delivered: usize,
    /// What was looked at, by its kind.
    looked_at: Vec<String>,
}

impl Secrecy {
    /// Begins to look, with everything that is printed and every process from now on.
    pub(crate) fn begin() -> Result<Self> {
        let since = SystemTime::now();
        let transcript = Transcript::begin()?;
        Ok(Self { since, transcript, processes: Processes::begin(), issued: BTreeMap::new() })
    }

    /// Notes the passwords that Juju keeps now.
    pub(crate) fn note(&mut self, address: &Address) -> Result<()> {
        let listed = json(address, &["secrets", "--format=json"])?;
        for id in listed.as_object().into_iter().flatten().map(|(id, _)| id) {
            let shown = json(address, &["show-secret", id, "--reveal", "--format=json"])?;
            let secret = &shown[id];
            let password = &secret["content"]["Data"]["password"];
            if let Some(password) = password.as_str() {
                let name = format!(
                    "{} of {}, revision {}",
                    secret["label"], secret["owner"], secret["revision"]
                );
                self.issued.entry(password.into()).or_insert(name);
            }
        }
        Ok(())
    }

    /// Looks for each of the passwords everywhere. An error names every place that has one and should not.
    pub(crate) fn conclude(mut self, address: &Address) -> Result<String> {
        self.note(address)?;
        let needles =
            Needles::of(self.issued.iter().map(|(password, name)| (password, name.as_str())))?;
        let mut report = Report::default();
        let seen = self.processes.end()?;
        for text in &seen.strings {
            report.leaks(&needles, text, "the arguments or variables of a process");
        }
        let (processes, strings) = (seen.processes, seen.strings.len());
        report
            .looked_at
            .push(format!("{strings} arguments and variables of {processes} processes"));

        let mut places = Places::new(address, self.since);
        places.look(&needles, |found, leaked| {
            if leaked { report.leaks.push(found) } else { report.delivered += 1 }
        })?;
        report.looked_at.push(places.to_string());

        let printed = self.transcript.text()?;
        report.leaks(&needles, &printed, "what the demo printed");
        report.looked_at.push(format!("{} bytes that the demo printed", printed.len()));

        let mut answers = Vec::new();
        for arguments in SHOWN {
            answers.push((format!("juju {}", arguments.join(" ")), shown(address, arguments)?));
        }
        answers.extend(actions(address)?);
        answers.push(("relation data of databases".to_owned(), databags(address)?));
        for (name, text) in &answers {
            report.leaks(&needles, text, name);
        }
        report.looked_at.push(format!("{} answers of juju", answers.len()));
        report.conclude(self.issued.len())
    }
}

/// Has units log all that they can.
pub(crate) fn turn_up_the_log(address: &Address) -> Result<()> {
    let arguments = ["model-config", "logging-config=<root>=INFO;unit=TRACE"];
    terminal::run(&mut address.juju(), "juju", &arguments)
}

impl Report {
    fn leaks(&mut self, needles: &Needles, text: &[u8], place: &str) {
        self.leaks.extend(needles.find(text).map(|found| format!("{found} in {place}")));
    }

    fn conclude(mut self, issued: usize) -> Result<String> {
        let Self { leaks, delivered, looked_at } = &mut self;
        leaks.sort();
        leaks.dedup();
        if !leaks.is_empty() {
            return Err(format!(
                "passwords outside of their destinations:\n  {}",
                leaks.join("\n  ")
            )
            .into());
        }
        // Who finds none where they are would find none anywhere.
        if *delivered < issued {
            return Err(format!(
                "only {delivered} of {issued} passwords were found where they belong"
            )
            .into());
        }
        Ok(format!(
            "{issued} passwords issued, raw, percent-encoded and in base64: 0 outside of their destinations, {delivered} in them; looked at {}",
            looked_at.join(", ")
        ))
    }
}

/// Everything that actions have answered.
fn actions(address: &Address) -> Result<Vec<(String, Vec<u8>)>> {
    let listed = json(address, &["operations", "--format=json"])?;
    let mut answers = Vec::new();
    for id in listed.as_object().into_iter().flatten().map(|(id, _)| id) {
        let text = shown(address, &["show-operation", id, "--format=json"])?;
        answers.push((format!("juju show-operation {id}"), text));
    }
    if answers.is_empty() {
        return Err("juju lists no operations".into());
    }
    Ok(answers)
}

/// What the databases say, as Juju shows it: of applications, what the unit's own says.
fn databags(address: &Address) -> Result<Vec<u8>> {
    let mut said = Vec::new();
    for (_, application) in STORES {
        let unit = format!("{application}/0");
        let shown = json(address, &["show-unit", &unit, "--format=json"])?;
        let relations = &shown[&unit]["relation-info"];
        // Who sees nothing of it would find nothing in it.
        if !relations.to_string().contains("secret-user") {
            return Err(format!("juju show-unit {unit} shows nothing of the relation").into());
        }
        said.extend(serde_json::to_vec(relations)?);
    }
    Ok(said)
}

fn json(address: &Address, arguments: &[&str]) -> Result<Value> {
    Ok(serde_json::from_slice(&shown(address, arguments)?)?)
}

fn shown(address: &Address, arguments: &[&str]) -> Result<Vec<u8>> {
    let output = address.juju().args(arguments).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("juju {}: {}", arguments.join(" "), said.trim()).into());
    }
    Ok(output.stdout)
}

impl fmt::Debug for Secrecy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrecy").finish_non_exhaustive()
    }
}
