/* counts.h — for how many customers predicates hold: many at once, in one pass beside the engine.
 *
 *   counts_init ─ counts_add, counts_compile … ─ counts_begin(then) ──pin──► crew: batches
 *                                                                      ──unpin─► then (engine)
 *
 * Compiled on the engine's thread, counted on an epoch, so that writers wait for nobody. */
#pragma once
#include "predicate/predicate.h"
#include "server/beside.h"
#include "server/under_way.h"

enum { COUNTS_MAX = 600, COUNTS_SAMPLE = 10 };

/* How a row goes on from the one before it. */
typedef enum { CHAIN_NONE, CHAIN_FIRST, CHAIN_AND, CHAIN_OR } count_chain;

struct counted {
    struct predicate *predicate; /* NULL: not asked; its count stays 0 */
    u64 count, running;          /* running: together with the rows of its chain before it */
    bool with_reach;
    count_chain chain;
    u64 reachable[CHANNEL_FIXED_COUNT], reachable_any;
    persona sample[COUNTS_SAMPLE];
    u32 sampled;
};

struct counts {
    struct call *c;
    u32 n;
    struct counted *items;
    struct beside beside;
    struct under_way under_way; /* with a name, it is listed */
    i64 took_ms, run_ns;
    u32 pieces, done;
    u64 work; /* as estimated; 0: it was not */
    bool cancelled;
    struct counted *of_worker;       /* while counting: n for each… */
    const struct batch_subject *all; /* …and who is asked */
    call_step then;
};

void counts_init(struct counts *k, struct call *c);
struct counted *counts_add(struct counts *k); /* MUST: COUNTS_MAX */
/* ERR_REFUSED with the pointer behind `place`. */
MUST_USE err counts_compile(struct counts *k, struct counted *n, const struct json *predicate,
                            const char *place);
/* As of the body's `as_of`, else now. The last of a step on the engine's thread; `then` runs there,
 * too. c->data is the caller's. */
MUST_USE err counts_begin(struct counts *k, call_step then);
/* Answers {"estimate":{…}} of what counting would take, and counts nothing. Engine thread. */
MUST_USE err counts_estimate(struct counts *k);
/* "reachable": {"email": n …} of those who can be reached by a channel, without those that are 0.
 */
void counts_put_reach(struct call *c, const struct counted *n);
