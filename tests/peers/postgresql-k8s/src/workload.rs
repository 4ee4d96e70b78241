//! The server as a service of its container, and the password of its superuser.

use std::collections::BTreeMap;

use charm::{
    Check, File, Observation, Probe, Secret, SecretPlan, Service, ServiceState, Startup, Workload,
    checksum,
};

use crate::certificates::Certificates;

/// The container, and the layer in its plan.
pub(crate) const CONTAINER: &str = "postgresql";
/// The service.
pub(crate) const SERVICE: &str = "postgresql";
/// Where the server finds the password of its superuser when it starts for the first time.
pub(crate) const PASSWORD_FILE: &str = "/var/lib/postgresql/password";
/// Where the server finds its certificate and its key, if it has any.
const TLS: &str = "/var/lib/postgresql/tls";
/// Its certificate.
pub(crate) const CERTIFICATE_FILE: &str = "/var/lib/postgresql/tls/server.crt";
/// Its key.
pub(crate) const KEY_FILE: &str = "/var/lib/postgresql/tls/server.key";
/// The superuser, whom `run-postgresql` makes.
pub(crate) const SUPERUSER: &str = "postgres";
/// The port of the server.
pub(crate) const PORT: u16 = 5432;

/// The label of the secret that keeps the superuser's password; its only key is [`PASSWORD`].
pub(crate) const SUPERUSER_SECRET: &str = "superuser";
const PASSWORD: &str = "password";
const DATA: &str = "/var/lib/postgresql/data";

/// The superuser's password, once Juju keeps it.
pub(crate) fn superuser_password(seen: &Observation) -> Option<&Secret> {
    seen.owned_secrets.get(SUPERUSER_SECRET)?.content.get(PASSWORD)
}

/// The secret that keeps `password`.
pub(crate) fn superuser_secret(password: Secret) -> SecretPlan {
    SecretPlan { content: [(PASSWORD.to_owned(), password)].into(), grants: [].into() }
}

/// The server, which takes `password` for its superuser when it starts for the first time, and the certificate each time.
pub(crate) fn server(password: &Secret, certificates: Option<Certificates<'_>>) -> Workload {
    let private = |content: &Secret| File { content: content.clone(), mode: 0o600 };
    let tls: BTreeMap<String, File> = certificates
        .map(|tls| [(CERTIFICATE_FILE, tls.certificate), (KEY_FILE, tls.key)])
        .into_iter()
        .flatten()
        .map(|(path, content)| (path.to_owned(), private(content)))
        .collect();
    let mut environment = BTreeMap::from([
        ("POSTGRESQL_DATA".to_owned(), DATA.to_owned()),
        ("POSTGRESQL_PASSWORD_FILE".to_owned(), PASSWORD_FILE.to_owned()),
    ]);
    if !tls.is_empty() {
        environment.insert("POSTGRESQL_TLS".to_owned(), TLS.to_owned());
        environment.insert("TLS_SHA256".to_owned(), checksum(&tls));
    }
    let password = (PASSWORD_FILE.to_owned(), private(password));
    let service = Service {
        summary: "PostgreSQL".to_owned(),
        command: "run-postgresql".to_owned(),
        startup: Startup::Enabled,
        environment,
        ..Service::default()
    };
    let check = Check {
        level: None,
        period_ms: 5_000,
        timeout_ms: 3_000,
        threshold: 3,
        probe: Probe::Tcp(PORT),
    };
    Workload {
        services: BTreeMap::from([(SERVICE.to_owned(), service)]),
        checks: BTreeMap::from([(SERVICE.to_owned(), check)]),
        files: [password].into_iter().chain(tls).collect(),
        ..Workload::default()
    }
}

/// Whether the server's process exists.
pub(crate) fn runs(seen: &Observation) -> bool {
    seen.containers
        .get(CONTAINER)
        .and_then(|container| container.states.get(SERVICE))
        .is_some_and(|state| *state == ServiceState::Active)
}
