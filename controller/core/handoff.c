#include "handoff.h"

#include "common/names.h"

#include <string.h>

#define ANY HANDOFF_STATE_COUNT
#define LEGACY                                                                                     \
    (PROFILE_BIT(PROFILE_PARALLEL) | PROFILE_BIT(PROFILE_UNSUPPORTED) |                            \
     PROFILE_BIT(PROFILE_DEAD_SOURCE))
#define PAIR (LEGACY | PROFILE_BIT(PROFILE_SWING)) /* two servers, one of them new */
#define ALL  PROFILE_ALL
/* Two servers, and the old one exports until it is asked to stop. */
#define LIVE (PAIR & ~PROFILE_BIT(PROFILE_DEAD_SOURCE))

/* First match wins. A rule that is spelled out for several states keeps its number and stands in
 * consecutive rows; where one event has two rows, the stricter guards come first. */
// clang-format off
static const struct rule rules[] = {
    /* 2xx: safety, evaluated first */
    {201, ANY, HEV_FOREIGN, {0}, HO_RECONCILE, HFX_REMEMBER | HFX_PAGE, ALL,
     "a server knows a promise or receipt that this ledger does not"},
    {201, HO_ASSESSED, HEV_FACTS, {G_RECONCILING, G_OLD_HOLDS}, HO_RECONCILE, HFX_REMEMBER | HFX_PAGE, PAIR,
     "a server knew more than this ledger when the cutover began, and nobody has confirmed it"},

    {203, HO_RELEASING, HEV_QUARANTINE, {0}, HO_FENCING, HFX_PAGE, PAIR,
     "a quarantined server's evidence is needed next"},
    {203, HO_REVOKING, HEV_QUARANTINE, {0}, HO_FENCING, HFX_PAGE, PAIR,
     "a quarantined server's evidence is needed next"},
    {203, HO_FENCING, HEV_QUARANTINE, {0}, SAME_STATE, HFX_PAGE, PAIR,
     "a quarantined server's evidence is needed next"},
    {203, HO_BREACH, HEV_QUARANTINE, {0}, SAME_STATE, HFX_PAGE, ALL,
     "a server is quarantined while a breach is open"},
    {203, HO_RECONCILE, HEV_QUARANTINE, {0}, SAME_STATE, HFX_PAGE, ALL,
     "a server is quarantined while the record waits to be confirmed"},
    {203, ANY, HEV_QUARANTINE, {0}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, ALL,
     "a server is quarantined: two copies, a reverted state or a changed machine"},

    {205, HO_GAP, HEV_EVER_EXPORTED, {G_LATE_ACTIVATION}, HO_GAP, HFX_PONR | HFX_LATE | HFX_PAGE, LEGACY,
     "late activation: the new server acted after its grant was void, only forward now"},
    {205, HO_GAP, HEV_TAMPER, {G_LATE_ACTIVATION}, HO_GAP, HFX_LATE | HFX_PAGE, PAIR,
     "late activation: the new server acted after its grant was void, only forward now"},
    {205, HO_EXPORT_SETTINGS, HEV_EVER_EXPORTED, {G_ROGUE_NEW}, HO_BREACH, HFX_PONR | HFX_BREACH | HFX_REMEMBER | HFX_PAGE, LEGACY,
     "the new server exported, or left staging, before it was allowed to"},
    {205, HO_SETTINGS_SEALED, HEV_EVER_EXPORTED, {G_ROGUE_NEW}, HO_BREACH, HFX_PONR | HFX_BREACH | HFX_REMEMBER | HFX_PAGE, LEGACY,
     "the new server exported, or left staging, before it was allowed to"},
    {205, HO_INSTALL_STAGED, HEV_EVER_EXPORTED, {G_ROGUE_NEW}, HO_BREACH, HFX_PONR | HFX_BREACH | HFX_REMEMBER | HFX_PAGE, LEGACY,
     "the new server exported, or left staging, before it was allowed to"},
    {205, HO_FIRST_SYNC, HEV_EVER_EXPORTED, {G_ROGUE_NEW}, HO_BREACH, HFX_PONR | HFX_BREACH | HFX_REMEMBER | HFX_PAGE, LEGACY,
     "the new server exported, or left staging, before it was allowed to"},
    {205, HO_VERIFY, HEV_EVER_EXPORTED, {G_ROGUE_NEW}, HO_BREACH, HFX_PONR | HFX_BREACH | HFX_REMEMBER | HFX_PAGE, LEGACY,
     "the new server exported, or left staging, before it was allowed to"},
    {205, HO_READY, HEV_EVER_EXPORTED, {G_ROGUE_NEW}, HO_BREACH, HFX_PONR | HFX_BREACH | HFX_REMEMBER | HFX_PAGE, LEGACY,
     "the new server exported, or left staging, before it was allowed to"},
    {205, HO_ARMED, HEV_EVER_EXPORTED, {G_ROGUE_NEW}, HO_BREACH, HFX_PONR | HFX_BREACH | HFX_REMEMBER | HFX_PAGE, LEGACY,
     "the new server exported, or left staging, before it was allowed to"},
    {205, HO_RELEASING, HEV_EVER_EXPORTED, {G_ROGUE_NEW}, HO_BREACH, HFX_PONR | HFX_BREACH | HFX_REMEMBER | HFX_PAGE, LEGACY,
     "the new server exported, or left staging, before it was allowed to"},
    {205, ANY, HEV_FACTS, {G_ROGUE_NEW}, HO_BREACH, HFX_BREACH | HFX_REMEMBER | HFX_PAGE, ALL,
     "a server exported that neither holds nor was granted the export role"},
    {205, ANY, HEV_FACTS, {G_ROGUE_OLD}, HO_BREACH, HFX_BREACH | HFX_REMEMBER | HFX_PAGE, ALL,
     "the old server exported after it had proved that it stopped"},

    {206, HO_GAP, HEV_TAMPER, {G_TAMPER_OLD, G_APPR_CUTOVER}, HO_GAP, HFX_FENCE_NEW | HFX_PAGE, PAIR,
     "the old server moved inside the gap: everybody is fenced again under a new epoch"},
    {206, HO_GAP, HEV_TAMPER, {G_TAMPER_OLD}, HO_GAP, HFX_PAGE, PAIR,
     "the old server moved inside the gap and the cutover approvals no longer stand: approve again, then start"},
    {206, HO_GRANTING, HEV_TAMPER, {G_TAMPER_OLD, G_APPR_CUTOVER}, HO_GAP, HFX_FENCE_NEW | HFX_PAGE, PAIR,
     "the old server moved while the grant was open: back to the gap under a new epoch"},
    {206, HO_GRANTING, HEV_TAMPER, {G_TAMPER_OLD}, HO_GAP, HFX_VOID | HFX_PAGE, PAIR,
     "the old server moved while the grant was open: the grant is taken back"},

    {207, ANY, HEV_EVER_EXPORTED, {0}, SAME_STATE, HFX_PONR, LEGACY,
     "the new server has left staging or exported: there is no way back to the old one"},

    {208, ANY, HEV_TAMPER, {0}, SAME_STATE, HFX_PAGE, ALL,
     "a guard stopped a server that somebody or something had started"},

    {209, ANY, HEV_FACTS, {G_WRONG_TENANT}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, ALL,
     "a server speaks for another tenant"},

    {211, HO_READY, HEV_FACTS, {G_NEW_CHANGED}, HO_VERIFY, HFX_VERIFY | HFX_REMIND, PAIR,
     "version, rules or configuration of the new server changed: verify again"},
    {211, HO_ARMED, HEV_FACTS, {G_NEW_CHANGED}, HO_VERIFY, HFX_VERIFY | HFX_REMIND, PAIR,
     "version, rules or configuration of the new server changed: verify again"},
    {211, HO_RELEASING, HEV_FACTS, {G_NEW_CHANGED}, SAME_STATE, HFX_NO_GO | HFX_PAGE, PAIR,
     "the new server changed after the verification: no go before it is verified again"},
    {211, HO_GAP, HEV_FACTS, {G_NEW_CHANGED}, SAME_STATE, HFX_NO_GO | HFX_PAGE, PAIR,
     "the new server changed after the verification: verify in the gap, or roll back"},

    {213, HO_FIRST_SYNC, HEV_FACTS, {G_OLD_IMPORT_BROKEN}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, LEGACY,
     "the old server cannot read the directory any more: reset the password of its directory account"},
    {213, HO_VERIFY, HEV_FACTS, {G_OLD_IMPORT_BROKEN}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, LEGACY,
     "the old server cannot read the directory any more: reset the password of its directory account"},
    {213, HO_READY, HEV_FACTS, {G_OLD_IMPORT_BROKEN}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, LEGACY,
     "the old server cannot read the directory any more: reset the password of its directory account"},
    {213, HO_ARMED, HEV_FACTS, {G_OLD_IMPORT_BROKEN}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, LEGACY,
     "the old server cannot read the directory any more: reset the password of its directory account"},

    {215, HO_PLANNED, HEV_FACTS, {G_TABLE_DIFFERS}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, ALL,
     "an agent's acceptance table is not the one this controller plans with"},
    {215, HO_EXPORT_SETTINGS, HEV_FACTS, {G_TABLE_DIFFERS}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, ALL,
     "an agent's acceptance table is not the one this controller plans with"},
    {215, HO_READY, HEV_FACTS, {G_TABLE_DIFFERS}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, ALL,
     "an agent's acceptance table is not the one this controller plans with"},
    {215, HO_ARMED, HEV_FACTS, {G_TABLE_DIFFERS}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, ALL,
     "an agent's acceptance table is not the one this controller plans with"},

    {217, HO_EXPORT_SETTINGS, HEV_FACTS, {G_OLD_REMOVED}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, LEGACY,
     "do not uninstall DirSync yourself before the upgrade: its settings were not exported and sealed yet"},
    {217, HO_SETTINGS_SEALED, HEV_FACTS, {G_OLD_REMOVED}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, LEGACY,
     "do not uninstall DirSync yourself before the upgrade: its settings were not exported and sealed yet"},

    {219, HO_EXPORT_SETTINGS, HEV_REFUSED, {G_REFUSES_THIS}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, ALL,
     "a server refused the adoption: roles swapped, two exporters, or a missing confirmation"},
    {219, HO_SETTINGS_SEALED, HEV_REFUSED, {G_REFUSES_THIS}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, ALL,
     "a server refused the adoption: roles swapped, two exporters, or a missing confirmation"},
    {219, HO_PLANNED, HEV_REFUSED, {G_REFUSES_THIS}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, ALL,
     "a server refused the adoption: roles swapped, two exporters, or a missing confirmation"},
    {219, HO_EXPORT_SETTINGS, HEV_REFUSED, {0}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, ALL,
     "a server refused an order, not the adoption: the audit says which, and why"},
    {219, HO_SETTINGS_SEALED, HEV_REFUSED, {0}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, ALL,
     "a server refused an order, not the adoption: the audit says which, and why"},
    {219, HO_PLANNED, HEV_REFUSED, {0}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, ALL,
     "a server refused an order, not the adoption: the audit says which, and why"},
    {219, HO_RELEASING, HEV_REFUSED, {G_REFUSES_THIS}, SAME_STATE, HFX_PAGE, ALL,
     "a server refused the fence: nothing is granted without its evidence"},
    {219, HO_RELEASING, HEV_REFUSED, {0}, SAME_STATE, HFX_PAGE, ALL,
     "a server refused a challenge or an earlier order: nothing is granted without its evidence"},
    {219, HO_GRANTING, HEV_REFUSED, {G_GRANT_DEAD}, HO_GAP, HFX_PAGE, ALL,
     "the new server refused the grant: back to the gap"},
    {219, HO_GRANTING, HEV_REFUSED, {0}, SAME_STATE, HFX_PAGE, ALL,
     "a server refused something else than the grant: the new server may use that still"},
    {219, HO_RESTORING, HEV_REFUSED, {G_GRANT_DEAD}, HO_REVOKING, HFX_PAGE, ALL,
     "the old server refused the grant: its challenge is repeated"},
    {219, HO_RESTORING, HEV_REFUSED, {0}, SAME_STATE, HFX_PAGE, ALL,
     "a server refused something else than the grant: the old server may use that still"},

    /* 1xx: operators' verbs */
    {101, HO_GRANTING, HEV_HOLD, {0}, HO_GAP, HFX_VOID | HFX_PAGE, ALL,
     "hold: the unused grant is taken back, nobody exports"},
    {101, HO_BREACH, HEV_HOLD, {0}, SAME_STATE, HFX_PAGE, ALL, "a breach already waits for people"},
    {101, HO_RECONCILE, HEV_HOLD, {0}, SAME_STATE, HFX_PAGE, ALL, "reconciling already waits for people"},
    {101, HO_HOLD, HEV_HOLD, {0}, SAME_STATE, 0, ALL, "it is held already"},
    {101, ANY, HEV_HOLD, {0}, HO_HOLD, HFX_REMEMBER | HFX_PAGE, ALL, "a person put it on hold"},

    {102, HO_HOLD, HEV_RESUME, {G_RECONCILING}, HO_RECONCILE, 0, ALL,
     "a person resumed it, and what the servers know better is not confirmed yet"},
    {102, HO_BREACH, HEV_RESUME, {G_RECONCILING, G_NO_TAMPER}, HO_RECONCILE, 0, ALL,
     "the breach is dealt with, and what the servers know better is not confirmed yet"},
    {104, HO_HOLD, HEV_RESUME, {G_BLOB_HERE}, RESUME_STATE, HFX_PLACE_SETTINGS, PAIR,
     "a person resumed it: the sealed settings came meanwhile"},
    {103, HO_HOLD, HEV_RESUME, {G_QUARANTINED}, RESUME_STATE, HFX_PAGE, ALL,
     "a person resumed it while a server is quarantined: it stands still until it is readmitted"},
    {103, HO_HOLD, HEV_RESUME, {0}, RESUME_STATE, 0, ALL, "a person resumed it"},
    {103, HO_BREACH, HEV_RESUME, {G_NO_TAMPER}, RESUME_STATE, HFX_BASELINE, ALL, "the breach is dealt with"},

    {107, HO_VERIFY, HEV_REVERIFY, {0}, SAME_STATE, HFX_VERIFY, PAIR, "verified again"},
    {107, HO_READY, HEV_REVERIFY, {0}, HO_VERIFY, HFX_VERIFY, PAIR, "a person wants it verified again"},
    {107, HO_ARMED, HEV_REVERIFY, {0}, HO_VERIFY, HFX_VERIFY, PAIR, "a person wants it verified again"},
    {107, HO_RELEASING, HEV_REVERIFY, {0}, SAME_STATE, HFX_VERIFY | HFX_NO_GO, PAIR,
     "verification again while the old server stops: no go before it is accepted"},
    {107, HO_REVOKING, HEV_REVERIFY, {G_LATCH_SET}, SAME_STATE, HFX_VERIFY | HFX_NO_GO, PAIR,
     "nothing leads back: what people approve the way forward over is verified"},
    {107, HO_GAP, HEV_REVERIFY, {0}, SAME_STATE, HFX_VERIFY | HFX_NO_GO, PAIR,
     "verification inside the gap: no go before it is accepted"},

    {111, HO_ASSESSED, HEV_ABANDON, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "given up before anything moved"},
    {111, HO_PLANNED, HEV_ABANDON, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "given up before anything moved"},
    {111, HO_EXPORT_SETTINGS, HEV_ABANDON, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "given up before the old server was asked to stop"},
    {111, HO_SETTINGS_SEALED, HEV_ABANDON, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "given up before the old server was asked to stop"},
    {111, HO_INSTALL_STAGED, HEV_ABANDON, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "given up before the old server was asked to stop"},
    {111, HO_FIRST_SYNC, HEV_ABANDON, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "given up before the old server was asked to stop"},
    {111, HO_VERIFY, HEV_ABANDON, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "given up before the old server was asked to stop"},
    {111, HO_READY, HEV_ABANDON, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "given up before the old server was asked to stop"},
    {111, HO_ARMED, HEV_ABANDON, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "given up before the old server was asked to stop"},
    {111, HO_HOLD, HEV_ABANDON, {G_BEFORE_RELEASE}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL,
     "given up before the old server was asked to stop"},

    {113, HO_RELEASING, HEV_FENCE, {0}, HO_FENCING, HFX_PAGE, PAIR,
     "the old server does not answer: climb the fence ladder"},
    {113, HO_GAP, HEV_FENCE, {0}, HO_FENCING, HFX_PAGE, PAIR,
     "a server does not answer the challenge: climb the fence ladder"},
    {113, HO_REVOKING, HEV_FENCE, {0}, HO_FENCING, HFX_PAGE, PAIR,
     "a server does not answer: climb the fence ladder"},
    {113, HO_BREACH, HEV_FENCE, {G_LATCH_CLEAR, G_MAY_RETURN, G_APPR_ROLLBACK}, HO_REVOKING, HFX_FENCE_OLD | HFX_PAGE, PAIR,
     "people end the breach with a fence towards the old server"},
    {113, HO_BREACH, HEV_FENCE, {G_APPR_CUTOVER}, HO_RELEASING, HFX_FENCE_NEW | HFX_PAGE, PAIR,
     "people end the breach with a fence towards the new server"},

    {115, HO_FENCING, HEV_ATTEST, {G_APPR_ATTEST}, SAME_STATE, HFX_ATTEST, PAIR,
     "two people attest for the server that cannot answer"},
    {115, HO_FENCING, HEV_APPROVED, {G_APPR_ATTEST}, SAME_STATE, HFX_ATTEST, PAIR,
     "two people attest for the server that cannot answer"},
    {115, HO_PROBATION, HEV_ATTEST, {G_HELD_BY_NEW, G_ALARM_OPEN, G_APPR_ATTEST}, SAME_STATE, HFX_ATTEST, PAIR,
     "two people attest for the server that raised an alarm and cannot answer any more"},
    {115, HO_PROBATION, HEV_APPROVED, {G_HELD_BY_NEW, G_ALARM_OPEN, G_APPR_ATTEST}, SAME_STATE, HFX_ATTEST, PAIR,
     "two people attest for the server that raised an alarm and cannot answer any more"},
    {115, HO_DECOMMISSION, HEV_ATTEST, {G_HELD_BY_NEW, G_APPR_ATTEST}, SAME_STATE, HFX_ATTEST, PAIR,
     "two people attest for the server that cannot answer any more"},
    {115, HO_DECOMMISSION, HEV_APPROVED, {G_HELD_BY_NEW, G_APPR_ATTEST}, SAME_STATE, HFX_ATTEST, PAIR,
     "two people attest for the server that cannot answer any more"},

    {117, HO_GAP, HEV_CHALLENGE, {0}, SAME_STATE, HFX_ASK, PAIR, "a person wants fresh evidence"},
    {117, HO_REVOKING, HEV_CHALLENGE, {0}, SAME_STATE, HFX_ASK, PAIR, "a person wants fresh evidence"},
    {117, ANY, HEV_CHALLENGE, {G_ALARM_OPEN}, SAME_STATE, HFX_ASK, ALL, "the server whose guard raised an alarm is asked for evidence"},
    {117, HO_DONE, HEV_CHALLENGE, {G_ALARM_OPEN}, SAME_STATE, HFX_ASK, ALL, "the server whose guard raised an alarm is asked for evidence"},
    {117, HO_ROLLED_BACK, HEV_CHALLENGE, {G_ALARM_OPEN}, SAME_STATE, HFX_ASK, ALL, "the server whose guard raised an alarm is asked for evidence"},
    {117, HO_ABANDONED, HEV_CHALLENGE, {G_ALARM_OPEN}, SAME_STATE, HFX_ASK, ALL, "the server whose guard raised an alarm is asked for evidence"},

    {119, HO_HOLD, HEV_ADOPT, {G_NEW_EXPORTS, G_APPR_ADOPT}, SAME_STATE, HFX_ADOPT_NEW, PAIR,
     "a cutover made by hand is put on the record: the new server is asked to show that it exports"},
    {119, HO_BREACH, HEV_ADOPT, {G_NEW_EXPORTS, G_APPR_ADOPT}, SAME_STATE, HFX_ADOPT_NEW, PAIR,
     "a cutover made by hand is put on the record: the new server is asked to show that it exports"},
    {119, HO_HOLD, HEV_ADOPTED, {G_TO_NEW}, HO_PROBATION, HFX_BASELINE, PAIR,
     "the new server shows that it exports: adopted"},
    {119, HO_BREACH, HEV_ADOPTED, {G_TO_NEW}, HO_PROBATION, HFX_BASELINE, PAIR,
     "the new server shows that it exports: adopted"},

    {121, HO_RECONCILE, HEV_CONFIRM_FOREIGN, {G_RECONCILED}, SAME_STATE, HFX_RECONCILE, ALL,
     "a person confirmed what the servers knew better"},
    {122, HO_RECONCILE, HEV_FACTS, {G_SETTLED, G_RESUME_FITS, G_BLOB_HERE}, RESUME_STATE, HFX_PLACE_SETTINGS, PAIR,
     "reconciled: the sealed settings came meanwhile"},
    {122, HO_RECONCILE, HEV_FACTS, {G_SETTLED, G_RESUME_FITS}, RESUME_STATE, HFX_BASELINE, ALL,
     "reconciled: it goes on where it was"},
    {122, HO_RECONCILE, HEV_FACTS, {G_SETTLED, G_NEW_HOLDS}, HO_ACTIVATING, 0, PAIR,
     "reconciled: the new server holds the export role"},
    {122, HO_RECONCILE, HEV_FACTS, {G_SETTLED, G_OLD_HOLDS}, HO_VERIFY, HFX_VERIFY, PAIR,
     "reconciled: the old server holds the export role"},
    {122, HO_RECONCILE, HEV_FACTS, {G_SETTLED, G_TO_NEW}, HO_RELEASING, 0, PAIR,
     "reconciled: an open epoch is finished for the new server"},
    {122, HO_RECONCILE, HEV_FACTS, {G_SETTLED, G_TO_OLD}, HO_REVOKING, 0, PAIR,
     "reconciled: an open epoch is finished for the old server"},

    {123, ANY, HEV_ACK_TAMPER, {G_TAMPER_ANSWERED}, SAME_STATE, HFX_ACK, ALL,
     "a person acknowledged the guard's alarm after the server's later evidence"},

    {123, HO_DONE, HEV_ACK_TAMPER, {G_TAMPER_ANSWERED}, SAME_STATE, HFX_ACK, ALL,
     "a person acknowledged the guard's alarm after the server's later evidence"},
    {123, HO_ROLLED_BACK, HEV_ACK_TAMPER, {G_TAMPER_ANSWERED}, SAME_STATE, HFX_ACK, ALL,
     "a person acknowledged the guard's alarm after the server's later evidence"},
    {123, HO_ABANDONED, HEV_ACK_TAMPER, {G_TAMPER_ANSWERED}, SAME_STATE, HFX_ACK, ALL,
     "a person acknowledged the guard's alarm after the server's later evidence"},

    {125, HO_GAP, HEV_NO_GO, {0}, SAME_STATE, 0, PAIR, "no go: it stays in the gap"},
    {125, HO_GRANTING, HEV_NO_GO, {0}, HO_GAP, HFX_VOID, PAIR, "no go: the unused grant is taken back"},

    /* 3xx: progress */
    {301, HO_ASSESSED, HEV_PLAN, {G_PAIR, G_PATH}, HO_PLANNED, HFX_FREEZE_PLAN, PAIR,
     "the plan is frozen and hashed"},
    {303, HO_PLANNED, HEV_APPROVED, {G_APPR_PLAN, G_ROLE_KNOWN}, HO_EXPORT_SETTINGS, HFX_BUSY, PAIR,
     "the plan is approved; the old server was adopted before and still holds"},
    {303, HO_PLANNED, HEV_APPROVED, {G_APPR_PLAN, G_NEVER_ADOPTED}, HO_EXPORT_SETTINGS, HFX_ADOPT | HFX_BUSY, PAIR,
     "the plan is approved: the holder is adopted, the settings are to be exported"},
    {303, HO_PLANNED, HEV_APPROVED, {G_APPR_PLAN, G_NEW_REPLACED, G_APPR_LEFT_OUT}, HO_EXPORT_SETTINGS, HFX_BUSY, PAIR,
     "the plan is approved; the new server speaks with a new key, the old one holds as before"},
    {303, HO_PLANNED, HEV_APPROVED, {G_APPR_PLAN, G_APPR_LEFT_OUT, G_APPR_ADOPT}, HO_EXPORT_SETTINGS, HFX_ADOPT | HFX_BUSY, PAIR,
     "the plan brings a new server into an adopted tenant: two people adopted it again"},
    {304, HO_EXPORT_SETTINGS, HEV_ADOPT, {G_NEVER_ADOPTED, G_PROMISED_APART, G_APPR_ADOPT}, SAME_STATE, HFX_ADOPT, PAIR,
     "what the servers have promised differs: two people adopt them again, under a new epoch"},
    {304, HO_EXPORT_SETTINGS, HEV_ADOPT, {G_NEVER_ADOPTED, G_PROMISED_ALIKE}, SAME_STATE, HFX_REPEAT, PAIR,
     "the servers are asked once more to answer the adoption"},
    {305, HO_EXPORT_SETTINGS, HEV_FACTS, {G_ADOPTED, G_OLD_PRESENT, G_SETTINGS_SEEN}, HO_SETTINGS_SEALED, HFX_SEAL_SETTINGS, PAIR,
     "the exported settings were seen twice with one hash: they are sealed to the new server"},
    {306, HO_SETTINGS_SEALED, HEV_BLOB, {0}, SAME_STATE, HFX_PLACE_SETTINGS, PAIR,
     "the sealed settings are whole here: the new server may fetch them"},
    {307, HO_SETTINGS_SEALED, HEV_FACTS, {G_SETTINGS_PLACED, G_PREREQ}, HO_INSTALL_STAGED, 0, PAIR,
     "the same settings lie on the new server and its prerequisites hold"},
    {308, HO_SETTINGS_SEALED, HEV_FACTS, {G_SETTINGS_OTHER}, HO_EXPORT_SETTINGS, HFX_REMIND, PAIR,
     "the exported settings changed before they were sealed: they are taken as they are now"},
    {309, HO_INSTALL_STAGED, HEV_FACTS, {G_STAGED}, HO_FIRST_SYNC, HFX_BASELINE, PAIR,
     "the new server is installed in staging mode and never exported"},
    {311, HO_FIRST_SYNC, HEV_FACTS, {G_4OPS, G_OLD_ALIVE}, HO_VERIFY, HFX_VERIFY | HFX_BASELINE, PAIR,
     "full import and full synchronization ended well on every connector"},
    {312, HO_VERIFY, HEV_DISPOSED, {0}, SAME_STATE, HFX_VERIFY, PAIR,
     "a person decided about a difference: the verification is made again with that word"},
    {312, HO_READY, HEV_DISPOSED, {0}, HO_VERIFY, HFX_VERIFY, PAIR,
     "a person decided about a difference: what was accepted is accepted again"},
    {312, HO_RELEASING, HEV_DISPOSED, {0}, SAME_STATE, HFX_VERIFY | HFX_NO_GO, PAIR,
     "a person decided about a difference while the old server stops: no go before it is accepted"},
    {312, HO_GAP, HEV_DISPOSED, {0}, SAME_STATE, HFX_VERIFY | HFX_NO_GO, PAIR,
     "a person decided about a difference inside the gap: no go before it is accepted"},
    {313, HO_VERIFY, HEV_ACCEPT, {G_4OPS, G_DIFF, G_PARITY}, HO_READY, HFX_ACCEPT, PAIR,
     "a person accepted the differences: the verification is sealed"},
    {314, HO_RELEASING, HEV_ACCEPT, {G_4OPS, G_DIFF, G_PARITY}, SAME_STATE, HFX_ACCEPT, PAIR,
     "the verification made while the old server stops is accepted: cutover is to be approved over it"},
    {314, HO_REVOKING, HEV_ACCEPT, {G_LATCH_SET, G_4OPS, G_DIFF, G_PARITY}, SAME_STATE, HFX_ACCEPT, PAIR,
     "nothing leads back: the verification is accepted, cutover is to be approved over it"},
    {314, HO_GAP, HEV_ACCEPT, {G_4OPS, G_DIFF, G_PARITY}, SAME_STATE, HFX_ACCEPT, PAIR,
     "the verification made in the gap is accepted: cutover is to be approved over it"},
    {314, HO_GAP, HEV_ACCEPT, {G_ONLY_A_GRANT}, SAME_STATE, HFX_ACCEPT, PAIR,
     "nothing leads back and only a grant starts the new server: a person takes it as it is"},
    {315, HO_READY, HEV_ARM, {G_FRESH, G_LIVE, G_TOOLS, G_WINDOW, G_NO_TAMPER, G_APPR_LEFT_OUT, G_APPR_CUTOVER}, HO_ARMED, HFX_BUSY, PAIR,
     "armed under two approvals"},
    {316, HO_BREACH, HEV_ACCEPT, {0}, SAME_STATE, HFX_VERIFY | HFX_ACCEPT | HFX_NO_GO, PAIR,
     "what stands there is put on the record: a fence may be approved over it, go needs a verification in the gap"},
    {317, HO_ARMED, HEV_START, {G_FRESH, G_NO_TAMPER, G_APPR_LEFT_OUT, G_APPR_CUTOVER, G_NEW_STAGED}, HO_RELEASING, HFX_FENCE_NEW | HFX_BUSY, PAIR,
     "every member is fenced towards the new server: the old one drains, stops and proves it"},
    {318, HO_GAP, HEV_START, {G_APPR_CUTOVER}, SAME_STATE, HFX_FENCE_NEW, PAIR,
     "everybody is fenced again under new approvals"},
    {318, HO_RELEASING, HEV_START, {G_APPR_CUTOVER}, SAME_STATE, HFX_FENCE_NEW, PAIR,
     "everybody is fenced again under new approvals"},
    {319, HO_RELEASING, HEV_ALL_EVIDENCE, {G_OLD_STOPPED}, HO_GAP, HFX_GAP_START | HFX_BASELINE, PAIR,
     "every member's evidence is in: nobody exports"},
    {319, HO_RELEASING, HEV_FACTS, {G_OLD_STOPPED}, HO_GAP, HFX_GAP_START | HFX_BASELINE, PAIR,
     "every member's evidence is in: nobody exports"},
    {320, HO_GAP, HEV_GO, {G_OLD_STOPPED, G_NO_TAMPER, G_GO_STANDS, G_FRESH, G_APPR_CUTOVER}, SAME_STATE, HFX_ASK, PAIR,
     "go was asked for: everybody is challenged again before it is signed"},
    {321, HO_GAP, HEV_GO_SIGNED, {G_OLD_STOPPED, G_NO_TAMPER, G_GO_STANDS, G_FRESH, G_NEW_STAGED, G_APPR_CUTOVER, G_APPR_GO}, HO_GRANTING, HFX_GRANT | HFX_BASELINE, PAIR,
     "go was signed over exactly this evidence: the new server may leave staging"},
    {322, HO_GRANTING, HEV_GRANT_VOID, {0}, HO_GAP, HFX_REMIND, PAIR,
     "the new server says that its grant is void: back to the gap"},
    {323, HO_GRANTING, HEV_GRANT_USED, {0}, HO_ACTIVATING, 0, PAIR,
     "the new server left staging under a live grant"},
    {323, HO_GRANTING, HEV_FACTS, {G_HELD_BY_NEW}, HO_ACTIVATING, 0, PAIR,
     "the new server holds already: it said so while people looked elsewhere"},
    {324, HO_GAP, HEV_GRANT_USED, {0}, HO_ACTIVATING, HFX_PAGE, PAIR,
     "the grant was used before it could be taken back"},
    {324, HO_RELEASING, HEV_HOLDING, {G_TO_NEW}, HO_ACTIVATING, HFX_PAGE, PAIR,
     "the new server says that it held already when it was fenced again"},
    {324, HO_GAP, HEV_HOLDING, {G_TO_NEW}, HO_ACTIVATING, HFX_PAGE, PAIR,
     "the new server says that it held already when it was fenced again"},
    {324, HO_FENCING, HEV_HOLDING, {G_TO_NEW}, HO_ACTIVATING, HFX_PAGE, PAIR,
     "the new server says that it held already when it was fenced again"},
    {324, HO_RELEASING, HEV_FACTS, {G_HELD_BY_NEW}, HO_ACTIVATING, HFX_PAGE, PAIR,
     "the new server holds already: it said so while people looked elsewhere"},
    {324, HO_GAP, HEV_FACTS, {G_HELD_BY_NEW}, HO_ACTIVATING, HFX_PAGE, PAIR,
     "the new server holds already: it said so while people looked elsewhere"},
    {324, HO_FENCING, HEV_FACTS, {G_HELD_BY_NEW}, HO_ACTIVATING, HFX_PAGE, PAIR,
     "the new server holds already: it said so while people looked elsewhere"},
    {325, HO_ACTIVATING, HEV_FACTS, {G_EXPORT_SEEN}, HO_PROBATION, HFX_GAP_END | HFX_BASELINE, PAIR,
     "the new server's first export ended well: the gap is over"},
    {326, HO_ACTIVATING, HEV_FACTS, {G_EXPORT_FAILED}, HO_FORWARD_REPAIR, HFX_PAGE, PAIR,
     "the new server's export failed: repair it, there is only forward"},
    {326, HO_PROBATION, HEV_FACTS, {G_EXPORT_FAILED}, HO_FORWARD_REPAIR, HFX_PAGE, PAIR,
     "the new server's export failed: repair it, there is only forward"},
    {327, HO_PROBATION, HEV_CLOCK, {G_NO_TAMPER, G_PROBATION}, HO_DECOMMISSION, HFX_CERTIFICATE, PAIR,
     "the new server stood its probation: the old one may go"},
    {328, HO_DECOMMISSION, HEV_RETIRE, {G_OLD_GONE, G_NO_TAMPER, G_APPR_RETIRE, G_ACCOUNT_GONE}, HO_DONE, HFX_RETIRE | HFX_CERTIFICATE | HFX_CLOSE | HFX_REST, PAIR,
     "the old server's machine is gone, as two people attest, and its account in the tenant with it"},
    {328, HO_DECOMMISSION, HEV_RETIRE, {G_OLD_THERE, G_APPR_RETIRE, G_OLD_ABSENT, G_ACCOUNT_GONE}, SAME_STATE, HFX_RETIRE, PAIR,
     "the old server and its account in the tenant are gone: its tombstone is made final"},
    {329, HO_DECOMMISSION, HEV_RETIRED, {G_RETIRED}, HO_DONE, HFX_CERTIFICATE | HFX_CLOSE | HFX_REST, PAIR,
     "the old server is gone and its tombstone confirmed"},
    {329, HO_DECOMMISSION, HEV_FACTS, {G_RETIRED}, HO_DONE, HFX_CERTIFICATE | HFX_CLOSE | HFX_REST, PAIR,
     "the old server is gone and its tombstone confirmed"},
    {331, HO_FORWARD_REPAIR, HEV_FACTS, {G_EXPORT_SEEN}, HO_PROBATION, HFX_GAP_END | HFX_BASELINE, PAIR,
     "the new server exports again"},

    /* 34x, 35x: rollback */
    {341, HO_ASSESSED, HEV_ROLLBACK, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "nothing had moved yet"},
    {341, HO_PLANNED, HEV_ROLLBACK, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "nothing had moved yet"},
    {341, HO_EXPORT_SETTINGS, HEV_ROLLBACK, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "the old server is untouched"},
    {341, HO_SETTINGS_SEALED, HEV_ROLLBACK, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "the old server is untouched"},
    {341, HO_INSTALL_STAGED, HEV_ROLLBACK, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "the old server is untouched; the new one stays in staging or is removed"},
    {341, HO_FIRST_SYNC, HEV_ROLLBACK, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "the old server is untouched; the new one stays in staging or is removed"},
    {341, HO_VERIFY, HEV_ROLLBACK, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "the old server is untouched; the new one stays in staging or is removed"},
    {341, HO_READY, HEV_ROLLBACK, {0}, HO_ABANDONED, HFX_CLOSE | HFX_REST, ALL, "the old server is untouched; the new one stays in staging or is removed"},
    {343, HO_ARMED, HEV_ROLLBACK, {0}, HO_READY, 0, PAIR, "disarmed: the old server goes on exporting"},
    {345, HO_RELEASING, HEV_ROLLBACK, {G_LATCH_CLEAR, G_APPR_ROLLBACK, G_NOT_ACCEPTED}, HO_REVOKING, HFX_FENCE_OLD, PAIR,
     "cancelled before the old server promised anything: it keeps running and says so"},
    {346, HO_RELEASING, HEV_ROLLBACK, {G_LATCH_CLEAR, G_MAY_RETURN, G_APPR_ROLLBACK}, HO_REVOKING, HFX_FENCE_OLD, PAIR,
     "back to the old server: everybody is fenced towards it"},
    {347, HO_GAP, HEV_ROLLBACK, {G_LATCH_CLEAR, G_MAY_RETURN, G_APPR_ROLLBACK}, HO_REVOKING, HFX_FENCE_OLD, PAIR,
     "back to the old server: everybody is fenced towards it"},
    {347, HO_GRANTING, HEV_ROLLBACK, {G_LATCH_CLEAR, G_MAY_RETURN, G_APPR_ROLLBACK}, HO_REVOKING, HFX_FENCE_OLD, PAIR,
     "back to the old server: the new one must prove that it never started"},
    {347, HO_FENCING, HEV_ROLLBACK, {G_LATCH_CLEAR, G_MAY_RETURN, G_APPR_ROLLBACK}, HO_REVOKING, HFX_FENCE_OLD, PAIR,
     "back to the old server: everybody is fenced towards it"},
    {347, HO_REVOKING, HEV_ROLLBACK, {G_LATCH_CLEAR, G_MAY_RETURN, G_APPR_ROLLBACK}, SAME_STATE, HFX_FENCE_OLD, PAIR,
     "back to the old server: fenced again under a new approval"},
    {348, HO_REVOKING, HEV_HOLDING, {G_TO_OLD}, HO_READY, 0, PAIR,
     "the old server never stopped and says that it holds: the cutover is cancelled"},
    {348, HO_REVOKING, HEV_FACTS, {G_OLD_KEPT_IT}, HO_READY, 0, PAIR,
     "the old server never stopped and holds: the cutover is cancelled"},
    {348, HO_FENCING, HEV_FACTS, {G_OLD_KEPT_IT}, HO_READY, 0, PAIR,
     "the old server never stopped and holds: the cutover is cancelled"},
    {349, HO_ACTIVATING, HEV_ROLLBACK, {G_LATCH_CLEAR, G_MAY_RETURN, G_APPR_ROLLBACK}, HO_REVOKING, HFX_FENCE_OLD | HFX_PAGE, PAIR,
     "back to the old server: the new one answers with evidence or with its signed refusal"},
    {351, HO_REVOKING, HEV_ALL_EVIDENCE, {G_OLD_STOPPED, G_GRANTS_LEFT, G_ASKED, G_LATCH_CLEAR, G_MAY_RETURN, G_APPR_ROLLBACK}, HO_RESTORING, HFX_GRANT | HFX_BASELINE, PAIR,
     "the new server proved that it is quiet: the old one is granted the export role again"},
    {351, HO_REVOKING, HEV_FACTS, {G_OLD_STOPPED, G_GRANTS_LEFT, G_ASKED, G_LATCH_CLEAR, G_MAY_RETURN, G_APPR_ROLLBACK}, HO_RESTORING, HFX_GRANT | HFX_BASELINE, PAIR,
     "the new server proved that it is quiet: the old one is granted the export role again"},
    {350, HO_REVOKING, HEV_ALL_EVIDENCE, {G_OLD_STOPPED, G_NOT_ASKED}, SAME_STATE, HFX_ASK, PAIR,
     "the evidence is older than go_ms: everybody is challenged again before the old server is granted"},
    {350, HO_REVOKING, HEV_FACTS, {G_OLD_STOPPED, G_NOT_ASKED}, SAME_STATE, HFX_ASK, PAIR,
     "the evidence is older than go_ms: everybody is challenged again before the old server is granted"},
    {352, HO_REVOKING, HEV_APPROVED, {G_LATCH_SET, G_APPR_CUTOVER}, HO_RELEASING, HFX_FENCE_NEW, PAIR,
     "the new server has exported: new approvals take the cutover forward again"},
    {353, HO_REVOKING, HEV_REFUSED, {G_NEW_HOLDS}, HO_ACTIVATING, HFX_PAGE, PAIR,
     "too late to roll back: the new server holds the export role"},
    {354, HO_REVOKING, HEV_REFUSED, {G_REFUSES_THIS}, SAME_STATE, HFX_PAGE, PAIR,
     "a server refused the rollback: approve the cutover again to go forward"},
    {354, HO_REVOKING, HEV_REFUSED, {0}, SAME_STATE, HFX_PAGE, PAIR,
     "a server refused a challenge or an earlier order: nothing is granted without its evidence"},
    {355, HO_RESTORING, HEV_FACTS, {G_OLD_EXPORTED}, HO_ROLLED_BACK, HFX_GAP_END | HFX_CERTIFICATE | HFX_CLOSE | HFX_REST, PAIR,
     "the old server exported once more: rolled back"},
    {356, HO_RESTORING, HEV_GRANT_VOID, {G_LATCH_CLEAR}, HO_REVOKING, HFX_REMIND, PAIR,
     "the old server did not use its grant: everybody is challenged again"},
    {361, HO_FENCING, HEV_ALL_EVIDENCE, {G_OLD_STOPPED, G_TO_NEW}, HO_GAP, HFX_GAP_START | HFX_BASELINE, PAIR,
     "evidence or attestation is in for every member: nobody exports"},
    {361, HO_FENCING, HEV_FACTS, {G_OLD_STOPPED, G_TO_NEW}, HO_GAP, HFX_GAP_START | HFX_BASELINE, PAIR,
     "evidence or attestation is in for every member: nobody exports"},
    {362, HO_FENCING, HEV_ALL_EVIDENCE, {G_OLD_STOPPED, G_TO_OLD, G_LATCH_CLEAR}, HO_REVOKING, 0, PAIR,
     "evidence or attestation is in for every member: the rollback goes on"},
    {362, HO_FENCING, HEV_FACTS, {G_OLD_STOPPED, G_TO_OLD, G_LATCH_CLEAR}, HO_REVOKING, 0, PAIR,
     "evidence or attestation is in for every member: the rollback goes on"},

    /* 4xx: time-outs. None changes who may export. */
    {401, HO_ASSESSED, HEV_TIMEOUT, {0}, SAME_STATE, HFX_REMIND, ALL, "assessed long ago and no plan yet"},
    {402, HO_PLANNED, HEV_TIMEOUT, {0}, HO_ASSESSED, HFX_REMIND, ALL, "nobody approved the plan: it is stale"},
    {403, HO_EXPORT_SETTINGS, HEV_TIMEOUT, {0}, SAME_STATE, HFX_REMIND, ALL, "the settings are not exported yet"},
    {404, HO_SETTINGS_SEALED, HEV_TIMEOUT, {0}, HO_EXPORT_SETTINGS, HFX_REMIND, ALL, "the exported settings are stale: export them again"},
    {405, HO_INSTALL_STAGED, HEV_TIMEOUT, {0}, SAME_STATE, HFX_REMIND, ALL, "the new server is not installed yet"},
    {406, HO_FIRST_SYNC, HEV_TIMEOUT, {0}, SAME_STATE, HFX_PAGE, ALL, "the first synchronization takes twice the estimate"},
    {407, HO_VERIFY, HEV_TIMEOUT, {0}, HO_FIRST_SYNC, HFX_BASELINE | HFX_REMIND, ALL, "nobody accepted the differences: run history is too old, synchronize again"},
    {408, HO_READY, HEV_TIMEOUT, {0}, HO_VERIFY, HFX_VERIFY | HFX_REMIND, ALL, "the verification is no longer fresh"},
    {409, HO_ARMED, HEV_TIMEOUT, {0}, HO_READY, HFX_REMIND, ALL, "armed and not started: disarmed"},
    {410, HO_RELEASING, HEV_TIMEOUT, {0}, SAME_STATE, HFX_PAGE, ALL, "the old server has not proved that it stopped; time never advances this"},
    {411, HO_GAP, HEV_TIMEOUT, {0}, SAME_STATE, HFX_REMIND, ALL, "nobody exports: go or roll back soon"},
    {412, HO_GAP, HEV_TIMEOUT, {0}, SAME_STATE, HFX_PAGE, ALL, "nobody exports and nobody has decided"},
    {413, HO_GAP, HEV_TIMEOUT, {0}, SAME_STATE, HFX_PAGE, ALL, "decide now: go or rollback"},
    {414, HO_GRANTING, HEV_TIMEOUT, {0}, SAME_STATE, HFX_PAGE, ALL, "the grant must have expired and the new server has not said so"},
    {415, HO_ACTIVATING, HEV_TIMEOUT, {0}, SAME_STATE, HFX_PAGE, ALL, "the first export of the new server has not ended well"},
    {416, HO_PROBATION, HEV_TIMEOUT, {0}, SAME_STATE, HFX_REMIND, ALL, "probation is over in time, not in good cycles"},
    {417, HO_DECOMMISSION, HEV_TIMEOUT, {0}, SAME_STATE, HFX_PAGE, ALL, "the old server or its cloud identity still exists"},
    {418, HO_DONE, HEV_TIMEOUT, {0}, SAME_STATE, HFX_REMIND, ALL, "done for long: the old server's guard may be disarmed when its machine is to be used again"},
    {419, HO_REVOKING, HEV_TIMEOUT, {0}, SAME_STATE, HFX_PAGE, ALL, "the rollback still waits for evidence"},
    {420, HO_RESTORING, HEV_TIMEOUT, {0}, SAME_STATE, HFX_PAGE, ALL, "the old server has not exported again"},
    {421, HO_HOLD, HEV_TIMEOUT, {0}, SAME_STATE, HFX_PAGE, ALL, "held: somebody has to decide"},
    {422, HO_FENCING, HEV_TIMEOUT, {0}, SAME_STATE, HFX_PAGE, ALL, "a server is still not fenced"},
    {423, HO_BREACH, HEV_TIMEOUT, {0}, SAME_STATE, HFX_PAGE, ALL, "a breach is open"},
    {424, HO_FORWARD_REPAIR, HEV_TIMEOUT, {0}, SAME_STATE, HFX_PAGE, ALL, "the new server is still broken"},
    {425, HO_RECONCILE, HEV_TIMEOUT, {0}, SAME_STATE, HFX_PAGE, ALL, "reconciling waits for agents or for a person"},

    /* 5xx: the guard after done */
    {501, HO_DONE, HEV_CLOCK, {G_OLD_SILENT}, SAME_STATE, HFX_REMIND, ALL, "nothing was heard of the old server's guard"},
    {503, HO_DONE, HEV_QUARANTINE, {0}, HO_BREACH, HFX_REMEMBER | HFX_PAGE, ALL,
     "the old server came back with a lower counter: reverted or copied"},
    {504, HO_DONE, HEV_TAMPER, {0}, SAME_STATE, HFX_PAGE, ALL, "the guard stopped the old server after done"},
    {504, HO_ABANDONED, HEV_TAMPER, {0}, SAME_STATE, HFX_PAGE, ALL, "a guard stopped a server after the cutover was given up"},
    {505, HO_DONE, HEV_FACTS, {G_ROGUE_OLD}, HO_BREACH, HFX_BREACH | HFX_REMEMBER | HFX_PAGE, ALL,
     "the old server exported after done"},
    {507, HO_DECOMMISSION, HEV_CLOCK, {G_EXPORT_LATE}, SAME_STATE, HFX_PAGE, ALL, "no export for two intervals"},
    {507, HO_DONE, HEV_CLOCK, {G_EXPORT_LATE}, SAME_STATE, HFX_PAGE, ALL, "no export for two intervals"},
    /* and before the cutover: people are told that an exporter stands still */
    {508, ANY, HEV_CLOCK, {G_OLD_IDLE}, SAME_STATE, HFX_PAGE, LIVE,
     "the old server was last seen with its services stopped, and no cutover has asked for that: then nobody exports"},
    {508, ANY, HEV_CLOCK, {G_OLD_LATE}, SAME_STATE, HFX_PAGE, LIVE,
     "no export of the old server was seen for two intervals, and no cutover has asked it to stop"},
};

