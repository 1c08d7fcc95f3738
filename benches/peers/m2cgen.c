/* A logistic regression as m2cgen writes it, by the names of a model of bitsweep. */
#include "model.h"
#include "score.h"

model_class model_predict(const model_code *input)
{
    double outputs[MODEL_OUTPUTS];
    model_class best = 0, o;
    score((double *)input, outputs);
    for (o = 1; o < MODEL_OUTPUTS; o++) {
        if (outputs[o] > outputs[best]) {
            best = o;
        }
    }
    return best;
}
