/* score.c — scores out of the timeline: compiled rules, awards, and when a comparison turns. */
#include "segment/score.h"

#include "base/fixed.h"
#include "base/time.h"
#include "log/events.h"
#include "log/fixed.h"
#include "segment/decay.h"
#include "segment/inside.h"

#include <stdio.h>
#include <stdlib.h>

enum { SCORE_VERSION = 1, AWARD_BITS = 30, HALVINGS_MAX = 100 };
/* Of one award, and of all that one award's time can see: 2^78 is what decay takes. */
#define POINTS_MAX ((fixed)1000000 * FIXED_ONE)
#define SUM_MAX ((__int128)1 << 77)

struct score_rule {
    u32 event; /* 0: any of a client */
    fixed points;
    duration expires;        /* 0: never */
    struct predicate *where; /* or NULL */
};

struct score {
    u32 code;
    i64 half_life_ms; /* 0: none */
    u32 count;
    struct score_rule *rules;
    struct arena *arena;
};

/* ---- compiling ---- */

MUST_USE static err refuse(struct diag *why, u32 rule, const char *member, const char *sentence)
{
    char path[64];
    snprintf(path, sizeof path, "/rules/%u/%s", rule, member);
    return diag_at(why, ERR_REFUSED, str_of(path), "%s", sentence);
}

MUST_USE static err put_points(const struct json *rule, u32 i, struct buf *out, struct diag *why)
{
    const struct json *points = json_get(rule, "points");
    fixed n;
    if (!json_is(points, JSON_NUMBER) || fixed_parse(points->text, &n) != ERR_OK ||
        n > POINTS_MAX || n < -POINTS_MAX)
        return refuse(why, i, "points",
                      "how many points is a number up to a million, with four places at most");
    buf_zigzag(out, n);
    return ERR_OK;
}

MUST_USE static err put_expires(const struct json *rule, u32 i, struct buf *out, struct diag *why)
{
    const struct json *expires = json_get(rule, "expires");
    duration d = {0};
    if (expires && (!json_is(expires, JSON_STRING) || duration_parse(expires->text, &d) != ERR_OK ||
                    (!d.ms && !d.months)))
        return refuse(why, i, "expires", "give a time such as \"30d\" or \"6mo\"");
    buf_zigzag(out, d.ms);
    buf_varint(out, d.months);
    return ERR_OK;
}

MUST_USE static err put_where(struct segments *sg, const struct json *where, u32 i,
                              const struct zone *zone, struct buf *out, struct diag *why)
{
    struct buf b;
    struct diag inner = {0};
    struct predicate_context pc = {.names = sg->names, .zone = zone, .place = PREDICATE_WHERE};
    char path[sizeof inner.path + 32];
    buf_init(&b, PREDICATE_BYTES_MAX);
    err e = where ? predicate_compile(where, &pc, &b, &inner) : ERR_OK;
    buf_str_varint(out, buf_str(&b));
    buf_clear(&b);
    if (e == ERR_OK) return ERR_OK;
    snprintf(path, sizeof path, "/rules/%u/where%s", i, inner.path);
    return diag_at(why, e, str_of(path), "%s", inner.message);
}

MUST_USE static err put_rule(struct segments *sg, const struct json *rule, u32 i,
                             const struct zone *zone, struct buf *out, struct diag *why)
{
    static const char *const KNOWN[] = {"did", "where", "points", "expires"};
    str event = json_get_str(rule, "did", S(""));
    u32 code = 0;
    if (event.n == 0) return refuse(why, i, "did", "say for which event: {\"did\":…,\"points\":…}");
    for (const struct json *m = rule->child; m; m = m->next) {
        bool known = false;
        for (u32 k = 0; k < COUNT_OF(KNOWN); k++) known |= str_eq(m->key, str_of(KNOWN[k]));
        if (!known)
            return refuse(why, i, "", "a rule has did, where, points and expires, nothing else");
    }
    if (!str_eq(event, S("*"))) TRY(names_code(sg->names, NAME_EVENT, event, &code));
    buf_varint(out, code);
    TRY(put_points(rule, i, out, why));
    TRY(put_expires(rule, i, out, why));
    return put_where(sg, json_get(rule, "where"), i, zone, out, why);
}

