/* script_answer.h: what the resident script writes on its output, taken apart as it comes.
 *
 * Shape      For each word read the script writes one frame: a line "BATON-ANSWER number bytes" or
 *            "BATON-ERROR number bytes", then that many bytes of UTF-8 JSON, then a line end. Lines
 *            in front of a frame are what cmdlets print for people, and are dropped; the first of
 *            them is kept for an error's text.
 * Limits     SCRIPT_STRAY_BYTES between two frames, HOST_TEXT_MAX of one.
 * Errors     BATON_LIMIT, BATON_MALFORMED (a frame of another question, no UTF-8), BATON_NOMEM: the
 *            output can no longer be understood, and the script must be started anew.
 * Ownership  answer_take gives the text away; answer_done frees what is left.
 * Source     docs/collectors.md "What the scripts say".
 */
#ifndef AGENT_WINDOWS_SCRIPT_ANSWER_H
#define AGENT_WINDOWS_SCRIPT_ANSWER_H

#include "baton/status.h"

enum { SCRIPT_STRAY_BYTES = 65536, SCRIPT_FIRST_LINE_BYTES = 160 };

struct script_answer {
    uint32_t number; /* of the question */
    char *bytes;     /* what was pushed and is not used up yet */
    size_t len, cap;
    size_t stray; /* bytes in front of the frame so far */
    bool begun;   /* its head was read */
    bool error;   /* it is an error record */
    size_t want;  /* its bytes */
    char first_line[SCRIPT_FIRST_LINE_BYTES];
};

void answer_init(struct script_answer *a, uint32_t number);
void answer_done(struct script_answer *a);

enum baton_status answer_push(struct script_answer *a, const void *bytes, size_t len,
                              struct baton_err *err) BATON_MUST_USE;
/* True: the frame is whole, and is given away. */
bool answer_take(struct script_answer *a, char **ret_text, size_t *ret_len, bool *ret_error);

/* An error record {"message","id","category","command","type"} as a status and one sentence with
 * what to do next; question: whose it is. */
enum baton_status script_error(const char *text, size_t len, const char *question,
                               struct baton_err *err);

#endif
