//! Running the same hook again and again.

use crate::Result;
use crate::bench::measure::{Sample, Task};

/// How often memory is looked at; it hardly differs.
const LOOKS: usize = 3;

/// The samples of a hook, and of its hook commands alone.
pub(crate) struct Samples {
    pub(crate) watched: Vec<Sample>,
    pub(crate) timed: Vec<Sample>,
    pub(crate) bare: Vec<Sample>,
    /// The hook commands of the charm.
    pub(crate) commands: Vec<Vec<String>>,
}

impl Samples {
    /// Has `sample` run the hook, which must ask the same each time.
    pub(crate) fn take(
        runs: usize,
        mut sample: impl FnMut(Task) -> Result<Sample>,
    ) -> Result<Self> {
        let first = sample(Task::Watch)?;
        let commands = first.commands.clone();
        let mut samples =
            Self { watched: vec![first], timed: Vec::new(), bare: Vec::new(), commands };
        for _ in 1..LOOKS {
            let again = sample(Task::Watch)?;
            if again.commands != samples.commands {
                let (one, other) = (&samples.commands, &again.commands);
                return Err(format!("{} asks {one:?} and then {other:?}", again.hook).into());
            }
            samples.watched.push(again);
        }
        for _ in 0..runs {
            // The machine may be slower now than it was a moment ago: what is compared is measured side by side.
            samples.timed.push(sample(Task::Time)?);
            samples.bare.push(sample(Task::Commands(samples.commands.clone()))?);
        }
        Ok(samples)
    }
}
