//! The arrays of a quantized matrix, and the formula by which values follow from them.

use bitsweep_models::WeightId;
use bitsweep_quant::{
    Affine, Bits, CodeMatrix, CodebookLayout, Dtype, Format, LevelFormat, Partition, Quantized, ZeroPoint,
};

use super::array::{Array, Numbers};
use super::description::ValuesDescription;

/// The arrays of one matrix as they are made.
struct Arrays<'a> {
    quantized: &'a Quantized,
    id: WeightId,
    added: &'a mut Vec<Array>,
}

/// What is said of a quantized matrix; its arrays are added to the others.
pub(super) fn arrays(quantized: &Quantized, id: WeightId, added: &mut Vec<Array>) -> ValuesDescription {
    let mut arrays = Arrays { quantized, id, added };
    arrays.codes();
    let of_matrix = ValuesDescription {
        dtype: Some(match quantized.dtype() {
            Dtype::F32 => "float32",
            Dtype::F64 => "float64",
        }),
        scheme: Some(*quantized.scheme()),
        ..ValuesDescription::FLOAT
    };
    let description = match (quantized.scheme().format, quantized.affine()) {
        (Format::Float16, _) => ValuesDescription { decode: "float16", ..of_matrix },
        (Format::BFloat16, _) => ValuesDescription { decode: "bfloat16", ..of_matrix },
        (Format::Codebook(layout), _) => {
            let block = Some(arrays.codebooks(layout));
            ValuesDescription { decode: "codebooks", block, ..of_matrix }
        }
        (Format::DoReFa { bits }, None) => {
            ValuesDescription { decode: "dorefa", steps: Some(unsigned_steps(bits)), ..of_matrix }
        }
        (Format::Wrpn { bits }, _) => {
            ValuesDescription { decode: "wrpn", steps: Some(unsigned_steps(bits) / 2), ..of_matrix }
        }
        (
            Format::Integer { .. } | Format::DoReFa { .. } | Format::Levels(_) | Format::Gguf(_),
            Some(affine),
        ) => {
            let of_matrix = ValuesDescription { block: Some(arrays.scales(&affine)), ..of_matrix };
            match (quantized.scheme().levels(), quantized.scheme().zero_point()) {
                (Some(format), _) => {
                    ValuesDescription { decode: "levels", lowest: Some(arrays.levels(format)), ..of_matrix }
                }
                (None, Some(ZeroPoint::Minimum)) => {
                    let lowest = quantized.scheme().grid().map(|grid| grid.lowest);
                    ValuesDescription { decode: "minimum", lowest, ..of_matrix }
                }
                (None, None | Some(ZeroPoint::Integer | ZeroPoint::Float)) => {
                    ValuesDescription { decode: "affine", ..of_matrix }
                }
            }
        }
        // Formats with scales have some.
        (Format::Integer { .. } | Format::Levels(_) | Format::Gguf(_), None) => of_matrix,
    };
    arrays.outliers();
    description
}

/// `2^b - 1`.
fn unsigned_steps(bits: Bits) -> i32 {
    (1 << bits.get()) - 1
}

