//! Macro-F1 by bits of weights and bits of activations: a heat map.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use bitsweep_results::{Comparison, VariantSummary};
use plotters::style::RGBColor;

use super::{MOST_PANELS, Subject, distinct_names, left_out};
use crate::Chart;
use crate::draw::canvas::{self, Anchor, Canvas, Fault, Type};
use crate::draw::colour::{BLUE, MUTED, tint};
use crate::draw::frame::{Header, Panels, Rect, panel_name, panels};
use crate::draw::legend::Legend;
use crate::draw::text::SMALL;

pub(super) const NAME: &str = "macro-f1-by-weight-and-activation-bits";

/// Text on cells; not one of the greys that the page's dark theme turns light.
const ON_CELL: RGBColor = RGBColor(26, 26, 26);
/// Text on dark cells.
const ON_DARK: RGBColor = RGBColor(255, 255, 254);

/// The mean macro-F1 of a variant, and how far it lies below float.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Score {
    macro_f1: f64,
    loss: Option<f64>,
}

/// One heat map: weights downwards, activations across, many bits first; `None` are float activations.
struct Panel {
    name: String,
    weights: Vec<u32>,
    activations: Vec<Option<u32>>,
    cells: BTreeMap<(u32, Option<u32>), Score>,
}

/// The cells of the variants that belong to a panel, and whether some cell had several to choose from.
fn panel(name: String, variants: &[&VariantSummary]) -> (Panel, bool) {
    let mut cells: BTreeMap<(u32, Option<u32>), Score> = BTreeMap::new();
    let mut is_best_of_several = false;
    for variant in variants {
        let Some(scores) = &variant.scores else { continue };
        let score = Score { macro_f1: scores.macro_f1.mean, loss: scores.loss.map(|loss| loss.mean) };
        if !score.macro_f1.is_finite() {
            continue;
        }
        let place = (variant.first.bits, variant.first.activation_bits);
        let known = cells.get(&place);
        is_best_of_several |= known.is_some();
        if known.is_none_or(|known| known.macro_f1 < score.macro_f1) {
            cells.insert(place, score);
        }
    }
    let weights: BTreeSet<Reverse<u32>> = cells.keys().map(|(bits, _)| Reverse(*bits)).collect();
    let bits: BTreeSet<Reverse<u32>> = cells.keys().filter_map(|(_, bits)| bits.map(Reverse)).collect();
    let float = cells.keys().any(|(_, bits)| bits.is_none()).then_some(None);
    let panel = Panel {
        name,
        weights: weights.into_iter().map(|Reverse(bits)| bits).collect(),
        activations: float.into_iter().chain(bits.into_iter().map(|Reverse(bits)| Some(bits))).collect(),
        cells,
    };
    (panel, is_best_of_several)
}

/// The quantized variants of a comparison.
fn quantized(comparison: &Comparison) -> Vec<&VariantSummary> {
    let variants = comparison.variants.iter().enumerate();
    variants.filter(|(position, _)| comparison.float != Some(*position)).map(|(_, variant)| variant).collect()
}

