//! Which links the dashboard has.

use std::collections::BTreeMap;

use charm::{Answer, Observation, Plan, Status};
use interfaces::kubeflow_dashboard_links::{Link, Links};
use serde_json::{Value, json};

/// The endpoint of applications that add links.
pub(crate) const LINKS: &str = "links";

/// What the charm wants: nothing but to tell the links, or who broke them.
pub(crate) fn decide(seen: &Observation) -> Plan {
    let links = links(seen);
    let status = match &links {
        Ok(_) => Status::active(),
        Err(trouble) => Status::Blocked(format!("[{LINKS}] {trouble}")),
    };
    let mut plan = Plan::only(status);
    if seen.dispatch.action_name() == Some("links") {
        plan.answer = Some(match links {
            Ok(links) => {
                let links = Value::from_iter(links);
                Answer::Results(BTreeMap::from([("links".to_owned(), links.to_string())]))
            }
            Err(trouble) => Answer::Failure(trouble),
        });
    }
    plan
}

/// The links of all applications. One application that breaks the format takes the links of all, as it does in the
/// real dashboard.
fn links(seen: &Observation) -> Result<Vec<Value>, String> {
    let mut all = Vec::new();
    for relation in seen.relations(LINKS) {
        let application = &relation.application;
        let Links(links) = Links::read(&relation.remote)
            .map_err(|error| format!("{application}: {error}"))?
            .unwrap_or_default();
        all.extend(links.into_iter().map(|link| {
            let Link { text, link, location, icon, kind, description } = link;
            json!({
                "application": application,
                "text": text,
                "link": link,
                "location": location.word(),
                "icon": icon,
                "type": kind,
                "desc": description,
            })
        }));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use charm::{Databag, Dispatch, Relation, RelationId};
    use interfaces::kubeflow_dashboard_links::Location;

    use super::*;

    fn related(remote: Databag) -> Observation {
        let relation = Relation {
            id: RelationId(1),
            application: "feast-ui".to_owned(),
            remote,
            ..Relation::default()
        };
        Observation {
            dispatch: Dispatch::action("links"),
            relations: BTreeMap::from([(LINKS.to_owned(), vec![relation])]),
            ..Observation::default()
        }
    }

    #[test]
    fn the_action_tells_the_links_of_every_application() {
        let links = Links(vec![Link::new("Feast", "/feast/", Location::External)]);
        let plan = decide(&related(links.databag()));
        assert_eq!(plan.status, Status::active());
        let Some(Answer::Results(results)) = plan.answer else { panic!("an answer") };
        let told: Value = serde_json::from_str(&results["links"]).unwrap();
        assert_eq!(told[0]["link"], "/feast/");
        assert_eq!(told[0]["application"], "feast-ui");
    }

    #[test]
    fn an_unknown_key_blocks_and_names_the_application() {
        let item = r#"[{"text": "a", "link": "/a", "location": "menu", "colour": "red"}]"#;
        let plan = decide(&related(Databag::from([("dashboard_links", item)])));
        assert!(plan.status.message().starts_with("[links] feast-ui: dashboard_links[0]"));
        assert!(matches!(plan.answer, Some(Answer::Failure(_))));
    }

    #[test]
    fn an_application_that_has_not_spoken_has_no_link() {
        let plan = decide(&related(Databag::new()));
        assert_eq!(plan.status, Status::active());
        let Some(Answer::Results(results)) = plan.answer else { panic!("an answer") };
        assert_eq!(results["links"], "[]");
    }

    #[test]
    fn a_hook_is_not_answered() {
        let mut seen = related(Databag::new());
        seen.dispatch = Dispatch::hook("links-relation-changed");
        assert_eq!(decide(&seen).answer, None);
    }
}
