/// `sum / 2^shift`, rounded to nearest, halves up.
#[inline]
fn shifted(sum: i32, shift: u8) -> i32 {
    let half = if shift == 0 { 0 } else { 1 << (shift - 1) };
    (sum + half) >> shift
}
