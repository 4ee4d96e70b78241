//! `show-config`: the file that is handed out.

use charm::{Answer, Secret};

/// The file and what lies beside it. Without `reveal`, nothing that may be secret is shown.
pub fn show_config(
    file: &Secret,
    certificates: Option<&str>,
    reveal: bool,
    note: Option<&str>,
) -> Vec<Answer> {
    let shown = if reveal { Some(file.reveal().to_owned()) } else { feast::redacted(file) };
    let Some(shown) = shown else {
        let reason = "feature_store.yaml is not one of ours, so nobody knows what in it is secret: run with reveal=true";
        return vec![Answer::Failure(reason.to_owned())];
    };
    let results = [
        Some(("feature-store-yaml", shown)),
        certificates.map(|text| ("certificates", text.to_owned())),
        note.map(|text| ("note", text.to_owned())),
    ];
    let results = results.into_iter().flatten().map(|(key, text)| (key.to_owned(), text));
    vec![Answer::Results(results.collect())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_asks_for_it_sees_what_is_secret() {
        let file: Secret = "online_store: {password: hunter2, user: u}".into();
        let shown = |reveal| match show_config(&file, Some("PEM"), reveal, None).as_slice() {
            [Answer::Results(results)] => results.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(shown(true)["feature-store-yaml"], file.reveal());
        let hidden = shown(false);
        assert!(hidden["feature-store-yaml"].contains("[redacted]"));
        assert!(!format!("{hidden:?}").contains("hunter2"));
        assert_eq!((hidden["certificates"].as_str(), hidden.len()), ("PEM", 2));
    }

    #[test]
    fn what_is_no_file_of_ours_is_not_shown_unasked() {
        let answers = show_config(&"[hunter2".into(), None, false, Some("x"));
        let [Answer::Failure(reason)] = answers.as_slice() else { panic!("{answers:?}") };
        assert!(!reason.contains("hunter2"), "{reason}");
    }
}
