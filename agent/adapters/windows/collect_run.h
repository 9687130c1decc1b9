/* collect_run.h: one question to the sync product of this Windows server, and its answer as text.
 *
 * Shape      collector_run answers in the shapes that agent/collectors reads: JSON of the product's
 *            cmdlets, or run-history XML of a DirSync-era engine. A question goes to WMI, to
 *            csexport.exe or to one script of the fixed list in Windows PowerShell 5.1, as its row
 *            in collect_table.h says. Questions that come close together share one resident,
 *            bounded PowerShell; it ends by itself after a while (collector_host_idle).
 *            Nothing of a request reaches a command line but which row it is.
 *            COLLECT_PENDING and COLLECT_CONFIGURATION leave a file; collector_place says where.
 * Units      *_ms is milliseconds.
 * Limits     An answer holds HOST_TEXT_MAX. limit_ms 0: the row's own limit. A process and all that
 *            it started end with the limit, with the host and with this program.
 * Errors     BATON_NOT_FOUND: this product or this server has nothing that answers, with the reason.
 *            BATON_TIMEOUT: not in time, or cancelled. BATON_LIMIT: more than is kept.
 *            BATON_REFUSED: a script is not the one that was built in. BATON_FAILED: the cmdlet's
 *            own error record, as a sentence. BATON_MALFORMED: no JSON, no UTF-8. BATON_DENIED,
 *            BATON_IO. Every one with what to do next. Never an answer that is only part of one.
 * Ownership  The caller frees *ret_text, which has a NUL after ret_len bytes.
 * Threads    One at a time (the adapter's worker), which has no apartment of its own: WMI is spoken
 *            to in a multithreaded one. collector_cancel from any thread.
 * Source     protocol 3; domain 1.5, 2.4; docs/collectors.md.
 */
#ifndef AGENT_WINDOWS_COLLECT_RUN_H
#define AGENT_WINDOWS_COLLECT_RUN_H

#include "baton/host.h"

struct collector_host;

/* folder: the agent's own, closed one, which is made when it is not there; UTF-8. Scripts, and what
 * collectors leave, lie in it. */
enum baton_status collector_host_open(const char *folder, struct collector_host **ret_host,
                                      struct baton_err *err) BATON_MUST_USE;
void collector_host_close(struct collector_host **host);

/* Where discovery found the sync engine (the folder above Bin, UTF-8); "" or NULL: not found. What
 * lies there is used only as long as nobody but administrators can write it. */
void collector_host_engine(struct collector_host *host, const char *engine_folder);

/* What discovery found, for what is told of the product itself. */
void collector_host_product(struct collector_host *host, const struct host_product *found);

enum baton_status collector_run(struct collector_host *host, enum host_collector collector,
                                enum product product, uint32_t limit_ms, char **ret_text,
                                size_t *ret_len, struct baton_err *err) BATON_MUST_USE;

/* The question under way, or else the next one, ends with BATON_TIMEOUT at once. */
void collector_cancel(struct collector_host *host);

/* To be called now and then while nothing is asked: ends a resident PowerShell that nobody used for
 * POWERSHELL_IDLE_MS. */
void collector_host_idle(struct collector_host *host);

/* That process belongs to a question: it is the agent's own PowerShell and no sync shell of a person's.
 * From any thread. */
bool collector_has(struct collector_host *host, uint32_t pid);

/* The file behind PLACE_PENDING_EXPORT or PLACE_CONFIGURATION; false: another place, or too long.
 * It may not be there yet. It is replaced as a whole. */
bool collector_place(const struct collector_host *host, enum host_place place, char *out,
                     size_t cap);

#endif
