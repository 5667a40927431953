/* publish.h — configuration objects: their JSON as people wrote it, and the records that make it
 * live. */
#pragma once
#include "server/call.h"

/* The body's "id", or a made one ("segment_3f9c…"), into the arena. ERR_REFUSED for one that cannot
 * stand in an address: 1 to 128 bytes without '/', white space and control characters. */
MUST_USE err object_id(struct call *c, const char *kind, str *out);
/* The body as compact JSON, with this id as its first member. */
str object_source(struct call *c, str id);
/* The members of a source without its closing brace, so that more can follow. */
void object_open(struct buf *b, str source);
/* The same, into the answer. The first of an answer is what its ETag is made of, so that the
 * members that follow (counters, states) make no edit stale. */
void object_begin(struct call *c, str source);

/* Writes a version of an object, compiled by engine/publish.h, and goes on once it is live. Engine
 * thread. */
MUST_USE err object_publish(struct call *c, object_kind kind, str source, call_step then);
/* The same for a journey; `how`, if there is one, says what becomes of enrolments that run. */
MUST_USE err object_publish_journey(struct call *c, str source, const struct json *how,
                                    call_step then);
/* What that would answer, for a draft. */
MUST_USE err object_check(struct call *c, object_kind kind, str source);
/* Takes it away; ERR_NOT_FOUND; ERR_CONFLICT while another object asks for it. */
MUST_USE err object_remove(struct call *c, object_kind kind, str id, call_step then);
/* A list of everything of a kind that is live; `put` writes one. */
void object_list(struct call *c, object_kind kind,
                 void (*put)(struct call *c, u32 code, str source));
err answer_nothing(struct call *c); /* 204 */
/* A journey as it was written (its draft first; empty: it has none) and how it stands. Engine
 * thread. */
void journey_put(struct call *c, str id, str draft);
