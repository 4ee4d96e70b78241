//! What is thought of one replayed situation.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use juju_sim::Event;
use tests::recorded::Situation;

use crate::amiss::amiss;
use crate::case::Case;
use crate::fields::{self, Fields, differences};
use crate::reasons::{Evidence, Reason};
use crate::wanted::wanted;

/// A situation, and what is thought of it.
pub(crate) struct Judged<'a> {
    pub(crate) situation: &'a Situation,
    pub(crate) verdict: Verdict,
}

/// What is thought of a situation.
pub(crate) enum Verdict {
    /// All of the outcome is the same.
    Same,
    /// Something differs for these reasons: their identifiers, and what they explain.
    Better(BTreeMap<String, Vec<String>>),
    /// Something differs for no reason.
    Different(String),
}

impl<'a> Judged<'a> {
    /// Finds the reason for each field that came out differently.
    pub(crate) fn judge(situation: &'a Situation, ours: &Fields, reasons: &[Reason]) -> Self {
        Self { situation, verdict: compare(situation, ours, reasons) }
    }

    /// The charm and the name of the situation.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.situation.charm, self.situation.name)
    }
}

fn compare(situation: &Situation, ours: &Fields, reasons: &[Reason]) -> Verdict {
    let before = fields::before(situation);
    let recorded_fields = fields::recorded(situation);
    let settled = LazyCell::new(|| {
        let event = Event::hook("config-changed");
        Case { event, ..Case::of(&settled_world(situation)) }.run().fields
    });
    let evidence = Evidence {
        situation,
        before: &before,
        recorded: &recorded_fields,
        wanted: &wanted(situation),
        settled: &|| (*settled).clone(),
    };
    if ours["hook"] != "ok" {
        return Verdict::Different("the hook failed".to_owned());
    }
    let amiss = amiss(situation, &before, ours);
    if !amiss.is_empty() {
        return Verdict::Different(amiss.join("; "));
    }
    let mut explained: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for (name, (recorded, ours)) in differences(&recorded_fields, ours) {
        let fit = |reason: &&Reason| reason.explains(&evidence, &name, &recorded, &ours);
        let whole = reasons.iter().filter(|reason| reason.whole).find(fit);
        let fitting: Vec<&Reason> = match whole {
            Some(reason) => vec![reason],
            None => reasons.iter().filter(fit).collect(),
        };
        match fitting[..] {
            [reason] => explained.entry(reason.id.clone()).or_default().push(name),
            [] => unexplained.push(format!("{name}: {recorded} became {ours}")),
            _ => {
                let several: Vec<&str> = fitting.iter().map(|reason| reason.id.as_str()).collect();
                unexplained.push(format!("{name} became {ours} for {}", several.join(" and for ")));
            }
        }
    }
    match (explained.is_empty(), unexplained.is_empty()) {
        (_, false) => Verdict::Different(unexplained.join("; ")),
        (true, true) => Verdict::Same,
        (false, true) => Verdict::Better(explained),
    }
}

/// The same without the relation that ends.
fn settled_world(situation: &Situation) -> Situation {
    let mut settled = situation.clone();
    let breaking = situation.input.event.breaking();
    settled.input.relations.retain(|relation| Some(relation.id) != breaking);
    settled
}
