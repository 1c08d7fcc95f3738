/* bitsweep's int8 as one would write it in C: two loops, products of bytes, and a product of 64 bits for each hidden code. */
#include "model.h"

#if defined(__AVR__)
#include <avr/pgmspace.h>
#define CONSTANT PROGMEM
#define BYTE(place) ((int8_t)pgm_read_byte(place))
#define WORD(place) ((int32_t)pgm_read_dword(place))
#else
#define CONSTANT
#define BYTE(place) (*(place))
#define WORD(place) (*(place))
#endif

#include "network.h"

#define HIDDEN (sizeof b1 / sizeof b1[0])

model_class model_predict(const model_code *input)
{
    uint8_t hidden[HIDDEN];
    int32_t best_sum = INT32_MIN;
    model_class best = 0;
    uint8_t o, i;
    for (o = 0; o < HIDDEN; o++) {
        int32_t sum = WORD(&b1[o]);
        for (i = 0; i < MODEL_INPUTS; i++) {
            sum += (int16_t)(BYTE(&w1[o][i]) * input[i]);
        }
        sum = (int32_t)(((int64_t)sum * M1 + ((int64_t)1 << (N1 - 1))) >> N1);
        hidden[o] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
    }
    for (o = 0; o < MODEL_OUTPUTS; o++) {
        int32_t sum = WORD(&b2[o]);
        for (i = 0; i < HIDDEN; i++) {
            sum += (int16_t)(BYTE(&w2[o][i]) * hidden[i]);
        }
        if (sum > best_sum) {
            best_sum = sum;
            best = o;
        }
    }
    return best;
}
