/* rig_test.h — for tests of analyses: a town whose past is kept twice, and questions asked of it.
 */
#pragma once
#include "analysis/analysis.h"
#include "base/test.h"
#include "predicate/oracle.h"

/* A town where the codes of system events are kept for them, as they are by the engine. */
struct town *rig_town(struct arena *arena, const char *zone);
/* A request (JSON with ' for "), worked off by so many workers in turn; the answer's text, with
 * braces. A refusal fails the test. */
str rig_ask(struct town *w, const char *name, str body, u32 workers);
/* The same, parsed; asked of one worker and of three, whose answers must be the same bytes. */
const struct json *rig_answer(struct town *w, const char *name, const char *body);
/* How many customers stand behind a figure. */
u64 rig_drill(struct town *w, const char *name, str body);
/* What it would look at. */
void rig_cost(struct town *w, const char *name, const char *body, struct analysis_cost *out);
/* What a bad request is told. */
struct diag rig_refusal(struct town *w, const char *name, const char *body);

/* An element of an array. */
const struct json *rig_row(const struct json *list, u32 i);
i64 rig_number(const struct json *j, const char *member);
/* A decimal as ten-thousandths. */
i64 rig_fixed(const struct json *j, const char *member);
