//! Both charms on the agent's socket: that it is used, and what happens when it breaks.

use juju_sim::{Break, Event, Invocation, Outcome, Owner, Secret, Socket, State, Way};
use serde_json::json;
use tests::world::{Deployed, by_secrets, configured};

const BREAKS: [Break; 6] = [
    Break::Unsent,
    Break::Refused,
    Break::Undone,
    Break::Unanswered,
    Break::CutOff,
    Break::Unreadable,
];

/// Whether a hook command only asks, as all do that are asked for JSON.
fn asks(command: &Invocation) -> bool {
    command.args.iter().any(|arg| arg == "--format=json")
}

/// The changes among `commands`. Files in memory are called by the number of a process.
fn changes(commands: &[Invocation]) -> Vec<String> {
    let word = |arg: &String| if arg.starts_with("/proc/") { "a file" } else { arg }.to_owned();
    let line = |command: &Invocation| {
        let args: Vec<String> = command.args.iter().map(word).collect();
        format!("{} {}", command.name, args.join(" "))
    };
    commands.iter().filter(|command| !asks(command)).map(line).collect()
}

/// The secrets of the application. That it follows those of others is known at once.
fn owned(state: &State) -> Vec<&Secret> {
    state.secrets.iter().filter(|secret| secret.owner != Owner::Other).collect()
}

/// The state without what says how often it was worked on.
fn end(deployed: &Deployed) -> State {
    State { log: Vec::new(), ..deployed.unit.state.clone() }
}

/// Runs `event` with a socket that breaks at each of its requests, in each way.
fn breaks_anywhere(mut deployed: Deployed, event: &Event) {
    let before = deployed.unit.state.clone();
    let whole = deployed.settle(event.clone());
    let (commands, after) = (&whole.commands, end(&deployed));
    assert!(changes(commands).len() > 3, "{}", whole.transcript());
    for (at, broken) in (1..).zip(commands) {
        for how in BREAKS {
            let context = format!("{how:?} at {at}, {broken:?}");
            deployed.unit.state = before.clone();
            deployed.unit.socket = Socket::Breaks(at, how);
            if at == 1 && how == Break::Unsent {
                deployed.unit.socket = Socket::Absent;
            }
            let outcome = deployed.run(event.clone());
            let done = !matches!(how, Break::Unsent | Break::Refused | Break::Undone);
            let known = matches!(how, Break::Unsent | Break::Refused);
            if known || asks(broken) {
                assert!(outcome.success(), "{context}: {outcome:?}");
                assert_eq!(changes(&outcome.commands), changes(commands), "{context}");
                assert_eq!(outcome.commands.len(), commands.len() + usize::from(done), "{context}");
                let rest = commands.len() - (at - 1);
                assert_eq!(outcome.processes(), rest, "{context}");
            } else {
                assert_eq!(outcome.code, Some(1), "{context}: {outcome:?}");
                assert!(outcome.stderr.contains("the answer was lost"), "{context}: {outcome:?}");
                let made = changes(&commands[..at - usize::from(!done)]);
                assert_eq!(changes(&outcome.commands), made, "{context}");
                assert_eq!(outcome.processes(), 0, "{context}");
                assert_eq!(deployed.unit.state.relations, before.relations, "{context}");
                assert_eq!(owned(&deployed.unit.state), owned(&before), "{context}");
                // Juju runs the hook again.
                deployed.unit.socket = Socket::Serves;
                deployed.settle(event.clone());
            }
            assert!(end(&deployed) == after, "{context}");
        }
    }
}

#[test]
fn a_socket_that_breaks_anywhere_leaves_the_integrator_right_and_nothing_done_twice() {
    let state = by_secrets();
    breaks_anywhere(Deployed::integrator(state), &Event::hook("config-changed"));
}

#[test]
fn a_socket_that_breaks_anywhere_leaves_the_ui_right_and_nothing_done_twice() {
    breaks_anywhere(Deployed::ui(configured()), &Event::hook("config-changed"));
}

#[test]
fn secrets_that_are_made_on_the_way_are_made_once_wherever_the_socket_breaks() {
    let mut state = by_secrets();
    for option in ["manifests-as-secret", "configuration-as-secret"] {
        state.config.insert(option.to_owned(), json!(true));
    }
    breaks_anywhere(Deployed::integrator(state), &Event::hook("config-changed"));
}

/// The ways of the hook commands, as letters.
fn ways(outcome: &Outcome) -> String {
    let letter = |command: &Invocation| match command.way {
        Way::Socket => 's',
        Way::Tool => 't',
    };
    outcome.commands.iter().map(letter).collect()
}

#[test]
fn an_operator_can_have_the_tools_used() {
    type New = fn(State) -> Deployed;
    for (new, state) in [(Deployed::integrator as New, by_secrets()), (Deployed::ui, configured())]
    {
        for leader in [true, false] {
            let mut deployed = new(State { leader, ..state.clone() });
            deployed.unit.state.config.insert("hook-commands".to_owned(), json!("auto"));
            let outcome = deployed.settle(Event::hook("config-changed"));
            assert_eq!(ways(&outcome), "s".repeat(outcome.commands.len()));
            deployed.unit.state.config.insert("hook-commands".to_owned(), json!("processes"));
            let outcome = deployed.settle(Event::hook("config-changed"));
            assert_eq!(outcome.commands[0].name, "config-get");
            assert_eq!(ways(&outcome), format!("s{}", "t".repeat(outcome.commands.len() - 1)));
        }
    }
}

#[test]
fn a_word_that_is_none_of_the_two_is_blocked_and_has_the_tools_used() {
    let mut deployed = Deployed::integrator(by_secrets());
    deployed.unit.state.config.insert("hook-commands".to_owned(), json!("sockets"));
    let outcome = deployed.settle(Event::hook("config-changed"));
    assert_eq!(outcome.processes(), outcome.commands.len() - 1);
    assert_eq!(deployed.status(), "blocked [config] hook-commands is none of auto, processes");
}

#[test]
fn actions_are_asked_and_answered_over_the_socket_and_can_be_made_to_use_the_tools() {
    type New = fn(State) -> Deployed;
    let charms: [(New, State, &[&str]); 2] = [
        (Deployed::integrator, by_secrets(), &feast_integrator::ACTIONS),
        (Deployed::ui, configured(), &feast_ui::ACTIONS),
    ];
    for (new, state, actions) in charms {
        for action in actions {
            let mut deployed = new(state.clone());
            let outcome = deployed.run(Event::action(action));
            assert!(outcome.success() && outcome.processes() == 0, "{action}: {outcome:?}");
            deployed.unit.state.config.insert("hook-commands".to_owned(), json!("processes"));
            let outcome = deployed.run(Event::action(action));
            assert_eq!(outcome.processes(), outcome.commands.len() - 1, "{action}: {outcome:?}");
        }
    }
}
