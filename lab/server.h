/* server.h: one simulated server: power, machine identity, processes, event log, snapshots.
 *
 * Shape      What lies on disk is struct disk; the rest ends with the power. Whoever changes a
 *            service, the staging flag, the power or an account calls server_judge at once.
 */
#ifndef LAB_SERVER_H
#define LAB_SERVER_H

#include "world.h"

struct server_options {
    const char *name;
    enum product_kind product; /* NO_PRODUCT: an empty server */
    const char *config_from;   /* folder with a configuration export, or NULL */
};

enum baton_status server_add(struct world *w, const struct server_options *options,
                             struct baton_err *err) BATON_MUST_USE;
void server_close(struct server *s);

bool server_can_export(const struct server *s);
void server_judge(struct server *s);
void server_product_event(struct server *s);

void server_power_off(struct server *s);
void server_power_on(struct server *s);
void server_boot_services(struct server *s, uint64_t after_ms); /* those that are automatic */
enum baton_status server_snapshot(struct server *s, struct baton_err *err) BATON_MUST_USE;
enum baton_status server_revert(struct server *s, bool new_generation,
                                struct baton_err *err) BATON_MUST_USE;

uint32_t process_start(struct server *s, enum process_is kind, const char *session);
void process_end(struct server *s, uint32_t pid);
void process_end_all(struct server *s, enum process_is kind);
size_t process_count(const struct server *s, enum process_is kind);
const char *process_kind_name(enum process_is kind);

void server_log(struct server *s, const char *source, int id, const char *by, const char *fmt, ...)
    BATON_PRINTF(5, 6);

enum place { SETTINGS_EXPORT, SETTINGS_IMPORT, PENDING_EXPORT, CONFIGURATION, PLACES };
const char *place_name(enum place place);
const char *place_folder(enum place place); /* relative to the server's folder; "." is itself */
/* Path relative to the server's folder of the newest finished file there; false: none. */
bool place_newest(const struct server *s, enum place place, char *ret_path, size_t cap);
void place_event(struct server *s, enum place place, const char *path);

#endif
