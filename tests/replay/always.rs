//! What must hold in every situation: in all that were recorded, and in many like them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread;

use tests::recorded;

use crate::case::{Case, Hook};
use crate::decided::decided;
use crate::further;

/// How many situations like the recorded ones are decided on.
const FURTHER: usize = 5000;
/// In how many of them the whole charm runs.
const SAMPLE: usize = 100;

/// Hooks that have run.
pub(crate) struct Sources {
    /// The Python charms in the recorded situations.
    pub(crate) python: Vec<Hook>,
    /// Ours in the same ones.
    pub(crate) recorded: Vec<Hook>,
    /// Ours in some further ones.
    pub(crate) sampled: Vec<Hook>,
    /// The decisions of ours alone, in many further ones.
    pub(crate) decided: Vec<Hook>,
}

/// What a rule finds in one hook.
#[derive(Default)]
pub(crate) struct Findings {
    looked: usize,
    broken: Vec<String>,
}

/// Something that must hold in every hook. Where it has nothing to say about one, it does not look.
pub(crate) type Rule = fn(&Hook, &mut Findings);

impl Findings {
    /// What does not hold.
    pub(crate) fn broken(&self) -> &[String] {
        &self.broken
    }

    /// Looks whether something holds; `what` says what does not.
    pub(crate) fn must(&mut self, holds: bool, what: impl Into<String>) {
        self.looked += 1;
        if !holds {
            self.broken.push(what.into());
        }
    }

    /// Looks whether two things are the same; `what` says which.
    pub(crate) fn same<T: PartialEq + std::fmt::Debug>(
        &mut self,
        found: &T,
        wanted: &T,
        what: &str,
    ) {
        self.must(found == wanted, format!("{what} is {found:?} instead of {wanted:?}"));
    }
}

/// All hooks, which run once for all tests.
pub(crate) fn sources() -> &'static Sources {
    static SOURCES: LazyLock<Sources> = LazyLock::new(|| {
        let situations = recorded::all();
        let cases: Vec<Case> = situations.iter().map(Case::of).collect();
        let further = further::situations(FURTHER);
        let sample: Vec<Case> = further.iter().step_by(FURTHER / SAMPLE).cloned().collect();
        Sources {
            python: situations.iter().map(Hook::recorded).collect(),
            recorded: at_once(&cases, Case::run),
            sampled: at_once(&sample, Case::run),
            decided: at_once(&further, decided),
        }
    });
    &SOURCES
}

/// What comes of each, of as many at a time as there are processors.
pub(crate) fn at_once<T: Sync, U: Send>(all: &[T], run: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = all.get(number) else { return };
            let outcome = run(one);
            done.lock().expect("no thread panicked").insert(number, outcome);
        }
    };
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        (0..workers).for_each(|_| drop(scope.spawn(work)));
    });
    done.into_inner().expect("no thread panicked").into_values().collect()
}

/// Fails if `rule` does not hold in every hook of `charm`, or looks at none. Answers in how many of the recorded
/// situations the Python charm breaks it.
pub(crate) fn always(charm: &str, rule: Rule) -> usize {
    let Sources { python, recorded, sampled, decided } = sources();
    let ours: Vec<&Hook> = [recorded, sampled, decided].into_iter().flatten().collect();
    let (looked, broken) = find(charm, &ours, rule);
    let some: Vec<&str> = broken.iter().take(10).map(String::as_str).collect();
    assert!(broken.is_empty(), "{} times, such as\n{}", broken.len(), some.join("\n"));
    assert!(looked > 10, "the rule looks at {looked} hooks");
    let (_, broken) = find(charm, &python.iter().collect::<Vec<_>>(), rule);
    broken.len()
}

/// How many hooks the rule has looked at, and those that break it with what is wrong.
fn find(charm: &str, hooks: &[&Hook], rule: Rule) -> (usize, Vec<String>) {
    let (mut looked, mut broken) = (0, Vec::new());
    for hook in hooks.iter().filter(|hook| hook.case.charm == charm) {
        let mut findings = Findings::default();
        rule(hook, &mut findings);
        looked += usize::from(findings.looked > 0);
        if !findings.broken.is_empty() {
            let Case { name, event, .. } = &hook.case;
            broken.push(format!("{name} ({event:?}): {}", findings.broken.join("; ")));
        }
    }
    (looked, broken)
}
