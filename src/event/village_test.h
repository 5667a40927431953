/* village_test.h — many rows of some hundred people, in files of many blocks, for tests: customers
 * who lie across blocks, personas under another's head, kinds that differ from block to block. */
#pragma once
#include "base/test.h"
#include "env/sim.h"
#include "event/catalog.h"

enum { VILLAGE_PEOPLE = 900, VILLAGE_ROWS = 60000, VILLAGE_CODES = 6, VILLAGE_SYSTEM = 40 };

struct village {
    struct env *env;
    struct events *es;
    struct rng rng;
    i64 step; /* ms from a row to the next, about */
    event_persona heads[VILLAGE_PEOPLE + 1];
    u32 packed_times, kinds; /* batches that had them */
};

/* Two files of VILLAGE_ROWS rows, and a tail. */
struct village *village_new(struct arena *arena, i64 step, u32 tail);
void village_free(struct village *t);
event_persona village_head(void *village, event_persona p); /* head_of */
/* The i-th row; code 0: one of two that hang on the customer's number. */
void village_append(struct village *t, u32 i, u32 code);
void village_seal(struct village *t); /* all of the tail */

/* Writes the checksums that belong to a sealed file's bytes, as a hostile hand would. */
void sealed_sign(char *bytes);
/* What a process finds that comes upon these bytes: refused, or damaged, or sound. */
err sealed_found(struct env *env, str bytes);
