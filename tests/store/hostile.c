/* Database files that nobody's program wrote: a bit flipped, a page of something else, cut, rolled back,
 * without its journal, with triggers and views planted in it. Each has to end in one error that says
 * something, or in the very state that was there; what an agent goes on with is never a lower epoch, never
 * a role that it did not have.
 *
 *   hostile [stride]   every stride-th byte of each page (1: all) */
#include "workload.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096 };

static struct model_image valid, older;
static struct work_found truth;
static unsigned failures;

static struct { /* of an agent, as it lay on the disk */
    uint8_t bytes[256];
    size_t len;
} copy;

static struct {
    unsigned tried, refused, unharmed, unseen;
} count;

static void
complain(const struct work_kind *kind, const char *what, size_t at, const char *why)
{
    if (failures++ < 20)
        fprintf(stderr, "FAILED %s, %s at %zu: %s\n", kind->name, what, at, why);
}

/* A controller's rows are not covered by a hash of their own: a flipped bit in one is a state that this
 * file could have been restored to, and agents believe no epoch that falls (protocol 8). */
static bool
may_be_unseen(const struct work_kind *kind)
{
    return kind == &work_controller;
}

static FILE *
copy_open(const struct work *w, const char *how)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/tombstone", w->dir);
    return fopen(path, how);
}

static void
copy_keep(const struct work *w)
{
    FILE *file = copy_open(w, "rb");
    copy.len = file == NULL ? 0 : fread(copy.bytes, 1, sizeof copy.bytes, file);
    if (file != NULL)
        (void)fclose(file);
}

static void
copy_put_back(const struct work *w)
{
    FILE *file = copy.len == 0 ? NULL : copy_open(w, "wb");
    if (file == NULL)
        return;
    BATON_ASSERT(fwrite(copy.bytes, 1, copy.len, file) == copy.len);
    (void)fclose(file);
}

static void
judge(struct work *w, const struct work_kind *kind, const char *what, size_t at, bool rolled_back)
{
    struct baton_err err = {0};
    struct work_found f;
    count.tried++;
    copy_put_back(w);
    enum baton_status rc = work_open(w, kind, &f, &err);
    bool same = f.promise == truth.promise;
    if (rc != BATON_OK) {
        count.refused++;
        if (err.text[0] == 0)
            complain(kind, what, at, "an error without a word");
    } else if (f.forgotten) {
        count.refused++;
    } else if (f.digest == truth.digest) {
        count.unharmed++;
    } else if (rolled_back) {
        /* A whole older state: the second copy keeps the epoch, and the holder's role ends with it. */
        if (kind == &work_agent && (f.epoch < truth.epoch || f.holding))
            complain(kind, what, at, "an older promise is believed");
    } else {
        count.unseen++;
        if (!may_be_unseen(kind) && !same)
            complain(kind, what, at, "another promise is believed");
    }
    if (rc == BATON_OK && !f.none && work_more(w, &err) != BATON_OK && err.text[0] == 0)
        complain(kind, what, at, "a write failed without a word");
    work_drop(w);
}

static struct model_bytes *
main_file(struct model_image *image, const struct work *w)
{
    return &image->file[model_file(w->path)];
}

/* Heads of pages and the end of the second one, where the first rows lie, more closely. */
static size_t
next_place(size_t at, unsigned stride)
{
    bool close = at % PAGE < 128 || (at > 2 * PAGE - 800 && at < 2 * PAGE);
    return at + (close && stride > 8 ? 7 : stride);
}

static void
flip_bits(struct work *w, const struct work_kind *kind, unsigned stride)
{
    struct model_image *image = calloc(1, sizeof *image);
    BATON_ASSERT(image != NULL);
    size_t len = main_file(&valid, w)->len;
    for (size_t at = 0; at < len; at = next_place(at, stride)) {
        image_copy(image, &valid);
        main_file(image, w)->bytes[at] ^= (uint8_t)(1u << (at / stride + at) % 8);
        model_load(image, NULL);
        judge(w, kind, "a flipped bit", at, false);
    }
    image_done(image);
    free(image);
}

enum page_kind { PAGE_NOISE, PAGE_ZERO, PAGE_ONES, PAGE_OTHER, PAGE_KINDS };

static void
spoil_page(struct model_bytes *file, size_t page, enum page_kind how)
{
    uint8_t *at = file->bytes + page * PAGE;
    uint64_t random = 0x2545f4914f6cdd1d + page;
    size_t other = (page + 1) % (file->len / PAGE);
    switch (how) {
    case PAGE_NOISE:
        for (size_t i = page == 0 ? 100 : 0; i < PAGE; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            at[i] = (uint8_t)(random >> 56);
        }
        break;
    case PAGE_ZERO:
    case PAGE_ONES:
        memset(at, how == PAGE_ZERO ? 0 : 0xff, PAGE);
        break;
    case PAGE_OTHER:
    case PAGE_KINDS:
        memmove(at, file->bytes + other * PAGE, PAGE);
        break;
    }
}

static void
spoil_pages(struct work *w, const struct work_kind *kind)
{
    struct model_image *image = calloc(1, sizeof *image);
    BATON_ASSERT(image != NULL);
    size_t pages = main_file(&valid, w)->len / PAGE;
    for (size_t page = 0; page < pages; page++) {
        for (int how = 0; how < PAGE_KINDS; how++) {
            image_copy(image, &valid);
            spoil_page(main_file(image, w), page, (enum page_kind)how);
            model_load(image, NULL);
            judge(w, kind, "a page of something else", page, false);
        }
        for (size_t extra = 0; extra < 2; extra++) {
            image_copy(image, &valid);
            main_file(image, w)->len = page * PAGE + extra * (PAGE / 2 + 100);
            model_load(image, NULL);
            judge(w, kind, "cut", page, false);
        }
    }
    image_done(image);
    free(image);
}

