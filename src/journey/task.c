/* task.c — what people are to do: opened by a step, done with an outcome, or closed.
 *
 * An enrolment stays, ended, while a task of it is open, so a task always knows its customer: it
 * follows her when she is joined, and goes when she is forgotten. */
#include "journey/journey_internal.h"

#include "log/events.h"
#include "log/fixed.h"

enum { OPEN, DONE, CLOSED };

static const struct task_row *task_at(const struct journeys *j, u32 i)
{
    return table_at(j->tasks, i);
}

static const struct instruction *opened_by(const struct journeys *j, const struct task_row *t)
{
    return &j->loaded[t->program].instructions[t->at];
}

void task_id_put(u32 i, u64 order, char out[TASK_ID_BYTES + 1])
{
    snprintf(out, TASK_ID_BYTES + 1, "%08x%016llx", i, (unsigned long long)order);
}

/* ---- whose it is ---- */

static u32 pool_of(struct journeys *j, u32 journey, u32 step)
{
    for (u32 i = 1; i < table_count(j->pools); i++) {
        const struct pool_row *p = table_at(j->pools, i);
        if (p->journey == journey && p->step == step) return i;
    }
    u32 i = table_add(j->pools);
    if (!i) return 0;
    struct pool_row *p = table_edit(j->pools, i);
    p->journey = journey;
    p->step = step;
    return i;
}

static str in_turn(struct journeys *j, u32 row, const struct instruction *in)
{
    u32 i = pool_of(j, program_at(j, row)->code, in->step);
    if (!i) return in->owner.of[0];
    struct pool_row *p = table_edit(j->pools, i);
    return in->owner.of[p->next++ % in->owner.count];
}

static str attribute_text(struct journeys *j, u32 row, u32 attribute, struct arena *arena)
{
    struct subject who;
    struct buf b;
    persona head = customer_head(j->customers, row_at(j, row)->persona);
    j->host.subject(j->host.ctx, head, &who);
    value v = view_attribute(who.view, head, attribute);
    if (v.type == VALUE_MISSING || v.type == VALUE_NULL) return (str){0};
    buf_init(&b, 4096);
    value_display(&b, v);
    str text = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return text;
}

str owner_read(struct journeys *j, u32 row, const struct instruction *in, struct arena *arena)
{
    str text = in->owner.id;
    if (in->owner.kind == OWNER_ROBIN) text = in_turn(j, row, in);
    if (in->owner.kind == OWNER_ATTRIBUTE) {
        str own = attribute_text(j, row, in->owner.attribute, arena);
        if (own.n) text = own;
    }
    return text;
}

/* ---- telling ---- */

static void put_text(struct buf *b, u32 property, str text)
{
    if (text.n) props_put(b, property, value_text(text));
}

void task_put_due(struct buf *b, i64 ms)
{
    char text[40];
    struct buf iso = {0};
    buf_init(&iso, sizeof text);
    iso_put(&iso, ms);
    props_put(b, PROPERTY_DUE, (value){.type = VALUE_TIME, .n = ms, .text = buf_str(&iso)});
    buf_clear(&iso);
}

struct telling {
    u32 event;
    str outcome, reason, note, by;
    bool fresh;
};

static void tell(struct journeys *j, u32 i, const struct telling *t)
{
    const struct task_row *task = task_at(j, i);
    const struct instruction *in = opened_by(j, task);
    char id[TASK_ID_BYTES + 1];
    struct buf b;
    task_id_put(i, task->order, id);
    buf_init(&b, 256 * 1024);
    step_put(j, task->enrolment, in, &b);
    put_text(&b, PROPERTY_TASK, (str){id, TASK_ID_BYTES});
    put_text(&b, PROPERTY_KIND, in->text);
    put_text(&b, PROPERTY_OWNER, heap_view(j->task_texts, task->owner));
    if (t->event == EVENT_TASK_OPENED && task->due_ms != NEVER) task_put_due(&b, task->due_ms);
    put_text(&b, PROPERTY_OUTCOME, t->outcome);
    put_text(&b, PROPERTY_REASON, t->reason);
    put_text(&b, PROPERTY_TEXT, t->note);
    put_text(&b, PROPERTY_BY, t->by);
    j->host.event(j->host.ctx, row_at(j, task->enrolment)->persona, t->event, buf_str(&b),
                  t->fresh);
    buf_clear(&b);
}

