//! Few colours: greys for the frame, the Okabe–Ito set for the data.
//!
//! Okabe and Ito's colours (2008, "Color Universal Design") stay apart for the common kinds of colour blindness. Their
//! yellow is left out: it is too faint on white. The page's dark theme maps the greys by their exact values.

use plotters::style::RGBColor;

/// The background.
pub(crate) const PAPER: RGBColor = RGBColor(255, 255, 255);
/// Titles and names.
pub(crate) const INK: RGBColor = RGBColor(34, 34, 34);
/// Tick labels, axis titles, notes.
pub(crate) const MUTED: RGBColor = RGBColor(102, 102, 102);
/// The horizontal grid.
pub(crate) const GRID: RGBColor = RGBColor(230, 230, 230);
/// The interval of the float reference.
pub(crate) const BAND: RGBColor = RGBColor(244, 244, 244);
/// The base line of a frame, and leaders from labels to points.
pub(crate) const AXIS: RGBColor = RGBColor(150, 150, 150);
/// Data in the background: what is not pointed at.
pub(crate) const REST: RGBColor = RGBColor(200, 200, 200);
/// The float reference.
pub(crate) const FLOAT: RGBColor = RGBColor(85, 85, 85);

/// Blue of the set: the first colour, and the one of quantized values.
pub(crate) const BLUE: RGBColor = RGBColor(0, 114, 178);
/// Vermillion of the set: errors.
pub(crate) const VERMILLION: RGBColor = RGBColor(213, 94, 0);
/// Bluish green of the set.
pub(crate) const GREEN: RGBColor = RGBColor(0, 158, 115);

/// Colours of lines and parts, in the order of use.
pub(crate) const SERIES: [RGBColor; 6] =
    [BLUE, VERMILLION, GREEN, RGBColor(204, 121, 167), RGBColor(230, 159, 0), RGBColor(86, 180, 233)];

/// The colour of the line with the given number.
pub(crate) fn series(index: usize) -> RGBColor {
    SERIES[index % SERIES.len()]
}

/// The same hue, dark enough to read as text on white.
pub(crate) fn readable(colour: RGBColor) -> RGBColor {
    let RGBColor(red, green, blue) = colour;
    let luminance = 0.2126 * f64::from(red) + 0.7152 * f64::from(green) + 0.0722 * f64::from(blue);
    let keep = if luminance > 110.0 { 110.0 / luminance } else { 1.0 };
    let dim = |channel: u8| (f64::from(channel) * keep) as u8;
    RGBColor(dim(red), dim(green), dim(blue))
}

/// The colour at `share` of the way from white to `full`.
pub(crate) fn tint(full: RGBColor, share: f64) -> RGBColor {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let mix = |channel: u8| (255.0 - (255.0 - f64::from(channel)) * share) as u8;
    RGBColor(mix(full.0), mix(full.1), mix(full.2))
}
