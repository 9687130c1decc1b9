/* finding_view.h: findings and verdicts as the offline commands show them. */
#ifndef BATON_FINDING_VIEW_H
#define BATON_FINDING_VIEW_H

#include "baton/finding.h"
#include "output.h"

enum paint severity_paint(uint8_t severity);
enum paint verdict_paint(enum verdict v);
json_t *finding_json(const struct finding *f);
void finding_print(const struct cli *c, const struct finding *f);
/* A text of a file's, whose bytes may be anything. */
json_t *plain_json(const char *text);

#endif
