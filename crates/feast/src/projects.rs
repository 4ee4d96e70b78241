//! The projects of a registry.

/// The question for a registry's projects, whose rows [`Project::read`] understands.
///
/// The table is as Feast's SQL registry makes it: `project_id`, `project_name`, `last_updated_timestamp` in seconds since
/// 1970, and `project_proto`. Each project counts its feature views of all three kinds.
pub const PROJECTS: &str = "SELECT p.project_name, p.last_updated_timestamp, \
     (SELECT count(*) FROM feature_views v WHERE v.project_id = p.project_id) \
     + (SELECT count(*) FROM stream_feature_views v WHERE v.project_id = p.project_id) \
     + (SELECT count(*) FROM on_demand_feature_views v WHERE v.project_id = p.project_id) \
     FROM projects p ORDER BY p.project_name";

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// When something in it was last applied, in seconds since 1970; none where the registry does not say.
    pub updated: Option<i64>,
    /// How many feature views it has.
    pub feature_views: u64,
}

impl Project {
    /// Reads a row.
    pub fn read(row: &[Option<String>]) -> Option<Self> {
        let [Some(name), updated, Some(feature_views)] = row else { return None };
        let updated = updated.as_deref().and_then(|seconds| seconds.parse().ok());
        Some(Self { name: name.clone(), updated, feature_views: feature_views.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_project() {
        let row = |row: [Option<&str>; 3]| Project::read(&row.map(|text| text.map(str::to_owned)));
        let project =
            Project { name: "shop".to_owned(), updated: Some(1_700_000_000), feature_views: 3 };
        assert_eq!(row([Some("shop"), Some("1700000000"), Some("3")]), Some(project.clone()));
        let unknown = Project { updated: None, ..project };
        assert_eq!(row([Some("shop"), None, Some("3")]), Some(unknown));
        assert_eq!(row([None, None, Some("3")]), None);
        assert_eq!(Project::read(&[]), None);
    }
}
