//! Macro-F1 by bits of weights and bits of activations: a heat map.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use bitsweep_results::{Choice, Comparison, Value, VariantSummary};
use plotters::style::RGBColor;

use super::subject::{MOST_PANELS, Subject, left_out, names};
use crate::draw::canvas::{self, Anchor, Canvas, Fault, Type};
use crate::draw::colour::{BLUE, MUTED, tint};
use crate::draw::frame::{Header, Panels, Rect, panel_name, panels};
use crate::draw::legend::Legend;
use crate::draw::text::SMALL;
use crate::report::Chart;

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
        let place = (variant.bits(), variant.activation_bits());
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
    variants.filter(|(position, _)| !comparison.is_baseline(*position)).map(|(_, variant)| variant).collect()
}

/// A panel for each way to quantize activations of each task where that makes few enough panels, else one for each task.
fn gather(subject: &Subject<'_>) -> (Vec<Panel>, bool) {
    let varies = |variants: &[&VariantSummary]| {
        let weights: BTreeSet<u32> = variants.iter().map(|variant| variant.bits()).collect();
        let activations: BTreeSet<Option<u32>> =
            variants.iter().map(|variant| variant.activation_bits()).collect();
        weights.len() > 1 && activations.len() > 1
    };
    let comparisons: Vec<&Comparison> = subject.summary.comparisons.iter().collect();
    let tasks: Vec<(String, Vec<&VariantSummary>)> = names(&comparisons)
        .into_iter()
        .zip(comparisons.iter().map(|comparison| quantized(comparison)))
        .filter(|(_, variants)| varies(variants))
        .collect();
    let mut by_scheme: Vec<(String, Vec<&VariantSummary>)> = Vec::new();
    for (task, variants) in &tasks {
        let mut schemes: Vec<&Value> = Vec::new();
        for scheme in variants.iter().filter_map(|variant| variant.choice(Choice::Activations)) {
            if !schemes.contains(&scheme) {
                schemes.push(scheme);
            }
        }
        by_scheme.extend(schemes.into_iter().map(|scheme| {
            let name = if tasks.len() > 1 { format!("{task} · {scheme}") } else { scheme.to_string() };
            let of_scheme = |variant: &&&VariantSummary| {
                variant.choice(Choice::Activations).is_none_or(|own| own == scheme)
            };
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
    let shade = Shade::of_all(&maps);

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
            let (colour, is_dark) = shade.of(*score);
            canvas.block((x, y), opposite, colour)?;
            let ink = Type::new(size, if is_dark { ON_DARK } else { ON_CELL });
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

/// How a cell becomes a colour: the deeper, the less is lost against float, or without float the higher the score.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shade {
    is_of_loss: bool,
    worst: f64,
    best: f64,
}

impl Shade {
    fn of_all(maps: &[Panel]) -> Self {
        let scores = || maps.iter().flat_map(|map| map.cells.values());
        let is_of_loss = scores().all(|score| score.loss.is_some());
        let worths = || scores().map(|score| worth(*score, is_of_loss));
        Self {
            is_of_loss,
            worst: worths().fold(f64::INFINITY, f64::min),
            best: worths().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    fn share(self, worth: f64) -> f64 {
        if self.best > self.worst { (worth - self.worst) / (self.best - self.worst) } else { 1.0 }
    }

    fn colour(self, worth: f64) -> RGBColor {
        tint(BLUE, 0.06 + 0.94 * self.share(worth))
    }

    /// The colour of a cell, and whether text on it must be light.
    fn of(self, score: Score) -> (RGBColor, bool) {
        let worth = worth(score, self.is_of_loss);
        (self.colour(worth), self.share(worth) > 0.55)
    }

    /// Swatches from the worst to the best.
    fn entries(self) -> Vec<(String, RGBColor)> {
        let steps = if self.best > self.worst { 4 } else { 0 };
        let entry = |step: u32| {
            let worth =
                self.best - (self.best - self.worst) * f64::from(steps - step) / f64::from(steps.max(1));
            let name = match self.is_of_loss {
                true if worth == 0.0 => "no loss".to_owned(),
                true => format!("{:.2} below float", -worth),
                false => format!("{worth:.2}"),
            };
            (name, self.colour(worth))
        };
        (0..=steps).map(entry).collect()
    }
}

/// What a colour shows, more being better: macro-F1, or 0 less the loss, a gain counting as no loss.
fn worth(score: Score, is_of_loss: bool) -> f64 {
    match score.loss {
        Some(loss) if is_of_loss => 0.0 - loss.max(0.0),
        Some(_) | None => score.macro_f1,
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

    fn map(scores: &[Score]) -> Panel {
        let cells = (1..).zip(scores).map(|(bits, score)| ((bits, None), *score)).collect();
        Panel { name: String::new(), weights: Vec::new(), activations: Vec::new(), cells }
    }

    fn swatches(scores: &[Score]) -> Vec<String> {
        Shade::of_all(&[map(scores)]).entries().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn colours_show_losses_against_float_and_without_float_scores() {
        let score = |macro_f1, loss| Score { macro_f1, loss };
        let losses = [score(0.9, Some(-0.1)), score(0.4, Some(0.4))];
        assert_eq!(
            swatches(&losses),
            ["0.40 below float", "0.30 below float", "0.20 below float", "0.10 below float", "no loss"]
        );
        let shade = Shade::of_all(&[map(&losses)]);
        assert!(shade.of(losses[0]).1 && !shade.of(losses[1]).1, "dark where nothing is lost");
        assert_eq!(
            swatches(&[score(0.0, None), score(1.0, Some(0.0))]),
            ["0.00", "0.25", "0.50", "0.75", "1.00"]
        );
    }

    #[test]
    fn equal_scores_have_one_swatch() {
        assert_eq!(swatches(&[Score { macro_f1: 0.5, loss: None }; 2]), ["0.50"]);
    }
}
