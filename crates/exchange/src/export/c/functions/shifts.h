/* Shifts of negative numbers keep the sign, as every compiler has it that is known: a build fails where one does not. */
typedef char model_shifts_keep_the_sign[((((int32_t)-1) >> 1) == -1) ? 1 : -1];
