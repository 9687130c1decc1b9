#include "controller/fleet.h"

#include "controller/tenant_rows.h"

#include <stdlib.h>

struct gather {
    bool lab, no_memory;
    struct first_sync *list;
    size_t count, room;
};

static bool
gather_one(void *arg, const void *key, size_t key_len, const uint8_t *value, size_t len)
{
    struct gather *g = arg;
    struct tenant_row row;
    (void)key;
    (void)key_len;
    if (tenant_row_decode(value, len, &row) != BATON_OK || row.info.lab != g->lab ||
        row.info.first_sync.ms == 0)
        return true;
    if (g->count == g->room) {
        size_t room = g->room == 0 ? 16 : 2 * g->room;
        struct first_sync *list = realloc(g->list, room * sizeof *list);
        g->no_memory = list == NULL;
        if (g->no_memory)
            return false;
        g->list = list;
        g->room = room;
    }
    g->list[g->count++] = row.info.first_sync;
    return true;
}

enum baton_status
fleet_load(const struct store_port *s, const struct tenant_info *assessed, struct fleet *ret_fleet,
           struct baton_err *err)
{
    struct gather g = {.lab = assessed->lab};
    enum baton_status rc = s->each(s->ctx, TABLE_TENANT, NULL, 0, gather_one, &g, err);
    if (rc == BATON_OK && g.no_memory)
        rc = baton_fail(err, BATON_NOMEM, "the site's own upgrades");
    if (rc == BATON_OK)
        fleet_median(g.list, g.count, assessed->policy.v[POLICY_HOURS_PER_50K_MS], ret_fleet);
    free(g.list);
    return rc;
}
