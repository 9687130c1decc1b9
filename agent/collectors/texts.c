/* texts.c: what the collectors print, as facts. */
#include <stdlib.h>
#include <string.h>

#include "common/readers/psjson.h"
#include "common/readers/server_properties.h"
#include "readers.h"

/* A history that ends before what was counted is of another life of this server: from the beginning. */
static void
count_cycles(struct collect *c)
{
    const struct history *h = &c->history;
    bool other = h->newest_before_last != 0 && h->newest_before_last < c->cycle_mark;
    c->cycles_counted =
        other ? h->good_cycles_before_last : c->cycles_counted + h->good_cycles_after;
    if (h->newest_before_last != 0)
        c->cycle_mark = h->newest_before_last;
}

static enum baton_status
read_runs(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    struct history_build *build;
    enum baton_status rc = history_begin(c->cycle_mark, &build, err);
    if (rc != BATON_OK)
        return rc;
    struct history history;
    rc = run_history_read(done->text, done->text_len, history_run, build, err);
    history_end(&build, &history);
    if (rc != BATON_OK)
        return rc;
    if (history.cut)
        return baton_fail(err, BATON_LIMIT, "the run history is longer than Baton reads");
    c->history = history;
    c->history_known = true;
    count_cycles(c);
    return BATON_OK;
}

/* A week of runs is the longest text there is, and stands still in the gap: read again only when it is
 * another one. */
enum baton_status
collect_runs(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    struct baton_hash hash;
    c->digest->sha256(c->digest->ctx, done->text, done->text_len, &hash);
    bool same = c->history_known && c->facts.digest_known[DIGEST_RUNS] &&
                baton_hash_eq(&hash, &c->facts.digest[DIGEST_RUNS]);
    enum baton_status rc = same ? BATON_OK : read_runs(c, done, err);
    if (rc != BATON_OK)
        return rc;
    c->history_stop = c->engine_stopped_at;
    facts_set_digest(&c->facts, DIGEST_RUNS, &hash);
    return BATON_OK;
}

enum baton_status
collect_run_status(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    struct ps_list list;
    enum baton_status rc = ps_list_read(done->text, done->text_len, &list, err);
    c->busy = list.count > 0;
    ps_list_done(&list);
    return rc;
}

/* Every property of the scheduler's that is a fact. */
static void
set_scheduler(struct collect *c, const json_t *object)
{
    size_t count;
    const struct server_property *p = server_properties(&count);
    for (size_t i = 0; i < count; i++) {
        int64_t value;
        if (p[i].answer != ANSWER_SCHEDULER || p[i].fact == FACT_COUNT)
            continue;
        if (server_property_read(&p[i], object, p[i].name, &value))
            collect_set(c, p[i].fact, value);
        else
            collect_absent(c, p[i].fact, ABSENT_ERROR);
    }
}

enum baton_status
collect_scheduler(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    struct ps_list list;
    enum baton_status rc = ps_list_read(done->text, done->text_len, &list, err);
    if (rc == BATON_OK && (list.count != 1 || !json_is_object(ps_list_item(&list, 0))))
        rc = baton_fail(err, BATON_MALFORMED, "the scheduler's settings are not one object");
    if (rc == BATON_OK)
        set_scheduler(c, ps_list_item(&list, 0));
    ps_list_done(&list);
    return rc;
}

/* The value of one global setting; NULL: nobody said it. */
static const char *
setting(const struct ps_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *item, *value;
        if (ps_text(ps_list_item(list, i), "Name", &item) && strcmp(item, name) == 0)
            return ps_text(ps_list_item(list, i), "Value", &value) ? value : NULL;
    }
    return NULL;
}

static bool
setting_bool(const struct ps_list *list, const char *name, bool *ret_value)
{
    const char *text = setting(list, name);
    return text != NULL && ps_text_bool(text, ret_value);
}

static int64_t
whole(const char *text)
{
    int64_t n = 0;
    for (; *text >= '0' && *text <= '9' && n < INT32_MAX; text++)
        n = n * 10 + (*text - '0');
    return *text == '\0' ? n : -1;
}

