#include "host_fake.h"

#include "common/readers/config_pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/sha256.h"
#include "common/text.h"

/* --- what the server does --- */

static struct host_service *
find_service(struct host_fake *f, const char *name)
{
    for (size_t i = 0; i < f->service_count; i++)
        if (strcmp(f->service[i].name, name) == 0)
            return &f->service[i];
    return NULL;
}

static void
engine_process(struct host_fake *f, bool runs)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->process_count; i++)
        if (f->process[i].kind != PROCESS_ENGINE)
            f->process[kept++] = f->process[i];
    f->process_count = kept;
    if (runs)
        host_fake_process(f, PROCESS_ENGINE, "SYSTEM");
}

static void
set_state(struct host_fake *f, struct host_service *s, enum service_state state)
{
    if (s->state == state)
        return;
    s->state = (uint8_t)state;
    s->changed_unix_ms = f->now_unix_ms;
    text_copy(s->changed_by, sizeof s->changed_by, "baton-agent");
    if (s->engine)
        engine_process(f, state == SVC_RUNNING);
}

static enum baton_status
do_service(struct host_fake *f, const struct host_request *r, struct baton_err *err)
{
    struct host_service *s = find_service(f, r->name);
    if (s == NULL)
        return baton_fail(err, BATON_FAILED, "there is no service '%s'", r->name);
    if (r->op == HOST_SERVICE_STOP)
        set_state(f, s, SVC_STOPPED);
    else
        s->start = s->start_registry =
            r->op == HOST_SERVICE_DISABLE ? (uint8_t)START_DISABLED : (uint8_t)START_AUTO;
    if (r->op == HOST_SERVICE_ENABLE)
        set_state(f, s, SVC_RUNNING);
    return BATON_OK;
}

static enum baton_status
do_task(struct host_fake *f, const struct host_request *r, struct baton_err *err)
{
    for (size_t i = 0; i < f->task_count; i++) {
        if (strcmp(f->task[i].name, r->name) == 0) {
            f->task[i].enabled = r->op == HOST_TASK_ENABLE;
            return BATON_OK;
        }
    }
    return baton_fail(err, BATON_FAILED, "there is no task '%s'", r->name);
}

static enum baton_status
do_write(struct host_fake *f, const struct host_request *r, struct baton_err *err)
{
    if (r->place != PLACE_SETTINGS_IMPORT)
        return baton_fail(err, BATON_REFUSED, "nothing is ever written there");
    if (r->offset + r->len > FAKE_FILE_BYTES)
        return baton_fail(err, BATON_FULL, "no space left");
    if (r->op == HOST_FILE_WRITE) {
        memcpy(f->part.bytes + r->offset, r->bytes, r->len);
        f->part.len = r->offset + r->len;
        return BATON_OK;
    }
    struct fake_file *file = &f->file[PLACE_SETTINGS_IMPORT];
    *file = f->part;
    file->exists = true;
    file->written_unix_ms = f->now_unix_ms;
    f->part.len = 0;
    return BATON_OK;
}

static enum baton_status
do_file(struct host_fake *f, const struct host_request *r, struct host_completion *done)
{
    const struct fake_file *file = &f->file[r->place];
    done->u.file = (struct host_file){.exists = file->exists,
                                      .bytes = file->exists ? file->len : 0,
                                      .written_unix_ms = file->exists ? file->written_unix_ms : 0,
                                      .offset = r->offset};
    if (r->op == HOST_FILE_STAT)
        return BATON_OK;
    if (!file->exists)
        return baton_fail(&done->err, BATON_NOT_FOUND, "there is no such file");
    if (r->op == HOST_FILE_HASH) {
        sha256_of(file->bytes, file->len, &done->u.file.hash);
        return BATON_OK;
    }
    size_t left = r->offset < file->len ? file->len - (size_t)r->offset : 0;
    done->text_len = left < HOST_READ_MAX ? left : HOST_READ_MAX;
    done->text = calloc(1, done->text_len + 1);
    memcpy(done->text, file->bytes + r->offset, done->text_len);
    return BATON_OK;
}

static const char two_digests[] =
    "{\"config\":\"aa00000000000000000000000000000000000000000000000000000000000000\","
    "\"rules\":\"bb00000000000000000000000000000000000000000000000000000000000000\"}";

