//! Functions of one number, and which activation they are.

use std::rc::Rc;

use bitsweep_models::Activation;

/// The most operations of a function that is looked at.
const MOST_OPERATIONS: usize = 500;

/// A function of one number `x` that a file writes out in operators.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Function {
    expression: Rc<Expression>,
    operations: usize,
}

#[derive(Debug, PartialEq)]
enum Expression {
    Input,
    Constant(f64),
    Unary(Unary, Rc<Self>),
    Binary(Binary, Rc<Self>, Rc<Self>),
}

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unary {
    Activation(Activation),
    Absolute,
    Erf,
    Exp,
    Log,
    Reciprocal,
    Sqrt,
}

/// A function of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Maximum,
    Minimum,
}

impl Unary {
    pub(crate) fn apply(self, x: f64) -> f64 {
        match self {
            Self::Activation(activation) => activation.apply(x),
            Self::Absolute => x.abs(),
            Self::Erf => libm::erf(x),
            Self::Exp => libm::exp(x),
            Self::Log => libm::log(x),
            Self::Reciprocal => 1.0 / x,
            Self::Sqrt => x.sqrt(),
        }
    }
}

impl Binary {
    pub(crate) fn apply(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Power => libm::pow(left, right),
            Self::Maximum => left.max(right),
            Self::Minimum => left.min(right),
        }
    }
}

impl Function {
    /// `x`.
    pub(crate) fn identity() -> Self {
        Self { expression: Rc::new(Expression::Input), operations: 1 }
    }

    /// A number.
    pub(crate) fn constant(number: f64) -> Self {
        Self { expression: Rc::new(Expression::Constant(number)), operations: 1 }
    }

    /// `unary(self(x))`.
    pub(crate) fn then(&self, unary: Unary) -> Option<Self> {
        Self::sized(Expression::Unary(unary, self.expression.clone()), self.operations + 1)
    }

    /// `binary(self(x), other(x))`.
    pub(crate) fn with(&self, binary: Binary, other: &Self) -> Option<Self> {
        let expression = Expression::Binary(binary, self.expression.clone(), other.expression.clone());
        Self::sized(expression, self.operations.saturating_add(other.operations) + 1)
    }

    /// `other(self(x))`.
    pub(crate) fn followed_by(&self, other: &Self) -> Option<Self> {
        let operations = self.operations.checked_mul(other.operations)?;
        if operations > MOST_OPERATIONS {
            return None;
        }
        Self::sized(Expression::clone_with(&other.expression, &self.expression), operations)
    }

    /// What it is of `exp` alone.
    pub(crate) fn is_exp(&self) -> bool {
        matches!(&*self.expression, Expression::Unary(Unary::Exp, input) if **input == Expression::Input)
    }

    /// Whether it is `ln σ(x)`, the logarithm of the logistic function, to six digits.
    pub(crate) fn is_log_logistic(&self) -> bool {
        // From -15.4 to 15.4.
        let points = (-140..=140).map(|step| f64::from(step) * 0.11 + 0.013);
        points.into_iter().all(|x| {
            let logarithm = x.min(0.0) - libm::log1p(libm::exp(-x.abs()));
            (self.apply(x) - logarithm).abs() <= 1e-6 * logarithm.abs()
        })
    }

    /// None of what is too large to be an activation; so no evaluation takes long or goes deep.
    fn sized(expression: Expression, operations: usize) -> Option<Self> {
        (operations <= MOST_OPERATIONS).then(|| Self { expression: Rc::new(expression), operations })
    }

    /// Its value at `x`.
    pub(crate) fn apply(&self, x: f64) -> f64 {
        self.expression.apply(x)
    }

