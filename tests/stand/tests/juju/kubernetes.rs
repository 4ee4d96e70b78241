//! What Juju makes in Kubernetes, and what becomes of it there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use stand::controller::Controller;
use stand::missing::{Need, needs};

use crate::support::{LIMIT, cache, can_run_juju, controller, deploy, deploy_untrusted};

/// The model, and so the namespace.
const MODEL: &str = "kubeflow";

#[test]
fn juju_makes_all_that_an_application_is_and_takes_it_away_again() {
    if !can_run_juju() {
        return;
    }
    let controller = controller();
    let namespace = object(&controller, "namespace", "", MODEL);
    assert_eq!(namespace["metadata"]["labels"]["app.kubernetes.io/managed-by"], "juju");
    deploy(&controller, "teller", 2);
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();

    assert_eq!(
        all_of(&controller, "teller"),
        [
            "ClusterRole/kubeflow-teller",
            "ClusterRoleBinding/kubeflow-teller",
            "Role/teller",
            "RoleBinding/teller",
            "Secret/teller-application-config",
            "Service/teller",
            "Service/teller-endpoints",
            "ServiceAccount/teller",
            "StatefulSet/teller",
        ]
    );
    controller.wait(LIMIT, |_| set(&controller)["status"]["readyReplicas"] == 2).unwrap();
    let set = set(&controller);
    assert_eq!(set["status"]["replicas"], 2);
    assert_eq!(set["status"]["observedGeneration"], set["metadata"]["generation"]);
    assert_eq!(set["status"]["currentRevision"], set["status"]["updateRevision"]);
    let columns = controller.kubernetes().kubectl(["get", "pods", "--namespace", MODEL]).unwrap();
    let columns: Vec<Vec<&str>> =
        columns.lines().map(|line| line.split_whitespace().take(4).collect()).collect();
    assert_eq!(
        columns,
        [
            ["NAME", "READY", "STATUS", "RESTARTS"],
            ["teller-0", "2/2", "Running", "0"],
            ["teller-1", "2/2", "Running", "0"],
        ]
    );
    let pod = object(&controller, "pod", MODEL, "teller-1");
    assert_eq!(pod["status"]["podIP"], format!("{}.1.2", controller.network()));
    assert_eq!(pod["metadata"]["annotations"]["unit.juju.is/id"], "teller/1");

    controller.juju(["scale-application", "teller", "1"]).unwrap();
    let pods = || controller.kubernetes().kubectl(["get", "pods", "-n", MODEL, "-o", "name"]);
    controller.wait(LIMIT, |_| pods().unwrap() == "pod/teller-0\n").unwrap();
    controller.juju(["remove-application", "--no-prompt", "teller"]).unwrap();
    controller.wait(LIMIT, |status| status.applications.is_empty()).unwrap();
    assert_eq!(all_of(&controller, "teller"), [] as [&str; 0]);
    assert_eq!(pods().unwrap(), "");
}

#[test]
fn juju_trust_changes_what_a_charm_may_do_as_its_service_account() {
    if !can_run_juju() || !needs(&[Need::Namespaces]) {
        return;
    }
    let controller = controller();
    deploy_untrusted(&controller, "teller", 1);
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();
    let account = || {
        let text = controller.juju(["run", "teller/0", "environment", "--format=json"]).unwrap();
        let results: Value = serde_json::from_str(&text).unwrap();
        results["teller/0"]["results"]["account"].as_str().unwrap().to_owned()
    };
    // The namespace, whose file is without an end of line, and the token.
    let token = account().trim().strip_prefix(MODEL).unwrap().to_owned();

    // What is not allowed is not allowed anywhere, and reading pods is what everybody may at home.
    let may =
        |verb: &str, what: &str, namespace: &str| may(&controller, &token, verb, what, namespace);
    assert!(may("patch", "pods", MODEL));
    assert!(!may("list", "secrets", MODEL));
    assert!(!may("create", "secrets", "default"));
    controller.juju(["trust", "teller", "--scope=cluster"]).unwrap();
    controller.wait(LIMIT, |_| may("create", "secrets", "default")).unwrap();
    assert!(may("list", "secrets", MODEL));
    controller.juju(["trust", "teller", "--scope=cluster", "--remove"]).unwrap();
    controller.wait(LIMIT, |_| !may("create", "secrets", "default")).unwrap();
    assert!(may("patch", "pods", MODEL));
    assert!(!may("list", "secrets", MODEL));

    // The token ends with its pod, and the next pod has another.
    controller.kill("teller/0").unwrap();
    controller.wait(LIMIT, |_| !may("patch", "pods", MODEL)).unwrap();
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();
    assert!(!account().contains(&token));
}