/* ---- its life ---- */

bool task_open(struct journeys *j, u32 row, const struct instruction *in, i64 now)
{
    struct subject who;
    u32 i = table_add(j->tasks);
    if (!i) return false;
    j->host.subject(j->host.ctx, customer_head(j->customers, row_at(j, row)->persona), &who);
    struct extra_row *x = extra_edit(j, row);
    struct task_row *t = table_edit(j->tasks, i);
    t->next = x->tasks;
    t->enrolment = row;
    t->program = row_at(j, row)->program;
    t->at = row_at(j, row)->step;
    t->owner = heap_put(j->task_texts, owner_read(j, row, in, who.scratch));
    t->order = j->host.order(j->host.ctx);
    t->opened_ms = now;
    t->due_ms = in->wait.ms || in->wait.months ? zone_add(who.zone, now, in->wait) : NEVER;
    x->tasks = i;
    tell(j, i, &(struct telling){.event = EVENT_TASK_OPENED, .fresh = true});
    return true;
}

bool tasks_open(const struct journeys *j, u32 row)
{
    const struct extra_row *x = extra_at(j, row);
    for (u32 i = x ? x->tasks : 0; i; i = task_at(j, i)->next)
        if (task_at(j, i)->state == OPEN) return true;
    return false;
}

void tasks_close(struct journeys *j, u32 row, str why, bool fresh)
{
    const struct extra_row *x = extra_at(j, row);
    for (u32 i = x ? x->tasks : 0; i; i = task_at(j, i)->next) {
        if (task_at(j, i)->state != OPEN) continue;
        ((struct task_row *)table_edit(j->tasks, i))->state = CLOSED;
        tell(j, i, &(struct telling){.event = EVENT_TASK_CLOSED, .reason = why, .fresh = fresh});
    }
}

void tasks_drop(struct journeys *j, u32 first)
{
    for (u32 i = first, next; i; i = next) {
        const struct task_row *t = task_at(j, i);
        next = t->next;
        heap_retire(j->task_texts, t->owner);
        heap_retire(j->task_texts, t->outcome);
        table_drop(j->tasks, i);
    }
}

/* ---- asking ---- */

bool journey_task_is(const struct journeys *j, u32 step, str outcome)
{
    const struct extra_row *x = j->asking ? extra_at(j, j->asking) : NULL;
    for (u32 i = x ? x->tasks : 0; i; i = task_at(j, i)->next)
        if (opened_by(j, task_at(j, i))->step == step)
            return task_at(j, i)->state == DONE &&
                   str_eq(heap_view(j->task_texts, task_at(j, i)->outcome), outcome);
    return false;
}

/* The row of an id, with GIVEN_BIT if it was given by hand; 0: there is none. */
static u32 row_of_id(const struct journeys *j, str id)
{
    u64 parts[2] = {0, 0};
    if (id.n != TASK_ID_BYTES) return 0;
    for (u32 k = 0; k < TASK_ID_BYTES; k++) {
        char c = id.p[k];
        u64 digit = c >= '0' && c <= '9' ? (u64)(c - '0') : (u64)(c - 'a') + 10;
        if (digit > 15 || (c > '9' && c < 'a')) return 0;
        parts[k >= 8] = parts[k >= 8] << 4 | digit;
    }
    u32 i = (u32)parts[0];
    if (i & GIVEN_BIT) {
        i = given_row_of(j, i & ~GIVEN_BIT, parts[1]);
        return i ? GIVEN_BIT | i : 0;
    }
    return i && table_has(j->tasks, i) && task_at(j, i)->order == parts[1] ? i : 0;
}

