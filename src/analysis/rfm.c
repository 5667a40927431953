/* rfm.c — recency, frequency and amount in groups, the best of each being the highest.
 *
 * A state is a list of customers with their three figures; groups are found once all are merged:
 * by the raw values at the ranks ⌈k·n/groups⌉, by cuts of one's own, or (ntile) by place, ties by
 * id.
 *
 * With "since" each customer's figures as of then are kept beside, and put into groups by the
 * bounds of now: what moves is people, not bounds. */
#include "analysis/fold.h"

#include <stdio.h>
#include <stdlib.h>

enum { GROUPS_MAX = 10 };
typedef enum { METHOD_VALUE, METHOD_NTILE, METHOD_CUTS } rfm_method;
enum { RECENCY, FREQUENCY, AMOUNT, FIGURES };

struct rfm {
    u32 event, groups;
    bool by_day;
    rfm_method method;
    i64 since; /* INT64_MIN: no moves are asked for */
    decimal cuts[FIGURES][GROUPS_MAX];
};

struct cell {
    i64 want[FIGURES]; /* 0: any */
    str name;
    bool moved; /* from `from`; empty: from nowhere */
    str from;
};

struct buyer {
    persona head;
    u32 recency, frequency;
    u8 group[FIGURES]; /* from 1, the highest is best */
    decimal amount;
};

/* The same customer as of "since"; frequency 0: she had not bought. */
struct past {
    u32 recency, frequency;
    u8 group[FIGURES];
    decimal amount;
};

struct state {
    const struct plan *p;
    const struct rfm *a;
    struct clock clock;
    struct buyer *buyers;
    struct past *past; /* of each; NULL: no moves are asked for */
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
    TRY(ask_moment(a, "since", INT64_MIN, &x->since));
    if (x->since != INT64_MIN && x->since >= a->plan->as_of)
        return REFUSE_AT(a, "since", "moves are told between \"since\" and a later \"as_of\"");
    if (x->since != INT64_MIN && x->method == METHOD_NTILE)
        return REFUSE_AT(a, "since",
                         "places have no bounds to move between: use \"method\":\"value\"");
    a->plan->args = x;
    return ERR_OK;
}

/* ---- the fold ---- */

static void open(void *state, const struct plan *p)
{
    struct state *s = state;
    clock_init(&s->clock, p->days, UNIT_DAY, 0, 0);
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
    if (s->a->since != INT64_MIN) s->past = mem_realloc(s->past, s->room * sizeof *s->past);
    return true;
}

