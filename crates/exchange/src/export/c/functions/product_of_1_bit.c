/* sum + l[0] * x[0] + ... + l[n - 1] * x[n - 1], n at least 1; level l is low or high by a bit of w, the first the lowest. */
#if defined(__AVR__)
__attribute__((always_inline))
#endif
static inline int32_t product_of_1_bit(const uint8_t *w, const uint8_t *x, uint8_t n, int8_t low, int8_t high, int32_t sum)
{
#if defined(__AVR_HAVE_MUL__) && defined(__AVR_HAVE_LPMX__)
    uint8_t byte;
    uint8_t left;
    uint8_t code;
    int8_t level;
    __asm__ volatile("1: lpm %[byte], Z+\n\t"
                     "ldi %[left], 8\n"
                     "2: mov %[level], %[low]\n\t"
                     "sbrc %[byte], 0\n\t"
                     "mov %[level], %[high]\n\t"
                     "ld %[code], X+\n\t"
                     "mulsu %[level], %[code]\n\t"
                     "sbc %[level], %[level]\n\t" /* the carry is the sign of the product */
                     "add %A[sum], r0\n\t"
                     "adc %B[sum], r1\n\t"
                     "adc %C[sum], %[level]\n\t"
                     "adc %D[sum], %[level]\n\t"
                     "dec %[n]\n\t"
                     "breq 3f\n\t"
                     "lsr %[byte]\n\t"
                     "dec %[left]\n\t"
                     "brne 2b\n\t"
                     "rjmp 1b\n"
                     "3: clr r1"
                     : [sum] "+&r"(sum), [w] "+&z"(w), [x] "+&x"(x), [n] "+&r"(n), [byte] "=&r"(byte), [left] "=&d"(left),
                       [level] "=&a"(level), [code] "=&a"(code)
                     : [low] "r"(low), [high] "r"(high)
                     : "memory");
#else
    do {
        uint8_t byte = READ_U8(w);
        uint8_t left = 8;
        do {
            sum += (int16_t)((int16_t)(((byte & 1u) != 0) ? high : low) * (int16_t)*x);
            byte = (uint8_t)(byte >> 1);
            x++;
            n--;
            left--;
        } while ((left != 0) && (n != 0));
        w++;
    } while (n != 0);
#endif
    return sum;
}
