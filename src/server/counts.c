/* counts.c — compiled, counted in blocks of customers, shown. */
#include "server/counts.h"

#include "event/scan.h"
#include "server/crew.h"

#include <stdlib.h>

enum {
    BLOCK = 1 << 16,
    WORK_ASKED = 2,    /* of a customer for each predicate, in events of a plain scan */
    ESTIMATED_MAX = 8, /* of more predicates at once nobody asks how long they take */
};

/* ---- counting ---- */

#define CHANNELS ((1ull << CHANNEL_FIXED_COUNT) - (1ull << CHANNEL_EMAIL))

static void count_reach(const struct counts *k, struct counted *n, persona head)
{
    u64 can = reach_of(k->beside.reach, head, CHANNELS);
    n->reachable_any += can != 0;
    for (; can; can &= can - 1) n->reachable[__builtin_ctzll(can)]++;
}

static void count_block(const struct counts *k, struct counted *n, persona from, const u64 *bits,
                        u64 *chain)
{
    u64 agreed[BLOCK / 64];
    if (n->with_reach) reach_agreed(&k->beside.view.customers, CHANNELS, from, BLOCK, agreed);
    for (u32 w = 0; w < BLOCK / 64; w++) {
        n->count += bits_count(bits[w]);
        for (u64 word = bits[w]; word && n->sampled < COUNTS_SAMPLE; word &= word - 1)
            n->sample[n->sampled++] = from + w * 64 + (persona)__builtin_ctzll(word);
        for (u64 word = n->with_reach ? bits[w] & agreed[w] : 0; word; word &= word - 1)
            count_reach(k, n, from + w * 64 + (persona)__builtin_ctzll(word));
        if (n->chain == CHAIN_NONE) continue;
        chain[w] = n->chain == CHAIN_FIRST ? bits[w]
                   : n->chain == CHAIN_AND ? chain[w] & bits[w]
                                           : chain[w] | bits[w];
        n->running += (u64)__builtin_popcountll(chain[w]);
    }
}

static err unpin(struct call *c)
{
    struct counts *k = c->helper_data;
    beside_unpin(&k->beside);
    if (k->under_way.name.n) under_way_end(c->server, &k->under_way);
    if (k->cancelled) return diag_set(&c->why, ERR_BUSY, "it took too long; ask again");
    i64 now_ns = env_mono_ns(c->server->env);
    k->took_ms = (now_ns - k->under_way.began_ns) / 1000000;
    if (k->work) speeds_learn(&c->server->speeds, SPEED_COUNT, k->work, now_ns - k->run_ns);
    return k->then(c);
}

static struct batch_subject everybody(struct counts *k)
{
    return (struct batch_subject){.view = &k->beside.view.customers,
                                  .events = k->beside.view.events,
                                  .zone = k->beside.zone,
                                  .resolver = &k->beside.resolver,
                                  .cancel = &k->cancelled,
                                  .names = engine_names(k->c->server->engine)};
}

/* Everybody, and who is whose among those with events that the predicates count. */
static struct event_crowd *open_all(struct counts *k, struct batch_subject *all)
{
    const struct predicate **p = mem_alloc((k->n + 1) * sizeof *p);
    *all = everybody(k);
    for (u32 i = 0; i < k->n; i++) p[i] = k->items[i].predicate;
    beside_everybody(&k->beside, all);
    struct event_crowd *crowd = predicate_crowd(p, k->n, all, k->beside.now);
    all->crowd = crowd;
    free(p);
    return crowd;
}

/* Any thread of the crew: each counts into items of its own. */
static void piece(void *ctx, u32 n, u32 worker)
{
    struct counts *k = ctx;
    struct counted *items = k->of_worker + (size_t)worker * k->n;
    persona from = n * BLOCK, to = min_u32(k->beside.end, from + BLOCK);
    u64 bits[BLOCK / 64], chain[BLOCK / 64] = {0};
    __atomic_add_fetch(&k->done, 1, __ATOMIC_RELAXED);
    if (from >= to) return;
    if (atomic_load(&k->c->gone)) __atomic_store_n(&k->cancelled, true, __ATOMIC_RELAXED);
    for (u32 i = 0; i < k->n && !__atomic_load_n(&k->cancelled, __ATOMIC_RELAXED); i++) {
        if (!items[i].predicate) continue;
        memset(bits, 0, sizeof bits);
        if (predicate_batch(items[i].predicate, k->all, from, to, k->beside.now, bits))
            count_block(k, &items[i], from, bits, chain);
        else
            __atomic_store_n(&k->cancelled, true, __ATOMIC_RELAXED);
    }
}

/* Samples are the first of everybody: each worker's ascend. */
static void join_sample(struct counted *into, const struct counted *from)
{
    persona all[COUNTS_SAMPLE];
    u32 n = 0, i = 0, j = 0;
    while (n < COUNTS_SAMPLE && (i < into->sampled || j < from->sampled)) {
        bool first = j == from->sampled || (i < into->sampled && into->sample[i] < from->sample[j]);
        all[n++] = first ? into->sample[i++] : from->sample[j++];
    }
    memcpy(into->sample, all, n * sizeof *all);
    into->sampled = n;
}

static void join(struct counted *into, const struct counted *from)
{
    into->count += from->count;
    into->running += from->running;
    into->reachable_any += from->reachable_any;
    for (u32 i = 0; i < CHANNEL_FIXED_COUNT; i++) into->reachable[i] += from->reachable[i];
    join_sample(into, from);
}

