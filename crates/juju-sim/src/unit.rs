//! A unit whose charm is run as Juju runs it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::{fs, io};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::environment::{Place, variables};
use crate::world::{Context, RunningAction, World};
use crate::{ActionOutcome, Charm, Event, Outcome, Socket, State, agent, binary, tool};

/// A unit of an application: what it declares, and what the controller knows.
#[derive(Debug)]
pub struct Unit {
    /// What the controller knows. Change it between runs as the rest of the world would.
    pub state: State,
    /// What the charm declares.
    pub charm: Charm,
    /// What there is of the agent's socket.
    pub socket: Socket,
    /// Variables to add to the environment of each run, such as `CHARM_CONTAINERS_DIR`.
    pub extra: BTreeMap<String, OsString>,
    folder: TempDir,
    runs: u32,
}

/// Why a charm could not be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The charm's files cannot be read.
    #[error("deploying the charm: {0}")]
    Metadata(String),
    /// It describes what Juju never does.
    #[error("running the charm in an impossible world: {0}")]
    Impossible(String),
    /// This machine is in the way.
    #[error("preparing the unit's folders: {0}")]
    Io(#[from] io::Error),
    /// The state that hook commands share cannot be read back.
    #[error("reading what the hook commands left behind: {0}")]
    World(#[from] serde_json::Error),
}

impl Unit {
    /// Deploys a unit of the charm whose `metadata.yaml`, `config.yaml` and `actions.yaml` are in `folder`.
    ///
    /// # Errors
    ///
    /// When one of these files cannot be read.
    pub fn deploy(folder: &Path, state: State) -> Result<Self, Error> {
        Self::deploy_with(tool_program(), folder, state)
    }

    /// As [`Self::deploy`], with the program `tools` as every hook command: one that was built for measuring, say.
    ///
    /// # Errors
    ///
    /// When one of the charm's files cannot be read.
    pub fn deploy_with(tools: &Path, folder: &Path, mut state: State) -> Result<Self, Error> {
        let charm = Charm::read(folder).map_err(Error::Metadata)?;
        if state.unit.is_empty() {
            state.unit = format!("{}/0", charm.name);
        }
        let unit = Self {
            state,
            charm,
            socket: Socket::Serves,
            extra: BTreeMap::new(),
            folder: tempfile::tempdir()?,
            runs: 0,
        };
        fs::create_dir_all(unit.charm_dir())?;
        for name in ["metadata.yaml", "config.yaml", "actions.yaml"] {
            if folder.join(name).is_file() {
                fs::copy(folder.join(name), unit.charm_dir().join(name))?;
            }
        }
        fs::create_dir_all(unit.tools())?;
        for name in tool::names() {
            symlink(tools, unit.tools().join(name))?;
        }
        Ok(unit)
    }

    /// Runs the charm once, and keeps what Juju would keep.
    ///
    /// # Errors
    ///
    /// [`Error::Impossible`] when Juju would never run `event` in this state. What the charm does wrong is no error but
    /// an [`Outcome`].
    pub fn run(&mut self, dispatch: &Path, event: Event) -> Result<Outcome, Error> {
        self.impossible(&event).map_or(Ok(()), |why| Err(Error::Impossible(why)))?;
        self.run_anyway(dispatch, event)
    }

    /// As [`Self::run`], even if Juju would never do so: for worlds that somebody else thought up.
    ///
    /// # Errors
    ///
    /// Whatever keeps the charm from being run.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "an event happens once, and reads best where it is made"
    )]
    pub fn run_anyway(&mut self, dispatch: &Path, event: Event) -> Result<Outcome, Error> {
        let action = match self.action(&event) {
            Ok(action) => action,
            Err(outcome) => return Ok(*outcome),
        };
        let name = event.name(&self.state);
        self.runs += 1;
        let context_id = format!("{}-{name}-{:032x}", self.state.unit, self.runs);
        let world = World {
            context_id: context_id.clone(),
            charm: self.charm.clone(),
            kept: self.state.clone(),
            draft: self.state.clone(),
            context: self.context(&event),
            action,
            commands: Vec::new(),
            refused_at_flush: Vec::new(),
            needs_leadership: false,
            status_seen: None,
        };
        // As short as can be: a name of an application may be longer than what a path of a socket has room for.
        let socket = self.folder.path().join("agent.socket");
        let file = World::beside(&socket);
        fs::write(&file, serde_json::to_vec(&world)?)?;
        let output = agent::serve(self.socket, &socket, &file, || {
            self.start(dispatch, &event, &socket, &context_id)
        });
        let world: World = serde_json::from_slice(&fs::read(&file)?)?;
        // As with Juju, hook commands work only while the hook runs.
        fs::remove_file(&file)?;
        Ok(self.finish(&name, world, &output?))
    }

    /// The folder that the charm is unpacked into, and runs in.
    pub fn charm_dir(&self) -> PathBuf {
        self.base().join("charm")
    }

    fn base(&self) -> PathBuf {
        self.folder.path().join("agents").join(self.tag())
    }

    fn tools(&self) -> PathBuf {
        self.folder.path().join("tools").join(self.tag())
    }

    fn tag(&self) -> String {
        format!("unit-{}", self.state.unit.replace('/', "-"))
    }

    fn start(
        &self,
        dispatch: &Path,
        event: &Event,
        socket: &Path,
        context_id: &str,
    ) -> io::Result<Output> {
        let charm_dir = self.charm_dir();
        let program = charm_dir.join("dispatch");
        match fs::remove_file(&program) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => symlink(fs::canonicalize(dispatch)?, &program)?,
        }
        let tools = self.tools();
        let place = Place { charm_dir: &charm_dir, tools: &tools, socket, context_id };
        Command::new(&program)
            .arg0(&program)
            .env_clear()
            .envs(variables(event, &self.state, &place))
            .envs(&self.extra)
            .current_dir(&charm_dir)
            .stdin(Stdio::null())
            .output()
    }

    fn finish(&mut self, name: &str, mut world: World, output: &Output) -> Outcome {
        let ended_well = output.status.success();
        let flush_error = ended_well.then(|| world.flush_error()).flatten();
        let mut outcome = Outcome {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            commands: std::mem::take(&mut world.commands),
            flush_error,
            ..Outcome::default()
        };
        let action = world.action.take();
        self.state = if outcome.success() { world.taken_over() } else { world.kept };
        match action {
            Some(action) => outcome.action = Some(action_outcome(action, &outcome)),
            None if outcome.success() => {}
            None => {
                // Juju leaves the container's, check's or storage's name out.
                let kinds = ["pebble-", "storage-"];
                let kind = kinds.iter().find_map(|kind| Some(&name[name.rfind(kind)?..]));
                outcome.hook_error = Some(format!("hook failed: {:?}", kind.unwrap_or(name)));
            }
        }
        outcome
    }

    fn context(&self, event: &Event) -> Context {
        let relation = event.relation().and_then(|id| self.state.relation(id));
        let broken =
            matches!(event, Event::RelationBroken(_) | Event::RelationBrokenAfterRestart(_));
        let restarted = matches!(event, Event::RelationBrokenAfterRestart(_));
        Context {
            relation: relation.map(|relation| relation.id),
            endpoint: relation.map(|relation| relation.endpoint.clone()),
            remote_app: relation.filter(|_| !restarted).map(|relation| relation.remote_app.clone()),
            remote_unit: event.remote_unit().map(str::to_owned),
            departed: match event {
                Event::RelationDeparted { unit, .. } => Some(unit.clone()),
                _ => None,
            },
            breaking: event.relation().filter(|_| broken),
            still_listed: restarted,
            storage: match event {
                Event::StorageAttached(id) | Event::StorageDetaching(id) => Some(id.clone()),
                _ => None,
            },
        }
    }

    /// The action to run; or what comes of it if Juju does not run the charm for it.
    fn action(&self, event: &Event) -> Result<Option<RunningAction>, Box<Outcome>> {
        let Event::Action(name, given) = event else { return Ok(None) };
        let Some(declared) = self.charm.actions.get(name) else { return Ok(None) };
        match declared.parameters(given, !self.state.is_juju_4()) {
            Ok(parameters) => Ok(Some(RunningAction { parameters, ..RunningAction::default() })),
            Err(why) => {
                let message = format!("cannot run {name:?} action: {why}");
                let action = ActionOutcome { message, ..ActionOutcome::default() };
                Err(Box::new(Outcome { action: Some(action), ..Outcome::default() }))
            }
        }
    }

    fn impossible(&self, event: &Event) -> Option<String> {
        let (charm, state) = (&self.charm, &self.state);
        let mut ids: Vec<u32> = state.relations.iter().map(|relation| relation.id).collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Some("two relations have the same number".to_owned());
        }
        for relation in &state.relations {
            let endpoint = &relation.endpoint;
            if !charm.endpoints.contains_key(endpoint) {
                return Some(format!("the charm has no endpoint {endpoint}"));
            }
            let ours = relation.remote_app == state.application();
            if charm.is_peer(endpoint) != ours {
                return Some(format!("{endpoint} cannot relate to {}", relation.remote_app));
            }
            let foreign = |unit: &String| {
                unit.rsplit_once('/').is_none_or(|(name, _)| name != relation.remote_app)
                    || *unit == state.unit
            };
            if let Some(unit) = relation.remote_units_data.keys().find(|unit| foreign(unit)) {
                return Some(format!("{unit} is no unit of {}", relation.remote_app));
            }
        }
        for (name, value) in &state.config {
            match charm.options.get(name) {
                None => return Some(format!("the charm has no option {name}")),
                Some(option) if !option.takes(value) => {
                    return Some(format!("the option {name} is of type {}", option.kind));
                }
                Some(_) => {}
            }
        }
        if let Some(secret) = state.secrets.iter().find(|secret| !secret.is(&secret.id)) {
            return Some(format!("{} is no identifier of a secret", secret.id));
        }
        event.impossible(charm, state)
    }
}

