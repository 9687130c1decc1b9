/* config_write.h: the lab's own small configuration export, written fresh, as Get-ADSyncServerConfiguration
 * writes one.
 *
 * Shape      What config_content.h says, and the settings of a default installation: enough to be
 *            read by whatever reads a real one.
 * Source     formats 1, by its element names; the content is the lab's own.
 */
#ifndef LAB_CONFIG_WRITE_H
#define LAB_CONFIG_WRITE_H

#include "world.h"

enum baton_status config_write(struct server *s, const char *folder,
                               struct baton_err *err) BATON_MUST_USE;

#endif
