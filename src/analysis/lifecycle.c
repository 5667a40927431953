/* lifecycle.c — two readings: who stands at which stage of a model, and who came and went; or, of
 * any event, who is new, stays, comes back and falls silent from one unit of time to the next. */
#include "analysis/fold.h"

#include "log/fixed.h"

#include <stdlib.h>

enum { STAGES_MAX = 64, OUTSIDE = STAGES_MAX /* at no stage */ };

/* Words of a unit's row. */
enum { AT_NEW, AT_RETURNING, AT_RESURRECTED, AT_DORMANT, WORDS, ANY_ACTIVE = WORDS };
enum { STANDS, ENTERED, LEFT, MOVED };

struct lifecycle {
    bool of_stages;
    u32 filter; /* Stage Changed, or the event of activity */
    unit_kind unit;
    str model;
    u32 count;
    u32 lists[STAGES_MAX];
    str names[STAGES_MAX];
};

struct cell {
    u32 stage, to; /* `to` of a move; OUTSIDE: at none */
    u32 word;      /* of a unit's row */
    i64 at;
    u32 direction;
};

struct state {
    const struct plan *p;
    const struct lifecycle *a;
    struct clock clock;
    struct series rows;
    u64 here[STAGES_MAX], entered[STAGES_MAX], left[STAGES_MAX];
    u64 moves[STAGES_MAX + 1][STAGES_MAX + 1];
};

/* ---- the request ---- */

static err parse_stages(struct ask *a, struct lifecycle *x)
{
    struct plan *p = a->plan;
    u32 *codes;
    str *texts;
    struct json *did = ask_room(a, sizeof *did), *o = ask_room(a, sizeof *o);
    TRY(ask_text(a, "model", S("default"), &x->model));
    u32 n = stage_lists(p->names, x->model, p->arena, &codes, &texts);
    if (n == 0 && json_get(a->body, "model"))
        return REFUSE_AT(a, "model", "there is no lifecycle model of this name");
    for (x->count = 0; x->count < n && x->count < STAGES_MAX; x->count++) {
        x->lists[x->count] = codes[x->count];
        x->names[x->count] = texts[x->count];
    }
    *did = (struct json){.type = JSON_STRING, .key = S("did"), .text = S("Stage Changed")};
    *o = (struct json){.type = JSON_OBJECT, .count = 1, .child = did};
    TRY(ask_filter(a, o, a->at, &x->filter));
    TRY(ask_property(a, PROPERTY_NAME));
    TRY(ask_property(a, PROPERTY_OLD));
    p->props = true;
    return ask_property(a, PROPERTY_NEW);
}

static err parse(struct ask *a)
{
    struct lifecycle *x = ask_room(a, sizeof *x);
    u32 unit;
    a->plan->args = x;
    x->of_stages = !json_get(a->body, "event") && !json_get(a->body, "interval");
    if (a->plan->by.kind == BY_PROPERTY || a->plan->by.kind == BY_SOURCE)
        return REFUSE_AT(a, "by", "a lifecycle goes by what customers are: attribute, tag, stage");
    TRY(ask_word(a, "interval", "day week month", 1, &unit));
    x->unit = UNIT_DAY + unit;
    if (x->of_stages) return parse_stages(a, x);
    if (json_get(a->body, "model"))
        return REFUSE_AT(a, "model",
                         "ask for a model's stages or for an event's activity, not both");
    a->plan->since = INT64_MIN;
    return ask_did(a, S("*"), &x->filter);
}

static void open(void *state, const struct plan *p)
{
    struct state *s = state;
    s->rows.words = WORDS;
    clock_init(&s->clock, p->days, s->a->unit, 0, 0);
}

/* ---- activity ---- */

static void count(struct state *s, i64 unit, u32 word)
{
    i64 from = s->p->from == INT64_MIN ? INT64_MIN : clock_unit(&s->clock, s->p->from);
    if (unit < from || unit > clock_unit(&s->clock, s->p->to - 1)) return;
    u64 *row = series_at(&s->rows, unit);
    if (row) row[word]++;
}

