/* sum * multiplier / 2^shift, rounded to nearest, halves up. */
static int32_t rescale(int32_t sum, int32_t multiplier, uint8_t shift)
{
    return rounded(multiply(sum, multiplier), shift);
}
