//! Parts that take long to make — built programs, Python environments — kept between runs and shared by all clones.

mod build;
mod key;

use std::error::Error as StdError;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

pub use build::Build;
pub use key::Key;

/// Where lines for a person who waits go: what is being built, and how long it took.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// A part that nothing has asked for during this time is deleted when another version of it is built.
const UNUSED: Duration = Duration::from_hours(30 * 24);

/// The folder of finished parts.
///
/// Beside each part `NAME-KEY` lies `NAME-KEY.lock`: held while somebody builds it, touched whenever it is used.
/// `NAME-KEY.PID.building` is an unfinished part, and `NAME-KEY.log` what its build printed.
#[derive(Clone)]
pub struct Cache {
    folder: PathBuf,
    progress: Progress,
}

impl Cache {
    /// Opens `charmed-feast` in `$XDG_CACHE_HOME`, or else in `~/.cache`.
    pub fn open(progress: impl Fn(&str) + Send + Sync + 'static) -> Result<Self, Error> {
        let named = |variable| {
            std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
        };
        let base = named("XDG_CACHE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| named("HOME").map(|home| home.join(".cache")))
            .ok_or(Error::NoHome)?;
        Self::at(base.join("charmed-feast"), progress)
    }

    /// Opens the cache in `folder`, which is made if it is not there.
    pub fn at(
        folder: impl Into<PathBuf>,
        progress: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let folder = folder.into();
        fs::create_dir_all(&folder)
            .map_err(|source| Error::Folder { path: folder.clone(), source })?;
        Ok(Self { folder, progress: Arc::new(progress) })
    }

    /// The folder that all parts are in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Tells the person who waits.
    pub fn tell(&self, line: &str) {
        (self.progress)(line);
    }

    /// The folder of the part `name` as `key` describes it, built now if nobody has built it yet.
    ///
    /// `build` fills the folder that it is given; nothing else ever sees it before it is complete. Where another
    /// process builds the same part, this one waits for it.
    pub fn part<E>(
        &self,
        name: &str,
        key: &Key,
        build: impl FnOnce(&Build) -> Result<(), E>,
    ) -> Result<PathBuf, Error>
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let version = format!("{name}-{}", key.text());
        let part = self.folder.join(&version);
        let failed = |source| Error::Folder { path: part.clone(), source };

        let lock = self.lock_file(&version).map_err(failed)?;
        lock.set_modified(SystemTime::now()).map_err(failed)?;
        if part.is_dir() {
            return Ok(part);
        }
        self.wait_for(&lock, name).map_err(failed)?;
        if part.is_dir() {
            return Ok(part);
        }

        self.remove_unfinished(&version).map_err(failed)?;
        let unfinished = self.folder.join(format!("{version}.{}.building", std::process::id()));
        let log = self.folder.join(format!("{version}.log"));
        fs::create_dir(&unfinished).map_err(failed)?;
        File::create(&log).map_err(failed)?;

        self.tell(&format!("building {name} (log: {})", log.display()));
        let started = Instant::now();
        let build_folder = Build { folder: unfinished.clone(), finished: part.clone(), log };
        if let Err(error) = build(&build_folder) {
            let _best_effort = fs::remove_dir_all(&unfinished);
            return Err(Error::Build { name: name.to_owned(), source: error.into() });
        }
        fs::rename(&unfinished, &part).map_err(failed)?;
        self.tell(&format!("built {name} in {:.1} s", started.elapsed().as_secs_f64()));
        self.remove_unused(name).map_err(failed)?;
        Ok(part)
    }

    fn lock_file(&self, version: &str) -> io::Result<File> {
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.folder.join(format!("{version}.lock")))
    }

    fn wait_for(&self, lock: &File, name: &str) -> io::Result<()> {
        match lock.try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => {
                self.tell(&format!("waiting for another process that builds {name}"));
                lock.lock()
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Removes what interrupted builds of `version` left behind. Only the holder of its lock may call this.
    fn remove_unfinished(&self, version: &str) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let file = entry.file_name();
            let file = file.to_string_lossy();
            if file
                .strip_prefix(version)
                .is_some_and(|rest| rest.starts_with('.') && rest.ends_with(".building"))
            {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }

    /// Removes versions of `name` that nobody has used for long and nobody is building.
    fn remove_unused(&self, name: &str) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let file = entry.file_name();
            let file = file.to_string_lossy();
            let Some(version) = file.strip_suffix(".lock") else { continue };
            let of_this_part = version.strip_prefix(name).is_some_and(|rest| {
                rest.strip_prefix('-')
                    .is_some_and(|key| key.bytes().all(|byte| byte.is_ascii_hexdigit()))
            });
            let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
            if !of_this_part || age < UNUSED || self.lock_file(version)?.try_lock().is_err() {
                continue;
            }
            self.remove_unfinished(version)?;
            let part = self.folder.join(version);
            if part.is_dir() {
                fs::remove_dir_all(&part)?;
            }
            let _may_be_absent = fs::remove_file(self.folder.join(format!("{version}.log")));
            fs::remove_file(entry.path())?;
            self.tell(&format!("removed {version}, unused for {} days", age.as_secs() / 86_400));
        }
        Ok(())
    }
}

