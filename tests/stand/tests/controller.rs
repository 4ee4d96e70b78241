//! A real Juju controller does with real units what operators ask for.

mod support;

use stand::controller::{Controller, Settings};
use support::{LIMIT, cache, can_run_juju, charm, controller, deploy};

#[test]
fn operators_deploy_configure_relate_scale_refresh_and_remove() {
    if !can_run_juju() {
        return;
    }
    let controller = controller();
    deploy(&controller, "one", 1);
    deploy(&controller, "two", 1);
    controller.wait(LIMIT, |status| status.settled(&["one", "two"])).unwrap();

    controller.juju(["integrate", "one:give", "two:take"]).unwrap();
    wait_for_log(&controller, "unit-two-0: remote says hello from one/0");

    controller.juju(["config", "one", "word=good"]).unwrap();
    controller
        .wait(LIMIT, |status| {
            status
                .unit("one/0")
                .is_some_and(|unit| unit.workload_status.message.starts_with("good"))
        })
        .unwrap();

    let output = controller.juju(["run", "one/0", "greet", "who=you", "--format=json"]).unwrap();
    assert!(output.contains("hello you from one/0"), "{output}");
    assert!(output.contains("on standard output"), "{output}");
    let output = controller.juju(["run", "one/0", "fail"]).unwrap();
    assert!(!output.contains("hello"), "{output}");

    controller.juju(["scale-application", "one", "2"]).unwrap();
    let status = controller
        .wait(LIMIT, |status| status.settled(&["one"]) && status.unit("one/1").is_some())
        .unwrap();
    assert_eq!(status.unit("one/1").unwrap().address, format!("{}.1.2", controller.network()));

    let again = charm(controller.folder());
    controller.juju(["refresh", "one", "--path", again.to_str().unwrap()]).unwrap();
    wait_for_log(&controller, "unit-one-0: ran hooks/upgrade-charm");
    wait_for_log(&controller, "unit-one-1: ran hooks/upgrade-charm");

    controller.juju(["scale-application", "one", "1"]).unwrap();
    wait_for_log(&controller, "unit-one-1: ran hooks/stop");
    wait_for_log(&controller, "unit-one-1: ran hooks/remove");

    controller.juju(["remove-application", "--no-prompt", "one", "two"]).unwrap();
    controller.wait(LIMIT, |status| status.applications.is_empty()).unwrap();
    wait_for_log(&controller, "unit-one-0: ran hooks/give-relation-broken");
    wait_for_log(&controller, "unit-two-0: ran hooks/remove");
    assert_eq!(controller.pods().unwrap(), []);
}

#[test]
fn hooks_have_what_juju_gives_them_and_nothing_of_this_machine() {
    if !can_run_juju() {
        return;
    }
    let settings = Settings {
        kubernetes: Some(([127, 0, 0, 1], 6443).into()),
        hook_variables: [("EXTRA".to_owned(), "a b".to_owned())].into(),
        ..Settings::default()
    };
    let controller = Controller::start(&cache(), &settings).unwrap();
    deploy(&controller, "teller", 1);
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();

    let output = controller.juju(["run", "teller/0", "environment", "--format=json"]).unwrap();
    assert!(!output.contains(" CARGO"), "{output}");
    assert!(output.contains(" CHARM_CONTAINERS_DIR CHARM_DIR "), "{output}");
    assert!(output.contains(r#""extra":"a b""#), "{output}");
    assert!(output.contains(r#""kubernetes":"127.0.0.1:6443""#), "{output}");
    assert!(output.contains("registrypath: docker.io/stand/teller:1"), "{output}");
    let address = format!("{}.1.1", controller.network());
    assert!(output.contains(&format!("{address} localhost;")), "{output}");
    assert!(output.contains(&format!("{address} teller teller.kubeflow ")), "{output}");
}

#[test]
fn another_unit_leads_when_the_leader_is_lost() {
    if !can_run_juju() {
        return;
    }
    let controller = controller();
    deploy(&controller, "teller", 2);
    let status = controller
        .wait(LIMIT, |status| status.settled(&["teller"]) && status.leader("teller").is_some())
        .unwrap();
    let leader = status.leader("teller").unwrap().to_owned();

    controller.kill_and_hold(&leader).unwrap();
    controller
        .wait(LIMIT, |status| status.leader("teller").is_some_and(|now| now != leader))
        .unwrap();
    assert_eq!(controller.pods().unwrap().len(), 1);

    controller.release(&leader).unwrap();
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();
    assert_eq!(controller.pods().unwrap().len(), 2);
}

#[test]
fn a_container_that_is_killed_comes_back_and_is_ready_again() {
    if !can_run_juju() {
        return;
    }
    let controller = controller();
    deploy(&controller, "teller", 1);
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();
    let ready = "unit-teller-0: ran hooks/workload-pebble-ready";
    wait_for_log(&controller, ready);
    let before = controller.debug_log().unwrap().matches(ready).count();

    controller.kill_container("teller/0", "workload").unwrap();
    controller
        .wait(LIMIT, |_| controller.debug_log().unwrap().matches(ready).count() > before)
        .unwrap();
    let error = controller.kill_container("teller/7", "workload").unwrap_err();
    assert!(error.to_string().contains("teller/7"), "{error}");
}

#[test]
fn an_evicted_pod_stops_and_a_new_one_takes_its_place() {
    if !can_run_juju() {
        return;
    }
    let controller = controller();
    deploy(&controller, "teller", 1);
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();
    let before = controller.pods().unwrap().first().unwrap().process;

    controller.evict("teller/0").unwrap();
    wait_for_log(&controller, "unit-teller-0: ran hooks/stop");
    wait_for_log(&controller, "unit-teller-0: ran hooks/upgrade-charm");
    assert_ne!(controller.pods().unwrap().first().unwrap().process, before);
}

#[test]
fn two_controllers_know_nothing_of_each_other() {
    if !can_run_juju() {
        return;
    }
    let (one, other) = (controller(), controller());
    assert_ne!(one.network(), other.network());
    deploy(&one, "teller", 1);
    deploy(&other, "teller", 1);
    for controller in [&one, &other] {
        let status = controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();
        let address = &status.unit("teller/0").unwrap().address;
        assert!(address.starts_with(controller.network()), "{address}");
    }
}

#[test]
fn nothing_is_left_of_a_controller_that_is_dropped() {
    if !can_run_juju() {
        return;
    }
    let controller = controller();
    deploy(&controller, "teller", 2);
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();
    let folder = controller.folder().to_owned();
    assert!(processes_of(&folder).len() >= 7, "{:?}", processes_of(&folder));

    drop(controller);
    assert_eq!(processes_of(&folder), [] as [String; 0]);
    assert!(!folder.exists());
}

/// Waits until `juju debug-log` has `text`. Its lines are `unit-APP-N: TIME LEVEL MODULE MESSAGE`; time, level and module
/// are left out.
fn wait_for_log(controller: &Controller, text: &str) {
    let (unit, message) = text.split_once(": ").unwrap();
    controller
        .wait(LIMIT, |_| {
            controller
                .debug_log()
                .unwrap()
                .lines()
                .any(|line| line.starts_with(unit) && line.ends_with(message))
        })
        .unwrap();
}

/// The command lines of all processes that have to do with `folder`.
fn processes_of(folder: &std::path::Path) -> Vec<String> {
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read(entry.unwrap().path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(folder.to_str().unwrap()))
        .collect()
}
