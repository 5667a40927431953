/* path.c — which events follow each other: runs of neighbours, overlapping, cut where a gap is too
 * long.
 *
 * Codes of names fit 16 bits, so a run of eight packs into two words; runs are counted in a hash
 * table. A customer counts once for a run: the table knows who was counted last. Runs that were
 * found wait until there are some, so that their places in the table are fetched side by side.
 *
 * Up to three events in a row, of up to 31 different ones, are counted without a table: each event
 * gets a number of five bits, and the run's numbers are its place. What was counted so goes into
 * the table before it is merged or told, or when a 32nd event comes. */
#include "analysis/fold.h"

#include <stdlib.h>

enum { LENGTH_MAX = 8, LIMIT_MAX = 1000, PATHS_MAX = 1 << 22, WAITING = 128 };
enum { SHORT = 3, ID_BITS = 5, IDS = 1 << ID_BITS, SHORT_PLACES = 1 << SHORT * ID_BITS };

struct path_args {
    u32 start, end; /* filters or FILTER_NONE */
    u32 length, limit;
    i64 max_gap;
};

typedef struct {
    u64 lo, hi;
} run; /* event codes, 16 bits each, the first highest */

struct counted {
    run key; /* zero: empty, since no code is 0 */
    u64 count;
    u32 customers, last; /* who was counted last, from 1 */
};

struct found {
    run key; /* of a short one: its place */
    u32 serial;
};

/* Short runs by their place. */
struct shorts {
    struct {
        u32 count, customers, last;
    } at[SHORT_PLACES];
    u32 codes[IDS], ids; /* the codes by their numbers, from 1 */
    u8 id_of[NAMES_MAX + 1];
};

struct state {
    const struct plan *p;
    const struct path_args *a;
    struct counted *table;
    u64 count, mask;
    run whole; /* the bits of a run of this length */
    u32 serial, waiting;
    bool full;
    struct found found[WAITING];
    struct shorts *shorts; /* NULL: runs go into the table */
};

/* The bits of a run of this length. */
static run whole_of(u32 length)
{
    u32 bits = length * 16;
    return (run){.lo = bits < 64 ? (1ull << bits) - 1 : UINT64_MAX,
                 .hi = bits <= 64   ? 0
                       : bits < 128 ? (1ull << (bits - 64)) - 1
                                    : UINT64_MAX};
}

static inline run run_push(run r, u32 code, run whole)
{
    return (run){.lo = (r.lo << 16 | code) & whole.lo, .hi = (r.hi << 16 | r.lo >> 48) & whole.hi};
}

static err parse(struct ask *a)
{
    struct path_args *x = ask_room(a, sizeof *x);
    i64 length, limit;
    TRY(ask_event(a, "start", &x->start));
    TRY(ask_event(a, "end", &x->end));
    TRY(ask_number(a, "length", 2, LENGTH_MAX, 3, &length));
    TRY(ask_number(a, "limit", 1, LIMIT_MAX, 20, &limit));
    TRY(ask_duration(a, "max_gap", SESSION_GAP, &x->max_gap));
    x->length = (u32)length;
    x->limit = (u32)limit;
    a->plan->any = true;
    a->plan->codes = true;
    a->plan->anchor = HIT_ANY;
    a->plan->args = x;
    return ERR_OK;
}

static void open(void *state, const struct plan *p)
{
    struct state *s = state;
    s->whole = whole_of(s->a->length);
    s->mask = (1 << 10) - 1;
    s->table = mem_zalloc((s->mask + 1) * sizeof *s->table);
    if (s->a->length <= SHORT && !p->drill) s->shorts = mem_zalloc(sizeof *s->shorts);
}

static inline u64 mix(run r)
{
    u64 h = (r.lo ^ r.hi * 0x9E3779B97F4A7C15ull) * 0xD6E8FEB86659FD93ull;
    return h ^ h >> 32;
}

static inline bool same(run a, run b)
{
    return a.lo == b.lo && a.hi == b.hi;
}

static void grow(struct state *s)
{
    struct counted *old = s->table;
    u64 places = s->mask + 1;
    s->mask = places * 2 - 1;
    s->table = mem_zalloc((s->mask + 1) * sizeof *s->table);
    for (u64 i = 0; i < places; i++) {
        if (!old[i].key.lo) continue;
        u64 at = mix(old[i].key) & s->mask;
        while (s->table[at].key.lo) at = (at + 1) & s->mask;
        s->table[at] = old[i];
    }
    free(old);
}

