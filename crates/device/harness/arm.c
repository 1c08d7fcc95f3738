/* Runs a model on all rows of test_vectors.h on a Cortex-M under qemu, and prints how many are wrong.
 *
 * Semihosting prints and ends the run. qemu counts no cycles.
 */
#include "test_vectors.h"

extern uint32_t _estack[], _sdata[], _edata[], _sidata[], _sbss[], _ebss[];
void reset(void);
__attribute__((section(".vectors"), used)) static void *const vectors[16] = {_estack, (void *)reset};

static void semihost(int operation, const void *argument)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

static void print(const char *text)
{
    semihost(0x04, text); /* SYS_WRITE0 */
}

static void print_number(uint32_t number)
{
    char digits[11];
    char *place = digits + sizeof digits - 1;
    *place = '\0';
    do {
        *--place = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    print(place);
}

void reset(void)
{
    uint32_t wrong = 0, row, i;
    uint32_t *to;
    const uint32_t *from = _sidata;
    for (to = _sdata; to < _edata;) {
        *to++ = *from++;
    }
    for (to = _sbss; to < _ebss;) {
        *to++ = 0;
    }
    for (row = 0; row < TEST_ROWS; row++) {
        int32_t outputs[MODEL_OUTPUTS];
        model_outputs(test_codes[row], outputs);
        for (i = 0; i < MODEL_OUTPUTS; i++) {
            wrong += outputs[i] != test_outputs[row][i];
        }
        wrong += model_predict(test_codes[row]) != test_classes[row];
    }
    print("rows ");
    print_number(TEST_ROWS);
    print(" wrong ");
    print_number(wrong);
    print("\n");
    semihost(0x18, (void *)0x20026); /* SYS_EXIT, ADP_Stopped_ApplicationExit */
    for (;;) {
    }
}
