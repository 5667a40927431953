/* rfm.c — recency, frequency and amount in groups, the best of each being the highest.
 *
 * A state is a list of customers with their three figures; groups are found once all are merged:
 * by the raw values at the ranks ⌈k·n/groups⌉, by cuts of one's own, or (ntile) by place, ties by
 * id. */
#include "analysis/fold.h"

#include <stdlib.h>

enum { GROUPS_MAX = 10 };
typedef enum { METHOD_VALUE, METHOD_NTILE, METHOD_CUTS } rfm_method;
enum { RECENCY, FREQUENCY, AMOUNT, FIGURES };

struct rfm {
    u32 event, groups;
    bool by_day;
    rfm_method method;
    decimal cuts[FIGURES][GROUPS_MAX];
};

struct cell {
    i64 want[FIGURES]; /* 0: any */
    str name;
};

struct buyer {
    persona head;
    u32 recency, frequency;
    u8 group[FIGURES]; /* from 1, the highest is best */
    decimal amount;
};

struct state {
    const struct plan *p;
    const struct rfm *a;
    struct clock clock;
    struct buyer *buyers;
    u64 n, room;
    bool full, grouped;
    decimal bounds[FIGURES][GROUPS_MAX];
    persona *heads;
    str *ids;
};

enum { BUYERS_MAX = 1 << 25 };

/* ---- the request ---- */

static err read_cut(struct ask *a, struct rfm *x, const char *member, u32 figure)
{
    const struct json *list = json_get(a->body, member), *e;
    u32 n = 0;
    if (!json_is(list, JSON_ARRAY) || list->count == 0 || list->count >= GROUPS_MAX ||
        (x->groups && list->count != x->groups - 1))
        return REFUSE_AT(a, member, "\"%s\" lists the bounds between groups, as many as the others",
                         member);
    x->groups = list->count + 1;
    for (e = list->child; e; e = e->next, n++) {
        value v = {.type = VALUE_NUMBER, .text = e->text};
        if (e->type != JSON_NUMBER || !decimal_of(v, &x->cuts[figure][n]) ||
            (n && x->cuts[figure][n] <= x->cuts[figure][n - 1]))
            return REFUSE_AT(a, member, "bounds are numbers, each above the one before");
    }
    return ERR_OK;
}

/* "groups" is a number, or bounds of one's own (also as "cuts"). */
static err read_groups(struct ask *a, struct rfm *x)
{
    const struct json *g = json_get(a->body, "groups"), *cuts = json_get(a->body, "cuts");
    i64 n;
    u32 method;
    TRY(ask_word(a, "method", "value ntile", METHOD_VALUE, &method));
    x->method = (rfm_method)method;
    const char *member = cuts ? "cuts" : "groups";
    if (!cuts && json_is(g, JSON_OBJECT)) cuts = g;
    if (!cuts) {
        TRY(ask_number(a, "groups", 2, GROUPS_MAX, 5, &n));
        x->groups = (u32)n;
        return ERR_OK;
    }
    struct ask in = ask_inside(a, cuts, ask_at(a, member));
    TRY(ask_only(&in, " recency_days frequency amount "));
    TRY(read_cut(&in, x, "recency_days", RECENCY));
    TRY(read_cut(&in, x, "frequency", FREQUENCY));
    TRY(read_cut(&in, x, "amount", AMOUNT));
    x->method = METHOD_CUTS;
    return ERR_OK;
}

static err parse(struct ask *a)
{
    struct rfm *x = ask_room(a, sizeof *x);
    u32 unit;
    TRY(ask_did(a, S("Order Completed"), &x->event));
    TRY(ask_path(a, "amount", (str){0}, &a->plan->has_amount, &a->plan->amount));
    TRY(ask_orders(a));
    TRY(ask_word(a, "unit", "order day", 0, &unit));
    TRY(read_groups(a, x));
    x->by_day = unit == 1;
    a->plan->args = x;
    return ERR_OK;
}

/* ---- the fold ---- */

static void *begin(const struct plan *p)
{
    struct state *s = mem_zalloc(sizeof *s);
    s->p = p;
    s->a = p->args;
    clock_init(&s->clock, p->days, UNIT_DAY, 0, 0);
    return s;
}

static bool make_room(struct state *s, u64 more)
{
    if (s->n + more <= s->room) return true;
    if (s->n + more > BUYERS_MAX) {
        s->full = true;
        return false;
    }
    s->room = s->room * 2 + more + 256;
    s->buyers = mem_realloc(s->buyers, s->room * sizeof *s->buyers);
    return true;
}

