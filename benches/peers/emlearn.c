/* The network as emlearn writes it, by the names of a model of bitsweep. */
#include "model.h"
#include "net.h"

model_class model_predict(const model_code *input)
{
    return (model_class)net_predict(input, MODEL_INPUTS);
}
