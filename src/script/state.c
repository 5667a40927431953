/* state.c — expectations of how a customer stands at a moment, after everything of it. */
#include "script/script_internal.h"

#include "base/fixed.h"
#include "segment/standing.h"

#include <stdio.h>

struct state {
    struct run *r;
    const struct entry *entry;
    persona head;
    bool good;
};

static void differs(struct state *s, const struct node *n, const char *sentence, str what)
{
    struct buf *b = &s->r->report->text;
    if (s->good) report_missed(s->r, s->entry, "she is not as expected");
    s->good = false;
    buf_printf(b, "  line %u: %s %.*s\n", n->line, sentence, STR_ARG(what));
}

static struct engine *engine_of(const struct state *s)
{
    return world_engine(s->r->world);
}

/* ---- tags and segments ---- */

static bool has_tag(const struct state *s, str tag)
{
    struct customer_view live = {engine_customers(engine_of(s)), NULL};
    u32 code = names_find(engine_names(engine_of(s)), NAME_TAG, tag);
    i64 expires;
    return code && view_tag(&live, s->head, code, engine_time(engine_of(s)), &expires);
}

static bool in_segment(const struct state *s, str segment)
{
    struct customer_view live = {engine_customers(engine_of(s)), NULL};
    u32 code = names_find(engine_names(engine_of(s)), NAME_OBJECT, segment);
    return code && segment_holds(engine_segments(engine_of(s)), &live, code, s->head);
}

static void check_list(struct state *s, const char *member, bool wanted,
                       bool (*has)(const struct state *s, str what), const char *sentence)
{
    const struct node *list = node_get(s->entry->body, member);
    if (!list) return;
    if (list->type == NODE_TEXT && has(s, list->text) != wanted)
        differs(s, list, sentence, list->text);
    for (const struct node *n = list->child; n; n = n->next)
        if (has(s, n->text) != wanted) differs(s, n, sentence, n->text);
}

/* ---- attributes ---- */

/* Numbers by size, everything else as it is shown. */
static bool same_value(str want, str seen)
{
    fixed a, b;
    if (str_eq(want, seen)) return true;
    return fixed_parse(want, &a) == ERR_OK && fixed_parse(seen, &b) == ERR_OK && a == b;
}

static void check_attribute(struct state *s, const struct node *n)
{
    struct customer_view live = {engine_customers(engine_of(s)), NULL};
    u32 code = names_find(engine_names(engine_of(s)), NAME_ATTRIBUTE, n->key);
    value v = code ? view_attribute(&live, s->head, code) : value_missing();
    const struct json *want = node_json(n, s->r->arena);
    struct buf seen, text;
    buf_init(&seen, 1 << 16);
    buf_init(&text, 1 << 16);
    if (v.type > VALUE_NULL) value_display(&seen, v);
    if (json_is(want, JSON_STRING) || json_is(want, JSON_NUMBER))
        buf_put(&text, want->text);
    else if (!json_is(want, JSON_NULL))
        json_put(&text, want);
    if (json_is(want, JSON_NULL) ? v.type > VALUE_NULL
                                 : !same_value(buf_str(&text), buf_str(&seen)))
        differs(s, n, v.type > VALUE_NULL ? "the attribute is" : "the attribute is missing",
                buf_str(&seen));
    buf_clear(&seen);
    buf_clear(&text);
}

/* ---- scores and stages ---- */

static void check_score(struct state *s, const struct node *n)
{
    u32 code = names_find(engine_names(engine_of(s)), NAME_OBJECT, n->key);
    struct buf seen;
    buf_init(&seen, 64);
    fixed_put(&seen, code ? engine_score(engine_of(s), s->head, code) : 0);
    if (!same_value(n->text, buf_str(&seen))) differs(s, n, "the score is", buf_str(&seen));
    buf_clear(&seen);
}

/* {model: stage}; null: at none. */
static void check_stage(struct state *s, const struct node *n)
{
    struct segments *sg = engine_segments(engine_of(s));
    const struct json *want = node_json(n, s->r->arena);
    u32 code = names_find(engine_names(engine_of(s)), NAME_OBJECT, n->key);
    const struct standing *st = code ? standing_find(sg, STANDING_STAGES, code) : NULL;
    i32 at = st ? standing_now(sg, st, s->head) : -1;
    str seen = at < 0 ? (str){0} : st->rungs[at].id;
    if (!str_eq(seen, json_is(want, JSON_NULL) ? (str){0} : n->text))
        differs(s, n, seen.n ? "the stage is" : "she is at no stage of this model", seen);
}

/* ---- the whole ---- */

err state_check(struct run *r, const struct entry *e)
{
    const struct node *ref = node_get(e->body, "ref"),
                      *attributes = node_get(e->body, "attributes"),
                      *scores = node_get(e->body, "scores"), *stages = node_get(e->body, "stages");
    struct state s = {.r = r, .entry = e, .good = true};
    if (!ref) return node_refuse(e->body, r->s->file, r->why, "say who: ref: u1");
    r->report->expected++;
    s.head = play_who(r, ref->text);
    if (!s.head) {
        report_missed(r, e, "nobody is known by this reference");
        return ERR_OK;
    }
    check_list(&s, "tags", true, has_tag, "she lacks the tag");
    check_list(&s, "not_tags", false, has_tag, "she has the tag");
    check_list(&s, "segments", true, in_segment, "she is not in the segment");
    check_list(&s, "not_segments", false, in_segment, "she is in the segment");
    for (const struct node *n = attributes ? attributes->child : NULL; n; n = n->next)
        check_attribute(&s, n);
    for (const struct node *n = scores ? scores->child : NULL; n; n = n->next) check_score(&s, n);
    for (const struct node *n = stages ? stages->child : NULL; n; n = n->next) check_stage(&s, n);
    r->report->met += s.good;
    return ERR_OK;
}
