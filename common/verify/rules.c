#include "rules.h"

#include <string.h>

// clang-format off
#define NONE FINDING_NO_LIMIT

/* parity: the new server must change nothing. parallel-upgrade: a new product version with its own
 * standard rules. unsupported-path: rules applied again by hand, each difference decided by people. */
static const struct verify_rule rules[] = {
    /* pending exports */
    {"EX-DELETES", AREA_EXPORTS, "objects that would be deleted in the tenant",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "a forgotten container or filter shows as deletes, and the product's own limit of 500 lets a small tenant lose everybody"},
    {"EX-DELETE-ADDS", AREA_EXPORTS, "objects that would be deleted and made again",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "an object made again loses its licences, mailbox and memberships"},
    {"EX-ANCHOR-CHANGES", AREA_EXPORTS, "objects whose source anchor would change",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "the source anchor is what ties an object to its twin in the tenant; it never changes in a good handoff"},
    {"EX-ADDS-EXISTING", AREA_EXPORTS, "adds of objects that the tenant already has",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "the join failed: another source anchor makes a second object beside the first"},
    {"EX-ADDS", AREA_EXPORTS, "objects that would be added",
     {{0, 100, SEVERITY_REVIEW}, {NONE, 1, SEVERITY_REVIEW}, {NONE, 5, SEVERITY_REVIEW}},
     "adds that nobody can explain mean a wider scope than before"},
    {"EX-UPDATES", AREA_EXPORTS, "objects that would be updated",
     {{0, 100, SEVERITY_REVIEW}, {NONE, 5, SEVERITY_REVIEW}, {NONE, 20, SEVERITY_REVIEW}},
     "updates that nobody can explain mean that rules or attributes differ"},
    {"EX-RENAMES", AREA_EXPORTS, "objects whose DN would change",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}},
     "a DN towards the tenant is made of the source anchor: a rename is an anchor question"},
    {"EX-MASS-CHANGE", AREA_EXPORTS, "objects of one type for which the same attribute would change",
     {{25, 5, SEVERITY_BLOCK}, {100, 5, SEVERITY_BLOCK}, {NONE, 20, SEVERITY_REVIEW}},
     "many changes of one attribute are a rule or a mapping that differs, not people's work"},
    {"EX-WATCHED", AREA_EXPORTS, "changes of attributes that people sign in and get mail with",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}, {10, 100, SEVERITY_REVIEW}},
     "userPrincipalName, mail, proxyAddresses and accountEnabled decide who can sign in and receive mail"},
    {"EX-EMPTIED", AREA_EXPORTS, "objects that would lose the whole value of an attribute",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}, {NONE, 5, SEVERITY_REVIEW}},
     "an attribute that nothing flows into any more is emptied in the tenant"},
    {"EX-MEMBERSHIP", AREA_EXPORTS, "groups that would lose members",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}, {NONE, 5, SEVERITY_REVIEW}},
     "members that the new server does not know leave the group in the tenant"},
    {"EX-CONFLICT-DN", AREA_EXPORTS, "objects with a replication conflict in their name",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}},
     "Active Directory kept two objects of one name: mend it before the handoff"},
    {"EX-UNKNOWN", AREA_EXPORTS, "deltas with an operation that nobody knows",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "what is not understood is not counted as harmless"},
    {"EX-LEFT-OUT", AREA_EXPORTS, "objects of which the file says that something is pending and not what",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}},
     "a file made with /o: leaves deltas out, and what is not in it cannot be judged"},
    {"EX-DIFFERENT", AREA_EXPORTS, "objects that the two servers would export differently",
     {{0, 100, SEVERITY_REVIEW}, {NONE, 1, SEVERITY_REVIEW}, {NONE, 5, SEVERITY_REVIEW}},
     "the two servers do not agree on what the tenant should hold"},
    {"EX-ONLY-OLD", AREA_EXPORTS, "objects that only the old server would export",
     {{0, 100, SEVERITY_REVIEW}, {NONE, 1, SEVERITY_REVIEW}, {NONE, 5, SEVERITY_REVIEW}},
     "a change of the old server that the new one does not know is lost or undone"},
    {"EX-ONLY-NEW", AREA_EXPORTS, "objects that only the new server would export",
     {{0, 100, SEVERITY_REVIEW}, {NONE, 1, SEVERITY_REVIEW}, {NONE, 5, SEVERITY_REVIEW}},
     "a change that only the new server wants comes from its configuration"},
    /* configuration */
    {"CF-SCOPE-NARROWED", AREA_CONFIG, "places where fewer objects are in scope",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "what leaves the scope is deleted in the tenant"},
    {"CF-SCOPE-WIDENED", AREA_CONFIG, "places where more objects are in scope",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}},
     "objects that were kept out on purpose appear in the tenant"},
    {"CF-ATTRIBUTE-LOST", AREA_CONFIG, "attributes that no longer flow",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_REVIEW}},
     "an attribute that no longer flows is emptied in the tenant"},
    {"CF-ATTRIBUTE-ADDED", AREA_CONFIG, "attributes that begin to flow",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_INFO}, {0, 100, SEVERITY_INFO}},
     "values appear in the tenant that were not there"},
    {"CF-RULE-MISSING", AREA_CONFIG, "synchronization rules that the new server lacks",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_REVIEW}},
     "what the rule did to every object stops"},
    {"CF-RULE-CHANGED", AREA_CONFIG, "synchronization rules that differ",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}},
     "the rule does something else to every object in its scope"},
    {"CF-RULE-ADDED", AREA_CONFIG, "synchronization rules that only the new server has",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}},
     "a rule that nobody had before changes objects in its scope"},
    {"CF-PASSWORD-SYNC", AREA_CONFIG, "connectors on which password synchronization differs",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "people can no longer sign in, or hashes leave that were kept at home"},
    {"CF-ANCHOR", AREA_CONFIG, "differences of the source anchor",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "another source anchor joins no object to its twin: everything is made a second time"},
    {"CF-PARAMETER", AREA_CONFIG, "global parameters and thresholds that differ",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}},
     "the server behaves differently in one named way"},
    {"CF-EXPECTED", AREA_CONFIG, "differences that a newer product version brings",
     {{NONE, 100, SEVERITY_INFO}, {NONE, 100, SEVERITY_INFO}, {NONE, 100, SEVERITY_INFO}},
     "known and harmless; shown so that nobody wonders"},
    /* run history */
    {"RUN-CONNECTOR", AREA_RUNS, "connectors of which the history has no run",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "the four operations are needed on every connector, and this one is not there"},
    {"RUN-FULL-IMPORT", AREA_RUNS, "connectors without a successful full import",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "what was not imported whole is unknown to the server: it would export from half a picture"},
    {"RUN-FULL-SYNC", AREA_RUNS, "connectors without a successful full synchronization",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "the rules have not been applied to every object: what the server would export is not what it will export"},
    {"RUN-STALE", AREA_RUNS, "full operations from before the last change of the configuration",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "they were made under another configuration, and say nothing about this one"},
    {"RUN-DOUBTFUL", AREA_RUNS, "runs that ended with warnings, transient objects, or a full operation without objects",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}},
     "the product calls them finished, and something was left out"},
    {"RUN-UNKNOWN-RESULT", AREA_RUNS, "newest runs of their kind with a result that nobody knows",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "what is not understood is not counted as a success"},
    {"RUN-IN-PROGRESS", AREA_RUNS, "runs that have not ended",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}},
     "what it will have done is not known yet"},
    {"RUN-FAILED", AREA_RUNS, "newest imports or synchronizations that failed",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "a later run failed: what the server knows is older than its last success"},
    {"RUN-FAILED-OTHER", AREA_RUNS, "newest exports or other runs that failed",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}},
     "a run failed that is none of the four operations"},
    {"RUN-FENCED-EXPORT", AREA_RUNS, "exports of a server that was fenced",
     {{0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}, {0, 100, SEVERITY_BLOCK}},
     "at most one server may export: counters that are not zero, or that nobody said, are the evidence that two did"},
    {"RUN-FENCED-EMPTY", AREA_RUNS, "export runs without objects of a server that was fenced",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}},
     "a server that was fenced runs nothing"},
    {"RUN-CHANGE-UNKNOWN", AREA_RUNS, "configurations of which nobody said when they were last changed",
     {{0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}, {0, 100, SEVERITY_REVIEW}},
     "a full operation counts only when it began after the last change"},
};
// clang-format on

const struct verify_rule *
verify_rules(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(rules);
    return rules;
}

const struct verify_rule *
verify_rule_named(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (strcmp(rules[i].id, id) == 0)
            return &rules[i];
    return NULL;
}

const char *
rule_area_name(enum rule_area area)
{
    static const char *const names[] = {"exports", "config", "runs", "server", "prerequisites"};
    return (size_t)area < ARRAY_LEN(names) ? names[area] : "unknown";
}

const char *
preset_name(enum preset p)
{
    static const char *const names[] = {"parity", "parallel-upgrade", "unsupported-path"};
    return (size_t)p < ARRAY_LEN(names) ? names[p] : "unknown";
}

bool
preset_parse(const char *text, enum preset *ret_preset)
{
    for (int p = PRESET_PARITY; p < PRESET_COUNT; p++)
        if (strcmp(preset_name((enum preset)p), text) == 0) {
            *ret_preset = (enum preset)p;
            return true;
        }
    return false;
}
