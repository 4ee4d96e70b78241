//! What this machine lacks, all at once and with the command that installs it.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::chromium;
use crate::postgresql;
use crate::python;

/// A variable that, where it is set, makes [`needs`] say no: for a quick look while one works.
pub const WITHOUT_STAND: &str = "WITHOUT_STAND";

/// Something of this machine that a part of the stand needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Go 1.26 or newer, which builds Juju, Kubernetes and Pebble.
    Go,
    /// A C compiler, for the `SQLite` inside Juju.
    Gcc,
    /// Python 3.10, 3.11 or 3.12 with `venv` and `pip`, for Feast.
    Python,
    /// `unshare` and the right to make mount namespaces, for pods.
    Namespaces,
    /// `setpriv`, with which root starts PostgreSQL as somebody else.
    Setpriv,
    /// A headless Chromium, for looking at pages.
    Chromium,
    /// A C compiler for arm64, with which charms are packed for it elsewhere.
    CrossGcc,
    /// The system's PostgreSQL: the one from the Python package index speaks no TLS.
    PostgresqlTls,
}

impl Need {
    /// Everything there is.
    pub const ALL: [Self; 8] = [
        Self::Go,
        Self::Gcc,
        Self::Python,
        Self::Namespaces,
        Self::Setpriv,
        Self::Chromium,
        Self::CrossGcc,
        Self::PostgresqlTls,
    ];

    /// The name in messages and in `REQUIRE`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Gcc => "gcc",
            Self::Python => "python",
            Self::Namespaces => "namespaces",
            Self::Setpriv => "setpriv",
            Self::Chromium => "chromium",
            Self::CrossGcc => "cross-gcc",
            Self::PostgresqlTls => "postgresql-tls",
        }
    }

    /// Whether this machine has it.
    pub fn is_met(self) -> bool {
        match self {
            Self::Go => {
                output("go", ["env", "GOVERSION"]).is_some_and(|version| go_is_new_enough(&version))
            }
            Self::Gcc => output("gcc", ["--version"]).is_some(),
            Self::Python => python::find().is_some(),
            Self::Namespaces => {
                output("unshare", ["--mount", "true"]).is_some()
                    || output("unshare", ["--user", "--map-root-user", "--mount", "true"]).is_some()
            }
            Self::Setpriv => output("setpriv", ["--version"]).is_some(),
            Self::Chromium => chromium::find().is_some(),
            Self::CrossGcc => output("aarch64-linux-gnu-gcc", ["--version"]).is_some(),
            Self::PostgresqlTls => postgresql::speaks_tls(),
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Go => "Go 1.26 or newer: see https://go.dev/doc/install",
            Self::Gcc => "a C compiler: apt-get install -y gcc libc6-dev",
            Self::Python => {
                "Python 3.10, 3.11 or 3.12 with venv: apt-get install -y python3 python3-venv"
            }
            Self::Namespaces => {
                "unshare and the right to use mount namespaces: apt-get install -y util-linux; \
                 then run as root or allow user namespaces"
            }
            Self::Setpriv => "setpriv: apt-get install -y util-linux",
            Self::Chromium => "Chromium: apt-get install -y chromium",
            Self::CrossGcc => {
                "a C compiler for arm64: apt-get install -y gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
            }
            Self::PostgresqlTls => "a PostgreSQL that speaks TLS: apt-get install -y postgresql",
        }
    }
}

/// Fails with all of `needs` that this machine does not meet.
pub fn check(needs: &[Need]) -> Result<(), Missing> {
    let missing: Vec<Need> = needs.iter().copied().filter(|need| !need.is_met()).collect();
    if missing.is_empty() { Ok(()) } else { Err(Missing(missing)) }
}

/// Whether a test that needs `needs` can run here. If not, it says so, and the test should return.
///
/// # Panics
/// If a need is not met and this is CI (`CI=true`) or `REQUIRE` names it (`REQUIRE=go,chromium`): there a test that did
/// not run must not look like one that passed.
pub fn needs(needs: &[Need]) -> bool {
    if std::env::var_os(WITHOUT_STAND).is_some() {
        #[expect(clippy::print_stdout, reason = "the test runner shows what a test prints")]
        {
            println!("skipped: the stand is not wanted");
        }
        return false;
    }
    let Err(missing) = check(needs) else { return true };
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    let required = std::env::var("REQUIRE").unwrap_or_default();
    let insisted = ci
        || missing.0.iter().any(|need| required.split(',').any(|name| name.trim() == need.name()));
    assert!(!insisted, "{missing}");
    #[expect(clippy::print_stdout, reason = "the test runner shows what a test prints")]
    for need in &missing.0 {
        println!("skipped: {}", need.name());
    }
    false
}

/// What is not there.
#[derive(Debug, thiserror::Error)]
pub struct Missing(Vec<Need>);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this machine lacks")?;
        for need in &self.0 {
            write!(f, "\n  {}", need.remedy())?;
        }
        Ok(())
    }
}

/// The first of `names` that is a program on `PATH`.
pub(crate) fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|file| is_program(file))
}

/// What a program prints if it ends well.
pub(crate) fn output<S: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = S>,
) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn go_is_new_enough(version: &str) -> bool {
    let mut numbers = version
        .trim_start_matches("go")
        .split(['.', 'r', 'b', ' '])
        .map_while(|part| part.parse().ok());
    let found: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    found >= (1, 26)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_missing_is_named_at_once_with_what_installs_it() {
        let text = Missing(vec![Need::Gcc, Need::Chromium]).to_string();
        assert_eq!(
            text,
            "this machine lacks\n  a C compiler: apt-get install -y gcc libc6-dev\n  Chromium: apt-get install -y chromium"
        );
    }

    #[test]
    fn go_is_compared_by_number() {
        for new in ["go1.26.8", "go1.26", "go1.100.1", "go2.0", "go1.27rc1"] {
            assert!(go_is_new_enough(new), "{new}");
        }
        for old in ["go1.9.1", "go1.25.12", "go1.25rc1", ""] {
            assert!(!go_is_new_enough(old), "{old}");
        }
    }
}
