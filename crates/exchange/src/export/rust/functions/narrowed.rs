/// `total / 2^shift`, rounded to nearest, halves up.
#[inline]
fn narrowed(total: i64, shift: u8) -> i32 {
    let half = if shift == 0 { 0 } else { 1 << (shift - 1) };
    ((total + half) >> shift) as i32
}
