/* states.c — what a rule's turn writes: tags, stages, levels; and points by hand.
 *
 *   rules of a standing turned ─► where she stands now, where her rules put her
 *     tag:    Tag Added, Tag Removed (reason "rule"); a tag somebody set is left alone
 *     stages: her list ─► Stage Changed        levels: the same, and the attribute
 *
 * A score keeps nothing: points given by hand are a Score Changed in her timeline. */
#include "engine/engine_internal.h"

static str rung_id(const struct standing *st, i32 i)
{
    return i < 0 ? (str){0} : st->rungs[i].id;
}

/* A loop of journeys is seen by it (journey/loop.c). */
static void put_behind(const struct engine *e, struct buf *b)
{
    if (e->behind.n) text_property(b, PROPERTY_SOURCE, e->behind);
}

static void write_change(struct engine *e, const struct change *c, bool fresh)
{
    struct buf why;
    buf_init(&why, 4096);
    text_property(&why, PROPERTY_REASON, S("rule"));
    put_behind(e, &why);
    struct happened *h = change_write_with(e, c, e->now, fresh, buf_str(&why));
    if (h) h->quiet = e->quiet;
    buf_clear(&why);
}

/* ---- tags ---- */

/* By the rule: the list says so, after the change as such was taken for somebody's. */
static void write_tag(struct engine *e, const struct standing *st, persona head, bool on,
                      i64 expires, bool fresh)
{
    struct change c;
    if (!customer_tag(e->customers, head, st->target, on, expires, e->now, &c)) return;
    write_change(e, &c, fresh);
    segment_put(e->segments, st->rungs[0].list, head, on);
}

static i64 tag_end(const struct engine *e, const struct standing *st)
{
    return zone_add(e->workspace_zone, e->now, st->expires);
}

/* The list says that the rule gave it, and so may take it. */
static void settle_tag(struct engine *e, const struct standing *st, persona head, bool fresh)
{
    i64 expires;
    bool has = view_tag(&e->live_customers, head, st->target, e->now, &expires);
    bool given = standing_now(e->segments, st, head) >= 0;
    bool held_on = !st->expires.ms && !st->expires.months;
    if (standing_due(e->segments, st, head) >= 0) {
        if (has && !(given && expires != NEVER)) return;
        write_tag(e, st, head, true, NEVER, fresh);
    } else if (given && has && !held_on) {
        if (expires == NEVER) write_tag(e, st, head, true, tag_end(e, st), fresh);
    } else if (given) {
        segment_put(e->segments, st->rungs[0].list, head, false);
        if (has) write_tag(e, st, head, false, NEVER, fresh);
    }
}

static const struct standing *tag_of(const struct engine *e, u32 tag)
{
    for (u32 i = 0; i < standings_count(e->segments); i++) {
        const struct standing *st = standing_at(e->segments, i);
        if (st->kind == STANDING_TAG && st->target == tag) return st;
    }
    return NULL;
}

void states_by_hand(struct engine *e, const struct change *c)
{
    const struct standing *st = tag_of(e, c->code);
    if (st)
        segment_put(e->segments, st->rungs[0].list, customer_head(e->customers, c->persona), false);
}

bool states_own(const struct engine *e, persona head, const struct change *c)
{
    for (u32 i = 0; i < standings_count(e->segments); i++) {
        const struct standing *st = standing_at(e->segments, i);
        if (st->kind == STANDING_LEVELS && c->field == FIELD_ATTRIBUTE && st->target == c->code)
            return true;
        if (head && st->kind == STANDING_TAG && c->field == FIELD_TAG && st->target == c->code)
            return standing_now(e->segments, st, head) >= 0;
    }
    return false;
}

/* ---- stages and levels ---- */

/* The oldest ladder there is speaks for the attribute. */
static bool is_mirrored(const struct engine *e, const struct standing *st)
{
    for (u32 i = 0; i < standings_count(e->segments); i++)
        if (standing_at(e->segments, i)->kind == STANDING_LEVELS)
            return standing_at(e->segments, i) == st;
    return false;
}

static void mirror(struct engine *e, const struct standing *st, persona head, i32 at, bool fresh)
{
    struct change c;
    str id = rung_id(st, at);
    value v = id.n ? value_text(id) : (value){.type = VALUE_NULL};
    if (!is_mirrored(e, st)) return;
    if (!customer_set(e->customers, head, st->target, v, e->now, &c)) return;
    write_change(e, &c, fresh);
}

