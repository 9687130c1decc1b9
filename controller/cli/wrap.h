/* wrap.h: sentences in lines that the terminal does not have to break.
 *
 * Shape      Breaks at blanks; a word that is longer than a line stands alone on one. The width is the
 *            terminal's, and WRAP_COLUMNS where there is none.
 * Limits     WRAP_BYTES of text; longer ones are cut.
 */
#ifndef BATON_WRAP_H
#define BATON_WRAP_H

#include "baton/status.h"

enum { WRAP_COLUMNS = 100, WRAP_COLUMNS_LEAST = 40, WRAP_BYTES = 2048 };

/* Each line begins with that many blanks; standard output. */
void wrap_print(unsigned indent, const char *fmt, ...) BATON_PRINTF(2, 3);
/* How many bytes of text the next line of at most `columns` takes; the blank after it goes too. */
size_t wrap_next(const char *text, size_t columns);

#endif
