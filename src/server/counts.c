/* counts.c — compiled, counted in blocks of customers, shown. */
#include "server/counts.h"

#include <stdlib.h>

enum { BLOCK = 1 << 16, PERSONAS_OF_ONE = 64 };

/* ---- what other modules know, on the epoch ---- */

static answer member_then(void *ctx, persona head, u32 code, i64 now)
{
    struct counts *k = ctx;
    (void)now;
    bool in = segment_holds(engine_segments(k->c->server->engine), &k->view.customers, code, head);
    return (answer){in, NEVER};
}

static answer score_then(void *ctx, persona head, u32 score, predicate_op op, fixed limit, i64 now)
{
    struct counts *k = ctx;
    persona personas[PERSONAS_OF_ONE] = {head};
    struct customer_row row;
    u32 n = 1;
    persona next = view_row(&k->view.customers, head, &row) ? row.next_of_head : 0;
    while (next && next != head && n < PERSONAS_OF_ONE) {
        personas[n++] = next;
        next = view_row(&k->view.customers, next, &row) ? row.next_of_head : 0;
    }
    struct subject who = {.view = &k->view.customers,
                          .head = head,
                          .personas = personas,
                          .persona_count = n,
                          .events = k->view.events,
                          .zone = k->zone,
                          .scratch = k->scratch};
    answer it = scores_answer(k->scores, score, &who, op, limit, now);
    arena_reset(k->scratch);
    return it;
}

static bool reach_then(void *ctx, persona head, u32 channel)
{
    return channel < 64 && reach_of(((struct counts *)ctx)->reach, head, 1ull << channel);
}

/* ---- counting ---- */

static void count_one(struct counts *k, struct counted *n, persona head)
{
    n->count++;
    if (n->sampled < COUNTS_SAMPLE) n->sample[n->sampled++] = head;
    if (!n->with_reach) return;
    u64 can = reach_of(k->reach, head, (1ull << CHANNEL_FIXED_COUNT) - (1ull << CHANNEL_EMAIL));
    n->reachable_any += can != 0;
    for (; can; can &= can - 1) n->reachable[__builtin_ctzll(can)]++;
}

static void count_block(struct counts *k, struct counted *n, persona from, const u64 *bits,
                        u64 *chain)
{
    for (u32 w = 0; w < BLOCK / 64; w++) {
        for (u64 word = bits[w]; word; word &= word - 1)
            count_one(k, n, from + w * 64 + (persona)__builtin_ctzll(word));
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
    engine_unpin(&k->view);
    if (k->cancelled) return diag_set(&c->why, ERR_BUSY, "it took too long; ask again");
    k->took_ms = (env_mono_ns(c->server->env) - k->began_ns) / 1000000;
    return k->then(c);
}

static err count(struct call *c)
{
    struct counts *k = c->helper_data;
    struct resolver resolver = {
        .ctx = k, .segment = member_then, .score = score_then, .reachable = reach_then};
    struct batch_subject all = {.view = &k->view.customers,
                                .events = k->view.events,
                                .zone = k->zone,
                                .resolver = &resolver,
                                .cancel = &k->cancelled,
                                .names = engine_names(c->server->engine)};
    u64 *bits = mem_alloc(BLOCK / 8), *chain = mem_zalloc(BLOCK / 8);
    k->scratch = arena_new();
    k->reach = reach_open(&k->view.customers, engine_key(c->server->engine), c->arena);
    for (persona from = 1; from < k->end && !k->cancelled; from += BLOCK) {
        persona to = min_u32(k->end, from + BLOCK);
        for (u32 i = 0; i < k->n && !k->cancelled; i++) {
            if (!k->items[i].predicate) continue;
            memset(bits, 0, BLOCK / 8);
            if (!predicate_batch(k->items[i].predicate, &all, from, to, k->now, bits))
                k->cancelled = true;
            else
                count_block(k, &k->items[i], from, bits, chain);
        }
    }
    free(bits);
    free(chain);
    arena_free(k->scratch);
    return call_engine(c, unpin);
}

/* ---- asking ---- */

static bool is_known(void *ctx, const char *kind, str id)
{
    return strcmp(kind, "zone") != 0 || engine_zone_known(ctx, id);
}

void counts_init(struct counts *k, struct call *c)
{
    struct engine *e = c->server->engine;
    *k = (struct counts){.c = c,
                         .items = arena_zalloc(c->arena, COUNTS_MAX * sizeof *k->items),
                         .zone = engine_zone(e),
                         .now = max_i64(engine_time(e), server_now(c->server))};
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

err counts_begin(struct counts *k, call_step then)
{
    struct engine *e = k->c->server->engine;
    k->then = then;
    k->began_ns = env_mono_ns(k->c->server->env);
    k->end = customers_end(engine_customers(e));
    k->scores = scores_copy(engine_segments(e), k->c->arena);
    k->c->helper_data = k;
    engine_pin(e, &k->view);
    return call_helper(k->c, count);
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
