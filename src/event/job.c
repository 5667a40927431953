/* job.c — sealing and merging: choosing what is due, and swapping the result in.
 *
 * Files are merged in windows of neighbours of which the largest is no larger than the others
 * together: a row then moves into a file at least twice as large each time, and of any four
 * neighbours left alone the largest outweighs the rest, so there are few. */
#include "event/job.h"

#include <stdlib.h>

enum { DEAD_SHARE = 4 /* a file with one row in so many deleted is written anew */ };
#define HEADS_BYTES (EVENT_PERSONAS_MAX * sizeof(event_persona))

bool job_reads(const struct seal_job *job, const struct sealed *s)
{
    if (!s) return !job->is_merge;
    for (u32 i = 0; job->is_merge && i < job->count; i++)
        if (job->view->catalog->files[job->first + i] == s) return true;
    return false;
}

u64 job_last_order(const struct seal_job *job)
{
    return job->place.last_order;
}

void job_note_dead(struct seal_job *job, u32 rows)
{
    job->dead += rows;
}

/* ---- choosing ---- */

static struct seal_job *job_new(struct events *es, struct event_view *pinned)
{
    struct seal_job *job = mem_zalloc(sizeof *job);
    MUST(!es->job);
    job->es = es;
    job->view = pinned;
    job->applied = es->erased_number;
    job->place.generation = ++es->generation;
    job->young_from = es->last_received > INT64_MIN + es->dedupe_ms
                          ? es->last_received - es->dedupe_ms
                          : INT64_MIN;
    job->heads = mem_reserve(HEADS_BYTES);
    es->job = job;
    return job;
}

/* The whole tail, as one set of hashes from here on takes what comes. With all sets in use, after
 * many seals that failed, only up to where the last one began. */
static struct seal_job *seal_job(struct events *es)
{
    struct dedupe_set *last = &es->sets[es->set_count - 1];
    u64 start = es->catalog->tail_start, end = es->tail.end;
    if (es->set_count == SETS_MAX) end = last->from;
    const struct row *row = tail_next(&es->tail, &start, end);
    if (!row) return NULL;
    struct seal_job *job = job_new(es, event_view_pin(es));
    job->place.first_order = row->order;
    job->to = end;
    job->rows_most = es->tail_rows;
    job->tail_at = es->catalog->tail_start;
    if (end > last->from) {
        es->sets[es->set_count] = (struct dedupe_set){.from = end};
        map_init(&es->sets[es->set_count++].map);
    }
    u64 at = es->catalog->tail_start;
    job->place.last_order = es->last_order;
    if (end != es->tail.end)
        while ((row = tail_next(&es->tail, &at, end))) job->place.last_order = row->order;
    return job;
}

static struct seal_job *merge_job(struct events *es, u32 first, u32 count)
{
    struct seal_job *job = job_new(es, event_view_pin_files(es));
    struct sealed *const *files = &es->catalog->files[first];
    job->is_merge = true;
    job->first = first;
    job->count = count;
    job->place.first_order = files[0]->head.first_order;
    job->place.last_order = files[count - 1]->head.last_order;
    for (u32 i = 0; i < count; i++) job->lanes[i].is_clean = files[i]->dead == 0;
    return job;
}

/* The length of a window that starts at `first`, or 0. */
static u32 window_at(const struct catalog *c, u32 first)
{
    u64 sum = 0, largest = 0, rows = 0;
    u32 best = 0;
    for (u32 n = 1; n <= WINDOW_MAX && first + n <= c->count; n++) {
        const struct sealed *s = c->files[first + n - 1];
        sum += s->head.bytes;
        rows += s->head.rows;
        if (s->head.bytes > largest) largest = s->head.bytes;
        if (rows > SEALED_ROWS_MAX) break;
        if (n >= WINDOW_MIN && largest <= sum - largest) best = n;
    }
    return best;
}

