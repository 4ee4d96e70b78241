//! Programs have views of the file system that are theirs alone.

use std::fs;
use std::path::Path;
use std::process::Command;

use stand::missing::{Need, needs};
use stand::script;
use stand::view::{Mode, View};

#[test]
fn files_are_seen_at_paths_that_this_machine_does_not_have() {
    if !needs(&[Need::Namespaces]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (tree, file) = (folder.path().join("tree"), folder.path().join("file"));
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("leaf"), "leaf").unwrap();
    fs::write(&file, "file").unwrap();
    let view = View::new()
        .mount(&tree, "/stand-test/tree")
        .mount(&file, "/stand-test/tree/new/file")
        .mount(&file, "/home/stand-test/file")
        .mount(&file, "/usr/bin/stand-test");

    let seen = "cat /stand-test/tree/leaf /stand-test/tree/new/file /home/stand-test/file /usr/bin/stand-test";
    assert_eq!(run(&view, seen), "leaffilefilefile");
    // What is not mentioned is as ever.
    assert_eq!(run(&view, "pwd; test -d /proc/self && test -e /usr/bin/env && id -u"), {
        let here = std::env::current_dir().unwrap();
        format!("{}\n{}\n", here.display(), rustix::process::getuid().as_raw())
    });
    // And nothing has been written to get there.
    for path in ["/stand-test", "/home/stand-test", "/usr/bin/stand-test"] {
        assert!(!Path::new(path).exists(), "{path}");
    }
    assert_eq!(fs::read_dir(&tree).unwrap().count(), 1);
}

#[test]
fn what_is_written_to_a_mounted_folder_is_there_and_what_is_written_beside_it_is_gone() {
    if !needs(&[Need::Namespaces]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let view = View::new().mount(folder.path(), "/home/stand-test/data");
    run(&view, "echo kept > /home/stand-test/data/file; echo lost > /home/stand-test/file");
    assert_eq!(fs::read_to_string(folder.path().join("file")).unwrap(), "kept\n");
    assert_eq!(run(&view, "echo /home/stand-test/*"), "/home/stand-test/data\n");
}

#[test]
fn hosts_that_change_are_seen_by_a_program_that_runs() {
    if !needs(&[Need::Namespaces]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts");
    fs::write(&hosts, "127.9.9.1 feast-ui.kubeflow.svc.cluster.local\n").unwrap();
    let view = View::new().hosts(&hosts);
    let lookup = "getent hosts feast-ui.kubeflow.svc.cluster.local | cut -d' ' -f1";
    let script = format!(
        "{lookup}; echo 127.9.9.2 feast-ui.kubeflow.svc.cluster.local > {}; {lookup}",
        hosts.display()
    );
    assert_eq!(run(&view, &script), "127.9.9.1\n127.9.9.2\n");
}

#[test]
fn path_and_variables_are_those_of_the_view() {
    if !needs(&[Need::Namespaces]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("stand-test-program");
    script::write(&program, "#!/bin/sh\necho it says $WORD").unwrap();
    let view = View::new()
        .mount(folder.path(), "/stand-test/bin")
        .path("/stand-test/bin")
        .variable("WORD", "well");
    assert_eq!(run(&view, "stand-test-program"), "it says well\n");
}

#[test]
fn a_mode_that_works_is_found_and_named_modes_are_tried() {
    if !needs(&[Need::Namespaces]) {
        return;
    }
    assert!(Mode::ALL.into_iter().any(Mode::works));
    assert!(stand::view::mode().unwrap().works());
}

#[test]
fn a_view_of_something_that_is_not_there_says_so() {
    if !needs(&[Need::Namespaces]) {
        return;
    }
    let view = View::new().mount("/stand-test/absent", "/stand-test/there");
    let error = view.command("true", [] as [&str; 0]).unwrap_err();
    assert!(
        error.to_string().contains("showing /stand-test/absent as /stand-test/there"),
        "{error}"
    );
}

fn run(view: &View, script: &str) -> String {
    let mut command: Command = view.command("sh", ["-c", script]).unwrap();
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