static void active(struct state *s, const struct timelines *b, u32 from, u32 to)
{
    u32 bit = 1u << s->a->filter;
    i64 last = INT64_MIN;
    for (u32 i = from; i < to; i++) {
        if (!(b->hits[i] & bit)) continue;
        i64 unit = clock_unit(&s->clock, b->at[i]);
        if (unit == last) continue;
        if (last != INT64_MIN && unit != last + 1) count(s, last + 1, AT_DORMANT);
        count(s, unit,
              last == INT64_MIN  ? AT_NEW
              : unit == last + 1 ? AT_RETURNING
                                 : AT_RESURRECTED);
        last = unit;
    }
    if (last != INT64_MIN) count(s, last + 1, AT_DORMANT);
}

/* ---- stages ---- */

static u32 stage_of(const struct state *s, value v)
{
    u32 k = 0;
    if (v.type != VALUE_TEXT) return OUTSIDE;
    while (k < s->a->count && !str_eq(s->a->names[k], v.text)) k++;
    return k < s->a->count ? k : OUTSIDE;
}

static void moved(struct state *s, const struct timelines *b, u32 from, u32 to)
{
    for (u32 i = from; i < to; i++) {
        if (!(b->hits[i] >> s->a->filter & 1)) continue;
        value model = props_get(b->props[i], PROPERTY_NAME);
        if (model.type != VALUE_TEXT || !str_eq(model.text, s->a->model)) continue;
        u32 old = stage_of(s, props_get(b->props[i], PROPERTY_OLD));
        u32 new = stage_of(s, props_get(b->props[i], PROPERTY_NEW));
        s->moves[old][new]++;
        if (old != OUTSIDE) s->left[old]++;
        if (new != OUTSIDE) s->entered[new]++;
    }
}

static void add(void *state, const struct timelines *b)
{
    struct state *s = state;
    for (u32 c = 0; c < b->customers; c++)
        if (s->a->of_stages)
            moved(s, b, b->start[c], b->start[c + 1]);
        else
            active(s, b, b->start[c], b->start[c + 1]);
}

static void person(void *state, const struct person *who)
{
    struct state *s = state;
    const struct resolver *r = who->source->resolver;
    for (u32 k = 0; s->a->of_stages && k < s->a->count && r && r->segment; k++)
        s->here[k] += r->segment(r->ctx, who->head, s->a->lists[k], who->as_of).holds;
}

static void merge(void *state, void *other)
{
    struct state *s = state;
    const struct state *o = other;
    series_add(&s->rows, &o->rows);
    for (u32 k = 0; k < STAGES_MAX; k++) {
        s->here[k] += o->here[k];
        s->entered[k] += o->entered[k];
        s->left[k] += o->left[k];
    }
    for (u32 i = 0; i <= STAGES_MAX; i++)
        for (u32 k = 0; k <= STAGES_MAX; k++) s->moves[i][k] += o->moves[i][k];
}

/* ---- the answers ---- */

static void put_stage(struct buf *out, str key, const struct state *s, u32 k)
{
    json_put_key(out, key);
    if (k < s->a->count)
        json_put_str(out, s->a->names[k]);
    else
        buf_put(out, S("null"));
}

