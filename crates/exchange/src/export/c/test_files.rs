//! The header, and what stands around the model: tests, an example, how it is built.

use std::fmt::Write as _;

use super::entry_points::Interface;
use super::text::{comment, integer_type};
use crate::packed::Classifier;

/// What only the header of some models says.
pub(super) struct HeaderParts<'a> {
    /// Behind the sizes.
    pub(super) definitions: &'a str,
    /// What inputs are, for the comment of `model_predict`.
    pub(super) inputs: &'a str,
    /// What outputs are, for the comment of `model_outputs`.
    pub(super) outputs: &'a str,
    /// Behind both.
    pub(super) declarations: &'a str,
}

/// `model.h`.
pub(super) fn header(
    classifier: &Classifier,
    interface: &Interface,
    parts: &HeaderParts<'_>,
    title: &str,
) -> String {
    let Interface { input, inputs: name, hidden: _, output } = interface;
    let features = classifier.columns.iter().flat_map(|column| column.features());
    let inputs = classifier.layers.first().map_or(0, |layer| layer.weight.shape().0);
    let outputs = classifier.layers.last().map_or(0, |layer| layer.weight.shape().1);
    let classes = classifier.classes.len();
    let mut text = format!("/* {title} */\n#ifndef MODEL_H\n#define MODEL_H\n\n#include <stdint.h>\n\n");
    text.push_str("/* The features, in their order:\n");
    for (position, name) in features.enumerate() {
        let _ = writeln!(text, " *  {position} {}", comment(&name));
    }
    text.push_str(" * The classes:\n");
    for (position, name) in classifier.classes.iter().enumerate() {
        let _ = writeln!(text, " *  {position} {}", comment(name));
    }
    let _ = write!(
        text,
        " */\n#define MODEL_INPUTS {inputs}\n#define MODEL_OUTPUTS {outputs}\n#define MODEL_CLASSES {classes}\n\n\
         {definitions}typedef {class} model_class;\n\n\
         #ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n\
         /* The class, counted from 0, of {of_inputs}. */\n\
         model_class model_predict(const {input} *{name});\n\n\
         /* {of_outputs} */\n\
         void model_outputs(const {input} *{name}, {output} *outputs);\n\n{declarations}\
         #if defined(MODEL_CLASS_NAMES)\n/* The names of the classes, in UTF-8. */\n\
         extern const char *const model_class_names[MODEL_CLASSES];\n#endif\n\n\
         #ifdef __cplusplus\n}}\n#endif\n\n#endif\n",
        definitions = parts.definitions,
        of_inputs = parts.inputs,
        of_outputs = parts.outputs,
        declarations = parts.declarations,
        class = integer_type(0, outputs.max(classes) as i64),
    );
    text
}

/// The rows of the test, table after table: `test_vectors.h`.
pub(super) struct Vectors {
    text: String,
}

impl Vectors {
    /// The head of those of so many rows.
    pub(super) fn new(rows: usize, title: &str) -> Self {
        let mut text = format!(
            "/* {title} */\n#ifndef TEST_VECTORS_H\n#define TEST_VECTORS_H\n\n#include \"model.h\"\n\n"
        );
        let _ = writeln!(text, "#define TEST_ROWS {rows}\n");
        text.push_str("/* What has the rows elsewhere than in memory, as PROGMEM on an AVR. */\n");
        text.push_str("#if !defined(TEST_CONSTANT)\n#define TEST_CONSTANT\n#endif\n\n");
        Self { text }
    }

    /// Adds rows of so many numbers, a macro.
    pub(super) fn table<'a, T: 'a>(
        &mut self,
        kind: &str,
        name: &str,
        width: &str,
        rows: ndarray::ArrayView2<'a, T>,
        number: fn(&T) -> String,
    ) {
        let _ = writeln!(self.text, "static const {kind} {name}[TEST_ROWS][{width}] TEST_CONSTANT = {{");
        for row in rows.outer_iter() {
            let row: Vec<String> = row.iter().map(number).collect();
            let _ = writeln!(self.text, "    {{{}}},", row.join(", "));
        }
        self.text.push_str("};\n\n");
    }

    /// Defines a macro.
    pub(super) fn define(&mut self, name: &str) {
        let _ = writeln!(self.text, "#define {name}");
    }

    /// Adds a number a row.
    pub(super) fn column<T>(&mut self, kind: &str, name: &str, numbers: &[T], number: fn(&T) -> String) {
        let numbers: Vec<String> = numbers.iter().map(number).collect();
        let _ = writeln!(
            self.text,
            "static const {kind} {name}[TEST_ROWS] TEST_CONSTANT = {{\n    {}\n}};\n",
            numbers.join(", ")
        );
    }

