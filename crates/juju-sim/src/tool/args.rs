//! Command lines as Juju's hook commands read them: Go's flags, with Juju's texts.

use std::path::PathBuf;

use super::Stdin;
use super::output::{Format, Refusal};

/// The flags of a hook command, by name; those of one letter have one dash.
#[derive(Clone, Copy)]
pub(super) struct Flags {
    /// Flags that may be given without a value.
    pub(super) switches: &'static [&'static str],
    /// Flags that need one.
    pub(super) values: &'static [&'static str],
    /// The output format that is used unless another is asked for; none where there is no output.
    pub(super) format: Option<Format>,
}

/// A command line.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) positionals: Vec<String>,
    pub(super) format: Option<Format>,
    pub(super) help: bool,
    /// Where relative paths begin.
    pub(super) dir: PathBuf,
    pub(super) stdin: Stdin,
    switches: Vec<&'static str>,
    values: Vec<(&'static str, String)>,
}

impl Flags {
    pub(super) const NONE: Self = Self { switches: &[], values: &[], format: None };
    pub(super) const FORMAT: Self = Self { format: Some(Format::Smart), ..Self::NONE };
}

impl Parsed {
    /// Whether a switch is on.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.switches.contains(&name)
    }

    /// The value of a flag that was given.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    /// The positional with this index.
    pub(super) fn positional(&self, index: usize) -> Option<&str> {
        self.positionals.get(index).map(String::as_str)
    }

    /// Refuses more than `count` positionals.
    pub(super) fn at_most(&self, count: usize) -> Result<(), Refusal> {
        match self.positionals.get(count..) {
            None | Some([]) => Ok(()),
            Some(rest) => {
                let rest: Vec<String> = rest.iter().map(|arg| format!("{arg:?}")).collect();
                Err(Refusal::usage(format!("unrecognized args: [{}]", rest.join(" "))))
            }
        }
    }
}

/// Reads a command line. Flags and positionals may be mixed; `--` ends the flags.
pub(super) fn parse(_tool: &str, flags: &Flags, args: &[String]) -> Result<Parsed, Refusal> {
    let mut parsed = Parsed { format: flags.format, ..Parsed::default() };
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if arg == "--" {
            parsed.positionals.extend(rest.cloned());
            break;
        }
        let Some((shown, name, attached)) = split(arg) else {
            parsed.positionals.push(arg.clone());
            continue;
        };
        if name == "help" || name == "h" {
            parsed.help = true;
            continue;
        }
        let known = |list: &'static [&'static str]| list.iter().find(|flag| **flag == name);
        if let Some(flag) = known(flags.switches) {
            match attached.as_deref() {
                None | Some("true" | "1" | "t" | "T" | "TRUE" | "True") => {
                    parsed.switches.push(flag);
                }
                Some("false" | "0" | "f" | "F" | "FALSE" | "False") => {
                    parsed.switches.retain(|other| other != flag);
                }
                Some(other) => {
                    return Err(Refusal::usage(format!(
                        "invalid value {other:?} for option {shown}: strconv.ParseBool: parsing {other:?}: invalid syntax"
                    )));
                }
            }
            continue;
        }
        let everywhere: &[&str] =
            if flags.format.is_some() { &["format", "output", "o"] } else { &[] };
        let Some(flag) =
            known(flags.values).or_else(|| everywhere.iter().find(|flag| **flag == name))
        else {
            return Err(Refusal::usage(format!("option provided but not defined: {shown}")));
        };
        let Some(value) = attached.or_else(|| rest.next().cloned()) else {
            return Err(Refusal::usage(format!("option needs an argument: {shown}")));
        };
        match (*flag, flags.format) {
            ("format", Some(default)) => {
                parsed.format = Some(Format::named(&value, default).ok_or_else(|| {
                    Refusal::usage(format!(
                        "invalid value {value:?} for option --format: unknown format {value:?}"
                    ))
                })?);
            }
            _ => parsed.values.push((flag, value)),
        }
    }
    Ok(parsed)
}

/// A flag as it is shown in errors, its name, and the value attached to it; none if `arg` is no flag.
fn split(arg: &str) -> Option<(String, String, Option<String>)> {
    if let Some(long) = arg.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (long, None),
        };
        return Some((format!("--{name}"), name.to_owned(), value));
    }
    let short = arg.strip_prefix('-').filter(|rest| !rest.is_empty())?;
    let mut characters = short.chars();
    let letter = characters.next()?;
    let attached = characters.as_str();
    let attached = (!attached.is_empty()).then(|| attached.to_owned());
    Some((format!("-{letter}"), letter.to_string(), attached))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: Flags =
        Flags { switches: &["app"], values: &["r", "file"], format: Some(Format::Smart) };

    fn read(args: &[&str]) -> Result<Parsed, Refusal> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        parse("x", &FLAGS, &args)
    }

    #[test]
    fn flags_and_positionals_may_be_mixed() {
        let parsed = read(&["a", "--app", "-r", "db:3", "--file=-", "-", "--", "--b"]).unwrap();
        assert_eq!(parsed.positionals, ["a", "-", "--b"]);
        assert!(parsed.is_set("app"));
        assert_eq!((parsed.text("r"), parsed.text("file")), (Some("db:3"), Some("-")));
    }

    #[test]
    fn what_juju_does_not_know_it_refuses() {
        for (args, text) in [
            (&["--x"][..], "option provided but not defined: --x"),
            (&["-app"], "option provided but not defined: -a"),
            (&["-r"], "option needs an argument: -r"),
            (
                &["--format", "bad"],
                "invalid value \"bad\" for option --format: unknown format \"bad\"",
            ),
        ] {
            let refusal = read(args).unwrap_err();
            assert_eq!((refusal.message.as_str(), refusal.code), (text, 2));
        }
    }
}
