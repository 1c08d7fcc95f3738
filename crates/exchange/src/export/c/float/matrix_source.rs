//! How the numbers of a matrix are read, row by row.

use bitsweep_quant::{Blocks, Quantized};

use crate::export::c::text::index_type;

use super::code_reader::CodeReader;
use super::numbers::Numbers;

/// A matrix in C. Statements stand in loops over the rows `i` and, within, the columns `o`, both in order.
#[derive(Default)]
pub(super) struct MatrixSource {
    /// What its constants are called, or begin with.
    pub(super) name: String,
    /// Before the function, one text each.
    pub(super) constants: Vec<String>,
    /// Before the loops.
    pub(super) head: String,
    /// Before each row.
    pub(super) row: String,
    /// What leaves the number in `value`.
    pub(super) value: String,
}

impl MatrixSource {
    /// Adds constants; they are read by the expressions that these give.
    pub(super) fn add(&mut self, numbers: Numbers) -> Numbers {
        if !numbers.constants.is_empty() {
            self.constants.push(numbers.constants.clone());
        }
        numbers
    }

    /// Floats in a row.
    pub(super) fn floats(&mut self, rows: usize, numbers: &[f32]) {
        let stored = self.add(Numbers::new(&self.name, numbers));
        if rows == 1 || stored.same().is_some() {
            self.value = format!("value = {};\n", stored.at("o"));
            return;
        }
        self.head = format!("{} n = 0;\n", index_type(numbers.len()));
        self.value = format!("value = {};\nn++;\n", stored.at("n"));
    }

    /// Adds the codes, one a value, none below `lowest`, and what leaves the next one in `code`.
    pub(super) fn reader(&mut self, quantized: &Quantized, lowest: i32) -> CodeReader {
        let reader = CodeReader::new(&self.name, quantized, lowest);
        self.constants.push(reader.constants.clone());
        self.head += &reader.head;
        self.value += &reader.take;
        reader
    }

    /// The number of the block of row `i` and column `o`, an expression; what it takes is read as seldom as it may be.
    pub(super) fn by_block(&mut self, what: &str, blocks: &Blocks, numbers: Numbers) -> String {
        let numbers = self.add(numbers);
        if numbers.same().is_some() {
            return numbers.at("0");
        }
        let ((rows, columns), (tile_rows, tile_columns)) = (blocks.shape(), blocks.tile());
        let (bands, strips) = (rows.div_ceil(tile_rows), columns.div_ceil(tile_columns));
        let part = |index: &str, length: usize| match length {
            1 => index.to_owned(),
            _ => format!("{index} / {length}u"),
        };
        if strips == 1 {
            self.row += &format!("const float {what} = {};\n", numbers.at(&part("i", tile_rows)));
            return what.to_owned();
        }
        let strip = part("o", tile_columns);
        if bands == 1 {
            return numbers.at(&strip);
        }
        let kind = index_type(bands * strips);
        let first =
            format!("const {kind} first = ({kind})(({kind})({}) * {strips}u);\n", part("i", tile_rows));
        if !self.row.contains(&first) {
            self.row += &first;
        }
        numbers.at(&format!("first + {strip}"))
    }
}
