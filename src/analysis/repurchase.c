/* repurchase.c — who buys again, after how long, and how many come to the n-th order. */
#include "analysis/fold.h"

#include <stdlib.h>

enum { WITHIN_MAX = 12, NTH_MAX = 20 };

/* Words of a cohort's row: customers, those who bought again, then one for each `within`. */
enum { AT_CUSTOMERS, AT_REPEATED, AT_WITHIN };

struct repurchase {
    u32 event;
    bool by_day;
    unit_kind cohort;
    u32 within_count;
    i64 within[WITHIN_MAX];
    str texts[WITHIN_MAX];
};

struct cell {
    str cohort; /* empty: any */
    i64 within; /* 0: ever */
    i64 order;  /* at least so many purchases; 0: the second, as `within` says */
    bool lost;  /* those who did not; of `order`: who made that one and no more */
};

struct state {
    const struct plan *p;
    const struct repurchase *a;
    struct clock days, cohorts;
    struct series rows;
    u64 nth[NTH_MAX]; /* customers with at least that many purchases, from 1 */
    struct numbers gaps, first_gaps;
    u32 bought;      /* by the last customer */
    i64 cohort, gap; /* of the last customer; gap −1: none, cohort INT64_MIN: she bought nothing */
};

static err read_within(struct ask *a, struct repurchase *x)
{
    static const struct json USUAL[3] = {
        {.type = JSON_STRING, .text = {"30d", 3}, .next = &USUAL[1]},
        {.type = JSON_STRING, .text = {"60d", 3}, .next = &USUAL[2]},
        {.type = JSON_STRING, .text = {"90d", 3}}};
    const struct json *j = json_get(a->body, "within"), *e = j ? j->child : USUAL;
    if (j && (j->type != JSON_ARRAY || j->count > WITHIN_MAX))
        return REFUSE_AT(a, "within", "\"within\" lists up to %d durations: [\"30d\",\"60d\"]",
                         WITHIN_MAX);
    for (; e; e = e->next, x->within_count++) {
        duration d;
        if (e->type != JSON_STRING || duration_parse(e->text, &d) != ERR_OK || d.months ||
            d.ms <= 0)
            return REFUSE_AT(a, "within", "write exact durations: \"30d\", \"8w\"");
        x->within[x->within_count] = d.ms;
        x->texts[x->within_count] = e->text;
    }
    return ERR_OK;
}

static err parse(struct ask *a)
{
    struct repurchase *x = ask_room(a, sizeof *x);
    u32 unit, cohort;
    TRY(ask_did(a, S("Order Completed"), &x->event));
    TRY(ask_word(a, "unit", "order day", 0, &unit));
    TRY(ask_word(a, "cohort", "day week month", 2, &cohort));
    TRY(read_within(a, x));
    x->by_day = unit == 1;
    x->cohort = UNIT_DAY + cohort;
    a->plan->args = x;
    return ERR_OK;
}

static void open(void *state, const struct plan *p)
{
    struct state *s = state;
    clock_init(&s->days, p->days, UNIT_DAY, 0, 0);
    clock_init(&s->cohorts, p->days, s->a->cohort, 0, 0);
    s->rows.words = AT_WITHIN + s->a->within_count;
}

/* Her second purchase, `gap` after the first. */
static void repeated(struct state *s, i64 gap)
{
    u64 *row = series_at(&s->rows, s->cohort);
    s->gap = gap;
    numbers_put(&s->first_gaps, (u64)gap);
    if (!row) return;
    row[AT_REPEATED]++;
    for (u32 k = 0; k < s->a->within_count; k++) row[AT_WITHIN + k] += gap <= s->a->within[k];
}

/* By day: purchases of one local day are one, and gaps are whole days. */
static void one(struct state *s, const struct timelines *b, u32 from, u32 to)
{
    u32 bit = 1u << s->a->event, n = 0;
    i64 before = 0;
    s->cohort = INT64_MIN;
    s->gap = -1;
    for (u32 i = from; i < to; i++) {
        if (!(b->hits[i] & bit)) continue;
        i64 at = s->a->by_day ? clock_unit(&s->days, b->at[i]) * DAY : b->at[i];
        if (s->a->by_day && n && at == before) continue;
        if (n == 0) {
            s->cohort = clock_unit(&s->cohorts, b->at[i]);
            u64 *row = series_at(&s->rows, s->cohort);
            if (row) row[AT_CUSTOMERS]++;
        }
        if (n) numbers_put(&s->gaps, (u64)(at - before));
        if (n == 1) repeated(s, at - before);
        if (n < NTH_MAX) s->nth[n]++;
        n++;
        before = at;
    }
    s->bought = n;
}

static void add(void *state, const struct timelines *b)
{
    for (u32 c = 0; c < b->customers; c++) one(state, b, b->start[c], b->start[c + 1]);
}

static void merge(void *state, void *other)
{
    struct state *s = state;
    const struct state *o = other;
    series_add(&s->rows, &o->rows);
    for (u32 k = 0; k < NTH_MAX; k++) s->nth[k] += o->nth[k];
    numbers_take(&s->gaps, &o->gaps);
    numbers_take(&s->first_gaps, &o->first_gaps);
}

/* ---- the answer ---- */

