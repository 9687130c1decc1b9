#include "csexport.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "xml.h"

enum {
    ROOT_DEPTH = 1,
    OBJECT_DEPTH,
    STATE_DEPTH,
    DELTA_DEPTH,
    ATTRIBUTE_DEPTH,
    VALUE_DEPTH,
    DN_DEPTH,
    VALUE_HEAD_BYTES = 512, /* where a conflict's name would stand */
    ROOT_SHOWN_BYTES = 64,
};

enum state {
    STATE_OTHER,
    STATE_PENDING,  /* the delta that counts */
    STATE_EXPORTED, /* the same delta, or an older one, already under way */
    STATE_HOLOGRAM, /* what an import has seen */
    STATE_TEXT,     /* an element whose text is kept */
};

/* What becomes of an element's text. */
enum keep {
    KEEP_NOTHING,
    KEEP_VALUE, /* a digest of it */
    KEEP_CONNECTOR_ID,
    KEEP_CONNECTOR,
    KEEP_OPERATION,
    KEEP_TYPE,
    KEEP_PERSON,
};

struct csexport {
    struct xml *xml;
    struct csexport_visitor visitor;
    size_t prefix; /* bytes of the root's prefix and its colon */
    int skip;      /* nothing below this depth matters; 0: everything does */
    enum state state;
    enum baton_status fault;
    const char *fault_text;
    char wrong_root[ROOT_SHOWN_BYTES]; /* "": another fault */

    struct csexport_object object;
    struct csexport_change change;
    bool delta_seen, exported, said_pending, value_adds;
    uint64_t value_digest;
    enum keep keep;
    int person_rank; /* the less, the better a name person[] is; 0: none yet */
    int next_rank;   /* of the attribute under way */
    size_t head_len;
    char head[VALUE_HEAD_BYTES + 1]; /* the beginning of the text under way */
    char dn[CSEXPORT_DN_BYTES], id[CSEXPORT_ID_BYTES], type[CSEXPORT_NAME_BYTES],
        anchor[CSEXPORT_ANCHOR_BYTES], name[CSEXPORT_NAME_BYTES], person[CSEXPORT_NAME_BYTES],
        connector_id[CSEXPORT_NAME_BYTES], connector[CSEXPORT_NAME_BYTES];
};

/* --- digests ------------------------------------------------------------------------------------ */

static const uint64_t digest_start = 0xcbf29ce484222325u;

static uint64_t
mixed(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    return x ^ x >> 32;
}

/* Values come in whatever pieces the parser makes, and pieces may not show. */
static uint64_t
digest_bytes(uint64_t digest, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        digest = (digest ^ (uint8_t)bytes[i]) * 0x100000001b3u;
    return digest;
}

/* --- identity ----------------------------------------------------------------------------------- */

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
csexport_anchor(const char *dn, char out[CSEXPORT_ANCHOR_BYTES])
{
    size_t n = 0;
    if ((dn[0] | 0x20) != 'c' || (dn[1] | 0x20) != 'n' || dn[2] != '=' || dn[3] != '{')
        return false;
    for (dn += 4; *dn != '\0' && *dn != '}'; dn += 2) {
        int high = hex_digit(dn[0]), low = high < 0 ? -1 : hex_digit(dn[1]);
        int c = low < 0 ? -1 : high * 16 + low;
        if (c <= 0x20 || c > 0x7e || n + 1 == CSEXPORT_ANCHOR_BYTES)
            return false;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return n > 0 && strcmp(dn, "}") == 0;
}

/* Active Directory calls the loser of two objects of one name "name<line feed>CNF:guid". */
static bool
names_conflict(const char *text)
{
    for (const char *at = text; (at = strstr(at, "CNF:")) != NULL; at++)
        if (at > text && (at[-1] == '\n' || (at - text >= 3 && memcmp(at - 3, "\\0A", 3) == 0) ||
                          (at - text >= 3 && memcmp(at - 3, "\\0a", 3) == 0)))
            return true;
    return false;
}

/* --- elements ----------------------------------------------------------------------------------- */

static bool
keep(struct csexport *c, const char *from, char *into, size_t cap, const char *what)
{
    size_t len = from == NULL ? 0 : strlen(from);
    if (len >= cap) {
        c->fault = BATON_LIMIT;
        c->fault_text = what;
        return false;
    }
    memcpy(into, from == NULL ? "" : from, len + 1);
    return true;
}

static const struct {
    const char *name;
    enum csexport_operation operation;
} operations[] = {
    {"none", CSEXPORT_NONE},
    {"add", CSEXPORT_ADD},
    {"update", CSEXPORT_UPDATE},
    {"modify", CSEXPORT_UPDATE},
    {"replace", CSEXPORT_UPDATE},
    {"delete", CSEXPORT_DELETE},
    {"delete-add", CSEXPORT_DELETE_ADD},
    {"obsolete", CSEXPORT_NONE},
};

static enum csexport_operation
operation_of(const char *name)
{
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(operations); i++)
        if (strcmp(operations[i].name, name) == 0)
            return operations[i].operation;
    return CSEXPORT_UNKNOWN;
}