/// A panel for each way to quantize activations of each task where that makes few enough panels, else one for each task.
fn gather(subject: &Subject<'_>) -> (Vec<Panel>, bool) {
    let varies = |variants: &[&VariantSummary]| {
        let weights: BTreeSet<u32> = variants.iter().map(|variant| variant.first.bits).collect();
        let activations: BTreeSet<Option<u32>> =
            variants.iter().map(|variant| variant.first.activation_bits).collect();
        weights.len() > 1 && activations.len() > 1
    };
    let comparisons: Vec<&Comparison> = subject.summary.comparisons.iter().collect();
    let tasks: Vec<(String, Vec<&VariantSummary>)> = distinct_names(&comparisons)
        .into_iter()
        .zip(comparisons.iter().map(|comparison| quantized(comparison)))
        .filter(|(_, variants)| varies(variants))
        .collect();
    let mut by_scheme: Vec<(String, Vec<&VariantSummary>)> = Vec::new();
    for (task, variants) in &tasks {
        let mut schemes: Vec<&str> = Vec::new();
        for scheme in variants.iter().map(|variant| variant.first.axis("activations")) {
            if !scheme.is_empty() && !schemes.contains(&scheme) {
                schemes.push(scheme);
            }
        }
        by_scheme.extend(schemes.into_iter().map(|scheme| {
            let name = if tasks.len() > 1 { format!("{task} · {scheme}") } else { scheme.to_owned() };
            let of_scheme =
                |variant: &&&VariantSummary| ["", scheme].contains(&variant.first.axis("activations"));
            (name, variants.iter().filter(of_scheme).copied().collect())
        }));
    }
    let groups = if by_scheme.len() <= MOST_PANELS { by_scheme } else { tasks };
    let mut is_best_of_several = false;
    let panels = groups.into_iter().map(|(name, variants)| {
        let (panel, several) = panel(name, &variants);
        is_best_of_several |= several;
        panel
    });
    let panels = panels.filter(|panel| panel.weights.len() > 1 && panel.activations.len() > 1).collect();
    (panels, is_best_of_several)
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let (mut maps, is_best_of_several) = gather(subject);
    if maps.is_empty() {
        return Ok(None);
    }
    let all = maps.len();
    maps.truncate(MOST_PANELS);
    let scores = || maps.iter().flat_map(|map| map.cells.values().map(|score| score.macro_f1));
    let (lowest, highest) =
        (scores().fold(f64::INFINITY, f64::min), scores().fold(f64::NEG_INFINITY, f64::max));
    let shade = Shade { lowest, highest };

    let title = "Macro-F1 by bits of weights and of activations".to_owned();
    let of_several = if is_best_of_several {
        " Of several schemes a cell shows the best, as these test rows see it."
    } else {
        ""
    };
    let header = Header::new(
        &title,
        &format!(
            "Bits of weights downwards, of activations across. Below the macro-F1: how many hundredths float has more \
             (+) or less.{of_several}{}",
            left_out(maps.len(), all)
        ),
    );
    let legend = Legend::new(shade.entries());
    let tallest = maps.iter().map(|map| map.weights.len()).max().unwrap_or(0) as f64;
    let top = header.bottom() + legend.height();
    let each = HEAD + tallest * CELL_HEIGHT;
    let Panels { cells, height } = panels(maps.len(), top, each, each);
    let alt = alt(&maps);
    let svg = canvas::draw(height, &alt, |canvas| {
        header.draw(canvas)?;
        legend.draw(canvas, header.bottom())?;
        for (space, map) in cells.iter().zip(&maps) {
            panel_name(canvas, space, &map.name)?;
            draw_map(canvas, space, map, shade)?;
        }
        Ok(())
    })?;
    Ok(Some(Chart { name: NAME.to_owned(), title, alt, svg }))
}

/// Height of one cell.
const CELL_HEIGHT: f64 = 34.0;
/// Height of a panel's name and of the bits of activations.
const HEAD: f64 = 38.0;
/// Width of the bits of weights.
const NAMES: f64 = 30.0;
/// Most width of one cell.
const MOST_WIDTH: f64 = 84.0;

