/* given.c — tasks that people give by hand: to nobody's journey, about one customer.
 *
 * A row names a persona, so a task follows its customer when she is joined or cut, and goes when
 * she is forgotten. What was done is kept for a month, so that it can be seen. */
#include "journey/journey_internal.h"

#include "log/events.h"
#include "log/fixed.h"

enum { OPEN, DONE };
static const i64 KEPT_MS = 30 * DAY;

static const struct given_row *given_at(const struct journeys *j, u32 i)
{
    return table_at(j->given, i);
}

/* ---- texts: kind, owner, note, by, outcomes… ---- */

static u32 keep_texts(struct journeys *j, const struct task_given *g)
{
    struct buf *b = journey_text(j);
    buf_str_varint(b, g->kind);
    buf_str_varint(b, g->owner);
    buf_str_varint(b, g->note);
    buf_str_varint(b, g->by);
    for (u32 i = 0; i < g->outcome_count; i++) buf_str_varint(b, g->outcomes[i]);
    return heap_put(j->task_texts, buf_str(b));
}

static void read_texts(const struct journeys *j, const struct given_row *t, struct task_info *out)
{
    struct reader r = reader_of(heap_view(j->task_texts, t->texts));
    out->kind = read_str_varint(&r);
    out->owner = read_str_varint(&r);
    out->note = read_str_varint(&r);
    out->by = read_str_varint(&r);
    while (r.p < r.end && out->outcome_count < GIVEN_OUTCOMES_MAX)
        out->own[out->outcome_count++] = read_str_varint(&r);
    out->outcomes = out->own;
}

void given_describe(const struct journeys *j, u32 i, struct task_info *out)
{
    const struct given_row *t = given_at(j, i);
    *out = (struct task_info){.done = t->state == DONE,
                              .head = customer_head(j->customers, t->who),
                              .outcome = heap_view(j->task_texts, t->outcome),
                              .opened_ms = t->opened_ms,
                              .due_ms = t->due_ms};
    read_texts(j, t, out);
    task_id_put(GIVEN_BIT | i, t->order, out->id);
}

/* ---- telling ---- */

static void put_text(struct buf *b, u32 property, str text)
{
    if (text.n) props_put(b, property, value_text(text));
}

static void tell(struct journeys *j, u32 i, u32 event, str outcome, str note, str by)
{
    struct task_info t;
    struct buf b;
    given_describe(j, i, &t);
    buf_init(&b, 64 * 1024);
    put_text(&b, PROPERTY_TASK, (str){t.id, TASK_ID_BYTES});
    put_text(&b, PROPERTY_KIND, t.kind);
    put_text(&b, PROPERTY_OWNER, t.owner);
    if (event == EVENT_TASK_OPENED && t.due_ms != NEVER) task_put_due(&b, t.due_ms);
    put_text(&b, PROPERTY_OUTCOME, outcome);
    put_text(&b, PROPERTY_TEXT, note);
    put_text(&b, PROPERTY_BY, by);
    j->host.event(j->host.ctx, given_at(j, i)->who, event, buf_str(&b), true);
    buf_clear(&b);
}

/* ---- its life ---- */

static void drop(struct journeys *j, u32 i)
{
    heap_retire(j->task_texts, given_at(j, i)->texts);
    heap_retire(j->task_texts, given_at(j, i)->outcome);
    table_drop(j->given, i);
}

/* Those that were done long ago; a person gives tasks, so there are few. */
static void sweep(struct journeys *j, i64 now)
{
    for (u32 i = 1; i < table_count(j->given); i++)
        if (table_has(j->given, i) && given_at(j, i)->state == DONE &&
            given_at(j, i)->done_ms <= now - KEPT_MS)
            drop(j, i);
}

bool task_give(struct journeys *j, const struct task_given *g, i64 now)
{
    sweep(j, now);
    u32 i = table_add(j->given);
    if (!i) return false;
    u32 texts = keep_texts(j, g);
    struct given_row *t = table_edit(j->given, i);
    t->who = g->head;
    t->texts = texts;
    t->order = j->host.order(j->host.ctx);
    t->opened_ms = now;
    t->due_ms = g->due_ms;
    tell(j, i, EVENT_TASK_OPENED, (str){0}, g->note, g->by);
    return true;
}

persona given_done(struct journeys *j, u32 i, str outcome, str note, str by, i64 now)
{
    u32 kept = heap_put(j->task_texts, outcome);
    struct given_row *t = table_edit(j->given, i);
    t->state = DONE;
    t->outcome = kept;
    t->done_ms = now;
    tell(j, i, EVENT_TASK_DONE, outcome, note, by);
    return customer_head(j->customers, t->who);
}

void given_forget(struct journeys *j, persona head)
{
    for (u32 i = 1; i < table_count(j->given); i++)
        if (table_has(j->given, i) && customer_head(j->customers, given_at(j, i)->who) == head)
            drop(j, i);
}

/* ---- asking ---- */

u32 given_row_of(const struct journeys *j, u32 i, u64 order)
{
    return i && table_has(j->given, i) && given_at(j, i)->order == order ? i : 0;
}

u32 given_next(const struct journeys *j, u32 after)
{
    for (u32 i = after + 1; i < table_count(j->given); i++)
        if (table_has(j->given, i)) return i;
    return 0;
}

bool task_given_within(const struct journeys *j, u64 from, u64 to, struct task_info *out)
{
    for (u32 i = given_next(j, 0); i; i = given_next(j, i)) {
        if (given_at(j, i)->order < from || given_at(j, i)->order >= to) continue;
        given_describe(j, i, out);
        return true;
    }
    return false;
}

hash128 given_digest(const struct journeys *j)
{
    hash128 sum = {0};
    struct buf b;
    buf_init(&b, 1 << 16);
    for (u32 i = given_next(j, 0); i; i = given_next(j, i)) {
        const struct given_row *t = given_at(j, i);
        char customer[33];
        customer_id(j->customers, t->who, customer);
        buf_reset(&b);
        buf_put(&b, (str){customer, 32});
        buf_u64(&b, t->order);
        buf_byte(&b, (u8)t->state);
        buf_str_varint(&b, heap_view(j->task_texts, t->texts));
        buf_str_varint(&b, heap_view(j->task_texts, t->outcome));
        buf_u64(&b, (u64)t->opened_ms);
        buf_u64(&b, (u64)t->due_ms);
        buf_u64(&b, (u64)t->done_ms);
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
    }
    buf_clear(&b);
    return sum;
}
