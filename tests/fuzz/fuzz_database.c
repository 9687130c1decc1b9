/* Database files that somebody changed, under the stores of both programs: pages and bytes of a real one, or bytes
 * alone. Each is refused with words or works; an agent never believes another promise. */
#include "fuzz_folder.h"

#include "agent/adapters/store_agent.h"
#include "audit_world.h"
#include "controller/adapters/store_sqlite.h"
#include "toy.h"

enum { PAGE = 4096, EDIT_BYTES = 5, IMAGE_BYTES_MAX = 1 << 20, RECORDS_MAX = 512 };

static const char controller_db[] = "baton.db", controller_wal[] = "baton.db-wal",
                  agent_db[] = "agent.db";

static struct image {
    uint8_t *bytes;
    size_t len;
} controller, agent, copy, /* copy: the agent's second one, as a whole folder would have it */
    dead, wal;             /* of a controller that died: its file, and what lies beside it */

static struct promise promised;
static const char copy_file[] = "tombstone";

static struct { /* the honest log at each of its sizes */
    uint64_t size;
    struct baton_hash root[RECORDS_MAX + 1];
} honest;

static void
honest_take(const struct store_port *s)
{
    FUZZ_CHECK(s->head(s->ctx, &honest.size, &honest.root[0], NULL) == BATON_OK);
    FUZZ_CHECK(honest.size <= RECORDS_MAX);
    for (uint64_t size = 0; size <= honest.size; size++)
        FUZZ_CHECK(s->root_at(s->ctx, size, &honest.root[size], NULL) == BATON_OK);
}

static void
make_controller(void)
{
    struct store_port store;
    struct world w;
    static struct world_handoff h;
    FUZZ_CHECK(store_sqlite_open(fuzz_in_folder(controller_db), STORE_READ_WRITE,
                                 crypto_digest_port(), &store, NULL) == BATON_OK);
    world_init(&w, &store);
    world_handoff(&w, 1, &h);
    world_handoff_done(&h);
    world_done(&w);
    honest_take(&store);
    dead.bytes = fuzz_folder_read(controller_db, &dead.len);
    wal.bytes = fuzz_folder_read(controller_wal, &wal.len);
    FUZZ_CHECK(dead.bytes != NULL && wal.bytes != NULL && wal.len <= IMAGE_BYTES_MAX);
    store.close(store.ctx);
    controller.bytes = fuzz_folder_read(controller_db, &controller.len);
    FUZZ_CHECK(controller.bytes != NULL && controller.len <= IMAGE_BYTES_MAX);
}

static void
make_agent(void)
{
    struct agent_store *s = NULL;
    promised = toy_new_member(TOY_OLD).promise;
    promised.epoch = toy_epoch(7);
    promised.recipient = toy_member_key(TOY_NEW);
    promised.plan = toy_plan_hash();
    promised.tombstone = true;
    promised.counter = 9;
    FUZZ_CHECK(agent_store_create(fuzz_folder, NULL) == BATON_OK);
    FUZZ_CHECK(agent_store_open(fuzz_folder, &s, NULL) == BATON_OK);
    FUZZ_CHECK(agent_store_begin(s, NULL) == BATON_OK);
    FUZZ_CHECK(agent_store_put_promise(s, &promised, NULL) == BATON_OK);
    FUZZ_CHECK(agent_store_put(s, "plan", "a plan", 6, NULL) == BATON_OK);
    FUZZ_CHECK(agent_store_commit(s, NULL) == BATON_OK);
    agent_store_close(&s);
    agent.bytes = fuzz_folder_read(agent_db, &agent.len);
    copy.bytes = fuzz_folder_read(copy_file, &copy.len);
    FUZZ_CHECK(agent.bytes != NULL && copy.bytes != NULL);
}

static void
begin(void)
{
    if (controller.bytes != NULL)
        return;
    fuzz_folder_open();
    make_controller();
    make_agent();
}

/* ---- what is changed ------------------------------------------------------------------------------- */

static uint8_t draft[IMAGE_BYTES_MAX + PAGE];
static size_t draft_len;

static void
change(const uint8_t edit[EDIT_BYTES])
{
    size_t pages = draft_len / PAGE;
    if (pages == 0)
        return;
    uint8_t *page = draft + edit[1] % pages * PAGE;
    size_t at = ((size_t)edit[2] << 8 | edit[3]) % PAGE;
    switch (edit[0] % 6) {
    case 0:
        page[at] ^= edit[4];
        break;
    case 1:
        page[at] = edit[4];
        break;
    case 2: /* another page in its place */
        memmove(page, draft + edit[4] % pages * PAGE, PAGE);
        break;
    case 3:
        draft_len = (size_t)(page - draft) + at;
        break;
    case 4:
        memset(page + at, edit[4], PAGE - at);
        break;
    default: /* in the header, where sizes and versions are */
        draft[at % 100] = edit[4];
        break;
    }
}

