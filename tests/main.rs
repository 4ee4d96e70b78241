//! Whole charms, as Juju would run them, on a simulated unit.
#![cfg(test)]

mod architecture;
mod by_socket;
mod feast_integrator;
mod feast_ui;
mod licences;
mod neighbours;
mod options;
mod together;
mod upgrade;
