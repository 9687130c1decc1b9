/* book.h: an honest controller for the explorer: the product's authority record, what it has sent, what it may hear.
 *
 * Shape      authority_step decides; what its effects put into the outbox is kept here as sent for ever, so an order may arrive
 *            late, again, or never. Of each member the newest word can be heard; an older one is lost. A run ends between any
 *            write and its sending and begins again from the row's bytes, also from older ones, as a restored database has them.
 * Units      No clock: whatever was asked counts as fresh.
 * Limits     BOOK_RUNS runs of the controller, two members, GRANTS_MAX grants.
 * Errors     The promise that a step breaks, as a static text; NULL when it keeps them all.
 * Threads    One search's.
 * Source     protocol 1, 6; controller/core/authority.h.
 */
#ifndef TESTS_BOOK_H
#define TESTS_BOOK_H

#include "controller/core/authority.h"
#include "toy.h"

enum { BOOK_RUNS = 3, BOOK_EPOCHS_MAX = 4, GRANTS_MAX = 4 };

struct heard_word { /* a member's newest word, without its facts */
    bool there;
    struct statement_head {
        uint8_t type, kind, grant, quarantine, refusal;
        bool holding, tombstone, ever_exported, retired, armed;
        struct epoch epoch, asked, holding_epoch;
        struct baton_key recipient;
        struct baton_id nonce;
        uint64_t counter;
        uint32_t serial;
    } head;
};

struct sent_challenge {
    bool there, void_first;
    struct epoch epoch;
    struct baton_id nonce;
};

struct sent_grant {
    struct epoch epoch;
    uint8_t recipient; /* enum toy_member */
    uint32_t serial;
    struct baton_hash evidence; /* book_evidence_hash of the word that it carries */
};

struct book {
    struct authority a;
    unsigned epochs, serials; /* as far as the search goes */
    uint8_t run, restarts;
    bool kept_there, restored;
    struct authority kept;                     /* a backup of the row */
    uint8_t named[BOOK_RUNS][BOOK_EPOCHS_MAX]; /* bits: FENCE to OLD, to NEW, adopt */
    struct sent_challenge challenge[TOY_MEMBERS];
    struct baton_id status[TOY_MEMBERS]; /* nonce; zero: none */
    struct sent_grant grant[GRANTS_MAX];
    uint8_t grant_count;
    uint16_t nonces; /* the newest number */
    struct heard_word word[TOY_MEMBERS];
};

enum { BOOK_NAMES_OLD = 1, BOOK_NAMES_NEW = 2, BOOK_ADOPTS = 4 };

void book_open(struct book *b, unsigned epochs, unsigned serials);
struct epoch book_epoch(unsigned run, unsigned counter);
unsigned book_run_of(const struct epoch *e);
/* Evidence differs in this alone. */
struct baton_hash book_evidence_hash(enum toy_member m, const struct epoch *e, size_t recipient,
                                     bool ever_exported);

/* One event of the record, with its orders; false: refused, or beyond the epochs. */
bool book_step(struct book *b, enum authority_event ev, enum toy_member recipient,
               const char **ret_broken);
bool book_hears(struct book *b, enum toy_member m, const char **ret_broken);
/* The next run of the controller, from the row as it is or as it was kept. */
void book_begins_again(struct book *b, const struct authority *row, bool same_incarnation,
                       bool asks);
void book_keep_word(struct book *b, enum toy_member m, const struct statement *s);

/* Orders as they arrive. */
struct order book_fence(unsigned run, unsigned counter, unsigned bit); /* BOOK_NAMES_OLD, ... */
struct order book_challenge(const struct sent_challenge *c);
struct order book_status(const struct baton_id *nonce);

/* What makes two books equal. */
enum { BOOK_ESSENCE_BYTES = 1024 };
/* open: the nonce of the challenge that each agent has not answered yet; zero: none. */
size_t book_essence(const struct book *b, const struct baton_id *open, uint8_t *out);

#endif
