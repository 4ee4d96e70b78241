//! What is known of one hook of one charm.

use serde::Serialize;

use crate::Result;
use crate::bench::measure::Sample;
use crate::bench::samples::Samples;
use crate::bench::spread::Spread;

/// What is known of one hook of one charm.
#[derive(Serialize)]
pub(crate) struct Row {
    /// `simulated unit` or `real Juju`.
    pub(crate) place: &'static str,
    pub(crate) charm: &'static str,
    /// What else matters: how databases answer, say.
    pub(crate) world: &'static str,
    pub(crate) hook: &'static str,
    /// How often it was run.
    pub(crate) runs: usize,
    /// Seconds, without what Juju does before and after.
    pub(crate) wall: Spread,
    /// Seconds of processors, of the charm and its hook commands.
    pub(crate) cpu: Spread,
    /// The most memory that the charm's process had resident, in bytes.
    pub(crate) peak_memory: u64,
    /// Processes of hook commands.
    pub(crate) hook_commands: usize,
    /// What they are called with, in order; nothing in it is secret.
    pub(crate) called: Vec<String>,
    /// Seconds for the same hook commands in a loop without a charm; nothing where there are none.
    pub(crate) bare_wall: Option<Spread>,
    /// Their seconds of processors.
    pub(crate) bare_cpu: Option<Spread>,
    /// The hook's wall time by that of the bare hook commands.
    pub(crate) ratio: Option<f64>,
    /// The same of processor time, which other programs on the machine disturb less.
    pub(crate) cpu_ratio: Option<f64>,
    /// What the Python charm took.
    pub(crate) original: Option<Original>,
}

/// What the Python charm took, as it was recorded where a hook command took 0.5 ms.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Original {
    /// Seconds.
    pub(crate) wall: f64,
    pub(crate) hook_commands: Option<u32>,
    /// Bytes.
    pub(crate) peak_memory: Option<u64>,
}

impl Row {
    /// The numbers of `samples`.
    pub(crate) fn new(
        (place, charm, world, hook): (&'static str, &'static str, &'static str, &'static str),
        samples: &Samples,
    ) -> Result<Self> {
        let spread =
            |samples: &[Sample], what: fn(&Sample) -> f64| Spread::of(samples.iter().map(what));
        let nothing = || format!("{charm} was not measured in {hook}");
        let wall = spread(&samples.timed, |sample| sample.wall).ok_or_else(nothing)?;
        let hook_commands = samples.commands.len();
        let some = hook_commands > 0;
        let cpu = spread(&samples.timed, |sample| sample.cpu).ok_or_else(nothing)?;
        let bare_wall = spread(&samples.bare, |sample| sample.wall).filter(|_| some);
        let bare_cpu = spread(&samples.bare, |sample| sample.cpu).filter(|_| some);
        Ok(Self {
            place,
            charm,
            world,
            hook,
            runs: samples.timed.len(),
            wall,
            cpu,
            peak_memory: samples
                .watched
                .iter()
                .filter_map(|sample| sample.memory)
                .max()
                .ok_or_else(nothing)?,
            hook_commands,
            called: samples.commands.iter().map(|words| words.join(" ")).collect(),
            bare_wall,
            bare_cpu,
            ratio: bare_wall.map(|bare| wall.median / bare.median),
            cpu_ratio: bare_cpu.map(|bare| cpu.median / bare.median),
            original: original(charm, hook),
        })
    }
}

pub(crate) fn original(charm: &str, hook: &str) -> Option<Original> {
    const MEBIBYTE: u64 = 1024 * 1024;
    let started = |wall| Original { wall, hook_commands: None, peak_memory: None };
    let related = |wall, commands, mebibytes| Original {
        wall,
        hook_commands: Some(commands),
        peak_memory: Some(mebibytes * MEBIBYTE),
    };
    match (charm, hook) {
        ("feast-integrator", "start") => Some(started(0.89)),
        ("feast-ui", "start") => Some(started(1.10)),
        ("feast-integrator", "update-status") => Some(related(1.31, 399, 89)),
        ("feast-ui", "update-status") => Some(related(1.40, 54, 96)),
        _ => None,
    }
}
