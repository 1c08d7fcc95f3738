/// `sum * multiplier / 2^shift`, rounded to nearest, halves up.
#[inline]
fn rescale(sum: i32, multiplier: i32, shift: u8) -> i32 {
    narrowed(i64::from(sum) * i64::from(multiplier), shift)
}
