//! Sums of unsigned codes times signed bytes: where the time goes.

use super::width::Layout;
use crate::aligned::{CodeLine, Lanes};
use crate::instructions::Set;

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
            set.prefetch(&blocks[BLOCK]);
            let codes = L::unpack(set, &blocks[BLOCK]);
            unrolled!(STEP in [0 1 2 3 4 5 6 7] below STEPS, {
                const PART: usize = (BLOCK + STEP) % 4;
                parts[PART] = dot::<S, L, LINES, STEPS, Q>(set, parts[PART], codes[STEP], &quads[BLOCK][STEP]);
            });
        });
    }
    for (block, quads) in rest.iter().zip(rest_quads) {
        let codes = L::unpack(set, block);
        unrolled!(STEP in [0 1 2 3 4 5 6 7] below STEPS, {
            const PART: usize = STEP % 4;
            parts[PART] = dot::<S, L, LINES, STEPS, Q>(set, parts[PART], codes[STEP], &quads[STEP]);
        });
    }
    set.add(set.add(parts[0], parts[1]), set.add(parts[2], parts[3]))
}

/// The sums of unsigned codes times signed bytes of `ROWS` rows and `TILES` tiles, added to what is there if they are not the first.
#[inline(always)]
pub(super) fn panel_sums<
    S: Set,
    L: Layout<LINES, STEPS>,
    const LINES: usize,
    const STEPS: usize,
    const Q: usize,
    const ROWS: usize,
    const TILES: usize,
>(
    set: S,
    lines: [&[[CodeLine; LINES]]; TILES],
    quads: &[i32],
    is_first: bool,
    accumulators: &mut [[Lanes<i32>; TILES]; ROWS],
) {
    let mut sums = [[set.zero(); TILES]; ROWS];
    if !is_first {
        unrolled!(ROW in [0 1 2 3 4 5 6 7] below ROWS, {
            unrolled!(TILE in [0 1 2] below TILES, {
                sums[ROW][TILE] = set.load_sums(&accumulators[ROW][TILE].0);
            });
        });
    }
    let quads = quads.as_chunks::<Q>().0.as_chunks::<ROWS>().0.as_chunks::<STEPS>().0;
    let mut tiles = [lines[0]; TILES];
    unrolled!(TILE in [0 1 2] below TILES, {
        tiles[TILE] = &lines[TILE][..quads.len()];
    });
    for (block, quads) in quads.iter().enumerate() {
        let mut codes = [L::unpack(set, &tiles[0][block]); TILES];
        unrolled!(TILE in [1 2] below TILES, {
            codes[TILE] = L::unpack(set, &tiles[TILE][block]);
        });
        unrolled!(STEP in [0 1 2 3 4 5 6 7] below STEPS, {
            unrolled!(ROW in [0 1 2 3 4 5 6 7] below ROWS, {
                unrolled!(TILE in [0 1 2] below TILES, {
                    let quad = &quads[STEP][ROW];
                    sums[ROW][TILE] =
                        dot::<S, L, LINES, STEPS, Q>(set, sums[ROW][TILE], codes[TILE][STEP], quad);
                });
            });
        });
    }
    unrolled!(ROW in [0 1 2 3 4 5 6 7] below ROWS, {
        unrolled!(TILE in [0 1 2] below TILES, {
            set.store_sums(sums[ROW][TILE], &mut accumulators[ROW][TILE].0);
        });
    });
}

#[inline(always)]
fn dot<S: Set, L: Layout<LINES, STEPS>, const LINES: usize, const STEPS: usize, const Q: usize>(
    set: S,
    sums: S::Sums,
    codes: S::Codes,
    quad: &[i32; Q],
) -> S::Sums {
    if S::WIDE && L::IS_WIDE {
        set.dot_wide(sums, codes, [quad[0], quad[Q - 1]])
    } else {
        set.dot(sums, codes, quad[0])
    }
}
