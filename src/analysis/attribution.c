/* attribution.c — which touches a goal is owed to.
 *
 * For each goal the touches before it within the window share one credit, by the model. Credits are
 * millionths that always add up to a whole one, so sums are exact; what divides to a fraction of
 * the smallest unit goes to the last touch. */
#include "analysis/fold.h"

#include <stdlib.h>

enum { TOUCHES_MAX = 20, ONE_CREDIT = 1000000, SHARED_MAX = 1000 };
typedef enum { MODEL_FIRST, MODEL_LAST, MODEL_LINEAR, MODEL_DECAY, MODEL_POSITION } model;
#define MODEL_WORDS "first last linear decay position"

struct attribution {
    u32 goal, count, all;
    u32 filters[TOUCHES_MAX];
    str names[TOUCHES_MAX];
    i64 window, half_life;
    model model;
};

struct cell {
    i64 touch; /* −1: goals that no touch led to */
};

struct row {
    u64 conversions, credit; /* conversions: goals with such a touch */
    decimal amount;
    u64 customers;
};

struct touch {
    i64 at;
    u32 which;
};

struct state {
    const struct plan *p;
    const struct attribution *a;
    struct row rows[TOUCHES_MAX + 1]; /* the last: none */
    u64 goals, customers;
    decimal amount;
    struct touch *touches; /* of the customer at hand */
    u64 *weights;
    u32 n, room;
    u32 hers; /* which touches had a part in a goal of the last customer */
};

static err parse(struct ask *a)
{
    struct attribution *x = ask_room(a, sizeof *x);
    const struct json *list = json_get(a->body, "touches"), *goal = json_get(a->body, "goal");
    u32 m;
    if (!goal) return REFUSE_AT(a, "goal", "\"goal\" is an event: {\"did\":\"Order Completed\"}");
    TRY(ask_event(a, "goal", &x->goal));
    if (!json_is(list, JSON_ARRAY) || list->count == 0 || list->count > TOUCHES_MAX)
        return REFUSE_AT(a, "touches",
                         "\"touches\" lists 1 to %d events: [{\"did\":…,"
                         "\"name\":…}]",
                         TOUCHES_MAX);
    str at = ask_at(a, "touches");
    for (const struct json *t = list->child; t; t = t->next, x->count++) {
        TRY(ask_filter(a, t, ask_at_index(a, at, x->count), &x->filters[x->count]));
        x->names[x->count] = json_get_str(t, "name", json_get_str(t, "did", S("")));
        x->all |= 1u << x->filters[x->count];
    }
    TRY(ask_word(a, "model", MODEL_WORDS, MODEL_LAST, &m));
    TRY(ask_duration(a, "window", 30 * DAY, &x->window));
    TRY(ask_duration(a, "half_life", 7 * DAY, &x->half_life));
    TRY(ask_path(a, "amount", (str){0}, &a->plan->has_amount, &a->plan->amount));
    TRY(ask_orders(a));
    x->model = (model)m;
    a->plan->args = x;
    return ERR_OK;
}

/* ---- sharing one credit ---- */

/* 2^(−age ÷ half-life) × 2^32; between sixteenths of a half-life it falls on a line. */
static u64 decayed(i64 age, i64 half_life)
{
    static const u32 SIXTEENTHS[17] = {65536, 62757, 60097, 57549, 55109, 52773,
                                       50535, 48393, 46341, 44376, 42495, 40693,
                                       38968, 37316, 35734, 34219, 32768};
    i64 halves = age / half_life, rest = age % half_life;
    i64 place = (i64)((decimal)rest * 4096 / half_life), i = place / 256;
    if (halves >= 32) return 0;
    u64 w = SIXTEENTHS[i] * 256ull - (u64)(SIXTEENTHS[i] - SIXTEENTHS[i + 1]) * (u64)(place % 256);
    return w << 8 >> halves;
}

/* The first and last get 40 of a hundred each, those between them share 20. */
static u64 by_position(u32 i, u32 n)
{
    if (n <= 2) return 1;
    return i == 0 || i == n - 1 ? 2 * (u64)(n - 2) : 1;
}

static u64 weight(const struct state *s, const struct touch *t, u32 i, u32 n, i64 goal)
{
    switch (s->a->model) {
    case MODEL_FIRST: return i == 0;
    case MODEL_LAST: return i == n - 1;
    case MODEL_LINEAR: return 1;
    case MODEL_DECAY: return decayed(goal - t->at, s->a->half_life);
    default: return by_position(i, n);
    }
}

static void share(struct state *s, u32 first, i64 goal, decimal amount)
{
    u32 n = s->n - first, seen = 0;
    u64 sum = 0, credit = ONE_CREDIT;
    decimal left = amount;
    for (u32 i = 0; i < n; i++)
        sum += s->weights[i] = weight(s, &s->touches[first + i], i, n, goal);
    if (sum == 0) sum = s->weights[n - 1] = 1;
    for (u32 i = 0; i < n; i++) {
        const struct touch *t = &s->touches[first + i];
        struct row *r = &s->rows[t->which];
        bool last = i == n - 1;
        u64 part = last ? credit : (u64)((u128)ONE_CREDIT * s->weights[i] / sum);
        decimal money = last ? left : amount / (decimal)sum * (decimal)s->weights[i];
        if (part == 0 && money == 0 && s->weights[i] == 0) continue;
        r->credit += part;
        r->amount = decimal_add(r->amount, money);
        r->conversions += !(seen >> t->which & 1);
        seen |= 1u << t->which;
        credit -= part;
        left -= money;
    }
    s->hers |= seen;
}