static void
object_begin(struct csexport *c, const char **attributes)
{
    c->object = (struct csexport_object){.dn = c->dn,
                                         .id = c->id,
                                         .type = c->type,
                                         .anchor = c->anchor,
                                         .connector_id = c->connector_id,
                                         .connector = c->connector,
                                         .person = c->person};
    c->delta_seen = c->exported = c->said_pending = false;
    c->person_rank = 0;
    c->anchor[0] = c->person[0] = c->connector_id[0] = c->connector[0] = '\0';
    if (!keep(c, xml_attribute(attributes, "cs-dn"), c->dn, sizeof c->dn, "a DN") ||
        !keep(c, xml_attribute(attributes, "id"), c->id, sizeof c->id, "an object's id") ||
        !keep(c, xml_attribute(attributes, "object-type"), c->type, sizeof c->type,
              "an object type"))
        return;
    if (!csexport_anchor(c->dn, c->anchor))
        c->anchor[0] = '\0';
    c->object.conflict = names_conflict(c->dn);
}

static void
delta_begin(struct csexport *c, const char **attributes)
{
    const char *dn = xml_attribute(attributes, "dn"), *new_dn = xml_attribute(attributes, "newdn");
    c->delta_seen = true;
    c->object.operation = operation_of(xml_attribute(attributes, "operation"));
    c->object.renamed = new_dn != NULL && strcmp(new_dn, dn != NULL ? dn : c->dn) != 0;
    c->object.digest = mixed((uint64_t)c->object.operation + 1);
    if (c->object.renamed)
        c->object.digest += mixed(digest_bytes(digest_start, new_dn, strlen(new_dn)));
}

static enum csexport_change_kind
change_kind(const struct csexport *c, const char *operation)
{
    bool made = c->object.operation == CSEXPORT_ADD || c->object.operation == CSEXPORT_DELETE_ADD;
    if (operation == NULL)
        return made ? CHANGE_SET : CHANGE_CHANGED;
    if (strcmp(operation, "delete") == 0)
        return CHANGE_CLEARED;
    return made || strcmp(operation, "add") == 0 ? CHANGE_SET : CHANGE_CHANGED;
}

static void
change_begin(struct csexport *c, const char *element, const char **attributes)
{
    const char *many = xml_attribute(attributes, "multivalued");
    bool reference = strcmp(element, "dn-attr") == 0;
    c->change = (struct csexport_change){
        .name = c->name,
        .kind = change_kind(c, xml_attribute(attributes, "operation")),
        .reference = reference,
        .many =
            reference || (many != NULL && (strcmp(many, "true") == 0 || strcmp(many, "1") == 0)),
    };
    if (keep(c, xml_attribute(attributes, "name"), c->name, sizeof c->name, "an attribute's name"))
        c->change.digest =
            mixed(digest_bytes(digest_start, c->name, strlen(c->name)) + c->change.kind);
}

