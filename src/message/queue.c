/* queue.c — which message is next: two heaps for each lane, of promotion and of all else.
 *
 * Ordered by when they became due; of one instant by the priority of their journeys, then by when
 * they were planned, then by the journeys' ids. So of two that a cap lets one of through, the more
 * important one is claimed first. An entry whose row was freed or moved on is seen to be stale when
 * it is taken. */
#include "message/message_internal.h"

enum { BLOCK_ITEMS = 4096 };

static i32 priority_of(const struct messages *m, const struct message_row *r)
{
    return m->host.priority && r->program ? m->host.priority(m->host.ctx, r->program) : 0;
}

static int by_journey(const struct messages *m, const struct ready *a, const struct ready *b)
{
    u32 x = row_of(m, a->row)->program, y = row_of(m, b->row)->program;
    if (x == y || !m->host.journey) return 0;
    return str_cmp(x ? m->host.journey(m->host.ctx, x) : S(""),
                   y ? m->host.journey(m->host.ctx, y) : S(""));
}

static bool goes_before(const struct messages *m, const struct ready *a, const struct ready *b)
{
    if (a->due != b->due) return a->due < b->due;
    if (a->priority != b->priority) return a->priority > b->priority;
    if (a->planned != b->planned) return a->planned < b->planned;
    int c = by_journey(m, a, b);
    return c ? c < 0 : a->place < b->place;
}

/* Places lie in blocks, so that a queue of a million grows without being copied. */
static struct ready *item(const struct queue *q, u32 i)
{
    return &q->blocks[i / BLOCK_ITEMS][i % BLOCK_ITEMS];
}

static u32 add_place(struct queue *q)
{
    if (q->count == q->block_count * BLOCK_ITEMS) {
        if ((q->block_count & (q->block_count - 1)) == 0) {
            u32 room = q->block_count ? 2 * q->block_count : 1;
            q->blocks = mem_realloc(q->blocks, room * sizeof *q->blocks);
        }
        q->blocks[q->block_count++] = mem_alloc(BLOCK_ITEMS * sizeof(struct ready));
    }
    return q->count++;
}

void queue_push(struct messages *m, u32 row)
{
    const struct message_row *r = row_of(m, row);
    struct queue *q = &m->ready[r->lane][r->category == CATEGORY_PROMOTION];
    struct ready new = {.due = r->due_ms,
                        .planned = (i64)r->planned,
                        .id_low = r->id_low,
                        .place = m->places++,
                        .row = row,
                        .priority = priority_of(m, r)};
    u32 at = add_place(q);
    for (; at && goes_before(m, &new, item(q, (at - 1) / 2)); at = (at - 1) / 2)
        *item(q, at) = *item(q, (at - 1) / 2);
    *item(q, at) = new;
}

static struct ready pop(struct messages *m, struct queue *q)
{
    struct ready first = *item(q, 0), last = *item(q, --q->count);
    u32 at = 0;
    for (u32 child; (child = 2 * at + 1) < q->count; at = child) {
        if (child + 1 < q->count && goes_before(m, item(q, child + 1), item(q, child))) child++;
        if (!goes_before(m, item(q, child), &last)) break;
        *item(q, at) = *item(q, child);
    }
    if (q->count) *item(q, at) = last;
    return first;
}

void messages_hold_promotion(struct messages *m, bool held)
{
    m->promotion_held = held;
}

/* The heap whose first goes before the other's; NULL: nothing may go. */
static struct queue *next_queue(struct messages *m, lane l)
{
    struct queue *other = &m->ready[l][0], *promotion = &m->ready[l][1];
    if (!promotion->count || m->promotion_held) return other->count ? other : NULL;
    if (!other->count) return promotion;
    return goes_before(m, item(promotion, 0), item(other, 0)) ? promotion : other;
}

u32 message_take(struct messages *m, lane l)
{
    for (struct queue *q; (q = next_queue(m, l));) {
        struct ready r = pop(m, q);
        const struct message_row *row = row_of(m, r.row);
        if (row->status == MESSAGE_PLANNED && row->id_low == r.id_low && row->due_ms == r.due)
            return r.row;
    }
    return 0;
}

void message_put_back(struct messages *m, u32 row)
{
    if (row_of(m, row)->status == MESSAGE_PLANNED) queue_push(m, row);
}

u32 message_ready(const struct messages *m, lane l)
{
    return m->ready[l][0].count + m->ready[l][1].count;
}

void queues_clear(struct messages *m)
{
    for (int l = 0; l < LANE_COUNT; l++) m->ready[l][0].count = m->ready[l][1].count = 0;
    m->places = 0;
}

static void free_queue(struct queue *q)
{
    for (u32 i = 0; i < q->block_count; i++) free(q->blocks[i]);
    free(q->blocks);
}

void queues_free(struct messages *m)
{
    for (int l = 0; l < LANE_COUNT; l++) {
        free_queue(&m->ready[l][0]);
        free_queue(&m->ready[l][1]);
    }
}

u32 messages_promotion_ready(const struct messages *m)
{
    u32 n = 0;
    for (int l = 0; l < LANE_COUNT; l++) n += m->ready[l][1].count;
    return n;
}

bool messages_ready_ahead(const struct messages *m, u32 max,
                          void (*each)(void *ctx, u32 program, u32 channel, i64 at), void *ctx)
{
    for (u32 i = 0; i < 2 * LANE_COUNT; i++) {
        const struct queue *q = &m->ready[i / 2][i % 2];
        for (u32 k = 0; k < q->count; k++) {
            const struct ready *place = item(q, k);
            const struct message_row *r = row_of(m, place->row);
            if (!max--) return false;
            if (r->status == MESSAGE_PLANNED && r->id_low == place->id_low)
                each(ctx, r->program, (u32)r->channel, r->due_ms);
        }
    }
    return true;
}

void messages_ahead(const struct messages *m, persona head, i64 until,
                    void (*each)(void *ctx, u32 program, u32 channel, i64 at), void *ctx)
{
    for (u32 row = customer_at(m->customers, head)->messages; row; row = row_of(m, row)->next) {
        const struct message_row *r = row_of(m, row);
        if (r->status == MESSAGE_DEFERRED && r->due_ms < until)
            each(ctx, r->program, (u32)r->channel, r->due_ms);
    }
}
