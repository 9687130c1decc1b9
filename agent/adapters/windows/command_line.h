/* command_line.h: arguments as the one line that Windows gives a program, so that it reads back the same.
 *
 * Shape      UTF-8. The program comes first, always in quotes, since it is cut off by other rules than
 *            what follows.
 * Limits     COMMAND_LINE_UNITS of UTF-16 with the final NUL, which is what CreateProcess takes.
 * Errors     BATON_LIMIT. BATON_MALFORMED: a program with a quote in its name, a control character, or
 *            what is not UTF-8.
 * Threads    Reentrant.
 * Source     "Parsing C command-line arguments", Microsoft C language documentation.
 */
#ifndef AGENT_WINDOWS_COMMAND_LINE_H
#define AGENT_WINDOWS_COMMAND_LINE_H

#include "baton/status.h"

enum { COMMAND_LINE_UNITS = 32767, COMMAND_LINE_BYTES = 4096 };

enum baton_status command_line(const char *const *argument, size_t count,
                               char out[COMMAND_LINE_BYTES], struct baton_err *err) BATON_MUST_USE;

#endif