static void
text_begin(struct csexport *c, enum keep keep)
{
    c->keep = keep;
    c->head_len = 0;
    xml_want_text(c->xml, keep != KEEP_NOTHING);
}

static void
text_end(struct csexport *c)
{
    c->keep = KEEP_NOTHING;
    c->head[c->head_len] = '\0';
    xml_want_text(c->xml, false);
}

/* What nobody says of a single value follows from the whole attribute. */
static void
value_begin(struct csexport *c, const char **attributes)
{
    const char *operation = xml_attribute(attributes, "operation");
    c->value_adds =
        operation != NULL ? strcmp(operation, "delete") != 0 : c->change.kind != CHANGE_CLEARED;
    c->value_digest = digest_start;
    text_begin(c, c->change.reference ? KEEP_NOTHING : KEEP_VALUE);
}

static void
value_end(struct csexport *c)
{
    text_end(c);
    if (!c->object.conflict && c->head_len > 0)
        c->object.conflict = names_conflict(c->head);
    c->change.digest += mixed(c->value_digest ^ (c->value_adds ? 1 : 2));
    c->change.value_adds += c->change.many && c->value_adds;
    c->change.value_removes += c->change.many && !c->value_adds;
}

static void
change_end(struct csexport *c)
{
    c->object.changes++;
    c->object.digest += mixed(c->change.digest);
    if (c->visitor.change != NULL)
        c->visitor.change(c->visitor.ctx, &c->object, &c->change);
}

static const struct {
    const char *name;
    enum state state;
    enum keep keep;
} states[] = {
    {"unapplied-export", STATE_PENDING, KEEP_NOTHING},
    {"escrowed-export", STATE_EXPORTED, KEEP_NOTHING},
    {"unconfirmed-export", STATE_EXPORTED, KEEP_NOTHING},
    {"synchronized-hologram", STATE_HOLOGRAM, KEEP_NOTHING},
    {"pending-import-hologram", STATE_HOLOGRAM, KEEP_NOTHING},
    {"export-delta-operation", STATE_TEXT, KEEP_OPERATION},
    {"ma-id", STATE_TEXT, KEEP_CONNECTOR_ID},
    {"ma-name", STATE_TEXT, KEEP_CONNECTOR},
};

static void
state_begin(struct csexport *c, const char *name)
{
    c->state = STATE_OTHER;
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (states[i].name[0] == name[0] && strcmp(states[i].name, name) == 0) {
            c->state = states[i].state;
            if (c->state == STATE_TEXT)
                text_begin(c, states[i].keep);
        }
    c->exported = c->exported || c->state == STATE_EXPORTED;
    if (c->state == STATE_OTHER || c->state == STATE_EXPORTED)
        c->skip = STATE_DEPTH;
}

static void
below_state(struct csexport *c, const char *name, const char **attributes)
{
    bool entry = c->state == STATE_HOLOGRAM && strcmp(name, "entry") == 0;
    c->object.imported = c->object.imported || entry;
    if (c->state == STATE_PENDING && !c->delta_seen && strcmp(name, "delta") == 0)
        delta_begin(c, attributes);
    else if (!entry || (c->delta_seen && c->object.operation != CSEXPORT_DELETE))
        c->skip = DELTA_DEPTH;
}

/* Attributes that name an object to a person, the best first. */
static int
person_rank(const char *attribute)
{
    static const char *const names[] = {"userPrincipalName", "displayName", "mail", "cn"};
    for (size_t i = 0; attribute != NULL && i < ARRAY_LEN(names); i++)
        if (names[i][0] == attribute[0] && strcmp(names[i], attribute) == 0)
            return (int)i + 1;
    return 0;
}

