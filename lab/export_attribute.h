/* export_attribute.h: the attributes of generated exports, and every value they ever have.
 *
 * Shape      One table. A value is not stored: it follows from the seed, the object, the attribute, its
 *            version (0: what the tenant has; 1: what the export would make of it) and its place
 *            among the values of the attribute.
 * Limits     EXPORT_VALUE_BYTES of a value with its NUL.
 * Source     formats 2: hex integers, FILETIME, generalized time, base64, conflict names.
 */
#ifndef LAB_EXPORT_ATTRIBUTE_H
#define LAB_EXPORT_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXPORT_VALUE_BYTES = 512, EXPORT_ATTRIBUTES_MAX = 48 };

enum export_type { EXPORT_USER, EXPORT_GROUP, EXPORT_CONTACT, EXPORT_DEVICE, EXPORT_TYPE_COUNT };

/* What a reader must survive; each can be asked for by its name. */
#define EXPORT_ODDITIES(X)                                                                         \
    X(INTEGERS, "integers")     /* hex, also negative in 64 bits */                                \
    X(TIMES, "times")           /* FILETIME and generalized time */                                \
    X(BINARIES, "binaries")     /* base64 */                                                       \
    X(CONFLICTS, "conflicts")   /* \0ACNF in the DN, a line feed in the value */                   \
    X(ESCAPES, "escapes")       /* CN=Costa\, Bruno; and characters that XML escapes */            \
    X(PAIRS, "pairs")           /* a single value replaced as delete and add */                    \
    X(REFERENCES, "references") /* dn-attr, with one and with many values */                       \
    X(ANCHORS, "anchors")       /* updates that change the source anchor */                        \
    X(BARE, "bare")             /* attributes of an add without an operation of their own */       \
    X(REPEATED, "repeated")     /* the delta again as unconfirmed or escrowed export */            \
    X(IMPORTS, "imports")       /* pending imports, which are no export */                         \
    X(ERRORS, "errors")         /* export-errordetail */                                           \
    X(LINKS, "links")           /* cs-mv-links */                                                  \
    X(MISSING, "missing")       /* optional children left out */

enum export_oddity {
#define X(name, text) ODD_##name,
    EXPORT_ODDITIES(X)
#undef X
        ODD_COUNT,
    ODD_NONE = ODD_COUNT /* an attribute that every file has */
};

enum export_shape {
    SHAPE_NAME,
    SHAPE_GIVEN,
    SHAPE_FAMILY,
    SHAPE_WORD,
    SHAPE_LOGIN,
    SHAPE_MAIL,
    SHAPE_PROXY,
    SHAPE_PHONE,
    SHAPE_PHRASE,
    SHAPE_ANCHOR,
    SHAPE_BOOLEAN,
    SHAPE_COUNTER,
    SHAPE_FLAGS,
    SHAPE_FILETIME,
    SHAPE_TIME,
    SHAPE_SID,
    SHAPE_CERTIFICATE,
    SHAPE_REFERENCE,
};

struct export_attribute {
    const char *name;
    enum export_shape shape;
    bool multivalued;
    uint8_t types; /* 1 << enum export_type */
    enum export_oddity oddity;
};

const struct export_attribute *export_attributes(size_t *ret_count);
const char *export_attribute_type(const struct export_attribute *a); /* csexport's @type */
const char *
export_attribute_encoding(const struct export_attribute *a); /* of its values, or NULL */

struct export_value_key {
    uint64_t seed, index;
    unsigned version, nth;
    bool conflict; /* the object's name is that of a conflict */
};

void export_value(const struct export_attribute *a, const struct export_value_key *key,
                  char out[EXPORT_VALUE_BYTES]);
/* base64 of 16 bytes, and CN={hex of that text}. */
void export_anchor(const struct export_value_key *key, char out[EXPORT_VALUE_BYTES]);
void export_entra_dn(const char *anchor, char out[EXPORT_VALUE_BYTES]);
const char *export_type_name(enum export_type type);
const char *export_oddity_name(enum export_oddity oddity);

#endif
