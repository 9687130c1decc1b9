/* windows_error.h: Windows' error numbers as ours, in its own words; Windows alone.
 *
 * Errors     win_fail: the status that fits the code, and "what: Windows error 5: Access is denied."
 * Threads    Reentrant.
 */
#ifndef BATON_WINDOWS_ERROR_H
#define BATON_WINDOWS_ERROR_H

#include "baton/status.h"

/* One line without what is no text; the number alone where the system has no sentence. */
void win_error_text(unsigned long code, char *out, size_t cap);
enum baton_status win_fail(struct baton_err *err, unsigned long code, const char *fmt, ...)
    BATON_PRINTF(3, 4);

#endif
