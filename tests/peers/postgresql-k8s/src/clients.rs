//! The related applications: what each asks for, its role, and what it is answered.

use std::collections::BTreeSet;

use charm::{
    Observation, OwnedSecret, Plan, Publication, Relation, RelationId, Secret, SecretPlan, Status,
};
use interfaces::postgresql_client::{
    Answer, Endpoints, Group, Request, Tls, tls_secret, user_secret,
};

use crate::server::{Found, ServerChange};

/// The endpoint of applications that want a database.
pub const DATABASE: &str = "database";

/// What an application adds to its request.
const EXTRA_USER_ROLES: &str = "extra-user-roles";
/// The longest name of a database that the real charm takes, in bytes.
const LONGEST_NAME: usize = 49;

/// The related applications, and what they have in common.
pub struct Clients<'a> {
    /// What is seen of them.
    pub seen: &'a Observation,
    /// What the names of their roles begin with.
    pub roles: &'static str,
    /// Where they find the server.
    pub endpoints: Endpoints,
    /// Whether it speaks TLS.
    pub tls: Tls,
}

/// Who logs in where.
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    /// For which relation.
    pub id: RelationId,
    /// The name of the role.
    pub role: String,
    /// Its password.
    pub password: Secret,
    /// The database.
    pub database: String,
    /// Whether it may do everything, to everything.
    pub superuser: bool,
}

impl Clients<'_> {
    /// Puts into `plan` what the applications are answered, and answers what the server has to do for it. Those in
    /// `rotated` get new passwords; `fresh` makes a new one.
    pub fn serve(
        &self,
        plan: &mut Plan,
        server: Option<&Found>,
        rotated: &BTreeSet<RelationId>,
        fresh: &mut dyn FnMut() -> Secret,
    ) -> Vec<ServerChange> {
        let mut changes = Vec::new();
        for relation in self.seen.relations(DATABASE) {
            let id = relation.id;
            let request = match request(relation) {
                Ok(request) => request,
                Err(trouble) => {
                    let text = format!("[{DATABASE}] {}: {trouble}", relation.application);
                    plan.status = Status::worst([plan.status.clone(), Status::Blocked(text)]);
                    continue;
                }
            };
            let rotate = server.is_some() && rotated.contains(&id);
            let kept = self.password(id).filter(|_| !rotate);
            let password = kept.cloned().unwrap_or_else(&mut *fresh);
            plan.secrets.extend(self.secrets(id, request.as_ref(), &password, server));
            let (Some(request), Some(found)) = (request, server) else { continue };
            if let Some(answer) = self.answer(relation, &request, &found.version) {
                if rotate || !found.admitted.contains(&id) {
                    changes.push(ServerChange::Admit(self.login(relation, request, password)));
                }
                plan.databags.insert(id, answer);
            }
        }
        let live: BTreeSet<RelationId> =
            self.seen.relations(DATABASE).iter().map(|one| one.id).collect();
        let roles = server.map(|found| found.roles.clone()).unwrap_or_default();
        changes.extend(roles.difference(&live).map(|id| ServerChange::Drop(self.role(*id))));
        let stale = self.seen.owned_secrets.keys().filter(|label| {
            let id = label.strip_prefix(DATABASE).and_then(|label| label.split('.').nth(1));
            id.and_then(|id| id.parse().ok()).is_some_and(|id| !live.contains(&RelationId(id)))
        });
        plan.secrets.extend(stale.map(|label| (label.clone(), None)));
        changes
    }

    /// Everybody who should be able to log in, as Juju has it.
    pub fn logins(&self) -> Vec<Login> {
        let login = |relation: &Relation| {
            let (request, password) = (request(relation).ok()??, self.password(relation.id)?);
            Some(self.login(relation, request, password.clone()))
        };
        self.seen.relations(DATABASE).iter().filter_map(login).collect()
    }

    /// The relations with a request that have a password in Juju.
    pub fn admitted(&self) -> BTreeSet<RelationId> {
        self.logins().into_iter().map(|login| login.id).collect()
    }

    fn login(&self, relation: &Relation, request: Request, password: Secret) -> Login {
        let Request { database, .. } = request;
        let superuser = relation.remote.get(EXTRA_USER_ROLES).is_some();
        Login { id: relation.id, role: self.role(relation.id), password, database, superuser }
    }

    fn role(&self, id: RelationId) -> String {
        format!("{}{id}", self.roles)
    }

    fn password(&self, id: RelationId) -> Option<&Secret> {
        self.seen.owned_secrets.get(&label(id, "user"))?.content.get("password")
    }

    /// The two secrets of a relation by label. They are made before they are asked for: one that is new can be granted
    /// only by a later hook.
    fn secrets(
        &self,
        id: RelationId,
        request: Option<&Request>,
        password: &Secret,
        server: Option<&Found>,
    ) -> [(String, Option<SecretPlan>); 2] {
        let (role, endpoints) = (self.role(id), &self.endpoints);
        let user = if let Some(Request { database, .. }) = request {
            user_secret(&role, password, endpoints, endpoints, database)
        } else {
            let fields = [("password", password.clone()), ("username", role.into())];
            fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
        };
        // What a server that does not answer will be known by is told when it does.
        let told = self.seen.owned_secrets.get(&label(id, "tls")).filter(|_| server.is_none());
        let tls = told.map_or_else(|| tls_secret(&self.tls), |told| told.content.clone());
        [("user", user), ("tls", tls)].map(|(group, content)| {
            (label(id, group), Some(SecretPlan { content, grants: [id].into() }))
        })
    }

    /// What an application is answered, once Juju keeps its secrets.
    fn answer(&self, relation: &Relation, request: &Request, version: &str) -> Option<Publication> {
        let owned = |group| self.seen.owned_secrets.get(&label(relation.id, group));
        let (user, tls): (&OwnedSecret, &OwnedSecret) = (owned("user")?, owned("tls")?);
        let (role, password) = (self.role(relation.id), user.content.get("password")?);
        let endpoints = &self.endpoints;
        // The secret itself may be of the time before the application asked for a database.
        let fields = user_secret(&role, password, endpoints, endpoints, &request.database);
        let answer = Answer {
            endpoints: endpoints.clone(),
            read_only_endpoints: endpoints.clone(),
            database: request.database.clone(),
            version: version.to_owned(),
            user: Group { uri: user.uri.clone(), content: fields },
            tls: Group { uri: tls.uri.clone(), content: tls_secret(&self.tls) },
        };
        Some(Publication::Exactly(answer.databag(request, &relation.remote)))
    }
}

/// The label of the secret with a group of fields for a relation.
fn label(id: RelationId, group: &str) -> String {
    format!("{DATABASE}.{id}.{group}.secret")
}

/// What the application asks for; `None` while it asks for nothing, `Err` says what is wrong with it.
fn request(relation: &Relation) -> Result<Option<Request>, String> {
    let request = Request::read(&relation.remote).map_err(|error| error.to_string())?;
    let Some(request) = request else { return Ok(None) };
    let name = request.database.as_str();
    let reserved = ["postgres", "template0", "template1"].contains(&name)
        || ["pg_", "relation_id_"].iter().any(|start| name.starts_with(start));
    if reserved || name.len() > LONGEST_NAME {
        return Err("database is reserved or longer than 49 bytes".to_owned());
    }
    match relation.remote.get(EXTRA_USER_ROLES) {
        Some(roles) if !roles.eq_ignore_ascii_case("superuser") => {
            Err(format!("{EXTRA_USER_ROLES} is another than SUPERUSER"))
        }
        _ => Ok(Some(request)),
    }
}
