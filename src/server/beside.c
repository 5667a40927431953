#include "server/beside.h"

#include "server/crew.h"

#include <stdlib.h>

static answer member_then(void *ctx, persona head, u32 code, i64 now)
{
    struct beside *b = ctx;
    struct segments_at at = {b->segments, &b->view.customers};
    return segment_resolve_at(&at, head, code, now);
}

enum { PERSONAS_READ = 64 };

static answer score_then(void *ctx, persona head, u32 score, predicate_op op, fixed limit, i64 now)
{
    struct beside *b = ctx;
    persona personas[PERSONAS_READ] = {head};
    struct customer_row row;
    struct arena *scratch = arena_new();
    u32 n = 1;
    persona next = view_row(&b->view.customers, head, &row) ? row.next_of_head : 0;
    while (next && next != head && n < PERSONAS_READ) {
        personas[n++] = next;
        next = view_row(&b->view.customers, next, &row) ? row.next_of_head : 0;
    }
    struct subject who = {.view = &b->view.customers,
                          .head = head,
                          .personas = personas,
                          .persona_count = n,
                          .events = b->view.events,
                          .zone = b->zone,
                          .scratch = scratch};
    answer it = scores_answer(b->scores, score, &who, op, limit, now);
    arena_free(scratch);
    return it;
}

static bool reach_then(void *ctx, persona head, u32 channel)
{
    const struct beside *b = ctx;
    return b->reach && channel < 64 && reach_of(b->reach, head, 1ull << channel);
}

/* ---- heads ---- */

static void leave(struct heads *h)
{
    if (--h->users) return;
    free(h->is_head);
    free(h);
}

void heads_clear(struct server *s)
{
    struct heads *h = s->heads;
    s->heads = NULL;
    if (h) leave(h);
}

/* Personas that came later are few, and asked for one by one; from an eighth on it is made anew. */
static struct heads *heads_take(struct server *s, persona end)
{
    struct heads *h = s->heads;
    u64 moves = customers_moves(engine_customers(s->engine));
    if (h && h->moves == moves && end - h->end <= end / 8) {
        h->users++;
        return h;
    }
    h = mem_alloc(sizeof *h + (size_t)end * sizeof *h->of);
    *h = (struct heads){.moves = moves, .end = end, .users = 1};
    h->is_head = mem_zalloc(((size_t)end / 64 + 1) * sizeof *h->is_head);
    return h;
}

/* `known`: it is filled by now, and kept for others. */
static void heads_give(struct server *s, struct heads *h, bool known)
{
    if (known && !h->known && h != s->heads) {
        h->known = true;
        h->users++;
        heads_clear(s);
        s->heads = h;
    }
    leave(h);
}

/* ---- a view ---- */

static void pin(struct beside *b, struct call *c)
{
    struct engine *e = c->server->engine;
    *b = (struct beside){.zone = engine_zone(e),
                         .end = customers_end(engine_customers(e)),
                         .now = max_i64(engine_time(e), server_now(c->server)),
                         .segments = engine_segments(e),
                         .scores = scores_copy(engine_segments(e), c->arena)};
    b->resolver = (struct resolver){
        .ctx = b, .segment = member_then, .score = score_then, .reachable = reach_then};
    b->server = c->server;
    b->call = c;
    c->pinned = true;
    engine_pin(e, &b->view);
}

err beside_pin(struct beside *b, struct call *c)
{
    if (!crew_has_room(c->server->crew))
        return diag_set(&c->why, ERR_BUSY, "too many analyses at once; ask again soon");
    pin(b, c);
    b->heads = heads_take(c->server, b->end);
    b->has_heads = b->heads->known;
    return ERR_OK;
}

void beside_look(struct beside *b, struct call *c)
{
    pin(b, c);
}

enum { FILLED_AT_ONCE = 1 << 16 };

static void fill(void *ctx, u32 piece, u32 worker)
{
    struct beside *b = ctx;
    struct customer_row row;
    persona end = min_u32(b->heads->end, (piece + 1) * FILLED_AT_ONCE);
    (void)worker;
    for (persona p = piece * FILLED_AT_ONCE; p < end; p++) {
        persona head = p && view_row(&b->view.customers, p, &row) ? row.head : 0;
        b->heads->of[p] = head;
        b->heads->is_head[p / 64] |= (u64)(p && head == p) << p % 64;
    }
}

const persona *beside_heads(struct beside *b, persona *end)
{
    *end = b->heads->end;
    if (!b->has_heads)
        crew_each(b->server->crew, (*end + FILLED_AT_ONCE - 1) / FILLED_AT_ONCE, fill, b);
    b->has_heads = true;
    return b->heads->of;
}

void beside_everybody(struct beside *b, struct batch_subject *all)
{
    all->heads = beside_heads(b, &all->heads_end);
    all->head_bits = b->heads->is_head;
    all->stayed = &b->heads->stayed;
}

void beside_reach(struct beside *b, struct call *c)
{
    b->reach = reach_open(&b->view.customers, engine_key(c->server->engine), c->arena);
}

void beside_unpin(struct beside *b)
{
    if (b->heads) heads_give(b->server, b->heads, b->has_heads);
    engine_unpin(&b->view);
    b->call->pinned = false;
}
