//! Inputs of layers as codes, and products of codes.
//!
//! A layer computes `y = x·W + b`. Its inputs `x (rows, in)` become codes on an even grid as weights do, except that
//! they differ with every request: a *static* scheme fits scale and zero point once, on calibration inputs, and encodes
//! whatever comes later with those; a *dynamic* one finds them anew in the rows at hand, for each batch or for each row.
//! A range always includes 0, so that the zero point is one of the codes and zeros (of a ReLU, of padding) stay exact.
//!
//! [`ActivationSpec`] is how a file spells a scheme, [`ActivationScheme`] what it means, [`ActivationQuantizer`] encodes
//! inputs, and [`ScaledLevels::product`] is the layer as an integer kernel computes it, bit for bit.
//!
//! ```
//! use bitsweep_quant::{ActivationQuantizer, ActivationSpec, Bits, ScaledLevels, presets, quantize};
//! use bitsweep_random::{Generator, Stream};
//! use ndarray::array;
//!
//! let spec: ActivationSpec = toml::from_str("bits = 8\nmode = 'static'").unwrap();
//! let calibration = array![[-1.0_f32, 0.5], [1.55, 0.0]];
//! let quantizer = ActivationQuantizer::fit(spec.resolve().unwrap(), calibration.view()).unwrap();
//! let inputs = quantizer.quantize(array![[0.5_f32, 9.0]].view()).unwrap();
//! assert_eq!(inputs.codes().row(0).to_vec(), [150, 255]);
//! assert_eq!(inputs.clipped(), 1);
//!
//! let mut stream = Stream::new(Generator::Modern, 0, "quantize").unwrap();
//! let scheme = presets::symmetric_narrow(Bits::new(8).unwrap());
//! let weights = quantize(array![[1.27_f32], [-1.0]].view(), &scheme, &mut stream).unwrap();
//! let outputs = ScaledLevels::of(&weights).unwrap().product(&inputs, array![0.25].view()).unwrap();
//! // 50·127 - 155·100 = -9150 steps of 0.01·0.01.
//! assert!((outputs[[0, 0]] - (0.25 - 0.915)).abs() < 1e-6);
//! ```

mod error;
mod features;
mod product;
mod quantizer;
mod range;
mod requantize;
mod scheme;
mod spec;

pub use error::ActivationError;
pub use features::FeatureNumbers;
pub use product::ScaledLevels;
pub use quantizer::{ActivationParameters, ActivationQuantizer, QuantizedActivations};
pub use range::{ActivationRange, MovingAverage};
pub use requantize::Requantize;
pub use scheme::{ActivationMode, ActivationScheme};
pub use spec::{ActivationGranularity, ActivationModeSpec, ActivationSpec};
