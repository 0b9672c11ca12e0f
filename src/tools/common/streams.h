/* The three standard streams of a program of ours, whatever whoever started it has left of them. */
#ifndef TOOLS_STREAMS_H
#define TOOLS_STREAMS_H

#include <stdbool.h>

/*
 * Takes the place of each standard stream that is closed with one that cannot be used in its direction. Else the next
 * file that is opened would be that stream: what is printed would be written into it, and a container would be handed
 * it. First of all in main(). false with errno.
 */
bool streams_hold(void);

#endif