/* A delay counts from the moment the state was entered. */
static const struct handoff_timeout timeouts[] = {
    {HO_ASSESSED, POLICY_ASSESSED_MS, POLICY_ASSESSED_MS, 401, "plan", "remind"},
    {HO_PLANNED, POLICY_PLANNED_MS, POLICY_COUNT, 402, "abandon", "stale: plan again"},
    {HO_EXPORT_SETTINGS, POLICY_EXPORT_SETTINGS_MS, POLICY_EXPORT_SETTINGS_MS, 403, "abandon", "remind"},
    {HO_SETTINGS_SEALED, POLICY_SETTINGS_SEALED_MS, POLICY_COUNT, 404, "abandon", "stale: export the settings again"},
    {HO_INSTALL_STAGED, POLICY_INSTALL_MS, POLICY_INSTALL_MS, 405, "abandon", "remind"},
    {HO_FIRST_SYNC, POLICY_FIRST_SYNC_MS, POLICY_FIRST_SYNC_MS, 406, "abandon", "page"},
    {HO_VERIFY, POLICY_VERIFY_MS, POLICY_COUNT, 407, "accept", "back to first-sync"},
    {HO_READY, POLICY_READY_FRESH_MS, POLICY_COUNT, 408, "arm", "verify again"},
    {HO_ARMED, POLICY_ARMED_MS, POLICY_COUNT, 409, "start", "disarm"},
    {HO_RELEASING, POLICY_RELEASING_MS, POLICY_RELEASING_MS, 410, "rollback", "page; never advances by time"},
    {HO_GAP, POLICY_GAP_WARN_MS, POLICY_COUNT, 411, "go", "warn"},
    {HO_GAP, POLICY_GAP_PAGE_MS, POLICY_COUNT, 412, "go", "page"},
    {HO_GAP, POLICY_GAP_DECIDE_MS, POLICY_GAP_DECIDE_MS, 413, "rollback", "page: decide"},
    {HO_GRANTING, POLICY_GRANT_MS, POLICY_GO_ANSWER_MS, 414, "rollback", "page, stay"},
    {HO_ACTIVATING, POLICY_ACTIVATING_MS, POLICY_ACTIVATING_MS, 415, "hold", "page"},
    {HO_PROBATION, POLICY_PROBATION_MS, POLICY_PROBATION_MS, 416, "hold", "remind"},
    {HO_DECOMMISSION, POLICY_RETIRE_MS, POLICY_VERIFY_MS, 417, "retire", "escalate every week"},
    {HO_DONE, POLICY_DONE_REMIND_MS, POLICY_DONE_REMIND_MS, 418, "acknowledge", "remind"},
    {HO_REVOKING, POLICY_REVOKE_MS, POLICY_REVOKE_MS, 419, "fence", "page"},
    {HO_RESTORING, POLICY_RESTORE_MS, POLICY_RESTORE_MS, 420, "hold", "page"},
    {HO_HOLD, POLICY_HOLD_MS, POLICY_HOLD_MS, 421, "resume", "page"},
    {HO_FENCING, POLICY_FENCE_PAGE_MS, POLICY_FENCE_PAGE_MS, 422, "attest", "page every hour"},
    {HO_BREACH, POLICY_BREACH_MS, POLICY_BREACH_MS, 423, "fence", "page at once and again"},
    {HO_FORWARD_REPAIR, POLICY_REPAIR_MS, POLICY_REPAIR_MS, 424, "hold", "page"},
    {HO_RECONCILE, POLICY_RECONCILE_MS, POLICY_RECONCILE_MS, 425, "confirm-foreign", "page"},
};
// clang-format on

