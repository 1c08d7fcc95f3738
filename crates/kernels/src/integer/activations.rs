//! Activations of 8 bits, and how rows of numbers become them.

use std::ops::Range;

use crate::error::{KernelError, check_finite, check_length, elements};

/// How codes of activations are read: `x̂ = s·(q - z)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActivationParameters {
    /// The step between neighbouring codes.
    pub scale: f32,
    /// The code of zero, one of the codes: 0 to 255 of unsigned ones, -128 to 127 of signed ones.
    pub zero_point: i32,
}

/// Codes of activations, `(rows, inputs)`, with their parameters: of all rows, or of each.
#[derive(Debug, Clone, Copy)]
pub struct Activations<'a> {
    pub(super) codes: ActivationCodes<'a>,
    pub(super) inputs: usize,
    pub(super) rows: usize,
    pub(super) parameters: &'a [ActivationParameters],
}

/// Eight bits each.
#[derive(Debug, Clone, Copy)]
pub enum ActivationCodes<'a> {
    /// 0 to 255.
    Unsigned(&'a [u8]),
    /// -128 to 127.
    Signed(&'a [i8]),
}

impl ActivationCodes<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Unsigned(codes) => codes.len(),
            Self::Signed(codes) => codes.len(),
        }
    }

    /// What a zero point is subtracted from so that the codes, as signed ones, differ from it by as much.
    pub(super) fn offset(&self) -> i32 {
        match self {
            Self::Unsigned(_) => 128,
            Self::Signed(_) => 0,
        }
    }
}

impl<'a> Activations<'a> {
    /// Takes `codes`, `(rows, inputs)`, and the `parameters` of all rows (one) or of each.
    ///
    /// # Errors
    /// Slices that do not fit the shape, zero points that are no code, and scales that are not finite.
    pub fn new(
        (rows, inputs): (usize, usize),
        codes: ActivationCodes<'a>,
        parameters: &'a [ActivationParameters],
    ) -> Result<Self, KernelError> {
        check_length("codes of activations", elements(rows, inputs)?, codes.len())?;
        if parameters.len() != 1 {
            check_length("parameters of activations", rows, parameters.len())?;
        }
        let (lowest, highest) = match codes {
            ActivationCodes::Unsigned(_) => (0, 255),
            ActivationCodes::Signed(_) => (-128, 127),
        };
        for (position, parameters) in parameters.iter().enumerate() {
            let zero_point = parameters.zero_point;
            if !(lowest..=highest).contains(&zero_point) {
                return Err(KernelError::ZeroPoint { position, zero_point, lowest, highest });
            }
            if !parameters.scale.is_finite() {
                return Err(KernelError::NotFinite { what: "scale of activations", position });
            }
        }
        Ok(Self { codes, inputs, rows, parameters })
    }

    /// Some of the rows.
    pub(super) fn range(&self, rows: Range<usize>) -> Self {
        let places = rows.start * self.inputs..rows.end * self.inputs;
        let codes = match self.codes {
            ActivationCodes::Unsigned(codes) => ActivationCodes::Unsigned(&codes[places]),
            ActivationCodes::Signed(codes) => ActivationCodes::Signed(&codes[places]),
        };
        let parameters =
            if self.parameters.len() == 1 { self.parameters } else { &self.parameters[rows.clone()] };
        Self { codes, inputs: self.inputs, rows: rows.len(), parameters }
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of inputs of a row.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    pub(super) fn parameters(&self, row: usize) -> ActivationParameters {
        self.parameters[if self.parameters.len() == 1 { 0 } else { row }]
    }
}

/// The unsigned codes of a row by its own range, as ONNX's `DynamicQuantizeLinear` has them.
///
/// With `low = min(0, min x)` and `high = max(0, max x)`: `s = (high - low)/255`, `z = clip(round(-low/s))`,
/// `q = clip(round(x/s) + z)`, 0 to 255, ties to even. Rows of zeros have the scale 1 and the zero point 0, as in ONNX Runtime.
///
/// # Errors
/// Another number of codes than of values, values that are not finite, and a range beyond `f32`.
///
/// ```
/// use bitsweep_kernels::quantize_unsigned;
///
/// let mut codes = [0; 6];
/// let parameters = quantize_unsigned(&[0.0, 2.0, -3.0, -2.5, 1.34, 0.5], &mut codes)?;
/// assert_eq!(codes, [153, 255, 0, 26, 221, 179]);
/// assert_eq!(parameters.zero_point, 153);
/// # Ok::<(), bitsweep_kernels::KernelError>(())
/// ```
pub fn quantize_unsigned(values: &[f32], codes: &mut [u8]) -> Result<ActivationParameters, KernelError> {
    check_length("codes of activations", values.len(), codes.len())?;
    check_finite("activation", values)?;
    let low = values.iter().fold(0.0_f32, |low, &value| low.min(value));
    let high = values.iter().fold(0.0_f32, |high, &value| high.max(value));
    let scale = step((high - low) / 255.0, (high - low).is_finite())?;
    let zero_point = (-low / scale).round_ties_even().clamp(0.0, 255.0);
    for (code, value) in codes.iter_mut().zip(values) {
        // Whole and within the range.
        *code = ((value / scale).round_ties_even() + zero_point).clamp(0.0, 255.0) as u8;
    }
    // Whole and at most 255.
    Ok(ActivationParameters { scale, zero_point: i32::from(zero_point as u8) })
}

/// The signed codes of a row by its greatest magnitude: `s = max|x|/127`, `q = round(x/s)`, -127 to 127, ties to even.
///
/// Rows of zeros have the scale 1.
///
/// # Errors
/// Another number of codes than of values, and values that are not finite.
pub fn quantize_signed(values: &[f32], codes: &mut [i8]) -> Result<ActivationParameters, KernelError> {
    check_length("codes of activations", values.len(), codes.len())?;
    check_finite("activation", values)?;
    let greatest = values.iter().fold(0.0_f32, |greatest, value| greatest.max(value.abs()));
    let scale = step(greatest / 127.0, true)?;
    for (code, value) in codes.iter_mut().zip(values) {
        // Whole and within the range.
        *code = (value / scale).round_ties_even().clamp(-127.0, 127.0) as i8;
    }
    Ok(ActivationParameters { scale, zero_point: 0 })
}

/// A scale that can be divided by: 1 where the range is nothing, or less than numbers tell.
fn step(scale: f32, is_in_range: bool) -> Result<f32, KernelError> {
    match scale {
        _ if !is_in_range => Err(KernelError::NotFinite { what: "range of activations", position: 0 }),
        0.0 => Ok(1.0),
        _ => Ok(scale),
    }
}
