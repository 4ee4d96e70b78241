//! What has become of databags and leadership: every change, in the order in which it took effect.

use std::fmt;

use serde::Deserialize;

/// Everything since the controller was started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct History {
    /// What others could read in the databags of applications.
    pub databags: Vec<DatabagChange>,
    /// Who led.
    pub leaders: Vec<LeaderChange>,
}

/// One key of one application's databag: a new value, or none.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct DatabagChange {
    /// When, since 1970.
    pub milliseconds: u64,
    /// The number of the relation.
    pub relation: u32,
    /// Whose databag it is.
    pub application: String,
    /// The endpoint of that application.
    pub endpoint: String,
    /// The key.
    pub key: String,
    /// What tells the value from others, not the value itself; empty when the key is gone.
    pub value: String,
    /// The unit whose hook it was; empty where Juju removed the relation.
    pub writer: String,
}

/// A unit has become the leader, or has ceased to be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LeaderChange {
    /// When, since 1970.
    pub milliseconds: u64,
    /// Of which application.
    pub application: String,
    /// The leader from then on; empty for nobody.
    pub unit: String,
}

impl History {
    /// The leader of an application.
    pub fn leader(&self, application: &str) -> Option<&str> {
        let last = self.leaders.iter().rfind(|leader| leader.application == application)?;
        Some(last.unit.as_str()).filter(|unit| !unit.is_empty())
    }

    /// Whether `change` was made by whoever led at that time.
    pub fn is_by_the_leader(&self, change: &DatabagChange) -> bool {
        let of_this = |leader: &&LeaderChange| leader.application == change.application;
        // Both are rounded to milliseconds, so what happened in the same one may have been before or after.
        let before = |leader: &&LeaderChange| leader.milliseconds < change.milliseconds;
        let same = |leader: &&LeaderChange| leader.milliseconds == change.milliseconds;
        let then = self.leaders.iter().filter(of_this).rfind(before);
        let mut all = then.into_iter().chain(self.leaders.iter().filter(of_this).filter(same));
        all.any(|leader| leader.unit == change.writer)
    }
}

impl fmt::Display for DatabagChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { relation, endpoint, key, writer, .. } = self;
        let what = if self.value.is_empty() { "removes" } else { "sets" };
        let writer = if writer.is_empty() { "Juju" } else { writer };
        write!(f, "{writer} {what} {endpoint}:{relation} {key}")
    }
}

impl fmt::Debug for DatabagChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {self} {}", self.milliseconds, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leader(milliseconds: u64, unit: &str) -> LeaderChange {
        LeaderChange { milliseconds, application: "ui".to_owned(), unit: unit.to_owned() }
    }

    fn change(milliseconds: u64, writer: &str) -> DatabagChange {
        DatabagChange {
            milliseconds,
            relation: 1,
            application: "ui".to_owned(),
            endpoint: "links".to_owned(),
            key: "key".to_owned(),
            value: "1".to_owned(),
            writer: writer.to_owned(),
        }
    }

    #[test]
    fn whoever_writes_before_or_after_its_time_is_not_the_leader() {
        let mut other = leader(15, "other/0");
        other.application = "other".to_owned();
        let leaders = vec![leader(10, "ui/0"), other, leader(20, ""), leader(30, "ui/1")];
        let history = History { databags: Vec::new(), leaders };
        for (time, writer) in [(10, "ui/0"), (19, "ui/0"), (20, "ui/0"), (30, "ui/1"), (99, "ui/1")]
        {
            assert!(history.is_by_the_leader(&change(time, writer)), "{time} {writer}");
        }
        assert_eq!(history.leader("ui"), Some("ui/1"));
        assert_eq!(history.leader("nobody"), None);
        for (time, writer) in [(9, "ui/0"), (21, "ui/0"), (15, "ui/1"), (29, "ui/1"), (31, "ui/0")]
        {
            assert!(!history.is_by_the_leader(&change(time, writer)), "{time} {writer}");
        }
    }
}
