/* copy_place.h: where the second copy lies beside its file (second_copy.h). One source for each system:
 * on Windows a value named for that file in the key HKLM\Software\Baton\SecondCopies, on Linux nowhere.
 *
 * Errors     Of read: BATON_NOT_FOUND when there is none; BATON_CORRUPT when others could have written it, which
 *            is logged. What write has written is on disk.
 */
#ifndef AGENT_COPY_PLACE_H
#define AGENT_COPY_PLACE_H

#include "baton/status.h"

struct copy_place {
    enum baton_status (*read)(const char *path, uint8_t *out, size_t cap, size_t *ret_len,
                              struct baton_err *err);
    enum baton_status (*write)(const char *path, const uint8_t *bytes, size_t len,
                               struct baton_err *err);
};

const struct copy_place *copy_place_beside(void); /* NULL: the file is the only one */

#endif
