//! Objects in many namespaces: lists of them, and server-side apply.

use serde_json::{Map, Value, json};

use super::{Cluster, merge, status};

/// A request besides its method and path.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(pub(super) Vec<(String, String)>);

impl Query {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What is listed, and from where on.
    pub(super) fn selectors(&self) -> String {
        let shown = ["labelSelector", "fieldSelector", "continue"];
        let named = shown.iter().filter_map(|name| Some(format!(" {name}={}", self.get(name)?)));
        named.collect()
    }
}

/// The path of a namespace.
pub fn namespace(name: &str) -> String {
    format!("/api/v1/namespaces/{name}")
}

/// The path of a Secret.
pub fn secret(namespace: &str, name: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/secrets/{name}")
}

/// The path of a `PodDefault`.
pub fn pod_default(namespace: &str, name: &str) -> String {
    format!("{KUBEFLOW}/namespaces/{namespace}/poddefaults/{name}")
}

/// Where the kinds of Kubeflow are.
pub const KUBEFLOW: &str = "/apis/kubeflow.org/v1alpha1";

impl Cluster {
    /// One with these namespaces, each as Kubeflow makes it for a profile.
    pub fn of_users(names: &[&str]) -> Self {
        let mut cluster = Self::default();
        for name in names {
            let labels = json!({"app.kubernetes.io/part-of": "kubeflow-profile"});
            cluster.add_namespace(name, &labels);
        }
        cluster
    }

    /// Adds a namespace with these labels.
    pub fn add_namespace(&mut self, name: &str, labels: &Value) {
        let metadata = json!({"name": name, "labels": labels});
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
        self.objects.insert(namespace(name), object);
    }

    /// Begins to delete a namespace, which then takes nothing new.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn terminate(&mut self, name: &str) {
        let object = self.objects.get_mut(&namespace(name)).expect("a namespace");
        object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    }

    /// The paths of all Secrets and `PodDefaults`.
    pub fn delivered(&self) -> Vec<&str> {
        let is = |path: &&String| path.contains("/secrets/") || path.contains("/poddefaults/");
        self.objects.keys().filter(is).map(String::as_str).collect()
    }

    /// A page of a list, if `path` is that of one.
    pub(super) fn list(&self, path: &str, query: &Query) -> Option<(u16, Value)> {
        let (base, plural) = path.rsplit_once('/')?;
        let parent = match plural {
            "namespaces" => "",
            "secrets" | "poddefaults" => "/namespaces/",
            _ => return None,
        };
        let is_in = |object: &str| {
            let rest = object.strip_prefix(base)?.strip_prefix(parent)?;
            let name = match parent {
                "" => rest.strip_prefix("/namespaces/")?,
                _ => rest.split_once('/')?.1.strip_prefix(plural)?.strip_prefix('/')?,
            };
            (!name.contains('/')).then_some(())
        };
        let labels = query.get("labelSelector").unwrap_or_default();
        let name = query.get("fieldSelector").map(|field| {
            field.strip_prefix("metadata.name=").expect("no other field selects here")
        });
        let mut found = self.objects.iter().filter(|(path, object)| {
            is_in(path).is_some()
                && selects(labels, &object["metadata"]["labels"])
                && name.is_none_or(|name| object["metadata"]["name"] == name)
        });
        let limit = query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
        let skipped: usize = query.get("continue").map_or(0, |token| token.parse().expect("ours"));
        let items: Vec<&Value> =
            found.by_ref().skip(skipped).take(limit).map(|(_, it)| it).collect();
        let mut metadata = json!({"resourceVersion": "1"});
        if found.next().is_some() {
            metadata["continue"] = json!((skipped + items.len()).to_string());
        }
        Some((
            200,
            json!({"apiVersion": "v1", "kind": "List", "metadata": metadata, "items": items}),
        ))
    }

    /// Server-side apply, as far as two managers never share an object for long.
    pub(super) fn apply(&mut self, path: &str, query: &Query, object: &Value) -> (u16, Value) {
        if let Some(refused) = self.refused_namespace(path) {
            return refused;
        }
        let manager = query.get("fieldManager").expect("a manager").to_owned();
        let fields = json!([{"manager": manager, "operation": "Apply"}]);
        let Some(found) = self.objects.get_mut(path) else {
            let mut object = object.clone();
            object["metadata"]["managedFields"] = fields;
            self.objects.insert(path.to_owned(), object.clone());
            return (201, object);
        };
        let of_another: Vec<&str> = found["metadata"]["managedFields"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|entry| entry["manager"].as_str())
            .filter(|other| *other != manager)
            .collect();
        let mut applied = found.clone();
        merge(&mut applied, object);
        applied["metadata"]["managedFields"] = found["metadata"]["managedFields"].clone();
        if let Some(other) = of_another.first()
            && applied != *found
            && query.get("force") != Some("true")
        {
            let cause = json!({
                "reason": "FieldManagerConflict", "field": ".data",
                "message": format!("conflict with {other:?} using v1"),
            });
            let (code, mut body) = status(409);
            body["details"] = json!({"causes": [cause]});
            return (code, body);
        }
        applied["metadata"]["managedFields"] = fields;
        *found = applied.clone();
        (200, applied)
    }

    fn refused_namespace(&self, path: &str) -> Option<(u16, Value)> {
        let (_, rest) = path.split_once("/namespaces/")?;
        let (name, _) = rest.split_once('/')?;
        let Some(found) = self.objects.get(&namespace(name)) else {
            let (code, mut body) = status(404);
            body["message"] = json!(format!("namespaces {name:?} not found"));
            body["details"] = json!({"name": name, "kind": "namespaces"});
            return Some((code, body));
        };
        found["metadata"].get("deletionTimestamp")?;
        let (code, mut body) = status(403);
        body["details"] = json!({"causes": [{"reason": "NamespaceTerminating"}]});
        Some((code, body))
    }
}

fn selects(selector: &str, labels: &Value) -> bool {
    let none = Map::new();
    let labels = labels.as_object().unwrap_or(&none);
    selector.split(',').filter(|one| !one.is_empty()).all(|one| match one.split_once('=') {
        Some((key, value)) => match key.strip_suffix('!') {
            Some(key) => labels.get(key).and_then(Value::as_str) != Some(value),
            None => labels.get(key).and_then(Value::as_str) == Some(value),
        },
        None => {
            one.strip_prefix('!').map_or(labels.contains_key(one), |key| !labels.contains_key(key))
        }
    })
}
