//! Fake quantization in the training loop: joins the estimators of one crate to the hook of another.

use std::ops::Range;

use bitsweep_exchange::packed::ClippedOutputs;
use bitsweep_models::{Hook, HookParameters, Model, WeightId};
use bitsweep_quant::estimator::{
    ClippedActivation, constrain_steps, initial_steps, learned_step_gradient, quantize_gradient,
    straight_through_gradient,
};
use bitsweep_quant::{Bits, Quantized, Scheme, quantize, quantize_with_scales};
use bitsweep_random::Stream;
use ndarray::{ArrayView2, ArrayViewMut2};

use bitsweep_experiment::variant::{Biases, GradientEstimator};

/// The clip of DoReFa's and WRPN's activations.
const UNIT_CLIP: f32 = 1.0;

/// Quantized activations of the hidden layers.
#[derive(Debug, Clone)]
pub(super) struct HiddenActivations {
    function: ClippedActivation,
    /// The clip of each hidden layer.
    clips: Vec<f32>,
    /// Whether clips are learned, and have to be stored.
    pub(super) are_learned: bool,
}

impl HiddenActivations {
    /// Replaces the outputs of a hidden layer by the values of their codes.
    pub(super) fn quantize(&self, layer: usize, outputs: ArrayViewMut2<'_, f64>) {
        self.function.quantize(f64::from(self.clips[layer]), outputs);
    }

    /// How the outputs of a hidden layer are quantized, for who computes it elsewhere.
    pub(super) fn outputs_of(&self, layer: usize) -> ClippedOutputs {
        let clip = self.are_learned.then(|| self.clips[layer]);
        ClippedOutputs { bits: self.function.bits, clip }
    }

    /// Number of clips.
    pub(super) fn layers(&self) -> usize {
        self.clips.len()
    }
}

/// The hook: every tensor that the variant quantizes is computed with as its codes read.
pub(super) struct FakeQuantization<'a> {
    scheme: &'a Scheme,
    biases: Biases,
    method: &'a GradientEstimator,
    activations: Option<Bits>,
    gradient_bits: Option<Bits>,
    /// Draws of stochastic rounding.
    rounding: Stream,
    /// Draws of quantized gradients.
    noise: Stream,
    /// What is computed with, in the order of the tensors; `None` where that is the latent tensor.
    quantized: Vec<Option<Quantized>>,
    /// The same at the first step.
    first_quantized: Vec<Option<Quantized>>,
    /// Number of hidden layers.
    hidden: usize,
    /// Where the learned steps of each tensor stand among the parameters.
    steps: Vec<Range<usize>>,
    /// Learned steps, or learned clips of the hidden layers, or nothing.
    values: Vec<f32>,
    /// The same before training.
    first: Vec<f32>,
    gradient: Vec<f64>,
    /// How many parameters stand at their lower bound.
    held: usize,
}

impl<'a> FakeQuantization<'a> {
    /// The hook for training that begins with `initial`.
    pub(super) fn new(
        initial: &Model,
        scheme: &'a Scheme,
        biases: Biases,
        method: &'a GradientEstimator,
        rounding: Stream,
        noise: Stream,
    ) -> Result<Self, String> {
        let hidden = initial.layers().len() - 1;
        let mut values = Vec::new();
        let mut steps = Vec::new();
        for (id, weight) in initial.weights() {
            let first = values.len();
            match method {
                GradientEstimator::Lsq if biases == Biases::Quantize || !id.is_bias() => {
                    values.extend(initial_steps(weight, scheme).map_err(|error| format!("{id}: {error}"))?);
                }
                GradientEstimator::Lsq
                | GradientEstimator::StraightThrough
                | GradientEstimator::Dorefa(_)
                | GradientEstimator::Wrpn(_)
                | GradientEstimator::Pact(_) => {}
            }
            steps.push(first..values.len());
        }
        let gradient_bits = match method {
            GradientEstimator::Dorefa(dorefa) => dorefa.gradients,
            GradientEstimator::Pact(pact) => {
                values.resize(hidden, pact.clip as f32);
                None
            }
            GradientEstimator::StraightThrough | GradientEstimator::Lsq | GradientEstimator::Wrpn(_) => None,
        };
        Ok(Self {
            scheme,
            biases,
            method,
            activations: method.activations(),
            gradient_bits,
            rounding,
            noise,
            quantized: vec![None; steps.len()],
            first_quantized: vec![None; steps.len()],
            hidden,
            steps,
            gradient: vec![0.0; values.len()],
            first: values.clone(),
            values,
            held: 0,
        })
    }

    /// What a weight was computed with at the first step; `None` where that was the latent weight.
    pub(super) fn first(&self, weight: WeightId) -> Option<&Quantized> {
        self.first_quantized[weight.position()].as_ref()
    }

    /// Whether the variant quantizes a tensor.
    pub(super) fn quantizes(&self, tensor: WeightId) -> bool {
        !tensor.is_bias() || self.biases == Biases::Quantize
    }

