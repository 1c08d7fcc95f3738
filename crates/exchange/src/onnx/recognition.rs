//! Which activations a file writes out in operators.

use std::rc::Rc;

use bitsweep_models::Activation;

use crate::onnx::stage::{Kind, Stage, compose};
use crate::step::Operation;

/// The most stages that are taken for one activation.
const MOST_STAGES: usize = 40;

/// Replaces what the file writes out by the activations that it is.
///
/// # Errors
/// What is no activation, by its place.
pub(crate) fn recognize(stages: &[Rc<Stage>]) -> Result<Vec<Rc<Stage>>, (Rc<str>, String)> {
    let mut recognized: Vec<Rc<Stage>> = Vec::with_capacity(stages.len());
    let mut position = 0;
    while let Some(first) = stages.get(position) {
        let is_function = |stage: &Rc<Stage>| matches!(stage.kind, Kind::Function(_));
        let is_uniform = |stage: &Rc<Stage>| compose(std::slice::from_ref(stage)).is_some();
        let run = stages[position..].iter().take_while(|stage| is_uniform(stage)).count();
        let part = &stages[position..position + run];
        let (Some(start), Some(end)) =
            (part.iter().position(is_function), part.iter().rposition(is_function))
        else {
            recognized.extend(part.iter().cloned());
            position += run;
            if run == 0 {
                if first.kind == Kind::ShiftByMaximum {
                    let reason = "subtracts a maximum that is no part of a softmax";
                    return Err((first.place.clone(), reason.to_owned()));
                }
                recognized.push(first.clone());
                position += 1;
            }
            continue;
        };
        let is_long = run > MOST_STAGES;
        let ranges = (end + 1..=run).rev().flat_map(|end| (0..=start).rev().map(move |start| (start, end)));
        let found = ranges.filter(|_| !is_long).find_map(|(start, end)| {
            let activation: Activation = compose(&part[start..end])?.activation()?;
            Some((start, end, activation))
        });
        let Some((from, to, activation)) = found else {
            let place = part[end].place.clone();
            return Err((place, "ends a function that is no activation that is supported".to_owned()));
        };
        recognized.extend(part[..from].iter().cloned());
        let kind = Kind::Operation(Operation::Activation(activation));
        recognized.push(Rc::new(Stage { place: part[to - 1].place.clone(), kind }));
        position += to;
    }
    Ok(recognized)
}