static void add(void *state, const struct timelines *b)
{
    struct state *s = state;
    u32 bit = 1u << s->a->event;
    if (!make_room(s, b->customers)) return;
    for (u32 c = 0; c < b->customers; c++) {
        struct buyer *who = &s->buyers[s->n];
        i64 last = INT64_MIN, day = INT64_MIN;
        u32 frequency = 0;
        decimal amount = 0;
        for (u32 i = b->start[c]; i < b->start[c + 1]; i++) {
            if (!(b->hits[i] & bit)) continue;
            last = b->at[i];
            amount = decimal_add(amount, b->amount[i]);
            if (!s->a->by_day) {
                frequency++;
                continue;
            }
            i64 that = clock_unit(&s->clock, last);
            frequency += that != day;
            day = that;
        }
        if (!frequency) continue;
        *who = (struct buyer){.head = b->head[c],
                              .recency = (u32)((s->p->as_of - last) / DAY),
                              .frequency = frequency,
                              .amount = amount};
        s->n++;
    }
}

static void merge(void *state, void *other)
{
    struct state *s = state;
    const struct state *o = other;
    s->full |= o->full;
    if (!o->n || !make_room(s, o->n)) return;
    memcpy(s->buyers + s->n, o->buyers, o->n * sizeof *o->buyers);
    s->n += o->n;
}

/* ---- groups ---- */

static decimal figure(const struct buyer *b, u32 f)
{
    if (f == RECENCY) return (decimal)b->recency * DECIMAL_ONE;
    return f == FREQUENCY ? (decimal)b->frequency * DECIMAL_ONE : b->amount;
}

static int by_size(const void *a, const void *b)
{
    const decimal *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* A decimal of at least 0 in ten-thousandths; false: it is none, or too large. Most fit 64 bits, by
 * which one can divide quickly. */
static bool in_fixed(decimal d, u64 *n)
{
    const u64 unit = (u64)(DECIMAL_ONE / FIXED_ONE);
    if (LIKELY((u128)d >> 64 == 0)) {
        *n = (u64)d / unit;
        return *n * unit == (u64)d;
    }
    u128 whole = (u128)d / unit;
    *n = (u64)whole;
    return whole * unit == (u128)d && whole < (u128)1 << 62;
}

/* Four decimal places in 63 bits are enough for most money: then digits sort it. */
static bool bounds_by_digits(struct state *s, u32 f)
{
    const decimal unit = f == AMOUNT ? DECIMAL_ONE / FIXED_ONE : DECIMAL_ONE;
    struct numbers v = {0};
    decimal least = f == AMOUNT ? figure(&s->buyers[0], f) : 0;
    bool fits = true;
    for (u64 i = 1; i < s->n && f == AMOUNT; i++)
        if (s->buyers[i].amount < least) least = s->buyers[i].amount;
    numbers_grow(&v, s->n);
    for (u64 i = 0; i < s->n && fits; i++) {
        const struct buyer *b = &s->buyers[i];
        u64 n = f == RECENCY ? b->recency : b->frequency;
        if (f == AMOUNT) fits = in_fixed(b->amount - least, &n);
        numbers_put(&v, n);
    }
    if (fits) numbers_sort(&v);
    for (u32 k = 1; fits && k < s->a->groups; k++)
        s->bounds[f][k - 1] = (decimal)numbers_rank(&v, k, s->a->groups) * unit + least;
    numbers_clear(&v);
    return fits;
}

static void find_bounds(struct state *s, u32 f)
{
    if (s->a->method == METHOD_CUTS) {
        memcpy(s->bounds[f], s->a->cuts[f], sizeof s->bounds[f]);
        return;
    }
    if (bounds_by_digits(s, f)) return;
    decimal *all = mem_alloc(s->n * sizeof *all);
    for (u64 i = 0; i < s->n; i++) all[i] = figure(&s->buyers[i], f);
    qsort(all, s->n, sizeof *all, by_size);
    for (u32 k = 1; k < s->a->groups; k++)
        s->bounds[f][k - 1] = all[(k * s->n + s->a->groups - 1) / s->a->groups - 1];
    free(all);
}

static u8 shown(const struct state *s, u32 f, u32 group)
{
    return (u8)(f == RECENCY ? s->a->groups + 1 - group : group);
}

static void group_by_bounds(struct state *s, u32 f)
{
    find_bounds(s, f);
    for (u64 i = 0; i < s->n; i++) {
        decimal d = figure(&s->buyers[i], f);
        u32 group = 1;
        for (u32 k = 0; k + 1 < s->a->groups; k++) group += d > s->bounds[f][k];
        s->buyers[i].group[f] = shown(s, f, group);
    }
}

struct ranked {
    struct buyer *buyer;
    str id;
    decimal d;
};

static int by_size_then_id(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->d != y->d) return x->d < y->d ? -1 : 1;
    return str_cmp(x->id, y->id);
}

