/* csexport.h: a csexport document, object by object, with what is pending for each.
 *
 * Shape      Push pieces of any size, finish once; or csexport_room and csexport_whole, again and again,
 *            for UTF-8 documents that lie in memory as a whole. For every cs-object: `change` for each
 *            attribute of its unapplied-export delta, then `object`. Only that delta is pending:
 *            escrowed and unconfirmed exports repeat it, imports and holograms do not change the
 *            tenant. "modify" and "replace" are updates. Prefixes of names are ignored. A delete says
 *            no more than a DN: who it was stands in the synchronized or pending-import hologram.
 * Units      64-bit digests, not cryptographic: equal values of two servers' files have equal ones,
 *            in whatever order values stand.
 * Limits     Memory does not depend on the document. CSEXPORT_DN_BYTES of a DN, CSEXPORT_NAME_BYTES
 *            of a name; what xml.h limits. Of values nothing is kept but their digest; connectors' and
 *            deleted objects' names are cut at CSEXPORT_NAME_BYTES.
 * Errors     As xml.h, with the line. BATON_MALFORMED: the root is not cs-objects.
 *            BATON_LIMIT: a DN or name is too long.
 * Ownership  Texts handed to the visitor live during that call.
 * Source     formats 2; domain 4.3.
 */
#ifndef READERS_CSEXPORT_H
#define READERS_CSEXPORT_H

#include "baton/status.h"

enum {
    CSEXPORT_DN_BYTES = 4096,
    CSEXPORT_NAME_BYTES = 256,
    CSEXPORT_ANCHOR_BYTES = 256,
    CSEXPORT_ID_BYTES = 48
};

enum csexport_operation {
    CSEXPORT_NONE, /* nothing pending, or an operation that says so */
    CSEXPORT_ADD,
    CSEXPORT_UPDATE,
    CSEXPORT_DELETE,
    CSEXPORT_DELETE_ADD,
    CSEXPORT_UNKNOWN,
};

enum csexport_change_kind { CHANGE_SET, CHANGE_CHANGED, CHANGE_CLEARED };

struct csexport_change {
    const char *name;
    enum csexport_change_kind kind;
    bool many; /* multi-valued, or a reference: its values count one by one */
    bool reference;
    uint64_t value_adds, value_removes;
    uint64_t digest;
};

struct csexport_object {
    const char *dn, *id, *type;
    const char *anchor; /* decoded from an Entra connector's CN={hex}; "" when the DN is no such */
    const char *connector_id, *connector; /* ma-id and ma-name; "" when the file leaves them out */
    const char *person;                   /* of a delete: a name that its hologram gives, else "" */
    enum csexport_operation operation;
    bool renamed;    /* its delta names another DN */
    bool imported;   /* an import has already seen it: an add of it is not the first */
    bool conflict;   /* a replication conflict stands in its name or in a value */
    bool left_out;   /* something is pending, and the file does not say what */
    uint64_t digest; /* of operation and changes */
    uint64_t changes;
};

struct csexport_visitor {
    void *ctx;
    void (*change)(void *ctx, const struct csexport_object *object,
                   const struct csexport_change *change); /* may be NULL */
    void (*object)(void *ctx, const struct csexport_object *object);
};

struct csexport;
enum baton_status csexport_open(const struct csexport_visitor *visitor,
                                struct csexport **ret_reader, struct baton_err *err) BATON_MUST_USE;
enum baton_status csexport_push(struct csexport *c, const void *bytes, size_t len,
                                struct baton_err *err) BATON_MUST_USE;
enum baton_status csexport_finish(struct csexport *c, struct baton_err *err) BATON_MUST_USE;
void csexport_close(struct csexport **c);

/* As xml_room and xml_whole. */
void *csexport_room(struct csexport *c, size_t bytes);
enum baton_status csexport_whole(struct csexport *c, size_t len,
                                 struct baton_err *err) BATON_MUST_USE;

/* CN={hex of ASCII}: the text inside. False: the DN has another form. */
bool csexport_anchor(const char *dn, char out[CSEXPORT_ANCHOR_BYTES]);

#endif
