/* The distribution function of the normal distribution, by Abramowitz and Stegun's formula 7.1.26: within 0.75e-7. */
static float normal_distribution(float x)
{
    const float v = ((x < 0.0f) ? -x : x) * 0.70710678f;
    const float t = 1.0f / (1.0f + 0.3275911f * v);
    const float tail = 0.5f * expf(-v * v) * t
        * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
    return (x < 0.0f) ? tail : (1.0f - tail);
}