static struct counted *place(struct state *s, run key)
{
    u64 at = mix(key) & s->mask;
    for (; s->table[at].key.lo; at = (at + 1) & s->mask)
        if (same(s->table[at].key, key)) return &s->table[at];
    if (s->count == PATHS_MAX) {
        s->full = true;
        return NULL;
    }
    if (s->count * 2 > s->mask) {
        grow(s);
        return place(s, key);
    }
    s->count++;
    s->table[at].key = key;
    return &s->table[at];
}

static void settle_shorts(struct state *s)
{
    for (u32 i = 0; i < s->waiting; i++) {
        u64 at = s->found[i].key.lo;
        s->shorts->at[at].count++;
        s->shorts->at[at].customers += s->shorts->at[at].last != s->found[i].serial;
        s->shorts->at[at].last = s->found[i].serial;
    }
}

/* Counts those who wait. */
static void settle(struct state *s)
{
    u32 n = s->shorts ? 0 : s->waiting;
    if (s->shorts) settle_shorts(s);
    for (u32 i = 0; i < n; i++) __builtin_prefetch(&s->table[mix(s->found[i].key) & s->mask], 1);
    for (u32 i = 0; i < n; i++) {
        struct counted *c = place(s, s->found[i].key);
        if (!c) break;
        c->count++;
        c->customers += c->last != s->found[i].serial;
        c->last = s->found[i].serial;
    }
    s->waiting = 0;
}

/* The codes of a short run's numbers. */
static run run_of(const struct state *s, u32 at)
{
    run r = {0};
    for (u32 k = s->a->length; k-- > 0;)
        r = run_push(r, s->shorts->codes[at >> k * ID_BITS & (IDS - 1)], s->whole);
    return r;
}

/* Into the table, where all runs go from now on. */
static void end_shorts(struct state *s)
{
    struct shorts *all = s->shorts;
    if (!all) return;
    settle(s);
    for (u32 at = 0; at < SHORT_PLACES; at++) {
        if (!all->at[at].count) continue;
        struct counted *c = place(s, run_of(s, at));
        if (!c) break;
        c->count += all->at[at].count;
        c->customers += all->at[at].customers;
        c->last = all->at[at].last;
    }
    free(all);
    s->shorts = NULL;
}

/* The numbers of a batch's events are there, or there are too many different ones. */
static void number_codes(struct state *s, const struct timelines *b)
{
    struct shorts *all = s->shorts;
    for (u32 i = b->start[0]; i < b->start[b->customers]; i++) {
        u32 code = b->code[i];
        if (LIKELY(all->id_of[code]) || !(timeline_hits(b, i) & HIT_ANY)) continue;
        if (all->ids == IDS - 1) {
            end_shorts(s);
            return;
        }
        all->id_of[code] = (u8)++all->ids;
        all->codes[all->ids] = code;
    }
}

static bool is_wanted(const struct path_args *a, const struct timelines *b, u32 i)
{
    return (a->start == FILTER_NONE || b->hits[i + 1 - a->length] >> a->start & 1) &&
           (a->end == FILTER_NONE || b->hits[i] >> a->end & 1);
}

/* Whether a gap is too long cannot be guessed, so a run is written down anyway and stays if it is
 * whole. */
static inline __attribute__((always_inline)) void one(struct state *s, const struct timelines *b,
                                                      u32 from, u32 to, const u8 *id_of)
{
    const struct path_args *a = s->a;
    run r = {0}, whole = s->whole;
    u32 in_run = 0, length = a->length;
    u64 places = (1ull << length * ID_BITS) - 1; /* of short ones */
    bool every = a->start == FILTER_NONE && a->end == FILTER_NONE;
    i64 last = 0;
    s->serial++;
    for (u32 i = from; i < to; i++) {
        if (!(b->hits[i] & HIT_ANY)) continue;
        in_run = b->at[i] - last > a->max_gap ? 1 : in_run + 1;
        last = b->at[i];
        if (id_of) {
            r.lo = (r.lo << ID_BITS | id_of[b->code[i]]) & places;
        } else {
            r = run_push(r, b->code[i], whole);
        }
        s->found[s->waiting] = (struct found){r, s->serial};
        bool is_found = in_run >= length;
        if (!every) is_found = is_found && is_wanted(a, b, i);
        s->waiting += is_found;
        if (s->waiting == WAITING) settle(s);
    }
}

static void add(void *state, const struct timelines *b)
{
    struct state *s = state;
    if (s->shorts) number_codes(s, b);
    if (s->shorts)
        for (u32 c = 0; c < b->customers; c++)
            one(s, b, b->start[c], b->start[c + 1], s->shorts->id_of);
    else
        for (u32 c = 0; c < b->customers; c++) one(s, b, b->start[c], b->start[c + 1], NULL);
    settle(s);
}

