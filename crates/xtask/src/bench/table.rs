//! What was measured, for people.

use std::fmt::Write as _;

use crate::bench::row::Row;
use crate::bench::side_by_side::Comparison;
use crate::bench::{Package, Report};

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// What both charms are meant to stay below.
mod target {
    /// Of an `update-status` with all related, over the agent's socket.
    pub(super) const BEYOND: f64 = 0.006;
    pub(super) const PROCESSES: usize = 0;
    pub(super) const TIMES: f64 = 300.0;
    pub(super) const MEMORY: u64 = 6 * 1024 * 1024;
    /// Of a `.charm`.
    pub(super) const PACKED: u64 = 3_000_000;
}

/// The tables, with what they mean.
pub(crate) fn text(report: &Report) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "Commit {}, {}.\n", report.commit, report.machine);
    text += &aligned(&packages(report));
    text += "\nOn the unit agent of Juju 3.6, update-status with all related, in turn, median (least–most):\n";
    text += &aligned(&side_by_side(report));
    let mut place = "";
    for row in &report.hooks {
        if row.place != place {
            place = row.place;
            let _ = writeln!(text, "\nOn a {place}, median (least–most):");
            let rows: Vec<&Row> = report.hooks.iter().filter(|row| row.place == place).collect();
            text += &aligned(&hooks(&rows));
            if let Some(each) = each(&rows) {
                let _ = writeln!(text, "A bare hook command takes {each:.1} ms here.");
            }
        }
    }
    text += "\nAn update-status with all related, over the agent's socket:\n";
    text += &targets(report);
    text + "
Wall is from the start of the charm's process to its end, CPU that of the charm and its hook commands, memory the most
that the charm's own process had resident. Juju waits another 0.2 s after each hook, for the end of its output; that is
not the charm's, and in none of these numbers. Bare is the time of the same hook commands, one after another in a loop,
without a charm. The original's numbers were recorded with hook commands of 0.5 ms each: where they take longer, it takes
longer by that for each of them.
"
}

fn packages(report: &Report) -> Vec<Vec<String>> {
    let mut rows = vec![words(&["charm", ".charm bytes", "program bytes", "original's .charm"])];
    rows.extend(report.packages.iter().map(|package| {
        vec![
            package.charm.to_owned(),
            package.packed.to_string(),
            package.program.to_string(),
            "20.5–33.3 MB".to_owned(),
        ]
    }));
    rows
}

fn side_by_side(report: &Report) -> Vec<Vec<String>> {
    let mut rows =
        vec![words(&["charm", "way", "wall ms", "CPU ms", "processes", "MiB", "times less"])];
    for comparison in &report.side_by_side {
        rows.extend(comparison.ways().into_iter().map(|(name, way)| {
            vec![
                comparison.charm.to_owned(),
                name.to_owned(),
                way.wall.to_string(),
                optional(way.cpu, |cpu| cpu.to_string()),
                way.processes.to_string(),
                optional(way.peak_memory, mebibytes),
                format!("{:.0}", comparison.original.wall.median / way.wall.median),
            ]
        }));
        if let Some(recorded) = comparison.recorded {
            let mut row = words(&[comparison.charm, "the Python charm whole, as recorded"]);
            row.push(format!("{:.0}", recorded.wall * 1e3));
            row.push("–".to_owned());
            row.push(optional(recorded.hook_commands, |count| count.to_string()));
            row.push(optional(recorded.peak_memory, mebibytes));
            row.push("–".to_owned());
            rows.push(row);
        }
    }
    rows
}

