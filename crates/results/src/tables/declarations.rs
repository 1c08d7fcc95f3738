//! The columns of each table.

use super::derived::{ClassRow, CurveRow, PredictionRow, RecallRow};
use super::field::{Cell, Field};
use super::row::{BadCell, Identity, TableRow};
use crate::device::DeviceRow;
use crate::origin::Origin;
use crate::record::{
    CodebookRow, FlipRow, HistogramRow, LevelRow, ProductRow, SensitivityRow, TensorRow, ValueRow,
};
use crate::summary::{DatasetsRow, EffectRow, VerdictRow};

/// Declares a table by the fields that are its columns, `origin` in front where there is one.
macro_rules! table {
    ($name:literal, $row:ident, $identity:ident, origin, $($field:ident),+) => {
        impl TableRow for $row {
            const NAME: &'static str = $name;
            const IDENTITY: Identity = Identity::$identity;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),+];

            fn origin(&self) -> Option<&Origin> {
                Some(&self.origin)
            }

            fn cells(&self) -> Vec<Cell<'_>> {
                vec![$(self.$field.cell()),+]
            }

            fn read(origin: Option<Origin>, cells: &[&str]) -> Result<Option<Self>, BadCell> {
                let mut next = Next { cells, column: 0 };
                $(let $field = next.read()?;)+
                Ok(origin.map(|origin| Self { origin, $($field),+ }))
            }
        }
    };
    ($name:literal, $row:ident, $($field:ident),+) => {
        impl TableRow for $row {
            const NAME: &'static str = $name;
            const IDENTITY: Identity = Identity::None;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),+];

            fn origin(&self) -> Option<&Origin> {
                None
            }

            fn cells(&self) -> Vec<Cell<'_>> {
                vec![$(self.$field.cell()),+]
            }

            fn read(_origin: Option<Origin>, cells: &[&str]) -> Result<Option<Self>, BadCell> {
                let mut next = Next { cells, column: 0 };
                $(let $field = next.read()?;)+
                Ok(Some(Self { $($field),+ }))
            }
        }
    };
}

/// Reads one cell after the other.
struct Next<'a> {
    cells: &'a [&'a str],
    column: usize,
}

impl Next<'_> {
    fn read<F: Field>(&mut self) -> Result<F, BadCell> {
        let column = self.column;
        self.column += 1;
        let text = self.cells.get(column).copied().unwrap_or_default();
        F::read(text).ok_or(BadCell { column, expected: F::EXPECTED })
    }
}

table!(
    "tensors", TensorRow, Unit, origin, tensor, block, count, scale, zero_point, sse, mse, max_error, sqnr_db
);
table!("values", ValueRow, Unit, origin, tensor, row, column, value, code, reconstruction, error);
table!("codebooks", CodebookRow, Unit, origin, tensor, codebook, centroid, component, value);
table!("products", ProductRow, Unit, origin, tensor, row, exact, lookup);
table!("curve", CurveRow, Unit, origin, epoch, loss_sum, loss);
table!("predictions", PredictionRow, Unit, origin, part, row, truth, float, quantized);
table!("classes", ClassRow, Unit, origin, class, precision, recall, f1, support);
table!(
    "recalls",
    RecallRow,
    Unit,
    origin,
    class,
    support,
    float_recall,
    recall,
    lost,
    gained,
    difference,
    low,
    high,
    p_value,
    adjusted_p_value
);
table!("flips", FlipRow, Unit, origin, row, truth, float, quantized, float_margin, quantized_margin);
table!(
    "sensitivity",
    SensitivityRow,
    Unit,
    origin,
    tensor,
    part,
    bits,
    bytes,
    output_error,
    macro_f1,
    next_bytes,
    next_output_error,
    gain_per_byte
);
table!(
    "device",
    DeviceRow,
    Unit,
    origin,
    target,
    flash,
    encode_flash,
    ram,
    cycles,
    encode_cycles,
    instructions,
    encode_instructions,
    basis,
    fits,
    refused,
    toolchain
);
table!("histogram", HistogramRow, FirstUnit, origin, tensor, kind, low, high, count);
table!("levels", LevelRow, format, bits, level);
table!(
    "effects",
    EffectRow,
    task,
    axis,
    from,
    to,
    bits,
    pairs,
    units,
    difference,
    standard_error,
    low,
    high,
    p_value,
    holm_p_value,
    bh_p_value,
    equivalence_margin,
    verdict
);
table!("datasets", DatasetsRow, label, datasets, size, mean_loss, loses, within, gains);
table!(
    "verdicts",
    VerdictRow,
    task,
    label,
    bytes,
    loss,
    standard_error,
    upper_bound,
    lower_bound,
    p_value,
    adjusted_p_value,
    balance,
    least_memory,
    rows_needed,
    dominated_by,
    front_share
);
