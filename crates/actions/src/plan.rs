//! `plan`: what a hook would change now, by where it goes. No value is shown that somebody might want to keep.

use charm::{Answer, Change, ObjectChange, Observation, Relation, RelationId, SecretContent};

use crate::table::table;

/// What `changes` would do to what was `seen`, by where they go.
pub fn plan(seen: &Observation, changes: &[Change], note: Option<&str>) -> Vec<Answer> {
    // A status that stays is no change.
    let mut status = seen.status.as_ref().map_or_else(String::new, ToString::to_string);
    let mut rows = Vec::new();
    let mut objects = Vec::new();
    for change in changes {
        match change {
            Change::StatusSet(new) => status = new.to_string(),
            Change::Answer(_) => {}
            // There may be thousands.
            Change::Object(change) => objects.push(change),
            change => rows.push(vec![destination(change, seen), what(change, seen)]),
        }
    }
    let count = rows.len() + objects.len();
    let summary = ObjectChange::summary(objects);
    rows.extend(summary.into_iter().map(|(what, namespaces)| vec![namespaces, what]));
    let told = match rows.len() {
        0 => "Nothing would change.".to_owned(),
        _ => table(&["DESTINATION", "CHANGE"], &rows),
    };
    let results = [
        Some(("changes", count.to_string())),
        Some(("table", told)),
        Some(("status", status)),
        note.map(|note| ("note", note.to_owned())),
    ];
    let results = results.into_iter().flatten().map(|(key, text)| (key.to_owned(), text));
    vec![Answer::Results(results.collect())]
}

fn destination(change: &Change, seen: &Observation) -> String {
    match change {
        Change::Workload(container, _) => format!("container {container}"),
        Change::SecretAdd { label, .. } => format!("secret {label}"),
        Change::SecretSet { uri, .. }
        | Change::SecretGrant { uri, .. }
        | Change::SecretRemove { uri } => {
            let label = seen.owned_secrets.iter().find(|(_, owned)| owned.uri == *uri);
            format!("secret {}", label.map_or(uri, |(label, _)| label))
        }
        Change::RelationSet { id, .. } => relation(*id, seen),
        Change::UnitRelationSet { id, .. } => format!("{}, of this unit", relation(*id, seen)),
        Change::OpenPort(_) | Change::ClosePort(_) => "ports".to_owned(),
        Change::Mesh(_) => "labels".to_owned(),
        Change::Object(_) | Change::Answer(_) | Change::StatusSet(_) => String::new(),
    }
}

fn what(change: &Change, seen: &Observation) -> String {
    match change {
        Change::Workload(_, change) => change.to_string(),
        Change::SecretAdd { content, .. } => format!("make it, with {}", keys(content.keys())),
        Change::SecretSet { uri, content } => {
            let owned = seen.owned_secrets.values().find(|owned| owned.uri == *uri);
            let before = owned.map(|owned| owned.content.clone()).unwrap_or_default();
            told(&before, content)
        }
        Change::SecretGrant { id, .. } => format!("grant it to {}", relation(*id, seen)),
        Change::SecretRemove { .. } => "remove it".to_owned(),
        Change::RelationSet { edits, .. } | Change::UnitRelationSet { edits, .. } => {
            // Keys alone: an empty value takes one away.
            let (gone, set): (Vec<_>, Vec<_>) =
                edits.reveal().iter().partition(|(_, value)| value.is_empty());
            let keys = |part: Vec<(&String, &String)>| keys(part.into_iter().map(|(key, _)| key));
            both(set.is_empty(), &keys(set), gone.is_empty(), &keys(gone))
        }
        Change::OpenPort(port) => format!("open {port}"),
        Change::ClosePort(port) => format!("close {port}"),
        Change::Mesh(change) => change.to_string(),
        Change::Object(_) | Change::Answer(_) | Change::StatusSet(_) => String::new(),
    }
}

