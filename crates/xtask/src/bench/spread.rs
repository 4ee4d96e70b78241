//! Several measurements of the same thing.

use std::fmt;

use serde::Serialize;

/// The middle one and the ends of several measurements in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// Half are less, half are more.
    pub(crate) median: f64,
    /// The least.
    pub(crate) min: f64,
    /// The most.
    pub(crate) max: f64,
}

impl Spread {
    /// Of at least one measurement.
    pub(crate) fn of(measured: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = measured.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = match sorted.len() % 2 {
            0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
            _ => sorted[middle],
        };
        Some(Self { median, min, max })
    }
}

/// In milliseconds: `21.3 (19.8–30.2)`.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, min, max] = [self.median, self.min, self.max].map(|seconds| seconds * 1e3);
        write!(f, "{median:.1} ({min:.1}–{max:.1})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_whatever_the_order() {
        let spread = Spread::of([3.0, 1.0, 2.0]).unwrap();
        assert_eq!(spread, Spread { median: 2.0, min: 1.0, max: 3.0 });
        assert!((Spread::of([4.0, 1.0, 2.0, 9.0]).unwrap().median - 3.0).abs() < 1e-9);
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn seconds_are_shown_as_milliseconds() {
        let spread = Spread { median: 0.0213, min: 0.0198, max: 0.03 };
        assert_eq!(spread.to_string(), "21.3 (19.8–30.0)");
    }
}
