//! What a plan asks for, by keys alone: enough to tell what is missing, also for who has not the data.

use bitsweep_results::{Key, Recorded};
use serde::{Deserialize, Serialize};

use crate::plan::{Identity, Piece, Plan};

/// Rows of one unit that are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedRows {
    /// The unit.
    pub unit: Key,
    /// The unit, for people.
    pub name: String,
    /// What is asked for beside measures.
    pub recorded: Recorded,
    /// The row of the float model, which stands for all of them where none can be evaluated.
    pub float: Key,
    /// The rows.
    pub rows: Vec<Key>,
}

/// What an experiment asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// What the experiment is called.
    pub name: String,
    /// The key of the plan.
    pub configuration: String,
    /// Its units, those aside that need a file which could not be read.
    pub units: Vec<WantedRows>,
}

/// What a piece of a plan lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// The float model's row.
    pub float: bool,
    /// Positions among the unit's variants.
    pub variants: Vec<usize>,
    /// The majority class's row.
    pub majority: bool,
}

impl WantedRows {
    /// Those of a piece of a plan: the float model's first and the majority class's last, where these are of it.
    pub fn of(plan: &Plan, piece: &Piece) -> Self {
        let unit = &plan.units[piece.unit];
        let key = |identity: &Identity| unit.row_key(identity);
        let float = key(&unit.float);
        let mut rows: Vec<Key> = piece.baselines.then_some(float).into_iter().collect();
        rows.extend(unit.variants[piece.variants.clone()].iter().map(|planned| key(&planned.identity)));
        rows.extend(unit.majority.iter().filter(|_| piece.baselines).map(key));
        Self { unit: unit.key, name: unit.describe(), recorded: plan.recorded(piece.unit), float, rows }
    }
}

impl Manifest {
    /// That of a plan.
    pub fn of(plan: &Plan) -> Self {
        let work = plan.work();
        let readable = work.iter().filter(|piece| !plan.units[piece.unit].is_unreadable());
        Self {
            name: plan.name.clone(),
            configuration: plan.key(),
            units: readable.map(|piece| WantedRows::of(plan, piece)).collect(),
        }
    }
}

impl Missing {
    /// The rows at these positions of [`WantedRows::rows`].
    pub fn of(piece: &Piece, positions: &[usize]) -> Self {
        let before = usize::from(piece.baselines);
        let mut missing = Self::default();
        for &position in positions {
            match position.checked_sub(before) {
                None => missing.float = true,
                Some(variant) if variant < piece.variants.len() => {
                    missing.variants.push(piece.variants.start + variant);
                }
                Some(_) => missing.majority = true,
            }
        }
        missing
    }
}