static void
set_delete_guard(struct collect *c, const struct ps_list *list)
{
    bool on;
    const char *limit = setting(list, "Microsoft.OptionalFeature.ExportDeletionThresholdValue");
    int64_t count = limit == NULL ? -1 : whole(limit);
    if (!setting_bool(list, "Microsoft.OptionalFeature.ExportDeletionThreshold", &on) ||
        (on && count < 0))
        collect_absent(c, FACT_DELETE_GUARD, ABSENT_ERROR);
    else
        collect_set(c, FACT_DELETE_GUARD, on ? count : 0);
}

enum baton_status
collect_global(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    struct ps_list list;
    enum baton_status rc = ps_list_read(done->text, done->text_len, &list, err);
    if (rc != BATON_OK)
        return rc;
    bool staging;
    if (setting_bool(&list, "Microsoft.Synchronize.StagingMode", &staging))
        collect_set(c, FACT_STAGING_SETTINGS, staging);
    else
        collect_absent(c, FACT_STAGING_SETTINGS, ABSENT_ERROR);
    set_delete_guard(c, &list);
    ps_list_done(&list);
    return BATON_OK;
}

static void
take_connector(struct collect *c, const json_t *item)
{
    const char *id_text, *name = "";
    struct baton_id id;
    int64_t changed;
    if (!ps_text(item, "Identifier", &id_text) || !baton_guid_parse(id_text, &id))
        return;
    (void)ps_text(item, "Name", &name);
    if (run_connector_is_entra(name, &id))
        c->entra_connector = true;
    else if (c->ad_connector_count < RUNS_CONNECTORS_MAX)
        c->ad_connector[c->ad_connector_count++] = id;
    if (ps_date(item, "LastModificationTime", &changed) && changed > c->connector_changed_unix_ms)
        c->connector_changed_unix_ms = changed;
}

enum baton_status
collect_connectors(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    struct ps_list list;
    enum baton_status rc = ps_list_read(done->text, done->text_len, &list, err);
    if (rc != BATON_OK)
        return rc;
    c->connectors_known = true;
    c->entra_connector = false;
    c->ad_connector_count = 0;
    for (size_t i = 0; i < list.count; i++)
        take_connector(c, ps_list_item(&list, i));
    ps_list_done(&list);
    return BATON_OK;
}

static bool
read_statistics(struct collect *c, const json_t *object, int64_t *ret_objects)
{
    return ps_count(object, "ExportAdds", &c->statistics_adds) &&
           ps_count(object, "ExportUpdates", &c->statistics_updates) &&
           ps_count(object, "ExportDeletes", &c->statistics_deletes) &&
           ps_count(object, "TotalConnectors", ret_objects);
}

enum baton_status
collect_statistics(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    struct ps_list list;
    int64_t objects = 0,
            before[3] = {c->statistics_adds, c->statistics_updates, c->statistics_deletes};
    enum baton_status rc = ps_list_read(done->text, done->text_len, &list, err);
    if (rc == BATON_OK &&
        (list.count != 1 || !read_statistics(c, ps_list_item(&list, 0), &objects)))
        rc = baton_fail(err, BATON_MALFORMED, "the connector's statistics lack a count");
    ps_list_done(&list);
    if (rc != BATON_OK) {
        c->statistics_known = false;
        return rc;
    }
    bool same = c->statistics_known && before[0] == c->statistics_adds &&
                before[1] == c->statistics_updates && before[2] == c->statistics_deletes;
    c->pending_due = c->pending_due || !same;
    c->statistics_known = true;
    collect_set(c, FACT_OBJECTS, objects);
    return BATON_OK;
}

enum baton_status
collect_auto_upgrade(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    struct ps_list list;
    const char *text = "";
    int64_t value;
    enum baton_status rc = ps_list_read(done->text, done->text_len, &list, err);
    if (rc == BATON_OK && list.count == 1)
        (void)ps_value_text(ps_list_item(&list, 0), &text);
    if (rc == BATON_OK && server_auto_upgrade(text, &value))
        collect_set(c, FACT_AUTO_UPGRADE, value);
    else if (rc == BATON_OK)
        rc = baton_fail(err, BATON_MALFORMED, "unknown auto-upgrade state");
    ps_list_done(&list);
    return rc;
}

