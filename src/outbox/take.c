/* take.c — which message is started next.
 *
 * Lanes in strict order; within a lane the oldest first. A message whose channel is busy, rests or
 * is not connected steps aside into that channel's queue, so that it holds up no other channel; of
 * a busy channel only so many do, the rest stays where it is. Broadcasts leave a quarter of the
 * connections, and of all deliveries, to what somebody waits for.
 *
 * Of one customer's messages, those that a cap may hold are claimed one after the other: else the
 * faster connection, and not the more important journey, would have the last place. */
#include "outbox/inside.h"

#include <stdlib.h>

/* ---- queues ---- */

static void push(struct waiting_queue *q, struct waiting w)
{
    if (q->count == q->cap) {
        u32 cap = q->cap ? q->cap * 2 : 64;
        struct waiting *items = mem_alloc(cap * sizeof *items);
        for (u32 i = 0; i < q->count; i++) items[i] = q->items[(q->head + i) & (q->cap - 1)];
        free(q->items);
        *q = (struct waiting_queue){items, 0, q->count, cap};
    }
    q->items[(q->head + q->count++) & (q->cap - 1)] = w;
}

static struct waiting pop(struct waiting_queue *q)
{
    struct waiting w = q->items[q->head];
    q->head = (q->head + 1) & (q->cap - 1);
    q->count--;
    return w;
}

void waiting_free(struct channel *c)
{
    for (u32 l = 0; l < LANE_COUNT; l++) free(c->waiting[l].items);
}

/* ---- may it start ---- */

static u32 three_quarters(u32 n)
{
    u32 most = n - (n + 3) / 4;
    return most ? most : 1;
}

static bool slot_free(const struct outbox *o, lane l)
{
    if (o->in_flight >= o->deliveries_max) return false;
    return l != LANE_BROADCAST || o->broadcasts < three_quarters(o->deliveries_max);
}

static bool channel_free(const struct channel *c, lane l, i64 now)
{
    if (!c->type || c->rests_until > now || c->in_flight >= c->connections) return false;
    return l != LANE_BROADCAST || c->broadcasts < three_quarters(c->connections);
}

static bool channel_works(const struct channel *c, i64 now)
{
    return c->type && c->rests_until <= now;
}

/* Its claim has not been judged yet. */
static bool is_before_claim(const struct delivery *d)
{
    switch (d->state) {
    case DELIVERY_PREPARING:
    case DELIVERY_TO_CLAIM:
    case DELIVERY_CLAIMING:
    case DELIVERY_TO_JUDGE:
    case DELIVERY_JUDGING: return true;
    default: return false;
    }
}

/* Another message of hers is on its way to its claim, and may take a place in a cap. */
static bool has_one_ahead(const struct outbox *o, const struct message_row *m)
{
    persona head = customer_head(engine_customers(o->engine), m->persona);
    u32 left = o->in_flight;
    if (m->lane == LANE_TRANSACTIONAL) return false;
    for (u32 i = 0; i < o->deliveries_max && left; i++) {
        const struct delivery *d = &o->deliveries[i];
        if (d->state == DELIVERY_FREE) continue;
        left--;
        if (d->head == head && d->lane != LANE_TRANSACTIONAL && is_before_claim(d)) return true;
    }
    return false;
}

/* ---- starting ---- */

static struct delivery *new_delivery(struct outbox *o, u32 row, const struct message_row *m,
                                     i64 now)
{
    struct delivery *d = o->deliveries;
    while (d->state != DELIVERY_FREE) d++; /* slot_free has said that there is one */
    struct arena *arena = d->arena ? d->arena : arena_new();
    struct channel *c = &o->channels[m->channel];
    *d = (struct delivery){.message = row,
                           .id = message_id(engine_messages(o->engine), row),
                           .date_ms = now,
                           .attempts = m->attempts,
                           .reports = o->reports,
                           .arena = arena,
                           .type = c->type,
                           .provider = c->provider,
                           .channel = m->channel,
                           .head = customer_head(engine_customers(o->engine), m->persona),
                           .state = DELIVERY_PREPARING,
                           .lane = m->lane};
    o->in_flight++;
    c->in_flight++;
    o->broadcasts += d->lane == LANE_BROADCAST;
    c->broadcasts += d->lane == LANE_BROADCAST;
    return d;
}

