//! Weights as what codes of inputs are multiplied by: whole numbers where they are, and the scales beside them.

use bitsweep_quant::{Affine, Parameters, Quantized, ZeroPoint};

use crate::export::element::{self, ElementType, Real};
use crate::export::error::ExportError;
use crate::export::graph::Graph;
use crate::export::options::Opset;
use crate::onnx::proto::TensorProto;

use super::affine::{self, code_range};
use super::coded::Coded;
use super::codes::{self, note_width};
use super::matrix::reconstruction;
use super::{levels, outliers, scales};

/// The least magnitude that `int32` does not hold.
const MOST_SUM: i64 = 1 << 31;
/// The largest byte.
const MOST_BYTE: i64 = 255;

/// What codes of inputs are multiplied by.
pub(in crate::export) enum Factors {
    /// `uint8` codes with zero points, for `MatMulInteger`.
    Bytes(WholeNumbers),
    /// `double` numbers `(in, out)`, or `(bands, rows, out)`.
    Doubles(String),
}

/// Codes of weights as `uint8`.
pub(in crate::export) struct WholeNumbers {
    /// `(in, out)`, or `(bands, rows, out)`.
    pub(in crate::export) codes: String,
    /// One, one an output, or `(bands, 1, out)`.
    pub(in crate::export) zero_points: String,
    /// The sums over inputs of codes less their zero points, `int32`: `(1, out)`, or `(bands, 1, out)`; not in the graph yet.
    pub(in crate::export) totals: Box<TensorProto>,
}

/// Which inputs share scales: bands of so many rows of the weight, the last perhaps of fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::export) struct Bands {
    pub(in crate::export) count: usize,
    /// Rows of a band.
    pub(in crate::export) rows: usize,
    /// Rows of the weight.
    pub(in crate::export) inputs: usize,
}

/// Adds a weight as factors and scales; no scales of factors that are the weights themselves. `are_bytes` says whether what is
/// multiplied by them is bytes.
pub(in crate::export) fn factors(
    graph: &mut Graph,
    name: &str,
    weight: &Quantized,
    are_bytes: bool,
    opset: Opset,
) -> Result<(Factors, Bands, Option<String>), ExportError> {
    let single = Coded::new(name, weight, opset, Real::Single);
    let inputs = weight.shape().0;
    let is_minimum = single.scheme.zero_point() == Some(ZeroPoint::Minimum);
    let affine = match weight.parameters::<f32>()? {
        Parameters::Affine(affine) if !is_minimum => affine,
        Parameters::Affine(_) | Parameters::Codebooks(_) | Parameters::Fixed(_) => {
            let numbers = reconstruction(graph, name, weight, opset)?;
            let factors = graph.cast(&numbers, ElementType::Double, &single.part("factors"));
            note_order(graph, name);
            return Ok((Factors::Doubles(factors), Bands { count: 1, rows: inputs, inputs }, None));
        }
    };
    let bands = Bands { count: single.tiling.dims()[0], rows: single.tiling.tile_rows(), inputs };
    let whole = if are_bytes { bytes(graph, &single, affine, bands) } else { None };
    let factors = match whole {
        Some(whole) => Factors::Bytes(whole),
        None => Factors::Doubles(doubles(graph, name, weight, affine, bands, opset)),
    };
    let [_, strips] = single.tiling.dims();
    let scales = match bands.count {
        1 => {
            let scales = scales::scales(graph, &single, affine, &[1, strips]);
            single.tiling.spread(graph, &scales)
        }
        count => scales::scales(graph, &single, affine, &[count, 1, strips]),
    };
    Ok((factors, bands, Some(scales)))
}

