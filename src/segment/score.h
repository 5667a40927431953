/* score.h — points for what she did, worth less with time.
 *
 *   {"id","rules":[{"did","where"?,"points","expires"?}],"half_life"?}
 *
 * A score is what her timeline says: every event that a rule takes is an award at its time, and so
 * is every Score Changed that gives points by hand. Nothing else is kept, so that what comes late,
 * a merge, a cut and an erasure need no care. An award counts while now − t < expires; with a half
 * life it is worth points × 2^(−age ÷ half life). Comparing is exact to the ms (relative error
 * below 2^−40); what is shown has four decimal places. Costs her events in the widest window. */
#pragma once
#include "segment/segment.h"

enum { SCORES_MAX = 64, SCORE_RULES_MAX = 64 };

/* Checks and compiles. ERR_REFUSED with the place, ERR_LIMIT. Outside apply. */
MUST_USE err score_compile(struct segments *sg, const struct json *j, const struct zone *zone,
                           struct buf *compiled, struct diag *why);
/* Applies; rules that ask for the score begin their bootstrap again. ERR_LIMIT, ERR_CORRUPT. */
MUST_USE err score_publish(struct segments *sg, u32 code, str compiled, u64 number);
void score_remove(struct segments *sg, u32 code, u64 number);
/* A rule that asks for it; 0: none. */
u32 score_user(const struct segments *sg, u32 code);
bool score_exists(const struct segments *sg, u32 code);

/* Her points at `now`, rounded to four places half away from zero; 0 without a score of this code.
 * `who` needs personas, events and scratch. */
fixed score_points(const struct segments *sg, u32 code, const struct subject *who, i64 now);
/* The rules as they are, for readers on other threads. Engine thread. */
struct scores;
const struct scores *scores_copy(const struct segments *sg, struct arena *arena);
answer scores_answer(const struct scores *all, u32 code, const struct subject *who, predicate_op op,
                     fixed limit, i64 now);
/* For struct resolver.score, with a live subject. */
answer score_answer(const struct segments *sg, u32 code, const struct subject *who, predicate_op op,
                    fixed limit, i64 now);
