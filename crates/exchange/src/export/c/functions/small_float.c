/* The float of a code: a sign, so many bits of an exponent with this bias, so many of a mantissa; subnormal ones included. */
static float small_float(uint16_t code, uint8_t exponent_bits, uint8_t mantissa_bits, uint8_t bias)
{
    const uint16_t mantissa = (uint16_t)((unsigned)code & ((1u << mantissa_bits) - 1u));
    const uint16_t exponent = (uint16_t)(((unsigned)code >> mantissa_bits) & ((1u << exponent_bits) - 1u));
    float number;
    if (exponent == 0) {
        number = (float)mantissa * float_of_bits((uint32_t)(uint8_t)(128u - bias - mantissa_bits) << 23);
    } else {
        number = float_of_bits(((uint32_t)(uint8_t)(exponent + 127u - bias) << 23) | ((uint32_t)mantissa << (23 - mantissa_bits)));
    }
    return (((code >> mantissa_bits) >> exponent_bits) != 0) ? -number : number;
}
