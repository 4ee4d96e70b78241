//! The unit agent of a pod.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{Error, Spec, remake};
use crate::leash::{Ending, Process, command};
use crate::view::{View, mode};

/// Where Kubernetes mounts the service account of a pod.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// How long an agent that failed stays down, so that one that cannot start does not take all the time.
const BACK_OFF: Duration = Duration::from_secs(1);

/// The running agent.
pub(super) struct Agent {
    process: Process,
    started: Instant,
}

impl Agent {
    pub(super) fn start(spec: &Spec) -> Result<Self, Error> {
        let temporary = spec.scratch.join("tmp");
        remake(&temporary)?;
        let mut view = View::new();
        // Charms that need neither Service names nor a cluster run without a view as well.
        if mode().is_ok() {
            view = view.hosts(&spec.hosts).mount(&spec.agent.service_account, SERVICE_ACCOUNT);
        }
        let inside = view.command(&spec.agent.program, &spec.agent.arguments)?;
        // A pod that is killed is a node that is lost: no stop hook.
        let ending = Ending { signal: Signal::KILL, grace: Duration::ZERO };
        let mut outside = command(inside.get_program(), ending)?;
        outside
            .args(inside.get_args())
            // What is in this machine's environment is not in a pod's.
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", &spec.scratch)
            .env("TMPDIR", &temporary)
            .envs(&spec.agent.environment);
        let process = Process::start("the unit agent", outside, &spec.log("agent"))?;
        Ok(Self { process, started: Instant::now() })
    }

    /// Lets the agent run the stop hook and end.
    pub(super) fn stop(&self) {
        if let Some(pid) = self.process.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            let _may_have_ended = kill_process(pid, Signal::TERM);
        }
    }

    /// Ends the agent and all that it has started, at once.
    pub(super) fn kill(&mut self) {
        self.process.stop();
    }

    /// Whether it was started long enough ago to be started again.
    pub(super) fn has_rested(&self) -> bool {
        self.started.elapsed() > BACK_OFF
    }

    /// The exit code, if it has ended.
    pub(super) fn ended(&mut self) -> Option<u8> {
        let status = self.process.ended()?;
        Some(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
    }
}
