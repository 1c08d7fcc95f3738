/* total + sum * multiplier. */
static model_wide add_product(model_wide total, int32_t sum, int32_t multiplier)
{
    const model_wide product = multiply(sum, multiplier);
    total.low += product.low;
    total.high += product.high + ((total.low < product.low) ? 1 : 0);
    return total;
}
