//! What is written down about the verdicts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::reasons::Reason;
use crate::verdict::{Judged, Verdict};

/// How many situations there are by verdict and category.
pub(crate) fn counts(judged: &[Judged<'_>]) -> String {
    let mut counts: BTreeMap<(&str, &str), [usize; 3]> = BTreeMap::new();
    let mut sums = [0; 3];
    for one in judged {
        let key = (one.situation.charm.as_str(), one.situation.category.as_str());
        let column = column(&one.verdict);
        counts.entry(key).or_default()[column] += 1;
        sums[column] += 1;
    }
    let mut text = format!(
        "{:36} {:>5} {:>7} {:>10} {:>4}\n",
        "situations", "same", "better", "different", "sum"
    );
    let sums = [(("all", ""), sums)];
    for ((charm, category), [same, better, different]) in counts.into_iter().chain(sums) {
        let (name, sum) = (format!("{charm} {category}"), same + better + different);
        let _infallible = writeln!(text, "{name:36} {same:5} {better:7} {different:10} {sum:4}");
    }
    text
}

fn column(verdict: &Verdict) -> usize {
    match verdict {
        Verdict::Same => 0,
        Verdict::Better(_) => 1,
        Verdict::Different(_) => 2,
    }
}

/// A line for each situation.
pub(crate) fn verdicts(judged: &[Judged<'_>]) -> String {
    let line = |judged: &Judged<'_>| {
        let verdict = match &judged.verdict {
            Verdict::Same => "same".to_owned(),
            Verdict::Better(reasons) => {
                let reasons: Vec<&str> = reasons.keys().map(String::as_str).collect();
                format!("better: {}", reasons.join(", "))
            }
            Verdict::Different(_) => "different".to_owned(),
        };
        format!("{} {verdict}\n", judged.name())
    };
    judged.iter().map(line).collect()
}

/// The page for operators.
pub(crate) fn differences(judged: &[Judged<'_>], reasons: &[Reason]) -> String {
    let mut text = String::from(
        "# What differs from the Python charms\n\n\
         Generated from `tests/replay/reasons.yaml` by the test `replay`, which runs these charms in every situation that was recorded\n\
         of the Python charms (`tests/fixtures/original/`). Everything that is not listed here comes out the same.\n\n\
         | difference | situations |\n|---|---|\n",
    );
    let mut idle = Vec::new();
    for Reason { id, text: sentence, .. } in reasons {
        let explained = judged.iter().filter(|judged| match &judged.verdict {
            Verdict::Better(reasons) => reasons.contains_key(id),
            _ => false,
        });
        let number = explained.count();
        if number == 0 {
            idle.push(id.as_str());
        }
        let _infallible = writeln!(text, "| **{id}**: {sentence} | {number} |");
    }
    assert!(idle.is_empty(), "reasons that explain nothing: {}", idle.join(", "));
    text
}

/// Fails if the file is not up to date; writes it if the environment has `UPDATE_REPLAY`.
pub(crate) fn check(text: &str, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE_REPLAY").is_some() {
        fs::write(&path, text).expect("a file to write");
    }
    let present = fs::read_to_string(&path).unwrap_or_default();
    let changed: Vec<&str> = text.lines().filter(|line| !present.contains(line)).collect();
    assert!(
        present == text,
        "{name} is not up to date; UPDATE_REPLAY=1 writes it anew:\n{}",
        changed.join("\n")
    );
}
