/* bitsweep's int8 from features as they are measured, which it scales and encodes in float. */
#define MODEL_FLOAT_FEATURES
#define model_code whole_code
#define model_predict predict_codes
#include "wine-int8-c/model.c"
#undef model_code
#undef model_predict

model_class model_predict(const float *features)
{
    whole_code codes[MODEL_INPUTS];
    model_encode(features, codes);
    return predict_codes(codes);
}
