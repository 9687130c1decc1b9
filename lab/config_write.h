/* config_write.h: the lab's own small configuration export, written fresh.
 *
 * Shape      Two connectors, the settings of a default installation, a handful of rules: enough to
 *            be read by whatever reads a real one.
 * Source     formats 1, by its element names; the content is the lab's own.
 */
#ifndef LAB_CONFIG_WRITE_H
#define LAB_CONFIG_WRITE_H

#include "world.h"

#define ENTRA_CONNECTOR_ID "b891884f-051e-4a83-95af-2544101c9083"

enum baton_status config_write(struct server *s, const char *folder,
                               struct baton_err *err) BATON_MUST_USE;

#endif
