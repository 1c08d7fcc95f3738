/* The rows of test_vectors.h, of models in whole numbers and in floats alike. Define TEST_CONSTANT before. */
#ifndef ROWS_H
#define ROWS_H

#include "test_vectors.h"

#if defined(MODEL_FLOATS)
/* What a prediction takes. */
typedef float model_code;
typedef float model_output;
#define test_codes test_features
/* Rounding may make another class, and is allowed for. */
#define DIFFERS(output, expected, tolerance) \
    (!((output) - (expected) <= (tolerance)) || !((expected) - (output) <= (tolerance)))
#else
typedef int32_t model_output;
#define DIFFERS(output, expected, tolerance) ((output) != (expected))
#endif

static uint32_t most(uint32_t one, uint32_t other)
{
    return (one > other) ? one : other;
}

#endif
