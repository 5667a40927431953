/* tally.c — how many messages of a step of a version stand where; of those refused, why.
 *
 * A row for each (version, step, place) that ever was: there are few. Found by an index, derived.
 */
#include "message/message_internal.h"

/* Places: the statuses, and behind them the reasons of what was refused. */
enum { REFUSED_AT = MESSAGE_STATUS_COUNT, PLACES = MESSAGE_STATUS_COUNT + REFUSAL_COUNT };

static u64 key_of(u32 program, u32 step, u32 place)
{
    return ((u64)program << 32 | (u64)step << 8 | place) + 1;
}

static u32 find(const struct messages *m, u64 key)
{
    struct map_cursor at;
    hash128 hash = index_key(key);
    u32 row = map_first(&m->step_index, hash, &at);
    while (row && ((const struct step_row *)table_at(m->steps, row))->key != key)
        row = map_next(&m->step_index, hash, &at);
    return row;
}

void step_count(struct messages *m, const struct message_row *r, i64 by)
{
    u32 place = r->status == MESSAGE_REFUSED ? REFUSED_AT + r->reason : r->status;
    u64 key = key_of(r->program, r->step, place);
    if (!r->program) return;
    u32 row = find(m, key);
    if (!row) {
        if (!(row = table_add(m->steps))) return;
        map_put(&m->step_index, index_key(key), row);
    }
    struct step_row *s = table_edit(m->steps, row);
    s->key = key;
    s->count += (u64)by;
}

void steps_rebuild(struct messages *m)
{
    map_clear(&m->step_index);
    map_init(&m->step_index);
    for (u32 row = 1; row < table_count(m->steps); row++)
        map_put(&m->step_index, index_key(((const struct step_row *)table_at(m->steps, row))->key),
                row);
}

bool message_step(const struct messages *m, u32 program, u32 step, struct step_tally *out)
{
    *out = (struct step_tally){0};
    for (u32 place = MESSAGE_PLANNED; place < PLACES; place++) {
        u32 row = find(m, key_of(program, step, place));
        u64 n = row ? ((const struct step_row *)table_at(m->steps, row))->count : 0;
        out->planned += n;
        out->now[place < REFUSED_AT ? place : MESSAGE_REFUSED] += n;
        if (place > REFUSED_AT) out->refused[place - REFUSED_AT] = n;
    }
    return out->planned > 0;
}

hash128 steps_digest(const struct messages *m)
{
    hash128 sum = {0};
    for (u32 row = 1; row < table_count(m->steps); row++) {
        const struct step_row *s = table_at(m->steps, row);
        u64 both[2] = {s->key, s->count};
        if (s->count) sum = hash_add(sum, hash_xxh((str){(const char *)both, sizeof both}));
    }
    return sum;
}
