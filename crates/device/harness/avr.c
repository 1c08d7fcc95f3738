/* Runs a model on all rows of test_vectors.h on an AVR under simavr, and prints how many are wrong and what one takes.
 *
 * Timer 1 counts clock cycles; it wraps at 65,536, so that its overflows are counted, too. The stack is painted before, so that
 * what it took is seen.
 */
#include <avr/pgmspace.h>
#include "uart.h"

#define TEST_CONSTANT PROGMEM
#include "test_vectors.h"

static volatile uint16_t overflows;
static volatile model_class seen;

ISR(TIMER1_OVF_vect)
{
    overflows++;
}

/* Cycles since the timer began. */
static uint32_t now(void)
{
    uint16_t low, high;
    cli();
    low = TCNT1;
    high = overflows;
    if ((TIFR1 & (1 << TOV1)) && low < 0x8000) {
        high++;
    }
    sei();
    return ((uint32_t)high << 16) | low;
}

/* Bytes of stack that a prediction takes. */
static uint16_t stack_of(const model_code *codes)
{
    extern uint8_t __heap_start;
    uint8_t *place;
    uint8_t *top = (uint8_t *)SP;
    /* A call of memset, which compilers make of the loop, has its return address there. */
    uint8_t *painted = top - 8;
    cli();
    for (place = &__heap_start; place < painted; place++) {
        *place = 0xa5;
    }
    seen = model_predict(codes);
    sei();
    for (place = &__heap_start; place < painted && *place == 0xa5; place++) {
    }
    return (uint16_t)(top - place);
}

int main(void)
{
    uint16_t row, i, wrong = 0;
    uint32_t empty, cycles;
    model_code codes[MODEL_INPUTS];
    int32_t outputs[MODEL_OUTPUTS], expected[MODEL_OUTPUTS];
    open_uart();
    TIMSK1 = 1 << TOIE1;
    TCCR1B = 1;
    sei();
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
    empty = now();
    empty = now() - empty;
    cycles = now();
    seen = model_predict(codes);
    cycles = now() - cycles - empty;
    printf("rows %u wrong %u cycles %lu stack %u\n", TEST_ROWS, wrong, (unsigned long)cycles, stack_of(codes));
    end();
}
