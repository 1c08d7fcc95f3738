/* sum * multiplier / 2^shift, rounded to nearest, halves up; the multiplier is not negative. */
static int32_t rescale(int32_t sum, int32_t multiplier, uint8_t shift)
{
    int64_t half;
#if defined(__AVR_HAVE_MUL__)
    if (shift > 32) {
        /* The upper half of the product, column by column. */
        int32_t high;
        uint8_t zero;
        __asm__(
            "clr %[zero]\n\t"
            "clr %B[high]\n\t"
            "clr %C[high]\n\t"
            "mul %A[a], %A[b]\n\tmov %A[high], r1\n\t"
            "mul %A[a], %B[b]\n\tadd %A[high], r0\n\tadc %B[high], r1\n\tadc %C[high], %[zero]\n\t"
            "mul %B[a], %A[b]\n\tadd %A[high], r0\n\tadc %B[high], r1\n\tadc %C[high], %[zero]\n\t"
            "clr %A[high]\n\t"
            "mul %A[a], %C[b]\n\tadd %B[high], r0\n\tadc %C[high], r1\n\tadc %A[high], %[zero]\n\t"
            "mul %B[a], %B[b]\n\tadd %B[high], r0\n\tadc %C[high], r1\n\tadc %A[high], %[zero]\n\t"
            "mul %C[a], %A[b]\n\tadd %B[high], r0\n\tadc %C[high], r1\n\tadc %A[high], %[zero]\n\t"
            "clr %B[high]\n\t"
            "mul %A[a], %D[b]\n\tadd %C[high], r0\n\tadc %A[high], r1\n\tadc %B[high], %[zero]\n\t"
            "mul %B[a], %C[b]\n\tadd %C[high], r0\n\tadc %A[high], r1\n\tadc %B[high], %[zero]\n\t"
            "mul %C[a], %B[b]\n\tadd %C[high], r0\n\tadc %A[high], r1\n\tadc %B[high], %[zero]\n\t"
            "mul %D[a], %A[b]\n\tadd %C[high], r0\n\tadc %A[high], r1\n\tadc %B[high], %[zero]\n\t"
            "clr %C[high]\n\t"
            "mul %B[a], %D[b]\n\tadd %A[high], r0\n\tadc %B[high], r1\n\tadc %C[high], %[zero]\n\t"
            "mul %C[a], %C[b]\n\tadd %A[high], r0\n\tadc %B[high], r1\n\tadc %C[high], %[zero]\n\t"
            "mul %D[a], %B[b]\n\tadd %A[high], r0\n\tadc %B[high], r1\n\tadc %C[high], %[zero]\n\t"
            "clr %D[high]\n\t"
            "mul %C[a], %D[b]\n\tadd %B[high], r0\n\tadc %C[high], r1\n\tadc %D[high], %[zero]\n\t"
            "mul %D[a], %C[b]\n\tadd %B[high], r0\n\tadc %C[high], r1\n\tadc %D[high], %[zero]\n\t"
            "mul %D[a], %D[b]\n\tadd %C[high], r0\n\tadc %D[high], r1\n\t"
            "clr r1\n\t"
            : [high] "=&r"(high), [zero] "=&r"(zero)
            : [a] "r"(sum), [b] "r"(multiplier));
        if (sum < 0) {
            high -= multiplier;
        }
        shift = (uint8_t)(shift - 32);
        return (high + ((int32_t)1 << (shift - 1))) >> shift;
    }
#endif
    half = (shift == 0) ? 0 : ((int64_t)1 << (shift - 1));
    return (int32_t)(((int64_t)sum * multiplier + half) >> shift);
}
