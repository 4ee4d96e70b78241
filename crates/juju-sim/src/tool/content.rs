//! Answers in the format that was asked for.

use serde_json::Value;

use super::args::Parsed;
use super::output::{Format, Refusal};

pub(super) fn print(parsed: &Parsed, value: &Value) -> Result<Vec<u8>, Refusal> {
    parsed.format.unwrap_or(Format::Smart).print(value)
}