static void reached(struct state *s, i64 at, decimal amount)
{
    u32 first = 0;
    s->goals++;
    s->amount = decimal_add(s->amount, amount);
    while (first < s->n && at - s->touches[first].at > s->a->window) first++;
    if (first < s->n) {
        share(s, first, at, amount);
        return;
    }
    struct row *none = &s->rows[s->a->count];
    none->conversions++;
    none->credit += ONE_CREDIT;
    none->amount = decimal_add(none->amount, amount);
    s->hers |= 1u << s->a->count;
}

static void keep(struct state *s, i64 at, u32 which)
{
    if (s->n == s->room) {
        s->room = s->room * 2 + 64;
        s->touches = mem_realloc(s->touches, s->room * sizeof *s->touches);
        s->weights = mem_realloc(s->weights, s->room * sizeof *s->weights);
    }
    s->touches[s->n++] = (struct touch){at, which};
}

/* The newest SHARED_MAX touches are enough of any customer. */
static void forget_old(struct state *s)
{
    if (s->n < 2 * SHARED_MAX) return;
    memmove(s->touches, s->touches + s->n - SHARED_MAX, SHARED_MAX * sizeof *s->touches);
    s->n = SHARED_MAX;
}

static void add(void *state, const struct timelines *b)
{
    struct state *s = state;
    for (u32 c = 0; c < b->customers; c++) {
        u64 goals = s->goals;
        s->n = s->hers = 0;
        for (u32 i = b->start[c]; i < b->start[c + 1]; i++) {
            u32 hits = b->hits[i];
            if (hits >> s->a->goal & 1)
                reached(s, b->at[i], b->hits[i] & HIT_AMOUNT ? b->amount[i] : 0);
            for (u32 k = 0; hits & s->a->all && k < s->a->count; k++)
                if (hits >> s->a->filters[k] & 1) {
                    keep(s, b->at[i], k);
                    break;
                }
            forget_old(s);
        }
        s->customers += s->goals != goals;
        for (u32 k = 0; k <= s->a->count; k++) s->rows[k].customers += s->hers >> k & 1;
    }
}

static void merge(void *state, void *other)
{
    struct state *s = state;
    const struct state *o = other;
    for (u32 k = 0; k <= s->a->count; k++) {
        s->rows[k].conversions += o->rows[k].conversions;
        s->rows[k].credit += o->rows[k].credit;
        s->rows[k].customers += o->rows[k].customers;
        s->rows[k].amount = decimal_add(s->rows[k].amount, o->rows[k].amount);
    }
    s->goals += o->goals;
    s->customers += o->customers;
    s->amount = decimal_add(s->amount, o->amount);
}

static void put_row(const struct state *s, u32 k, struct buf *out)
{
    const struct row *r = &s->rows[k];
    json_put_comma(out);
    buf_byte(out, '{');
    json_put_key(out, S("touch"));
    if (k < s->a->count)
        json_put_str(out, s->a->names[k]);
    else
        buf_put(out, S("null"));
    json_put_kv_i64(out, S("conversions"), (i64)r->conversions);
    json_put_kv_i64(out, S("customers"), (i64)r->customers);
    put_decimal(out, S("credit"), (decimal)r->credit * (DECIMAL_ONE / ONE_CREDIT));
    put_ratio(out, S("share"), r->credit, s->goals * ONE_CREDIT);
    put_decimal(out, S("amount"), r->amount);
    buf_byte(out, '}');
}

static err finish(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    (void)why;
    json_put_key(out, S("rows"));
    buf_byte(out, '[');
    for (u32 k = 0; k <= s->a->count; k++) put_row(s, k, out);
    buf_byte(out, ']');
    json_put_key(out, S("total"));
    buf_byte(out, '{');
    json_put_kv_i64(out, S("conversions"), (i64)s->goals);
    json_put_kv_i64(out, S("customers"), (i64)s->customers);
    put_decimal(out, S("amount"), s->amount);
    buf_byte(out, '}');
    return ERR_OK;
}

static void close(void *state)
{
    struct state *s = state;
    free(s->touches), free(s->weights);
}

static err cell(struct ask *a)
{
    const struct attribution *x = a->plan->args;
    struct cell *c = ask_room(a, sizeof *c);
    const struct json *j = json_get(a->body, "touch");
    c->touch = x->count;
    if (!json_is(j, JSON_NULL)) {
        str name;
        TRY(ask_text(a, "touch", (str){0}, &name));
        for (c->touch = 0; c->touch < x->count && !str_eq(x->names[c->touch], name);) c->touch++;
        if (c->touch == x->count) return REFUSE_AT(a, "touch", "there is no touch of this name");
    }
    a->plan->cell = c;
    return ERR_OK;
}

static void reset(void *state)
{
    struct state *s = state;
    s->hers = 0;
}

static bool counts(const void *state)
{
    const struct state *s = state;
    const struct cell *c = s->p->cell;
    return s->hers >> c->touch & 1;
}

const struct analysis ATTRIBUTION = {
    .name = S("attribution"),
    .keys = " goal touches model window half_life amount ",
    .parse = parse,
    .state_size = sizeof(struct state),
    .add = add,
    .merge = merge,
    .finish = finish,
    .close = close,
    .cell_keys = " touch ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
};
