/* What an AVR under simavr prints by, and how its run ends. */
#ifndef UART_H
#define UART_H

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <stdio.h>

static int put(char letter, FILE *file)
{
    (void)file;
    loop_until_bit_is_set(UCSR0A, UDRE0);
    UDR0 = (uint8_t)letter;
    return 0;
}

static FILE uart = FDEV_SETUP_STREAM(put, NULL, _FDEV_SETUP_WRITE);

/* printf goes to UART 0, which simavr shows. */
static void open_uart(void)
{
    UCSR0B = 1 << TXEN0;
    UBRR0 = 0;
    stdout = &uart;
}

/* Sleeping with interrupts off ends simavr. */
static void end(void)
{
    cli();
    sleep_enable();
    sleep_mode();
    for (;;) {
    }
}

#endif
