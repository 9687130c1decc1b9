#include "csexport_thin.h"

#include <string.h>

#include "xml_skip.h"

struct thin {
    char *out;                     /* behind what is kept */
    const char *at, *end;          /* what is still to be looked at */
    bool delta_seen, names_wanted; /* of the object under way */
};

enum child {
    CHILD_NOTHING,  /* nobody looks at it */
    CHILD_TAG,      /* that it is there says something */
    CHILD_TEXT,     /* it is read */
    CHILD_PENDING,  /* it is what is read */
    CHILD_HOLOGRAM, /* of a delete it is read, else it says something */
};

static const struct {
    const char *name;
    enum child child;
} children[] = {
    {"unapplied-export", CHILD_PENDING},
    {"synchronized-hologram", CHILD_HOLOGRAM},
    {"pending-import-hologram", CHILD_HOLOGRAM},
    {"escrowed-export", CHILD_TAG},
    {"unconfirmed-export", CHILD_TAG},
    {"export-delta-operation", CHILD_TEXT},
    {"ma-id", CHILD_TEXT},
    {"ma-name", CHILD_TEXT},
};

static bool
is_named(const struct xml_tag *tag, const char *name)
{
    return tag->name[0] == name[0] && strncmp(tag->name, name, tag->name_len) == 0 &&
           name[tag->name_len] == '\0';
}

static enum child
child_of(const struct xml_tag *tag)
{
    for (size_t i = 0; i < ARRAY_LEN(children); i++)
        if (is_named(tag, children[i].name))
            return children[i].child;
    return CHILD_NOTHING;
}

static void
keep_until(struct thin *t, const char *until)
{
    size_t len = (size_t)(until - t->at);
    memmove(t->out, t->at, len);
    t->out += len;
    t->at = until;
}

static const char *
find(const char *at, const char *end, const char *text)
{
    size_t len = strlen(text);
    for (; (size_t)(end - at) >= len; at++) {
        at = memchr(at, text[0], (size_t)(end - at) - len + 1);
        if (at == NULL || memcmp(at, text, len) == 0)
            return at;
    }
    return NULL;
}

/* --- what is pending ----------------------------------------------------------------------------- */

/* A delete is named by its hologram; of what else the delta says, nothing is. */
static bool
wants_names(const char *tag, const char *end)
{
    static const char *const plain[] = {"add\"",  "update\"",   "modify\"",    "replace\"",
                                        "none\"", "obsolete\"", "delete-add\""};
    static const char attribute[] = " operation=\"";
    const char *at = find(tag, end, attribute);
    if (at == NULL || memchr(tag, '\'', (size_t)(end - tag)) != NULL)
        return true;
    at += sizeof attribute - 1;
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        if ((size_t)(end - at) > strlen(plain[i]) && memcmp(at, plain[i], strlen(plain[i])) == 0)
            return false;
    return true;
}

/* The first delta decides, as it does for the reader. */
static void
note_delta(struct thin *t, const char *content)
{
    const char *at = xml_space_end(content, t->end);
    struct xml_tag tag;
    const char *behind = at < t->end && *at == '<' ? xml_tag_end(at, t->end, &tag) : NULL;
    if (t->delta_seen)
        return;
    t->delta_seen = true;
    t->names_wanted = behind == NULL || !is_named(&tag, "delta") || wants_names(at, behind);
}

/* --- what is taken out --------------------------------------------------------------------------- */

/* The content of the element whose start tag ends at `behind`. What is kept moves over what lies before
 * it, names of tags too: here and below all is found first, then moved. */
static bool
take_content(struct thin *t, const char *behind, const struct xml_tag *tag)
{
    const char *close = xml_content_end(behind, t->end);
    const char *next = close == NULL ? NULL : xml_close_end(close, t->end, tag);
    if (next == NULL)
        return false;
    keep_until(t, behind);
    t->at = close;
    keep_until(t, next);
    return true;
}

/* That there is an entry must still be seen, and no more than that. */
static bool
take_entry(struct thin *t, const char *behind, const struct xml_tag *tag)
{
    struct xml_tag entry;
    const char *at = xml_space_end(behind, t->end);
    const char *inside = at < t->end && *at == '<' ? xml_tag_end(at, t->end, &entry) : NULL;
    if (inside == NULL || entry.empty || !is_named(&entry, "entry"))
        return false;
    const char *close = xml_content_end(inside, t->end);
    const char *next = close == NULL ? NULL : xml_close_end(close, t->end, &entry);
    if (next != NULL)
        next = xml_close_end(xml_space_end(next, t->end), t->end, tag);
    if (next == NULL)
        return false;
    static const char bare[] = "<entry>";
    keep_until(t, at);
    memcpy(t->out, bare, sizeof bare - 1); /* over what was moved, or over itself */
    t->out += sizeof bare - 1;
    t->at = close;
    keep_until(t, next);
    return true;
}

/* The whole element, kept or not. */
static bool
pass_child(struct thin *t, const char *behind, const struct xml_tag *tag, bool kept)
{
    const char *next = tag->empty ? behind : xml_content_end(behind, t->end);
    if (next != NULL && !tag->empty)
        next = xml_close_end(next, t->end, tag);
    if (next == NULL)
        return false;
    if (kept)
        keep_until(t, next);
    t->at = next;
    return true;
}

/* False: what comes next is not plain, and stays. */
static bool
thin_child(struct thin *t)
{
    struct xml_tag tag;
    const char *behind = xml_tag_end(t->at, t->end, &tag);
    if (behind == NULL)
        return false;
    enum child child = child_of(&tag);
    if (child == CHILD_TAG && !tag.empty)
        return take_content(t, behind, &tag);
    if (child == CHILD_HOLOGRAM && !tag.empty && t->delta_seen && !t->names_wanted)
        return take_entry(t, behind, &tag);
    if (child == CHILD_PENDING && !tag.empty)
        note_delta(t, behind);
    return pass_child(t, behind, &tag, child != CHILD_NOTHING);
}

/* --- the document -------------------------------------------------------------------------------- */

static void
thin_object(struct thin *t)
{
    struct xml_tag tag;
    const char *inside = xml_tag_end(t->at, t->end, &tag);
    bool object = inside != NULL && !tag.empty && is_named(&tag, "cs-object");
    keep_until(t, inside != NULL ? inside : t->at + 1);
    if (!object)
        return;
    t->delta_seen = t->names_wanted = false;
    do
        t->at = xml_space_end(t->at, t->end); /* between the children nobody looks */
    while (t->at + 1 < t->end && t->at[0] == '<' && t->at[1] != '/' && thin_child(t));
}

/* A comment, a section or an instruction may hold what only looks like a tag. */
static bool
has(const char *text, size_t len, char mark)
{
    const char *end = text + len;
    for (const char *at = text; (at = memchr(at, mark, (size_t)(end - at))) != NULL; at++)
        if (at > text && at[-1] == '<')
            return true;
    return false;
}

size_t
csexport_thin(char *text, size_t len)
{
    struct thin t = {.out = text, .at = text, .end = text + len};
    if (has(text, len, '!') || has(text, len, '?'))
        return len;
    for (const char *object; (object = find(t.at, t.end, "<cs-object")) != NULL;) {
        keep_until(&t, object);
        thin_object(&t);
    }
    keep_until(&t, t.end);
    return (size_t)(t.out - text);
}