fn hooks(rows: &[&Row]) -> Vec<Vec<String>> {
    let mut table = vec![words(&[
        "charm",
        "world",
        "hook",
        "runs",
        "wall ms",
        "CPU ms",
        "MiB",
        "hook commands",
        "bare ms",
        "wall/bare",
        "CPU/bare",
        "original: wall ms",
        "MiB",
        "hook commands",
        "times faster",
    ])];
    table.extend(rows.iter().map(|row| {
        let original = row.original;
        vec![
            row.charm.to_owned(),
            row.world.to_owned(),
            row.hook.to_owned(),
            row.runs.to_string(),
            row.wall.to_string(),
            row.cpu.to_string(),
            mebibytes(row.peak_memory),
            row.hook_commands.to_string(),
            optional(row.bare_wall, |bare| bare.to_string()),
            optional(row.ratio, |ratio| format!("{ratio:.2}")),
            optional(row.cpu_ratio, |ratio| format!("{ratio:.2}")),
            optional(original, |original| format!("{:.0}", original.wall * 1e3)),
            optional(original.and_then(|original| original.peak_memory), mebibytes),
            optional(original.and_then(|original| original.hook_commands), |count| {
                count.to_string()
            }),
            optional(original, |original| format!("{:.0}", original.wall / row.wall.median)),
        ]
    }));
    table
}

/// The milliseconds of one bare hook command, where they are asked for the most.
#[expect(clippy::cast_precision_loss, reason = "there are some tens of hook commands")]
fn each(rows: &[&Row]) -> Option<f64> {
    let row = rows.iter().max_by_key(|row| row.hook_commands)?;
    Some(row.bare_wall?.median * 1e3 / row.hook_commands as f64)
}

fn targets(report: &Report) -> String {
    let hooks = report.side_by_side.iter().flat_map(|comparison| {
        let Comparison { charm, by_socket, .. } = comparison;
        let (beyond, memory) = (comparison.beyond(), by_socket.peak_memory.unwrap_or_default());
        [
            (
                beyond <= target::BEYOND,
                format!(
                    "{charm}: {:.1} ms beyond the agent's own round trips, {:.0} wanted",
                    beyond * 1e3,
                    target::BEYOND * 1e3
                ),
            ),
            (
                by_socket.processes == target::PROCESSES,
                format!(
                    "{charm}: {} processes of hook tools, {} wanted",
                    by_socket.processes,
                    target::PROCESSES
                ),
            ),
            (
                comparison.times() >= target::TIMES,
                format!(
                    "{charm}: {:.0} times less than the Python charm's hook commands, {} wanted; the round trips alone are {:.0} times less",
                    comparison.times(),
                    target::TIMES,
                    comparison.original.wall.median / comparison.bare_requests.wall.median
                ),
            ),
            (
                memory <= target::MEMORY,
                format!("{charm}: {} MiB resident, {} wanted", mebibytes(memory), mebibytes(target::MEMORY)),
            ),
        ]
    });
    let packages = report.packages.iter().map(|Package { charm, packed, .. }| {
        let line = format!("{charm}: {packed} bytes packed, {} wanted", target::PACKED);
        (*packed <= target::PACKED, line)
    });
    hooks.chain(packages).fold(String::new(), |mut text, (reached, line)| {
        let _ = writeln!(text, "{} {line}", if reached { '✓' } else { '✗' });
        text
    })
}

pub(super) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

pub(super) fn optional<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), show)
}

#[expect(clippy::cast_precision_loss, reason = "a size of memory, of which one digit is shown")]
pub(super) fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / MEBIBYTE)
}

/// Columns side by side: words begin below each other, numbers end below each other.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let number = cell.starts_with(|first: char| first.is_ascii_digit() || first == '–');
            let space = " ".repeat(width - cell.chars().count());
            let (before, after) = if number { (&*space, "") } else { ("", &*space) };
            line.extend([before, cell, after, "  "]);
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_and_numbers_end_below_each_other() {
        let rows = [words(&["hook", "ms"]), words(&["start", "0.6 (0.5–0.7)"]), words(&["x", "–"])];
        let expected = "hook   ms\nstart  0.6 (0.5–0.7)\nx                  –\n";
        assert_eq!(aligned(&rows), expected);
    }
}
