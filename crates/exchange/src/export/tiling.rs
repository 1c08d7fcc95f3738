//! Which values of a matrix share a number, in the terms of ONNX.

use bitsweep_quant::Blocks;

use super::graph::{Attribute, Graph};

/// A matrix `(rows, columns)` in tiles of `tile_rows × tile_columns`, the last ones perhaps smaller; one number a tile, row by
/// row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tiling {
    rows: usize,
    columns: usize,
    tile_rows: usize,
    tile_columns: usize,
}

/// How `DequantizeLinear` says which values share a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScaleAxis {
    /// One scale, without dimensions.
    Tensor,
    /// One for each index of an axis.
    Axis(i64),
    /// One for each block of so many along an axis.
    Blocked { axis: i64, size: i64 },
}

impl Tiling {
    /// That of the blocks of a matrix, which has values.
    pub(super) fn of(blocks: &Blocks) -> Self {
        let (rows, columns) = blocks.shape();
        let (tile_rows, tile_columns) = blocks.tile();
        Self { rows, columns, tile_rows, tile_columns }
    }

    /// Rows and columns of the matrix of numbers, one a tile.
    pub(super) const fn dims(self) -> [usize; 2] {
        [self.rows.div_ceil(self.tile_rows), self.columns.div_ceil(self.tile_columns)]
    }

    /// Rows of a tile.
    pub(super) const fn tile_rows(self) -> usize {
        self.tile_rows
    }

    /// How `DequantizeLinear` says it; `None` of several whole rows that share a scale.
    pub(super) fn scale_axis(self) -> Option<ScaleAxis> {
        let Self { rows, columns, tile_rows, tile_columns } = self;
        match self.dims() {
            [1, 1] => Some(ScaleAxis::Tensor),
            [1, count] if count == columns => Some(ScaleAxis::Axis(1)),
            [count, 1] if count == rows => Some(ScaleAxis::Axis(0)),
            [_, count] if count == columns => Some(ScaleAxis::Blocked { axis: 0, size: tile_rows as i64 }),
            [1, _] if rows == 1 => Some(ScaleAxis::Blocked { axis: 1, size: tile_columns as i64 }),
            _ => None,
        }
    }

    /// The numbers of the tiles, `dims()`, repeated so that they broadcast against the matrix.
    pub(super) fn spread(self, graph: &mut Graph, numbers: &str) -> String {
        let Self { rows, columns, tile_rows, tile_columns } = self;
        let [bands, strips] = self.dims();
        if bands > 1 && tile_rows > 1 {
            let repeated = repeat(graph, numbers, [bands, strips], 0, tile_rows);
            return cut(graph, repeated, 0, bands * tile_rows, rows);
        }
        if strips > 1 && tile_columns > 1 {
            let repeated = repeat(graph, numbers, [bands, strips], 1, tile_columns);
            return cut(graph, repeated, 1, strips * tile_columns, columns);
        }
        numbers.to_owned()
    }
}

impl ScaleAxis {
    /// The dimensions of scales that are `dims` as a matrix.
    pub(super) fn dims(self, dims: [usize; 2]) -> Vec<usize> {
        match self {
            Self::Tensor => Vec::new(),
            Self::Axis(_) => vec![dims[0] * dims[1]],
            Self::Blocked { .. } => dims.to_vec(),
        }
    }

    /// The attributes of `DequantizeLinear`.
    pub(super) fn attributes(self) -> Vec<(&'static str, Attribute)> {
        match self {
            Self::Tensor => Vec::new(),
            Self::Axis(axis) => vec![("axis", Attribute::Integer(axis))],
            Self::Blocked { axis, size } => {
                vec![("axis", Attribute::Integer(axis)), ("block_size", Attribute::Integer(size))]
            }
        }
    }
}

/// Each number `times` times, one behind the other along `axis`.
fn repeat(graph: &mut Graph, numbers: &str, dims: [usize; 2], axis: usize, times: usize) -> String {
    let (mut between, mut wide, mut whole) = (dims.to_vec(), dims.to_vec(), dims.to_vec());
    between.insert(axis + 1, 1);
    wide.insert(axis + 1, times);
    whole[axis] *= times;
    let mut list = |what: &str, lengths: Vec<usize>| {
        let lengths: Vec<i64> = lengths.into_iter().map(|length| length as i64).collect();
        graph.integers(&format!("{numbers}.{what}"), &lengths)
    };
    let (between, wide, whole) = (list("apart", between), list("repeated", wide), list("whole", whole));
    let apart = graph.node("Reshape", &[numbers, &between], &format!("{numbers} apart"));
    let repeated = graph.node("Expand", &[&apart, &wide], &format!("{numbers} repeated"));
    graph.node("Reshape", &[&repeated, &whole], &format!("{numbers} by value"))
}

/// The first `kept` of `length` along an axis.
pub(super) fn cut(graph: &mut Graph, tensor: String, axis: i64, length: usize, kept: usize) -> String {
    if length == kept {
        return tensor;
    }
    let start = graph.integers(&format!("{tensor}.start"), &[0]);
    let end = graph.integers(&format!("{tensor}.end"), &[kept as i64]);
    let axis = graph.integers(&format!("{tensor}.axis"), &[axis]);
    graph.node("Slice", &[&tensor, &start, &end, &axis], &format!("{tensor} cut"))
}

/// The rows of `tensor` up to the number that the list `kept` has.
pub(super) fn cut_rows(graph: &mut Graph, tensor: &str, kept: &str, wanted: &str) -> String {
    let start = graph.integers(&format!("{wanted}.start"), &[0]);
    let axis = graph.integers(&format!("{wanted}.axis"), &[0]);
    graph.node("Slice", &[tensor, &start, kept, &axis], wanted)
}

#[cfg(test)]
mod tests {
    use bitsweep_quant::{Granularity, GroupSize};

    use super::*;

    fn tiling(shape: (usize, usize), granularity: Granularity) -> (Vec<usize>, Option<ScaleAxis>) {
        let tiling = Tiling::of(&Blocks::new(shape, granularity));
        (tiling.dims().to_vec(), tiling.scale_axis())
    }

    #[test]
    fn each_granularity_has_its_axis() {
        let three = GroupSize::new(3).unwrap();
        let cases = [
            ((7, 5), Granularity::Tensor, vec![1, 1], Some(ScaleAxis::Tensor)),
            ((7, 5), Granularity::InputChannel, vec![7, 1], Some(ScaleAxis::Axis(0))),
            ((7, 5), Granularity::OutputChannel, vec![1, 5], Some(ScaleAxis::Axis(1))),
            ((7, 5), Granularity::Group(three), vec![3, 5], Some(ScaleAxis::Blocked { axis: 0, size: 3 })),
            ((1, 5), Granularity::Group(three), vec![1, 2], Some(ScaleAxis::Blocked { axis: 1, size: 3 })),
            ((7, 1), Granularity::Group(three), vec![3, 1], Some(ScaleAxis::Blocked { axis: 0, size: 3 })),
            ((7, 5), Granularity::Rows(three), vec![3, 1], None),
            ((2, 5), Granularity::Rows(three), vec![1, 1], Some(ScaleAxis::Tensor)),
            ((1, 5), Granularity::InputChannel, vec![1, 1], Some(ScaleAxis::Tensor)),
        ];
        for (shape, granularity, dims, axis) in cases {
            assert_eq!(tiling(shape, granularity), (dims, axis), "{shape:?} {granularity}");
        }
    }
}
