/* The least program that calls a model, with -DENCODES on features, otherwise on their codes: what it takes more than one that
 * does not, with -DEMPTY, is what the model takes.
 */
#if defined(EMPTY)
int main(void)
{
    return 0;
}
#else
#include "model.h"

int main(void)
{
#if defined(ENCODES) && !defined(MODEL_FLOATS)
    model_encode((const void *)0x100, (void *)0x200);
#endif
    return (int)model_predict((const void *)0x200);
}
#endif
