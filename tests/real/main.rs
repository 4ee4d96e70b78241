//! Whole charms and what they write, against real parts: everything here needs the stand.
#![cfg(test)]

mod actions;
mod credentials;
mod direct;
mod feast;
mod feast_ui;
mod layers;
mod neighbours;
mod postgresql;
mod refresh;
mod units;
mod versions;
