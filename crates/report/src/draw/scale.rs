//! From values to pixels, and where the ticks go.

use bitsweep_results::numbers::fixed;

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spacing {
    /// Equal differences, equal lengths.
    Linear,
    /// Equal ratios, equal lengths.
    Logarithmic,
}

/// A map from the values `low ..= high` to the pixels `start ..= end`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    spacing: Spacing,
    low: f64,
    high: f64,
    start: f64,
    end: f64,
    /// Distance of the ticks, where the ends were chosen to lie on ticks.
    step: Option<f64>,
}

/// A tick with its label.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

impl Scale {
    /// A linear scale that covers `low ..= high`.
    pub(crate) fn linear(low: f64, high: f64) -> Self {
        let (low, high) = spread_out(low, high, f64::abs(low) * 0.1 + 0.5);
        Self { spacing: Spacing::Linear, low, high, start: 0.0, end: 1.0, step: None }
    }

    /// A linear scale whose ends are the ticks around `low ..= high`.
    pub(crate) fn nice(low: f64, high: f64, ticks: usize) -> Self {
        let (low, high) = spread_out(low, high, f64::abs(low) * 0.1 + 0.5);
        let step = step(low, high, ticks);
        // The tolerance keeps an end that lies on a tick, but for rounding, from gaining another step.
        let (first, last) = ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step);
        let scale = Self::linear(first.max(f64::MIN), last.min(f64::MAX));
        Self { step: Some(step), ..scale }
    }

    /// A logarithmic scale that covers the positive `low ..= high` with a little room on both ends.
    pub(crate) fn logarithmic(low: f64, high: f64) -> Self {
        let (low, high) =
            if low > 0.0 && high.is_finite() && high >= low { (low, high) } else { (1.0, 10.0) };
        let room = libm::pow(high / low, 0.05).max(1.1);
        Self {
            spacing: Spacing::Logarithmic,
            low: low / room,
            high: high * room,
            start: 0.0,
            end: 1.0,
            step: None,
        }
    }

    /// The same scale laid on other pixels.
    pub(crate) fn on(self, start: f64, end: f64) -> Self {
        Self { start, end, ..self }
    }

    pub(crate) fn start(&self) -> f64 {
        self.start
    }

    pub(crate) fn end(&self) -> f64 {
        self.end
    }

    /// The pixel of a value; values outside lie on the nearer end.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let share = match self.spacing {
            Spacing::Linear if (self.high - self.low).is_finite() => {
                (value - self.low) / (self.high - self.low)
            }
            // The ends are so far apart that only their halves have a difference.
            Spacing::Linear => (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0),
            Spacing::Logarithmic => libm::log(value / self.low) / libm::log(self.high / self.low),
        };
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        self.start + (self.end - self.start) * share
    }

    /// About `count` ticks at round values.
    pub(crate) fn ticks(&self, count: usize) -> Vec<Tick> {
        match self.spacing {
            Spacing::Linear => self.linear_ticks(count),
            Spacing::Logarithmic => self.logarithmic_ticks(count),
        }
    }

    fn linear_ticks(&self, count: usize) -> Vec<Tick> {
        let step = self.step.unwrap_or_else(|| step(self.low, self.high, count));
        let largest = self.low.abs().max(self.high.abs());
        let first = (self.low / step - 1e-9).ceil();
        let last = (self.high / step + 1e-9).floor();
        let steps = (last - first).clamp(0.0, 100.0) as usize;
        (0..=steps)
            .map(|index| (first + index as f64) * step)
            .filter(|value| value.is_finite())
            .map(|value| Tick { value, label: label(value, step, largest) })
            .collect()
    }

    fn logarithmic_ticks(&self, count: usize) -> Vec<Tick> {
        let (low, high) = (libm::log10(self.low), libm::log10(self.high));
        let decades = high - low;
        let mantissas: &[f64] = if decades < 0.8 {
            &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0]
        } else if decades < 1.8 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let every = ((decades / count.max(1) as f64).ceil() as i32).max(1);
        let mut ticks = Vec::new();
        for exponent in (low.floor() as i32)..=(high.ceil() as i32) {
            if mantissas.len() == 1 && exponent.rem_euclid(every) != 0 {
                continue;
            }
            for mantissa in mantissas {
                let value = mantissa * libm::pow(10.0, f64::from(exponent));
                if (self.low..=self.high).contains(&value) {
                    ticks.push(Tick { value, label: power_label(*mantissa, exponent) });
                }
            }
        }
        ticks
    }
}

/// Makes room around ends that are equal or too close for steps between them, and around unusable ones.
fn spread_out(low: f64, high: f64, margin: f64) -> (f64, f64) {
    if !(low.is_finite() && high.is_finite()) {
        (0.0, 1.0)
    } else if high - low > 1e3 * f64::MIN_POSITIVE {
        (low, high)
    } else {
        (low - margin, low + margin)
    }
}