/* In a delta and in a hologram's entry. */
static void
below_delta(struct csexport *c, const char *name, const char **attributes)
{
    bool single = strcmp(name, "attr") == 0;
    if (c->state == STATE_PENDING && (single || strcmp(name, "dn-attr") == 0))
        change_begin(c, name, attributes);
    else if (c->type[0] == '\0' && strcmp(name, "primary-objectclass") == 0)
        text_begin(c, KEEP_TYPE);
    else if (c->state == STATE_HOLOGRAM && single)
        c->next_rank = person_rank(xml_attribute(attributes, "name"));
    else
        c->skip = ATTRIBUTE_DEPTH;
}

static void
below_attribute(struct csexport *c, const char *name, const char **attributes)
{
    bool value = strcmp(name, "value") == 0;
    if (c->state == STATE_PENDING && (value || strcmp(name, "dn-value") == 0))
        value_begin(c, attributes);
    else if (c->state == STATE_HOLOGRAM && value && c->next_rank > 0 &&
             (c->person_rank == 0 || c->next_rank < c->person_rank))
        text_begin(c, KEEP_PERSON);
    else
        c->skip = VALUE_DEPTH;
}

/* Cut between two characters where it is too long. */
static void
head_into(struct csexport *c, char out[CSEXPORT_NAME_BYTES])
{
    text_end(c);
    text_copy(out, CSEXPORT_NAME_BYTES, c->head);
}

/* An element ends whose text was kept. */
static void
kept(struct csexport *c)
{
    switch (c->keep) {
    case KEEP_CONNECTOR_ID:
        head_into(c, c->connector_id);
        return;
    case KEEP_CONNECTOR:
        head_into(c, c->connector);
        return;
    case KEEP_TYPE:
        head_into(c, c->type);
        return;
    case KEEP_PERSON:
        head_into(c, c->person);
        c->person_rank = c->next_rank;
        return;
    case KEEP_OPERATION:
        text_end(c);
        c->said_pending = c->head_len > 0 && strcmp(c->head, "none") != 0;
        return;
    case KEEP_NOTHING:
    case KEEP_VALUE:
        return;
    }
}

static void
root_begin(struct csexport *c, const char *name)
{
    const char *colon = strchr(name, ':');
    xml_want_text(c->xml, false);
    c->prefix = colon != NULL ? (size_t)(colon - name) + 1 : 0;
    if (strcmp(name + c->prefix, "cs-objects") != 0) {
        c->fault = BATON_MALFORMED;
        c->fault_text = "the document's root is not cs-objects but ";
        text_copy(c->wrong_root, sizeof c->wrong_root, name);
    }
}

/* False: nothing here or below matters. */
static bool
element_begin(struct csexport *c, int depth, const char *name, const char **attributes)
{
    switch (depth) {
    case OBJECT_DEPTH:
        if (strcmp(name, "cs-object") != 0)
            return false;
        object_begin(c, attributes);
        return true;
    case STATE_DEPTH:
        state_begin(c, name);
        return true;
    case DELTA_DEPTH:
        below_state(c, name, attributes);
        return true;
    case ATTRIBUTE_DEPTH:
        below_delta(c, name, attributes);
        return true;
    case VALUE_DEPTH:
        below_attribute(c, name, attributes);
        return true;
    case DN_DEPTH:
        if (!c->change.reference || strcmp(name, "dn") != 0)
            return false;
        text_begin(c, KEEP_VALUE);
        return true;
    default:
        return false;
    }
}

static void
on_start(void *ctx, int depth, const char *full, const char **attributes)
{
    struct csexport *c = ctx;
    if ((c->skip != 0 && depth > c->skip) || c->fault != BATON_OK)
        return;
    if (depth == ROOT_DEPTH) {
        root_begin(c, full);
        return;
    }
    const char *name = c->prefix > 0 && strlen(full) > c->prefix ? full + c->prefix : full;
    /* Where an element's text is kept, what else is in it is not. */
    if (c->keep > KEEP_VALUE || !element_begin(c, depth, name, attributes))
        c->skip = depth;
}

