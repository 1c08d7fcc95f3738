//! The header, and what stands around the model: tests, an example, how it is built.

use std::fmt::Write as _;

use bitsweep_inference::integer::IntegerNetwork;
use ndarray::ArrayView2;

use super::comment;
use super::entry_points::code_type;
use super::text::integer_type;
use crate::packed::Classifier;

/// Rows of the test.
pub(super) struct Tests<'a> {
    pub(super) features: ArrayView2<'a, f64>,
    pub(super) codes: ArrayView2<'a, i32>,
    pub(super) outputs: ArrayView2<'a, i32>,
    pub(super) classes: &'a [usize],
}

/// `model.h`.
pub(super) fn header(classifier: &Classifier, network: &IntegerNetwork, title: &str) -> String {
    let features = classifier.columns.iter().flat_map(|column| column.features());
    let inputs = network.layers().first().map_or(0, |layer| layer.shape().0);
    let outputs = network.layers().last().map_or(0, |layer| layer.shape().1);
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
    let grid = network.layers().first().map(|layer| (layer.input_grid(), layer.input_zero_point()));
    let (lowest, highest, zero_point) =
        grid.map_or((0, 0, 0), |(grid, zero_point)| (grid.lowest, grid.highest, zero_point));
    let _ = write!(
        text,
        " */\n#define MODEL_INPUTS {inputs}\n#define MODEL_OUTPUTS {outputs}\n#define MODEL_CLASSES {classes}\n\n\
         /* Codes of the features, and the code of a feature that is 0 once it is scaled. */\n\
         #define MODEL_LOWEST_CODE ({lowest})\n#define MODEL_HIGHEST_CODE ({highest})\n#define MODEL_ZERO_POINT ({zero_point})\n\n\
         typedef {code} model_code;\ntypedef {class} model_class;\n\n\
         #ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n\
         /* The class, counted from 0, of the codes of MODEL_INPUTS features. */\n\
         model_class model_predict(const model_code *input);\n\n\
         /* The MODEL_OUTPUTS whole numbers that are compared, each a logit in steps of {step:e}. */\n\
         void model_outputs(const model_code *input, int32_t *outputs);\n\n\
         #if defined(MODEL_FLOAT_FEATURES)\n/* Codes of features as they are measured, not scaled. */\n\
         void model_encode(const float *features, model_code *input);\n#endif\n\n\
         #ifdef __cplusplus\n}}\n#endif\n\n#endif\n",
        code = code_type(network),
        class = integer_type(0, outputs.max(classes) as i64),
        step = network.logit_step(),
    );
    text
}

impl Tests<'_> {
    /// `test_vectors.h`.
    pub(super) fn vectors(&self, network: &IntegerNetwork, title: &str) -> String {
        let rows = self.classes.len();
        let mut text = format!(
            "/* {title} */\n#ifndef TEST_VECTORS_H\n#define TEST_VECTORS_H\n\n#include \"model.h\"\n\n"
        );
        let _ = writeln!(text, "#define TEST_ROWS {rows}\n");
        text.push_str("/* What has the rows elsewhere than in memory, as PROGMEM on an AVR. */\n");
        text.push_str("#if !defined(TEST_CONSTANT)\n#define TEST_CONSTANT\n#endif\n\n");
        let mut table = |kind: &str, name: &str, width: &str, rows: Vec<String>| {
            let _ = writeln!(text, "static const {kind} {name}[TEST_ROWS][{width}] TEST_CONSTANT = {{");
            for row in rows {
                let _ = writeln!(text, "    {{{row}}},");
            }
            text.push_str("};\n\n");
        };
        let integers = |values: ArrayView2<'_, i32>| -> Vec<String> {
            let row = |row: ndarray::ArrayView1<'_, i32>| {
                row.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            };
            values.outer_iter().map(row).collect()
        };
        table(code_type(network), "test_codes", "MODEL_INPUTS", integers(self.codes));
        table("int32_t", "test_outputs", "MODEL_OUTPUTS", integers(self.outputs));
        let float = |value: &f64| format!("{:e}f", *value as f32);
        let features =
            self.features.outer_iter().map(|row| row.iter().map(float).collect::<Vec<_>>().join(", "));
        let features: Vec<String> = features.collect();
        text.push_str("static const model_class test_classes[TEST_ROWS] TEST_CONSTANT = {\n    ");
        text.push_str(&self.classes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
        text.push_str("\n};\n\n#if defined(MODEL_FLOAT_FEATURES)\n");
        let _ =
            writeln!(text, "static const float test_features[TEST_ROWS][MODEL_INPUTS] TEST_CONSTANT = {{");
        for row in features {
            let _ = writeln!(text, "    {{{row}}},");
        }
        text.push_str("};\n#endif\n\n#endif\n");
        text
    }
}

