//! What a charm that dies in the middle leaves to the next.

use charm::{Service, Workload};

use crate::daemon::{CONTAINER, Daemon, named, sleeping};

#[tokio::test]
async fn a_service_runs_as_planned_after_the_next_hook_wherever_the_last_one_died() {
    let Some(daemon) = Daemon::start().await else { return };
    let path = daemon.path("started-with");
    let workload = |version: &str| {
        let command = format!("sh -c 'echo $VERSION >{path} && exec sleep 300'");
        let environment = named([("VERSION", version.to_owned())]);
        Workload {
            services: named([("app", Service { command, environment, ..sleeping() })]),
            ..Workload::default()
        }
    };
    let changes = async |workload: &Workload| {
        workload.changes(&daemon.pebble.observe(&[]).await.unwrap().unwrap())
    };
    let hook = async |workload: &Workload| {
        for change in changes(workload).await {
            daemon.pebble.apply(CONTAINER, &change).await.unwrap();
        }
    };
    hook(&workload("old")).await;
    let steps = changes(&workload("new")).await.len();
    assert_eq!(steps, 3);
    for survived in 0..=steps {
        hook(&workload("old")).await;
        let new = workload("new");
        for change in &changes(&new).await[..survived] {
            daemon.pebble.apply(CONTAINER, change).await.unwrap();
        }
        hook(&new).await;
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new\n", "dead after {survived}");
        assert_eq!(changes(&new).await, [], "dead after {survived}");
    }
}