static void describe(const struct journeys *j, u32 i, struct task_info *out)
{
    const struct task_row *t = task_at(j, i);
    const struct instruction *in = opened_by(j, t);
    *out = (struct task_info){
        .done = t->state == DONE,
        .head = customer_head(j->customers, row_at(j, t->enrolment)->persona),
        .journey = j->loaded[t->program].id,
        .step = names_text(j->names, NAME_OBJECT, in->step),
        .kind = in->text,
        .owner = heap_view(j->task_texts, t->owner),
        .outcome = heap_view(j->task_texts, t->outcome),
        .outcomes = in->outcomes,
        .outcome_count = in->outcome_count,
        .key = row_at(j, t->enrolment)->key,
        .opened_ms = t->opened_ms,
        .due_ms = t->due_ms,
    };
    task_id_put(i, t->order, out->id);
}

bool task_find(const struct journeys *j, str id, struct task_info *out)
{
    u32 i = row_of_id(j, id);
    if (!i || (!(i & GIVEN_BIT) && task_at(j, i)->state == CLOSED)) return false;
    if (i & GIVEN_BIT)
        given_describe(j, i & ~GIVEN_BIT, out);
    else
        describe(j, i, out);
    return true;
}

bool task_next(const struct journeys *j, u32 *cursor, struct task_info *out)
{
    for (u32 i = *cursor + 1; !(*cursor & GIVEN_BIT) && i < table_count(j->tasks); i++) {
        if (!table_has(j->tasks, i) || task_at(j, i)->state == CLOSED) continue;
        *cursor = i;
        describe(j, i, out);
        return true;
    }
    u32 given = given_next(j, *cursor & GIVEN_BIT ? *cursor & ~GIVEN_BIT : 0);
    if (!given) return false;
    *cursor = GIVEN_BIT | given;
    given_describe(j, given, out);
    return true;
}

bool task_allows(const struct task_info *t, str outcome)
{
    for (u32 k = 0; k < t->outcome_count; k++)
        if (str_eq(t->outcomes[k], outcome)) return true;
    return t->outcome_count == 0 && outcome.n > 0;
}

persona task_done(struct journeys *j, str id, str outcome, str note, str by, i64 now)
{
    struct task_info info;
    if (!task_find(j, id, &info) || info.done || !task_allows(&info, outcome)) return 0;
    u32 i = row_of_id(j, id);
    if (i & GIVEN_BIT) return given_done(j, i & ~GIVEN_BIT, outcome, note, by, now);
    struct task_row *t = table_edit(j->tasks, i);
    t->state = DONE;
    t->outcome = heap_put(j->task_texts, outcome);
    tell(j, i,
         &(struct telling){
             .event = EVENT_TASK_DONE, .outcome = outcome, .note = note, .by = by, .fresh = true});
    journey_drop_if_done(j, t->enrolment);
    return info.head;
}

/* ---- digest ---- */

hash128 tasks_digest(const struct journeys *j, u32 first)
{
    hash128 sum = {0};
    struct buf b;
    buf_init(&b, 1 << 16);
    for (u32 i = first; i; i = task_at(j, i)->next) {
        const struct task_row *t = task_at(j, i);
        buf_reset(&b);
        buf_u64(&b, t->order);
        buf_u16(&b, t->at);
        buf_byte(&b, (u8)t->state);
        buf_str_varint(&b, heap_view(j->task_texts, t->owner));
        buf_str_varint(&b, heap_view(j->task_texts, t->outcome));
        buf_u64(&b, (u64)t->opened_ms);
        buf_u64(&b, (u64)t->due_ms);
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
    }
    buf_clear(&b);
    return sum;
}

hash128 pools_digest(const struct journeys *j, name_of name, void *ctx)
{
    hash128 sum = {0};
    struct buf b;
    buf_init(&b, 4096);
    for (u32 i = 1; i < table_count(j->pools); i++) {
        const struct pool_row *p = table_at(j->pools, i);
        buf_reset(&b);
        buf_str_varint(&b, name(ctx, NAME_OBJECT, p->journey));
        buf_str_varint(&b, name(ctx, NAME_OBJECT, p->step));
        buf_u64(&b, p->next);
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
    }
    buf_clear(&b);
    return sum;
}