/* An export of one small connector. */
static void
write_pack(struct host_fake *f)
{
    static const char connector[] = "<ma-data><id>{b891884f-051e-4a83-95af-2544101c9083}</id>"
                                    "<name>contoso - AAD</name></ma-data>";
    struct fake_file *file = &f->file[PLACE_CONFIGURATION];
    memcpy(file->bytes, config_pack_magic, CONFIG_PACK_MAGIC_BYTES);
    file->len = CONFIG_PACK_MAGIC_BYTES;
    file->len +=
        config_pack_head("Connectors/a.xml", sizeof connector - 1, file->bytes + file->len);
    memcpy(file->bytes + file->len, connector, sizeof connector - 1);
    file->len += sizeof connector - 1;
    file->exists = true;
    file->written_unix_ms = f->now_unix_ms;
}

static enum baton_status
do_collect(struct host_fake *f, const struct host_request *r, struct host_completion *done)
{
    const char *text = r->collector < COLLECT_COUNT ? f->text[r->collector] : NULL;
    if (text == NULL)
        return baton_fail(&done->err, BATON_FAILED, "%s: no such cmdlet",
                          host_collector_name((enum host_collector)r->collector));
    if (r->collector == COLLECT_CONFIGURATION)
        write_pack(f);
    done->text = strdup(text);
    done->text_len = strlen(text);
    return BATON_OK;
}

static enum baton_status
do_query(struct host_fake *f, const struct host_request *r, struct host_completion *done)
{
    switch (r->op) {
    case HOST_SERVICES:
        done->count = f->service_count;
        memcpy(done->u.service, f->service, f->service_count * sizeof f->service[0]);
        done->unwatched = f->unwatched != NULL;
        if (done->unwatched)
            (void)baton_fail(&done->err, BATON_OK, "%s", f->unwatched);
        return BATON_OK;
    case HOST_TASKS:
        done->count = f->task_count;
        memcpy(done->u.task, f->task, f->task_count * sizeof f->task[0]);
        return BATON_OK;
    case HOST_PROCESSES:
        done->count = f->process_count;
        memcpy(done->u.process, f->process, f->process_count * sizeof f->process[0]);
        return BATON_OK;
    case HOST_PRODUCT:
        done->u.product = f->product;
        return BATON_OK;
    case HOST_MACHINE:
        done->u.machine = f->machine;
        return BATON_OK;
    case HOST_EVENTS:
        done->text = strdup("[]");
        done->text_len = 2;
        return BATON_OK;
    case HOST_COLLECT:
        return do_collect(f, r, done);
    case HOST_FILE_STAT:
    case HOST_FILE_HASH:
    case HOST_FILE_READ:
        return do_file(f, r, done);
    case HOST_SERVICE_STOP:
    case HOST_SERVICE_DISABLE:
    case HOST_SERVICE_ENABLE:
        return do_service(f, r, &done->err);
    case HOST_TASK_DISABLE:
    case HOST_TASK_ENABLE:
        return do_task(f, r, &done->err);
    case HOST_FILE_WRITE:
    case HOST_FILE_COMMIT:
        return do_write(f, r, &done->err);
    case HOST_NONE:
    case HOST_OP_COUNT:
        break;
    }
    return BATON_FAILED;
}

/* --- the port --- */

static bool
mutates(enum host_op op)
{
    return op == HOST_SERVICE_STOP || op == HOST_SERVICE_DISABLE || op == HOST_SERVICE_ENABLE ||
           op == HOST_TASK_DISABLE || op == HOST_TASK_ENABLE || op == HOST_FILE_WRITE ||
           op == HOST_FILE_COMMIT;
}

static void
wake(struct host_fake *f)
{
    if (write(f->ready[1], "x", 1) != 1)
        abort();
}

static void
carry_out(struct host_fake *f, struct fake_job *j)
{
    j->held = false;
    j->number = ++f->numbers;
    struct host_completion *done = j->done;
    done->status = f->fail[j->request.op] != BATON_OK
                       ? baton_fail(&done->err, f->fail[j->request.op], "as the test wants it")
                       : do_query(f, &j->request, done);
    free((void *)(uintptr_t)j->request.bytes);
    j->request.bytes = NULL;
    wake(f);
}

static int
fake_fd(void *ctx)
{
    struct host_fake *f = ctx;
    return f->ready[0];
}