/// Why a part is not there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no place for the cache.
    #[error("finding the folder for built parts: neither XDG_CACHE_HOME nor HOME is set")]
    NoHome,
    /// A file or folder of the cache or of a key cannot be used.
    #[error("using {path}", path = path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A part's recipe failed.
    #[error("building {name}: {source}")]
    Build {
        /// The part.
        name: String,
        /// What went wrong.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A program of a recipe could not be started.
    #[error("starting {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// A program of a recipe failed.
    #[error("{program} failed with {status}; the end of {log}:\n{tail}", log = log.display())]
    Command {
        /// The program.
        program: String,
        /// How it ended.
        status: String,
        /// The last lines of the log.
        tail: String,
        /// The whole log.
        log: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::{Mutex, mpsc};

    use super::*;

    fn cache(folder: &Path) -> (Cache, Arc<Mutex<Vec<String>>>) {
        let said = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&said);
        let cache = Cache::at(folder, move |line: &str| into.lock().unwrap().push(line.to_owned()))
            .unwrap();
        (cache, said)
    }

    fn parts(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_part_is_built_once() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, said) = cache(folder.path());
        let key = Key::new().with("1.0");
        let build = |build: &Build| fs::write(build.folder().join("program"), "x");
        let first = cache.part("thing", &key, build).unwrap();
        let second = cache.part("thing", &key, |_| Err::<(), _>("built again")).unwrap();
        assert_eq!(first, second);
        assert!(first.join("program").is_file());
        assert!(said.lock().unwrap()[0].starts_with("building thing (log: "));
        assert!(said.lock().unwrap()[1].starts_with("built thing in "));
    }

    #[test]
    fn another_key_is_another_part() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, _) = cache(folder.path());
        let one =
            cache.part("thing", &Key::new().with("a").with("b"), |_| Ok::<(), Error>(())).unwrap();
        let other = cache.part("thing", &Key::new().with("ab"), |_| Ok::<(), Error>(())).unwrap();
        assert_ne!(one, other);
    }

    #[test]
    fn a_failed_build_leaves_nothing_and_shows_the_end_of_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, _) = cache(folder.path());
        let error = cache
            .part("thing", &Key::new(), |build| {
                build.run(Command::new("sh").args(["-c", "echo no such flag >&2; exit 3"]))
            })
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("exit status: 3") && text.ends_with("no such flag"), "{text}");
        assert_eq!(parts(folder.path()), Vec::<String>::new());
    }

    #[test]
    fn what_an_interrupted_build_left_is_removed_and_built_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, _) = cache(folder.path());
        let key = Key::new();
        let left = folder.path().join(format!("thing-{}.1.building", key.text()));
        fs::create_dir(&left).unwrap();
        fs::write(left.join("half"), "").unwrap();
        let part = cache.part("thing", &key, |_| Ok::<(), Error>(())).unwrap();
        assert_eq!(parts(folder.path()), [part.file_name().unwrap().to_string_lossy()]);
        assert!(!part.join("half").exists());
    }

    #[test]
    fn of_two_builders_the_second_waits_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let (first, _) = cache(folder.path());
        let (second, said) = cache(folder.path());
        let (building, is_building) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                first.part("thing", &Key::new(), |_| {
                    building.send(()).unwrap();
                    while said.lock().unwrap().is_empty() {
                        std::thread::yield_now();
                    }
                    assert_eq!(
                        said.lock().unwrap()[0],
                        "waiting for another process that builds thing"
                    );
                    Ok::<(), Error>(())
                })
            });
            is_building.recv().unwrap();
            second.part("thing", &Key::new(), |_| Err::<(), _>("built twice")).unwrap();
        });
    }

    #[test]
    fn other_versions_that_were_long_unused_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, _) = cache(folder.path());
        let build = |version: &str| {
            cache.part("thing", &Key::new().with(version), |_| Ok::<(), Error>(())).unwrap()
        };
        let (old, recent) = (build("1"), build("2"));
        let lock = File::options().write(true).open(old.with_extension("lock")).unwrap();
        lock.set_modified(SystemTime::now() - UNUSED).unwrap();
        let new = build("3");
        assert!(!old.exists() && !old.with_extension("lock").exists());
        assert!(recent.exists() && new.exists());
    }
}
