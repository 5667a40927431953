/* standing.h — what rules make of her besides memberships: tags by rule, lifecycle stages, levels.
 *
 *   {"id":"Value/High","if":P,"expires"?}                       tag
 *   {"id":"default","stages":[{"id","if"?}…],"only_forward"?}   the last that holds
 *   {"id":"tiers","ladder":[{"id","if"}…],"keep"?}              the highest that holds
 *
 *   each "if" is a rule beside those of segments, under a name no person can give:
 *     rules turn ─► after the last rule of its rank: effect(standing) ─► readers of what it writes
 *
 * Where she stands is a list per rung ($stage:MODEL/STAGE): so `{"stage":…}` is asked like a
 * segment, at epochs too. Rules are ranked above what they read, also where they read it through a
 * tag, a stage or a level; a circle is refused. What an effect writes (tags, attributes, events) is
 * the engine's (engine/states.c). */
#pragma once
#include "segment/segment.h"

#include "base/time.h"

typedef enum { STANDING_TAG = 1, STANDING_STAGES, STANDING_LEVELS } standing_kind;

enum { STANDINGS_MAX = 256, RUNGS_MAX = 64 };

struct rung {
    str id;   /* empty for a tag */
    u32 list; /* who is there; of a tag: who has it by the rule */
    u32 rule; /* 0: it has none, only people and steps put her there */
    str program;
};

struct standing {
    standing_kind kind;
    u32 code; /* NAME_OBJECT: the object's id */
    bool only_forward;
    u32 target;       /* the tag; LEVELS: the attribute that mirrors it */
    duration expires; /* TAG: after it last held; 0: at once */
    u32 count;
    struct rung *rungs;
    struct arena *arena;
};

/* Checks and compiles the body of a tag, a model or a ladder. ERR_REFUSED with the place; a circle
 * is refused. Outside apply. */
MUST_USE err standing_compile(struct segments *sg, standing_kind kind, const struct json *j,
                              const struct zone *zone, struct buf *compiled, struct diag *why);
/* Applies; rungs that are as before keep what they have. On an error the object is not there. */
MUST_USE err standing_publish(struct segments *sg, standing_kind kind, u32 code, str compiled,
                              u64 number);
void standing_remove(struct segments *sg, standing_kind kind, u32 code, u64 number);

u32 standings_count(const struct segments *sg);
const struct standing *standing_at(const struct segments *sg, u32 i);
const struct standing *standing_find(const struct segments *sg, standing_kind kind, u32 code);
/* A rule of another object that asks for what this one writes; 0: none. */
u32 standing_user(const struct segments *sg, const struct standing *st);
/* The object a hidden rule's or list's code belongs to; NULL: it is a segment. */
const struct standing *standing_of(const struct segments *sg, u32 code);

/* Where she stands: the highest rung whose list has her, and the last whose rule holds; −1: none.
 */
i32 standing_now(const struct segments *sg, const struct standing *st, persona head);
i32 standing_due(const struct segments *sg, const struct standing *st, persona head);

/* Called within touch, due and bootstrap when a rule of `st` turned for her, once for all of them:
 * writes what follows, by segment_put and otherwise. It must not publish or touch. */
void standings_hook(struct segments *sg,
                    void (*effect)(void *ctx, const struct standing *st, persona head, bool fresh),
                    void *ctx);
