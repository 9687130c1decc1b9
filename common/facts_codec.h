/* facts_codec.h: the canonical bytes of facts, inside a statement or alone in a report.
 *
 * Shape      Only what is known or absent is written, by rising id; unknown ids are refused.
 * Source     docs/formats.md "Facts".
 */
#ifndef COMMON_FACTS_CODEC_H
#define COMMON_FACTS_CODEC_H

#include "baton/facts.h"
#include "common/canon.h"

void facts_put(struct canon_writer *w, const struct facts *f);
void facts_get(struct canon_reader *r, struct facts *f);

#endif
