/* config_fim.h: the configuration of a DirSync server, as the engine of its time exports it.
 *
 * Shape      FOLDER/MA-{ID}.XML of each management agent, and FOLDER/MV.XML of the metaverse. There are no
 *            synchronization rules and no global parameters: what config_content.h's rules bring in
 *            stands as import flows in MV.XML, what they send out as export flows of the Entra
 *            agent. All partitions of the forest are listed, one is selected. Lines end with CR LF.
 * Source     formats 8, domain 1.4, 1.5, by their element names; the content is the lab's own.
 */
#ifndef LAB_CONFIG_FIM_H
#define LAB_CONFIG_FIM_H

#include "world.h"

enum baton_status config_fim_write(const struct server *s, const char *folder,
                                   struct baton_err *err) BATON_MUST_USE;

#endif
