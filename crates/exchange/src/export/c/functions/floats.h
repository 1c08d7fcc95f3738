/* Numbers that codes stand for are rounded after each operation: no product and sum in one. GCC is told by -std=c99 or
   -ffp-contract=off. */
#if defined(__clang__) || !defined(__GNUC__)
#pragma STDC FP_CONTRACT OFF
#endif
typedef char model_floats_have_32_bits[(sizeof(float) == 4) ? 1 : -1];

