//! One layer in Rust.

use super::text::{array, integers, table, type_name, widened};
use crate::export::plan::{Biases, Finish, Integer, LayerPlan, Meaning, PerOutput, Rescaling, WeightCodes};

/// One layer in Rust.
pub(super) struct LayerSource<'a> {
    plan: &'a LayerPlan,
    codes: Integer,
    /// Constants before the function.
    constants: String,
}

/// How the weights of a layer are read.
struct Level {
    /// What makes the iterator of the weights, where it is one for all outputs.
    weights: String,
    /// What iterates over the weights of an output, or the next of a group, an expression.
    next: String,
    /// What a weight is called.
    name: &'static str,
    /// The level of a weight, an expression.
    level: String,
    /// What is done at the end of a group, a statement or nothing.
    end: &'static str,
}

impl<'a> LayerSource<'a> {
    pub(super) const fn new(plan: &'a LayerPlan, codes: Integer) -> Self {
        Self { plan, codes, constants: String::new() }
    }

    /// Its constants and its function.
    pub(super) fn text(mut self) -> String {
        let &LayerPlan { number, inputs, outputs, bits, .. } = self.plan;
        let result = match self.plan.finish {
            Finish::Sums | Finish::Logits(_) => "i32",
            Finish::Codes { .. } | Finish::Table { .. } => "Code",
        };
        let level = self.level();
        let sums = match self.plan.groups {
            1 => self.sum(&level),
            _ => self.totals(&level),
        };
        let finish = self.finish();
        format!(
            "{constants}\n/// Layer {number}: {inputs} inputs, {outputs} outputs, weights of {bits} bits.\n\
             fn layer_{number}(inputs: &[Code], outputs: &mut [{result}]) {{\n{head}    \
             for (o, output) in (0..{outputs}).zip(outputs) {{\n{sums}{finish}    }}\n}}\n",
            constants = self.constants,
            head = level.weights,
        )
    }

    /// Adds an array to the constants; its name, which is this and the number of this layer.
    fn array(&mut self, name: &str, kind: &str, values: Vec<String>) -> String {
        let name = format!("{name}_{}", self.plan.number);
        self.constants.push_str(&array(&format!("static {name}: [{kind}; {}]", values.len()), &values));
        name
    }

    /// Adds an array of rows of so many values; its name.
    fn table(&mut self, name: &str, kind: &str, width: usize, values: &[String]) -> String {
        let name = format!("{name}_{}", self.plan.number);
        let rows: Vec<Vec<String>> = values.chunks(width).map(<[String]>::to_vec).collect();
        self.constants
            .push_str(&table(&format!("static {name}: [[{kind}; {width}]; {}]", rows.len()), &rows));
        name
    }

    /// Adds an array of whole numbers; their type, and its name.
    fn constant(&mut self, name: &str, values: &[i32]) -> (Integer, String) {
        let kind = Integer::holding(values.iter().copied());
        (kind, self.array(name, type_name(kind), integers(values)))
    }

    /// Adds what each group of each output has; its type, and what belongs to group `g` of output `o`.
    fn by_group(&mut self, name: &str, values: &[i32]) -> (Integer, String) {
        let kind = Integer::holding(values.iter().copied());
        let place = match self.plan.groups {
            1 => format!("{}[o]", self.array(name, type_name(kind), integers(values))),
            groups => format!("{}[o][g]", self.table(name, type_name(kind), groups, &integers(values))),
        };
        (kind, place)
    }

    /// Adds the weights to the constants; how they are read.
    fn level(&mut self) -> Level {
        let plan = self.plan;
        let texts = |bytes: &[u8]| bytes.iter().map(ToString::to_string).collect::<Vec<_>>();
        let of_all = |iterator: String| format!("    let mut weights = {iterator};\n");
        let next = "&mut weights".to_owned();
        match &plan.weights {
            WeightCodes::Levels(levels) => {
                let (kind, name) = self.constant("WEIGHTS", levels);
                let weights = of_all(format!("{name}.iter()"));
                Level { weights, next, name: "level", level: widened(kind, "*level"), end: "" }
            }
            WeightCodes::Packed { bits, meaning, bytes, is_aligned } => {
                let name = self.array("WEIGHTS", "u8", texts(bytes));
                let level = match meaning {
                    Meaning::Offset(offset) => moved("i32::from(code)", *offset),
                    Meaning::Offsets(_) => "(i32::from(code) + offset)".to_owned(),
                    Meaning::Table(levels) => {
                        let (kind, name) = self.constant("LEVELS", levels);
                        // No code is larger; by the limit the compiler sees it, and there is no panic.
                        let last = levels.len() - 1;
                        widened(kind, &format!("{name}[usize::from(code).min({last})]"))
                    }
                };
                let weights = of_all(format!("Codes::<{bits}>::new(&{name})"));
                let end = if *is_aligned { "weights.align();" } else { "" };
                Level { weights, next, name: "code", level, end }
            }
        }
    }

    /// The statement that has what is subtracted from the codes of a group, where each has its own.
    fn offset(&mut self, indent: &str) -> String {
        match &self.plan.weights {
            WeightCodes::Packed { meaning: Meaning::Offsets(offsets), .. } => {
                let (kind, offset) = self.by_group("OFFSETS", offsets);
                format!("{indent}let offset = {};\n", widened(kind, &offset))
            }
            WeightCodes::Packed { .. } | WeightCodes::Levels(_) => String::new(),
        }
    }

