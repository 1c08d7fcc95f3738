/* Runs a model on all rows of test_vectors.h on an AVR under simavr, and prints how many numbers are wrong, and the most that a
 * prediction takes. */
#include <avr/pgmspace.h>
#include "uart.h"

#define TEST_CONSTANT PROGMEM
#include "test_vectors.h"
#include "cycles.h"

static uint32_t most(uint32_t one, uint32_t other)
{
    return (one > other) ? one : other;
}

int main(void)
{
    uint16_t row, i, stack = 0, wrong = 0;
    uint32_t cycles = 0;
    model_class expected_class;
    model_code codes[MODEL_INPUTS];
    int32_t outputs[MODEL_OUTPUTS], expected[MODEL_OUTPUTS];
    open_uart();
    open_timer();
    for (row = 0; row < TEST_ROWS; row++) {
        memcpy_P(codes, test_codes[row], sizeof codes);
        memcpy_P(expected, test_outputs[row], sizeof expected);
        model_outputs(codes, outputs);
        for (i = 0; i < MODEL_OUTPUTS; i++) {
            wrong = (uint16_t)(wrong + (outputs[i] != expected[i]));
        }
#if defined(MODEL_FLOAT_FEATURES)
        {
            float features[MODEL_INPUTS];
            model_code encoded[MODEL_INPUTS];
            memcpy_P(features, test_features[row], sizeof features);
            model_encode(features, encoded);
            for (i = 0; i < MODEL_INPUTS; i++) {
                wrong = (uint16_t)(wrong + (encoded[i] != codes[i]));
            }
        }
#endif
        cycles = most(cycles, cycles_of(codes));
        stack = (uint16_t)most(stack, stack_of(codes));
        memcpy_P((void *)&expected_class, &test_classes[row], sizeof expected_class);
        wrong = (uint16_t)(wrong + (seen != expected_class));
    }
    printf("rows %u wrong %u cycles %lu stack %u\n", TEST_ROWS, wrong, (unsigned long)cycles, stack);
    end();
}
