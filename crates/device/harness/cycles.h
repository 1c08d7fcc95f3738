/* What a prediction takes on an AVR. Include model.h before.
 *
 * Timer 1 counts clock cycles; it wraps at 65,536, so that its overflows are counted, too. The stack is painted before, so that
 * what it took is seen.
 */
#ifndef CYCLES_H
#define CYCLES_H

#include <avr/interrupt.h>
#include <avr/io.h>

static volatile uint16_t overflows;
static volatile model_class seen;

ISR(TIMER1_OVF_vect)
{
    overflows++;
}

static void open_timer(void)
{
    TIMSK1 = 1 << TOIE1;
    TCCR1B = 1;
    sei();
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

/* Cycles of a prediction. */
static uint32_t cycles_of(const model_code *codes)
{
    uint32_t cycles, empty = now();
    empty = now() - empty;
    cycles = now();
    seen = model_predict(codes);
    return now() - cycles - empty;
}

/* Leaves the bytes of stack that a statement takes in a variable. */
#define STACK_OF(bytes, statement) \
    do { \
        extern uint8_t __heap_start; \
        uint8_t *place; \
        uint8_t *top = (uint8_t *)SP; \
        /* A call of memset, which compilers make of the loop, has its return address there. */ \
        uint8_t *painted = top - 8; \
        cli(); \
        for (place = &__heap_start; place < painted; place++) { \
            *place = 0xa5; \
        } \
        statement; \
        sei(); \
        for (place = &__heap_start; place < painted && *place == 0xa5; place++) { \
        } \
        (bytes) = (uint16_t)(top - place); \
    } while (0)

/* Bytes of stack that a prediction takes. */
static uint16_t stack_of(const model_code *codes)
{
    uint16_t bytes;
    STACK_OF(bytes, seen = model_predict(codes));
    return bytes;
}

#endif
