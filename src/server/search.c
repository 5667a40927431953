#include "server/search.h"

#include "event/scan.h"
#include "server/beside.h"
#include "server/crew.h"
#include "server/show.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    BLOCK = 1 << 16,
    BLOCKS_MAX = 16, /* asked at a time; one at first, then twice as many as before */
    SLICE = 1 << 13,
    TEXT_BYTES_MAX = 200,
    NAME_ATTRIBUTES = 7
};

struct search {
    u32 limit, found, segment;
    str text, digits; /* empty: any. Lower case; the digits alone if there are three or more */
    u32 names[NAME_ATTRIBUTES];
    persona at;    /* looked at next is whoever is below */
    persona exact; /* shown first, and not again */
    /* with a condition */
    struct predicate *filter;
    struct beside beside;
    struct batch_subject all;
    struct event_crowd *crowd;
    u32 blocks;         /* that were asked last, from `block` up… */
    u64 *bits;          /* …and for whom of them it holds */
    persona block, end; /* of blocks: a multiple of BLOCK; above all that was asked */
    bool ready, cancelled;
};

/* ---- the text ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

static bool begins(str s, str lower_prefix)
{
    if (s.n < lower_prefix.n) return false;
    for (size_t i = 0; i < lower_prefix.n; i++)
        if (lower(s.p[i]) != lower_prefix.p[i]) return false;
    return true;
}

/* Of the text itself, or of a word in it: "Neil" is in "O'Neil", and in Chinese, whose words have
 * nothing between them, any character may begin one. */
static bool word_begins(str s, str lower_prefix)
{
    enum { CJK_LEAD = 0xe3 }; /* the first byte of U+3000 and above */
    for (size_t i = 0; i + lower_prefix.n <= s.n; i++) {
        u8 before = i ? (u8)s.p[i - 1] : ' ', here = (u8)s.p[i];
        bool parted = before < 0x80 && !isalnum(before);
        if ((parted || here >= CJK_LEAD) && begins(str_slice(s, i, s.n), lower_prefix)) return true;
    }
    return false;
}

/* +8613800138000: by all its digits, or by those after a country code of one to three. */
static bool phone_begins(str number, str digits)
{
    if (!digits.n) return false;
    for (size_t skip = 1; skip <= 4; skip++)
        if (str_starts(str_slice(number, skip, number.n), digits)) return true;
    return false;
}

static bool name_fits(const struct search *q, const struct customer_view *v, persona head)
{
    for (u32 i = 0; i < NAME_ATTRIBUTES; i++) {
        if (!q->names[i]) continue;
        value x = view_attribute(v, head, q->names[i]);
        if (x.type == VALUE_TEXT && word_begins(x.text, q->text)) return true;
    }
    return false;
}

static bool identifier_fits(const struct search *q, const struct customers *cs, persona head)
{
    struct identifier_view id;
    for (u32 cursor = 0; customer_identifier(cs, head, &cursor, &id);) {
        bool fits =
            id.space == SPACE_PHONE ? phone_begins(id.value, q->digits)
            : id.space == SPACE_EMAIL || id.space == SPACE_USER_ID || id.space == SPACE_MEMBER_NO
                ? begins(id.value, q->text)
                : false;
        if (fits) return true;
    }
    return false;
}

static bool text_fits(const struct search *q, const struct customer_view *v, persona head)
{
    return !q->text.n || identifier_fits(q, v->c, head) || name_fits(q, v, head);
}

/* ---- one customer ---- */

static bool segment_fits(const struct call *c, const struct search *q, persona head)
{
    struct customer_view v = {engine_customers(c->server->engine), NULL};
    return !q->segment || segment_holds(engine_segments(c->server->engine), &v, q->segment, head);
}

static void show(struct call *c, struct search *q, persona head)
{
    json_put_comma(&c->out);
    show_customer(&c->out, c->server->engine, head);
    q->found++;
}

static void unpin(struct search *q)
{
    event_crowd_free(q->crowd);
    if (q->filter) beside_unpin(&q->beside);
    free(q->bits);
}

