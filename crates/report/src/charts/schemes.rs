//! Which schemes become lines, in which panels, and which of them are pointed at.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bitsweep_results::{Choice, Comparison, Goal, Label, Origin, Summary, VariantSummary};

use super::subject::{MOST_PANELS, names};

/// Most coloured lines of a chart; the rest are grey.
const MOST_LINES: usize = 5;
/// Most of them that are coloured for being picked.
const MOST_FAVOURED: usize = 2;

/// A point of a line with its whiskers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mark {
    pub(crate) bits: f64,
    pub(crate) value: f64,
    /// Ends of the whiskers, where there are any.
    pub(crate) whiskers: Option<(f64, f64)>,
}

/// One scheme over its bit widths, most bits first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) name: String,
    /// The label of one of its variants, whose parts say what the name is made of.
    pub(crate) label: Label,
    pub(crate) marks: Vec<Mark>,
    /// Number of its colour; `None` for a grey line.
    pub(crate) colour: Option<usize>,
}

/// The lines of one panel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LinePanel {
    pub(crate) name: String,
    pub(crate) lines: Vec<Line>,
    /// The float model, where it has the measure.
    pub(crate) float: Option<Mark>,
}

/// Which of too many lines to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Better {
    High,
    Low,
}

/// Gathers one panel a comparison, or for a single comparison of many schemes one panel a value of the axis that splits
/// them best. Comparisons with a single bit width are left out.
pub(crate) fn gather(
    summary: &Summary,
    better: Better,
    measure: impl Fn(&VariantSummary) -> Option<Mark>,
) -> Vec<LinePanel> {
    let comparisons: Vec<&Comparison> = summary.shown().filter(|one| bit_widths(one) > 1).collect();
    let mut panels: Vec<LinePanel> = comparisons
        .iter()
        .zip(names(&comparisons))
        .map(|(comparison, name)| LinePanel {
            name,
            lines: lines(comparison, &measure),
            float: comparison.float().and_then(&measure),
        })
        .filter(|panel| panel.lines.iter().any(|line| line.marks.len() > 1))
        .collect();
    if let [only] = panels.as_slice()
        && let Some(split) = facets(only)
    {
        panels = split;
    }
    let favoured: Vec<&str> = comparisons.iter().filter_map(|comparison| balance(comparison)).collect();
    colour(&mut panels, better, &favoured);
    panels
}

/// The scheme of the balance pick.
fn balance(comparison: &Comparison) -> Option<&str> {
    let picked = comparison.picks.as_ref()?.variant(Goal::Balance)?;
    Some(comparison.variants.get(picked)?.label.series())
}

/// Whether a quantized variant has a place on an axis of bits: a budget of bytes or of loss has none, nor has a code of
/// several weights.
fn has_bits(variant: &&VariantSummary) -> bool {
    let Origin { variant: own, .. } = &variant.origin;
    !variant.origin.is_baseline() && own.choices.get(Choice::Budget).is_none() && !own.has_shared_codes
}

/// Distinct bit widths among the quantized variants.
fn bit_widths(comparison: &Comparison) -> usize {
    let mut bits: Vec<u32> =
        comparison.variants.iter().filter(has_bits).map(|variant| variant.bits()).collect();
    bits.sort_unstable();
    bits.dedup();
    bits.len()
}

fn lines(comparison: &Comparison, measure: &impl Fn(&VariantSummary) -> Option<Mark>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for variant in comparison.variants.iter().filter(has_bits) {
        let Some(mark) = measure(variant).filter(|mark| mark.value.is_finite()) else { continue };
        let label = &variant.label;
        let place = *places.entry(label.series()).or_insert(lines.len());
        if place == lines.len() {
            let name = label.series().to_owned();
            lines.push(Line { name, label: label.clone(), marks: Vec::new(), colour: None });
        }
        lines[place].marks.push(mark);
    }
    for line in &mut lines {
        line.marks.sort_by(|a, b| b.bits.total_cmp(&a.bits));
    }
    lines
}