err score_compile(struct segments *sg, const struct json *j, const struct zone *zone,
                  struct buf *compiled, struct diag *why)
{
    const struct json *rules = json_get(j, "rules"), *half = json_get(j, "half_life");
    duration d = {0};
    u32 i = 0;
    if (!json_is(j, JSON_OBJECT) || (rules && !json_is(rules, JSON_ARRAY)))
        return diag_at(why, ERR_REFUSED, S("/rules"),
                       "a score is an object, {\"id\":…,\"rules\":[{\"did\":…,\"points\":n}]}");
    if (rules && rules->count > SCORE_RULES_MAX)
        return diag_at(why, ERR_LIMIT, S("/rules"), "a score has at most %d rules",
                       SCORE_RULES_MAX);
    if (half && (!json_is(half, JSON_STRING) || duration_parse(half->text, &d) != ERR_OK || !d.ms))
        return diag_at(why, ERR_REFUSED, S("/half_life"),
                       "give a time such as \"14d\"; calendar months are not halved");
    buf_byte(compiled, SCORE_VERSION);
    buf_zigzag(compiled, d.ms);
    buf_varint(compiled, rules ? rules->count : 0);
    for (const struct json *r = rules ? rules->child : NULL; r; r = r->next, i++)
        TRY(put_rule(sg, r, i, zone, compiled, why));
    return ERR_OK;
}

/* ---- loading ---- */

static void unload(struct score *s)
{
    if (s) arena_free(s->arena);
}

static bool load_rule(struct reader *r, struct arena *arena, struct score_rule *out)
{
    out->event = (u32)read_varint(r);
    out->points = read_zigzag(r);
    out->expires.ms = read_zigzag(r);
    out->expires.months = (u32)read_varint(r);
    str where = read_str_varint(r);
    bool good = !r->bad && out->points <= POINTS_MAX && out->points >= -POINTS_MAX &&
                out->expires.ms >= 0 && out->expires.ms <= DURATION_MS_MAX &&
                out->expires.months <= DURATION_MONTHS_MAX;
    return good &&
           (where.n == 0 || predicate_load(arena_str(arena, where), arena, &out->where) == ERR_OK);
}

MUST_USE static err load_in(u32 code, str bytes, struct arena *arena, struct score **out)
{
    struct reader r = reader_of(bytes);
    struct score *s = arena_zalloc(arena, sizeof *s);
    bool good = read_byte(&r) == SCORE_VERSION;
    s->arena = arena;
    s->code = code;
    s->half_life_ms = read_zigzag(&r);
    s->count = (u32)read_varint(&r);
    good = good && !r.bad && s->count <= SCORE_RULES_MAX && s->half_life_ms >= 0 &&
           s->half_life_ms <= DURATION_MS_MAX;
    if (good) s->rules = arena_zalloc(arena, s->count * sizeof *s->rules);
    for (u32 i = 0; good && i < s->count; i++) good = load_rule(&r, arena, &s->rules[i]);
    if (!good || r.bad) return ERR_CORRUPT;
    *out = s;
    return ERR_OK;
}

MUST_USE static err load(u32 code, str bytes, struct score **out)
{
    struct arena *arena = arena_new();
    err e = load_in(code, bytes, arena, out);
    if (e != ERR_OK) arena_free(arena);
    return e;
}

static struct score *find(const struct segments *sg, u32 code)
{
    for (u32 i = 0; i < sg->score_count; i++)
        if (sg->scores[i]->code == code) return sg->scores[i];
    return NULL;
}

bool score_exists(const struct segments *sg, u32 code)
{
    return code && find(sg, code) != NULL;
}

static void forget(struct segments *sg, u32 code)
{
    for (u32 i = 0; i < sg->score_count; i++) {
        if (sg->scores[i]->code != code) continue;
        unload(sg->scores[i]);
        memmove(sg->scores + i, sg->scores + i + 1, (--sg->score_count - i) * sizeof sg->scores[0]);
        return;
    }
}

static bool asks(const struct rule *r, u32 code)
{
    const struct predicate_inputs *in = predicate_inputs(r->p);
    for (u32 i = 0; i < in->score_count; i++)
        if (in->scores[i] == code) return true;
    return false;
}

u32 score_user(const struct segments *sg, u32 code)
{
    for (u32 i = 0; i < sg->rule_count; i++)
        if (asks(sg->rules[i], code)) return sg->rules[i]->code;
    return 0;
}

/* Rules that ask for it read other events now. */
static void pass_again(struct segments *sg, u32 code, u64 number)
{
    for (u32 i = 0; i < sg->rule_count; i++) {
        if (!asks(sg->rules[i], code)) continue;
        struct segment_row *row = table_edit(sg->rows, sg->rules[i]->code);
        row->cursor = 1;
        row->since = number;
    }
    MUST(segments_order(sg));
}

