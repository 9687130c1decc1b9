/* One honest controller that may crash between its write and its send, a network that loses what it likes, two agents:
 * a handoff that people began comes to an end. Fairness: whoever can act for ever, acts; and what is sent again and
 * again arrives at last.
 */
#define OLD 0
#define NEW 1
#define M_NOT_SENT_AGAIN 1 /* a row of the outbox is gone once it was written, not once it was answered */
#define M_ANSWER_ONCE 2    /* an agent does not answer the same order again */
#define M_NEVER_RECOVERS 3 /* after a start nobody asks the agents */

c_decl {
\#include <stdlib.h>
}
c_code {
static int k_broken;
static void __attribute__((constructor)) read_knobs(void)
{
    if (getenv("KNOB_BROKEN") != NULL)
        k_broken = atoi(getenv("KNOB_BROKEN"));
}
}
#define M(x) c_expr { k_broken == x }

mtype = { FENCING, FENCED, ASKED, GRANTED, HELD };
mtype phase = FENCING;
bit outbox[2] = 1;          /* an order for this agent waits for its answer */
bit wire[2], back[2];       /* an order under way; a word under way */
bit recovering, heard[2];
bit obeyed[2], proven[2], answered[2];
bit holds;                  /* NEW */
byte crashes, lost;

active proctype Controller() {
  do
  /* Sends whatever waits, as often as it is not answered. */
  :: atomic { !recovering && outbox[OLD] && !wire[OLD] && !back[OLD] && !(M(M_NOT_SENT_AGAIN) && crashes + lost > 0) -> wire[OLD] = 1 }
  :: atomic { outbox[NEW] && !recovering && !wire[NEW] && !back[NEW] && !(M(M_NOT_SENT_AGAIN) && crashes + lost > 0) -> wire[NEW] = 1 }
  :: atomic { recovering && !M(M_NEVER_RECOVERS) && !heard[OLD] -> heard[OLD] = 1 }
  :: atomic { recovering && !M(M_NEVER_RECOVERS) && !heard[NEW] -> heard[NEW] = 1 }
  :: atomic { recovering && heard[OLD] && heard[NEW] -> recovering = 0 }
  /* Words come in; the phase moves in the same write that fills the outbox. */
  :: atomic { back[OLD] -> back[OLD] = 0; outbox[OLD] = outbox[OLD] && recovering }
  :: atomic { back[NEW] -> back[NEW] = 0; outbox[NEW] = outbox[NEW] && recovering }
  :: atomic { phase == FENCING && !recovering && !outbox[OLD] && !outbox[NEW] -> phase = FENCED }
  :: atomic { phase == FENCED -> phase = ASKED; outbox[OLD] = 1; outbox[NEW] = 1; answered[OLD] = 0; answered[NEW] = 0 }
  :: atomic { phase == ASKED && !recovering && !outbox[OLD] && !outbox[NEW] -> assert(proven[OLD]); phase = GRANTED; outbox[NEW] = 1; answered[NEW] = 0 }
  :: atomic { phase == GRANTED && !recovering && !outbox[NEW] -> assert(holds); phase = HELD; break }
  od
}
/* An order is obeyed before it is answered, and answered again when it comes again. */
active proctype Old() {
end:
  do
  :: atomic { wire[OLD] && !(M(M_ANSWER_ONCE) && answered[OLD]) -> wire[OLD] = 0; obeyed[OLD] = 1; proven[OLD] = 1; back[OLD] = 1; answered[OLD] = 1 }
  :: atomic { wire[OLD] && M(M_ANSWER_ONCE) && answered[OLD] -> wire[OLD] = 0 }
  od
}
active proctype New() {
end:
  do
  :: atomic { wire[NEW] && !(M(M_ANSWER_ONCE) && answered[NEW]) -> wire[NEW] = 0; holds = holds || phase == GRANTED; back[NEW] = 1; answered[NEW] = 1 }
  :: atomic { wire[NEW] && M(M_ANSWER_ONCE) && answered[NEW] -> wire[NEW] = 0 }
  od
}
active proctype Trouble() {
end:
  do
  :: atomic { lost < 3 && wire[OLD] -> lost++; wire[OLD] = 0 }
  :: atomic { lost < 3 && wire[NEW] -> lost++; wire[NEW] = 0 }
  :: atomic { lost < 3 && back[OLD] -> lost++; back[OLD] = 0 }
  :: atomic { lost < 3 && back[NEW] -> lost++; back[NEW] = 0 }
  :: atomic { crashes < 2 && phase != HELD -> crashes++; recovering = 1; heard[OLD] = 0; heard[NEW] = 0; wire[OLD] = 0; wire[NEW] = 0 }
  od
}
ltl ends { <> (phase == HELD && holds) }