static void tell_move(struct engine *e, const struct standing *st, persona head, i32 from, i32 to,
                      str place, bool fresh)
{
    struct buf b;
    buf_init(&b, 256 << 10);
    text_property(&b, PROPERTY_NAME, names_text(e->names, NAME_OBJECT, st->code));
    if (from >= 0) text_property(&b, PROPERTY_OLD, rung_id(st, from));
    if (to >= 0) text_property(&b, PROPERTY_NEW, rung_id(st, to));
    buf_put(&b, place);
    if (!place.n) put_behind(e, &b);
    struct happened *h = engine_event(
        e, head, st->kind == STANDING_LEVELS ? EVENT_LEVEL_CHANGED : EVENT_STAGE_CHANGED,
        buf_str(&b), 0, fresh);
    if (h) {
        h->quiet = e->quiet;
        h->lists[0] = from >= 0 ? st->rungs[from].list : 0;
        h->lists[1] = to >= 0 ? st->rungs[to].list : 0;
    }
    buf_clear(&b);
}

/* After a merge she may stand on several rungs. */
static void stand(struct engine *e, const struct standing *st, persona head, i32 at)
{
    for (u32 i = 0; i < st->count; i++)
        segment_put(e->segments, st->rungs[i].list, head, (i32)i == at);
}

static void settle_rungs(struct engine *e, const struct standing *st, persona head, bool fresh)
{
    i32 now = standing_now(e->segments, st, head), due = standing_due(e->segments, st, head);
    bool by_hand = now >= 0 && !st->rungs[now].rule;
    if ((st->only_forward && due < now) || (by_hand && due < 0)) due = now;
    stand(e, st, head, due);
    if (due != now) tell_move(e, st, head, now, due, (str){0}, fresh);
    if (st->kind == STANDING_LEVELS) mirror(e, st, head, due, fresh);
}

void states_effect(void *ctx, const struct standing *st, persona head, bool fresh)
{
    if (st->kind == STANDING_TAG)
        settle_tag(ctx, st, head, fresh);
    else
        settle_rungs(ctx, st, head, fresh);
}

void states_look(struct engine *e, persona head)
{
    e->quiet = true;
    for (u32 i = 0; i < standings_count(e->segments); i++)
        states_effect(e, standing_at(e->segments, i), head, false);
}

/* ---- by hand ---- */

bool engine_stage_set(struct engine *e, persona head, u32 list, str place, bool fresh)
{
    const struct standing *st = standing_of(e->segments, list);
    i32 at = -1;
    for (u32 i = 0; st && st->kind == STANDING_STAGES && i < st->count; i++)
        if (st->rungs[i].list == list) at = (i32)i;
    if (at < 0 || customer_head(e->customers, head) != head) return false;
    i32 now = standing_now(e->segments, st, head);
    if (at == now) return true;
    if (st->only_forward && at < now) return false;
    e->quiet = false;
    stand(e, st, head, at);
    tell_move(e, st, head, now, at, place, fresh);
    return true;
}

bool engine_score_add(struct engine *e, persona head, u32 score, fixed points, str place,
                      bool fresh)
{
    struct buf b;
    if (!score_exists(e->segments, score) || customer_head(e->customers, head) != head)
        return false;
    buf_init(&b, 256 << 10);
    text_property(&b, PROPERTY_NAME, names_text(e->names, NAME_OBJECT, score));
    props_put(&b, PROPERTY_VALUE, value_fixed(points));
    buf_put(&b, place);
    engine_event(e, head, EVENT_SCORE_CHANGED, buf_str(&b), 0, fresh);
    buf_clear(&b);
    return true;
}

fixed engine_score(struct engine *e, persona head, u32 score)
{
    struct subject who;
    engine_subject(e, head, &who);
    return score_points(e->segments, score, &who, max_i64(e->now, env_wall_ms(e->env)));
}

/* ---- publishing ---- */

static standing_kind kind_of(object_kind kind)
{
    return kind == OBJECT_TAG      ? STANDING_TAG
           : kind == OBJECT_STAGES ? STANDING_STAGES
                                   : STANDING_LEVELS;
}

err states_publish(struct engine *e, object_kind kind, u32 code, str compiled)
{
    return kind == OBJECT_SCORE
               ? score_publish(e->segments, code, compiled, e->number)
               : standing_publish(e->segments, kind_of(kind), code, compiled, e->number);
}

void states_remove(struct engine *e, object_kind kind, u32 code)
{
    if (kind == OBJECT_SCORE)
        score_remove(e->segments, code, e->number);
    else
        standing_remove(e->segments, kind_of(kind), code, e->number);
}
