//! Codes, each in as few bytes as it needs.

use std::ops::Range;

use ndarray::Array2;

use super::shared::in_parts;

/// The codes of a quantized matrix, row-major, in the narrowest type that holds all codes of its scheme.
///
/// ```
/// use bitsweep_quant::{Bits, presets, quantize};
/// use bitsweep_random::{Generator, Stream};
/// use ndarray::array;
///
/// let mut stream = Stream::new(Generator::Modern, 0, "quantize").unwrap();
/// let scheme = presets::symmetric_narrow(Bits::new(4).unwrap());
/// let quantized = quantize(array![[0.6_f32, -1.0], [1.0, 0.0]].view(), &scheme, &mut stream).unwrap();
/// let codes = quantized.codes();
/// assert_eq!((codes.dim(), codes.bytes()), ((2, 2), 4));
/// assert_eq!(codes.get(0, 1), Some(-7));
/// assert_eq!(codes.iter().collect::<Vec<_>>(), [4, -7, 7, 0]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeMatrix {
    rows: usize,
    columns: usize,
    of: CodeType,
    storage: Storage,
}

/// The type of a code in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeType {
    I8,
    U8,
    I16,
    U16,
}

/// The little-endian bytes of codes, as a file has those that fill whole bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Storage {
    Bytes(Vec<u8>),
    Pairs(Vec<[u8; 2]>),
}

impl CodeMatrix {
    /// A matrix of zeros, to be filled.
    pub(crate) fn zeros(shape: (usize, usize), of: CodeType) -> Self {
        Self::zeros_with_room(shape, of, 0)
    }

    /// A matrix of zeros, behind which so many bytes have room in the same memory.
    pub(crate) fn zeros_with_room((rows, columns): (usize, usize), of: CodeType, room: usize) -> Self {
        fn zeros<C: Copy>(zero: C, count: usize, room: usize) -> Vec<C> {
            let mut codes = vec![zero; count + room];
            codes.truncate(count);
            codes
        }
        let count = rows * columns;
        let storage = match of {
            CodeType::I8 | CodeType::U8 => Storage::Bytes(zeros(0, count, room)),
            CodeType::I16 | CodeType::U16 => Storage::Pairs(zeros([0; 2], count, room.div_ceil(2))),
        };
        Self { rows, columns, of, storage }
    }

    /// The matrix of `codes` in row-major order, each within the type; 0 where there are too few.
    pub(crate) fn of(shape: (usize, usize), of: CodeType, codes: impl IntoIterator<Item = i32>) -> Self {
        let mut matrix = Self::zeros(shape, of);
        for (position, code) in (0..matrix.len()).zip(codes) {
            matrix.set(position, code);
        }
        matrix
    }

    /// Rows and columns.
    #[must_use]
    pub const fn dim(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Number of codes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows * self.columns
    }

