//! Everything that was recorded of the Python charms, replayed: the same comes of it, or something better for a reason;
//! and in all of it, and in thousands of situations like it, what others rely on holds.
#![cfg(test)]

mod always;
mod amiss;
mod bugs;
mod case;
mod decided;
mod document;
mod fields;
mod further;
mod labels;
mod real;
mod reasons;
mod rules;
mod run;
mod verdict;
mod wanted;

use std::io::{self, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tests::recorded;
use verdict::{Judged, Verdict};

#[test]
fn what_was_recorded_of_the_python_charms_comes_out_the_same_or_better() {
    let (situations, reasons) = (recorded::all(), reasons::all());
    let (next, judged) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(situation) = situations.get(next.fetch_add(1, Ordering::Relaxed)) {
            let one = Judged::judge(situation, &reasons);
            judged.lock().expect("no thread panicked").push(one);
        }
    };
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        (0..workers).for_each(|_| drop(scope.spawn(work)));
    });
    let mut judged = judged.into_inner().expect("no thread panicked");
    judged.sort_by_key(|judged| (judged.situation.charm.clone(), judged.situation.name.clone()));

    // Not by `println!`, which is shown of tests that fail alone.
    write!(io::stdout(), "{}", document::counts(&judged)).expect("somewhere to write");
    let different: Vec<String> = judged
        .iter()
        .filter_map(|judged| match &judged.verdict {
            Verdict::Different(why) => Some(format!("{}: {why}", judged.name())),
            _ => None,
        })
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert_eq!(judged.len(), 445);
    document::check(&document::verdicts(&judged), "replay/verdicts.txt");
    document::check(&document::differences(&judged, &reasons), "../docs/DIFFERENCES.md");
}