static err finish(struct call *c, bool more)
{
    struct search *q = c->data;
    unpin(q);
    call_items_end(c, more ? arena_printf(c->arena, "%u", q->at) : (str){0});
    return ERR_OK;
}

static err give_up(struct call *c)
{
    unpin(c->data);
    return diag_set(&c->why, ERR_BUSY, "it took too long; ask again");
}

/* ---- the condition ---- */

/* Crew, before it is asked for the first time: as counts do, so that what customers did is told by
 * scans. */
static void make_ready(struct call *c, struct search *q)
{
    const struct predicate *p = q->filter;
    const struct predicate_inputs *in = predicate_inputs(p);
    q->ready = true;
    q->all = (struct batch_subject){.view = &q->beside.view.customers,
                                    .events = q->beside.view.events,
                                    .zone = q->beside.zone,
                                    .resolver = &q->beside.resolver,
                                    .cancel = &q->cancelled,
                                    .names = engine_names(c->server->engine)};
    if (in->others) beside_reach(&q->beside, c);
    if (!in->event_count && !in->any_event) return;
    beside_everybody(&q->beside, &q->all);
    q->crowd = predicate_crowd(&p, 1, &q->all, q->beside.now);
    q->all.crowd = q->crowd;
}

/* Crew, any of it. */
static void ask_block(void *ctx, u32 piece, u32 worker)
{
    struct call *c = ctx;
    struct search *q = c->data;
    persona from = q->block + piece * BLOCK, to = min_u32(q->end, from + BLOCK);
    (void)worker;
    if (atomic_load(&c->gone) || !predicate_batch(q->filter, &q->all, from, to, q->beside.now,
                                                  q->bits + (size_t)piece * (BLOCK / 64)))
        __atomic_store_n(&q->cancelled, true, __ATOMIC_RELAXED);
}

/* ---- the pass ---- */

static err pass(struct call *c);

/* Crew: the answers of the blocks that end below `at`. */
static err next_blocks(struct call *c)
{
    struct search *q = c->data;
    u32 top = q->at ? (q->at - 1) / BLOCK : 0;
    if (!q->ready) make_ready(c, q);
    q->blocks = min_u32(q->blocks ? q->blocks * 2 : 1, min_u32(BLOCKS_MAX, top + 1));
    q->end = q->at;
    q->block = (top + 1 - q->blocks) * BLOCK;
    crew_each(c->server->crew, q->blocks, ask_block, c);
    return call_engine(c, q->cancelled ? give_up : pass);
}

static bool filter_fits(const struct search *q, persona p)
{
    persona at = p - q->block;
    return !q->filter || (q->bits[at / 64] >> at % 64 & 1);
}

static err pass(struct call *c)
{
    struct search *q = c->data;
    struct customers *cs = engine_customers(c->server->engine);
    struct customer_view v = {cs, NULL};
    persona stop = q->at > SLICE ? q->at - SLICE : 1;
    if (q->filter) stop = stop > q->block ? stop : q->block ? q->block : 1;
    while (q->at > stop) {
        persona p = q->at - 1;
        bool fits = p != q->exact && customer_head(cs, p) == p && filter_fits(q, p) &&
                    segment_fits(c, q, p) && text_fits(q, &v, p);
        if (fits && q->found == q->limit) return finish(c, true);
        q->at = p;
        if (fits) show(c, q, p);
    }
    if (q->at <= 1 || c->out.full) return finish(c, false);
    return q->filter && q->at == q->block ? call_crew(c, next_blocks) : call_engine(c, pass);
}

static err show_exact(struct call *c)
{
    struct search *q = c->data;
    bool is_first = call_query(c, "cursor").n == 0;
    if (q->exact && is_first && segment_fits(c, q, q->exact)) show(c, q, q->exact);
    return q->filter ? call_crew(c, next_blocks) : pass(c);
}

