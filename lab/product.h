/* product.h: DirSync, Azure AD Sync and Entra Connect: what each puts on a server.
 *
 * Shape      One row per product: its services, its task, how often it cycles. A product is first
 *            installed (entry and services), then configured (connectors); until then it exports
 *            nothing, whatever its staging flag says.
 * Source     domain 1.2, 1.3, 2.1, 2.2.
 */
#ifndef LAB_PRODUCT_H
#define LAB_PRODUCT_H

#include "world.h"

struct product_row {
    enum product_kind kind;
    const char *class_name, *version, *sql, *run_as;
    const char *ad_connector;    /* NULL: the forest's name */
    const char *entra_connector; /* NULL: "TENANT.onmicrosoft.com - AAD" */
    struct {
        const char *name, *display;
        bool engine;
    } service[SERVICES_MAX];
    const char *task;
    uint64_t interval_ms; /* between cycle starts: three hours, or thirty minutes, shortened */
};

const struct product_row *product_row(enum product_kind kind);
const char *product_class_name(enum product_kind kind);
bool product_kind_parse(const char *name, enum product_kind *ret_kind);

void product_install(struct server *s, enum product_kind kind);
enum baton_status product_configure(struct server *s, bool staging,
                                    struct baton_err *err) BATON_MUST_USE;
void product_uninstall(struct server *s, const char *by, struct reply reply);
void product_run_ended(struct server *s); /* an uninstall may have waited for it */
/* Another version in place, as auto-upgrade does: the engine starts anew. */
void product_upgrade(struct server *s, const char *version);
void product_power_lost(struct server *s, const struct baton_err *why);

#endif
