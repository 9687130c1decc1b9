/* csexport_write.h: the elements of a csexport document, written one after the other.
 *
 * Shape      cs_document_begin, per object cs_object_begin, its sections, cs_object_end, then
 *            cs_document_end. A delta and a hologram are opened with the section around them.
 *            NULL for an operation, a new name or an encoding leaves that attribute out.
 * Source     formats 2, by its element names.
 */
#ifndef LAB_CSEXPORT_WRITE_H
#define LAB_CSEXPORT_WRITE_H

#include "xml_out.h"

void cs_document_begin(struct xml_out *x);
void cs_document_end(struct xml_out *x);

void cs_object_begin(struct xml_out *x, const char *dn, const char *guid, const char *type);
void cs_object_end(struct xml_out *x);

/* section: "unapplied-export", "escrowed-export", "unconfirmed-export", "pending-import". */
void cs_delta_begin(struct xml_out *x, const char *section, const char *operation, const char *dn,
                    const char *new_dn);
void cs_delta_end(struct xml_out *x);

/* section: the name with "-hologram". */
void cs_hologram_begin(struct xml_out *x, const char *section, const char *dn);
void cs_hologram_end(struct xml_out *x);

void cs_classes(struct xml_out *x, const char *type);

/* type: "string", "integer", "binary", "boolean"; "reference" makes a dn-attr. */
void cs_attribute_begin(struct xml_out *x, const char *name, const char *type,
                        const char *operation, bool multivalued);
void cs_attribute_end(struct xml_out *x);
void cs_value(struct xml_out *x, const char *operation, const char *encoding, const char *text);
void cs_dn_value(struct xml_out *x, const char *operation, const char *dn);

/* What stands behind the holograms of a connected object; `operation` as the delta says it. */
void cs_state(struct xml_out *x, const char *operation, const char *connector_guid,
              const char *connector);

#endif
