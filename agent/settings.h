/* settings.h: the exported settings file on its way: sealed on the old server to the new one's key,
 * relayed by a controller that cannot read it, put down where the new server's operator picks it.
 *
 * Shape      SEAL: hash, read and seal piece by piece into a file of our own, hash again: a file that
 *            changed in between is sealed anew. Then pieces go out, the first by ourselves, the others
 *            as they are wanted. PLACE: ask from where we are, keep, check, open, write, flush,
 *            rename, hash. Both resume after a crash, and repeat without harm. A piece answers one
 *            question and a question asks for one piece: what comes twice is not answered twice, or
 *            each would double all that follow. What is lost is said again by the clock alone.
 *            With the file goes the old server's configuration export, as one pack: the new server's
 *            agent keeps it for itself and holds its own server's against it.
 * Rule       Sealed only to a key that an operator confirmed: the plan's member, checked against the
 *            trust document.
 * Limits     SEAL_FILE_BYTES_MAX. One file in each direction.
 * Errors     Told to the controller as MSG_REFUSED that names the order; the order comes again.
 * Source     design 3; handoff S1 to S3.
 */
#ifndef AGENT_SETTINGS_H
#define AGENT_SETTINGS_H

#include "baton/host.h"
#include "baton/message.h"
#include "common/crypto/seal.h"
#include "common/sha256.h"

enum settings_state {
    SETTINGS_IDLE,
    SEAL_HASH,
    SEAL_COLLECT, /* the configuration, which goes with the file ... */
    SEAL_STAT,    /* ... when the server has one */
    SEAL_READ,
    SEAL_READ_CONFIG,
    SEAL_HASH_AGAIN,
    PLACE_FETCH,
    PLACE_WRITE,
    PLACE_COMMIT,
    PLACE_CHECK,
};

struct settings {
    enum settings_state state;
    struct baton_id order;
    uint32_t ticket;
    int fd;                  /* of the blob being made or read, -1 = none */
    int attached_fd;         /* of the old server's configuration being put down, -1 = none */
    uint64_t attached_bytes; /* behind the file */
    uint64_t plain_at;       /* in file and attachment together, where `plain` begins */
    size_t host_len;         /* of `plain`, for the host */
    struct baton_hash file, blob;
    uint64_t file_bytes, blob_bytes;
    uint64_t offset;   /* in the file (SEAL) or in the blob (PLACE) */
    uint64_t written;  /* of the plain file */
    bool opened;       /* the whole blob, and found genuine */
    uint64_t moved_ms; /* newest piece or question */
    struct seal *seal;
    struct seal_opener *opener;
    struct sha256 sha;
    uint8_t *plain; /* what one push of the opener gave */
    size_t plain_len;
    struct baton_key recipient_box;

    /* kept over a restart */
    bool out_known, in_known;
    struct baton_hash out_file, out_blob, in_file;
    uint64_t out_bytes, out_wanted;
    bool out_delivered; /* the controller has it all */

    bool
        out_spoilt; /* it came without its hash there: until it is sealed anew, not offered again */
};

struct agent;
void settings_init(struct settings *s);
void settings_done(struct settings *s);
void settings_recall(struct agent *a);
void settings_seal(struct agent *a, const struct order *o);
void settings_place(struct agent *a, const struct order *o);
bool settings_take(struct agent *a, const struct host_completion *done);
void settings_chunk(struct agent *a, const struct msg_chunk *c);
void settings_want(struct agent *a, const struct msg_want *w);
/* The controller refused a blob of that name: our offer, if it is that, is withdrawn; DENIED: for this
 * session, CORRUPT: for good. */
void settings_refused(struct agent *a, enum baton_status status, const struct baton_id *blob);
/* A session has opened: what another one's controller has all of is offered again. */
void settings_session(struct agent *a);
/* Asks and offers again what was not answered; now: without waiting. */
void settings_time(struct agent *a, bool now);

#endif