    /// Whether there is no code.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that the codes take in memory: 1 or 2 each.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        match self.storage {
            Storage::Bytes(_) => self.len(),
            Storage::Pairs(_) => 2 * self.len(),
        }
    }

    /// Whether the type of the codes has negative numbers.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        match self.of {
            CodeType::I8 | CodeType::I16 => true,
            CodeType::U8 | CodeType::U16 => false,
        }
    }

    /// One code; `None` outside the matrix.
    #[must_use]
    pub fn get(&self, row: usize, column: usize) -> Option<i32> {
        (row < self.rows && column < self.columns).then(|| self.at(row * self.columns + column))
    }

    /// All codes in row-major order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = i32> + Clone {
        (0..self.len()).map(|position| self.at(position))
    }

    /// The codes of row `row < dim().0`.
    pub(crate) fn row(&self, row: usize) -> impl ExactSizeIterator<Item = i32> + Clone {
        (row * self.columns..(row + 1) * self.columns).map(|position| self.at(position))
    }

    /// The codes as a matrix of `i32`: 4 bytes each.
    #[must_use]
    pub fn to_array(&self) -> Array2<i32> {
        Array2::from_shape_fn(self.dim(), |(row, column)| self.at(row * self.columns + column))
    }

    /// Appends the codes in the bytes that each takes in memory, little-endian.
    pub(crate) fn append_to(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(match &self.storage {
            Storage::Bytes(codes) => codes,
            Storage::Pairs(codes) => codes.as_flattened(),
        });
    }

    /// The bytes that [`append_to`](Self::append_to) appends: no others are written.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self.storage {
            Storage::Bytes(codes) => codes,
            Storage::Pairs(codes) => codes.into_flattened(),
        }
    }

    /// The codes in two's complement where each takes one byte.
    #[inline(always)]
    pub(crate) fn single_bytes(&self) -> Option<&[u8]> {
        match &self.storage {
            Storage::Bytes(codes) => Some(codes),
            Storage::Pairs(_) => None,
        }
    }

    /// The code at a position in row-major order.
    #[inline]
    pub(crate) fn at(&self, position: usize) -> i32 {
        let mut code = [0];
        self.load(position, &mut code);
        code[0]
    }

    /// Replaces the code at a position by one that its type holds.
    #[inline]
    pub(crate) fn set(&mut self, position: usize, code: i32) {
        self.codes_mut().store(position, &[code]);
    }

    #[inline(always)]
    fn load(&self, first: usize, into: &mut [i32]) {
        fn widen<C: Copy>(codes: &[C], into: &mut [i32], wide: impl Fn(C) -> i32) {
            into.iter_mut().zip(codes).for_each(|(own, &code)| *own = wide(code));
        }
        let places = first..first + into.len();
        match (&self.storage, self.is_signed()) {
            (Storage::Bytes(codes), false) => widen(&codes[places], into, i32::from),
            (Storage::Bytes(codes), true) => widen(&codes[places], into, |code| code.cast_signed().into()),
            (Storage::Pairs(codes), false) => {
                widen(&codes[places], into, |code| u16::from_le_bytes(code).into());
            }
            (Storage::Pairs(codes), true) => {
                widen(&codes[places], into, |code| i16::from_le_bytes(code).into());
            }
        }
    }

    /// Writes all codes from the first to the last.
    pub(crate) fn writer(&mut self) -> CodeWriter<'_> {
        CodeWriter::new(self.codes_mut())
    }

    fn codes_mut(&mut self) -> CodesMut<'_> {
        match &mut self.storage {
            Storage::Bytes(codes) => CodesMut::Bytes(codes),
            Storage::Pairs(codes) => CodesMut::Pairs(codes),
        }
    }

    /// Calls `work` with the positions of every `length` codes and what writes these, as [`in_parts`] does.
    pub(crate) fn in_parts(&mut self, length: usize, work: &(dyn Fn(Range<usize>, CodeWriter<'_>) + Sync)) {
        match &mut self.storage {
            Storage::Bytes(codes) => in_parts(codes, length, &|positions, codes| {
                work(positions, CodeWriter::new(CodesMut::Bytes(codes)));
            }),
            Storage::Pairs(codes) => in_parts(codes, length, &|positions, codes| {
                work(positions, CodeWriter::new(CodesMut::Pairs(codes)));
            }),
        }
    }
}

/// Neighbouring codes of a matrix.
enum CodesMut<'a> {
    Bytes(&'a mut [u8]),
    Pairs(&'a mut [[u8; 2]]),
}

impl CodesMut<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(codes) => codes.len(),
            Self::Pairs(codes) => codes.len(),
        }
    }

    /// Writes codes that the type holds, with a sign or without.
    #[inline(always)]
    fn store(&mut self, first: usize, from: &[i32]) {
        fn narrow<C>(codes: &mut [C], from: &[i32], cast: impl Fn(i32) -> C) {
            codes.iter_mut().zip(from).for_each(|(code, &wide)| *code = cast(wide));
        }
        let places = first..first + from.len();
        match self {
            Self::Bytes(codes) => narrow(&mut codes[places], from, |code| code as u8),
            Self::Pairs(codes) => narrow(&mut codes[places], from, |code| (code as u16).to_le_bytes()),
        }
    }
}

