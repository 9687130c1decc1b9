/* config_content.h: what the lab's servers are configured to do, whatever form it is written in.
 *
 * Shape      Two connectors, a handful of rules, and the runs of a cycle. A server with synchronization
 *            rules has these; a DirSync server has attribute flows that do the same.
 * Source     domain 2.3; the content is the lab's own.
 */
#ifndef LAB_CONFIG_CONTENT_H
#define LAB_CONFIG_CONTENT_H

#include "world.h"

#define ENTRA_CONNECTOR_ID "b891884f-051e-4a83-95af-2544101c9083"

struct config_rule_row {
    const char *name, *tag, *direction, *source, *target, *link, *dest, *from;
    bool entra; /* of the Entra connector */
};
const struct config_rule_row *config_rule_rows(size_t *ret_count);

struct config_profile_row {
    const char *name, *step; /* step: the element */
};
const struct config_profile_row *config_profile_rows(size_t *ret_count);

/* AD first, then Entra, named as the product names them. */
void config_connectors(const struct server *s, struct connector ret_connector[2]);
void config_upper_guid(const char *id, char out[GUID_TEXT]);

#endif