static void merge(void *state, void *other)
{
    struct state *s = state, *o = other;
    end_shorts(s);
    end_shorts(o);
    s->full |= o->full;
    for (u64 i = 0; i <= o->mask; i++) {
        if (!o->table[i].key.lo) continue;
        struct counted *c = place(s, o->table[i].key);
        if (!c) return;
        c->count += o->table[i].count;
        c->customers += o->table[i].customers;
    }
}

static u32 code_at(run r, u32 length, u32 k)
{
    u32 from_end = length - 1 - k;
    return (u32)((from_end < 4 ? r.lo >> 16 * from_end : r.hi >> 16 * (from_end - 4)) & 0xFFFF);
}

struct sorting {
    const struct state *s;
    const struct counted *c;
};

/* Most frequent first; equals by their events' names. */
static int by_count(const void *x, const void *y)
{
    const struct sorting *a = x, *b = y;
    struct names *names = a->s->p->names;
    if (a->c->count != b->c->count) return a->c->count > b->c->count ? -1 : 1;
    for (u32 k = 0; k < a->s->a->length; k++) {
        int order = str_cmp(names_text(names, NAME_EVENT, code_at(a->c->key, a->s->a->length, k)),
                            names_text(names, NAME_EVENT, code_at(b->c->key, a->s->a->length, k)));
        if (order) return order;
    }
    return 0;
}

static err finish(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    u64 n = 0, total = 0;
    end_shorts(s);
    if (s->full)
        return diag_set(why, ERR_LIMIT,
                        "there are more than %d different paths; ask for a "
                        "shorter length or period",
                        PATHS_MAX);
    struct sorting *rows = mem_alloc((s->count + 1) * sizeof *rows);
    for (u64 i = 0; i <= s->mask; i++)
        if (s->table[i].key.lo)
            rows[n++] = (struct sorting){s, &s->table[i]}, total += s->table[i].count;
    qsort(rows, n, sizeof *rows, by_count);
    json_put_key(out, S("rows"));
    buf_byte(out, '[');
    for (u64 i = 0; i < n && i < s->a->limit; i++) {
        json_put_comma(out);
        buf_put(out, S("{\"path\":["));
        for (u32 k = 0; k < s->a->length; k++) {
            json_put_comma(out);
            u32 code = code_at(rows[i].c->key, s->a->length, k);
            json_put_str(out, names_text(s->p->names, NAME_EVENT, code));
        }
        buf_byte(out, ']');
        json_put_kv_i64(out, S("count"), (i64)rows[i].c->count);
        json_put_kv_i64(out, S("customers"), (i64)rows[i].c->customers);
        buf_byte(out, '}');
    }
    buf_byte(out, ']');
    json_put_key(out, S("total"));
    buf_byte(out, '{');
    json_put_kv_i64(out, S("paths"), (i64)n);
    json_put_kv_i64(out, S("count"), (i64)total);
    buf_byte(out, '}');
    free(rows);
    return ERR_OK;
}

static void close(void *state)
{
    struct state *s = state;
    free(s->table);
    free(s->shorts);
}

/* ---- who went a path ---- */

static err cell(struct ask *a)
{
    const struct path_args *x = a->plan->args;
    const struct json *j = json_get(a->body, "path");
    run *r = ask_room(a, sizeof *r);
    if (!json_is(j, JSON_ARRAY) || j->count != x->length)
        return REFUSE_AT(a, "path", "\"path\" has the %u events of a row", x->length);
    for (const struct json *e = j->child; e; e = e->next) {
        u32 code = e->type == JSON_STRING ? names_find(a->cx->names, NAME_EVENT, e->text) : 0;
        if (!code) return REFUSE_AT(a, "path", "there is no event of this name");
        *r = run_push(*r, code, whole_of(x->length));
    }
    a->plan->cell = r;
    return ERR_OK;
}

static void reset(void *state)
{
    struct state *s = state;
    s->waiting = 0;
    if (s->count) memset(s->table, 0, (s->mask + 1) * sizeof *s->table);
    s->count = 0;
}

static bool counts(const void *state)
{
    const struct state *s = state;
    const run *key = s->p->cell;
    u64 at = mix(*key) & s->mask;
    for (; s->table[at].key.lo; at = (at + 1) & s->mask)
        if (same(s->table[at].key, *key)) return true;
    return false;
}

const struct analysis PATH = {
    .name = S("path"),
    .keys = " start end length max_gap limit ",
    .parse = parse,
    .state_size = sizeof(struct state),
    .open = open,
    .add = add,
    .merge = merge,
    .finish = finish,
    .close = close,
    .cell_keys = " path ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
};
