/* The least program that calls a model: what it takes more than one that does not is what the model takes. */
#if defined(EMPTY)
int main(void) { return 0; }
#else
#include "model.h"
int main(void) { return (int)model_predict((const void *)0x100); }
#endif