/* The whole file of before; and the present one without what lies beside it. */
static void
roll_back(struct work *w, const struct work_kind *kind)
{
    struct model_image *image = calloc(1, sizeof *image);
    BATON_ASSERT(image != NULL);
    image_copy(image, &older);
    model_load(image, NULL);
    judge(w, kind, "rolled back", 0, true);
    image_copy(image, &valid);
    for (int i = 0; i < MODEL_FILES; i++)
        if (i != model_file(w->path))
            image->file[i].exists = false;
    model_load(image, NULL);
    judge(w, kind, "without what lies beside it", 0, true);
    image_done(image);
    free(image);
}

static const char *const planted[] = {
    "CREATE TRIGGER evil AFTER INSERT ON %s BEGIN DELETE FROM %s; END",
    "CREATE TRIGGER evil AFTER UPDATE ON %s BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TRIGGER evil BEFORE INSERT ON %s BEGIN UPDATE %s SET rowid = rowid; END",
    "CREATE VIEW evil AS SELECT * FROM %s",
    "CREATE TABLE evil(a INTEGER, b AS (a * 2) STORED)",
    "CREATE INDEX evil ON %s(1)",
    "ALTER TABLE %s ADD COLUMN evil AS (1)",
    "ALTER TABLE %s RENAME TO moved",
    "CREATE TABLE moved AS SELECT * FROM %s; DROP TABLE %s; CREATE VIEW %s AS SELECT * FROM moved",
};

static bool
plant(struct work *w, const char *form, const char *table)
{
    char sql[512];
    sqlite3 *db = NULL;
    (void)snprintf(sql, sizeof sql, "%s", form);
    for (char *at; (at = strstr(sql, "%s")) != NULL;) {
        char rest[512];
        (void)snprintf(rest, sizeof rest, "%s", at + 2);
        (void)snprintf(at, sizeof sql - (size_t)(at - sql), "%s%s", table, rest);
    }
    bool done = sqlite3_open_v2(w->path, &db, SQLITE_OPEN_READWRITE, "model") == SQLITE_OK &&
                sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    (void)sqlite3_close(db);
    return done;
}

static void
plant_schemas(struct work *w, const struct work_kind *kind)
{
    static const char *const tables[2][5] = {{"row", "log", "object", "outbox", "inbox"},
                                             {"promise", "document", "said", "inbox", "journal"}};
    unsigned done = 0;
    for (size_t i = 0; i < ARRAY_LEN(planted); i++) {
        for (size_t t = 0; t < 5; t++) {
            struct baton_err err = {0};
            struct work_found f;
            model_load(&valid, NULL);
            if (!plant(w, planted[i], tables[kind == &work_agent][t]))
                continue; /* this table cannot have that */
            done++;
            count.tried++;
            enum baton_status rc = work_open(w, kind, &f, &err);
            if (rc != BATON_CORRUPT || strstr(err.text, "schema") == NULL)
                complain(kind, planted[i], t, rc == BATON_OK ? "it is opened" : err.text);
            count.refused += rc != BATON_OK;
            work_drop(w);
        }
    }
    if (done < 30)
        complain(kind, "planted", done, "too few of them could be planted");
}

static void
prepare(struct work *w, const struct work_kind *kind)
{
    struct baton_err err = {0};
    struct model_log log;
    work_begin(w, kind);
    for (size_t step = 0; step < kind->steps; step++) {
        if (kind->step[step].run(w, &err) != BATON_OK) {
            fprintf(stderr, "%s, %s: %s\n", kind->name, kind->step[step].name, err.text);
            exit(1);
        }
        if (strcmp(kind->step[step].name, "close") != 0)
            continue;
        log = model_take(&older); /* the image of its beginning */
        model_log_done(&log);
        log = model_take(&older);
        model_log_done(&log);
    }
    log = model_take(&valid);
    model_log_done(&log);
    log = model_take(&valid);
    model_log_done(&log);
    model_load(&valid, NULL);
    copy_keep(w);
    if (work_open(w, kind, &truth, &err) != BATON_OK) {
        fprintf(stderr, "%s: %s\n", kind->name, err.text);
        exit(1);
    }
    work_drop(w);
}

int
main(int argc, char **argv)
{
    static const struct work_kind *const works[] = {&work_controller, &work_agent};
    unsigned stride = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
    BATON_ASSERT(stride > 0);
    model_install();
    for (size_t i = 0; i < ARRAY_LEN(works); i++) {
        struct work w;
        memset(&count, 0, sizeof count);
        prepare(&w, works[i]);
        flip_bits(&w, works[i], stride);
        spoil_pages(&w, works[i]);
        roll_back(&w, works[i]);
        plant_schemas(&w, works[i]);
        work_end(&w);
        printf("%10s: %u damaged files, %u refused, %u unharmed, %u opened with another row\n",
               works[i]->name, count.tried, count.refused, count.unharmed, count.unseen);
        image_done(&valid);
        image_done(&older);
    }
    printf("%u failures\n", failures);
    return failures > 0;
}