/* As SQL's NTILE: the first n mod groups have one more. */
static void group_by_place(struct state *s, u32 f)
{
    struct ranked *all = mem_alloc(s->n * sizeof *all);
    u64 size = s->n / s->a->groups, larger = s->n % s->a->groups, i = 0;
    for (u64 k = 0; k < s->n; k++)
        all[k] =
            (struct ranked){&s->buyers[k], s->ids ? s->ids[k] : (str){0}, figure(&s->buyers[k], f)};
    qsort(all, s->n, sizeof *all, by_size_then_id);
    for (u32 g = 1; g <= s->a->groups; g++) {
        u64 last = i + size + (g <= larger);
        if (last > i) s->bounds[f][g - 1] = all[last - 1].d;
        for (; i < last; i++) all[i].buyer->group[f] = shown(s, f, g);
    }
    free(all);
}

static void group_all(struct state *s)
{
    if (s->grouped || s->n == 0) return;
    s->grouped = true;
    for (u32 f = 0; f < FIGURES; f++)
        if (s->a->method == METHOD_NTILE)
            group_by_place(s, f);
        else
            group_by_bounds(s, f);
}

static bool wants_ids(void *state, const persona **heads, u32 *count, str **texts)
{
    struct state *s = state;
    if (s->a->method != METHOD_NTILE) return false;
    *count = (u32)s->n;
    s->heads = mem_realloc(s->heads, (s->n + 1) * sizeof *s->heads);
    s->ids = mem_realloc(s->ids, (s->n + 1) * sizeof *s->ids);
    for (u64 i = 0; i < s->n; i++) s->heads[i] = s->buyers[i].head;
    *heads = s->heads;
    *texts = s->ids;
    return true;
}

/* ---- the answer ---- */

#define NAMES(X)                                                                                   \
    X(CHAMPIONS, "champions")                                                                      \
    X(LOYAL, "loyal")                                                                              \
    X(POTENTIAL, "potential_loyal")                                                                \
    X(NEW, "new")                                                                                  \
    X(PROMISING, "promising")                                                                      \
    X(ATTENTION, "need_attention")                                                                 \
    X(SLEEPY, "about_to_sleep")                                                                    \
    X(RISK, "at_risk")                                                                             \
    X(CANNOT, "cannot_lose")                                                                       \
    X(HIBERNATING, "hibernating")
typedef enum {
#define X(constant, text) NAME_##constant,
    NAMES(X)
#undef X
        NAME_COUNT
} rfm_name;

/* Recency across, the rounded mean of frequency and amount down; of fifths alone. */
static rfm_name name_for(u32 r, u32 f, u32 m)
{
    u32 fm = (f + m + 1) / 2;
    if (r <= 2) return fm <= 2 ? NAME_HIBERNATING : fm <= 4 ? NAME_RISK : NAME_CANNOT;
    if (r == 3 && fm <= 3) return fm <= 2 ? NAME_SLEEPY : NAME_ATTENTION;
    if (fm >= 4) return r == 5 ? NAME_CHAMPIONS : NAME_LOYAL;
    if (fm >= 2) return NAME_POTENTIAL;
    return r == 5 ? NAME_NEW : NAME_PROMISING;
}

static str name_text(rfm_name n)
{
    static const char *const TEXTS[] = {
#define X(constant, text) text,
        NAMES(X)
#undef X
    };
    return str_of(TEXTS[n]);
}

struct sum {
    u64 customers;
    decimal amount;
};

static void put_sum(struct buf *out, const struct sum *s)
{
    json_put_kv_i64(out, S("customers"), (i64)s->customers);
    put_decimal(out, S("amount"), s->amount);
}