err score_publish(struct segments *sg, u32 code, str compiled, u64 number)
{
    struct score *s;
    if (code == 0 || code > table_rows_max(sg->score_rows)) return ERR_INVALID;
    if (!find(sg, code) && sg->score_count == SCORES_MAX) return ERR_LIMIT;
    TRY(load(code, compiled, &s));
    forget(sg, code);
    sg->scores[sg->score_count++] = s;
    struct score_row *row = table_has(sg->score_rows, code) ? table_edit(sg->score_rows, code)
                                                            : table_claim(sg->score_rows, code);
    heap_retire(sg->programs, row->program);
    row->program = heap_put(sg->programs, compiled);
    pass_again(sg, code, number);
    return ERR_OK;
}

void score_remove(struct segments *sg, u32 code, u64 number)
{
    if (!score_exists(sg, code)) return;
    forget(sg, code);
    heap_retire(sg->programs, ((const struct score_row *)table_at(sg->score_rows, code))->program);
    table_drop(sg->score_rows, code);
    pass_again(sg, code, number);
}

void scores_clear(struct segments *sg)
{
    for (u32 i = 0; i < sg->score_count; i++) unload(sg->scores[i]);
    sg->score_count = 0;
}

void scores_rebuild(struct segments *sg)
{
    scores_clear(sg);
    for (u32 code = 1; code < table_count(sg->score_rows); code++) {
        if (!table_has(sg->score_rows, code)) continue;
        const struct score_row *row = table_at(sg->score_rows, code);
        struct score **s = &sg->scores[sg->score_count++];
        MUST(load(code, heap_view(sg->programs, row->program), s) == ERR_OK);
    }
}

bool score_events(const struct segments *sg, u32 code, u32 *events, u32 *count)
{
    const struct score *s = find(sg, code);
    bool any = false;
    *count = 0;
    events[(*count)++] = EVENT_SCORE_CHANGED;
    for (u32 i = 0; s && i < s->count; i++) {
        any |= s->rules[i].event == 0;
        if (s->rules[i].event) events[(*count)++] = s->rules[i].event;
    }
    return any;
}

/* ---- awards ---- */

/* What counts at one moment: until the first of it expires nothing but decay changes it. */
struct awards {
    const struct score *s;
    const struct zone *zone;
    str id;
    i64 now;
    i64 newest;  /* the time all is brought to */
    i64 expires; /* the earliest; NEVER */
    u32 count;
    __int128 sum; /* × 2^AWARD_BITS of a ten-thousandth, as worth at `newest` */
};

static __int128 clamped(__int128 sum)
{
    return sum > SUM_MAX ? SUM_MAX : sum < -SUM_MAX ? -SUM_MAX : sum;
}

/* In timeline order, so that `newest` only grows. */
static void award(struct awards *a, fixed points, i64 at)
{
    i64 half = a->s->half_life_ms;
    if (half && a->count)
        a->sum = decay(a->sum, at - a->newest, half) / ((__int128)1 << DECAY_BITS);
    a->sum = clamped(a->sum + ((__int128)points << AWARD_BITS));
    a->newest = at;
    a->count++;
}

static void take(struct awards *a, const struct score_rule *r, const struct event *ev)
{
    bool taken = r->event ? r->event == ev->code : !(ev->flags & EVENT_SYSTEM);
    i64 expires = NEVER;
    if (!taken || (r->where && !predicate_where(r->where, ev))) return;
    if (r->expires.ms || r->expires.months)
        expires = zone_add(a->zone, ev->occurred_ms, r->expires);
    if (expires <= a->now) return;
    a->expires = min_i64(a->expires, expires);
    award(a, r->points, ev->occurred_ms);
}

/* A Score Changed that gives points: by a step or by hand. */
static void take_hand(struct awards *a, const struct event *ev)
{
    value name = props_get(ev->props, PROPERTY_NAME), points = props_get(ev->props, PROPERTY_VALUE);
    fixed n = points.type == VALUE_FIXED ? points.n : 0;
    if (points.type == VALUE_INT && points.n <= POINTS_MAX / FIXED_ONE &&
        points.n >= -POINTS_MAX / FIXED_ONE)
        n = points.n * FIXED_ONE;
    if (n > POINTS_MAX || n < -POINTS_MAX) return;
    if (n && name.type == VALUE_TEXT && str_eq(name.text, a->id)) award(a, n, ev->occurred_ms);
}

/* How far back an award can still count. */
static i64 since(const struct score *s, i64 now)
{
    if (!s->half_life_ms || now < s->half_life_ms * HALVINGS_MAX) return INT64_MIN;
    return now - s->half_life_ms * HALVINGS_MAX;
}

