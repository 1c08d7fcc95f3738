//! Benchmarks of quantization per axis.

fn main() {
    divan::main();
}
