#include "fuzz.h"

#include "common/readers/csexport.h"
#include "common/readers/csexport_thin.h"
#include "common/readers/xml.h"

struct seen {
    struct fuzz_told *told;
    uint64_t objects, changes, operation[CSEXPORT_UNKNOWN + 1];
};

static void
on_change(void *ctx, const struct csexport_object *object, const struct csexport_change *change)
{
    struct seen *s = ctx;
    FUZZ_CHECK(object->operation <= CSEXPORT_UNKNOWN);
    FUZZ_CHECK(strlen(change->name) < CSEXPORT_NAME_BYTES);
    FUZZ_CHECK(change->many || change->value_adds + change->value_removes == 0);
    fuzz_tell_text(s->told, change->name);
    fuzz_tell_number(s->told, change->kind);
    fuzz_tell_number(s->told, change->value_adds);
    fuzz_tell_number(s->told, change->value_removes);
    fuzz_tell_number(s->told, change->digest);
    s->changes++;
}

static void
on_object(void *ctx, const struct csexport_object *o)
{
    struct seen *s = ctx;
    FUZZ_CHECK(strlen(o->dn) < CSEXPORT_DN_BYTES && strlen(o->type) < CSEXPORT_NAME_BYTES);
    FUZZ_CHECK(o->changes == s->changes);
    fuzz_tell_text(s->told, o->dn);
    fuzz_tell_text(s->told, o->anchor);
    fuzz_tell_text(s->told, o->type);
    fuzz_tell_text(s->told, o->id);
    fuzz_tell_number(s->told, o->digest);
    fuzz_tell_text(s->told, o->connector_id);
    fuzz_tell_text(s->told, o->connector);
    fuzz_tell_text(s->told, o->person);
    fuzz_tell_number(s->told, o->left_out);
    fuzz_tell_number(s->told, (uint64_t)o->renamed << 2 | (uint64_t)o->conflict << 1 | o->imported);
    s->objects++;
    s->operation[o->operation]++;
    s->changes = 0;
}

static void
run(const uint8_t *bytes, size_t len, size_t piece, struct fuzz_told *told)
{
    struct seen seen = {.told = told};
    struct csexport_visitor visitor = {&seen, on_change, on_object};
    struct csexport *c;
    FUZZ_CHECK(csexport_open(&visitor, &c, NULL) == BATON_OK);
    FUZZ_PUSH(told->status, csexport_push, c, bytes, len, piece);
    if (told->status == BATON_OK)
        told->status = csexport_finish(c, NULL);
    csexport_close(&c);
}

/* As a whole document, without what nobody looks at. */
static void
run_thin(const uint8_t *bytes, size_t len, size_t piece, struct fuzz_told *told)
{
    struct seen seen = {.told = told};
    struct csexport_visitor visitor = {&seen, on_change, on_object};
    struct csexport *c;
    (void)piece;
    FUZZ_CHECK(csexport_open(&visitor, &c, NULL) == BATON_OK);
    char *room = csexport_room(c, len + 1), *exact = malloc(len + 1);
    FUZZ_CHECK(room != NULL && exact != NULL);
    memcpy(exact, bytes, len);
    size_t left = csexport_thin(exact, len);
    FUZZ_CHECK(left <= len);
    memcpy(room, exact, left);
    told->status = csexport_whole(c, left, NULL);
    free(exact);
    csexport_close(&c);
}

/* Whoever is stricter asks the other one; what both accept they must tell alike. */
static void
compare_thin(const uint8_t *data, size_t size)
{
    enum baton_status thin_rc, pushed_rc;
    struct baton_hash thin = fuzz_once(run_thin, data, size, size, &thin_rc);
    if (thin_rc != BATON_OK)
        return;
    struct baton_hash pushed = fuzz_once(run, data, size, size, &pushed_rc);
    FUZZ_CHECK(pushed_rc == BATON_OK);
    FUZZ_CHECK(memcmp(thin.b, pushed.b, sizeof thin.b) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 4 && xml_encoding_of(data, size) == XML_UTF_8)
        compare_thin(data, size);
    return fuzz_pieces(run, data, size);
}
