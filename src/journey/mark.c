/* mark.c — what an enrolment keeps beside its row: its wait, the steps that were, its tasks. */
#include "journey/journey_internal.h"

const struct extra_row *extra_at(const struct journeys *j, u32 row)
{
    return table_has(j->extras, row) ? table_at(j->extras, row) : NULL;
}

struct extra_row *extra_edit(struct journeys *j, u32 row)
{
    return table_has(j->extras, row) ? table_edit(j->extras, row) : table_claim(j->extras, row);
}

static const struct mark_row *mark_at(const struct journeys *j, u32 i)
{
    return table_at(j->marks, i);
}

static u32 mark_of(const struct journeys *j, u32 row, u32 step)
{
    const struct extra_row *x = extra_at(j, row);
    u32 i = x ? x->marks : 0;
    while (i && mark_at(j, i)->step != step) i = mark_at(j, i)->next;
    return i;
}

void extra_drop(struct journeys *j, u32 row)
{
    const struct extra_row *x = extra_at(j, row);
    if (!x) return;
    for (u32 i = x->marks, next; i; i = next) {
        next = mark_at(j, i)->next;
        table_drop(j->marks, i);
    }
    tasks_drop(j, x->tasks);
    table_drop(j->extras, row);
}

/* The row of a step's mark, to be written; NULL: there are too many of them. */
static struct mark_row *mark_edit(struct journeys *j, u32 row, u32 step)
{
    u32 i = mark_of(j, row, step);
    if (i) return table_edit(j->marks, i);
    if (!(i = table_add(j->marks))) return NULL;
    struct extra_row *x = extra_edit(j, row);
    struct mark_row *m = table_edit(j->marks, i);
    m->step = step;
    m->ms = NEVER;
    m->next = x->marks;
    x->marks = i;
    return m;
}

void mark_begin(struct journeys *j, u32 row, u32 step, i64 now)
{
    struct mark_row *m = mark_edit(j, row, step);
    if (!m) return;
    m->ms = now;
    m->order = j->host.order(j->host.ctx);
    m->result = RESULT_NONE_;
}

void mark_result(struct journeys *j, u32 row, u32 step, u32 result)
{
    struct mark_row *m = mark_edit(j, row, step);
    if (m) m->result = result;
}

/* ---- for the resolver ---- */

bool journey_result(const struct journeys *j, u32 step, u32 result)
{
    u32 i = j->asking ? mark_of(j, j->asking, step) : 0;
    return i && mark_at(j, i)->result == result;
}

bool journey_since(const struct journeys *j, u32 step, i64 *ms, u64 *order)
{
    if (!j->asking) return step == 0;
    if (!step) {
        const struct enrolment_row *r = row_at(j, j->asking);
        *ms = min_i64(r->trigger_ms, r->started_ms);
        *order = r->trigger_order;
        return true;
    }
    u32 i = mark_of(j, j->asking, step);
    if (!i || mark_at(j, i)->ms == NEVER) return false;
    *ms = mark_at(j, i)->ms;
    *order = mark_at(j, i)->order;
    return true;
}

/* ---- digest ---- */

static hash128 mark_digest(const struct journeys *j, const struct mark_row *m)
{
    struct buf b;
    buf_init(&b, 4096);
    buf_str_varint(&b, names_text(j->names, NAME_OBJECT, m->step));
    buf_u64(&b, (u64)m->ms);
    buf_u64(&b, m->order);
    buf_u64(&b, m->result);
    hash128 h = hash_xxh(buf_str(&b));
    buf_clear(&b);
    return h;
}

hash128 extras_digest(const struct journeys *j, u32 row)
{
    const struct extra_row *x = extra_at(j, row);
    struct buf b;
    if (!x) return (hash128){0};
    buf_init(&b, 4096);
    buf_u64(&b, (u64)x->since_ms);
    buf_u64(&b, x->since_order);
    buf_u64(&b, (u64)x->timeout_ms);
    buf_u64(&b, x->met);
    buf_u64(&b, (u64)x->exit_ms);
    hash128 sum = hash_add(hash_xxh(buf_str(&b)), tasks_digest(j, x->tasks));
    buf_clear(&b);
    for (u32 i = x->marks; i; i = mark_at(j, i)->next)
        sum = hash_add(sum, mark_digest(j, mark_at(j, i)));
    return sum;
}
