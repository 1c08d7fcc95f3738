/* sum + w[0] * x[0] + ... + w[n - 1] * x[n - 1], n at least 1. */
#if defined(__AVR__)
__attribute__((always_inline))
#endif
static inline int32_t product(const int8_t *w, const uint8_t *x, uint8_t n, int32_t sum)
{
#if defined(__AVR_HAVE_MUL__) && defined(__AVR_HAVE_LPMX__)
    int8_t level;
    uint8_t code;
    uint8_t pairs = n >> 1;
    __asm__ volatile("sbrs %[n], 0\n\t"
                     "rjmp 2f\n\t"
                     "inc %[pairs]\n\t" /* an odd one is the second half of a pair */
                     "rjmp 3f\n"
                     "2: lpm %[level], Z+\n\t"
                     "ld %[code], X+\n\t"
                     "mulsu %[level], %[code]\n\t"
                     "sbc %[level], %[level]\n\t" /* the carry is the sign of the product */
                     "add %A[sum], r0\n\t"
                     "adc %B[sum], r1\n\t"
                     "adc %C[sum], %[level]\n\t"
                     "adc %D[sum], %[level]\n"
                     "3: lpm %[level], Z+\n\t"
                     "ld %[code], X+\n\t"
                     "mulsu %[level], %[code]\n\t"
                     "sbc %[level], %[level]\n\t"
                     "add %A[sum], r0\n\t"
                     "adc %B[sum], r1\n\t"
                     "adc %C[sum], %[level]\n\t"
                     "adc %D[sum], %[level]\n\t"
                     "dec %[pairs]\n\t"
                     "brne 2b\n\t"
                     "clr r1"
                     : [sum] "+&r"(sum), [w] "+&z"(w), [x] "+&x"(x), [pairs] "+&r"(pairs), [level] "=&a"(level),
                       [code] "=&a"(code)
                     : [n] "r"(n)
                     : "memory");
#else
    do {
        sum += (int16_t)((int16_t)READ_I8(w) * (int16_t)*x);
        w++;
        x++;
        n--;
    } while (n != 0);
#endif
    return sum;
}