/// A tick's value with as many digits as tell it from its neighbours; a power of ten where those would be many.
fn label(value: f64, step: f64, largest: f64) -> String {
    let exponent = |number: f64| (libm::log10(number) + 1e-9).floor() as i32;
    let digits = |difference: i32| usize::try_from(difference).unwrap_or(0);
    if !(-6..7).contains(&exponent(largest)) {
        if value == 0.0 {
            return "0".to_owned();
        }
        let decimals = digits(exponent(value.abs()) - exponent(step));
        let rounded: f64 = format!("{value:.decimals$e}").parse().unwrap_or(value);
        return format!("{rounded:e}");
    }
    fixed(value, digits(-exponent(step)))
}

/// The least of 1, 2, 5 and 10 times a power of ten that cuts `low ..= high` into at most `count` parts.
fn step(low: f64, high: f64, count: usize) -> f64 {
    let count = count.max(1) as f64;
    let extent = high - low;
    let raw = if extent.is_finite() { extent / count } else { high / count - low / count };
    let power = libm::pow(10.0, libm::log10(raw).floor());
    let mantissa = [1.0, 2.0, 5.0].into_iter().find(|mantissa| mantissa * power >= raw * (1.0 - 1e-9));
    mantissa.unwrap_or(10.0) * power
}

/// `0.01`, `200`, and powers of ten beyond: `10⁻⁷`.
fn power_label(mantissa: f64, exponent: i32) -> String {
    match exponent {
        -3..=-1 => {
            let decimals = usize::try_from(-exponent).unwrap_or(0) + usize::from(mantissa.fract() != 0.0);
            fixed(mantissa * libm::pow(10.0, f64::from(exponent)), decimals)
        }
        0..=4 => {
            let decimals = usize::from(mantissa.fract() != 0.0 && exponent == 0);
            bitsweep_results::numbers::grouped(&fixed(
                mantissa * libm::pow(10.0, f64::from(exponent)),
                decimals,
            ))
        }
        _ => {
            let superscript: String = exponent.to_string().chars().map(superscript).collect();
            if mantissa == 1.0 { format!("10{superscript}") } else { format!("{mantissa}·10{superscript}") }
        }
    }
}

fn superscript(digit: char) -> char {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    match digit.to_digit(10) {
        Some(value) => DIGITS[value as usize],
        None => '⁻',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn linear_ticks_lie_on_round_values() {
        assert_eq!(labels(&Scale::nice(0.87, 1.0, 4).ticks(4)), ["0.85", "0.90", "0.95", "1.00"]);
        assert_eq!(labels(&Scale::nice(0.0, 6.65, 4).ticks(4)), ["0", "2", "4", "6", "8"]);
    }

    #[test]
    fn ticks_of_very_large_and_very_small_values_are_powers_of_ten() {
        assert_eq!(labels(&Scale::nice(0.0, 9e7, 4).ticks(4)), ["0", "5e7", "1e8"]);
        assert_eq!(labels(&Scale::linear(-1.5e-300, 1e-300).ticks(3)), ["-1e-300", "0", "1e-300"]);
        // The difference of these ends is no number.
        let huge = Scale::linear(-1.7e308, 1.7e308);
        assert_eq!(labels(&huge.ticks(4)), ["-1e308", "0", "1e308"]);
        assert_eq!((huge.at(-1.7e308), huge.at(0.0), huge.at(1.7e308)), (0.0, 0.5, 1.0));
        for (low, high) in [(-1.7e308, 1.7e308), (5e-324, 1e-323), (f64::MIN, f64::MAX)] {
            for scale in [Scale::linear(low, high), Scale::nice(low, high, 5)] {
                let ticks = scale.ticks(5);
                assert!(ticks.iter().all(|tick| tick.value.is_finite()), "{ticks:?}");
            }
        }
    }

    #[test]
    fn logarithmic_ticks_are_powers_of_ten_over_many_decades() {
        assert_eq!(
            labels(&Scale::logarithmic(0.001, 100.0).ticks(6)),
            ["0.001", "0.01", "0.1", "1", "10", "100"]
        );
        assert!(labels(&Scale::logarithmic(1e-9, 1.0).ticks(5)).contains(&"10⁻⁸"));
    }

    #[test]
    fn short_logarithmic_scales_have_ticks_between_the_powers() {
        assert_eq!(labels(&Scale::logarithmic(0.4, 7.0).ticks(6)), ["0.5", "1", "2", "5"]);
    }

    #[test]
    fn no_scale_gives_a_pixel_that_is_not_a_number() {
        for scale in
            [Scale::linear(1.0, 1.0), Scale::linear(f64::NAN, 1.0), Scale::logarithmic(0.0, f64::INFINITY)]
        {
            for value in [0.0, -1.0, 1.0, f64::NAN, f64::INFINITY] {
                assert!((10.0..=20.0).contains(&scale.on(10.0, 20.0).at(value)));
            }
            assert!(scale.ticks(5).len() < 20);
        }
    }
}
