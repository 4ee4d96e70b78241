//! The reasons for which a charm of this repository does something else than the Python charm did.

use std::fs;
use std::path::Path;

use ::tests::recorded::Situation;
use serde::Deserialize;
use serde_json::Value;

use crate::fields::Fields;
use crate::labels;
use crate::wanted;

/// A reason, as `reasons.yaml` has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    /// What it is called.
    pub(crate) id: String,
    /// The sentence for operators.
    pub(crate) text: String,
    /// Whether others are not asked where it fits.
    #[serde(default)]
    pub(crate) whole: bool,
    /// The only charm that it is about.
    charm: Option<String>,
    /// What must all hold in the situation.
    #[serde(default)]
    when: Vec<Condition>,
    /// What may differ, and how.
    fields: Vec<Field>,
}

/// A field that a reason changes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    /// Its name; `*` stands for anything within one of its parts, `**` at the end for all parts that follow.
    name: String,
    /// What the Python charm left there.
    #[serde(default)]
    from: Option<Expected>,
    /// What is there now.
    to: Expected,
    /// What must hold in the situation beside [`Reason::when`].
    #[serde(default)]
    when: Vec<Condition>,
}

/// A value of a field.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Expected {
    /// Exactly this.
    Is(Value),
    /// A text that begins so.
    Begins(String),
    /// A text like this, in which `*` stands for anything.
    Matches(String),
    /// No such field, in a databag's value or file that is there.
    Absent,
    /// No such field, because nothing is there of the databag's value or file that it is in.
    Unwritten,
    /// Whatever it is: the databag's value or file that it is in is there.
    Written,
    /// An absent field, or an empty list in its place.
    Withdrawn,
    /// What was there before the hook.
    Untouched,
    /// What should be there, as worked out from what the other side says.
    Wanted,
    /// The same, be it nothing.
    WantedOrNothing,
    /// The same as after `config-changed`.
    Settled,
}

/// What can be said of a recorded situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Condition {
    /// The Python charm's hook failed.
    HookFailed,
    /// The Python charm ended well without setting a status: it did not look at the state of its world.
    StatusNotSet,
    /// The hook is `start`, `stop` or `remove`.
    StartStopOrRemove,
    /// The unit leads.
    Leading,
    /// The unit does not lead.
    NotLeading,
    /// All data that is needed is there and makes sense.
    Configured,
    /// Something that is needed is missing or makes no sense.
    NotConfigured,
    /// A database is not related, or no longer.
    DatabaseNotRelated,
    /// feast-ui is related to no integrator, or to one that has not said anything.
    NothingToldToTheUi,
    /// A database names several endpoints, or an IPv6 address.
    EndpointsNotSimple,
    /// A database names no endpoint that can be.
    EndpointsImpossible,
    /// A database's user, password or name is empty.
    EmptyValue,
    /// The request that our unit noted for itself is not JSON.
    OwnRequestUnreadable,
    /// A value has what Jinja takes for a template.
    TemplateInAValue,
    /// The service is in the container's plan and does not run.
    ServiceStandsStill,
    /// Two applications are related on an endpoint of which one is meant.
    TwoRelated,
    /// The ambient gateway has a certificate.
    GatewayHasCertificate,
    /// The container has a service that is not ours.
    OtherService,
    /// The unit leads, or leaves the mesh: labels are its business.
    ActingOnLabels,
    /// They are not.
    NotActingOnLabels,
    /// The cluster does not do everything that it is asked to do.
    ClusterRefuses,
}

/// What a difference is judged by.
pub(crate) struct Evidence<'a> {
    pub(crate) situation: &'a Situation,
    pub(crate) before: &'a Fields,
    pub(crate) recorded: &'a Fields,
    pub(crate) wanted: &'a Fields,
    pub(crate) settled: &'a dyn Fn() -> Fields,
}