#[test]
fn what_is_in_secrets_is_in_kubernetes_and_nowhere_in_juju() {
    if !can_run_juju() {
        return;
    }
    let controller = controller();
    deploy(&controller, "teller", 1);
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();

    // Juju keeps what is asked of units, and what they answer.
    let word = controller.folder().join("word");
    fs::write(&word, "open-sesame").unwrap();
    let exec =
        |command: &str| controller.juju(["exec", "--unit", "teller/0", "--", command]).unwrap();
    let uri = exec(&format!("secret-add word#file={}", word.display()));
    let (_, id) = uri.trim().rsplit_once([':', '/']).unwrap();
    let revision = format!("{id}-1");
    let kept = object(&controller, "secret", MODEL, &revision);
    assert_eq!(kept["data"]["word"], "b3Blbi1zZXNhbWU=");
    let told = exec(&format!("secret-get {} word | rev", uri.trim()));
    assert_eq!(told.trim(), "emases-nepo");
    let databases = fs::read_dir(controller.folder().join("databases")).unwrap();
    for file in databases.map(|entry| entry.unwrap().path()) {
        let content = fs::read(&file).unwrap();
        let found = content.windows(11).any(|bytes| bytes == b"open-sesame")
            || content.windows(16).any(|bytes| bytes == b"b3Blbi1zZXNhbWU=");
        assert!(!found, "{}", file.display());
    }

    exec(&format!("secret-remove {}", uri.trim()));
    let read = || controller.kubernetes().read("secret", MODEL, &revision).unwrap();
    controller.wait(LIMIT, |_| read().is_none()).unwrap();
}

#[test]
fn a_pod_is_ready_when_pebble_says_so_and_a_container_that_does_not_live_starts_again() {
    if !can_run_juju() {
        return;
    }
    let controller = controller();
    deploy(&controller, "teller", 1);
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();
    let ready = || controller.pods().unwrap().first().is_some_and(|pod| pod.ready);
    let by_name = || fs::read_to_string(controller.hosts()).unwrap().contains(" teller.kubeflow ");
    controller.wait(LIMIT, |_| ready() && by_name()).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let (well, alive) = (folder.path().join("well"), folder.path().join("alive"));
    fs::write(&well, "").unwrap();
    fs::write(&alive, "").unwrap();
    check(&controller, "well", "ready", &well);
    check(&controller, "alive", "alive", &alive);
    fs::remove_file(&well).unwrap();
    controller.wait(LIMIT, |_| !ready() && !by_name()).unwrap();
    let pod = object(&controller, "pod", MODEL, "teller-0");
    let statuses = pod["status"]["containerStatuses"].as_array().unwrap();
    let told: Vec<_> = statuses.iter().map(|one| (&one["name"], &one["ready"])).collect();
    assert_eq!(told, [(&"charm".into(), &true.into()), (&"workload".into(), &false.into())]);
    fs::write(&well, "").unwrap();
    controller.wait(LIMIT, |_| ready() && by_name()).unwrap();
    assert_eq!(controller.pods().unwrap()[0].restarts, 0);

    let process = controller.pods().unwrap()[0].process;
    fs::remove_file(&alive).unwrap();
    // The checks are gone with the files of the container that had them.
    controller.wait(LIMIT, |_| controller.pods().unwrap()[0].restarts == 1 && ready()).unwrap();
    assert_eq!(controller.pods().unwrap()[0].process, process);
    let restarts = || {
        let path = "-o=jsonpath={.status.containerStatuses[*].restartCount}";
        controller.kubernetes().kubectl(["get", "pod", "teller-0", "-n", MODEL, path]).unwrap()
    };
    controller.wait(LIMIT, |_| restarts() == "0 1").unwrap();
}

