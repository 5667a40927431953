/* tally.c — what came of each step of a version: who came to it and stands there, and where its
 * messages stand; of those refused, why.
 *
 * A row for each (version, step, place) that ever was: there are few. Found by derived tables of
 * row numbers, one a version. */
#include "message/message_internal.h"

/* Places: those of who passes, then the statuses, and behind them the reasons of what was refused.
 */
enum {
    CAME,
    STANDING,
    STATUS_AT,
    REFUSED_AT = STATUS_AT + MESSAGE_STATUS_COUNT,
    PLACES = REFUSED_AT + REFUSAL_COUNT
};

/* The rows of a version: PLACES of each step, 0 where there is none. */
struct step_rows {
    u32 *rows, steps;
};

static u64 key_of(u32 program, u32 step, u32 place)
{
    return ((u64)program << 32 | (u64)step << 8 | place) + 1;
}

static const struct step_row *at(const struct messages *m, u32 row)
{
    return table_at(m->steps, row);
}

/* Where the number of its row stands, made where there is no room for it. */
static u32 *place_of(struct messages *m, u32 program, u32 step, u32 place)
{
    if (program >= m->step_programs) {
        u32 want = 2 * program + 1;
        m->step_rows = mem_realloc(m->step_rows, want * sizeof *m->step_rows);
        memset(m->step_rows + m->step_programs, 0,
               (want - m->step_programs) * sizeof *m->step_rows);
        m->step_programs = want;
    }
    struct step_rows *p = &m->step_rows[program];
    if (step >= p->steps) {
        u32 want = 2 * step + 1;
        p->rows = mem_realloc(p->rows, (size_t)want * PLACES * sizeof *p->rows);
        memset(p->rows + p->steps * PLACES, 0,
               (size_t)(want - p->steps) * PLACES * sizeof *p->rows);
        p->steps = want;
    }
    return &p->rows[step * PLACES + place];
}

static void add(struct messages *m, u32 program, u32 step, u32 place, i64 by)
{
    u32 *row = place_of(m, program, step, place);
    if (!*row && !(*row = table_add(m->steps))) return;
    struct step_row *s = table_edit(m->steps, *row);
    s->key = key_of(program, step, place);
    s->count += (u64)by;
}

void step_count(struct messages *m, const struct message_row *r, i64 by)
{
    u32 place = r->status == MESSAGE_REFUSED ? REFUSED_AT + r->reason : STATUS_AT + r->status;
    if (r->program) add(m, r->program, r->step, place, by);
}

void message_step_came(struct messages *m, u32 program, u32 step)
{
    add(m, program, step, CAME, 1);
}

void message_step_stands(struct messages *m, u32 program, u32 step, i64 by)
{
    add(m, program, step, STANDING, by);
}

void steps_clear(struct messages *m)
{
    for (u32 i = 0; i < m->step_programs; i++) free(m->step_rows[i].rows);
    free(m->step_rows);
    m->step_rows = NULL;
    m->step_programs = 0;
}

void steps_rebuild(struct messages *m)
{
    steps_clear(m);
    for (u32 row = 1; row < table_count(m->steps); row++) {
        u64 key = at(m, row)->key - 1;
        *place_of(m, (u32)(key >> 32), (u32)key >> 8, key & 255) = row;
    }
}

bool message_step(const struct messages *m, u32 program, u32 step, struct step_tally *out)
{
    *out = (struct step_tally){0};
    if (program >= m->step_programs || step >= m->step_rows[program].steps) return false;
    const u32 *rows = &m->step_rows[program].rows[step * PLACES];
    for (u32 place = 0; place < PLACES; place++) {
        u64 n = rows[place] ? at(m, rows[place])->count : 0;
        if (place == CAME) out->came = n;
        if (place == STANDING) out->standing = n;
        if (place < STATUS_AT) continue;
        out->planned += n;
        out->now[place < REFUSED_AT ? place - STATUS_AT : MESSAGE_REFUSED] += n;
        if (place > REFUSED_AT) out->refused[place - REFUSED_AT] = n;
    }
    return true;
}

hash128 steps_digest(const struct messages *m)
{
    hash128 sum = {0};
    for (u32 row = 1; row < table_count(m->steps); row++) {
        u64 both[2] = {at(m, row)->key, at(m, row)->count};
        if (both[1]) sum = hash_add(sum, hash_xxh((str){(const char *)both, sizeof both}));
    }
    return sum;
}
