//! Training notebook 000's model (wine's shape: 142 × 13, 100 hidden units, 3 classes; 200 epochs in batches of 10).
fn main() {
    divan::main();
}
