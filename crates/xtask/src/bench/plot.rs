//! A picture of what [`Comparison`]s found, as SVG.

use std::fmt::Write as _;

use crate::bench::side_by_side::Comparison;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 270.0;
const RIGHT: f64 = 150.0;
const BAR: f64 = 16.0;
const STEP: f64 = 24.0;
const TITLE: f64 = 34.0;

/// The ends of the axis in milliseconds, as powers of ten.
const FROM: i32 = -1;
const TO: i32 = 4;

/// Bars on a logarithmic axis, one for each way of each charm.
pub(crate) fn svg(comparisons: &[Comparison]) -> String {
    let mut marks = String::new();
    let mut y = 40.0;
    for comparison in comparisons {
        text(
            &mut marks,
            12.0,
            y + 12.0,
            "start",
            "bold",
            &format!("{}, update-status, all related", comparison.charm),
        );
        y += TITLE - 8.0;
        for (name, way) in comparison.ways() {
            let milliseconds = way.wall.median * 1e3;
            let end = x(milliseconds);
            let colour = match name {
                "ours over the socket" => "#e95420",
                name if name.starts_with("ours") => "#f5b097",
                name if name.ends_with("without a charm") => "#c8c8c8",
                _ => "#77216f",
            };
            let _ = writeln!(
                marks,
                r#"<rect x="{LEFT}" y="{y:.0}" width="{:.1}" height="{BAR}" fill="{colour}"/>"#,
                (end - LEFT).max(1.0)
            );
            text(&mut marks, LEFT - 8.0, y + 12.5, "end", "normal", name);
            let processes = match way.processes {
                0 => "no process".to_owned(),
                count => format!("{count} processes"),
            };
            let label = format!("{} ms, {processes}", rounded(milliseconds));
            text(&mut marks, end + 6.0, y + 12.5, "start", "normal", &label);
            y += STEP;
        }
        y += TITLE - STEP;
    }
    let mut axis = String::new();
    for power in FROM..=TO {
        let milliseconds = 10f64.powi(power);
        let at = x(milliseconds);
        let _ = writeln!(
            axis,
            r##"<line x1="{at:.1}" y1="32" x2="{at:.1}" y2="{y:.0}" stroke="#e0e0e0"/>"##
        );
        let label = if power < 3 {
            format!("{milliseconds} ms")
        } else {
            format!("{} s", milliseconds / 1e3)
        };
        text(&mut axis, at, 24.0, "middle", "normal", &label);
    }
    let height = y + 8.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" height=\"{height:.0}\" \
         font-family=\"Ubuntu, sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{axis}{marks}</svg>\n"
    )
}

/// Where a time is on the axis.
fn x(milliseconds: f64) -> f64 {
    let share = (milliseconds.log10() - f64::from(FROM)) / f64::from(TO - FROM);
    LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
}

fn rounded(milliseconds: f64) -> String {
    if milliseconds < 10.0 { format!("{milliseconds:.1}") } else { format!("{milliseconds:.0}") }
}

fn text(into: &mut String, x: f64, y: f64, anchor: &str, weight: &str, words: &str) {
    let _ = writeln!(
        into,
        r##"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-weight="{weight}" fill="#333333">{words}</text>"##
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_ten_times_as_long_is_one_step_further() {
        let step = x(10.0) - x(1.0);
        assert!((x(100.0) - x(10.0) - step).abs() < 1e-9 && step > 0.0);
        assert!((x(0.0001) - LEFT).abs() < 1e-9);
    }
}