#[test]
fn pods_are_replaced_one_after_the_other_when_their_template_changes() {
    if !can_run_juju() {
        return;
    }
    let controller = controller();
    deploy(&controller, "teller", 2);
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();
    let pods = || {
        let path = "-o=jsonpath={range .items[*]}{.metadata.name}={.metadata.uid}={.metadata.labels.mesh} {end}";
        controller.kubernetes().kubectl(["get", "pods", "-n", MODEL, path]).unwrap()
    };
    let before = pods();
    let patch = r#"{"spec":{"template":{"metadata":{"labels":{"mesh":"yes"}}}}}"#;
    controller
        .kubernetes()
        .kubectl(["patch", "statefulset", "teller", "-n", MODEL, "--patch", patch])
        .unwrap();
    controller.wait(LIMIT, |_| pods().matches("=yes").count() == 2).unwrap();
    controller.wait(LIMIT, |_| set(&controller)["status"]["updatedReplicas"] == 2).unwrap();
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();
    for pod in before.split_whitespace() {
        assert!(!pods().contains(pod.trim_end_matches('=')), "{before} {}", pods());
    }
    // Each has been told to stop, and has come back as who it was; the highest was the first.
    for unit in ["teller/0", "teller/1"] {
        let hooks = controller.hooks(unit).unwrap();
        let stop = hooks.iter().position(|hook| hook == "stop").unwrap();
        assert!(hooks[stop..].contains(&"start".to_owned()), "{hooks:?}");
    }
    let log = fs::read_to_string(controller.folder().join("logs/logsink.log")).unwrap();
    let stops: Vec<&str> = log
        .lines()
        .filter(|line| line.contains(r#"ran \"stop\" hook"#))
        .map(|line| if line.contains("unit-teller-1") { "teller/1" } else { "teller/0" })
        .collect();
    assert_eq!(stops, ["teller/1", "teller/0"]);
}

/// Gives the workload a Pebble check of this level, that succeeds while there is a file.
fn check(controller: &Controller, name: &str, level: &str, file: &Path) {
    let layer = controller.folder().join(format!("{name}.yaml"));
    let text = format!(
        "checks: {{{name}: {{override: replace, level: {level}, period: 100ms, threshold: 1, exec: {{command: test -e {}}}}}}}",
        file.display()
    );
    fs::write(&layer, text).unwrap();
    pebble(controller, &["add", name, layer.to_str().unwrap()]);
    pebble(controller, &["replan"]);
}

fn pebble(controller: &Controller, arguments: &[&str]) {
    let socket: PathBuf = controller.folder().join("pebble/teller-0/workload/pebble.socket");
    let program = stand::pebble::pebble(&cache()).unwrap();
    let output =
        Command::new(program).args(arguments).env("PEBBLE_SOCKET", &socket).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Whether the holder of a token may do something.
fn may(controller: &Controller, token: &str, verb: &str, what: &str, namespace: &str) -> bool {
    let kubernetes = controller.kubernetes();
    let mut kubectl = kubernetes.command();
    let output = kubectl
        .env("KUBECONFIG", "/dev/null")
        .args(["auth", "can-i", verb, what, "--namespace", namespace])
        .args(["--server", kubernetes.server(), "--token", token, "--certificate-authority"])
        .arg(kubernetes.ca())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).trim() == "yes"
}

fn object(controller: &Controller, kind: &str, namespace: &str, name: &str) -> Value {
    controller.kubernetes().read(kind, namespace, name).unwrap().unwrap()
}

fn set(controller: &Controller) -> Value {
    object(controller, "statefulset", MODEL, "teller")
}

/// Everything that Juju has labelled as of this application, as `Kind/name`, but pods.
fn all_of(controller: &Controller, application: &str) -> Vec<String> {
    let kinds = "statefulset,service,serviceaccount,role,rolebinding,clusterrole,clusterrolebinding,secret,configmap";
    let selector =
        format!("app.kubernetes.io/name={application},app.kubernetes.io/managed-by=juju");
    let text = controller
        .kubernetes()
        .kubectl(["get", kinds, "--all-namespaces", "--selector", &selector, "--output=json"])
        .unwrap();
    let list: Value = serde_json::from_str(&text).unwrap();
    let mut all: Vec<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let (kind, name) = (&item["kind"], &item["metadata"]["name"]);
            format!("{}/{}", kind.as_str().unwrap(), name.as_str().unwrap())
        })
        .collect();
    all.sort();
    all
}
