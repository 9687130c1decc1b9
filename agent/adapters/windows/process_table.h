/* process_table.h: which processes matter to a handoff, by what can be seen of them.
 *
 * Shape      An engine is known by its service's process; by name too, since one that was started by
 *            hand or outlived its service exports as well. A shell counts once it has mapped a file
 *            of the sync product, or when it lets nobody look.
 * Threads    Reentrant; compiles everywhere.
 * Source     domain 1.1, 2.2, 2.7; protocol 3 (kind `staged`).
 */
#ifndef AGENT_WINDOWS_PROCESS_TABLE_H
#define AGENT_WINDOWS_PROCESS_TABLE_H

#include "baton/host.h"

struct process_view {
    const char *image;       /* the program's name without its folder */
    const char *wizard;      /* of the wizard that the registry names, as image; "" */
    bool engine;             /* is the process of an engine's service */
    bool interactive;        /* in a person's session */
    bool installing;         /* the installer is at work somewhere */
    bool sync_files, unseen; /* of a shell: maps files of the product; cannot be looked into */
};

/* True: it matters, as that kind. */
bool process_kind_of(const struct process_view *view, enum process_kind *ret_kind);
/* Whether it is interactive decides. */
bool process_needs_session(const char *image);
/* The list of processes ended so, by the system's code: it was whole, not cut short. Nobody who is not in a
 * list that was cut short is gone. */
bool process_list_is_whole(uint32_t code);
/* Worth looking into for what it has mapped. */
bool process_is_shell(const char *image);
/* A mapped file, by its path of any form, is the product's: it lies below engine_folder (which has a
 * drive, "" when not known), or in a module folder of one of the products. */
bool process_file_is_sync(const char *path, const char *engine_folder);

#endif
