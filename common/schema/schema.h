/* schema.h: a database has the tables, indexes and triggers that Baton made, and nothing else.
 *
 * Shape      The statements that make it are run on an empty database in memory; both lists of what is
 *            there must be the same, text by text. Somebody else's trigger would run inside our own
 *            transactions, and a view or a generated column could stand for one of our tables.
 * Errors     BATON_CORRUPT names what differs; BATON_NOMEM.
 * Threads    The connection's.
 * Source     SQLite, "Defense Against The Dark Arts": an application that opens files it did not make.
 */
#ifndef BATON_SCHEMA_H
#define BATON_SCHEMA_H

#include "baton/status.h"

#include <sqlite3.h>
#include <stddef.h>

enum baton_status schema_check(sqlite3 *db, const char *const *made_by, size_t count,
                               struct baton_err *err) BATON_MUST_USE;

#endif