static void gather(struct awards *a, struct names *names, const struct score *s,
                   const struct subject *who, i64 now)
{
    struct event ev;
    *a = (struct awards){.s = s,
                         .zone = who->zone,
                         .id = names_text(names, NAME_OBJECT, s->code),
                         .now = now,
                         .newest = now,
                         .expires = NEVER};
    if (!who->events || !who->persona_count) return;
    struct event_iter *it = event_iter(who->events, who->personas, who->persona_count,
                                       since(s, now), now + 1, who->scratch);
    while (event_next(it, &ev)) {
        if (ev.code == EVENT_SCORE_CHANGED) take_hand(a, &ev);
        for (u32 i = 0; i < s->count; i++) take(a, &s->rules[i], &ev);
    }
}

/* × 2^(AWARD_BITS + DECAY_BITS) of a ten-thousandth. */
static __int128 worth(const struct awards *a, i64 now)
{
    if (!a->s->half_life_ms) return a->sum * ((__int128)1 << DECAY_BITS);
    return decay(a->sum, now - a->newest, a->s->half_life_ms);
}

fixed score_points(const struct segments *sg, u32 code, const struct subject *who, i64 now)
{
    struct awards a;
    const struct score *s = find(sg, code);
    if (!s) return 0;
    gather(&a, sg->names, s, who, now);
    __int128 w = worth(&a, now), half = (__int128)1 << (AWARD_BITS + DECAY_BITS - 1);
    return w < 0 ? -(fixed)((half - w) >> (AWARD_BITS + DECAY_BITS))
                 : (fixed)((w + half) >> (AWARD_BITS + DECAY_BITS));
}

/* ---- comparing ---- */

static int order_at(const struct awards *a, fixed limit, i64 now)
{
    const fixed most = (fixed)1 << 46;
    fixed near = limit > most ? most : limit < -most ? -most : limit;
    __int128 w = worth(a, now), l = (__int128)near * ((__int128)1 << (AWARD_BITS + DECAY_BITS));
    return (w > l) - (w < l);
}

static bool holds(predicate_op op, int order)
{
    switch (op) {
    case COMPARE_EQ: return order == 0;
    case COMPARE_NE: return order != 0;
    case COMPARE_LT: return order < 0;
    case COMPARE_LE: return order <= 0;
    case COMPARE_GT: return order > 0;
    case COMPARE_GE: return order >= 0;
    default: return false;
    }
}

/* What is left goes towards nothing without ever turning round: halving the time finds the first ms
 * at which it stands otherwise to the limit. */
static i64 turns(const struct awards *a, fixed limit, i64 now)
{
    int order = order_at(a, limit, now);
    if (!a->s->half_life_ms || a->sum == 0) return NEVER;
    i64 low = now, high = a->newest + a->s->half_life_ms * 2 * HALVINGS_MAX;
    if (high <= now || order_at(a, limit, high) == order) return NEVER;
    while (high - low > 1) {
        i64 mid = low + (high - low) / 2;
        if (order_at(a, limit, mid) == order)
            low = mid;
        else
            high = mid;
    }
    return high;
}

static answer compare(const struct score *s, struct names *names, const struct subject *who,
                      predicate_op op, fixed limit, i64 now)
{
    struct awards a;
    if (!s) return (answer){false, NEVER};
    gather(&a, names, s, who, now);
    i64 until = min_i64(a.expires, turns(&a, limit, now));
    return (answer){holds(op, order_at(&a, limit, now)), until};
}

answer score_answer(const struct segments *sg, u32 code, const struct subject *who, predicate_op op,
                    fixed limit, i64 now)
{
    return compare(find(sg, code), sg->names, who, op, limit, now);
}

/* ---- for other threads ---- */

struct scores {
    struct names *names;
    u32 count;
    struct score *items[SCORES_MAX];
};

const struct scores *scores_copy(const struct segments *sg, struct arena *arena)
{
    struct scores *all = arena_zalloc(arena, sizeof *all);
    all->names = sg->names;
    for (u32 i = 0; i < sg->score_count; i++) {
        u32 code = sg->scores[i]->code;
        const struct score_row *row = table_at(sg->score_rows, code);
        str bytes = arena_str(arena, heap_view(sg->programs, row->program));
        MUST(load_in(code, bytes, arena, &all->items[all->count++]) == ERR_OK);
    }
    return all;
}

answer scores_answer(const struct scores *all, u32 code, const struct subject *who, predicate_op op,
                     fixed limit, i64 now)
{
    const struct score *s = NULL;
    for (u32 i = 0; i < all->count; i++)
        if (all->items[i]->code == code) s = all->items[i];
    return compare(s, all->names, who, op, limit, now);
}
