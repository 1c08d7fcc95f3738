/* What programs on a Cortex-M under qemu begin with, print by and, with -DCOUNT_INSTRUCTIONS, count instructions by.
 * Semihosting prints and ends a run. Include model.h before.
 */
#ifndef CORTEX_H
#define CORTEX_H

#include <stdint.h>

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

static void begin(void)
{
    uint32_t *to;
    const uint32_t *from = _sidata;
    for (to = _sdata; to < _edata;) {
        *to++ = *from++;
    }
    for (to = _sbss; to < _ebss;) {
        *to++ = 0;
    }
}

static void end(void)
{
    semihost(0x18, (void *)0x20026); /* SYS_EXIT, ADP_Stopped_ApplicationExit */
    for (;;) {
    }
}

/* Leaves the bytes of stack that a statement takes in a variable: it is painted before. */
#define STACK_OF(bytes, statement) \
    do { \
        volatile uint32_t *place; \
        uint32_t *top; \
        __asm__ volatile("mov %0, sp" : "=r"(top)); \
        for (place = _ebss; place < top; place++) { \
            *place = 0xa5a5a5a5u; \
        } \
        statement; \
        for (place = _ebss; place < top && *place == 0xa5a5a5a5u; place++) { \
        } \
        (bytes) = (uint32_t)(top - place) * 4u; \
    } while (0)

/* Bytes of stack that a prediction takes. */
static uint32_t stack_of(const model_code *codes)
{
    volatile model_class seen;
    uint32_t bytes;
    STACK_OF(bytes, seen = model_predict(codes));
    (void)seen;
    return bytes;
}

#if defined(COUNT_INSTRUCTIONS)
/* `qemu -M microbit -icount shift=10` lets 1,024 ns pass for each instruction, and timer 0 of its nRF51 ticks every 62.5 ns:
 * 16.384 times an instruction, so that their number is exact.
 */
#define TIMER(offset) (*(volatile uint32_t *)(0x40008000u + (offset)))

static void open_timer(void)
{
    TIMER(0x508) = 3; /* BITMODE: 32 bits */
    TIMER(0x510) = 0; /* PRESCALER: 16 MHz */
    TIMER(0x000) = 1; /* START */
}

static uint32_t now(void)
{
    TIMER(0x040) = 1; /* CAPTURE 0 */
    return TIMER(0x540); /* CC 0 */
}

/* Instructions between two times, less those of reading the time. */
static uint32_t instructions_between(uint32_t from, uint32_t to)
{
    uint32_t empty = now();
    empty = now() - empty;
    return ((to - from - empty) * 125u + 1024u) / 2048u;
}

static uint32_t instructions_of(const model_code *codes)
{
    volatile model_class seen;
    uint32_t from = now(), to;
    seen = model_predict(codes);
    to = now();
    (void)seen;
    return instructions_between(from, to);
}

/* Instructions of so many turns of a loop of two, and of its beginning. */
static uint32_t instructions_of_loop(uint32_t turns)
{
    uint32_t from = now(), to;
    __asm__ volatile("1: sub %0, #1\n\tbne 1b" : "+l"(turns) : : "cc");
    to = now();
    return instructions_between(from, to);
}

/* By how many instructions 2,000 turns are counted wrong. */
static uint32_t counted_wrong(void)
{
    return instructions_of_loop(3000) - instructions_of_loop(1000) - 4000;
}
#endif

#endif
