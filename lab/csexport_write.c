#include "csexport_write.h"

#include <string.h>

static void
attribute(struct xml_out *x, const char *name, const char *value)
{
    if (value != NULL)
        xml_out_attribute(x, name, value);
}

void
cs_document_begin(struct xml_out *x)
{
    xml_out_begin(x, "cs-objects");
}

void
cs_document_end(struct xml_out *x)
{
    xml_out_end(x);
}

static void
braced_attribute(struct xml_out *x, const char *name, const char *guid)
{
    char text[64];
    snprintf(text, sizeof text, "{%s}", guid);
    xml_out_attribute(x, name, text);
}

void
cs_object_begin(struct xml_out *x, const char *dn, const char *guid, const char *type)
{
    xml_out_begin(x, "cs-object");
    xml_out_attribute(x, "cs-dn", dn);
    braced_attribute(x, "id", guid);
    xml_out_attribute(x, "object-type", type);
}

void
cs_object_end(struct xml_out *x)
{
    xml_out_end(x);
}

void
cs_delta_begin(struct xml_out *x, const char *section, const char *operation, const char *dn,
               const char *new_dn)
{
    xml_out_begin(x, section);
    xml_out_begin(x, "delta");
    xml_out_attribute(x, "operation", operation);
    xml_out_attribute(x, "dn", dn);
    attribute(x, "newdn", new_dn);
}

void
cs_delta_end(struct xml_out *x)
{
    xml_out_end(x);
    xml_out_end(x);
}

void
cs_hologram_begin(struct xml_out *x, const char *section, const char *dn)
{
    xml_out_begin(x, section);
    xml_out_begin(x, "entry");
    xml_out_attribute(x, "dn", dn);
}

void
cs_hologram_end(struct xml_out *x)
{
    xml_out_end(x);
    xml_out_end(x);
}

void
cs_classes(struct xml_out *x, const char *type)
{
    xml_out_leaf(x, "primary-objectclass", type);
    xml_out_begin(x, "objectclass");
    xml_out_leaf(x, "oc-value", type);
    xml_out_end(x);
}

void
cs_attribute_begin(struct xml_out *x, const char *name, const char *type, const char *operation,
                   bool multivalued)
{
    bool reference = strcmp(type, "reference") == 0;
    xml_out_begin(x, reference ? "dn-attr" : "attr");
    xml_out_attribute(x, "name", name);
    attribute(x, "operation", operation);
    if (!reference)
        xml_out_attribute(x, "type", type);
    xml_out_attribute(x, "multivalued", multivalued ? "true" : "false");
}

void
cs_attribute_end(struct xml_out *x)
{
    xml_out_end(x);
}

void
cs_value(struct xml_out *x, const char *operation, const char *encoding, const char *text)
{
    xml_out_begin(x, "value");
    attribute(x, "operation", operation);
    attribute(x, "encoding", encoding);
    xml_out_text(x, text);
    xml_out_end(x);
}

void
cs_dn_value(struct xml_out *x, const char *operation, const char *dn)
{
    xml_out_begin(x, "dn-value");
    attribute(x, "operation", operation);
    xml_out_leaf(x, "dn", dn);
    xml_out_end(x);
}

void
cs_state(struct xml_out *x, const char *operation, const char *connector_guid,
         const char *connector)
{
    char guid[64];
    snprintf(guid, sizeof guid, "{%s}", connector_guid);
    xml_out_leaf(x, "connector", "1");
    xml_out_leaf(x, "connector-state", "normal");
    /* the one place where the product says modify for what a delta calls update */
    xml_out_leaf(x, "export-delta-operation",
                 strcmp(operation, "update") == 0 ? "modify" : operation);
    xml_out_leaf(x, "ma-id", guid);
    xml_out_leaf(x, "ma-name", connector);
}
