/* message_internal.h — what the files of this module share. */
#pragma once
#include "base/map.h"
#include "message/message.h"

#include <stdlib.h>

/* One claim that caps and duplicate windows still see. It outlives its message's row; everything
 * that orders these rows is derived. */
struct sent_row {
    u64 version; /* the store's */
    u64 id_low;  /* of the message */
    u64 content; /* hash of what was said and to which address */
    persona persona;
    u32 dedupe_s;  /* how long the journey looks back for the same words */
    struct n48 at; /* when it was claimed */
    u8 channel, category;
};
_Static_assert(sizeof(struct sent_row) == 40, "one for each message of the last days");

/* What a program asked for: as long as its message's row. */
struct send_row {
    u64 version; /* the store's */
    u64 id_low;
    u64 body;
    u32 text; /* handle: what to say */
    u32 spare;
};

/* A place in a ready queue. Whoever is first by these words goes first. */
struct ready {
    i64 due, planned;
    u64 id_low, place; /* place: as it came, so that equals keep their order */
    u32 row;
    i32 priority;
};
struct queue {
    struct ready **blocks; /* a binary heap */
    u32 block_count, count;
};

struct tally_row {
    u64 version, count;
};

/* How many of a step of a version are in one place (tally.c). */
struct step_row {
    u64 version; /* the store's */
    u64 key, count;
};

enum { INDEX_WAITING = 8, DUES = 1024 };

/* When something of a customer's is due next, as long as it is known: her lists may be long, and
 * every record of hers asks. Known is what was counted since; whatever may have taken the earliest
 * away forgets it. */
struct due {
    persona head;
    bool rows_known, claims_known;
    i64 rows, claims; /* 0: nothing */
};

struct messages {
    struct table *rows, *tallies, *steps, *sent, *sends;
    struct heap *texts;
    struct customers *customers;
    struct sip_key key;
    struct message_host host;
    struct policy *policy;
    struct arena *policy_arena;
    /* derived */
    struct queue ready[LANE_COUNT][2]; /* [1]: promotion, which can be held */
    bool promotion_held;
    u64 places;
    struct due dues[DUES];      /* by head; the last of those that share a place */
    u32 waiting[INDEX_WAITING]; /* rows that are not yet in by_id: [indexed, to_index) */
    u32 indexed, to_index;
    struct map by_id, sends_by_id, sent_by_content;
    struct step_rows *step_rows; /* by program */
    u32 step_programs;
    u32 *sent_first, *sent_next; /* by persona (a head's), by row */
    u32 sent_firsts, sent_nexts;
};

static inline const struct message_row *row_of(const struct messages *m, u32 row)
{
    return table_at(m->rows, row);
}

static inline bool message_waits(const struct message_row *r)
{
    return r->status == MESSAGE_PLANNED || r->status == MESSAGE_DEFERRED;
}

/* Spread over both halves: an index takes its bits from either. */
static inline hash128 index_key(u64 low)
{
    return (hash128){.lo = low, .hi = low * 0x9E3779B97F4A7C15ull};
}

/* ---- due.c ---- */

/* The place of a head, hers from now on. */
struct due *due_of(struct messages *m, persona head);
/* One of her rows, or claims, is due then instead of (0: was, or is, never). O(1). */
void due_of_rows(struct messages *m, persona head, i64 before, i64 now);
void due_of_claims(struct messages *m, persona head, i64 before, i64 now);
/* Lists changed hands, or what holds them back did. */
void due_forget(struct messages *m, persona head);
void dues_forget(struct messages *m);

/* ---- tally.c ---- */
/* One more, or one less, where this message stands. */
void step_count(struct messages *m, const struct message_row *r, i64 by);
void steps_rebuild(struct messages *m);
void steps_clear(struct messages *m);
hash128 steps_digest(const struct messages *m);

/* ---- queue.c ---- */
void queue_push(struct messages *m, u32 row);
void queues_clear(struct messages *m);
void queues_free(struct messages *m);

/* ---- claims.c ---- */
void claims_add(struct messages *m, u32 row, const struct claim_check *check);
/* The message was not sent after all: it stands in nobody's way. */
void claims_take_back(struct messages *m, persona head, u64 id_low);
bool claims_duplicate(const struct messages *m, const struct claim_check *check);
/* Over a cap: true, and when it frees; NEVER: it is refused. */
bool claims_capped(const struct messages *m, u32 row, const struct claim_check *check, i64 *until);
i64 claims_next_due(struct messages *m, persona head); /* 0: none */
void claims_prune(struct messages *m, persona head, i64 now);
void claims_moved(struct messages *m, persona from, persona to);
void claims_cut(struct messages *m, persona a, persona b);
void claims_forget(struct messages *m, persona head);
void claims_rebuild(struct messages *m);
void claims_free(struct messages *m);
hash128 claims_digest(const struct messages *m, name_of name, void *ctx);

/* ---- send.c ---- */
void sends_drop(struct messages *m, u64 id_low);
void sends_rebuild(struct messages *m);
hash128 sends_digest(const struct messages *m);