static void
object_end(struct csexport *c)
{
    c->object.left_out = c->said_pending && !c->delta_seen && !c->exported;
    c->visitor.object(c->visitor.ctx, &c->object);
}

static void
on_end(void *ctx, int depth, const char *name)
{
    struct csexport *c = ctx;
    (void)name;
    if (c->skip != 0) {
        if (depth > c->skip)
            return;
        bool nothing_began = depth == c->skip;
        c->skip = 0;
        if (nothing_began)
            return;
    }
    if (c->fault != BATON_OK)
        return;
    bool pending = c->state == STATE_PENDING;
    if (c->keep > KEEP_VALUE)
        kept(c);
    else if (depth == DN_DEPTH)
        text_end(c);
    else if (depth == VALUE_DEPTH && pending)
        value_end(c);
    else if (depth == ATTRIBUTE_DEPTH && pending)
        change_end(c);
    else if (depth == OBJECT_DEPTH)
        object_end(c);
}

static void
on_text(void *ctx, const char *text, size_t len)
{
    struct csexport *c = ctx;
    if (c->skip != 0)
        return; /* of an element inside a value */
    if (c->keep == KEEP_VALUE)
        c->value_digest = digest_bytes(c->value_digest, text, len);
    size_t room = VALUE_HEAD_BYTES - c->head_len;
    size_t take = len < room ? len : room;
    memcpy(c->head + c->head_len, text, take);
    c->head_len += take;
}

/* --- the whole ---------------------------------------------------------------------------------- */

static void
begin(struct csexport *c)
{
    c->skip = 0;
    c->state = STATE_OTHER;
    c->keep = KEEP_NOTHING;
    c->fault = BATON_OK;
}

enum baton_status
csexport_open(const struct csexport_visitor *visitor, struct csexport **ret_reader,
              struct baton_err *err)
{
    struct csexport *c = calloc(1, sizeof *c);
    if (c == NULL)
        return baton_fail(err, BATON_NOMEM, "csexport reader");
    c->visitor = *visitor;
    struct xml_handler handler = {.ctx = c, .start = on_start, .text = on_text, .end = on_end};
    enum baton_status rc = xml_open(&handler, &c->xml, err);
    if (rc != BATON_OK) {
        csexport_close(&c);
        return rc;
    }
    *ret_reader = c;
    return BATON_OK;
}

static enum baton_status
faulted(const struct csexport *c, struct baton_err *err)
{
    if (c->fault == BATON_LIMIT)
        return baton_fail(err, BATON_LIMIT, "line %lu: %s is longer than anything real",
                          xml_line(c->xml), c->fault_text);
    return c->fault == BATON_OK ? BATON_OK
                                : baton_fail(err, c->fault, "%s%s", c->fault_text, c->wrong_root);
}

/* What was wrong with an object came before what is wrong with the document behind it. */
static enum baton_status
outcome(const struct csexport *c, enum baton_status rc, struct baton_err *err)
{
    return rc == BATON_OK || c->fault != BATON_OK ? faulted(c, err) : rc;
}

enum baton_status
csexport_push(struct csexport *c, const void *bytes, size_t len, struct baton_err *err)
{
    return outcome(c, xml_push(c->xml, bytes, len, err), err);
}

enum baton_status
csexport_finish(struct csexport *c, struct baton_err *err)
{
    return outcome(c, xml_finish(c->xml, err), err);
}

void *
csexport_room(struct csexport *c, size_t bytes)
{
    void *room = xml_room(c->xml, bytes);
    if (room != NULL)
        begin(c);
    return room;
}

enum baton_status
csexport_whole(struct csexport *c, size_t len, struct baton_err *err)
{
    return outcome(c, xml_whole(c->xml, len, err), err);
}

void
csexport_close(struct csexport **c)
{
    if (*c == NULL)
        return;
    xml_close(&(*c)->xml);
    free(*c);
    *c = NULL;
}
