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
mod verdict;
mod wanted;

use std::io::{self, Write as _};

use always::{at_once, sources};
use tests::recorded;
use verdict::{Judged, Verdict};

#[test]
fn what_was_recorded_of_the_python_charms_comes_out_the_same_or_better() {
    let (situations, reasons) = (recorded::all(), reasons::all());
    let pairs: Vec<_> = situations.iter().zip(&sources().recorded).collect();
    let mut judged =
        at_once(&pairs, |(situation, hook)| Judged::judge(situation, &hook.fields, &reasons));
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