    /// The activation that it is, whichever way a file writes it out.
    ///
    /// It is the one that has the same values, to six digits, as far as numbers differ from 0 and from `x` itself.
    pub(crate) fn activation(&self) -> Option<Activation> {
        let candidates = [
            Activation::Identity,
            Activation::Relu,
            Activation::Gelu,
            Activation::GeluTanh,
            Activation::Tanh,
            Activation::Sigmoid,
            Activation::HardSwish,
            Activation::RELU6,
            Activation::HardSigmoid { alpha: 1.0 / 6.0, beta: 0.5 },
            Activation::HardSigmoid { alpha: 0.2, beta: 0.5 },
            Activation::LeakyRelu { slope: -self.apply(-1.0) as f32 },
            Activation::Elu { alpha: -self.apply(-40.0) as f32 },
        ];
        candidates.into_iter().find(|candidate| self.equals(*candidate))
    }

    fn equals(&self, activation: Activation) -> bool {
        // From -15.4 to 15.4, and no number at a kink.
        let points = (-140..=140).map(|step| f64::from(step) * 0.11 + 0.013);
        points.into_iter().all(|x| {
            let (mine, other) = (self.apply(x), activation.apply(x));
            (mine - other).abs() <= 2e-6 * other.abs().max(1.0)
        })
    }
}

impl Expression {
    fn apply(&self, x: f64) -> f64 {
        match self {
            Self::Input => x,
            Self::Constant(number) => *number,
            Self::Unary(unary, input) => unary.apply(input.apply(x)),
            Self::Binary(binary, left, right) => binary.apply(left.apply(x), right.apply(x)),
        }
    }

    /// This expression of `input`.
    fn clone_with(&self, input: &Rc<Self>) -> Self {
        let of = |expression: &Rc<Self>| match &**expression {
            Self::Input => input.clone(),
            other => Rc::new(other.clone_with(input)),
        };
        match self {
            Self::Input => match &**input {
                Self::Input => Self::Input,
                Self::Constant(number) => Self::Constant(*number),
                Self::Unary(unary, inner) => Self::Unary(*unary, inner.clone()),
                Self::Binary(binary, left, right) => Self::Binary(*binary, left.clone(), right.clone()),
            },
            Self::Constant(number) => Self::Constant(*number),
            Self::Unary(unary, inner) => Self::Unary(*unary, of(inner)),
            Self::Binary(binary, left, right) => Self::Binary(*binary, of(left), of(right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gelu_that_is_written_out_is_one() {
        let x = Function::identity();
        let constant = Function::constant;
        let inner = x.with(Binary::Divide, &constant(f64::from(2.0_f32.sqrt()))).unwrap();
        let sum = inner.then(Unary::Erf).unwrap().with(Binary::Add, &constant(1.0)).unwrap();
        let half = x.with(Binary::Multiply, &constant(0.5)).unwrap();
        let gelu = sum.with(Binary::Multiply, &half).unwrap();
        assert_eq!(gelu.activation(), Some(Activation::Gelu));
        let twice = gelu.with(Binary::Multiply, &constant(2.0)).unwrap();
        assert_eq!(twice.activation(), None);
    }

    #[test]
    fn the_logistic_times_the_number_is_no_activation_that_is_known() {
        let x = Function::identity();
        let logistic = x.then(Unary::Activation(Activation::Sigmoid)).unwrap();
        assert_eq!(x.with(Binary::Multiply, &logistic).unwrap().activation(), None);
    }

    #[test]
    fn parameters_are_found() {
        let x = Function::identity();
        let scaled = x.with(Binary::Multiply, &Function::constant(0.25)).unwrap();
        let maximum = x.with(Binary::Maximum, &scaled).unwrap();
        assert_eq!(maximum.activation(), Some(Activation::LeakyRelu { slope: 0.25 }));
    }

    #[test]
    fn a_function_that_doubles_with_each_operator_is_given_up() {
        let mut function = Some(Function::identity());
        for _ in 0..40 {
            function = function.and_then(|function| function.with(Binary::Multiply, &function));
        }
        assert_eq!(function, None);
    }
}