/// All reasons, in the order in which operators read them.
///
/// # Panics
///
/// If the file cannot be read.
pub(crate) fn all() -> Vec<Reason> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("replay/reasons.yaml");
    let text = fs::read_to_string(path).expect("the reasons");
    let file: Value = serde_yaml::from_str(&text).expect("YAML");
    serde_json::from_value(file).expect("a list of reasons")
}

impl Reason {
    /// Whether this is why the field `name` has the value `ours`, and not the one that was recorded.
    pub(crate) fn explains(
        &self,
        evidence: &Evidence<'_>,
        name: &str,
        recorded: &Value,
        ours: &Value,
    ) -> bool {
        let situation = evidence.situation;
        self.charm.as_ref().is_none_or(|charm| *charm == situation.charm)
            && self.when.iter().all(|condition| condition.holds(situation))
            && self.fields.iter().any(|field| {
                matches(&field.name, name)
                    && field.when.iter().all(|condition| condition.holds(situation))
                    && field.from.as_ref().is_none_or(|from| from.was(recorded, evidence, name))
                    && field.to.is(ours, evidence, name)
            })
    }
}

impl Expected {
    fn was(&self, value: &Value, evidence: &Evidence<'_>, name: &str) -> bool {
        let apart = matches!(self, Self::Absent) && !evidence.is_recorded(document(name));
        !apart && self.is(value, evidence, name)
    }

    fn is(&self, value: &Value, evidence: &Evidence<'_>, name: &str) -> bool {
        let of = |fields: &Fields| fields.get(name).cloned().unwrap_or_default();
        match self {
            Self::Is(expected) => value == expected,
            Self::Begins(text) => value.as_str().is_some_and(|value| value.starts_with(text)),
            Self::Matches(text) => value.as_str().is_some_and(|value| text_matches(text, value)),
            Self::Absent => value.is_null(),
            Self::Unwritten => !evidence.is_recorded(document(name)),
            Self::Written => evidence.is_recorded(document(name)),
            Self::Withdrawn => value.is_null() || value.as_array().is_some_and(Vec::is_empty),
            Self::Untouched => *value == of(evidence.before),
            Self::Wanted => !value.is_null() && *value == of(evidence.wanted),
            Self::WantedOrNothing => *value == of(evidence.wanted),
            Self::Settled => *value == of(&(evidence.settled)()),
        }
    }
}

impl Condition {
    fn holds(self, situation: &Situation) -> bool {
        let input = &situation.input;
        let related = |endpoint: &str| {
            let ends = |id: u32| Some(id) == input.event.breaking();
            let named = input.relations.iter().filter(|relation| relation.endpoint == endpoint);
            named.filter(|relation| !ends(relation.id)).count()
        };
        let endpoints = || {
            input.relations.iter().filter_map(|relation| relation.remote_app_data.get("endpoints"))
        };
        match self {
            Self::HookFailed => situation.output.is_none(),
            Self::StatusNotSet => {
                situation.output.as_ref().is_some_and(|output| output.unit_status.name == "unknown")
            }
            Self::StartStopOrRemove => {
                ["start", "stop", "remove"].contains(&input.event.name.as_str())
            }
            Self::Leading => input.leader,
            Self::NotLeading => !input.leader,
            Self::Configured => wanted::is_configured(situation),
            Self::NotConfigured => !wanted::is_configured(situation),
            Self::DatabaseNotRelated => {
                ["offline-store", "online-store", "registry"].iter().any(|name| related(name) == 0)
            }
            Self::NothingToldToTheUi => input.relations.iter().all(|relation| {
                relation.endpoint != "feast-configuration"
                    || Some(relation.id) == input.event.breaking()
                    || relation.remote_app_data.is_empty()
            }),
            Self::EndpointsNotSimple => endpoints().any(|text| text.contains([',', '['])),
            Self::EndpointsImpossible => endpoints().any(|text| wanted::first(text).is_none()),
            Self::EmptyValue => input.relations.iter().any(|relation| {
                ["username", "password", "database"]
                    .iter()
                    .any(|key| relation.remote_app_data.get(*key).is_some_and(String::is_empty))
            }),
            Self::OwnRequestUnreadable => input.relations.iter().any(|relation| {
                let request = relation.local_unit_data.get("requested-secrets");
                request.is_some_and(|text| serde_json::from_str::<Value>(text).is_err())
            }),
            Self::TemplateInAValue => input.relations.iter().any(|relation| {
                let template =
                    |text: &String| ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark));
                relation.remote_app_data.values().any(template)
            }),
            Self::ServiceStandsStill => {
                let container = input.container().unwrap_or_default();
                let planned = !container.plan()["services"]["feast-ui"].is_null();
                planned && container.services.get("feast-ui").is_none_or(|state| state != "active")
            }
            Self::TwoRelated => {
                input.relations.iter().any(|relation| related(&relation.endpoint) > 1)
            }
            Self::GatewayHasCertificate => input.relations.iter().any(|relation| {
                let tls = relation.remote_app_data.get("tls_enabled");
                tls.is_some_and(|text| text.eq_ignore_ascii_case("true"))
            }),
            Self::ActingOnLabels => input.leader || labels::leaves(situation),
            Self::NotActingOnLabels => !input.leader && !labels::leaves(situation),
            Self::ClusterRefuses => {
                input.cluster().is_some_and(|cluster| !cluster.failures.is_empty())
            }
            Self::OtherService => {
                let plan = input.container().unwrap_or_default().plan();
                let mut names = plan["services"].as_object().into_iter().flatten();
                names.any(|(name, _)| name != "feast-ui")
            }
        }
    }
}

