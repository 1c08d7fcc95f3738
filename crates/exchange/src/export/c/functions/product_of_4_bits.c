/* sum + l[0] * x[0] + ... + l[n - 1] * x[n - 1], n at least 1; levels l are codes of 4 bits of w, the first the lowest, and offset. */
#if defined(__AVR__)
__attribute__((always_inline))
#endif
static inline int32_t product_of_4_bits(const uint8_t *w, const uint8_t *x, uint8_t n, int8_t offset, int32_t sum)
{
#if defined(__AVR_HAVE_MUL__) && defined(__AVR_HAVE_LPMX__)
    uint8_t byte;
    uint8_t code;
    int8_t level;
    __asm__ volatile("1: lpm %[byte], Z+\n\t"
                     "mov %[level], %[byte]\n\t"
                     "andi %[level], 15\n\t"
                     "add %[level], %[offset]\n\t"
                     "ld %[code], X+\n\t"
                     "mulsu %[level], %[code]\n\t"
                     "sbc %[level], %[level]\n\t" /* the carry is the sign of the product */
                     "add %A[sum], r0\n\t"
                     "adc %B[sum], r1\n\t"
                     "adc %C[sum], %[level]\n\t"
                     "adc %D[sum], %[level]\n\t"
                     "dec %[n]\n\t"
                     "breq 2f\n\t"
                     "swap %[byte]\n\t"
                     "andi %[byte], 15\n\t"
                     "add %[byte], %[offset]\n\t"
                     "ld %[code], X+\n\t"
                     "mulsu %[byte], %[code]\n\t"
                     "sbc %[byte], %[byte]\n\t"
                     "add %A[sum], r0\n\t"
                     "adc %B[sum], r1\n\t"
                     "adc %C[sum], %[byte]\n\t"
                     "adc %D[sum], %[byte]\n\t"
                     "dec %[n]\n\t"
                     "brne 1b\n\t"
                     "2: clr r1"
                     : [sum] "+&r"(sum), [w] "+&z"(w), [x] "+&x"(x), [n] "+&r"(n), [byte] "=&a"(byte),
                       [level] "=&a"(level), [code] "=&a"(code)
                     : [offset] "r"(offset)
                     : "memory");
#else
    do {
        const uint8_t byte = READ_U8(w);
        sum += (int16_t)((int16_t)((int16_t)(byte & 15u) + offset) * (int16_t)*x);
        w++;
        x++;
        n--;
        if (n != 0) {
            sum += (int16_t)((int16_t)((int16_t)(byte >> 4) + offset) * (int16_t)*x);
            x++;
            n--;
        }
    } while (n != 0);
#endif
    return sum;
}
