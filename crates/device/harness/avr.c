/* Runs a model on all rows of test_vectors.h on an AVR under simavr, and prints how many numbers are wrong, and the most that
 * encoding and a prediction take.
 */
#include <avr/pgmspace.h>
#include "uart.h"

#define TEST_CONSTANT PROGMEM
#include "rows.h"
#include "cycles.h"

int main(void)
{
    uint16_t row, i, stack = 0, wrong = 0;
    uint32_t cycles = 0, encoding = 0;
    model_code codes[MODEL_INPUTS];
    model_output outputs[MODEL_OUTPUTS], expected[MODEL_OUTPUTS];
#if defined(MODEL_FLOATS)
    float tolerance;
#else
    model_class class;
#endif
    open_uart();
    open_timer();
    for (row = 0; row < TEST_ROWS; row++) {
        memcpy_P(codes, test_codes[row], sizeof codes);
        memcpy_P(expected, test_outputs[row], sizeof expected);
#if defined(MODEL_FLOATS)
        memcpy_P(&tolerance, &test_tolerances[row], sizeof tolerance);
#endif
        model_outputs(codes, outputs);
        for (i = 0; i < MODEL_OUTPUTS; i++) {
            wrong = (uint16_t)(wrong + DIFFERS(outputs[i], expected[i], tolerance));
        }
#if (defined(MODEL_FLOAT_FEATURES) && !defined(MODEL_FLOATS)) || defined(TEST_INTEGER_FEATURES)
        {
#if defined(TEST_INTEGER_FEATURES)
            model_feature features[MODEL_INPUTS];
#else
            float features[MODEL_INPUTS];
#endif
            model_code encoded[MODEL_INPUTS];
            uint32_t from, empty = now();
            uint16_t bytes;
            empty = now() - empty;
            memcpy_P(features, test_features[row], sizeof features);
            from = now();
            model_encode(features, encoded);
            encoding = most(encoding, now() - from - empty);
            STACK_OF(bytes, model_encode(features, encoded));
            stack = (uint16_t)most(stack, bytes);
            for (i = 0; i < MODEL_INPUTS; i++) {
                wrong = (uint16_t)(wrong + (encoded[i] != codes[i]));
            }
        }
#endif
        cycles = most(cycles, cycles_of(codes));
        stack = (uint16_t)most(stack, stack_of(codes));
#if !defined(MODEL_FLOATS)
        memcpy_P(&class, &test_classes[row], sizeof class);
        wrong = (uint16_t)(wrong + (seen != class));
#endif
    }
    printf("rows %u wrong %u cycles %lu encoding %lu stack %u\n", TEST_ROWS, wrong, (unsigned long)cycles,
           (unsigned long)encoding, stack);
    end();
}