    /// The learned steps of a tensor; `None` where the method learns none.
    pub(super) fn learned_steps(&self, tensor: WeightId) -> Option<&[f32]> {
        match self.method {
            GradientEstimator::Lsq => Some(&self.values[self.steps[tensor.position()].clone()]),
            GradientEstimator::StraightThrough
            | GradientEstimator::Dorefa(_)
            | GradientEstimator::Wrpn(_)
            | GradientEstimator::Pact(_) => None,
        }
    }

    /// The function of the hidden layers after training; `None` where activations stay float.
    pub(super) fn hidden_activations(&self) -> Option<HiddenActivations> {
        let function = ClippedActivation { bits: self.activations? };
        let (clips, are_learned) = match self.method {
            GradientEstimator::Pact(_) => (self.values.clone(), true),
            GradientEstimator::StraightThrough
            | GradientEstimator::Lsq
            | GradientEstimator::Dorefa(_)
            | GradientEstimator::Wrpn(_) => (vec![UNIT_CLIP; self.hidden], false),
        };
        Some(HiddenActivations { function, clips, are_learned })
    }

    /// How many learned parameters stand at their lower bound.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    fn clip(&self, layer: usize) -> f64 {
        f64::from(match self.method {
            GradientEstimator::Pact(_) => self.values[layer],
            GradientEstimator::StraightThrough
            | GradientEstimator::Lsq
            | GradientEstimator::Dorefa(_)
            | GradientEstimator::Wrpn(_) => UNIT_CLIP,
        })
    }
}

impl Hook for FakeQuantization<'_> {
    fn compute(
        &mut self,
        tensor: WeightId,
        latent: ArrayView2<'_, f32>,
        mut computed: ArrayViewMut2<'_, f32>,
    ) -> Result<(), String> {
        if !self.quantizes(tensor) {
            computed.assign(&latent);
            return Ok(());
        }
        let steps = self.steps[tensor.position()].clone();
        let stream = &mut self.rounding;
        let quantized = match self.method {
            GradientEstimator::Lsq => quantize_with_scales(latent, self.scheme, &self.values[steps], stream),
            GradientEstimator::StraightThrough
            | GradientEstimator::Dorefa(_)
            | GradientEstimator::Wrpn(_)
            | GradientEstimator::Pact(_) => quantize(latent, self.scheme, stream),
        };
        let quantized = quantized.map_err(|error| error.to_string())?;
        quantized.reconstruct_into(computed).map_err(|error| error.to_string())?;
        let first = &mut self.first_quantized[tensor.position()];
        if first.is_none() {
            *first = Some(quantized.clone());
        }
        self.quantized[tensor.position()] = Some(quantized);
        Ok(())
    }

    fn latent_gradient(
        &mut self,
        tensor: WeightId,
        latent: ArrayView2<'_, f32>,
        gradient: ArrayViewMut2<'_, f64>,
    ) -> Result<(), String> {
        let Some(quantized) = &self.quantized[tensor.position()] else { return Ok(()) };
        let through = match self.method {
            GradientEstimator::Lsq => {
                let of_steps = &mut self.gradient[self.steps[tensor.position()].clone()];
                learned_step_gradient(latent, quantized, gradient, of_steps)
            }
            GradientEstimator::StraightThrough
            | GradientEstimator::Dorefa(_)
            | GradientEstimator::Wrpn(_)
            | GradientEstimator::Pact(_) => straight_through_gradient(latent, quantized, gradient),
        };
        through.map_err(|error| error.to_string())
    }

    fn changes_activations(&self) -> bool {
        self.activations.is_some()
    }

    fn activations(&mut self, layer: usize, outputs: ArrayViewMut2<'_, f64>) {
        if let Some(bits) = self.activations {
            ClippedActivation { bits }.quantize(self.clip(layer), outputs);
        }
    }

    fn activation_gradient(
        &mut self,
        layer: usize,
        outputs: ArrayView2<'_, f64>,
        gradient: ArrayViewMut2<'_, f64>,
    ) {
        let Some(bits) = self.activations else { return };
        let (clip, function) = (self.clip(layer), ClippedActivation { bits });
        match self.method {
            // The optimizer divides by the rows, which the decay has nothing to do with.
            GradientEstimator::Pact(pact) => {
                let rows = outputs.nrows() as f64;
                let of_clip = function.clip_gradient(clip, outputs, gradient.view());
                self.gradient[layer] += of_clip + rows * pact.decay * clip;
            }
            GradientEstimator::StraightThrough
            | GradientEstimator::Lsq
            | GradientEstimator::Dorefa(_)
            | GradientEstimator::Wrpn(_) => {}
        }
        function.gradient(clip, outputs, gradient);
    }

    fn changes_gradients(&self) -> bool {
        self.gradient_bits.is_some()
    }

    fn output_gradient(&mut self, _layer: usize, gradient: ArrayViewMut2<'_, f64>) {
        if let Some(bits) = self.gradient_bits {
            quantize_gradient(bits, gradient, &mut self.noise);
        }
    }

    fn parameters(&mut self) -> HookParameters<'_> {
        HookParameters { values: &mut self.values, gradient: &self.gradient }
    }

    fn updated(&mut self) {
        self.gradient.fill(0.0);
        self.held = constrain_steps(&mut self.values, &self.first);
    }
}
