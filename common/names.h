/* names.h: the word for an enum value, out of a table; "?" for a value that has none. */
#ifndef COMMON_NAMES_H
#define COMMON_NAMES_H

#include "baton/status.h"

#define NAME_OF(table, value) name_of((table), ARRAY_LEN(table), (size_t)(value))

static inline const char *
name_of(const char *const *table, size_t count, size_t value)
{
    return value < count && table[value] != NULL ? table[value] : "?";
}

#endif
