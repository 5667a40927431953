/* erase.c — a customer is forgotten: at once by everything that runs, and then by the disk.
 *
 *   ERASE ─► rules, journeys, messages, rows, timeline: gone within the record
 *         └► a row of "erasures": the identifiers that nobody else has
 *
 *   seals until no file has her events, strings wiped ─► a whole snapshot ─► a second one, and the
 * files that the first replaced are gone ─► payloads of the log ─► JOB: the row goes
 *
 * The log is blanked last and only up to her ERASE, which the snapshots hold: so what a start reads
 * was never blanked, and who comes again with her identifiers is somebody new whose records stay.
 * What is under way is not state. After a crash it begins again, and all of it may be done twice.
 */
#include "engine/engine_internal.h"

#include <stdlib.h>

enum { ID_BYTES = 20 /* of an identifier in a row's list: u32, hash */ };
/* Files are written anew for each round of erasures: where there is much to write, they are
 * gathered. */
#define GATHER (6 * HOUR)
static const u64 GATHER_BYTES = (u64)4 << 30;

static const struct erasure_row *erasure_at(const struct engine *e, u32 row)
{
    return table_has(e->erasures, row) ? table_at(e->erasures, row) : NULL;
}

/* ---- within the record ---- */

/* What others have too is their data: those records stay as they are. */
static void put_ids(struct engine *e, persona head, struct buf *b)
{
    struct identifier_view id;
    for (u32 cursor = 0; customer_identifier(e->customers, head, &cursor, &id);) {
        if (customer_find(e->customers, id.space, id.hash) != head) continue;
        if (b->n + ID_BYTES > HEAP_STRING_MAX) break;
        buf_u32(b, id.space);
        buf_hash(b, id.hash);
    }
}

static void add_erasure(struct engine *e, str ids)
{
    u32 row = table_add(e->erasures);
    MUST(row);
    struct erasure_row *r = table_edit(e->erasures, row);
    r->number = e->number;
    r->asked_ms = e->now;
    r->ids = heap_put(e->texts, ids);
    e->erasing.open++;
}

void erase_these(struct engine *e, const persona *heads, u32 n)
{
    enum { ROOM = HEAP_STRING_MAX / 2 };
    struct buf ids;
    buf_init(&ids, HEAP_STRING_MAX);
    for (u32 i = 0; i < n; i++) {
        persona head = customer_head(e->customers, heads[i]);
        if (!head) continue;
        engine_due(e, head);
        if (ids.n > ROOM) {
            add_erasure(e, buf_str(&ids));
            buf_reset(&ids);
        }
        put_ids(e, head, &ids);
        engine_forget(e, head);
        arena_reset(e->scratch);
    }
    if (n) add_erasure(e, buf_str(&ids));
    buf_clear(&ids);
}

void apply_erase(struct engine *e, const struct record *r)
{
    str id;
    if (!persona_read(r->payload, &id)) return;
    persona head = engine_head_of(e, id);
    if (head) erase_these(e, &head, 1);
}

/* In this order: what is under way needs her rows to end, and rows need their lists to be empty.
 * Suppressed addresses stay; they are hashes. */
void engine_forget(struct engine *e, persona head)
{
    u32 n = customer_personas(e->customers, head, NULL, 0);
    persona *personas = arena_alloc(e->scratch, n * sizeof *personas);
    customer_personas(e->customers, head, personas, n);
    segment_forget(e->segments, head);
    journey_forget(e->journeys, head);
    message_forget(e->messages, head);
    offer_forget(e->offers, personas, n);
    customer_forget(e->customers, head);
    for (u32 i = 0; i < n; i++) event_forget(e->events, personas[i], event_order(e->number + 1, 0));
    e->happened_count = 0;
}

void apply_job(struct engine *e, const struct record *r)
{
    struct job_record j;
    if (!job_read(r->payload, &j)) return;
    if (j.kind == JOB_ERASE_MEMBERS && j.on) erase_many_begin(e, j.object);
    if (j.kind == JOB_ERASE_MEMBERS && !j.on) erase_many_go_on(e);
    if (j.kind != JOB_ERASURE || j.on) return;
    for (u32 row = 1; row < table_count(e->erasures); row++) {
        const struct erasure_row *x = erasure_at(e, row);
        if (!x || x->number > j.number) continue;
        heap_retire(e->texts, x->ids);
        table_drop(e->erasures, row);
        e->erasing.open--;
    }
}

/* ---- the disk ---- */

void erasing_rebuild(struct engine *e)
{
    e->erasing.open = 0;
    for (u32 row = 1; row < table_count(e->erasures); row++)
        e->erasing.open += erasure_at(e, row) != NULL;
}

