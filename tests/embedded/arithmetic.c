/* Compares what model.c has in assembler on an AVR with the same in C, on random numbers and at the ends. It is compiled with
 * -DPRODUCT=product or -DNIBBLES=product_of_nibbles, whichever the model has.
 */
#include "uart.h"

#include "model.c"

static uint32_t state = 12345;

/* Marsaglia's xorshift. */
static uint32_t next(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static uint16_t wrong_rescalings(void)
{
    uint16_t wrong = 0, turn;
    for (turn = 0; turn < 6000; turn++) {
        int32_t sum = (int32_t)next() >> (next() & 31);
        int32_t multiplier = (int32_t)((next() | 0x80000000) >> 1);
        uint8_t shift;
        int64_t product;
        if (turn < 4) {
            sum = (turn & 1) ? INT32_MAX : INT32_MIN;
            multiplier = (turn & 2) ? INT32_MAX : (int32_t)0x40000000;
        }
        product = (int64_t)sum * multiplier;
        /* Shifts that leave 32 bits. */
        do {
            shift = (uint8_t)(next() % 62);
        } while ((product >> shift) > 0x7ffffff0 || (product >> shift) < -0x7ffffff0);
        product += (shift == 0) ? 0 : ((int64_t)1 << (shift - 1));
        wrong = (uint16_t)(wrong + (rescale(sum, multiplier, shift) != (int32_t)(product >> shift)));
    }
    return wrong;
}

static uint16_t wrong_products(void)
{
    /* Any bytes in flash are weights. */
    const uint16_t flash = 4096;
    uint16_t wrong = 0, turn, i;
    uint8_t x[255];
    for (turn = 0; turn < 300; turn++) {
        const uint8_t n = (uint8_t)(1 + next() % 255);
        const uint16_t from = (uint16_t)(next() % flash);
        const int8_t offset = (int8_t)(-15 + (int8_t)(next() % 16));
        /* Near where the highest byte changes. */
        const int32_t sum = (((int32_t)next() >> 4) & (int32_t)0xff000000) + (int8_t)next();
        int32_t expected = sum;
        int32_t found;
        for (i = 0; i < n; i++) {
            x[i] = (turn & 3) ? (uint8_t)next() : 255;
        }
        for (i = 0; i < n; i++) {
#if defined(NIBBLES)
            const uint8_t byte = pgm_read_byte(from + i / 2);
            const int8_t level = (int8_t)(((i & 1) ? byte >> 4 : byte & 15) + offset);
#else
            const int8_t level = (int8_t)pgm_read_byte(from + i);
#endif
            expected += (int32_t)level * x[i];
        }
#if defined(NIBBLES)
        found = NIBBLES((const uint8_t *)from, x, n, offset, sum);
#else
        (void)offset;
        found = PRODUCT((const int8_t *)from, x, n, sum);
#endif
        wrong = (uint16_t)(wrong + (found != expected));
    }
    return wrong;
}

int main(void)
{
    uint16_t wrong;
    open_uart();
    wrong = wrong_rescalings();
    wrong = (uint16_t)(wrong + wrong_products());
    printf("rows 6300 wrong %u\n", wrong);
    end();
}
