//! What the controller has against the changes of a hook that ended well.

use crate::world::World;
use crate::{Owner, Secret, State};

/// The largest state that a charm may keep with the controller, in bytes.
const LARGEST_STATE: usize = 2 * 1024 * 1024;

impl World {
    /// Why the controller refuses the changes as a whole; nothing of them is kept then.
    pub(crate) fn flush_error(&self) -> Option<String> {
        self.label_taken()
            .or_else(|| self.refused_at_flush.first().cloned())
            .or_else(|| self.leadership_lost())
            .or_else(|| {
                let icmp = self.draft.opened_ports.iter().any(|port| port.ends_with("icmp"));
                icmp.then(|| "protocol icmp on caas models not supported".to_owned())
            })
            .or_else(|| {
                let size: usize =
                    self.draft.stored.iter().map(|(key, value)| key.len() + value.len()).sum();
                (size > LARGEST_STATE)
                    .then(|| format!("max allowed size ({LARGEST_STATE}) exceeded {size}"))
            })
    }

    /// What the controller knows after it has taken the changes over.
    pub(crate) fn taken_over(mut self) -> State {
        // It asks who manages a secret before it makes it: a grant of the hook that makes it is lost, without a word.
        if self.draft.juju_version.starts_with("4.1") {
            for secret in &mut self.draft.secrets {
                if self.kept.secret(&secret.id).is_none() {
                    secret.grants.clear();
                }
            }
        }
        self.draft
    }

    fn label_taken(&self) -> Option<String> {
        let old = |secret: &Secret| self.kept.secret(&secret.id).is_some();
        let owned = |secret: &&Secret| secret.owner != Owner::Other && !secret.label.is_empty();
        for new in self.draft.secrets.iter().filter(owned).filter(|secret| !old(secret)) {
            let taken = self.draft.secrets.iter().any(|other| {
                // Juju 4 has one space of labels for the application and its units.
                let same_space = other.owner == new.owner || self.draft.is_juju_4();
                owned(&other) && same_space && other.label == new.label && !other.is(&new.id)
            });
            if taken {
                let (id, label) = (new.bare_id(), &new.label);
                return Some(if self.draft.is_juju_4() {
                    let how = match new.owner {
                        Owner::Application => "executing leadership func: ",
                        _ => "",
                    };
                    format!(
                        "{how}create secrets: creating secret {id:?}: secret with label {label:?} already exists"
                    )
                } else {
                    let whose = match new.owner {
                        Owner::Unit => format!("unit-{}", self.draft.unit.replace('/', "-")),
                        _ => format!("application-{}", self.draft.application()),
                    };
                    format!(
                        "creating secrets: secret label {label:?} for owner {whose:?} already exists"
                    )
                });
            }
        }
        None
    }

    fn leadership_lost(&self) -> Option<String> {
        let (unit, application) = (&self.draft.unit, self.draft.application());
        (self.needs_leadership && self.draft.loses_leadership).then(|| {
            format!("checking leadership continuity: {unit:?} is not leader of {application:?}")
        })
    }
}
