//! Sums of unsigned codes times signed bytes: where the time goes.

use super::width::Layout;
use crate::aligned::{CodeLine, Lanes};
use crate::instructions::{NEAR, Set};

/// The sums of unsigned codes times signed bytes of one row, in four parts so that additions need not wait for one another.
#[inline(always)]
pub(super) fn vector_sums<
    S: Set,
    L: Layout<LINES, STEPS>,
    const LINES: usize,
    const STEPS: usize,
    const Q: usize,
>(
    set: S,
    lines: &[[CodeLine; LINES]],
    quads: &[i32],
) -> S::Sums {
    let mut parts = [set.zero(); 4];
    let quads = quads.as_chunks::<Q>().0.as_chunks::<STEPS>().0;
    let (fours, rest) = lines.as_chunks::<4>();
    let (four_quads, rest_quads) = quads.as_chunks::<4>();
    for (blocks, quads) in fours.iter().zip(four_quads) {
        unrolled!(BLOCK in [0 1 2 3] below 4, {
            set.prefetch(&blocks[BLOCK], NEAR);
            let codes = L::unpack(set, &blocks[BLOCK]);
            unrolled!(STEP in [0 1 2 3 4 5 6 7] below STEPS, {
                const PART: usize = (BLOCK + STEP) % 4;
                parts[PART] = dot::<S, Q>(set, parts[PART], codes[STEP], &quads[BLOCK][STEP]);
            });
        });
    }
    for (block, quads) in rest.iter().zip(rest_quads) {
        let codes = L::unpack(set, block);
        unrolled!(STEP in [0 1 2 3 4 5 6 7] below STEPS, {
            const PART: usize = STEP % 4;
            parts[PART] = dot::<S, Q>(set, parts[PART], codes[STEP], &quads[STEP]);
        });
    }
    set.add(set.add(parts[0], parts[1]), set.add(parts[2], parts[3]))
}

/// The sums of unsigned codes, one a byte, times signed bytes of `ROWS` rows and `TILES` tiles, added to what is there if they are
/// not the first. Meanwhile memory is asked for the `next` lines, one for each step, where there are as many. Codes of 8 bits come with
/// quads of two numbers on sets that are [wide](Set::WIDE).
#[inline(always)]
pub(super) fn panel_sums<S: Set, const Q: usize, const ROWS: usize, const TILES: usize>(
    set: S,
    lines: [&[CodeLine]; TILES],
    next: [&[CodeLine]; TILES],
    quads: &[i32],
    is_first: bool,
    accumulators: &[[Lanes<i32>; TILES]; ROWS],
) -> [[S::Sums; TILES]; ROWS] {
    let mut sums = [[set.zero(); TILES]; ROWS];
    if !is_first {
        unrolled!(ROW in [0 1 2 3 4 5 6 7] below ROWS, {
            unrolled!(TILE in [0 1 2] below TILES, {
                sums[ROW][TILE] = set.load_sums(&accumulators[ROW][TILE].0);
            });
        });
    }
    let quads = quads.as_chunks::<Q>().0.as_chunks::<ROWS>().0;
    let steps = quads.len();
    let (mut tiles, mut ahead) = ([lines[0]; TILES], [lines[0]; TILES]);
    unrolled!(TILE in [0 1 2] below TILES, {
        tiles[TILE] = &lines[TILE][..steps];
        // What is near already costs nothing.
        ahead[TILE] = next[TILE].get(..steps).unwrap_or(tiles[TILE]);
    });
    for step in 0..steps {
        // SAFETY: all of these have as many elements as there are steps. Checks would be half of the loop.
        let (quads, codes, ahead) = unsafe {
            (
                quads.get_unchecked(step),
                tiles.map(|tile| tile.get_unchecked(step)),
                ahead.map(|tile| tile.get_unchecked(step)),
            )
        };
        let codes = codes.map(|line| set.load(line));
        unrolled!(TILE in [0 1 2] below TILES, {
            set.expect_load(ahead[TILE]);
        });
        unrolled!(ROW in [0 1 2 3 4 5 6 7] below ROWS, {
            unrolled!(TILE in [0 1 2] below TILES, {
                sums[ROW][TILE] = dot::<S, Q>(set, sums[ROW][TILE], codes[TILE], &quads[ROW]);
            });
        });
    }
    sums
}

/// As signed bytes, or as pairs of 16 bits where a quad is two numbers.
#[inline(always)]
fn dot<S: Set, const Q: usize>(set: S, sums: S::Sums, codes: S::Codes, quad: &[i32; Q]) -> S::Sums {
    if Q == 2 { set.dot_wide(sums, codes, [quad[0], quad[Q - 1]]) } else { set.dot(sums, codes, quad[0]) }
}
