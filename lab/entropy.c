#include "entropy.h"

#include <stdio.h>

#include "baton/status.h"

void
entropy_fill(void *out, size_t len)
{
    FILE *random = fopen("/dev/urandom", "rb");
    BATON_ASSERT(random != NULL);
    BATON_ASSERT(fread(out, 1, len, random) == len);
    fclose(random);
}
