/* config_xml.h: one XML file of a server's configuration into the model: a connector, the global
 * settings, or a synchronization rule; of Entra Connect or of the FIM era.
 *
 * Shape      Open on a model, push the bytes of one file, finish. The root element says what it is:
 *            ma-data, saved-ma-configuration, saved-mv-configuration, synchronizationRule.
 *            Elements are known by their whole path, never by their name alone. What the model does
 *            not keep is skipped with everything below it.
 *            Partitions of run steps come out as the partition's DN, where the file says it.
 * Limits     CONFIG_TEXT_MAX of one text; XML_DEPTH_MAX; 4096 sets of flows.
 * Errors     As xml.h; BATON_MALFORMED: another root, or a file without what makes it one (the
 *            identifier of a connector, the name of a rule). BATON_LIMIT, BATON_NOMEM of the model.
 * Ownership  The model is the caller's; texts are copied.
 * Source     formats 1, 8.
 */
#ifndef READERS_CONFIG_XML_H
#define READERS_CONFIG_XML_H

#include "common/verify/config_model.h"

enum config_xml_root {
    CONFIG_ROOT_NONE,
    CONFIG_ROOT_CONNECTOR, /* a file of an export of Entra Connect */
    CONFIG_ROOT_AGENT,     /* the same of a DirSync-era server: a whole export of one agent */
    CONFIG_ROOT_SETTINGS,
    CONFIG_ROOT_RULE
};

struct config_xml;
enum baton_status config_xml_open(struct config_model *model, struct config_xml **ret_xml,
                                  struct baton_err *err) BATON_MUST_USE;
enum baton_status config_xml_push(struct config_xml *x, const void *bytes, size_t len,
                                  struct baton_err *err) BATON_MUST_USE;
enum baton_status config_xml_finish(struct config_xml *x, enum config_xml_root *ret_root,
                                    struct baton_err *err) BATON_MUST_USE;
void config_xml_close(struct config_xml **x);

#endif