/// Splits a crowded panel by one axis of which all its lines speak, beside something else.
fn facets(panel: &LinePanel) -> Option<Vec<LinePanel>> {
    if panel.lines.len() <= MOST_LINES || panel.lines.iter().any(|line| line.label.series_length() < 2) {
        return None;
    }
    // Fewest panels; of equally few the later part of the name.
    let mut best: Option<(Choice, Vec<&str>)> = None;
    for (axis, _) in panel.lines.first()?.label.parts() {
        let Some(values) = values(panel, axis).filter(|values| (2..=MOST_PANELS).contains(&values.len()))
        else {
            continue;
        };
        if best.as_ref().is_none_or(|(_, known)| values.len() <= known.len()) {
            best = Some((axis, values));
        }
    }
    let (axis, values) = best?;
    let facets: Vec<LinePanel> = values
        .into_iter()
        .map(|value| {
            let own = panel.lines.iter().filter(|line| words(line, axis) == Some(value));
            let lines = own.map(|line| Line { name: line.label.without(axis), ..line.clone() });
            LinePanel { name: value.to_owned(), lines: lines.collect(), float: panel.float }
        })
        .collect();
    let is_told_apart = |panel: &LinePanel| {
        let names: BTreeSet<&str> = panel.lines.iter().map(|line| line.name.as_str()).collect();
        names.len() == panel.lines.len()
    };
    facets.iter().all(is_told_apart).then_some(facets)
}

/// What a line's name says of an axis.
fn words(line: &Line, axis: Choice) -> Option<&str> {
    line.label.parts().find(|(known, _)| *known == axis).map(|(_, words)| words)
}

/// The different things that the lines say of an axis, in order of first appearance; `None` where one says nothing.
fn values(panel: &LinePanel, axis: Choice) -> Option<Vec<&str>> {
    let mut values: Vec<&str> = Vec::new();
    for line in &panel.lines {
        let own = words(line, axis)?;
        if !values.contains(&own) {
            values.push(own);
        }
    }
    Some(values)
}

/// How one scheme compares with the others, over all panels.
struct Standing {
    /// Sum of advantages over the mean of all schemes with the same bits in the same panel.
    advantage: f64,
    marks: usize,
    /// Whether it has several bit widths anywhere.
    line: bool,
    /// Rank of first appearance.
    order: usize,
}

/// Compares like with like: a scheme that stops at 2 bits gains nothing from never having tried 1.
fn standings(panels: &[LinePanel], better: Better) -> BTreeMap<String, Standing> {
    let worth = |mark: &Mark| match better {
        Better::High => mark.value,
        Better::Low => -libm::log(mark.value),
    };
    let mut standings: BTreeMap<String, Standing> = BTreeMap::new();
    for panel in panels {
        let mut means: BTreeMap<u64, (f64, usize)> = BTreeMap::new();
        for mark in panel.lines.iter().flat_map(|line| &line.marks) {
            let (sum, count) = means.entry(mark.bits.to_bits()).or_insert((0.0, 0));
            *sum += worth(mark);
            *count += 1;
        }
        for line in &panel.lines {
            let order = standings.len();
            let own = standings.entry(line.name.clone()).or_insert(Standing {
                advantage: 0.0,
                marks: 0,
                line: false,
                order,
            });
            own.line |= line.marks.len() > 1;
            for mark in &line.marks {
                let (sum, count) = means.get(&mark.bits.to_bits()).copied().unwrap_or((worth(mark), 1));
                own.advantage += worth(mark) - sum / count as f64;
                own.marks += 1;
            }
        }
    }
    standings
}

/// Gives the most telling names a colour, the same in all panels: all of them when few, else the `favoured` ones, then
/// the best and the worst.
fn colour(panels: &mut [LinePanel], better: Better, favoured: &[&str]) {
    let standings = standings(panels, better);
    let mut names: Vec<&String> = standings.keys().collect();
    if names.len() > MOST_LINES {
        let mean =
            |name: &str| standings.get(name).map_or(0.0, |own| own.advantage / own.marks.max(1) as f64);
        let is_line = |name: &str| standings.get(name).is_some_and(|own| own.line);
        // Best first; what has but one bit width comes last, whatever its worth.
        names.sort_by(|a, b| is_line(b).cmp(&is_line(a)).then(mean(b).total_cmp(&mean(a))).then(a.cmp(b)));
        let lines = names.iter().filter(|name| is_line(name)).count().max(MOST_LINES);
        let mut chosen: Vec<&String> = names
            .iter()
            .filter(|name| favoured.contains(&name.as_str()) && is_line(name))
            .take(MOST_FAVOURED)
            .copied()
            .collect();
        let ends = names.iter().take(2).chain(names[..lines.min(names.len())].iter().rev());
        for name in ends {
            if chosen.len() < MOST_LINES && !chosen.contains(name) {
                chosen.push(name);
            }
        }
        names = chosen;
    }
    names.sort_by_key(|name| standings.get(*name).map(|own| own.order));
    let colours: BTreeMap<String, usize> =
        names.into_iter().enumerate().map(|(colour, name)| (name.clone(), colour)).collect();
    for line in panels.iter_mut().flat_map(|panel| &mut panel.lines) {
        line.colour = colours.get(&line.name).copied();
    }
}

