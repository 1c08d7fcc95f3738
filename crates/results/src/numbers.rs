//! Numbers as a reader wants them: enough digits to tell variants apart, no more.
//!
//! Tables for machines keep every digit; these functions serve sentences, Markdown tables and chart labels. Formatting is
//! Rust's own, so that the same number reads the same on every machine.

/// A score or a fraction with four decimals: `0.9277`. NaN and infinities are spelled out.
pub fn score(value: f64) -> String {
    fixed(value, 4)
}

/// A number with the given decimals, never `-0`: `fixed(1.25, 1)` is `1.2`.
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return special(value);
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|byte| byte == b'0' || byte == b'.') => digits.to_owned(),
        _ => text,
    }
}

/// A number with the given significant digits, at least one; very large and very small ones as powers of ten.
///
/// ```
/// use bitsweep_results::numbers::significant;
///
/// assert_eq!(significant(786.4405, 4), "786.4");
/// assert_eq!(significant(0.00010811, 3), "1.08e-4");
/// assert_eq!(significant(31195.9, 4), "31,196");
/// assert_eq!(significant(0.0, 4), "0");
/// ```
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return special(value);
    }
    let decimals_of_mantissa = digits.max(1) - 1;
    let scientific = format!("{value:.decimals_of_mantissa$e}");
    let exponent: i32 =
        scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    match exponent {
        -3..=5 => {
            let decimals = usize::try_from(decimals_of_mantissa as i32 - exponent).unwrap_or(0);
            let text = format!("{value:.decimals$}");
            if exponent >= 4 { grouped(&text) } else { text }
        }
        _ => scientific,
    }
}

/// The decimals that a standard error supports: two digits of it where it begins with less than 3.55, else one (the Particle
/// Data Group's rule); at most 6, and 4 where there is no error.
///
/// ```
/// use bitsweep_results::numbers::supported_decimals;
///
/// assert_eq!(supported_decimals(0.0389), 2);
/// assert_eq!(supported_decimals(0.0123), 3);
/// assert_eq!(supported_decimals(0.0), 4);
/// ```
pub fn supported_decimals(standard_error: f64) -> usize {
    if !standard_error.is_finite() || standard_error <= 0.0 {
        return 4;
    }
    let (digits, exponent) = scientific(standard_error).unwrap_or((1.0, 0));
    let decimals = if digits < 3.55 { 1 - exponent } else { -exponent };
    usize::try_from(decimals).unwrap_or(0).min(6)
}

/// A number with the significant digits that its standard error supports, by the rule of [`supported_decimals`], and so many
/// `otherwise`; at least one.
///
/// ```
/// use bitsweep_results::numbers::supported;
///
/// assert_eq!(supported(0.0123456, Some(0.0012), 3), "0.0123");
/// assert_eq!(supported(0.0000123456, Some(0.0000045), 3), "1.2e-5");
/// assert_eq!(supported(0.0123456, Some(0.5), 3), "0.01");
/// assert_eq!(supported(0.0123456, None, 3), "0.0123");
/// ```
pub fn supported(value: f64, standard_error: Option<f64>, otherwise: usize) -> String {
    let known = standard_error.filter(|error| error.is_finite() && *error > 0.0);
    let digits = known.and_then(scientific).zip(scientific(value)).map(|((leading, error), (_, own))| {
        let last = if leading < 3.55 { error - 1 } else { error };
        usize::try_from(own - last + 1).unwrap_or(1)
    });
    significant(value, digits.unwrap_or(otherwise))
}

/// A number as `digits · 10^exponent` with three digits; `None` of what has none.
fn scientific(number: f64) -> Option<(f64, i32)> {
    let text = format!("{number:.2e}");
    let (digits, exponent) = text.split_once('e')?;
    Some((digits.parse().ok()?, exponent.parse().ok()?))
}

/// Whether a difference is nothing but the rounding of its sum.
pub fn is_nothing(loss: f64) -> bool {
    loss.abs() < 1e-12
}

/// A bound with so many decimals, and more where it would not read as being on its side of the margin, or as nothing.
pub fn bound(bound: f64, decimals: usize, margin: f64) -> String {
    let is_faithful = |text: &String| {
        text.parse::<f64>().is_ok_and(|number| {
            (number <= margin) == (bound <= margin) && (number != 0.0 || is_nothing(bound))
        })
    };
    let texts = (decimals..decimals + 5).map(|decimals| fixed(bound, decimals));
    texts.clone().find(is_faithful).or_else(|| texts.clone().next()).unwrap_or_default()
}

/// A count with thousands separated: `6,812`. Means of counts are rounded to the nearest whole.
pub fn count(value: f64) -> String {
    if value.is_finite() { grouped(&fixed(value, 0)) } else { special(value) }
}

/// So many of something: `1 test row`, `1,347 test rows`.
///
/// ```
/// use bitsweep_results::numbers::counted;
///
/// assert_eq!(counted(1, "class", "classes"), "1 class");
/// assert_eq!(counted(0, "class", "classes"), "0 classes");
/// assert_eq!(counted(1347, "test row", "test rows"), "1,347 test rows");
/// ```
pub fn counted(number: usize, one: &str, several: &str) -> String {
    with_noun(&count(number as f64), one, several)
}

/// A size, or the mean of some: `1 byte`, `6,812 bytes`.
pub fn bytes(mean: f64) -> String {
    with_noun(&count(mean), "byte", "bytes")
}

/// A number that is written already, with its noun: `1 bit`, `2.5 bits`.
pub fn with_noun(shown: &str, one: &str, several: &str) -> String {
    format!("{shown} {}", if shown == "1" { one } else { several })
}

/// A probability as statisticians print it: `0.25`, `0.031`, `< 0.001`.
pub fn p_value(value: f64) -> String {
    if value < 0.001 {
        "< 0.001".to_owned()
    } else if value < 0.1 {
        fixed(value, 3)
    } else {
        fixed(value, 2)
    }
}

/// Words for what has no digits, and 0 without sign.
fn special(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value == f64::INFINITY {
        "∞".to_owned()
    } else if value == f64::NEG_INFINITY {
        "-∞".to_owned()
    } else {
        "0".to_owned()
    }
}

/// A written number with commas between groups of three digits before its decimal point: `1,024.5`.
pub fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}
