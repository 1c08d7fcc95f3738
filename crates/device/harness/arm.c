/* Runs a model on all rows of test_vectors.h on a Cortex-M under qemu, and prints how many numbers are wrong, and the most
 * stack that a prediction takes; with -DCOUNT_INSTRUCTIONS also the most instructions of encoding and of a prediction.
 */
#include "rows.h"
#include "cortex.h"

void reset(void)
{
    uint32_t wrong = 0, stack = 0, row, i;
#if defined(COUNT_INSTRUCTIONS)
    uint32_t instructions = 0, encoding = 0;
    open_timer();
#endif
    begin();
    for (row = 0; row < TEST_ROWS; row++) {
        model_output outputs[MODEL_OUTPUTS];
        model_outputs(test_codes[row], outputs);
        for (i = 0; i < MODEL_OUTPUTS; i++) {
            wrong += DIFFERS(outputs[i], test_outputs[row][i], test_tolerances[row]);
        }
#if !defined(MODEL_FLOATS)
        wrong += model_predict(test_codes[row]) != test_classes[row];
#endif
#if (defined(MODEL_FLOAT_FEATURES) && !defined(MODEL_FLOATS)) || defined(TEST_INTEGER_FEATURES)
        {
            model_code encoded[MODEL_INPUTS];
            uint32_t bytes;
#if defined(COUNT_INSTRUCTIONS)
            uint32_t from = now();
#endif
            model_encode(test_features[row], encoded);
#if defined(COUNT_INSTRUCTIONS)
            encoding = most(encoding, instructions_between(from, now()));
#endif
            for (i = 0; i < MODEL_INPUTS; i++) {
                wrong += encoded[i] != test_codes[row][i];
            }
            STACK_OF(bytes, model_encode(test_features[row], encoded));
            stack = most(stack, bytes);
        }
#endif
        stack = most(stack, stack_of(test_codes[row]));
#if defined(COUNT_INSTRUCTIONS)
        instructions = most(instructions, instructions_of(test_codes[row]));
#endif
    }
#if defined(COUNT_INSTRUCTIONS)
    wrong += counted_wrong();
#endif
    print("rows ");
    print_number(TEST_ROWS);
    print(" wrong ");
    print_number(wrong);
#if defined(COUNT_INSTRUCTIONS)
    print(" instructions ");
    print_number(instructions);
    print(" encoding ");
    print_number(encoding);
#endif
    print(" stack ");
    print_number(stack);
    print("\n");
    end();
}