void erasing_clear(struct engine *e)
{
    free(e->erasing.ids);
    e->erasing = (struct erasing){.open = e->erasing.open};
}

static void take_ids(struct erasing *x, str list, u64 upto)
{
    struct reader r = reader_of(list);
    for (; r.p < r.end; x->id_count++) {
        struct blank_id *id = &x->ids[x->id_count];
        id->id.space = read_u32(&r);
        id->id.hash = read_hash(&r);
        id->upto = upto;
    }
    MUST(!r.bad);
}

/* Takes up every erasure there is; false if it is not yet time. */
static bool begin(struct engine *e)
{
    struct erasing *x = &e->erasing;
    i64 oldest = NEVER;
    size_t bytes = 0;
    for (u32 row = 1; row < table_count(e->erasures); row++) {
        const struct erasure_row *r = erasure_at(e, row);
        if (!r) continue;
        oldest = min_i64(oldest, r->asked_ms);
        bytes += heap_view(e->texts, r->ids).n;
    }
    if (events_disk_bytes(e->events) > GATHER_BYTES && e->now < oldest + GATHER) return false;
    erasing_clear(e);
    x->deletions = event_deletions(e->events);
    x->moment = store_moment(e->store);
    x->ids = mem_alloc((bytes / ID_BYTES + 1) * sizeof *x->ids);
    for (u32 row = 1; row < table_count(e->erasures); row++) {
        const struct erasure_row *r = erasure_at(e, row);
        if (!r) continue;
        take_ids(x, heap_view(e->texts, r->ids), r->number);
        if (r->number > x->upto) x->upto = r->number;
    }
    return true;
}

static bool is_left(const struct engine *e, u64 upto)
{
    for (u32 row = 1; row < table_count(e->erasures); row++) {
        const struct erasure_row *r = erasure_at(e, row);
        if (r && r->number <= upto) return true;
    }
    return false;
}

static bool snapshot_came(struct engine *e, bool full)
{
    struct background *b = &e->background;
    if (b->snapshots != e->erasing.snapshots) {
        e->erasing.snapshots = b->snapshots;
        return true;
    }
    if (full) snapshot_want_full(e->snapshot);
    b->snapshot_wanted = b->snapshot_forced = true;
    return false;
}

static bool say_done(struct engine *e)
{
    struct job_record j = {.kind = JOB_ERASURE, .number = e->erasing.upto};
    struct buf b;
    buf_init(&b, 64);
    job_put(&b, &j);
    err r = engine_append(e, RECORD_JOB_, buf_str(&b), NULL);
    buf_clear(&b);
    return r == ERR_OK;
}

/* Whether the present stage is over. */
static bool is_over(struct engine *e)
{
    struct erasing *x = &e->erasing;
    switch (x->stage) {
    case ERASING_NOTHING: return x->open && begin(e);
    case ERASING_SEAL:
        x->snapshots = e->background.snapshots;
        store_collect(e->store);
        return event_rid(e->events, x->deletions) && store_is_wiped(e->store, x->moment);
    case ERASING_FULL: return snapshot_came(e, true);
    case ERASING_AGAIN: return snapshot_came(e, false);
    case ERASING_LOG: return x->cursor == UINT64_MAX;
    case ERASING_SAY: return say_done(e);
    case ERASING_SAID: return !is_left(e, x->upto);
    }
    return false;
}

void erasing_next(struct engine *e)
{
    struct erasing *x = &e->erasing;
    while (is_over(e)) {
        if (x->stage == ERASING_SAID)
            erasing_clear(e);
        else
            x->stage++;
    }
}

struct seal_job *erasing_job(struct engine *e)
{
    return e->erasing.stage == ERASING_SEAL ? event_job_rid(e->events, e->erasing.deletions) : NULL;
}

bool erasing_wants_blank(const struct engine *e)
{
    return e->erasing.stage == ERASING_LOG;
}

err erasing_blank(struct engine *e)
{
    struct erasing *x = &e->erasing;
    return log_blank_step(e->log, x->ids, x->id_count, &x->cursor);
}

bool engine_is_blanked(const struct engine *e)
{
    return e->blanked;
}

u32 engine_erasures(const struct engine *e, struct erasure_info *out, u32 max)
{
    u32 n = 0;
    for (u32 row = 1; row < table_count(e->erasures) && n < max; row++) {
        const struct erasure_row *r = erasure_at(e, row);
        if (r) out[n++] = (struct erasure_info){r->number, r->asked_ms};
    }
    return n;
}