impl Arrays<'_> {
    fn add(&mut self, name: &str, shape: &[usize], numbers: Numbers) {
        self.added.push(Array { name: format!("{}.{name}", self.id), shape: shape.to_vec(), numbers });
    }

    /// Adds numbers of the type of the values.
    fn add_numbers(&mut self, name: &str, shape: &[usize], numbers: impl Iterator<Item = f64>) {
        let numbers = match self.quantized.dtype() {
            Dtype::F32 => Numbers::F32(numbers.map(|number| number as f32).collect()),
            Dtype::F64 => Numbers::F64(numbers.collect()),
        };
        self.add(name, shape, numbers);
    }

    fn codes(&mut self) {
        let codes = self.quantized.codes();
        let (rows, per_row) = codes.dim();
        let shape = match self.quantized.scheme().format {
            Format::Codebook(layout) => {
                let stages = layout.stages.get() as usize;
                vec![rows, per_row / stages, stages]
            }
            Format::Integer { .. }
            | Format::Float16
            | Format::BFloat16
            | Format::DoReFa { .. }
            | Format::Wrpn { .. }
            | Format::Levels(_)
            | Format::Gguf(_) => vec![rows, per_row],
        };
        self.add("codes", &shape, narrowest(codes));
    }

    /// Adds scales and zero points, one a block; the rows and columns of a block.
    fn scales(&mut self, affine: &Affine<f64>) -> [usize; 2] {
        let (rows, columns) = self.quantized.shape();
        let scheme = self.quantized.scheme();
        let block: [usize; 2] = self.quantized.blocks().tile().into();
        let shape = [rows.div_ceil(block[0]), columns.div_ceil(block[1])];
        self.add_numbers("scales", &shape, affine.scales.iter().copied());
        match scheme.zero_point() {
            None => {}
            Some(ZeroPoint::Integer) => {
                // Whole numbers in 4 bytes, as they are stored.
                let numbers = affine.zero_points.iter().map(|number| *number as i32).collect();
                self.add("zero_points", &shape, Numbers::I32(numbers));
            }
            Some(ZeroPoint::Float | ZeroPoint::Minimum) => {
                self.add_numbers("zero_points", &shape, affine.zero_points.iter().copied());
            }
        }
        if let (Some(nested), Some(levels)) = (&affine.nested, self.quantized.scale_levels()) {
            self.add("scale_codes", &shape, Numbers::U8(nested.codes.clone()));
            self.add("outer_scales", &[nested.scales.len()], Numbers::F32(nested.scales.clone()));
            if let Some(offset) = nested.offset {
                self.add("scale_offset", &[1], Numbers::F32(vec![offset]));
            }
            self.add("scale_levels", &[levels.len()], Numbers::F64(levels));
        }
        block
    }

    /// Adds what codes stand for, from the lowest on; the lowest code.
    fn levels(&mut self, format: LevelFormat) -> i32 {
        let levels = format.levels();
        let ends = levels.first().zip(levels.last());
        let (lowest, highest) = ends.map_or((0, 0), |((lowest, _), (highest, _))| (*lowest, *highest));
        let level = |code| {
            let found = levels.binary_search_by_key(&code, |(code, _)| *code);
            found.ok().and_then(|position| levels.get(position)).map_or(f64::NAN, |(_, level)| *level)
        };
        self.add_numbers("levels", &[(highest - lowest + 1) as usize], (lowest..=highest).map(level));
        lowest
    }

    /// Adds the codebooks; the rows and columns of a block.
    fn codebooks(&mut self, layout: CodebookLayout) -> [usize; 2] {
        let columns = self.quantized.shape().1;
        let books = self.quantized.codebooks();
        let subvectors = self.quantized.subvectors().unwrap_or_default();
        let stages = layout.stages.get() as usize;
        let places = match layout.partition {
            Partition::Shared(_) => 1,
            Partition::Own(subvectors) => subvectors.get() as usize,
        };
        let centroids = books.iter().map(|book| book.len()).max().unwrap_or(0);
        let width = books.iter().map(|book| book.width()).max().unwrap_or(0);
        let component = |index: usize| {
            let (book, centroid) = (index / width / centroids, index / width % centroids);
            let book = books.get(book).filter(|book| centroid < book.len());
            book.and_then(|book| book.centroid(centroid).get(index % width)).copied().unwrap_or(f64::NAN)
        };
        let shape = [books.len() / (places * stages), places, stages, centroids, width];
        self.add_numbers("codebooks", &shape, (0..shape.iter().product()).map(component));
        let numbers = subvectors.iter().map(|&subvector| subvector as i64).collect();
        self.add("subvectors", &[columns], Numbers::I64(numbers));
        [self.quantized.blocks().get(0).length / columns, columns]
    }

    fn outliers(&mut self) {
        let Some(outliers) = self.quantized.outliers() else { return };
        let positions = outliers.positions().iter().map(|&position| position as i64).collect();
        self.add("outlier_positions", &[outliers.len()], Numbers::I64(positions));
        self.add_numbers("outlier_values", &[outliers.len()], outliers.entries().map(|(_, value)| value));
    }
}

/// Codes in the narrowest type that holds all of them that the scheme may have.
fn narrowest(codes: &CodeMatrix) -> Numbers {
    let one_byte = codes.bytes() == codes.len();
    match (one_byte, codes.is_signed()) {
        (true, true) => Numbers::I8(codes.iter().map(|code| code as i8).collect()),
        (true, false) => Numbers::U8(codes.iter().map(|code| code as u8).collect()),
        (false, true) => Numbers::I16(codes.iter().map(|code| code as i16).collect()),
        (false, false) => Numbers::U16(codes.iter().map(|code| code as u16).collect()),
    }
}