impl Evidence<'_> {
    /// Whether the Python charm left any part of `document` behind.
    fn is_recorded(&self, document: &str) -> bool {
        let part_of = |name: &String| {
            name.strip_prefix(document).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.recorded.keys().any(part_of)
    }
}

/// The name of the databag's value or file that a field is in.
fn document(name: &str) -> &str {
    let parts = if name.starts_with("content of ") { 4 } else { 3 };
    name.match_indices('/').nth(parts - 1).map_or(name, |(end, _)| &name[..end])
}

/// Whether the texts between the `*` of `pattern` occur in this order, with nothing left over at either end.
fn text_matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| text_matches(rest, &text[at..]))
        }),
    }
}

/// Whether `pattern` names the field `name`.
fn matches(pattern: &str, name: &str) -> bool {
    let (mut patterns, mut parts) = (pattern.split('/'), name.split('/'));
    loop {
        match (patterns.next(), parts.next()) {
            (Some("**"), _) | (None, None) => return true,
            (Some(pattern), Some(part)) if text_matches(pattern, part) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_part_of_a_name_and_two_for_all_that_follow() {
        assert!(matches("*-store:*/app/database", "offline-store:1/app/database"));
        assert!(matches("secrets:*/app/**", "secrets:4/app/kubernetes_manifests/0/kind"));
        for other in
            ["registry:1/app/database", "offline-store:1/unit/database", "offline-store:1/app"]
        {
            assert!(!matches("*-store:*/app/database", other), "{other}");
        }
        assert!(!matches("secrets:*/app/*", "secrets:4/app/kubernetes_manifests/0"));
    }

    #[test]
    fn a_text_is_like_another_only_from_its_first_letter_to_its_last() {
        assert!(text_matches("waiting [*] Waiting for * data", "waiting [a] Waiting for b data"));
        for other in
            ["waiting [a] Waiting for b data.", "now waiting [a] Waiting for b data", "waiting"]
        {
            assert!(!text_matches("waiting [*] Waiting for * data", other), "{other}");
        }
    }

    #[test]
    fn a_field_belongs_to_the_value_or_the_file_that_it_is_in() {
        assert_eq!(
            document("secrets:4/app/kubernetes_manifests/0/kind"),
            "secrets:4/app/kubernetes_manifests"
        );
        assert_eq!(
            document("content of /home/ubuntu/a.yaml/b/c"),
            "content of /home/ubuntu/a.yaml"
        );
        assert_eq!(document("unit status"), "unit status");
    }
}