static err count(struct call *c)
{
    struct counts *k = c->helper_data;
    u32 workers = crew_size(c->server->crew);
    k->run_ns = env_mono_ns(c->server->env);
    beside_reach(&k->beside, c);
    k->of_worker = mem_alloc((size_t)workers * k->n * sizeof *k->of_worker);
    for (u32 w = 0; w < workers; w++)
        memcpy(k->of_worker + (size_t)w * k->n, k->items, k->n * sizeof *k->items);
    struct batch_subject all;
    struct event_crowd *crowd = open_all(k, &all);
    k->all = &all;
    __atomic_store_n(&k->pieces, k->beside.end / BLOCK + 1, __ATOMIC_RELAXED);
    crew_each(c->server->crew, k->pieces, piece, k);
    event_crowd_free(crowd);
    for (u32 w = 0; w < workers; w++)
        for (u32 i = 0; i < k->n; i++) join(&k->items[i], &k->of_worker[(size_t)w * k->n + i]);
    free(k->of_worker);
    return call_engine(c, unpin);
}

/* ---- asking ---- */

static bool is_known(void *ctx, const char *kind, str id)
{
    return strcmp(kind, "zone") != 0 || engine_zone_known(ctx, id);
}

void counts_init(struct counts *k, struct call *c)
{
    *k = (struct counts){.c = c, .items = arena_zalloc(c->arena, COUNTS_MAX * sizeof *k->items)};
}

struct counted *counts_add(struct counts *k)
{
    MUST(k->n < COUNTS_MAX);
    return &k->items[k->n++];
}

err counts_compile(struct counts *k, struct counted *n, const struct json *rule, const char *place)
{
    struct call *c = k->c;
    struct engine *e = c->server->engine;
    struct predicate_context pc = {.names = engine_names(e),
                                   .customers = engine_customers(e),
                                   .zone = engine_zone(e),
                                   .place = PREDICATE_SEGMENT,
                                   .known = is_known,
                                   .ctx = e};
    struct diag inner = {0};
    struct buf compiled;
    buf_init(&compiled, RECORD_BYTES_MAX);
    err r = predicate_compile(rule, &pc, &compiled, &inner);
    if (r != ERR_OK && inner.code != ERR_OK)
        (void)!diag_at(&c->why, r, arena_printf(c->arena, "%s%s", place, inner.path), "%s",
                       inner.message);
    str bytes = arena_str(c->arena, buf_str(&compiled));
    buf_clear(&compiled);
    return r == ERR_OK ? predicate_load(bytes, c->arena, &n->predicate) : r;
}

MUST_USE static err read_as_of(struct counts *k, iso_time *t, bool *is_there)
{
    const struct json *as_of = json_get(k->c->body, "as_of");
    *is_there = as_of != NULL;
    if (as_of && (!json_is(as_of, JSON_STRING) || !iso_parse(as_of->text, t)))
        return diag_at(&k->c->why, ERR_REFUSED, S("/as_of"),
                       "\"as_of\" is a moment: \"2026-06-01T10:00:00Z\"");
    return ERR_OK;
}

/* Pinned; what all of them would look at. */
static struct estimate estimate_of(struct counts *k)
{
    struct batch_subject all = everybody(k);
    struct estimate e = {.customers = customers_count(engine_customers(k->c->server->engine))};
    k->work = 0;
    for (u32 i = 0; i < k->n; i++) {
        struct predicate_cost one;
        if (!k->items[i].predicate) continue;
        predicate_cost(k->items[i].predicate, &all, k->beside.end, k->beside.now, &one);
        e.events += one.events;
        e.indexed += one.indexed;
        k->work += one.work + (u64)k->beside.end * WORK_ASKED;
    }
    e.ms = speeds_ms(&k->c->server->speeds, SPEED_COUNT, k->work);
    return e;
}

err counts_estimate(struct counts *k)
{
    struct call *c = k->c;
    bool has_moment;
    iso_time t;
    TRY(read_as_of(k, &t, &has_moment));
    beside_look(&k->beside, c);
    if (has_moment) k->beside.now = zone_resolve_iso(k->beside.zone, &t);
    struct estimate e = estimate_of(k);
    beside_unpin(&k->beside);
    buf_byte(&c->out, '{');
    estimate_put(&c->out, &e);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

/* Of pieces that were begun: the last ones are not done yet. */
static u32 percent(const void *ctx)
{
    const struct counts *k = ctx;
    u32 pieces = __atomic_load_n(&k->pieces, __ATOMIC_RELAXED);
    u32 done = __atomic_load_n(&k->done, __ATOMIC_RELAXED);
    return pieces ? min_u32(99, done * 100 / pieces) : 0;
}

err counts_begin(struct counts *k, call_step then)
{
    struct under_way *w = &k->under_way;
    bool has_moment;
    iso_time t;
    TRY(read_as_of(k, &t, &has_moment));
    if (w->name.n) TRY(under_way_read(k->c, w));
    k->then = then;
    w->began_ns = env_mono_ns(k->c->server->env);
    k->c->helper_data = k;
    TRY(beside_pin(&k->beside, k->c));
    if (has_moment) k->beside.now = zone_resolve_iso(k->beside.zone, &t);
    if (w->name.n || k->n <= ESTIMATED_MAX) w->estimate = estimate_of(k);
    w->percent = percent;
    w->ctx = k;
    if (w->name.n) under_way_begin(k->c->server, w);
    return call_crew(k->c, count);
}

void counts_put_reach(struct call *c, const struct counted *n)
{
    json_put_key(&c->out, S("reachable"));
    buf_byte(&c->out, '{');
    for (u32 i = CHANNEL_EMAIL; i < CHANNEL_FIXED_COUNT; i++)
        if (n->reachable[i])
            json_put_kv_i64(&c->out, names_text(engine_names(c->server->engine), NAME_CHANNEL, i),
                            (i64)n->reachable[i]);
    buf_byte(&c->out, '}');
}