#[cfg(test)]
mod tests {
    use bitsweep_results::{Choices, Labels, Value, Variant};

    use super::*;

    fn line(name: &str, values: &[(f64, f64)]) -> Line {
        let marks = values.iter().map(|&(bits, value)| Mark { bits, value, whiskers: None }).collect();
        Line { name: name.to_owned(), label: Label::default(), marks, colour: None }
    }

    fn panel(lines: Vec<Line>) -> LinePanel {
        LinePanel { name: String::new(), lines, float: None }
    }

    fn coloured(panels: &[LinePanel]) -> Vec<&str> {
        let lines = panels.iter().flat_map(|panel| &panel.lines);
        lines.filter(|line| line.colour.is_some()).map(|line| line.name.as_str()).collect()
    }

    #[test]
    fn a_scheme_that_never_tried_few_bits_gains_nothing_by_it() {
        let tried = line("tried", &[(8.0, 0.9), (4.0, 0.9), (1.0, 0.2)]);
        let shirked = line("shirked", &[(8.0, 0.89), (4.0, 0.89)]);
        let standings = standings(&[panel(vec![tried, shirked])], Better::High);
        assert!(standings["tried"].advantage > 0.0);
        assert!(standings["shirked"].advantage < 0.0);
    }

    #[test]
    fn less_error_is_better_by_ratio() {
        let small = line("small", &[(8.0, 1e-6), (2.0, 0.3)]);
        let large = line("large", &[(8.0, 1e-4), (2.0, 0.2)]);
        let standings = standings(&[panel(vec![large, small])], Better::Low);
        assert!(standings["small"].advantage > standings["large"].advantage);
    }

    #[test]
    fn of_many_schemes_the_picked_the_best_and_the_worst_are_coloured() {
        let lines = (0..9).map(|rank| {
            let value = 0.9 - 0.01 * f64::from(rank);
            line(&format!("rank {rank}"), &[(8.0, value), (4.0, value)])
        });
        let mut panels = vec![panel(lines.collect())];
        colour(&mut panels, Better::High, &["rank 4"]);
        assert_eq!(coloured(&panels), ["rank 0", "rank 1", "rank 4", "rank 7", "rank 8"]);
    }

    #[test]
    fn few_schemes_are_all_coloured() {
        let mut panels = vec![panel(vec![line("a", &[(8.0, 1.0)]), line("b", &[(8.0, 0.5), (4.0, 0.4)])])];
        colour(&mut panels, Better::High, &[]);
        assert_eq!(coloured(&panels), ["a", "b"]);
    }

    #[test]
    fn a_crowded_panel_splits_by_the_later_of_equal_axes() {
        let variant = |scheme: &str, granularity: &str| Variant {
            choices: Choices::default()
                .with(Choice::Format, Value::word(scheme))
                .with(Choice::Granularity, Value::word(granularity)),
            name: None,
            has_shared_codes: false,
        };
        let variants: Vec<Variant> = ["x", "y", "z"]
            .iter()
            .flat_map(|scheme| ["tensor", "row", "group"].map(|granularity| variant(scheme, granularity)))
            .collect();
        let labels = Labels::of(&variants);
        let lines = variants.iter().map(|variant| {
            let label = labels.get(variant).clone();
            Line { label: label.clone(), ..line(label.series(), &[(8.0, 1.0), (4.0, 0.9)]) }
        });
        let split = facets(&panel(lines.collect())).unwrap_or_default();
        let names: Vec<&str> = split.iter().map(|panel| panel.name.as_str()).collect();
        assert_eq!(names, ["per tensor", "per row", "per group"]);
        assert_eq!(split[0].lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["x", "y", "z"]);
    }
}