static struct seal_job *due_merge(struct events *es)
{
    const struct catalog *c = es->catalog;
    for (u32 i = 0; i < c->count; i++)
        if (c->files[i]->dead >= c->files[i]->head.rows / DEAD_SHARE + 1)
            return merge_job(es, i, 1);
    for (u32 i = c->count; i-- > 0;) {
        u32 n = window_at(c, i);
        if (n) return merge_job(es, i, n);
    }
    return NULL;
}

/* What comes before any other job: a seal that is due, and what is parked. Files before the parked
 * one's stay what they are meanwhile, seals come behind them: so its place stays right. */
static struct seal_job *first_job(struct events *es)
{
    struct seal_job *job = event_seal_due(es) ? seal_job(es) : NULL;
    if (job || !es->parked) return job;
    es->job = es->parked;
    es->parked = NULL;
    return es->job;
}

bool event_job_parks(const struct seal_job *job)
{
    return job->is_merge;
}

void event_job_park(struct events *es, struct seal_job *job)
{
    MUST(es->job == job && job->is_merge && !es->parked);
    es->parked = job;
    es->job = NULL;
}

struct seal_job *event_job(struct events *es, bool force)
{
    if (es->job || !es->dir) return NULL;
    struct seal_job *job = first_job(es);
    if (job) return job;
    for (u32 i = 0; force && i < es->catalog->count; i++)
        if (es->catalog->files[i]->dead) return merge_job(es, i, 1);
    if (force && es->tail_rows) return seal_job(es);
    return due_merge(es);
}

struct seal_job *event_job_rough(struct events *es)
{
    if (es->job || !es->dir) return NULL;
    struct seal_job *job = first_job(es);
    return job || es->catalog->count <= MERGE_MAX ? job : due_merge(es);
}

/* The neighbouring files with something of that range of orders, as far as one file may hold them.
 */
static u32 tidy_files(const struct events *es, u64 from, u64 to, u32 *first)
{
    const struct catalog *c = es->catalog;
    u64 rows = 0;
    u32 n = 0;
    for (*first = 0; *first < c->count && c->files[*first]->head.last_order < from; ++*first)
        ;
    for (; *first + n < c->count && n < MERGE_MAX; n++) {
        const struct sealed *s = c->files[*first + n];
        rows += s->head.rows;
        if (s->head.first_order > to || rows > SEALED_ROWS_MAX) break;
    }
    return n;
}

static bool tail_begins(const struct events *es, u64 to)
{
    u64 start = es->catalog->tail_start;
    const struct row *row = tail_next(&es->tail, &start, es->tail.end);
    return row && row->order <= to;
}

bool event_tidy_due(const struct events *es, u64 from, u64 to)
{
    u32 first;
    return es->dir && (tail_begins(es, to) || tidy_files(es, from, to, &first) > 1);
}

struct seal_job *event_job_tidy(struct events *es, u64 from, u64 to)
{
    u32 first;
    if (es->job || !es->dir) return NULL;
    if (es->parked) return first_job(es);
    if (tail_begins(es, to)) return seal_job(es);
    u32 n = tidy_files(es, from, to, &first);
    return n > 1 ? merge_job(es, first, n) : NULL;
}

struct seal_job *event_job_rid(struct events *es, u64 deletions)
{
    if (es->job || !es->dir) return NULL;
    if (es->parked) return first_job(es);
    for (u32 i = 0; i < es->catalog->count; i++) {
        const struct sealed *s = es->catalog->files[i];
        if (s->dead && s->applied < deletions) return merge_job(es, i, 1);
    }
    return es->tail_dead ? seal_job(es) : NULL;
}

/* ---- the end ---- */