static void
make_draft(const struct image *of, const uint8_t *edits, size_t len)
{
    memcpy(draft, of->bytes, of->len);
    draft_len = of->len;
    for (size_t i = 0; i + EDIT_BYTES <= len; i += EDIT_BYTES)
        change(edits + i);
}

/* ---- what is done with it ---------------------------------------------------------------------------- */

static bool
count_row(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    (void)key, (void)key_len, (void)value;
    *(size_t *)arg += len;
    return true;
}

/* Whatever was done to the file: the log that is read is the honest one, or its beginning. */
static void
check_log(const struct store_port *s)
{
    struct baton_hash root;
    uint64_t size;
    if (s->head(s->ctx, &size, &root, NULL) == BATON_OK)
        FUZZ_CHECK(size <= honest.size && baton_hash_eq(&root, &honest.root[size]));
}

static void
use_controller(bool bytes_alone)
{
    struct store_port s;
    struct baton_err err = {0};
    size_t bytes = 0;
    enum baton_status rc = store_sqlite_open(fuzz_in_folder(controller_db), STORE_READ_WRITE,
                                             crypto_digest_port(), &s, &err);
    if (rc != BATON_OK) {
        FUZZ_CHECK(err.text[0] != '\0');
        return;
    }
    if (!bytes_alone)
        check_log(&s);
    for (int table = 0; table < TABLE_COUNT && rc == BATON_OK; table++)
        rc = s.each(s.ctx, (enum store_table)table, NULL, 0, count_row, &bytes, &err);
    if (rc == BATON_OK)
        rc = s.begin(s.ctx, &err);
    if (rc == BATON_OK)
        rc = s.put(s.ctx, TABLE_META, "fuzz", 4, "x", 1, &err);
    if (rc == BATON_OK)
        rc = s.commit(s.ctx, &err);
    FUZZ_CHECK(rc == BATON_OK || err.text[0] != '\0');
    s.close(s.ctx);
}

static void
check_promise(const struct promise *p)
{
    uint8_t was[PROMISE_BYTES_MAX], is[PROMISE_BYTES_MAX];
    size_t len = promise_encode(&promised, was);
    FUZZ_CHECK(promise_encode(p, is) == len && memcmp(was, is, len) == 0);
}

static void
use_agent(void)
{
    struct agent_store *s = NULL;
    struct baton_err err = {0};
    static struct promise p;
    uint8_t *plan = NULL;
    size_t len;
    if (agent_store_open(fuzz_folder, &s, &err) != BATON_OK) {
        FUZZ_CHECK(err.text[0] != '\0');
        return;
    }
    if (agent_store_promise(s, &p, &err) == BATON_OK)
        check_promise(&p);
    if (agent_store_get(s, "plan", &plan, &len, &err) == BATON_OK)
        free(plan);
    enum baton_status rc = agent_store_begin(s, &err);
    if (rc == BATON_OK)
        rc = agent_store_put(s, "observed", "x", 1, &err);
    if (rc == BATON_OK)
        rc = agent_store_commit(s, &err);
    FUZZ_CHECK(rc == BATON_OK || err.text[0] != '\0');
    agent_store_close(&s);
}

/* It died: its file as it lay there, and its -wal with pages and bytes changed. */
static void
use_dead(const uint8_t *edits, size_t len)
{
    make_draft(&wal, edits, len);
    fuzz_folder_write(controller_db, dead.bytes, dead.len);
    fuzz_folder_write(controller_wal, draft, draft_len);
    use_controller(false);
}

/* The first byte: whose file; changed, or bytes alone; with something beside it; or what a dead one left. */
static void
run(const char *text, size_t len)
{
    const uint8_t *bytes = (const uint8_t *)text;
    if (len == 0)
        return;
    begin();
    bool agents = bytes[0] & 1;
    fuzz_folder_empty();
    if (bytes[0] & 16) {
        use_dead(bytes + 1, len - 1);
        return;
    }
    fuzz_folder_write(copy_file, copy.bytes, copy.len);
    if (bytes[0] & 2) {
        draft_len = len - 1 < sizeof draft ? len - 1 : sizeof draft;
        memcpy(draft, bytes + 1, draft_len);
    } else
        make_draft(agents ? &agent : &controller, bytes + 1, len - 1);
    fuzz_folder_write(agents ? agent_db : controller_db, draft, draft_len);
    if (bytes[0] & 4)
        fuzz_folder_write(agents ? "agent.db-wal" : "baton.db-wal", bytes + 1, len - 1);
    if (bytes[0] & 8)
        fuzz_folder_write(agents ? "agent.db-journal" : "baton.db-journal", bytes + 1, len - 1);
    if (agents)
        use_agent();
    else
        use_controller(bytes[0] & 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_whole(run, data, size);
}
