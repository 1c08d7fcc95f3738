/* A number of 64 bits in halves. */
typedef struct {
    uint32_t low;
    int32_t high;
} model_wide;

/* sum * multiplier */
static model_wide multiply(int32_t sum, int32_t multiplier)
{
    model_wide product;
#if defined(__AVR_HAVE_MUL__)
    /* Column by column. */
    uint32_t low;
    int32_t high;
    uint8_t zero;
    __asm__(
        "clr %[zero]\n\t"
        "clr %C[low]\n\tclr %D[low]\n\tclr %A[high]\n\tclr %B[high]\n\tclr %C[high]\n\tclr %D[high]\n\t"
        "mul %A[a], %A[b]\n\tmov %A[low], r0\n\tmov %B[low], r1\n\t"
        "mul %A[a], %B[b]\n\tadd %B[low], r0\n\tadc %C[low], r1\n\tadc %D[low], %[zero]\n\t"
        "mul %B[a], %A[b]\n\tadd %B[low], r0\n\tadc %C[low], r1\n\tadc %D[low], %[zero]\n\t"
        "mul %A[a], %C[b]\n\tadd %C[low], r0\n\tadc %D[low], r1\n\tadc %A[high], %[zero]\n\t"
        "mul %B[a], %B[b]\n\tadd %C[low], r0\n\tadc %D[low], r1\n\tadc %A[high], %[zero]\n\t"
        "mul %C[a], %A[b]\n\tadd %C[low], r0\n\tadc %D[low], r1\n\tadc %A[high], %[zero]\n\t"
        "mul %A[a], %D[b]\n\tadd %D[low], r0\n\tadc %A[high], r1\n\tadc %B[high], %[zero]\n\t"
        "mul %B[a], %C[b]\n\tadd %D[low], r0\n\tadc %A[high], r1\n\tadc %B[high], %[zero]\n\t"
        "mul %C[a], %B[b]\n\tadd %D[low], r0\n\tadc %A[high], r1\n\tadc %B[high], %[zero]\n\t"
        "mul %D[a], %A[b]\n\tadd %D[low], r0\n\tadc %A[high], r1\n\tadc %B[high], %[zero]\n\t"
        "mul %B[a], %D[b]\n\tadd %A[high], r0\n\tadc %B[high], r1\n\tadc %C[high], %[zero]\n\t"
        "mul %C[a], %C[b]\n\tadd %A[high], r0\n\tadc %B[high], r1\n\tadc %C[high], %[zero]\n\t"
        "mul %D[a], %B[b]\n\tadd %A[high], r0\n\tadc %B[high], r1\n\tadc %C[high], %[zero]\n\t"
        "mul %C[a], %D[b]\n\tadd %B[high], r0\n\tadc %C[high], r1\n\tadc %D[high], %[zero]\n\t"
        "mul %D[a], %C[b]\n\tadd %B[high], r0\n\tadc %C[high], r1\n\tadc %D[high], %[zero]\n\t"
        "mul %D[a], %D[b]\n\tadd %C[high], r0\n\tadc %D[high], r1\n\t"
        "clr r1"
        : [low] "=&r"(low), [high] "=&r"(high), [zero] "=&r"(zero)
        : [a] "r"(sum), [b] "r"(multiplier));
    /* What the product of the numbers without their signs has more. */
    if (sum < 0) {
        high -= multiplier;
    }
    if (multiplier < 0) {
        high -= sum;
    }
    product.low = low;
    product.high = high;
#else
    const int64_t whole = (int64_t)sum * multiplier;
    product.low = (uint32_t)whole;
    product.high = (int32_t)(whole >> 32);
#endif
    return product;
}

/* number / 2^shift of at most 32 bits, rounded to nearest, halves up. */
static int32_t rounded(model_wide number, uint8_t shift)
{
    if (shift > 32) {
        return ((number.high >> (shift - 33)) + 1) >> 1;
    }
    for (; shift < 32; shift++) {
        number.high = (int32_t)(((uint32_t)number.high << 1) | (number.low >> 31));
        number.low <<= 1;
    }
    return number.high + (int32_t)(number.low >> 31);
}