    /// The statements that leave in `sum` that of a group from a bias on.
    fn adding(&mut self, level: &Level, bias: &str, inputs: &str, indent: &str) -> String {
        let Level { next, name, level, end, .. } = level;
        let end = if end.is_empty() { String::new() } else { format!("{indent}{end}\n") };
        let input = widened(self.codes, "*input");
        format!(
            "{indent}let mut sum = {bias};\n{offset}\
             {indent}for (input, {name}) in {inputs}.zip({next}) {{\n\
             {indent}    sum += {level} * {input};\n{indent}}}\n{end}",
            offset = self.offset(indent),
        )
    }

    /// The statements that leave in `sum` that of output `o`.
    fn sum(&mut self, level: &Level) -> String {
        let (kind, name) = self.constant("BIASES", self.plan.biases.values());
        self.adding(level, &widened(kind, &format!("{name}[o]")), "inputs.iter()", "        ")
    }

    /// The statements that leave in `total`, and perhaps `falling`, what the groups of output `o` are together.
    fn totals(&mut self, level: &Level) -> String {
        let plan = self.plan;
        let bias = match &plan.biases {
            Biases::Groups(biases) => {
                let (kind, bias) = self.by_group("BIASES", biases);
                widened(kind, &bias)
            }
            Biases::Outputs(biases) => {
                let (kind, name) = self.constant("BIASES", biases);
                format!("if g == 0 {{ {} }} else {{ 0 }}", widened(kind, &format!("{name}[o]")))
            }
        };
        let sum = self.adding(level, &bias, &format!("inputs.by_ref().take({})", plan.rows), "            ");
        let (mut beginning, mut adding) = (String::new(), String::new());
        let (rescaling, falling) = plan.finish.rescalings();
        for (name, multipliers_name, rescaling) in
            [("total", "MULTIPLIERS", rescaling), ("falling", "FALLING_MULTIPLIERS", falling)]
        {
            let Some(Rescaling::Groups { multipliers, shifts: _ }) = rescaling else { continue };
            let (_, multiplier) = self.by_group(multipliers_name, multipliers);
            beginning.push_str(&format!("        let mut {name} = 0;\n"));
            adding.push_str(&format!("            {name} += i64::from(sum) * i64::from({multiplier});\n"));
        }
        format!(
            "        let mut inputs = inputs.iter();\n{beginning}        for g in 0..{groups} {{\n{sum}{adding}        }}\n",
            groups = plan.groups,
        )
    }

    /// The number of output `o`, an expression of its type.
    fn per_output(&mut self, name: &str, values: &PerOutput) -> (Integer, String) {
        match values {
            PerOutput::Same(value) => (Integer::I32, value.to_string()),
            PerOutput::Each(values) => {
                let (kind, name) = self.constant(name, values);
                (kind, format!("{name}[o]"))
            }
        }
    }

    /// The rescaled sum, an expression.
    fn rescaled(&mut self, rescaling: &Rescaling, total: &str, names: (&str, &str)) -> String {
        let (multipliers_name, shifts_name) = names;
        match rescaling {
            Rescaling::Shift { shifts: PerOutput::Same(0) } => "sum".to_owned(),
            Rescaling::Shift { shifts } => {
                let (_, shift) = self.per_output(shifts_name, shifts);
                format!("shifted(sum, {shift})")
            }
            Rescaling::Product { multipliers, shifts } => {
                let (kind, multiplier) = self.per_output(multipliers_name, multipliers);
                let (_, shift) = self.per_output(shifts_name, shifts);
                format!("rescale(sum, {}, {shift})", widened(kind, &multiplier))
            }
            Rescaling::Groups { multipliers: _, shifts } => {
                let (_, shift) = self.per_output(shifts_name, shifts);
                format!("narrowed({total}, {shift})")
            }
        }
    }

    /// From the sums to the output.
    fn finish(&mut self) -> String {
        let plan = self.plan;
        let (Some(rescaling), falling) = plan.finish.rescalings() else {
            return "        *output = sum;\n".to_owned();
        };
        let rescaled = self.rescaled(rescaling, "total", ("MULTIPLIERS", "SHIFTS"));
        match &plan.finish {
            Finish::Sums | Finish::Logits(_) => format!("        *output = {rescaled};\n"),
            Finish::Table { zero, codes, .. } => {
                let name = self.array("TABLE", "Code", integers(codes));
                format!(
                    "        let value = {rescaled};\n        *output = {name}[{}.clamp(0, {}) as usize];\n",
                    moved("value", *zero),
                    codes.len() - 1,
                )
            }
            Finish::Codes { zero_point, lowest, highest, .. } => {
                let falling = falling.map(|falling| {
                    self.rescaled(falling, "falling", ("FALLING_MULTIPLIERS", "FALLING_SHIFTS"))
                });
                let (mutable, falling) = match falling {
                    Some(falling) => (
                        "mut ",
                        format!("        if value < 0 {{\n            value = {falling};\n        }}\n"),
                    ),
                    None => ("", String::new()),
                };
                format!(
                    "        let {mutable}value = {rescaled};\n{falling}        *output = {}.clamp({lowest}, {highest}) as Code;\n",
                    moved("value", *zero_point),
                )
            }
        }
    }
}

/// The sum of an expression and a number, an expression.
pub(super) fn moved(expression: &str, by: i32) -> String {
    match by {
        0 => expression.to_owned(),
        1.. => format!("({expression} + {by})"),
        ..0 => format!("({expression} - {})", by.unsigned_abs()),
    }
}
