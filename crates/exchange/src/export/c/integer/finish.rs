//! From the sums of a layer to its outputs.

use std::fmt::Write as _;

use super::layer::LayerSource;
use crate::export::c::text::{indented, limits, read};
use crate::export::plan::{Finish, PerOutput, Rescaling};

impl LayerSource<'_> {
    /// The declarations of the totals of several groups, and what adds a group to them.
    pub(super) fn totals(&mut self) -> (String, String) {
        let mut totals = String::new();
        let mut adding = String::new();
        let (rescaling, falling) = self.plan.finish.rescalings();
        for (name, array_name, rescaling) in [("total", "m", rescaling), ("falling", "n", falling)] {
            let Some(Rescaling::Groups { multipliers, shifts: _ }) = rescaling else { continue };
            let (kind, name_of) = self.constant(array_name, multipliers);
            let _ = writeln!(totals, "        model_wide {name} = {{0, 0}};");
            let multiplier = read(kind, &format!("{name_of} + {}", self.group()));
            let _ = writeln!(adding, "            {name} = add_product({name}, sum, {multiplier});");
        }
        (totals, adding)
    }

    /// The number of output `o`, an expression.
    fn per_output(&mut self, name: &str, values: &PerOutput) -> String {
        match values {
            PerOutput::Same(value) => value.to_string(),
            PerOutput::Each(values) => {
                let (kind, name) = self.constant(name, values);
                read(kind, &format!("{name} + o"))
            }
        }
    }

    /// The rescaled sum, as statements that leave it in `v`.
    fn rescaled(&mut self, rescaling: &Rescaling, of: (&str, &str, &str)) -> String {
        let (variable, multiplier_name, shift_name) = of;
        let (Rescaling::Shift { shifts }
        | Rescaling::Product { shifts, .. }
        | Rescaling::Groups { shifts, .. }) = rescaling;
        let shift = self.per_output(shift_name, shifts);
        let (is_none, may_be_none) = match shifts {
            PerOutput::Same(shift) => (*shift == 0, *shift == 0),
            PerOutput::Each(shifts) => (false, shifts.contains(&0)),
        };
        match rescaling {
            Rescaling::Groups { .. } => format!("v = rounded({variable}, {shift});\n"),
            Rescaling::Shift { .. } => match (is_none, may_be_none) {
                (true, _) => "v = sum;\n".to_owned(),
                (false, true) => format!(
                    "v = ({shift} == 0) ? sum : ((sum + ((int32_t)1 << ({shift} - 1))) >> {shift});\n"
                ),
                (false, false) => format!("v = (sum + ((int32_t)1 << ({shift} - 1))) >> {shift};\n"),
            },
            Rescaling::Product { multipliers, .. } => {
                let multiplier = self.per_output(multiplier_name, multipliers);
                match is_none {
                    // Within 31 bits, as `Rescale::check` has seen to.
                    true => format!("v = sum * {multiplier};\n"),
                    false => format!("v = rescale(sum, {multiplier}, {shift});\n"),
                }
            }
        }
    }

    /// From the sums to the output.
    pub(super) fn finish(&mut self) -> String {
        let plan = self.plan;
        let (Some(rescaling), falling) = plan.finish.rescalings() else {
            return "        y[o] = sum;\n".to_owned();
        };
        let mut text = String::new();
        let mut add = |lines: &str| text.push_str(&indented(lines, 2));
        let rescaled = self.rescaled(rescaling, ("total", "m", "s"));
        // C99 allows declarations anywhere in a block.
        match (plan.finish.cuts_negative_sums(), rescaling) {
            (true, Rescaling::Product { .. }) => {
                add(&format!("int32_t v = 0;\nif (sum > 0) {{\n    {rescaled}}}\n"));
            }
            (true, Rescaling::Groups { .. }) => {
                add(&format!("int32_t v = 0;\nif (total.high >= 0) {{\n    {rescaled}}}\n"));
            }
            (true, Rescaling::Shift { .. }) | (false, _) => add(&format!("int32_t v;\n{rescaled}")),
        }
        match &plan.finish {
            Finish::Sums | Finish::Logits(_) => add("y[o] = v;\n"),
            Finish::Table { zero, codes, .. } => {
                let (kind, name) = self.constant("t", codes);
                add(&format!("v += {zero};\n"));
                add(&limits(0, codes.len() as i64 - 1));
                add(&format!("y[o] = ({}){};\n", self.code_type, read(kind, &format!("{name} + v"))));
            }
            Finish::Codes { zero_point, lowest, highest, .. } => {
                if let Some(falling) = falling {
                    let falling = self.rescaled(falling, ("falling", "n", "r"));
                    add(&format!("if (v < 0) {{\n    {falling}}}\n"));
                }
                if *zero_point != 0 {
                    add(&format!("v += {zero_point};\n"));
                }
                add(&limits(i64::from(*lowest), i64::from(*highest)));
                add(&format!("y[o] = ({})v;\n", self.code_type));
            }
        }
        text
    }
}
