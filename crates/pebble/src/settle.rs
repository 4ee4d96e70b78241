//! Waiting until it is known how a service does.

use std::time::Duration;

use charm::{Check, CheckHealth, CheckState, Container, ServiceState};
use tokio::time::{Instant, sleep_until};

use crate::services::deadline;
use crate::{Error, Pebble};

const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Between two runs of a check out of turn: each that fails brings the check nearer to being down.
const REFRESH_PAUSE: Duration = Duration::from_secs(1);

impl Pebble {
    /// Waits until `service` does not run, or `check` has succeeded since this was called, or `limit` has passed,
    /// whichever comes first, and answers how the container (without its files) does then.
    /// A run of the check that has begun is not cut short by the limit.
    ///
    /// To hear early, the check is run out of turn, but only for half of the failures that take it down: a service that
    /// is slow to start has the other half to itself. Where Pebble (before 1.20) cannot do that, a check that is up
    /// counts. Without a check, or without its or the service's being in the plan, one look is all.
    pub async fn settle(
        &self,
        service: &str,
        check: Option<&str>,
        limit: Duration,
    ) -> Result<Container, Error> {
        let deadline = deadline(limit);
        let plan = self.client().plan().await?;
        let mut waiting = check
            .and_then(|name| plan.checks.get(name).map(|check| Waiting::for_check(name, check)));
        let mut pause = SHORTEST_PAUSE;
        let (states, health) = loop {
            let (states, mut health) = self.states().await?;
            let runs = states.get(service) == Some(&ServiceState::Active);
            let Some(waiting) = waiting.as_mut().filter(|_| runs) else { break (states, health) };
            let Some(seen) = health.get_mut(waiting.name) else { break (states, health) };
            if waiting.is_over(self, seen).await? || Instant::now() >= deadline {
                break (states, health);
            }
            sleep_until(deadline.min(Instant::now() + pause)).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        };
        let (services, checks) = (plan.services, plan.checks);
        Ok(Container { services, checks, states, health, ..Container::default() })
    }
}

/// A check that has yet to succeed.
struct Waiting<'a> {
    name: &'a str,
    threshold: u64,
    timeout: Duration,
    /// How often it had succeeded at first sight: a service that was just restarted is not the one that was seen then.
    before: Option<u64>,
    /// When it may next be run out of turn; `None` if that cannot be.
    refresh: Option<Instant>,
}

impl<'a> Waiting<'a> {
    fn for_check(name: &'a str, check: &Check) -> Self {
        Self {
            name,
            threshold: check.threshold.into(),
            timeout: Duration::from_millis(check.timeout_ms),
            before: None,
            refresh: Some(Instant::now()),
        }
    }

    /// Whether it has succeeded. `seen` is brought up to date.
    async fn is_over(&mut self, pebble: &Pebble, seen: &mut CheckHealth) -> Result<bool, Error> {
        if let Some(successes) = seen.successes
            && successes > *self.before.get_or_insert(successes)
        {
            return Ok(true);
        }
        let now = Instant::now();
        if self.refresh.is_some_and(|at| now >= at) && 2 * (seen.failures + 1) <= self.threshold {
            match pebble.client().refresh_check(self.name, self.timeout).await? {
                None => self.refresh = None,
                Some(refreshed) => {
                    *seen = crate::pebble::health(&refreshed.info);
                    if refreshed.error.is_none() {
                        return Ok(true);
                    }
                    self.refresh = Some(now + REFRESH_PAUSE);
                }
            }
        }
        Ok(self.refresh.is_none() && seen.successes.is_none() && seen.state == CheckState::Up)
    }
}
