//! Which unit and variant a line of a table is of.

use std::collections::BTreeMap;

use crate::key::Key;
use crate::origin::Origin;
use crate::record::ResultRow;

/// The units of an experiment by the digits that tables show, with their variants by position.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    by_unit: BTreeMap<String, BTreeMap<usize, Origin>>,
    first: Option<Key>,
}

impl Origins {
    /// The origins of the results table's rows.
    #[must_use]
    pub fn of(rows: &[ResultRow]) -> Self {
        let mut by_unit: BTreeMap<String, BTreeMap<usize, Origin>> = BTreeMap::new();
        for ResultRow { origin, .. } in rows {
            by_unit.entry(origin.unit.key.short()).or_default().insert(origin.position, origin.clone());
        }
        Self { by_unit, first: rows.first().map(|row| row.origin.unit.key) }
    }

    /// The variant at `position` of the unit that tables show as `unit`.
    #[must_use]
    pub fn find(&self, unit: &str, position: usize) -> Option<&Origin> {
        self.by_unit.get(unit)?.get(&position)
    }

    /// The variant at `position` of the first unit.
    #[must_use]
    pub fn find_in_first(&self, position: usize) -> Option<&Origin> {
        self.find(&self.first?.short(), position)
    }
}
