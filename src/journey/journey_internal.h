/* journey_internal.h — what the files of this module share.
 *
 *   compile.c  JSON → bytes            program.c  bytes → program
 *   version.c  publish, operate, read  enter.c    triggers, entry rules
 *   journey.c  steps, waits, exits     dated.c    moments of dates
 *   owner.c    joined, cut, forgotten  pass.c     work that passes everybody */
#pragma once
#include "journey/program.h"

#include <stdio.h>
#include <stdlib.h>

/* One published version: row index = struct enrolment_row.program. */
struct program_row {
    u64 version; /* the store's */
    u32 code, number;
    u32 compiled; /* handle */
    u32 over;     /* the journey was stopped: enrolments of this version end */
    i64 live_ms;
};

/* One journey over all its versions. */
struct journey_row {
    u64 version; /* the store's */
    u32 code;
    u16 program; /* the newest */
    u8 paused, stopped;
    u32 percent, holdout;
    u32 numbers; /* versions so far */
    u32 cursor;  /* pass.c: the next persona, perhaps with PASS_PUBLISHED; 0: none is under way */
    u64 entered, refused, running, ended;
};
_Static_assert(sizeof(struct journey_row) == 64, "a journey is one cache line");

/* How often something was the fate of an entry into one version: row 1 + version index × 32 + a
 * refusal (NONE: entered), or ENDED_AT + how it ended. */
struct count_row {
    u64 version; /* the store's */
    u64 count;
};
enum { COUNTS_EACH = 32, ENDED_AT = 16 };
_Static_assert((int)ENTRY_COUNT <= ENDED_AT && ENDED_AT + (int)EXIT_COUNT <= COUNTS_EACH, "room");

/* In a cursor: dates that were known before count from the publication on. */
#define PASS_PUBLISHED ((u32)1 << 31)

struct journeys {
    struct table *enrolments, *programs, *journeys, *counts;
    struct heap *bytes;
    struct customers *customers;
    struct messages *messages;
    struct segments *segments;
    struct names *names;
    struct journey_host host;
    /* derived */
    struct program *loaded; /* by program index */
    u32 loaded_count;
    u32 asking; /* the enrolment whose condition is being evaluated */
};

static inline const struct enrolment_row *row_at(const struct journeys *j, u32 row)
{
    return table_at(j->enrolments, row);
}

static inline struct enrolment_row *row_edit(struct journeys *j, u32 row)
{
    return table_edit(j->enrolments, row);
}

static inline const struct program *program_at(const struct journeys *j, u32 row)
{
    return &j->loaded[row_at(j, row)->program];
}

static inline struct journey_row *journey_edit(struct journeys *j, const struct program *p)
{
    return table_edit(j->journeys, p->journey);
}

static inline const struct journey_row *journey_at(const struct journeys *j,
                                                   const struct program *p)
{
    return table_at(j->journeys, p->journey);
}

static inline bool enrolment_runs(const struct enrolment_row *r)
{
    return r->state == ENROLMENT_WAITING || r->state == ENROLMENT_SENDING;
}

static inline persona pass_at(const struct journey_row *r)
{
    return r->cursor & ~PASS_PUBLISHED;
}

/* ---- journey.c ---- */

/* An event of the journey, with its reason where there is one, and the entry's key as the
 * triggering event has it. */
void journey_tell(struct journeys *j, persona head, u32 event, const struct program *p, str reason,
                  const struct event *trigger, bool fresh);
/* Ends an enrolment that runs; `fresh`: the exit may start other journeys. */
void journey_end(struct journeys *j, u32 row, exit_reason why, i64 now, bool fresh);
/* The same, and what it planned and nobody has claimed is cancelled. */
void journey_cancel(struct journeys *j, u32 row, exit_reason why, i64 now, bool fresh);
/* Runs from the present step to the next wait, send or end. */
void journey_advance(struct journeys *j, u32 row, i64 now);
/* Takes a row out of her list and frees it. */
void enrolment_drop(struct journeys *j, u32 row);

/* A subject whose `event` is the one that began the enrolment, if there is one. */
void enrolment_subject(struct journeys *j, u32 row, struct subject *who, struct event *trigger);

/* ---- enter.c ---- */

/* Judges one entry of the newest version, and enrols her or says why not. */
void journey_try(struct journeys *j, u32 program, persona head, const struct cause *cause, i64 now);

/* The customer's number in a lottery of the journey, 0 to 9,999. */
u32 journey_lot(const struct journeys *j, const struct program *p, persona head, str salt);

/* ---- dated.c ---- */

/* Makes her row for this journey's date what her date, her zone and the newest version say, and
 * gives it; 0: there is none. A date not met before counts from `since` on. `unchanged`: nothing
 * was written to the attribute, whatever it looks like now (a column's type may have widened). */
u32 dated_follow(struct journeys *j, u32 journey, persona head, bool unchanged, i64 since, i64 now);
/* The row's moment may have come: judges an entry. */
void dated_due(struct journeys *j, u32 row, i64 now);
bool dated_reads(const struct program *p, const struct change *change);

/* ---- pass.c, version.c ---- */

/* A pass over everybody begins, from the first. */
void pass_begin(struct journeys *j, u32 journey, bool published);
/* One more that was refused (NONE: entered), or ended so. */
void count_entry(struct journeys *j, const struct program *p, entry_refusal why);
void count_end(struct journeys *j, const struct program *p, exit_reason why);
/* The row of a journey's code; 0: there is none. */
u32 journey_row_of(const struct journeys *j, u32 code);
