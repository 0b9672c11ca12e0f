/* Numbers with units, as the command lines of all programs take them. Each gives false for what is not one. */
#ifndef TOOLS_COMMON_UNITS_H
#define TOOLS_COMMON_UNITS_H

#include <stdbool.h>
#include <stdint.h>

bool parse_bytes(const char *text, uint64_t *ret_bytes); /* K M G: 1024 */
bool parse_count(const char *text, uint64_t *ret_count); /* k M G: 1000 */
bool parse_duration(const char *text, uint64_t *ret_ns); /* ms s m h; a bare number: seconds */

#endif
