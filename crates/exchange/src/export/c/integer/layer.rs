//! One layer in C.

use std::fmt::Write as _;

use super::product::Product;
use crate::export::c::text::{integer_type, integers};
use crate::export::plan::{Finish, LayerPlan};

/// One layer in C.
pub(super) struct LayerSource<'a> {
    pub(super) plan: &'a LayerPlan,
    pub(super) code_type: &'static str,
    /// Constants before the function.
    pub(super) constants: String,
}

impl<'a> LayerSource<'a> {
    pub(super) const fn new(plan: &'a LayerPlan, code_type: &'static str) -> Self {
        Self { plan, code_type, constants: String::new() }
    }

    /// Its constants and its function.
    pub(super) fn text(mut self) -> String {
        let Self { plan: &LayerPlan { number, inputs, outputs, bits, .. }, code_type, .. } = self;
        let result = match self.plan.finish {
            Finish::Sums | Finish::Logits(_) => "int32_t",
            Finish::Codes { .. } | Finish::Table { .. } => code_type,
        };
        let index = integer_type(0, inputs.max(outputs) as i64);
        let (mut head, sums) = match Product::of(self.plan) {
            Some(product) => self.sums_by(&product),
            None => self.sums_by_loops(index),
        };
        let _ = writeln!(head, "    {index} o;");
        let finish = self.finish();
        format!(
            "/* Layer {number}: {inputs} inputs, {outputs} outputs, weights of {bits} bits. */\n{constants}\
             static void layer_{number}(const {code_type} *x, {result} *y)\n{{\n{head}    \
             for (o = 0; o < {outputs}; o++) {{\n{sums}{finish}    }}\n}}\n",
            constants = self.constants,
        )
    }

    /// Adds an array to the constants, named for this layer; its type and its name.
    pub(super) fn constant(&mut self, name: &str, values: &[i32]) -> (&'static str, String) {
        let name = format!("{name}{}", self.plan.number);
        let (kind, text) = integers(&name, values);
        self.constants.push_str(&text);
        (kind, name)
    }
}
