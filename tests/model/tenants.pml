/* Two tenants under one hostile controller: what people and servers of one have said moves nothing in the other.
 * What an agent needs to be quiet is searched in hostile.pml; here it is quiet as soon as it has promised another.
 */
#ifndef STEP
#define STEP d_step
#endif
#define OLD 0
#define NEW 1

#define M_EVIDENCE_OF_ANY_TENANT 1 /* evidence does not name its tenant */
#define M_APPROVAL_OF_ANY_TENANT 2 /* approvals do not name their tenant */
#define M_ORDER_FOR_ANY_TENANT 3   /* the other tenant's GRANT is taken for one's own */

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

/* Members are tenant * 2 + role. */
byte prom[4], rcp[4];
bit runs[4], signed_to[4];   /* signed_to: people of the tenant allow this recipient */
byte shown[4];               /* evidence, kept for ever: bit (epoch - 1) * 2 + recipient */

#define ROLE(i) ((i) % 2)
#define TENANT(i) ((i) / 2)
#define PEER(i) (TENANT(i) * 2 + 1 - ROLE(i))
#define AWAY(i) (3 - TENANT(i) * 2 - ROLE(i)) /* the peer's twin in the other tenant */
#define ALLOWED(i, r) (signed_to[TENANT(i) * 2 + (r)] || (M(M_APPROVAL_OF_ANY_TENANT) && signed_to[2 - TENANT(i) * 2 + (r)]))
#define BIT(e, r) (1 << (((e)-1) * 2 + (r)))
#define PROVEN(i, e) ((shown[PEER(i)] & BIT(e, ROLE(i))) != 0 || \
  (M(M_EVIDENCE_OF_ANY_TENANT) && (shown[AWAY(i)] & BIT(e, ROLE(i))) != 0) )

#define FENCE(i, e, r) \
 :: STEP { e > prom[i] && ALLOWED(i, r) -> printf("FENCE(%d, %d) to %d\n", e, r, i); prom[i] = e; rcp[i] = r; runs[i] = runs[i] && r == ROLE(i); \
      assert(signed_to[TENANT(i) * 2 + r]) }
#define QUIET(i, e, r) \
 :: STEP { prom[i] == e && rcp[i] == r && !runs[i] && (shown[i] & BIT(e, r)) == 0 -> printf("%d is quiet\n", i); shown[i] = shown[i] | BIT(e, r) }
#define MOVES(i, e, r) FENCE(i, e, r) QUIET(i, e, r)
#define GRANT(i, e) \
 :: STEP { prom[i] == e && (rcp[i] == ROLE(i) || M(M_ORDER_FOR_ANY_TENANT)) && !runs[i] && PROVEN(i, e) -> \
      printf("GRANT(%d) to %d\n", e, i); runs[i] = 1; assert(!runs[PEER(i)]); assert(rcp[i] == ROLE(i)) }
#define SIGN(i) :: STEP { !signed_to[i] -> printf("people of %d allow %d\n", TENANT(i), ROLE(i)); signed_to[i] = 1 }

active proctype World() {
  runs[0] = 1; runs[2] = 1;
end:
  do /* OLD exports already: what names it at first leaves it running, and needs no grant */
  SIGN(0) SIGN(1) SIGN(2) SIGN(3)
  FENCE(0, 1, OLD) MOVES(0, 1, NEW) MOVES(0, 2, OLD) MOVES(0, 2, NEW) MOVES(0, 3, OLD) MOVES(0, 3, NEW)
  MOVES(1, 1, OLD) MOVES(1, 1, NEW) MOVES(1, 2, OLD) MOVES(1, 2, NEW) MOVES(1, 3, OLD) MOVES(1, 3, NEW)
  FENCE(2, 1, OLD) MOVES(2, 1, NEW) MOVES(2, 2, OLD) MOVES(2, 2, NEW)
  MOVES(3, 1, OLD) MOVES(3, 1, NEW) MOVES(3, 2, OLD) MOVES(3, 2, NEW)
  GRANT(0, 2) GRANT(0, 3) GRANT(1, 1) GRANT(1, 2) GRANT(1, 3)
  GRANT(2, 2) GRANT(3, 1) GRANT(3, 2)
  od
}
