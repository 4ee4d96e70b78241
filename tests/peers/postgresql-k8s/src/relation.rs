//! One related application: what it asks for, its role, and what it is answered.

use charm::{Observation, OwnedSecret, Publication, Relation, RelationId, Secret, SecretPlan};
use interfaces::postgresql_client::{
    Answer, Endpoints, Group, Request, Tls, tls_secret, user_secret,
};

use crate::workload::PORT;

/// The endpoint of applications that want a database.
pub(crate) const DATABASE: &str = "database";

/// The longest name of a database that the real charm takes, in bytes.
const LONGEST_NAME: usize = 49;

/// Who logs in where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Login {
    /// For which relation.
    pub(crate) id: RelationId,
    /// Its password.
    pub(crate) password: Secret,
    /// The database.
    pub(crate) database: String,
}

/// The name of the role of a relation.
pub(crate) fn role(id: RelationId) -> String {
    format!("relation_id_{id}")
}

/// The label of the secret with a group of fields for a relation.
pub(crate) fn label(id: RelationId, group: &str) -> String {
    format!("{DATABASE}.{id}.{group}.secret")
}

/// What the application asks for; `None` while it asks for nothing, `Err` says what is wrong with it.
pub(crate) fn request(relation: &Relation) -> Result<Option<Request>, String> {
    let request = Request::read(&relation.remote).map_err(|error| error.to_string())?;
    let Some(request) = request else { return Ok(None) };
    let name = request.database.as_str();
    let reserved = ["postgres", "template0", "template1"].contains(&name)
        || ["pg_", "relation_id_"].iter().any(|start| name.starts_with(start));
    if reserved || name.len() > LONGEST_NAME {
        return Err("database is reserved or longer than 49 bytes".to_owned());
    }
    Ok(Some(request))
}

/// The password that a relation has in Juju.
pub(crate) fn password(id: RelationId, seen: &Observation) -> Option<&Secret> {
    seen.owned_secrets.get(&label(id, "user"))?.content.get("password")
}

/// Everybody who should be able to log in, as Juju has it.
pub(crate) fn logins(seen: &Observation) -> Vec<Login> {
    let login = |relation: &Relation| {
        let database = request(relation).ok()??.database;
        let password = password(relation.id, seen)?.clone();
        Some(Login { id: relation.id, password, database })
    };
    seen.relations(DATABASE).iter().filter_map(login).collect()
}

/// Where applications find the server.
pub(crate) fn endpoints(seen: &Observation) -> Endpoints {
    let Observation { application, model, .. } = seen;
    Endpoints::only(format!("{application}-primary.{model}.svc.cluster.local"), PORT)
}

/// The two secrets of a relation by label. They are made before they are asked for: one that is new can be granted only
/// by a later hook.
pub(crate) fn secrets(
    id: RelationId,
    request: Option<&Request>,
    password: &Secret,
    seen: &Observation,
) -> [(String, Option<SecretPlan>); 2] {
    let endpoints = endpoints(seen);
    let user = match request {
        Some(Request { database, .. }) => {
            user_secret(&role(id), password, &endpoints, &endpoints, database)
        }
        None => {
            [("password".to_owned(), password.clone()), ("username".to_owned(), role(id).into())]
                .into()
        }
    };
    [("user", user), ("tls", tls_secret(&Tls::Off))].map(|(group, content)| {
        (label(id, group), Some(SecretPlan { content, grants: [id].into() }))
    })
}

/// What the application is answered, once Juju keeps its secrets.
pub(crate) fn answer(
    relation: &Relation,
    request: &Request,
    version: &str,
    seen: &Observation,
) -> Option<Publication> {
    let owned = |group| seen.owned_secrets.get(&label(relation.id, group));
    let (user, tls): (&OwnedSecret, &OwnedSecret) = (owned("user")?, owned("tls")?);
    let endpoints = endpoints(seen);
    let (role, password) = (role(relation.id), user.content.get("password")?);
    // The secret itself may be of the time before the application asked for a database.
    let fields = user_secret(&role, password, &endpoints, &endpoints, &request.database);
    let answer = Answer {
        endpoints: endpoints.clone(),
        read_only_endpoints: endpoints,
        database: request.database.clone(),
        version: version.to_owned(),
        user: Group { uri: user.uri.clone(), content: fields },
        tls: Group { uri: tls.uri.clone(), content: tls.content.clone() },
    };
    Some(Publication::Exactly(answer.databag(request, &relation.remote)))
}
