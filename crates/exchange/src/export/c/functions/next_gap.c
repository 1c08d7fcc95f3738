/* The number that begins here, 7 bits a byte, the lowest first; goes on behind it. */
static uint32_t next_gap(const uint8_t **place)
{
    uint32_t number = 0;
    uint8_t shift = 0;
    uint8_t byte;
    do {
        byte = READ_U8(*place);
        (*place)++;
        number |= (uint32_t)(byte & 127u) << shift;
        shift = (uint8_t)(shift + 7);
    } while (byte > 127u);
    return number;
}