static bool
read_digest(const json_t *object, const char *name, struct baton_hash *ret_hash)
{
    const char *hex;
    return ps_text(object, name, &hex) && baton_unhex(hex, ret_hash->b, BATON_HASH_BYTES);
}

enum baton_status
collect_configuration(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    struct ps_list list;
    struct baton_hash config, rules;
    enum baton_status rc = ps_list_read(done->text, done->text_len, &list, err);
    if (rc == BATON_OK &&
        (list.count != 1 || !read_digest(ps_list_item(&list, 0), "config", &config) ||
         !read_digest(ps_list_item(&list, 0), "rules", &rules)))
        rc = baton_fail(err, BATON_MALFORMED, "the configuration's digests are not two hashes");
    ps_list_done(&list);
    if (rc != BATON_OK)
        return rc;
    /* A configuration never seen before has not changed as far as anybody knows. */
    if (c->facts.digest_known[DIGEST_CONFIG] &&
        !baton_hash_eq(&c->facts.digest[DIGEST_CONFIG], &config))
        c->config_changed_unix_ms = -1; /* now; the round knows what time that is */
    facts_set_digest(&c->facts, DIGEST_CONFIG, &config);
    facts_set_digest(&c->facts, DIGEST_RULES, &rules);
    return BATON_OK;
}

/* As a new server: what an old one must be decides nothing. */
static size_t
blocking(const struct collect *c, const json_t *observed, struct prereq_result *result)
{
    struct prereq_question q = {observed, PREREQ_NEW, -1, c->began_unix_ms};
    return prereq_blocking(result, prereq_judge(c->prereq, &q, result));
}

enum baton_status
collect_prerequisites(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    json_t *observed = NULL;
    if (c->prereq == NULL)
        return baton_fail(err, BATON_NOT_FOUND, "nothing says what the server must be");
    struct prereq_result *result = calloc(PREREQ_CHECKS_MAX, sizeof *result);
    enum baton_status rc = result == NULL
                               ? baton_fail(err, BATON_NOMEM, "prerequisites")
                               : prereq_observed_read(done->text, done->text_len, &observed, err);
    if (rc == BATON_OK)
        collect_set(c, FACT_PREREQ_FAILED, (int64_t)blocking(c, observed, result));
    json_decref(observed);
    free(result);
    return rc;
}

/* --- admin actions ----------------------------------------------------------------------------- */

static int
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool
equal_without_case(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (lower(a[i]) != lower(b[i]) || a[i] == '\0')
            return false;
    }
    return true;
}

/* Sync_<HOST>_<id>@tenant: the host with both underscores, so that SYNC1 is not taken for SYNC10. */
static bool
names_account(const char *message, const char *host)
{
    size_t n = strlen(host);
    for (const char *at = strstr(message, "Sync_"); at != NULL; at = strstr(at + 1, "Sync_"))
        if (equal_without_case(at + strlen("Sync_"), host, n) && at[strlen("Sync_") + n] == '_')
            return true;
    return false;
}

/* Numbers of these events differ from build to build; their names do not. The newest word counts: an
 * account that was made again is there again. */
enum baton_status
collect_admin_actions(struct collect *c, const struct host_completion *done, struct baton_err *err)
{
    struct ps_list list;
    enum baton_status rc = ps_list_read(done->text, done->text_len, &list, err);
    if (rc != BATON_OK)
        return rc;
    int64_t newest = c->account_removed;
    for (size_t i = 0; i < list.count; i++) {
        const json_t *item = ps_list_item(&list, i);
        const char *message;
        int64_t at;
        if (!ps_text(item, "Message", &message) || !ps_date(item, "TimeCreated", &at) ||
            at <= newest || !names_account(message, c->account_of))
            continue;
        if (strstr(message, "DeleteEntraConnectorAccount") != NULL)
            c->account_removed = at;
        else if (strstr(message, "AddEntraConnectorAccount") != NULL)
            c->account_removed = 0;
        else
            continue;
        newest = at;
    }
    ps_list_done(&list);
    collect_set(c, FACT_ACCOUNT_REMOVED, c->account_removed);
    return BATON_OK;
}
