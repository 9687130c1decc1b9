/* service_table.h: the services and tasks of sync products by name, and what the service manager's numbers
 * mean.
 *
 * Shape      A service is known by its name or by its display name: the name of DirSync's scheduler
 *            has no published source. One that runs the engine's program is an engine, whatever it is
 *            called. Names compare without case, as the system has it.
 * Threads    Reentrant; compiles everywhere.
 * Source     domain 1.3, 2.1, 2.2.
 */
#ifndef AGENT_WINDOWS_SERVICE_TABLE_H
#define AGENT_WINDOWS_SERVICE_TABLE_H

#include "baton/host.h"

enum service_role { ROLE_NONE, ROLE_ENGINE, ROLE_SCHEDULER };

struct service_row {
    const char *name, *display;
    enum service_role role;
    enum product product; /* PRODUCT_CONNECT: Azure AD Sync has the same */
};

/* NULL: no sync service. */
const struct service_row *service_row_of(const char *name, const char *display);
/* By the program that the service manager starts, with its path as it stands there; in a folder of
 * DirSync's it is DirSync's. NULL: another program. */
const struct service_row *service_row_of_image(const char *image_path);

extern const char *const sync_task_names[];
extern const size_t sync_task_count;

/* dwCurrentState. A paused engine is a process that runs. */
enum service_state service_state_of(uint32_t state);
/* A control that the system refused with this code may be taken in a moment, the service being in that state
 * (dwCurrentState): it is in the middle of its start or stop, or another one still needs it. */
bool service_may_come(uint32_t code, uint32_t state);
/* SERVICE_AUTO_START and so on, which the registry's Start has too. */
enum start_type start_type_of(uint32_t start);

/* When one that nobody has tried to start since this server was started had stopped, at the latest. One that was made anew
 * since then may have had another before it, which ran: that was gone before the new one's key was written. told: of
 * the newest stop in the event log, which may be cut; 0: none. The others are needed: 0 where one is. */
uint64_t service_stopped_by(uint64_t booted_unix_ms, uint64_t key_unix_ms, uint64_t told_unix_ms);

/* ASCII letters alone are the same in both cases. */
bool same_name(const char *a, const char *b);

#endif
