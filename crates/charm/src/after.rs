//! What the world looks like once changes have been made.

use crate::{Change, Observation, OwnedSecret, Sight};

impl Observation {
    /// This observation after `changes`, as the next hook would see it.
    ///
    /// What a container does with a change is Pebble's to say: services that were replanned are taken to run, and
    /// their checks to pass.
    #[must_use]
    pub fn after(&self, changes: &[Change]) -> Self {
        let mut seen = self.clone();
        for change in changes {
            seen.make(change);
        }
        seen
    }

    fn make(&mut self, change: &Change) {
        match change {
            Change::Workload(name, change) => {
                if let Some(container) = self.containers.get_mut(name) {
                    container.make(change);
                }
            }
            Change::SecretAdd { label, content } => {
                let uri = format!("secret:{label}");
                self.owned_secrets.insert(
                    label.clone(),
                    OwnedSecret { uri, content: content.clone(), ..OwnedSecret::default() },
                );
            }
            Change::SecretSet { uri, content } => {
                for owned in self.owned_secrets.values_mut().filter(|owned| owned.uri == *uri) {
                    owned.content.clone_from(content);
                }
            }
            Change::SecretGrant { uri, id } => {
                let application = self
                    .relations
                    .values()
                    .flatten()
                    .find(|relation| relation.id == *id)
                    .map(|to| to.application.clone());
                for owned in self.owned_secrets.values_mut().filter(|owned| owned.uri == *uri) {
                    owned.granted.extend(application.clone());
                }
            }
            Change::SecretRemove { uri } => self.owned_secrets.retain(|_, owned| owned.uri != *uri),
            Change::RelationSet { id, edits } => {
                for relation in
                    self.relations.values_mut().flatten().filter(|relation| relation.id == *id)
                {
                    relation.local = relation.local.edited(edits);
                }
            }
            Change::UnitRelationSet { id, edits } => {
                for relation in
                    self.relations.values_mut().flatten().filter(|relation| relation.id == *id)
                {
                    relation.local_unit = relation.local_unit.edited(edits);
                }
            }
            Change::OpenPort(port) => {
                self.ports.insert(*port);
            }
            Change::ClosePort(port) => {
                self.ports.remove(port);
            }
            Change::Mesh(change) => {
                if let Some(mesh) = &mut self.mesh {
                    mesh.make(change);
                }
            }
            Change::Object(change) => {
                if let Sight::Seen(cluster) = &mut self.cluster {
                    cluster.make(change);
                }
            }
            Change::StatusSet(status) => {
                if let Some(told) = &mut self.status {
                    told.clone_from(status);
                }
            }
            Change::Answer(_) => {}
        }
    }
}