fn draw_map(canvas: &Canvas<'_>, space: &Rect, map: &Panel, shade: Shade) -> Result<(), Fault> {
    let wide = ((space.width() - NAMES) / map.activations.len() as f64).min(MOST_WIDTH);
    let left = space.left + NAMES;
    let top = space.top + HEAD;
    let muted = Type::new(SMALL, MUTED);
    for (column, bits) in map.activations.iter().enumerate() {
        let name = bits.map_or_else(|| "float".to_owned(), |bits| format!("A{bits}"));
        let middle = left + (column as f64 + 0.5) * wide;
        canvas.text(&name, (middle, top - 10.0), muted.anchor(Anchor::Middle))?;
    }
    // Five figures and a point, whatever room there is.
    let size = (wide * 0.28).clamp(6.5, SMALL + 1.0);
    for (row, weights) in map.weights.iter().enumerate() {
        let y = top + row as f64 * CELL_HEIGHT;
        canvas.text(
            &format!("W{weights}"),
            (left - 6.0, y + CELL_HEIGHT / 2.0),
            muted.anchor(Anchor::End),
        )?;
        for (column, activations) in map.activations.iter().enumerate() {
            let x = left + column as f64 * wide;
            let opposite = (x + wide - 1.5, y + CELL_HEIGHT - 1.5);
            let middle = (x + opposite.0) / 2.0;
            let Some(score) = map.cells.get(&(*weights, *activations)) else {
                canvas.block((x, y), opposite, tint(MUTED, 0.06))?;
                continue;
            };
            canvas.block((x, y), opposite, shade.of(score.macro_f1))?;
            let ink = Type::new(size, if shade.is_dark(score.macro_f1) { ON_DARK } else { ON_CELL });
            let value = format!("{:.3}", score.macro_f1);
            let shift = if score.loss.is_some() { 6.5 } else { 0.0 };
            canvas.text(&value, (middle, y + CELL_HEIGHT / 2.0 - shift), ink.anchor(Anchor::Middle))?;
            if let Some(loss) = score.loss {
                let look = Type { size: size - 1.0, ..ink }.anchor(Anchor::Middle);
                canvas.text(&hundredths(loss), (middle, y + CELL_HEIGHT / 2.0 + 7.0), look)?;
            }
        }
    }
    Ok(())
}

/// A loss in hundredths with its sign: `+1.2` where float has 0.012 more.
fn hundredths(loss: f64) -> String {
    let text = format!("{:+.1}", 100.0 * loss);
    if text == "+0.0" || text == "-0.0" { "0.0".to_owned() } else { text.replace('-', "−") }
}

/// How macro-F1 becomes a colour: the deeper, the better.
#[derive(Debug, Clone, Copy)]
struct Shade {
    lowest: f64,
    highest: f64,
}

impl Shade {
    fn share(self, macro_f1: f64) -> f64 {
        if self.highest > self.lowest { (macro_f1 - self.lowest) / (self.highest - self.lowest) } else { 1.0 }
    }

    fn of(self, macro_f1: f64) -> RGBColor {
        tint(BLUE, 0.06 + 0.94 * self.share(macro_f1))
    }

    fn is_dark(self, macro_f1: f64) -> bool {
        self.share(macro_f1) > 0.55
    }

    /// Swatches from the worst to the best score.
    fn entries(self) -> Vec<(String, RGBColor)> {
        let steps = if self.highest > self.lowest { 4 } else { 0 };
        let at = |step: u32| {
            self.lowest + (self.highest - self.lowest) * f64::from(step) / f64::from(steps.max(1))
        };
        (0..=steps).map(|step| (format!("{:.2}", at(step)), self.of(at(step)))).collect()
    }
}

fn alt(maps: &[Panel]) -> String {
    let corner = |map: &Panel| {
        let cells: Vec<String> = map
            .weights
            .iter()
            .map(|weights| {
                let row = map.activations.iter().filter_map(|activations| {
                    let score = map.cells.get(&(*weights, *activations))?;
                    let name = activations.map_or_else(|| "float".to_owned(), |bits| format!("A{bits}"));
                    Some(format!("{name} {:.3}", score.macro_f1))
                });
                format!("W{weights}: {}", row.collect::<Vec<_>>().join(", "))
            })
            .collect();
        format!("{}: {}", map.name, cells.join("; "))
    };
    let panel = match maps {
        [_, _, ..] => format!("First of {} panels, ", maps.len()),
        [] | [_] => String::new(),
    };
    let first: Vec<String> = maps.iter().take(1).map(corner).collect();
    format!("Heat map of macro-F1 by bits of weights and of activations. {panel}{}.", first.join(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_written_in_hundredths_with_a_sign() {
        assert_eq!(hundredths(0.0123), "+1.2");
        assert_eq!(hundredths(-0.3), "−30.0");
        assert_eq!(hundredths(-0.0001), "0.0");
    }

    #[test]
    fn equal_scores_have_one_swatch() {
        let entries = Shade { lowest: 0.5, highest: 0.5 }.entries();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].0, "0.50");
        let entries = Shade { lowest: 0.0, highest: 1.0 }.entries();
        assert_eq!(
            entries.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["0.00", "0.25", "0.50", "0.75", "1.00"]
        );
    }
}
