/* service.h: Windows services of the sync products, as the service manager shows them.
 *
 * Shape      stopped -> starting -> running -> stopping -> stopped; both changes take time. An
 *            engine that is asked to stop lets the run in progress end first. A service that is
 *            stopping still counts as alive: its process is there.
 */
#ifndef LAB_SERVICE_H
#define LAB_SERVICE_H

#include "world.h"

struct service *service_find(struct server *s, const char *name, struct baton_err *err);
bool service_engine_runs(const struct server *s);
bool service_engine_alive(const struct server *s); /* running or stopping */
bool service_all_run(const struct server *s);      /* DirSync cycles need both of its services */

void service_stop(struct server *s, struct service *svc, const char *by, struct reply reply);
void service_disable(struct server *s, struct service *svc, const char *by);
void service_enable(struct server *s, struct service *svc, const char *by, struct reply reply);
void service_run_ended(struct server *s); /* a stop may have waited for it */

void services_boot(struct server *s); /* starts what is automatic */
void services_power_lost(struct server *s, const struct baton_err *why);
void services_remove(struct server *s, const struct baton_err *why);

const char *service_state_name(enum service_is state);
const char *start_kind_name(enum start_kind start);

#endif