/// `test.c`.
pub(super) const TEST: &str = r#"/* Compares the model with the rows of test_vectors.h. */
#include <stdio.h>

#include "test_vectors.h"

int main(void)
{
    unsigned long wrong = 0;
    unsigned row;
    unsigned i;
    for (row = 0; row < TEST_ROWS; row++) {
        int32_t outputs[MODEL_OUTPUTS];
        model_outputs(test_codes[row], outputs);
        for (i = 0; i < MODEL_OUTPUTS; i++) {
            if (outputs[i] != test_outputs[row][i]) {
                printf("row %u, output %u: %ld, expected %ld\n", row, i, (long)outputs[i], (long)test_outputs[row][i]);
                wrong++;
            }
        }
        if (model_predict(test_codes[row]) != test_classes[row]) {
            printf("row %u: class %u, expected %u\n", row, (unsigned)model_predict(test_codes[row]),
                   (unsigned)test_classes[row]);
            wrong++;
        }
#if defined(MODEL_FLOAT_FEATURES)
        {
            model_code codes[MODEL_INPUTS];
            model_encode(test_features[row], codes);
            for (i = 0; i < MODEL_INPUTS; i++) {
                if (codes[i] != test_codes[row][i]) {
                    printf("row %u, feature %u: code %ld, expected %ld\n", row, i, (long)codes[i],
                           (long)test_codes[row][i]);
                    wrong++;
                }
            }
        }
#endif
    }
    printf("%u rows, %lu wrong\n", (unsigned)TEST_ROWS, wrong);
    return (wrong == 0) ? 0 : 1;
}
"#;

/// `example.c`.
pub(super) fn example(title: &str) -> String {
    format!(
        "/* How the model is called. {title} */\n#include <stdio.h>\n\n/* Compiled with MODEL_FLOAT_FEATURES, for model_encode. */\n#include \"model.h\"\n\n\
         int main(void)\n{{\n    /* Where a sensor would be read. */\n    static const float features[MODEL_INPUTS] = {{0.0f}};\n    \
         model_code codes[MODEL_INPUTS];\n    model_encode(features, codes);\n    \
         printf(\"class %u\\n\", (unsigned)model_predict(codes));\n    return 0;\n}}\n"
    )
}

/// `Makefile`.
pub(super) const MAKEFILE: &str = "CFLAGS ?= -O2 -std=c99 -Wall -Wextra -Wconversion -pedantic
CPPFLAGS += -DMODEL_FLOAT_FEATURES

all: test_model example

test: test_model
\t./test_model

test_model: test.c model.c model.h test_vectors.h
\t$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ test.c model.c

example: example.c model.c model.h
\t$(CC) $(CFLAGS) -DMODEL_FLOAT_FEATURES -o $@ example.c model.c

clean:
\trm -f test_model example

.PHONY: all test clean
";

/// `CMakeLists.txt`.
pub(super) const CMAKE: &str = "cmake_minimum_required(VERSION 3.10)
project(model C)
set(CMAKE_C_STANDARD 99)

add_library(model STATIC model.c)
target_include_directories(model PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(model PUBLIC MODEL_FLOAT_FEATURES)

enable_testing()
add_executable(test_model test.c)
target_link_libraries(test_model model)
add_test(NAME model COMMAND test_model)

add_executable(example example.c)
target_link_libraries(example model)
";
