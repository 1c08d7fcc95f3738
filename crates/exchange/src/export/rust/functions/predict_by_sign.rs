/// The class, counted from 0, of the codes of features.
#[must_use]
pub fn predict(codes: &[Code; INPUTS]) -> usize {
    usize::from(outputs(codes)[0] > 0)
}
