/// Codes of features as they are measured, not scaled.
#[must_use]
pub fn encode(features: &[Feature; INPUTS]) -> [Code; INPUTS] {
    let mut codes = [LOWEST_CODE; INPUTS];
    for ((code, &feature), &(first, coarse, last, multiplier, offset)) in
        codes.iter_mut().zip(features).zip(&DISTANCES)
    {
        if feature >= first {
            let distance = (feature as u32).wrapping_sub(first as u32) >> coarse;
            *code = if distance > last {
                HIGHEST_CODE
            } else {
                // Below 2^32, as `last` has it.
                let product = distance.wrapping_mul(multiplier).wrapping_add(offset);
                (i32::from(LOWEST_CODE) + (product >> CODE_SHIFT) as i32) as Code
            };
        }
    }
    codes
}
