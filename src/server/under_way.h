/* under_way.h — what is being answered beside the engine's thread, as GET /analyses shows it:
 * analyses, and counts of a condition while it is being written.
 *
 *   under_way_read (?run=) ─ under_way_begin ─► listed ─► under_way_end
 *
 * Engine thread, all of it. */
#pragma once
#include "server/call.h"
#include "server/speeds.h"

struct under_way {
    struct under_way *next;
    str name, run; /* run: the asker's own name for it, or empty */
    struct estimate estimate;
    i64 began_ns;
    u32 (*percent)(const void *ctx); /* any thread's work; asked here */
    const void *ctx;
};

/* The query's `run`. ERR_INVALID: it is too long. */
MUST_USE err under_way_read(struct call *c, struct under_way *w);
/* Stays the caller's, until it ends. */
void under_way_begin(struct server *s, struct under_way *w);
void under_way_end(struct server *s, struct under_way *w);
/* Answers with all of them, newest first. */
err under_way_list(struct call *c);