fn told(before: &SecretContent, after: &SecretContent) -> String {
    let set: Vec<&String> = after
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(value))
        .map(|(key, _)| key)
        .collect();
    let gone: Vec<&String> = before.keys().filter(|key| !after.contains_key(*key)).collect();
    let (no_set, no_gone) = (set.is_empty(), gone.is_empty());
    both(no_set, &keys(set), no_gone, &keys(gone))
}

fn both(no_set: bool, set: &str, no_gone: bool, gone: &str) -> String {
    match (no_set, no_gone) {
        (false, true) => format!("set {set}"),
        (true, false) => format!("remove {gone}"),
        _ => format!("set {set}; remove {gone}"),
    }
}

fn keys<'a>(keys: impl IntoIterator<Item = &'a String>) -> String {
    keys.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn relation(id: RelationId, seen: &Observation) -> String {
    let known = seen.relations.iter().find_map(|(endpoint, relations)| {
        Some((endpoint, relations.iter().find(|relation| relation.id == id)?))
    });
    match known {
        Some((endpoint, Relation { application, .. })) if !application.is_empty() => {
            format!("{endpoint}:{id} to {application}")
        }
        Some((endpoint, _)) => format!("{endpoint}:{id}"),
        None => format!("relation {id}"),
    }
}

#[cfg(test)]
mod tests {
    use charm::{Databag, OwnedSecret, Plan, Port, Publication, Secret, SecretPlan, Status};

    use super::*;

    fn seen() -> Observation {
        let relation = Relation {
            id: RelationId(4),
            application: "resource-dispatcher".to_owned(),
            local: Databag::from([("old", "hunter2"), ("kept", "hunter2")]),
            ..Relation::default()
        };
        let content = |keys: [&str; 2]| {
            keys.map(|key| (key.to_owned(), Secret::new("hunter2"))).into_iter().collect()
        };
        let owned = OwnedSecret {
            uri: "secret:1".to_owned(),
            content: content(["feature-store", "gone"]),
            ..OwnedSecret::default()
        };
        Observation {
            relations: [("secrets".to_owned(), vec![relation])].into(),
            owned_secrets: [("configuration".to_owned(), owned)].into(),
            leader: true,
            ..Observation::default()
        }
    }

    fn shown(changes: &[Change]) -> String {
        match plan(&seen(), changes, None).as_slice() {
            [Answer::Results(results)] => results
                .iter()
                .map(|(key, text)| format!("{key}: {text}"))
                .collect::<Vec<_>>()
                .join("\n"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_destination_is_named_with_what_changes_and_no_value() {
        let mut wanted = Plan::only(Status::active());
        let bag = Databag::from([("kubernetes_manifests", "hunter2"), ("kept", "hunter2")]);
        wanted.databags.insert(RelationId(4), Publication::Exactly(bag));
        wanted.ports = Some([Port::tcp(8888)].into());
        let content: SecretContent =
            [("feature-store".to_owned(), Secret::new("hunter3"))].into_iter().collect();
        let grants = [RelationId(4)].into();
        let secret = SecretPlan { content, grants };
        wanted.secrets.insert("configuration".to_owned(), Some(secret.clone()));
        wanted.secrets.insert("new".to_owned(), Some(secret));
        let seen = seen();
        let told = shown(&wanted.changes(&seen));
        assert!(!told.contains("hunter"), "{told}");
        insta::assert_snapshot!(told, @r"
        changes: 5
        status: active
        table: DESTINATION                       CHANGE
        secret configuration              set feature-store; remove gone
        secret configuration              grant it to secrets:4 to resource-dispatcher
        secret new                        make it, with feature-store
        secrets:4 to resource-dispatcher  set kubernetes_manifests; remove old
        ports                             open 8888/tcp
        ");
    }

    #[test]
    fn where_nothing_would_change_that_is_said() {
        let blocked = Change::StatusSet(Status::Blocked("[registry] x".to_owned()));
        insta::assert_snapshot!(shown(&[blocked]), @r"
        changes: 0
        status: blocked [registry] x
        table: Nothing would change.
        ");
    }
}
