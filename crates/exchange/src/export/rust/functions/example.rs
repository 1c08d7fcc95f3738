//! How the model is called.

use model::{encode, predict, Feature, CLASS_NAMES, INPUTS};

fn main() {
    // Where a sensor would be read.
    let features = [Feature::default(); INPUTS];
    let class = predict(&encode(&features));
    println!("{}", CLASS_NAMES[class]);
}