static void put_within(const struct state *s, const u64 *row, struct buf *out)
{
    json_put_key(out, S("within"));
    buf_byte(out, '{');
    for (u32 k = 0; k < s->a->within_count; k++)
        json_put_kv_i64(out, s->a->texts[k], (i64)row[AT_WITHIN + k]);
    buf_byte(out, '}');
}

static void put_gaps(str key, struct numbers *gaps, struct buf *out)
{
    static const u64 SHARES[] = {25, 50, 75, 90};
    u64 at[COUNT_OF(SHARES)];
    decimal sum = 0;
    for (u64 i = 0; i < gaps->n; i++) sum += (decimal)gaps->p[i];
    if (gaps->n) numbers_ranks(gaps, SHARES, COUNT_OF(SHARES), 100, at);
    json_put_key(out, key);
    buf_byte(out, '{');
    json_put_kv_i64(out, S("count"), (i64)gaps->n);
    put_decimal(out, S("sum_s"), sum * (DECIMAL_ONE / 1000));
    json_put_key(out, S("percentiles"));
    buf_byte(out, '{');
    for (u32 i = 0; i < COUNT_OF(SHARES) && gaps->n; i++) {
        char name[4] = {(char)('0' + SHARES[i] / 10), (char)('0' + SHARES[i] % 10)};
        put_seconds(out, str_of(name), at[i]);
    }
    buf_put(out, S("}}"));
}

static void put_nth(const struct state *s, struct buf *out)
{
    json_put_key(out, S("nth"));
    buf_byte(out, '[');
    for (u32 k = 0; k + 1 < NTH_MAX && s->nth[k]; k++) {
        json_put_comma(out);
        buf_byte(out, '{');
        json_put_kv_i64(out, S("order"), k + 1);
        json_put_kv_i64(out, S("customers"), (i64)s->nth[k]);
        json_put_kv_i64(out, S("next"), (i64)s->nth[k + 1]);
        put_ratio(out, S("rate"), s->nth[k + 1], s->nth[k]);
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
}

static void put_rows(const struct state *s, u64 *total, struct buf *out)
{
    json_put_key(out, S("rows"));
    buf_byte(out, '[');
    for (u64 i = 0; i < s->rows.places; i++) {
        const u64 *row = s->rows.cells + i * s->rows.words;
        if (!row[AT_CUSTOMERS]) continue;
        json_put_comma(out);
        buf_put(out, S("{\"cohort\":\""));
        clock_label(&s->cohorts, s->rows.first + (i64)i, out);
        buf_byte(out, '"');
        json_put_kv_i64(out, S("customers"), (i64)row[AT_CUSTOMERS]);
        json_put_kv_i64(out, S("repeat_customers"), (i64)row[AT_REPEATED]);
        put_within(s, row, out);
        buf_byte(out, '}');
        for (u32 w = 0; w < s->rows.words; w++) total[w] += row[w];
    }
    buf_byte(out, ']');
}

static err finish(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    u64 total[AT_WITHIN + WITHIN_MAX] = {0};
    if (s->rows.full || s->gaps.full)
        return diag_set(why, ERR_LIMIT, "too many purchases or cohorts; take a shorter period");
    put_rows(s, total, out);
    json_put_kv_i64(out, S("customers"), (i64)total[AT_CUSTOMERS]);
    json_put_kv_i64(out, S("repeat_customers"), (i64)total[AT_REPEATED]);
    put_ratio(out, S("rate"), total[AT_REPEATED], total[AT_CUSTOMERS]);
    put_within(s, total, out);
    put_nth(s, out);
    put_gaps(S("gaps"), &s->gaps, out);
    put_gaps(S("first_gap"), &s->first_gaps, out);
    return ERR_OK;
}

static void close(void *state)
{
    struct state *s = state;
    series_clear(&s->rows);
    numbers_clear(&s->gaps);
    numbers_clear(&s->first_gaps);
}

/* ---- who bought again, and who did not ---- */

static err cell(struct ask *a)
{
    struct cell *c = ask_room(a, sizeof *c);
    TRY(ask_text(a, "cohort", S(""), &c->cohort));
    TRY(ask_duration(a, "within", 0, &c->within));
    TRY(ask_number(a, "order", 1, NTH_MAX, 0, &c->order));
    TRY(ask_flag(a, "lost", &c->lost));
    if (c->order && c->within)
        return REFUSE_AT(a, "order", "\"within\" is about the second: leave one of them out");
    a->plan->cell = c;
    return ERR_OK;
}

static void reset(void *state)
{
    struct state *s = state;
    s->gaps.n = s->first_gaps.n = 0;
}

static bool counts(const void *state)
{
    const struct state *s = state;
    const struct cell *c = s->p->cell;
    if (s->cohort == INT64_MIN) return false;
    bool again = s->gap >= 0 && (!c->within || s->gap <= c->within);
    if (c->order ? s->bought < c->order || (c->lost && s->bought != c->order) : again == c->lost)
        return false;
    if (!c->cohort.n) return true;
    struct buf label;
    buf_init(&label, 64);
    clock_label(&s->cohorts, s->cohort, &label);
    bool mine = str_eq(buf_str(&label), c->cohort);
    buf_clear(&label);
    return mine;
}

const struct analysis REPURCHASE = {
    .name = S("repurchase"),
    .keys = " event where unit cohort within ",
    .parse = parse,
    .state_size = sizeof(struct state),
    .open = open,
    .add = add,
    .merge = merge,
    .finish = finish,
    .close = close,
    .cell_keys = " cohort within order lost ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
};