/* Crew: is the one who was named exactly among them? */
static err ask_exact(struct call *c)
{
    struct search *q = c->data;
    make_ready(c, q);
    struct batch_subject alone = q->all;
    alone.crowd = NULL; /* of one it is quicker to read her own */
    if (!predicate_batch(q->filter, &alone, q->exact, q->exact + 1, q->beside.now, q->bits))
        return call_engine(c, give_up);
    if (!(q->bits[0] & 1)) q->exact = 0;
    return call_engine(c, show_exact);
}

/* ---- what was asked ---- */

static void read_text(struct call *c, struct search *q)
{
    static const char *const NAMES[NAME_ATTRIBUTES] = {
        "name", "first_name", "last_name", "firstName", "lastName", "nickname", "full_name"};
    struct engine *e = c->server->engine;
    str text = str_trim(call_query(c, "q"));
    char *low = arena_alloc(c->arena, text.n + 1), *digits = arena_alloc(c->arena, text.n + 1);
    size_t n = 0;
    bool is_number = true;
    for (size_t i = 0; i < text.n; i++) {
        low[i] = lower(text.p[i]);
        if (low[i] >= '0' && low[i] <= '9')
            digits[n++] = low[i];
        else
            is_number &= low[i] == '+' || low[i] == '-' || low[i] == ' ';
    }
    q->text = (str){low, text.n};
    if (is_number && n >= 3) q->digits = (str){digits, n};
    for (u32 i = 0; i < NAME_ATTRIBUTES; i++)
        q->names[i] = names_find(engine_names(e), NAME_ATTRIBUTE, str_of(NAMES[i]));
    if (text.n) q->exact = customer_of_ref(e, text);
}

static bool is_known(void *ctx, const char *kind, str id)
{
    return strcmp(kind, "zone") != 0 || engine_zone_known(ctx, id);
}

static err read_filter(struct call *c, struct search *q)
{
    struct engine *e = c->server->engine;
    const struct json *rule;
    struct predicate_context pc = {.names = engine_names(e),
                                   .customers = engine_customers(e),
                                   .zone = engine_zone(e),
                                   .place = PREDICATE_SEGMENT,
                                   .known = is_known,
                                   .ctx = e};
    struct buf compiled;
    TRY(json_parse(call_query(c, "filter"), c->arena, &rule, &c->why));
    buf_init(&compiled, RECORD_BYTES_MAX);
    err r = predicate_compile(rule, &pc, &compiled, &c->why);
    str bytes = arena_str(c->arena, buf_str(&compiled));
    buf_clear(&compiled);
    TRY(r);
    return predicate_load(bytes, c->arena, &q->filter);
}

static err read_segment(struct call *c, struct search *q)
{
    struct engine *e = c->server->engine;
    str id = call_query(c, "segment");
    if (!id.n) return ERR_OK;
    if (!engine_object(e, OBJECT_SEGMENT, id, NULL).n)
        return diag_at(&c->why, ERR_NOT_FOUND, S("segment"), "there is no segment of this id");
    q->segment = names_find(engine_names(e), NAME_OBJECT, id);
    return ERR_OK;
}

err customers_list(struct call *c)
{
    struct engine *e = c->server->engine;
    struct search *q = arena_zalloc(c->arena, sizeof *q);
    i64 below;
    TRY(call_limit(c, &q->limit));
    TRY(call_number_cursor(c, &below));
    TRY(read_segment(c, q));
    if (call_query(c, "q").n > TEXT_BYTES_MAX)
        return diag_at(&c->why, ERR_INVALID, S("q"), "a text of at most %d bytes is searched for",
                       TEXT_BYTES_MAX);
    if (call_query(c, "filter").n) TRY(read_filter(c, q));
    read_text(c, q);
    q->at = (persona)min_i64(below, customers_end(engine_customers(e)));
    c->data = q;
    if (q->filter) TRY(beside_pin(&q->beside, c));
    call_items_begin(c);
    if (!q->filter) return show_exact(c);
    q->bits = mem_alloc((size_t)BLOCKS_MAX * BLOCK / 8);
    return call_crew(c, q->exact ? ask_exact : next_blocks);
}
