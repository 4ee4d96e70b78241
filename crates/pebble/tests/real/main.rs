//! Does a real Pebble agree with us?
#![expect(clippy::unwrap_used, reason = "a test stops where it goes wrong")]

mod away;
mod carry_out;
mod checks;
mod daemon;
mod dying;
mod endpoints;
mod files;
mod requests;
mod services;