static void
note_request(struct host_fake *f, const struct host_request *r)
{
    f->asked[r->op]++;
    if (mutates(r->op) && f->mutation_count < 64)
        f->mutation[f->mutation_count++] = *r;
}

static struct fake_job *
free_job(struct host_fake *f, const struct host_request *r, enum baton_status *ret)
{
    struct fake_job *unused = NULL;
    *ret = BATON_OK;
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct fake_job *j = &f->job[i];
        if (j->done != NULL && j->held && mutates(j->request.op) && mutates(r->op))
            *ret = BATON_CONFLICT;
        if (j->done == NULL)
            unused = j;
    }
    if (*ret == BATON_OK && unused == NULL)
        *ret = BATON_LIMIT;
    return unused;
}

static enum baton_status
fake_submit(void *ctx, const struct host_request *request, uint32_t *ret_ticket,
            struct baton_err *err)
{
    struct host_fake *f = ctx;
    enum baton_status rc;
    struct fake_job *j = free_job(f, request, &rc);
    if (rc != BATON_OK)
        return baton_fail(err, rc, "%s", baton_status_text(rc));
    note_request(f, request);
    *j = (struct fake_job){.held = true, .request = *request};
    if (request->len > 0) {
        uint8_t *copy = malloc(request->len);
        memcpy(copy, request->bytes, request->len);
        j->request.bytes = copy;
    }
    j->done = calloc(1, sizeof *j->done);
    j->done->op = request->op;
    j->done->place = request->place;
    j->done->collector = request->collector;
    j->done->ticket = *ret_ticket = ++f->last_ticket;
    if (!f->hold && !f->hang[request->op])
        carry_out(f, j);
    return BATON_OK;
}

static void
fake_cancel(void *ctx, uint32_t ticket)
{
    struct host_fake *f = ctx;
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct fake_job *j = &f->job[i];
        if (j->done == NULL || !j->held || j->done->ticket != ticket)
            continue;
        j->held = false;
        j->number = ++f->numbers;
        j->done->status = baton_fail(&j->done->err, BATON_TIMEOUT, "cancelled");
        free((void *)(uintptr_t)j->request.bytes);
        j->request.bytes = NULL;
        wake(f);
    }
}

static bool
pop_notice(struct host_fake *f, struct host_completion *ret)
{
    if (f->notice_count == 0)
        return false;
    *ret = f->notice[0];
    f->notice_count--;
    memmove(&f->notice[0], &f->notice[1], f->notice_count * sizeof f->notice[0]);
    return true;
}

static bool
fake_next(void *ctx, struct host_completion *ret)
{
    struct host_fake *f = ctx;
    char x;
    struct fake_job *first = NULL;
    if (pop_notice(f, ret))
        return read(f->ready[0], &x, 1) == 1;
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        struct fake_job *j = &f->job[i];
        if (j->done != NULL && !j->held && (first == NULL || j->number < first->number))
            first = j;
    }
    if (first == NULL)
        return false;
    *ret = *first->done;
    free(first->done);
    *first = (struct fake_job){0};
    return read(f->ready[0], &x, 1) == 1;
}

static void
fake_free(void *ctx, struct host_completion *c)
{
    (void)ctx;
    free(c->text);
    c->text = NULL;
    c->text_len = 0;
}

static bool
fake_lab(void *ctx)
{
    (void)ctx;
    return true;
}

static void
fake_close(void *ctx)
{
    host_fake_done(ctx);
}

struct host_port
host_fake_port(struct host_fake *f)
{
    return (struct host_port){.ctx = f,
                              .fd = fake_fd,
                              .submit = fake_submit,
                              .cancel = fake_cancel,
                              .next = fake_next,
                              .release = fake_free,
                              .lab = fake_lab,
                              .close = fake_close};
}

void
host_fake_open(struct host_fake *f)
{
    memset(f, 0, sizeof *f);
    f->now_unix_ms = 1764000000000;
    f->machine.boot.b[0] = 1;
    f->machine.guid.b[0] = 2;
    f->machine.disk.b[0] = 3;
    f->text[COLLECT_PREREQUISITES] = "{\"os.build\":20348}";
    if (pipe(f->ready) != 0)
        abort();
}