fn action_outcome(action: RunningAction, outcome: &Outcome) -> ActionOutcome {
    let mut results = action.results;
    let mut stderr = outcome.stderr.clone();
    if let Some(error) = &outcome.flush_error {
        stderr.push_str(error);
    }
    for (key, text) in [("stdout", &outcome.stdout), ("stderr", &stderr)] {
        if !text.is_empty() {
            results.insert(key.to_owned(), Value::String(text.clone()));
        }
    }
    let code = if outcome.flush_error.is_some() { json!("1") } else { json!(outcome.code) };
    results.insert("return-code".to_owned(), code);
    let message = match (&action.failure, &outcome.flush_error, outcome.code) {
        (_, _, code) if code != Some(0) => code
            .map_or_else(|| "action terminated".to_owned(), |code| format!("exit status {code}")),
        (Some(failure), _, _) => failure.clone(),
        (None, Some(_), _) => "committing requested changes failed".to_owned(),
        (None, None, _) => String::new(),
    };
    let completed = outcome.success() && action.failure.is_none();
    ActionOutcome { completed, message, results: results.into_iter().collect() }
}

/// The program that is every hook command.
fn tool_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM
        .get_or_init(|| binary::build(&["--package", "juju-sim", "--bins"]).join("juju-sim-tool"))
}
