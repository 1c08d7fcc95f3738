/// The class, counted from 0, of the codes of features.
#[must_use]
pub fn predict(codes: &[Code; INPUTS]) -> usize {
    let mut best = (0, i32::MIN);
    for (class, &output) in outputs(codes).iter().enumerate() {
        if output > best.1 {
            best = (class, output);
        }
    }
    best.0
}
