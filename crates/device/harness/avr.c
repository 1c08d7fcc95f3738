/* Runs a model on all rows of test_vectors.h on an AVR under simavr, and prints how many are wrong and what one takes. */
#include <avr/pgmspace.h>
#include "uart.h"

#define TEST_CONSTANT PROGMEM
#include "test_vectors.h"
#include "cycles.h"

int main(void)
{
    uint16_t row, i, wrong = 0;
    uint32_t cycles;
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
        memcpy_P((void *)&seen, &test_classes[row], sizeof seen);
        wrong = (uint16_t)(wrong + (model_predict(codes) != seen));
    }
    memcpy_P(codes, test_codes[0], sizeof codes);
    cycles = cycles_of(codes);
    printf("rows %u wrong %u cycles %lu stack %u\n", TEST_ROWS, wrong, (unsigned long)cycles, stack_of(codes));
    end();
}
