//! `kubeflow_dashboard_links`: an item that the dashboard does not understand makes its hook fail.

use crate::always::always;
use crate::case::UI;

use super::json;

#[test]
fn links_have_the_six_known_keys_and_a_known_location() {
    let python = always(UI, |hook, found| {
        let keys = ["text", "link", "location", "icon", "type", "desc"];
        let locations = ["menu", "external", "quick", "documentation"];
        for (before, after) in hook.live("dashboard-links") {
            if before.local_app_data == after.local_app_data {
                continue;
            }
            for link in
                json(&after.local_app_data, "dashboard_links").as_array().into_iter().flatten()
            {
                let unknown = link
                    .as_object()
                    .into_iter()
                    .flatten()
                    .find(|(key, _)| !keys.contains(&key.as_str()));
                found.must(unknown.is_none(), format!("{unknown:?} is unknown"));
                let location = link["location"].as_str().unwrap_or_default();
                found.must(locations.contains(&location), format!("the location is {location:?}"));
                let needed = ["text", "link"].iter().all(|key| link[*key].is_string());
                found.must(needed, format!("{link} leads nowhere"));
            }
        }
    });
    assert_eq!(python, 0);
}

#[test]
fn the_leader_gives_the_link_in_every_hook_in_which_it_is_missing() {
    let python = always(UI, |hook, found| {
        for (_, after) in hook.live("dashboard-links").filter(|_| hook.speaks()) {
            let links = json(&after.local_app_data, "dashboard_links");
            found.same(&links[0]["link"], &"/feast/".into(), "the link");
            found.same(&links.as_array().map(Vec::len), &Some(1), "the number of links");
        }
    });
    assert_eq!(python, 5);
}