/// The codes as bytes, where they and their zero points are bytes and no sum overflows.
fn bytes(graph: &mut Graph, coded: &Coded<'_>, affine: &Affine<f32>, bands: Bands) -> Option<WholeNumbers> {
    let (lowest, highest) = match coded.scheme.levels() {
        None => code_range(coded.scheme),
        Some(bitsweep_quant::LevelFormat::Ternary(_)) => (-1, 1),
        Some(_) => return None,
    };
    let offset = match lowest {
        0.. => 0,
        -8..0 if highest < 8 => 8,
        _ => 128,
    };
    let is_byte = |number: i64| (0..=MOST_BYTE).contains(&number);
    if !is_byte(lowest + offset) || !is_byte(highest + offset) {
        return None;
    }
    let (rows, columns) = coded.quantized.shape();
    let zero_points = affine.zero_points.iter().map(|&zero_point| {
        let whole = zero_point as i64;
        (whole as f32 == zero_point && is_byte(whole + offset)).then_some(whole + offset)
    });
    let zero_points = zero_points.collect::<Option<Vec<i64>>>()?;
    // Those of each band and output, of the padding behind the last band, and of outliers, whose factor is 0.
    let blocks = coded.quantized.blocks();
    let zero = |row: usize, column: usize| zero_points[blocks.index_of(row, column)];
    let zeros: Vec<i64> = (0..bands.count)
        .flat_map(|band| (0..columns).map(move |column| (band * bands.rows, column)))
        .map(|(row, column)| zero(row, column))
        .collect();
    let mut codes: Vec<i64> = coded.quantized.codes().iter().map(|code| i64::from(code) + offset).collect();
    for &position in coded.quantized.outliers().map_or(&[][..], |outliers| outliers.positions()) {
        codes[position] = zero(position / columns, position % columns);
    }
    let padding = (rows..bands.count * bands.rows).flat_map(|_| &zeros[(bands.count - 1) * columns..]);
    codes.extend(padding);
    let band_of = |position: usize| position / columns / bands.rows;
    let mut totals = vec![0_i64; zeros.len()];
    let mut largest = 0;
    for (position, &code) in codes.iter().enumerate() {
        let place = band_of(position) * columns + position % columns;
        let step = code - zeros[place];
        totals[place] += step;
        largest = largest.max(step.abs());
    }
    if (bands.rows as i64).saturating_mul(MOST_BYTE * largest.max(1)) >= MOST_SUM {
        return None;
    }
    let is_narrow = codes.iter().all(|&code| code < 16);
    let kind = if is_narrow { ElementType::Uint4 } else { ElementType::Uint8 };
    note_width(graph, coded.name, coded.scheme.bits(), kind);
    let dims = |rows: usize| match bands.count {
        1 => vec![rows, columns],
        count => vec![count, rows, columns],
    };
    let stored = graph.initializer(&coded.part("codes"), element::patterns(kind, &dims(bands.rows), codes));
    let codes = match is_narrow {
        true => graph.cast(&stored, ElementType::Uint8, &coded.part("codes as uint8")),
        false => stored,
    };
    let zero_points = match zeros.iter().all(|zero| *zero == zeros[0]) {
        true => element::patterns(ElementType::Uint8, &[], [zeros[0]]),
        false if bands.count == 1 => element::patterns(ElementType::Uint8, &[columns], zeros),
        false => element::patterns(ElementType::Uint8, &dims(1), zeros),
    };
    let zero_points = graph.initializer(&coded.part("zero_points"), zero_points);
    let totals = element::patterns(ElementType::Int32, &dims(1), totals);
    Some(WholeNumbers { codes, zero_points, totals: Box::new(totals) })
}

/// The factors as `double`.
fn doubles(
    graph: &mut Graph,
    name: &str,
    weight: &Quantized,
    affine: &Affine<f32>,
    bands: Bands,
    opset: Opset,
) -> String {
    let coded = Coded::new(name, weight, opset, Real::Double);
    let numbers = match coded.scheme.levels() {
        Some(format) => {
            if !levels::are_dyadic(format) {
                note_order(graph, name);
            }
            levels::numbers(graph, &coded, format)
        }
        None => {
            let (lowest, highest) = code_range(coded.scheme);
            let codes = codes::integers(graph, &coded, lowest, highest);
            let zero_points: Vec<f64> =
                affine.zero_points.iter().map(|&zero_point| zero_point.into()).collect();
            affine::steps(graph, &coded, &codes, &zero_points)
        }
    };
    let numbers = match weight.outliers() {
        Some(sparse) if !sparse.is_empty() => {
            outliers::blanked(graph, name, &numbers, weight.shape(), sparse)
        }
        Some(_) | None => numbers,
    };
    if bands.count == 1 {
        return numbers;
    }
    let columns = weight.shape().1;
    let lacking = bands.count * bands.rows - bands.inputs;
    let padded = match lacking {
        0 => numbers,
        _ => {
            let pads = graph.integers(&coded.part("pads"), &[0, 0, lacking as i64, 0]);
            graph.node("Pad", &[&numbers, &pads], &coded.part("padded"))
        }
    };
    let shape = [bands.count as i64, bands.rows as i64, columns as i64];
    let shape = graph.integers(&coded.part("band shape"), &shape);
    graph.node("Reshape", &[&padded, &shape], &coded.part("bands"))
}

/// Says that sums of factors that are no whole numbers have no order.
fn note_order(graph: &mut Graph, name: &str) {
    let note = "values are no whole numbers: codes of inputs are multiplied with them in double, where a runtime may add in another order, which can differ in the sixteenth digit";
    graph.note(name, note.to_owned());
}
