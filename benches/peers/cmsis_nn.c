/* bitsweep's int8 by CMSIS-NN's arm_fully_connected_s8. With -DCOMPARE a program that prints how many hidden codes of the test
 * rows are others than ours.
 */
#include "model.h"

#include <arm_nnfunctions.h>

#include "network.h"

#define HIDDEN ((int32_t)(sizeof b1 / sizeof b1[0]))

static void layer(const int8_t *x, int32_t inputs, const int8_t *w, const int32_t *b, int8_t *y, int32_t outputs,
                  const cmsis_nn_fc_params *codes, const cmsis_nn_per_tensor_quant_params *scale)
{
    const cmsis_nn_context none = {0, 0};
    const cmsis_nn_dims in = {1, 1, 1, inputs}, weights = {inputs, 1, 1, outputs}, bias = {1, 1, 1, outputs};
    arm_fully_connected_s8(&none, codes, scale, &in, x, &weights, w, &bias, b, &bias, y);
}

static void layer_1(const int8_t *x, int8_t *y)
{
    const cmsis_nn_fc_params codes = {128 - ZERO, 0, -128, {-128, 127}};
    const cmsis_nn_per_tensor_quant_params scale = {M1, 31 - N1};
    layer(x, MODEL_INPUTS, w1[0], b1, y, HIDDEN, &codes, &scale);
}

static void layer_2(const int8_t *x, int8_t *y)
{
    const cmsis_nn_fc_params codes = {128, 0, ZERO_OUT, {-128, 127}};
    const cmsis_nn_per_tensor_quant_params scale = {M2, 31 - N2};
    layer(x, HIDDEN, w2[0], b2, y, MODEL_OUTPUTS, &codes, &scale);
}

model_class model_predict(const model_code *input)
{
    int8_t hidden[HIDDEN], outputs[MODEL_OUTPUTS];
    model_class best = 0, o;
    layer_1(input, hidden);
    layer_2(hidden, outputs);
    for (o = 1; o < MODEL_OUTPUTS; o++) {
        if (outputs[o] > outputs[best]) {
            best = o;
        }
    }
    return best;
}

#if defined(COMPARE)
#include <stdio.h>

#define TEST_CONSTANT
#include "hidden.h"
#include "test_vectors.h"

int main(void)
{
    int row, o, others = 0;
    for (row = 0; row < TEST_ROWS; row++) {
        int8_t y[HIDDEN];
        layer_1(test_codes[row], y);
        for (o = 0; o < HIDDEN; o++) {
            others += y[o] != hidden[row][o];
        }
    }
    printf("%d of %d\n", others, TEST_ROWS * HIDDEN);
    return 0;
}
#endif
