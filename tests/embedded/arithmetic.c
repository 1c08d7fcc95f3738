/* Compares what model.c has in assembler on an AVR with the same in C, on random numbers and at the ends. It is compiled with
 * the functions that the model has: -DBITS=8, 4, 2 or 1, -DSHORT_SUMS where these
 * have sums of 24 bits, and -DRESCALES for products of 64 bits.
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

#if defined(RESCALES)
static uint16_t wrong_rescalings(void)
{
    uint16_t wrong = 0, turn;
    for (turn = 0; turn < 6000; turn++) {
        int32_t sum = (int32_t)next() >> (next() & 31);
        int32_t multiplier = (int32_t)((next() | 0x80000000) >> 1);
        uint8_t shift;
        int64_t product;
        if (next() & 1) {
            multiplier = -multiplier;
        }
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
#endif

static uint16_t wrong_products(void)
{
    /* Any bytes in flash are weights. */
    const uint16_t flash = 4096;
    uint16_t wrong = 0, turn, i;
    model_code x[255];
    for (turn = 0; turn < 300; turn++) {
        const uint8_t n = (uint8_t)(1 + next() % 255);
        const uint16_t from = (uint16_t)(next() % flash);
        const int8_t offset = (int8_t)(-15 + (int8_t)(next() % 16));
        const int8_t high = (int8_t)next();
        /* Near where the highest byte changes. */
        const int32_t sum = (((int32_t)next() >> 4) & (int32_t)0xff000000) + (int8_t)next();
        int32_t expected = sum;
        int32_t found;
        (void)offset;
        (void)high;
        for (i = 0; i < n; i++) {
            x[i] = (turn & 3) ? (model_code)next() : (model_code)MODEL_HIGHEST_CODE;
        }
        for (i = 0; i < n; i++) {
#if BITS < 8
            const uint8_t byte = pgm_read_byte(from + i / (8 / BITS));
            const int8_t code = (byte >> (i % (8 / BITS) * BITS)) & ((1 << BITS) - 1);
            const int8_t level = (int8_t)((BITS == 1) ? (code ? high : offset) : code + offset);
#else
            const int8_t level = (int8_t)pgm_read_byte(from + i);
#endif
            expected += (int32_t)level * x[i];
        }
#if BITS == 8
        found = product((const int8_t *)from, x, n, sum);
#elif BITS == 4
        found = product_of_4_bits((const uint8_t *)from, x, n, offset, sum);
#elif BITS == 2
        found = product_of_2_bits((const uint8_t *)from, x, n, offset, sum);
#else
        found = product_of_1_bit((const uint8_t *)from, x, n, offset, high, sum);
#endif
#if defined(SHORT_SUMS)
        expected = (int32_t)((uint32_t)expected << 8) >> 8;
#endif
        wrong = (uint16_t)(wrong + (found != expected));
    }
    return wrong;
}

int main(void)
{
    uint16_t wrong = 0;
    open_uart();
#if defined(RESCALES)
    wrong = wrong_rescalings();
#endif
    wrong = (uint16_t)(wrong + wrong_products());
    printf("rows 1 wrong %u\n", wrong);
    end();
}
