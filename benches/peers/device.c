/* Runs a model on all test rows on an AVR or a Cortex-M0, and prints how many classes are the float model's, how many are
 * true, and what one prediction takes.
 */
#include <stdint.h>

#if defined(__AVR__)
#include <avr/pgmspace.h>
#define TEST_CONSTANT PROGMEM
#define CLASS(place) pgm_read_byte(place)
#else
#define TEST_CONSTANT
#define CLASS(place) (*(place))
#endif

#include "rows.h"
#include "classes.h"

static uint16_t as_float, as_true;

static void count(const model_code *codes, uint8_t row)
{
    const model_class class = model_predict(codes);
    as_float = (uint16_t)(as_float + (class == CLASS(&float_classes[row])));
    as_true = (uint16_t)(as_true + (class == CLASS(&true_classes[row])));
}

#if defined(__AVR__)
#include "cycles.h"
#include "uart.h"

int main(void)
{
    model_code codes[MODEL_INPUTS];
    uint32_t cycles;
    uint8_t row;
    open_uart();
    open_timer();
    for (row = TEST_ROWS; row-- != 0;) {
        memcpy_P(codes, test_codes[row], sizeof codes);
        count(codes, row);
    }
    cycles = cycles_of(codes);
    printf("rows %u float %u true %u cycles %lu stack %u\n", TEST_ROWS, as_float, as_true, (unsigned long)cycles,
           stack_of(codes));
    end();
}
#else
#include "cortex.h"

static void print_with(const char *name, uint32_t number)
{
    print(name);
    print_number(number);
}

void reset(void)
{
    uint8_t row;
    begin();
    open_timer();
    for (row = 0; row < TEST_ROWS; row++) {
        count(test_codes[row], row);
    }
    print_with("rows ", TEST_ROWS);
    print_with(" float ", as_float);
    print_with(" true ", as_true);
    print_with(" miscounted ", counted_wrong());
    print_with(" instructions ", instructions_of(test_codes[0]));
    print("\n");
    end();
}
#endif
