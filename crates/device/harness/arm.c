/* Runs a model on all rows of test_vectors.h on a Cortex-M under qemu, and prints how many are wrong; with
 * -DCOUNT_INSTRUCTIONS also what one takes.
 */
#include "test_vectors.h"
#include "cortex.h"

void reset(void)
{
    uint32_t wrong = 0, row, i;
    begin();
    for (row = 0; row < TEST_ROWS; row++) {
        int32_t outputs[MODEL_OUTPUTS];
        model_outputs(test_codes[row], outputs);
        for (i = 0; i < MODEL_OUTPUTS; i++) {
            wrong += outputs[i] != test_outputs[row][i];
        }
        wrong += model_predict(test_codes[row]) != test_classes[row];
    }
#if defined(COUNT_INSTRUCTIONS)
    open_timer();
    wrong += counted_wrong();
#endif
    print("rows ");
    print_number(TEST_ROWS);
    print(" wrong ");
    print_number(wrong);
#if defined(COUNT_INSTRUCTIONS)
    print(" instructions ");
    print_number(instructions_of(test_codes[0]));
#endif
    print("\n");
    end();
}
