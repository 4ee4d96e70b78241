//! A real Juju controller does with real units what operators ask for.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{LIMIT, cache, can_run_juju, charm, controller, deploy};
use rustix::process::{Pid, Signal, kill_process};
use stand::controller::{Controller, DatabagChange, Settings};
use stand::image::{Image, Mount};
use stand::missing::{Need, needs};
use stand::script;

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
    let server = controller.kubernetes().server().strip_prefix("https://").unwrap();
    assert!(output.contains(&format!(r#""kubernetes":"{server}""#)), "{output}");
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
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();

    // At once, and when its lease runs out.
    for lose in [Controller::kill_and_hold, Controller::lose] {
        let status = controller.wait(LIMIT, |status| status.leader("teller").is_some()).unwrap();
        let leader = status.leader("teller").unwrap().to_owned();
        lose(&controller, &leader).unwrap();
        controller
            .wait(LIMIT, |status| status.leader("teller").is_some_and(|now| now != leader))
            .unwrap();
        assert_eq!(controller.pods().unwrap().len(), 1);

        controller.release(&leader).unwrap();
        controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();
        assert_eq!(controller.pods().unwrap().len(), 2);
    }
}

#[test]
fn the_history_tells_every_change_of_a_databag_and_whose_it_was() {
    if !can_run_juju() {
        return;
    }
    let controller = controller();
    deploy(&controller, "one", 2);
    deploy(&controller, "two", 1);
    controller.wait(LIMIT, |status| status.settled(&["one", "two"])).unwrap();
    assert_eq!(controller.history().unwrap().databags, []);

    controller.juju(["integrate", "one:give", "two:take"]).unwrap();
    controller.wait(LIMIT, |_| controller.history().unwrap().databags.len() == 2).unwrap();
    controller.juju(["remove-relation", "one", "two"]).unwrap();
    controller.wait(LIMIT, |_| controller.history().unwrap().databags.len() == 4).unwrap();

    let status = controller.status().unwrap();
    let history = controller.history().unwrap();
    let told = |change: &DatabagChange| {
        let DatabagChange { application, endpoint, key, value, writer, .. } = change;
        format!("{application}:{endpoint} {key} {} {writer}", value.len())
    };
    let mut all: Vec<String> = history.databags.iter().map(told).collect();
    all.sort();
    let leader = status.leader("one").unwrap();
    assert_eq!(
        all,
        [
            "one:give word 0 ".to_owned(),
            format!("one:give word 16 {leader}"),
            "two:take word 0 ".to_owned(),
            "two:take word 16 two/0".to_owned(),
        ]
    );
    let written = history.databags.iter().filter(|change| !change.writer.is_empty());
    assert!(written.clone().all(|change| history.is_by_the_leader(change)), "{history:?}");
    assert_eq!(written.count(), 2);
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
    let before = count_in_log(&controller, ready);

    controller.kill_container("teller/0", "workload").unwrap();
    controller.wait(LIMIT, |_| count_in_log(&controller, ready) > before).unwrap();
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
    let hooks = || controller.hooks("teller/0").unwrap();
    let starts = || hooks().iter().filter(|hook| *hook == "start").count();
    controller.wait(LIMIT, |_| starts() == 2).unwrap();
    assert_eq!(hooks()[0], "install");
    let stop = hooks().iter().position(|hook| hook == "stop").unwrap();
    assert!(hooks()[stop..].contains(&"upgrade-charm".to_owned()), "{:?}", hooks());
    assert_ne!(controller.pods().unwrap().first().unwrap().process, before);
}

#[test]
fn removal_can_be_as_hasty_as_this_version_of_juju() {
    if !can_run_juju() {
        return;
    }
    let settings = Settings { plain_removal: true, ..Settings::default() };
    let controller = Controller::start(&cache(), &settings).unwrap();
    deploy(&controller, "teller", 2);
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();

    controller.juju(["scale-application", "teller", "1"]).unwrap();
    controller.wait(LIMIT, |status| status.unit("teller/1").is_none()).unwrap();
    assert_eq!(count_in_log(&controller, "unit-teller-1: ran hooks/remove"), 0);
}

#[test]
fn a_wait_in_vain_shows_the_status_and_what_went_wrong() {
    if !can_run_juju() {
        return;
    }
    let controller = controller();
    deploy(&controller, "teller", 1);
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();
    controller.juju(["config", "teller", "word=fail"]).unwrap();
    controller
        .wait(LIMIT, |status| {
            status.unit("teller/0").is_some_and(|unit| unit.workload_status.current == "error")
        })
        .unwrap();

    let error = controller.wait(Duration::ZERO, |status| status.settled(&["teller"])).unwrap_err();
    let text = format!("{error:?}");
    assert!(text.contains("\nteller/0*  error "), "{text}");
    assert!(text.contains("the word was fail"), "{text}");
    controller.juju(["config", "teller", "word=well"]).unwrap();
    controller.juju(["resolved", "teller/0"]).unwrap();
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();
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

#[test]
fn nothing_is_left_of_a_controller_that_is_killed() {
    if !can_run_juju() {
        return;
    }
    let controller = controller();
    deploy(&controller, "teller", 2);
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();

    kill_process(Pid::from_raw(controller.process().cast_signed()).unwrap(), Signal::KILL).unwrap();
    let started = Instant::now();
    while !processes_of(controller.folder()).is_empty() {
        assert!(started.elapsed() < LIMIT, "{:?}", processes_of(controller.folder()));
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_container_has_the_files_and_the_environment_of_its_image() {
    if !can_run_juju() || !needs(&[Need::Namespaces]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    fs::create_dir(&files).unwrap();
    fs::write(files.join("original"), "original").unwrap();
    script::write(&files.join("service"), include_str!("charm/service")).unwrap();
    let mount = |to: &str| Mount { from: files.clone(), to: to.into() };
    let image = Image {
        mounts: vec![mount("/opt/teller")],
        copies: vec![mount("/opt/teller/copy"), mount("/srv/copy")],
        scratch: vec!["/home/ubuntu".into()],
        path: vec!["/opt/teller".into()],
        environment: [("IMAGE".to_owned(), "teller".to_owned())].into(),
    };
    let images = folder.path().join("images");
    fs::create_dir(&images).unwrap();
    fs::write(images.join("teller.json"), serde_json::to_vec(&image).unwrap()).unwrap();
    let settings = Settings { images: Some(images), ..Settings::default() };
    let controller = Controller::start(&cache(), &settings).unwrap();
    deploy(&controller, "teller", 1);
    controller.wait(LIMIT, |status| status.settled(&["teller"])).unwrap();

    let sockets = controller.folder().join("pebble/teller-0/workload/pebble.socket");
    let pebble = |arguments: &[&str]| {
        let program = stand::pebble::pebble(&cache()).unwrap();
        let output =
            Command::new(program).args(arguments).env("PEBBLE_SOCKET", &sockets).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    };
    let told = pebble(&["exec", "service"]);
    let address = format!("{}.1.1", controller.network());
    // Only root can start containers as who the charm's metadata say.
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    let user = if uid.is_root() {
        "584792:584792".to_owned()
    } else {
        format!("{}:{}", uid.as_raw(), gid.as_raw())
    };
    let wanted =
        format!("{address} teller /home/ubuntu {user}\noriginal changed\n{address} localhost\n");
    assert_eq!(told, wanted);

    // A container that starts again has the files of its image, not those of its past.
    controller.kill_container("teller/0", "workload").unwrap();
    controller.wait(LIMIT, |_| pebble(&["exec", "service"]) == wanted).unwrap();
    assert_eq!(fs::read_dir(&files).unwrap().count(), 2);
}

/// Waits until `juju debug-log` has `text`.
fn wait_for_log(controller: &Controller, text: &str) {
    controller.wait(LIMIT, |_| count_in_log(controller, text) > 0).unwrap();
}

/// How many lines of `juju debug-log` say `text`. They are `unit-APP-N: TIME LEVEL MODULE MESSAGE`; `text` is without
/// time, level and module.
fn count_in_log(controller: &Controller, text: &str) -> usize {
    let (unit, message) = text.split_once(": ").unwrap();
    let log = controller.debug_log().unwrap();
    log.lines().filter(|line| line.starts_with(unit) && line.ends_with(message)).count()
}

/// The command lines of all processes that have to do with `folder`.
fn processes_of(folder: &Path) -> Vec<String> {
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| fs::read(entry.unwrap().path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(folder.to_str().unwrap()) && !line.contains("/kubernetes/"))
        .collect()
}
