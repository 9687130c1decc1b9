#include "schema.h"

#include <string.h>

static const char everything[] = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema"
                                 " ORDER BY type, name";

static bool
same_row(sqlite3_stmt *a, sqlite3_stmt *b)
{
    for (int i = 0; i < sqlite3_column_count(a); i++) {
        const char *one = (const char *)sqlite3_column_text(a, i);
        const char *other = (const char *)sqlite3_column_text(b, i);
        if (one == NULL || other == NULL || strcmp(one, other) != 0)
            return false;
    }
    return true;
}

static enum baton_status
differs(sqlite3_stmt *has, struct baton_err *err)
{
    const char *type = (const char *)sqlite3_column_text(has, 0);
    const char *name = (const char *)sqlite3_column_text(has, 1);
    return baton_fail(err, BATON_CORRUPT,
                      "its schema is not the one this program makes, at %s '%s': go back to a "
                      "backup, or find out who changed it",
                      type == NULL ? "something" : type, name == NULL ? "?" : name);
}

static enum baton_status
compare(sqlite3_stmt *has, sqlite3_stmt *made, struct baton_err *err)
{
    for (;;) {
        int a = sqlite3_step(has), b = sqlite3_step(made);
        if (a == SQLITE_DONE && b == SQLITE_DONE)
            return BATON_OK;
        if ((a != SQLITE_ROW && a != SQLITE_DONE) || (b != SQLITE_ROW && b != SQLITE_DONE))
            return baton_fail(err, (a & 0xff) == SQLITE_NOMEM ? BATON_NOMEM : BATON_CORRUPT,
                              "its schema cannot be read (SQLite %d)", a);
        if (a != b || !same_row(has, made))
            return differs(a == SQLITE_ROW ? has : made, err);
    }
}

static int
make(const char *const *made_by, size_t count, sqlite3 **ret_db)
{
    int code =
        sqlite3_open_v2(":memory:", ret_db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL);
    for (size_t i = 0; code == SQLITE_OK && i < count; i++)
        code = sqlite3_exec(*ret_db, made_by[i], NULL, NULL, NULL);
    return code;
}

enum baton_status
schema_check(sqlite3 *db, const char *const *made_by, size_t count, struct baton_err *err)
{
    sqlite3 *ours = NULL;
    sqlite3_stmt *has = NULL, *made = NULL;
    enum baton_status rc = BATON_OK;
    if (make(made_by, count, &ours) != SQLITE_OK ||
        sqlite3_prepare_v2(ours, everything, -1, &made, NULL) != SQLITE_OK)
        rc = baton_fail(err, BATON_NOMEM, "no memory to check the schema");
    int code = rc != BATON_OK ? SQLITE_OK : sqlite3_prepare_v2(db, everything, -1, &has, NULL);
    if (code != SQLITE_OK)
        rc = baton_fail(err, (code & 0xff) == SQLITE_NOMEM ? BATON_NOMEM : BATON_CORRUPT,
                        "its schema cannot be read: %s", sqlite3_errmsg(db));
    if (rc == BATON_OK)
        rc = compare(has, made, err);
    sqlite3_finalize(has);
    sqlite3_finalize(made);
    (void)sqlite3_close(ours);
    return rc;
}