static void put_cells(const struct state *s, const struct sum *cells, struct buf *out)
{
    u32 g = s->a->groups;
    json_put_key(out, S("cells"));
    buf_byte(out, '[');
    for (u32 i = 0; i < g * g * g; i++) {
        u32 r = i / (g * g) + 1, f = i / g % g + 1, m = i % g + 1;
        if (!cells[i].customers) continue;
        json_put_comma(out);
        buf_byte(out, '{');
        json_put_kv_i64(out, S("r"), r);
        json_put_kv_i64(out, S("f"), f);
        json_put_kv_i64(out, S("m"), m);
        put_sum(out, &cells[i]);
        if (g == 5) json_put_kv_str(out, S("name"), name_text(name_for(r, f, m)));
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
}

static void put_names(const struct sum *names, struct buf *out)
{
    json_put_key(out, S("names"));
    buf_byte(out, '[');
    for (u32 i = 0; i < NAME_COUNT; i++) {
        if (!names[i].customers) continue;
        json_put_comma(out);
        buf_byte(out, '{');
        json_put_kv_str(out, S("name"), name_text(i));
        put_sum(out, &names[i]);
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
}

static void put_bounds(const struct state *s, struct buf *out)
{
    static const char *const FIGURE_NAMES[] = {"recency_days", "frequency", "amount"};
    json_put_key(out, S("bounds"));
    buf_byte(out, '{');
    for (u32 f = 0; f < FIGURES; f++) {
        json_put_key(out, str_of(FIGURE_NAMES[f]));
        buf_byte(out, '[');
        for (u32 k = 0; k + 1 < s->a->groups && s->n; k++) {
            json_put_comma(out);
            decimal_put(out, s->bounds[f][k]);
        }
        buf_byte(out, ']');
    }
    buf_byte(out, '}');
}

static err finish(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    struct sum *cells, names[NAME_COUNT] = {0}, total = {0};
    u32 g = s->a->groups;
    if (s->full) return diag_set(why, ERR_LIMIT, "too many customers at once");
    group_all(s);
    cells = mem_zalloc((size_t)g * g * g * sizeof *cells);
    for (u64 i = 0; i < s->n; i++) {
        const struct buyer *b = &s->buyers[i];
        u32 r = b->group[RECENCY], f = b->group[FREQUENCY], m = b->group[AMOUNT];
        struct sum *to[] = {&cells[((r - 1) * g + f - 1) * g + m - 1], &total,
                            g == 5 ? &names[name_for(r, f, m)] : NULL};
        for (u32 k = 0; k < COUNT_OF(to) && to[k]; k++) {
            to[k]->customers++;
            to[k]->amount = decimal_add(to[k]->amount, b->amount);
        }
    }
    put_cells(s, cells, out);
    if (g == 5) put_names(names, out);
    put_bounds(s, out);
    json_put_key(out, S("total"));
    buf_byte(out, '{');
    put_sum(out, &total);
    buf_byte(out, '}');
    free(cells);
    return ERR_OK;
}

static void end(void *state)
{
    struct state *s = state;
    free(s->buyers), free(s->heads), free(s->ids);
    free(s);
}

/* ---- who is in a cell, or has a name ---- */

static err cell(struct ask *a)
{
    struct cell *c = ask_room(a, sizeof *c);
    TRY(ask_number(a, "r", 1, GROUPS_MAX, 0, &c->want[RECENCY]));
    TRY(ask_number(a, "f", 1, GROUPS_MAX, 0, &c->want[FREQUENCY]));
    TRY(ask_number(a, "m", 1, GROUPS_MAX, 0, &c->want[AMOUNT]));
    TRY(ask_text(a, "name", S(""), &c->name));
    a->plan->cell = c;
    return ERR_OK;
}

static void pick(void *state, u64 *bits)
{
    struct state *s = state;
    const struct cell *c = s->p->cell;
    group_all(s);
    for (u64 i = 0; i < s->n; i++) {
        const struct buyer *b = &s->buyers[i];
        bool in = true;
        for (u32 f = 0; f < FIGURES; f++) in &= !c->want[f] || c->want[f] == b->group[f];
        if (c->name.n && s->a->groups == 5)
            in &= str_eq(c->name, name_text(name_for(b->group[0], b->group[1], b->group[2])));
        if (in) bits[b->head / 64] |= 1ull << b->head % 64;
    }
}

const struct analysis RFM = {
    .name = S("rfm"),
    .keys = " event where amount groups cuts method unit ",
    .parse = parse,
    .begin = begin,
    .add = add,
    .merge = merge,
    .finish = finish,
    .end = end,
    .wants_ids = wants_ids,
    .cell_keys = " r f m name ",
    .cell = cell,
    .pick = pick,
};