static void put_stages(const struct state *s, struct buf *out)
{
    u64 all = 0;
    for (u32 k = 0; k < s->a->count; k++) all += s->here[k];
    json_put_key(out, S("rows"));
    buf_byte(out, '[');
    for (u32 k = 0; k < s->a->count; k++) {
        json_put_comma(out);
        buf_byte(out, '{');
        put_stage(out, S("stage"), s, k);
        json_put_kv_i64(out, S("customers"), (i64)s->here[k]);
        put_ratio(out, S("share"), s->here[k], all);
        json_put_kv_i64(out, S("entered"), (i64)s->entered[k]);
        json_put_kv_i64(out, S("left"), (i64)s->left[k]);
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
    json_put_key(out, S("moves"));
    buf_byte(out, '[');
    for (u32 i = 0; i <= STAGES_MAX; i++)
        for (u32 k = 0; k <= STAGES_MAX; k++) {
            if (!s->moves[i][k]) continue;
            json_put_comma(out);
            buf_byte(out, '{');
            put_stage(out, S("from"), s, i);
            put_stage(out, S("to"), s, k);
            json_put_kv_i64(out, S("count"), (i64)s->moves[i][k]);
            buf_byte(out, '}');
        }
    buf_byte(out, ']');
}

static const char *const WORD_NAMES[WORDS] = {"new", "returning", "resurrected", "dormant"};

static void put_activity(const struct state *s, struct buf *out)
{
    json_put_key(out, S("rows"));
    buf_byte(out, '[');
    for (u64 i = 0; i < s->rows.places; i++) {
        const u64 *row = s->rows.cells + i * WORDS;
        if (!(row[0] | row[1] | row[2] | row[3])) continue;
        json_put_comma(out);
        buf_byte(out, '{');
        put_moment(out, S("at"), clock_start(&s->clock, s->rows.first + (i64)i));
        for (u32 w = 0; w < WORDS; w++) json_put_kv_i64(out, str_of(WORD_NAMES[w]), (i64)row[w]);
        json_put_kv_i64(out, S("active"),
                        (i64)(row[AT_NEW] + row[AT_RETURNING] + row[AT_RESURRECTED]));
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
}

static err finish(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    if (s->rows.full) return diag_set(why, ERR_LIMIT, "too many intervals; choose a longer one");
    if (s->a->of_stages)
        put_stages(s, out);
    else
        put_activity(s, out);
    return ERR_OK;
}

static void close(void *state)
{
    struct state *s = state;
    series_clear(&s->rows);
}

/* ---- who moved, who fell silent ---- */

/* A stage by its name; null: at none. */
static err read_stage(struct ask *a, const char *member, bool or_none, u32 *stage)
{
    const struct lifecycle *x = a->plan->args;
    str name;
    *stage = OUTSIDE;
    if (or_none && json_is(json_get(a->body, member), JSON_NULL)) return ERR_OK;
    TRY(ask_text(a, member, (str){0}, &name));
    for (*stage = 0; *stage < x->count && !str_eq(x->names[*stage], name);) ++*stage;
    return *stage < x->count ? ERR_OK : REFUSE_AT(a, member, "there is no such stage");
}

/* {stage} stands there; {stage, move}; {from, to} of a move. */
static err cell_of_stages(struct ask *a, struct cell *c)
{
    u32 move;
    if (json_get(a->body, "from") || json_get(a->body, "to")) {
        TRY(ask_only(a, " from to group rest compare "));
        c->direction = MOVED;
        TRY(read_stage(a, "from", true, &c->stage));
        return read_stage(a, "to", true, &c->to);
    }
    TRY(ask_only(a, " stage move group rest compare "));
    TRY(read_stage(a, "stage", false, &c->stage));
    TRY(ask_word(a, "move", "entered left", 0, &move));
    c->direction = json_get(a->body, "move") ? ENTERED + move : STANDS;
    return ERR_OK;
}

static err cell(struct ask *a)
{
    const struct lifecycle *x = a->plan->args;
    struct cell *c = ask_room(a, sizeof *c);
    *c = (struct cell){.at = INT64_MIN};
    a->plan->cell = c;
    if (x->of_stages) return cell_of_stages(a, c);
    TRY(ask_only(a, " at kind group rest compare "));
    TRY(ask_moment(a, "at", INT64_MIN, &c->at));
    if (c->at == INT64_MIN) return REFUSE_AT(a, "at", "\"at\" is the beginning of a row");
    return ask_word(a, "kind", "new returning resurrected dormant active", 0, &c->word);
}

static void reset(void *state)
{
    struct state *s = state;
    const struct cell *c = s->p->cell;
    memset(s->here, 0, sizeof s->here);
    memset(s->entered, 0, sizeof s->entered);
    memset(s->left, 0, sizeof s->left);
    s->moves[c->stage][c->to] = 0; /* only this one is asked about */
    series_zero(&s->rows);
}

static bool counts(const void *state)
{
    const struct state *s = state;
    const struct cell *c = s->p->cell;
    struct clock clock = s->clock;
    if (s->a->of_stages) {
        const u64 *of[] = {s->here, s->entered, s->left};
        return (c->direction == MOVED ? s->moves[c->stage][c->to] : of[c->direction][c->stage]) > 0;
    }
    u64 i = (u64)(clock_unit(&clock, c->at) - s->rows.first);
    if (i >= s->rows.places) return false;
    const u64 *row = s->rows.cells + i * WORDS;
    return c->word == ANY_ACTIVE ? (row[AT_NEW] | row[AT_RETURNING] | row[AT_RESURRECTED]) > 0
                                 : row[c->word] > 0;
}

const struct analysis LIFECYCLE = {
    .name = S("lifecycle"),
    .keys = " model event where interval ",
    .parse = parse,
    .state_size = sizeof(struct state),
    .open = open,
    .add = add,
    .person = person,
    .merge = merge,
    .finish = finish,
    .close = close,
    .cell_keys = " stage move from to at kind ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
};
