/* erase_many.c — everybody of a segment is forgotten, some at a time.
 *
 *   JOB on ─► its row, and a bit for each who is a member in that moment
 *   JOB … ─► the next of them: as ERASE does it (erase.c), until none is left
 *
 * The engine proposes the pieces itself, one after the other, so that other records come between
 * them and a start goes on where it was. Who has joined somebody meanwhile goes with the one whom
 * she joined, as with ERASE; who comes into the segment later stays. */
#include "engine/engine_internal.h"

enum { AT_ONCE = 64, JOBS_KEPT = 64, WORD = 64 };

struct job_row {
    u64 version; /* the store's */
    u64 number;  /* of its record: what it is called by */
    u32 segment; /* NAME_OBJECT code */
    u32 total, erased;
    u32 cursor; /* the next row of members to look at; 0: it is over */
    i64 asked_ms, done_ms;
};
struct members_row {
    u64 version; /* the store's */
    u64 bits;
    u32 job; /* row */
    u32 word;
};

void erase_many_build(struct engine *e)
{
    e->erase_jobs = table_new(e->store, "erase_jobs", sizeof(struct job_row), 1 << 16);
    e->erase_members =
        table_new(e->store, "erase_members", sizeof(struct members_row), PERSONAS_MAX / WORD + 1);
}

static const struct job_row *job_at(const struct engine *e, u32 row)
{
    return table_has(e->erase_jobs, row) ? table_at(e->erase_jobs, row) : NULL;
}

/* The oldest ones that are over make room. */
static void forget_old(struct engine *e)
{
    u32 over = 0, oldest = 0;
    for (u32 i = 1; i < table_count(e->erase_jobs); i++) {
        const struct job_row *j = job_at(e, i);
        if (!j || j->cursor) continue;
        over++;
        if (!oldest || j->number < job_at(e, oldest)->number) oldest = i;
    }
    if (over >= JOBS_KEPT) table_drop(e->erase_jobs, oldest);
}

static u64 members_of(const struct engine *e, u32 segment, u32 word)
{
    u64 bits = 0;
    persona end = customers_end(e->customers);
    for (u32 i = 0; i < WORD; i++) {
        persona p = word * WORD + i;
        if (p == 0 || p >= end || customer_head(e->customers, p) != p) continue;
        bits |= (u64)segment_holds(e->segments, &e->live_customers, segment, p) << i;
    }
    return bits;
}

void erase_many_begin(struct engine *e, u32 segment)
{
    u32 row, total = 0;
    if (!segment_exists(e->segments, segment)) return;
    forget_old(e);
    if (!(row = table_add(e->erase_jobs))) return;
    for (u32 word = 0; word <= customers_end(e->customers) / WORD; word++) {
        u64 bits = members_of(e, segment, word);
        u32 at = bits ? table_add(e->erase_members) : 0;
        if (!at) continue;
        struct members_row *m = table_edit(e->erase_members, at);
        m->bits = bits;
        m->job = row;
        m->word = word;
        total += (u32)__builtin_popcountll(bits);
    }
    struct job_row *j = table_edit(e->erase_jobs, row);
    j->number = e->number;
    j->segment = segment;
    j->total = total;
    j->asked_ms = e->now;
    j->cursor = total ? 1 : 0;
    if (!total) j->done_ms = e->now;
}

static u32 first_open(const struct engine *e)
{
    u32 best = 0;
    for (u32 i = 1; i < table_count(e->erase_jobs); i++) {
        const struct job_row *j = job_at(e, i);
        if (j && j->cursor && (!best || j->number < job_at(e, best)->number)) best = i;
    }
    return best;
}

static u32 take_word(const struct members_row *m, persona *out)
{
    u32 n = 0;
    for (u64 bits = m->bits; bits; bits &= bits - 1)
        out[n++] = m->word * WORD + (u32)__builtin_ctzll(bits);
    return n;
}

void erase_many_go_on(struct engine *e)
{
    persona heads[AT_ONCE + WORD];
    u32 row = first_open(e), n = 0;
    if (!row) return;
    u32 at = job_at(e, row)->cursor, end = table_count(e->erase_members);
    for (; at < end && n < AT_ONCE; at++) {
        const struct members_row *m =
            table_has(e->erase_members, at) ? table_at(e->erase_members, at) : NULL;
        if (!m || m->job != row) continue;
        n += take_word(m, heads + n);
        table_drop(e->erase_members, at);
    }
    erase_these(e, heads, n);
    struct job_row *j = table_edit(e->erase_jobs, row);
    j->erased += n;
    j->cursor = at < end ? at : 0;
    if (!j->cursor) j->done_ms = e->now;
}

bool erase_many_propose(struct engine *e)
{
    struct job_record j = {.kind = JOB_ERASE_MEMBERS};
    struct buf b;
    u32 row = first_open(e);
    if (!row) return false;
    j.number = job_at(e, row)->number;
    buf_init(&b, 64);
    job_put(&b, &j);
    bool ok = engine_append(e, RECORD_JOB_, buf_str(&b), &e->proposed) == ERR_OK;
    buf_clear(&b);
    return ok;
}

bool engine_erase_job(const struct engine *e, u64 number, struct erase_job_info *out)
{
    for (u32 i = 1; i < table_count(e->erase_jobs); i++) {
        const struct job_row *j = job_at(e, i);
        if (!j || j->number != number) continue;
        *out = (struct erase_job_info){.segment = names_text(e->names, NAME_OBJECT, j->segment),
                                       .total = j->total,
                                       .erased = j->erased,
                                       .running = j->cursor != 0,
                                       .asked_ms = j->asked_ms,
                                       .done_ms = j->done_ms};
        return true;
    }
    return false;
}

hash128 erase_many_digest(struct engine *e)
{
    hash128 sum = {0};
    struct buf b;
    buf_init(&b, 4096);
    for (u32 i = 1; i < table_count(e->erase_jobs); i++) {
        const struct job_row *j = job_at(e, i);
        if (!j) continue;
        buf_reset(&b);
        buf_put(&b, S("erase"));
        buf_u64(&b, j->number);
        buf_str_varint(&b, names_text(e->names, NAME_OBJECT, j->segment));
        buf_u32(&b, j->total);
        buf_u32(&b, j->erased);
        buf_u64(&b, (u64)j->done_ms);
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
    }
    buf_clear(&b);
    return sum;
}
