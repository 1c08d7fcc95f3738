//! Macro-F1 against bits, one line per scheme.

use bitsweep_results::summary::PickOutcome;
use bitsweep_results::{Goal, Summary, VariantSummary};

use super::lines::LineChart;
use super::schemes::{Better, LinePanel, Mark, gather};
use super::subject::{MOST_PANELS, Subject, left_out};
use crate::draw::canvas::Fault;
use crate::draw::frame::Header;
use crate::draw::scale::Scale;
use crate::report::Chart;

pub(super) const NAME: &str = "macro-f1-by-bits";

fn mark(variant: &VariantSummary) -> Option<Mark> {
    let scores = variant.scores.as_ref()?;
    let mean = scores.macro_f1.mean;
    let whiskers = match scores.macro_f1.deviation {
        Some(deviation) => (mean - deviation, f64::min(mean + deviation, 1.0)),
        None => scores.interval.map_or((f64::NAN, f64::NAN), |interval| (interval.low, interval.high)),
    };
    let whiskers = (whiskers.0.is_finite() && whiskers.1.is_finite()).then_some(whiskers);
    Some(Mark { bits: f64::from(variant.bits()), value: mean, whiskers })
}

/// The finding, when there is one task and one answer.
fn title(summary: &Summary) -> String {
    let subject = "Macro-F1 against bits";
    let [only] = summary.comparisons.as_slice() else { return subject.to_owned() };
    match only.picks.as_ref().and_then(|picks| picks.of(Goal::Balance)) {
        Some(PickOutcome::Picked(pick)) => {
            let label = &only.variants[pick.variant].label;
            let shown = if pick.by_bound { "is shown to be" } else { "is, on these rows," };
            format!("{subject}: {label} {shown} within {} of float", pick.margin)
        }
        Some(PickOutcome::NoneQualifies { .. }) => format!("{subject}: every variant falls short of float"),
        Some(
            PickOutcome::NoneFits { .. }
            | PickOutcome::NoneInEveryUnit
            | PickOutcome::NoBaseline
            | PickOutcome::DeadBaseline
            | PickOutcome::NothingToLose,
        )
        | None => subject.to_owned(),
    }
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let mut panes: Vec<LinePanel> = gather(subject.summary, Better::High, mark);
    if panes.is_empty() {
        return Ok(None);
    }
    let all = panes.len();
    panes.truncate(MOST_PANELS);

    let most = subject.summary.comparisons.iter().max_by_key(|comparison| comparison.units);
    let whiskers = if let Some(most) = most.filter(|comparison| comparison.units > 1) {
        let runs = most.runs(most.units);
        format!(
            "Mean over {runs}; whiskers and the float band: one standard deviation over them to either side."
        )
    } else {
        "Whiskers and the float band: 95 % interval, as wide as the size of the test set makes it.".to_owned()
    };
    let title = title(subject.summary);
    let header = Header::new(&title, &format!("{whiskers}{}", left_out(panes.len(), all)));
    let ends = || {
        let marks =
            panes.iter().flat_map(|pane| pane.lines.iter().flat_map(|line| &line.marks).chain(&pane.float));
        marks.flat_map(|mark| {
            let (low, high) = mark.whiskers.unwrap_or((mark.value, mark.value));
            [low, mark.value, high]
        })
    };
    let (lowest, highest) = (ends().fold(1.0, f64::min), ends().fold(0.0, f64::max));
    let scale = Scale::nice(lowest.max(0.0), highest.clamp(0.0, 1.0).max(lowest + 0.01), 5);

    let alt = alt(&panes);
    let svg = LineChart { header, panels: &panes, scale, ticks: 5, measure: "macro-F1", alt: &alt }.draw()?;
    Ok(Some(Chart { name: NAME.to_owned(), title, alt, svg }))
}

fn alt(panes: &[LinePanel]) -> String {
    let lines: Vec<String> = panes
        .iter()
        .take(1)
        .flat_map(|pane| &pane.lines)
        .filter(|line| line.colour.is_some())
        .take(3)
        .map(|line| {
            let marks: Vec<String> =
                line.marks.iter().map(|mark| format!("{:.3} at {} bit", mark.value, mark.bits)).collect();
            format!("{}: {}", line.name, marks.join(", "))
        })
        .collect();
    let panel = match panes {
        [first, _, ..] => format!("First of {} panels, {}: ", panes.len(), first.name),
        [] | [_] => String::new(),
    };
    format!("Line chart of macro-F1 against bits per code. {panel}{}.", lines.join("; "))
}
