/* A program that predicts once, and with -DWITHOUT one that does all but that: what a model takes is between the two. */
#include "model.h"

#if defined(MODEL_FLOATS)
/* What a prediction takes. */
typedef float model_code;
#endif

model_code codes[MODEL_INPUTS];
volatile model_class seen;

static void once(void)
{
#if defined(WITHOUT)
    seen = *(volatile uint8_t *)codes;
#else
    seen = model_predict(codes);
#endif
}

#if defined(__AVR__)
int main(void)
{
    once();
    return 0;
}
#else
#include "cortex.h"

void reset(void)
{
    begin();
    once();
    end();
}
#endif