/* Renders first: what cannot be said needs no connection. What would be refused needs none either;
 * its claim alone is appended, for apply is the judge and writes the reason down. */
static void start(struct outbox *o, u32 row, const struct message_row *m, i64 now)
{
    struct delivery *d = new_delivery(o, row, m, now);
    struct diag why = {0};
    err e = delivery_render(o, d, &why);
    if (engine_would_refuse(o->engine, row, d->address, d->fingerprint, now) != REFUSAL_NONE)
        d->state = DELIVERY_TO_JUDGE;
    else if ((d->unsayable = e != ERR_OK))
        delivery_fail(d, ANSWER_REJECTED, 0, str_of(why.message));
    else
        d->type->prepare(d->provider, d);
}

/* Still the message that was taken, and still planned. */
static bool still_due(struct outbox *o, struct waiting w)
{
    const struct message_row *m = message_at(engine_messages(o->engine), w.row);
    return m && m->status == MESSAGE_PLANNED && m->id_low == w.id_low;
}

/* A message that was put off and became due again may stand in a queue twice; or its provider has
 * not let go of it yet. */
static bool is_under_way(struct outbox *o, struct waiting w)
{
    return outbox_find(o, w.row, message_id(engine_messages(o->engine), w.row));
}

/* It waits among the ready ones, so that it keeps nobody's place here. */
static bool is_paused(struct outbox *o, const struct message_row *m)
{
    return m->category == CATEGORY_PROMOTION && engine_promotion_held(o->engine);
}

static u32 start_waiting(struct outbox *o, struct channel *c, lane l, u32 budget, i64 now)
{
    u32 started = 0;
    struct waiting_queue *q = &c->waiting[l];
    for (u32 left = q->count;
         left && started < budget && slot_free(o, l) && channel_free(c, l, now); left--) {
        struct waiting w = pop(q);
        if (!still_due(o, w)) continue;
        const struct message_row *m = message_at(engine_messages(o->engine), w.row);
        if (is_paused(o, m)) {
            message_put_back(engine_messages(o->engine), w.row);
            continue;
        }
        if (has_one_ahead(o, m) || is_under_way(o, w)) {
            push(q, w);
            continue;
        }
        start(o, w.row, m, now);
        started++;
    }
    return started;
}

/* Some working channel has as many waiting as it needs. */
static bool enough_waits(const struct outbox *o, lane l, i64 now)
{
    for (u32 i = 1; i < CHANNELS; i++) {
        const struct channel *c = &o->channels[i];
        if (c->waiting[l].count >= WAITING_MAX && channel_works(c, now)) return true;
    }
    return false;
}

static u32 start_new(struct outbox *o, lane l, u32 budget, i64 now, bool *taken)
{
    struct messages *messages = engine_messages(o->engine);
    u32 started = 0;
    if (enough_waits(o, l, now)) return 0;
    for (u32 takes = TAKES_PER_STEP; takes && started < budget && slot_free(o, l); takes--) {
        u32 row = message_take(messages, l);
        if (!row) break;
        const struct message_row *m = message_at(messages, row);
        struct waiting w = {m->id_low, row};
        struct channel *c = &o->channels[m->channel];
        *taken = true;
        if (!channel_free(c, l, now) || has_one_ahead(o, m) || is_under_way(o, w)) {
            push(&c->waiting[l], w);
            if (channel_works(c, now) && c->waiting[l].count >= WAITING_MAX) break;
        } else if (still_due(o, w)) {
            start(o, row, m, now);
            started++;
        }
    }
    return started;
}

bool outbox_take(struct outbox *o, i64 now)
{
    u32 budget = STARTS_PER_STEP;
    bool any = false;
    if (o->paused || !o->connected || engine_sending_held(o->engine)) return false;
    for (lane l = 0; l < LANE_COUNT; l++) {
        for (u32 i = 1; i < CHANNELS && budget; i++) {
            if (!o->channels[i].waiting[l].count) continue;
            u32 n = start_waiting(o, &o->channels[i], l, budget, now);
            budget -= n;
            any |= n > 0;
        }
        if (budget) budget -= start_new(o, l, budget, now, &any);
    }
    return any;
}