/// Codes that a loop handles as `i32` at a time: few enough to stay in the nearest cache.
pub(crate) const PIECE: usize = 1024;

/// Fills neighbouring codes of a matrix from the first to the last, by way of a small buffer of `i32`.
pub(crate) struct CodeWriter<'a> {
    codes: CodesMut<'a>,
    buffer: Vec<i32>,
    /// Codes that are stored already.
    stored: usize,
    /// Codes that wait in the buffer.
    pending: usize,
}

impl<'a> CodeWriter<'a> {
    fn new(codes: CodesMut<'a>) -> Self {
        let buffer = vec![0; codes.len().min(PIECE)];
        Self { codes, buffer, stored: 0, pending: 0 }
    }

    /// Room for the next `count` codes, at most [`PIECE`] and no more than are left.
    #[inline(always)]
    pub(crate) fn room(&mut self, count: usize) -> &mut [i32] {
        if self.pending + count > self.buffer.len() {
            self.flush();
        }
        let first = self.pending;
        self.pending += count;
        &mut self.buffer[first..first + count]
    }

    /// Stores what waits.
    #[inline(always)]
    pub(crate) fn flush(&mut self) {
        self.codes.store(self.stored, &self.buffer[..self.pending]);
        self.stored += self.pending;
        self.pending = 0;
    }
}

/// Reads a matrix of codes from some position on to the last, by way of a small buffer of `i32`.
pub(crate) struct CodeReader<'a> {
    codes: &'a CodeMatrix,
    buffer: Vec<i32>,
    /// The codes `next..loaded` are the last ones of the buffer.
    next: usize,
    loaded: usize,
    /// The position of the first code in the buffer.
    first: usize,
}

impl<'a> CodeReader<'a> {
    /// From the position `next` on.
    pub(crate) fn new(codes: &'a CodeMatrix, next: usize) -> Self {
        Self { codes, buffer: vec![0; codes.len().min(PIECE)], next, loaded: next, first: next }
    }

    /// The next `count` codes, at most [`PIECE`] and no more than are left.
    #[inline(always)]
    pub(crate) fn take(&mut self, count: usize) -> &[i32] {
        if self.next + count > self.loaded {
            let more = self.buffer.len().min(self.codes.len() - self.next);
            self.codes.load(self.next, &mut self.buffer[..more]);
            (self.first, self.loaded) = (self.next, self.next + more);
        }
        let start = self.next - self.first;
        self.next += count;
        &self.buffer[start..start + count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_holds_its_ends() {
        for (of, lowest, highest) in [
            (CodeType::I8, -128, 127),
            (CodeType::U8, 0, 255),
            (CodeType::I16, -32_768, 32_767),
            (CodeType::U16, 0, 65_535),
        ] {
            let codes = CodeMatrix::of((1, 3), of, [lowest, highest, 1]);
            assert_eq!(codes.iter().collect::<Vec<_>>(), [lowest, highest, 1]);
            assert_eq!((codes.get(0, 2), codes.get(1, 0), codes.get(0, 3)), (Some(1), None, None));
        }
    }

    #[test]
    fn pieces_of_any_length_are_written_and_read_in_order() {
        for length in [1, 7, PIECE - 1, PIECE] {
            let count = 3 * PIECE + 5;
            let mut codes = CodeMatrix::zeros((1, count), CodeType::I16);
            let mut writer = codes.writer();
            let mut next = 0;
            for piece in (0..count).collect::<Vec<_>>().chunks(length) {
                writer.room(piece.len()).iter_mut().for_each(|code| {
                    *code = next;
                    next += 1;
                });
            }
            writer.flush();
            assert!(codes.iter().eq(0..count as i32));
            let mut reader = CodeReader::new(&codes, 0);
            let pieces = (0..count).collect::<Vec<_>>();
            let read: Vec<i32> =
                pieces.chunks(length).flat_map(|piece| reader.take(piece.len()).to_vec()).collect();
            assert!(read.into_iter().eq(0..count as i32));
        }
    }
}
