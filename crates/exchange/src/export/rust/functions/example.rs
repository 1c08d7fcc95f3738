//! How the model is called.

use model::{encode, predict, CLASS_NAMES, INPUTS};

fn main() {
    // Where a sensor would be read.
    let features = [0.0; INPUTS];
    let class = predict(&encode(&features));
    println!("{}", CLASS_NAMES[class]);
}
