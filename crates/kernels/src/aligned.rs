//! Arrays that begin and end at multiples of 64 bytes, the length of a cache line and of the widest vector register.

/// Whole cache lines of numbers: 64 bytes, or a multiple.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Line<T>(pub(crate) T);

/// The outputs that a tile has, one in each 32-bit lane of 512 bits.
pub(crate) const LANES: usize = 16;

/// A line of packed codes.
pub(crate) type CodeLine = Line<[u8; 64]>;

/// A number for each output of a tile.
pub(crate) type Lanes<T> = Line<[T; LANES]>;

/// `rows` of `columns` numbers as tiles of 16 rows: `[tile][column][row in tile]`; rows beyond the last are `fill`.
pub(crate) fn tiled<T: Copy>(values: &[T], rows: usize, columns: usize, fill: T) -> Vec<Lanes<T>> {
    let mut lanes = vec![Line([fill; LANES]); rows.div_ceil(LANES) * columns];
    for (row, values) in values.chunks_exact(columns.max(1)).enumerate() {
        for (column, &value) in values.iter().enumerate() {
            lanes[row / LANES * columns + column].0[row % LANES] = value;
        }
    }
    lanes
}

/// One value a block and output, of one a tensor, an output or a block.
pub(crate) fn expanded<T: Copy>(values: &[T], (outputs, groups): (usize, usize)) -> Vec<T> {
    if groups == 0 {
        return Vec::new();
    }
    if values.len() == outputs * groups {
        return values.to_vec();
    }
    let of_output = |output: usize| values[output.min(values.len() - 1)];
    (0..outputs).flat_map(|output| std::iter::repeat_n(of_output(output), groups)).collect()
}