/* Her figures as of "since", out of what she did before it. */
static struct past past_of(struct state *s, const struct timelines *b, u32 c, u32 bit)
{
    struct past p = {0};
    i64 last = INT64_MIN, day = INT64_MIN;
    for (u32 i = b->start[c]; i < b->start[c + 1] && b->at[i] < s->a->since; i++) {
        if (!(b->hits[i] & bit)) continue;
        i64 that = s->a->by_day ? clock_unit(&s->clock, b->at[i]) : 0;
        p.frequency += !s->a->by_day || that != day;
        day = that;
        last = b->at[i];
        p.amount = decimal_add(p.amount, b->amount[i]);
    }
    if (p.frequency) p.recency = (u32)((s->a->since - last) / DAY);
    return p;
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
        if (s->past) s->past[s->n] = past_of(s, b, c, bit);
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
    if (s->past) memcpy(s->past + s->n, o->past, o->n * sizeof *o->past);
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
    u64 parts[GROUPS_MAX], at[GROUPS_MAX];
    u32 count = s->a->groups - 1;
    for (u32 k = 0; k < count; k++) parts[k] = k + 1;
    if (fits && count) numbers_ranks(&v, parts, count, s->a->groups, at);
    for (u32 k = 0; k < count && fits; k++) s->bounds[f][k] = (decimal)at[k] * unit + least;
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

/* A number of days or purchases is beyond a bound when it is beyond the bound's whole part. */
static void group_counts(struct state *s, u32 f)
{
    u32 whole[GROUPS_MAX], count = s->a->groups - 1;
    for (u32 k = 0; k < count; k++) {
        decimal bound = s->bounds[f][k] / DECIMAL_ONE;
        whole[k] = bound > UINT32_MAX ? UINT32_MAX : (u32)bound;
    }
    for (u64 i = 0; i < s->n; i++) {
        u32 n = f == RECENCY ? s->buyers[i].recency : s->buyers[i].frequency, group = 1;
        for (u32 k = 0; k < count; k++) group += n > whole[k];
        s->buyers[i].group[f] = shown(s, f, group);
    }
}

static void group_by_bounds(struct state *s, u32 f)
{
    find_bounds(s, f);
    if (f != AMOUNT) {
        group_counts(s, f);
        return;
    }
    for (u64 i = 0; i < s->n; i++) {
        u32 group = 1;
        for (u32 k = 0; k + 1 < s->a->groups; k++) group += s->buyers[i].amount > s->bounds[f][k];
        s->buyers[i].group[f] = shown(s, f, group);
    }
}

/* By the bounds of now. */
static void group_past(struct state *s)
{
    for (u64 i = 0; s->past && i < s->n; i++) {
        struct past *p = &s->past[i];
        struct buyer then = {.recency = p->recency, .frequency = p->frequency, .amount = p->amount};
        for (u32 f = 0; f < FIGURES; f++) {
            decimal d = figure(&then, f);
            u32 group = 1;
            for (u32 k = 0; k + 1 < s->a->groups; k++) group += d > s->bounds[f][k];
            p->group[f] = shown(s, f, group);
        }
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
    group_past(s);
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

/* ---- moves ---- */

/* The place of a customer: a name of fifths, else her three groups; 0: she had not bought. */
static u32 place_of(const struct state *s, const u8 group[FIGURES])
{
    u32 g = s->a->groups, r = group[RECENCY], f = group[FREQUENCY], m = group[AMOUNT];
    return g == 5 ? 1 + name_for(r, f, m) : 1 + ((r - 1) * g + f - 1) * g + m - 1;
}

static u32 place_then(const struct state *s, u64 i)
{
    return s->past[i].frequency ? place_of(s, s->past[i].group) : 0;
}

/* "loyal", or of other groups "3-1-2". */
static str place_text(const struct state *s, u32 place, char room[40])
{
    u32 g = s->a->groups, n = place - 1;
    if (g == 5) return name_text((rfm_name)n);
    int size = snprintf(room, 40, "%u-%u-%u", n / (g * g) + 1, n / g % g + 1, n % g + 1);
    return (str){room, (size_t)size};
}

static void put_place(const struct state *s, struct buf *out, str key, u32 place)
{
    char room[40];
    json_put_key(out, key);
    if (place)
        json_put_str(out, place_text(s, place, room));
    else
        buf_put(out, S("null"));
}

static void put_moves(const struct state *s, struct buf *out)
{
    u32 g = s->a->groups, places = 1 + (g == 5 ? (u32)NAME_COUNT : g * g * g);
    u64 *counts = mem_zalloc((size_t)places * places * sizeof *counts);
    for (u64 i = 0; i < s->n; i++)
        counts[(size_t)place_then(s, i) * places + place_of(s, s->buyers[i].group)]++;
    put_moment(out, S("since"), s->a->since);
    json_put_key(out, S("moves"));
    buf_byte(out, '[');
    for (u32 from = 0; from < places; from++)
        for (u32 to = 1; to < places; to++) {
            u64 n = counts[(size_t)from * places + to];
            if (!n) continue;
            json_put_comma(out);
            buf_byte(out, '{');
            put_place(s, out, S("from"), from);
            put_place(s, out, S("to"), to);
            json_put_kv_i64(out, S("customers"), (i64)n);
            buf_byte(out, '}');
        }
    buf_byte(out, ']');
    free(counts);
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
    if (s->a->since != INT64_MIN) put_moves(s, out);
    json_put_key(out, S("total"));
    buf_byte(out, '{');
    put_sum(out, &total);
    buf_byte(out, '}');
    free(cells);
    return ERR_OK;
}

static void close(void *state)
{
    struct state *s = state;
    free(s->buyers), free(s->past), free(s->heads), free(s->ids);
}

/* ---- who is in a cell, or has a name ---- */

static err cell(struct ask *a)
{
    struct cell *c = ask_room(a, sizeof *c);
    TRY(ask_number(a, "r", 1, GROUPS_MAX, 0, &c->want[RECENCY]));
    TRY(ask_number(a, "f", 1, GROUPS_MAX, 0, &c->want[FREQUENCY]));
    TRY(ask_number(a, "m", 1, GROUPS_MAX, 0, &c->want[AMOUNT]));
    TRY(ask_text(a, "name", S(""), &c->name));
    const struct json *from = json_get(a->body, "from");
    const struct rfm *x = a->plan->args;
    c->moved = from != NULL;
    if (from && x->since == INT64_MIN)
        return REFUSE_AT(a, "from", "say \"since\" when they moved from there");
    if (from && from->type != JSON_NULL) TRY(ask_text(a, "from", (str){0}, &c->from));
    a->plan->cell = c;
    return ERR_OK;
}

static bool came_from(const struct state *s, u64 i, str from)
{
    char room[40];
    u32 then = place_then(s, i);
    return then ? str_eq(from, place_text(s, then, room)) : !from.n;
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
        if (c->moved && in) in = came_from(s, i, c->from);
        if (in) bits[b->head / 64] |= 1ull << b->head % 64;
    }
}

const struct analysis RFM = {
    .name = S("rfm"),
    .keys = " event where amount groups cuts method unit since ",
    .parse = parse,
    .state_size = sizeof(struct state),
    .open = open,
    .add = add,
    .merge = merge,
    .finish = finish,
    .close = close,
    .wants_ids = wants_ids,
    .cell_keys = " r f m name from ",
    .cell = cell,
    .pick = pick,
};
