#if defined(__AVR__)
#include <avr/pgmspace.h>
#define CONSTANT PROGMEM
#define READ_U8(place) pgm_read_byte(place)
#define READ_I8(place) ((int8_t)pgm_read_byte(place))
#define READ_U16(place) pgm_read_word(place)
#define READ_I16(place) ((int16_t)pgm_read_word(place))
#define READ_U32(place) pgm_read_dword(place)
#define READ_I32(place) ((int32_t)pgm_read_dword(place))
#define READ_F32(place) pgm_read_float(place)
#else
#define CONSTANT
#define READ_U8(place) (*(place))
#define READ_I8(place) (*(place))
#define READ_U16(place) (*(place))
#define READ_I16(place) (*(place))
#define READ_U32(place) (*(place))
#define READ_I32(place) (*(place))
#define READ_F32(place) (*(place))
#endif