/* Its file, finished or not, is on no list: what cannot be removed goes on the next start. */
static void job_free(struct seal_job *job)
{
    for (u32 i = 0; i < COUNT_OF(job->lanes); i++) {
        free(job->lanes[i].places);
        free(job->lanes[i].numbers);
    }
    free(job->hashes);
    free(job->hash_order);
    sealed_writer_free(job->writer);
    mem_release(job->heads, HEADS_BYTES);
    event_view_drop(job->view);
    if (job == job->es->parked)
        job->es->parked = NULL;
    else
        job->es->job = NULL;
    events_collect(job->es);
    free(job);
}

void event_job_abandon(struct events *es, struct seal_job *job)
{
    MUST(es->job == job);
    if (job->result) {
        char path[SEALED_PATH_MAX];
        memcpy(path, job->result->path, sizeof path);
        sealed_close(job->result);
        err gone = env_remove(es->env, path);
        (void)gone;
    }
    job_free(job);
}

void job_forsake(struct seal_job *job)
{
    sealed_close(job->result);
    job_free(job);
}

/* An entry is needed while rows that it names may lie in the tail, or in a file written before it.
 */
static bool is_needed(const struct events *es, const struct catalog *c,
                      const struct erased_entry *e)
{
    u64 low = e->kind == ERASED_ONE ? e->order : 0;
    u64 high = e->kind == ERASED_ONE ? e->order : e->order - 1;
    if (es->tail_dead) return true;
    for (u32 i = 0; i < c->count; i++) {
        const struct sealed *s = c->files[i];
        if (s->dead && s->applied <= e->number && low <= s->head.last_order &&
            high >= s->head.first_order)
            return true;
    }
    return false;
}

/* The deletions that go on in `c`: the same set, unless half of it has done its work. */
static struct erased *still_erased(const struct events *es, const struct catalog *c)
{
    struct erased *all = es->catalog->erased;
    u32 needed = 0, n = erased_count(all);
    for (u32 i = 0; i < n; i++) needed += is_needed(es, c, erased_at(all, i));
    if (n == 0 || needed * 2 > n) return all;
    struct erased *left = erased_new();
    for (u32 i = 0; i < n; i++)
        if (is_needed(es, c, erased_at(all, i))) erased_add(left, *erased_at(all, i));
    return left;
}

/* The tail begins later: its sets of hashes before that go, with all they hold. */
static void cut_tail(struct events *es, const struct seal_job *job, u32 written)
{
    u32 gone = 0;
    while (es->sets[gone].from < job->to && gone + 1 < es->set_count) gone++;
    for (u32 i = 0; i < gone; i++) map_clear(&es->sets[i].map);
    memmove(es->sets, es->sets + gone, (es->set_count - gone) * sizeof es->sets[0]);
    es->set_count -= gone;
    es->tail_rows -= job->read;
    es->tail_dead -= job->read - written + job->dead;
}

void event_install(struct events *es, struct seal_job *job)
{
    const struct catalog *old = es->catalog;
    u32 first = job->is_merge ? job->first : old->count, added = job->result != NULL;
    u32 written = job->result ? job->result->head.rows : 0;
    MUST(es->job == job && job->phase == DONE);
    struct catalog *c = catalog_new(es, old->count - job->count + added);
    for (u32 i = 0; i < first; i++) c->files[i] = old->files[i];
    if (added) c->files[first] = job->result;
    for (u32 i = first + job->count; i < old->count; i++)
        c->files[i - job->count + added] = old->files[i];
    for (u32 i = 0; i < job->count; i++) {
        struct sealed *s = old->files[job->first + i];
        s->gone_at = c->generation;
        s->next_gone = es->gone;
        es->gone = s;
    }
    c->tail_start = old->tail_start;
    if (!job->is_merge) {
        cut_tail(es, job, written);
        c->tail_start = job->to;
    }
    if (job->result) job->result->dead = job->dead;
    c->erased = still_erased(es, c);
    catalog_install(es, c);
    bool is_seal = !job->is_merge;
    job_free(job);
    if (is_seal) KILL_POINT(es->env, "seal.installed");
}