void
host_fake_done(struct host_fake *f)
{
    for (size_t i = 0; i < HOST_PENDING_MAX; i++) {
        if (f->job[i].done != NULL)
            free(f->job[i].done->text);
        free(f->job[i].done);
        free((void *)(uintptr_t)f->job[i].request.bytes);
    }
    close(f->ready[0]);
    close(f->ready[1]);
}

void
host_fake_process(struct host_fake *f, enum process_kind kind, const char *session)
{
    static uint32_t pid = 100;
    struct host_process *p = &f->process[f->process_count++];
    *p = (struct host_process){
        .kind = (uint8_t)kind, .pid = ++pid, .started_unix_ms = f->now_unix_ms};
    text_copy(p->session, sizeof p->session, session);
}

static void
add_service(struct host_fake *f, const char *name, const char *display, bool engine)
{
    struct host_service *s = &f->service[f->service_count++];
    *s = (struct host_service){.engine = engine,
                               .state = SVC_RUNNING,
                               .start = START_AUTO,
                               .start_registry = START_AUTO,
                               .changed_unix_ms = f->now_unix_ms};
    text_copy(s->name, sizeof s->name, name);
    text_copy(s->display, sizeof s->display, display);
    text_copy(s->changed_by, sizeof s->changed_by, "Service Control Manager");
}

void
host_fake_dirsync(struct host_fake *f)
{
    f->product = (struct host_product){.present = true,
                                       .product = PRODUCT_DIRSYNC,
                                       .version = 1LL << 48 | 6438LL << 16 | 3,
                                       .sql_edition = 1};
    add_service(f, "FIMSynchronizationService",
                "Forefront Identity Manager Synchronization Service", true);
    add_service(f, "MSOnlineSyncScheduler", "Windows Azure Active Directory Sync Service", false);
    host_fake_process(f, PROCESS_ENGINE, "SYSTEM");
    f->text[COLLECT_RUNS] = "";
    f->text[COLLECT_CONFIGURATION] = two_digests;
}

void
host_fake_connect(struct host_fake *f)
{
    f->product = (struct host_product){
        .present = true, .product = PRODUCT_CONNECT, .version = 2LL << 48 | 6LL << 32 | 92LL << 16};
    add_service(f, "ADSync", "Microsoft Entra ID Sync", true);
    host_fake_process(f, PROCESS_ENGINE, "SYSTEM");
    f->text[COLLECT_RUNS] = "";
    f->text[COLLECT_RUN_STATUS] = "";
    f->text[COLLECT_SCHEDULER] =
        "{\"CurrentlyEffectiveSyncCycleInterval\":\"00:30:00\",\"SyncCycleEnabled\":true,"
        "\"StagingModeEnabled\":true,\"SchedulerSuspended\":false,\"SyncCycleInProgress\":false}";
    f->text[COLLECT_GLOBAL] =
        "[{\"Name\":\"Microsoft.Synchronize.StagingMode\",\"Value\":\"True\"},"
        "{\"Name\":\"Microsoft.OptionalFeature.ExportDeletionThreshold\",\"Value\":\"True\"},"
        "{\"Name\":\"Microsoft.OptionalFeature.ExportDeletionThresholdValue\",\"Value\":\"500\"}]";
    f->text[COLLECT_CONNECTORS] =
        "[{\"Name\":\"contoso.com\",\"Identifier\":\"11111111-1111-1111-1111-111111111111\"},"
        "{\"Name\":\"contoso.onmicrosoft.com - AAD\","
        "\"Identifier\":\"b891884f-051e-4a83-95af-2544101c9083\"}]";
    f->text[COLLECT_STATISTICS] = "{\"ExportAdds\":3,\"ExportUpdates\":2,\"ExportDeletes\":1,"
                                  "\"TotalConnectors\":1000}";
    f->text[COLLECT_AUTO_UPGRADE] = "\"Suspended\"";
    f->text[COLLECT_CONFIGURATION] = two_digests;
}

void
host_fake_release(struct host_fake *f)
{
    f->hold = false;
    for (size_t i = 0; i < HOST_PENDING_MAX; i++)
        if (f->job[i].done != NULL && f->job[i].held)
            carry_out(f, &f->job[i]);
}

void
host_fake_notify(struct host_fake *f, enum host_notice notice, const char *note)
{
    struct host_completion *n = &f->notice[f->notice_count++];
    *n = (struct host_completion){.notice = notice};
    text_copy(n->err.text, sizeof n->err.text, note);
    wake(f);
}