struct state_names {
    const char *code, *title, *phase, *exporter;
};

static const struct state_names states[HANDOFF_STATE_COUNT] = {
#define X(id, code, title, phase, exporter) [id] = {code, title, phase, exporter},
    HANDOFF_STATES(X)
#undef X
};

static const char *const event_names[HANDOFF_EVENT_COUNT] = {
#define X(id, name, verb) [id] = name,
    HANDOFF_EVENTS(X)
#undef X
};

static const bool event_is_verb[HANDOFF_EVENT_COUNT] = {
#define X(id, name, verb) [id] = verb,
    HANDOFF_EVENTS(X)
#undef X
};

static const char *const guard_names[GUARD_COUNT] = {
#define X(id, name) [id] = name,
    HANDOFF_GUARDS(X)
#undef X
};

static const struct state_names *
state_names(enum handoff_state s)
{
    static const struct state_names unknown = {"?", "?", "?", "?"};
    return (size_t)s < ARRAY_LEN(states) ? &states[s] : &unknown;
}

const char *
handoff_state_code(enum handoff_state s)
{
    return state_names(s)->code;
}

const char *
handoff_state_title(enum handoff_state s)
{
    return state_names(s)->title;
}

const char *
handoff_state_phase(enum handoff_state s)
{
    return state_names(s)->phase;
}

const char *
handoff_state_exporter(enum handoff_state s)
{
    return state_names(s)->exporter;
}

const char *
handoff_event_name(enum handoff_event e)
{
    return NAME_OF(event_names, e);
}

bool
handoff_event_is_verb(enum handoff_event e)
{
    return (size_t)e < ARRAY_LEN(event_is_verb) && event_is_verb[e];
}

enum handoff_event
handoff_verb_parse(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(event_names); i++)
        if (event_is_verb[i] && strcmp(event_names[i], name) == 0)
            return (enum handoff_event)i;
    return HEV_NONE;
}

bool
handoff_state_terminal(enum handoff_state s)
{
    return s == HO_NONE || s == HO_DONE || s == HO_ROLLED_BACK || s == HO_ABANDONED;
}

const char *
guard_name(enum guard_id g)
{
    return NAME_OF(guard_names, g);
}

bool
handoff_rule_from(const struct rule *r, enum handoff_state s)
{
    return r->from == s || (r->from == ANY && !handoff_state_terminal(s));
}

const struct rule *
handoff_rules(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(rules);
    return rules;
}

const struct handoff_timeout *
handoff_timeouts(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(timeouts);
    return timeouts;
}
