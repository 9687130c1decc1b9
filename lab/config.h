/* config.h: the configuration folder of a server, as Get-ADSyncServerConfiguration dumps it, or as the
 * engine of a DirSync server exports it.
 *
 * Shape      SERVER/configuration/{Connectors,GlobalSettings,SynchronizationRules}, or of DirSync
 *            SERVER/configuration/{MA-{ID}.XML,MV.XML}. A small one of the lab's own, or a copy of a real export. What is read back (connectors, settings)
 *            always comes from those files; the values that live in the simulated product (staging,
 *            schedule, version, auto-upgrade) replace theirs on the way out and in MV.xml itself.
 * Limits     CONNECTORS_MAX connectors, PARAMETERS_MAX settings; files up to CONFIG_FILE_MAX.
 * Source     domain 1.5, 2.3, 2.5; formats 1, 8.
 */
#ifndef LAB_CONFIG_H
#define LAB_CONFIG_H

#include "world.h"

enum { CONFIG_FILE_MAX = 32 * 1024 * 1024 };

/* Writes the folder and fills the disk's connectors from it. */
enum baton_status config_install(struct server *s, struct baton_err *err) BATON_MUST_USE;
/* Brings MV.xml up to the live values; what `collect configuration` does. */
enum baton_status config_refresh(struct server *s, struct baton_err *err) BATON_MUST_USE;
/* [{"Name":..., "Value":...}] with live values in place; NULL and err when unreadable. */
json_t *config_settings(struct server *s, struct baton_err *err);

/* Value of a setting that lives in the product; false: not a live one. */
bool config_live_value(const struct server *s, const char *name, char *ret_value, size_t cap);

#endif