    /// Adds what is only there under a condition of the preprocessor.
    pub(super) fn under(&mut self, condition: &str, add: impl FnOnce(&mut Self)) {
        let _ = writeln!(self.text, "#if {condition}");
        add(self);
        self.text.truncate(self.text.trim_end().len());
        self.text.push_str("\n#endif\n\n");
    }

    /// The file.
    pub(super) fn file(self) -> String {
        self.text + "#endif\n"
    }
}

/// What only the test of some models does.
pub(super) struct TestParts<'a> {
    /// Functions that it calls, with an empty line behind them.
    pub(super) functions: &'a str,
    /// What it is given: the name of a table.
    pub(super) inputs: &'a str,
    /// Whether output `i` is another than that of the row.
    pub(super) differs: &'a str,
    /// How an output is printed, and as what.
    pub(super) printed: (&'a str, &'a str),
    /// Whether the class `found` is another than that of the row.
    pub(super) is_other: &'a str,
    /// What is done for each row besides.
    pub(super) more: &'a str,
}

/// `test.c`.
pub(super) fn test(interface: &Interface, parts: &TestParts<'_>) -> String {
    let TestParts { functions, inputs, differs, printed: (format, cast), is_other, more } = parts;
    let output = interface.output;
    format!(
        r#"/* Compares the model with the rows of test_vectors.h. */
#include <stdio.h>

#include "test_vectors.h"

{functions}int main(void)
{{
    unsigned long wrong = 0;
    unsigned row;
    unsigned i;
    for (row = 0; row < TEST_ROWS; row++) {{
        {output} outputs[MODEL_OUTPUTS];
        model_class found;
        model_outputs({inputs}[row], outputs);
        for (i = 0; i < MODEL_OUTPUTS; i++) {{
            if ({differs}) {{
                printf("row %u, output %u: {format}, expected {format}\n", row, i, ({cast})outputs[i], ({cast})test_outputs[row][i]);
                wrong++;
            }}
        }}
        found = model_predict({inputs}[row]);
        if ({is_other}) {{
            printf("row %u: class %u, expected %u\n", row, (unsigned)found, (unsigned)test_classes[row]);
            wrong++;
        }}
{more}    }}
    printf("%u rows, %lu wrong\n", (unsigned)TEST_ROWS, wrong);
    return (wrong == 0) ? 0 : 1;
}}
"#
    )
}

/// `example.c` that says so before it includes the model, and prints the class of `features` of this type by these lines.
pub(super) fn example(before: &str, feature: &str, lines: &str, title: &str) -> String {
    let nothing = if feature == "float" { "0.0f" } else { "0" };
    format!(
        "/* How the model is called. {title} */\n#include <stdio.h>\n\n{before}#include \"model.h\"\n\n\
         int main(void)\n{{\n    /* Where a sensor would be read. */\n    static const {feature} features[MODEL_INPUTS] = {{{nothing}}};\n\
         {lines}    return 0;\n}}\n"
    )
}

/// `Makefile`.
pub(super) fn makefile(definitions: &str, libraries: &str) -> String {
    let given = |name: &str, values: &str| match values {
        "" => String::new(),
        _ => format!("{name} += {values}\n"),
    };
    format!(
        "CFLAGS ?= -O2 -std=c99 -Wall -Wextra -Wconversion -pedantic
{}{}
all: test_model example

test: test_model
\t./test_model

test_model: test.c model.c model.h test_vectors.h
\t$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ test.c model.c $(LDLIBS)

example: example.c model.c model.h
\t$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ example.c model.c $(LDLIBS)

clean:
\trm -f test_model example

.PHONY: all test clean
",
        given("CPPFLAGS", definitions),
        given("LDLIBS", libraries),
    )
}

/// `CMakeLists.txt` with these lines about the library.
pub(super) fn cmake(lines: &str) -> String {
    format!(
        "cmake_minimum_required(VERSION 3.10)
project(model C)
set(CMAKE_C_STANDARD 99)
set(CMAKE_C_EXTENSIONS OFF)

add_library(model STATIC model.c)
target_include_directories(model PUBLIC ${{CMAKE_CURRENT_SOURCE_DIR}})
{lines}
enable_testing()
add_executable(test_model test.c)
target_link_libraries(test_model model)
add_test(NAME model COMMAND test_model)

add_executable(example example.c)
target_link_libraries(example model)
"
    )
}
