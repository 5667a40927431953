/* propose.c — records the engine's owner puts into the log outside apply: what time has made due,
 * the next piece of work over many customers, zones. */
#include "engine/engine_internal.h"

#include <stdio.h>

#define HEARTBEAT_EVERY (10 * MINUTE)
#define SLICE_CUSTOMERS 512
/* So few at most that a batch of some is short also where the next ones are all in the audience. */
enum { TICK_SLICE_LEAST = 128, TICK_SLICE_MOST = 2048 };

/* ---- zones ---- */

static void read_zone_file(struct engine *e, const char *name, struct buf *out)
{
    char path[4096];
    struct file *f;
    u64 size;
    size_t got = 0;
    snprintf(path, sizeof path, "%s/%s",
             e->options.zoneinfo ? e->options.zoneinfo : "/usr/share/zoneinfo", name);
    struct env *files = e->options.files ? e->options.files : e->env;
    if (env_open(files, path, FILE_READ, &f) != ERR_OK) return;
    if (file_size(f, &size) == ERR_OK && size < 1 << 20) {
        char *room = buf_room(out, size);
        if (room && file_read(f, 0, room, size, &got) == ERR_OK) out->n += got;
    }
    file_close(f);
}

err engine_add_zone(struct engine *e, str name, u64 *number)
{
    char text[64];
    struct buf tzif, payload;
    if (!zone_name_valid(name) || name.n >= sizeof text) return ERR_INVALID;
    memcpy(text, name.p, name.n);
    text[name.n] = 0;
    buf_init(&tzif, 1 << 20);
    buf_init(&payload, 1 << 20);
    read_zone_file(e, text, &tzif);
    struct zone_record z = {name, buf_str(&tzif)};
    struct arena *a = arena_new();
    err r = tzif.n && zone_parse(z.tzif, a) ? ERR_OK : ERR_NOT_FOUND;
    arena_free(a);
    if (r == ERR_OK) {
        zone_put(&payload, &z);
        r = engine_append(e, RECORD_ZONE_, buf_str(&payload), number);
    }
    buf_clear(&tzif);
    buf_clear(&payload);
    return r;
}

bool engine_zone_known(struct engine *e, str name)
{
    u64 number;
    return engine_zone_named(e, name) || engine_add_zone(e, name, &number) == ERR_OK;
}

/* ---- what is due ---- */

static bool append_slice(struct engine *e, const struct slice_record *s, u64 *number)
{
    struct buf b;
    buf_init(&b, RECORD_BYTES_MAX);
    slice_put(&b, s);
    bool ok = engine_append(e, RECORD_SLICE_, buf_str(&b), number) == ERR_OK;
    buf_clear(&b);
    return ok;
}

/* The next piece of a rule's way through everybody: with its answers, if they can be computed
 * beside, else a few customers to be asked in apply. */
static bool propose_slice(struct engine *e)
{
    bool began = false;
    u32 code;
    for (u32 i = 0; (code = segment_rule(e->segments, i)) != 0; i++) {
        persona from = segment_cursor(e->segments, code);
        if (from >= PERSONAS_MAX) continue;
        struct slice_record s = {.job = code, .from = from, .to = from + SLICE_CUSTOMERS};
        if (answers_for(e, &s, &began)) return append_slice(e, &s, &e->proposed);
    }
    return began;
}

/* The next piece of what a journey means for everybody. */
static bool propose_pass(struct engine *e)
{
    struct slice_record s = {0};
    if (!journey_pass_next(e->journeys, &s.job, &s.from)) return false;
    s.job |= SLICE_JOURNEY;
    s.to = s.from + SLICE_CUSTOMERS;
    return append_slice(e, &s, &e->proposed);
}

/* ---- ticks of schedules ---- */

void propose_learn(struct engine *e, i64 took_ns)
{
    struct ticking *t = &e->ticking;
    i64 fits = (i64)e->sliced * SLICE_NS / max_i64(took_ns, 1);
    i64 next = ((i64)t->customers + min_i64(fits, TICK_SLICE_MOST)) / 2;
    t->customers = (u32)max_i64(next, TICK_SLICE_LEAST);
    if (e->slices > TICKS_AHEAD_LEAST && t->ahead > TICKS_AHEAD_LEAST) t->ahead--;
}

static u32 under_way(const struct engine *e, u32 *free)
{
    u64 applied = atomic_load(&e->applied);
    u32 n = 0;
    for (u32 i = 0; i < TICKS_AHEAD; i++) {
        if (e->ticking.numbers[i] > applied)
            n++;
        else
            *free = i;
    }
    return n;
}

void propose_idle(struct engine *e)
{
    u32 unused;
    struct ticking *t = &e->ticking;
    if (t->ahead < TICKS_AHEAD && under_way(e, &unused) >= t->ahead) t->ahead++;
}

/* One that was lost, or overtaken, is proposed again once none is under way: what is applied twice
 * does nothing. */
static bool propose_tick(struct engine *e)
{
    struct ticking *t = &e->ticking;
    u32 job;
    persona from, end;
    u32 place = 0;
    if (!journey_tick_next(e->journeys, &job, &from, &end)) return false;
    u32 n = under_way(e, &place);
    if (t->job != job) t->customers = TICK_SLICE_LEAST;
    if (n == 0 || t->job != job) t->next = from;
    t->job = job;
    t->ahead = t->ahead ? t->ahead : TICKS_AHEAD_LEAST;
    if (n >= t->ahead || t->next >= end) return false;
    struct slice_record s = {.job = job | SLICE_TICK, .from = t->next};
    s.to = min_u32(end, s.from + (t->customers ? t->customers : TICK_SLICE_LEAST));
    if (!append_slice(e, &s, &t->numbers[place])) return false;
    t->next = s.to;
    return true;
}

static bool is_due(const struct engine *e, i64 now)
{
    struct timer t;
    return (timers_peek(&e->timers, &t) && t.due_ms <= now) ||
           journeys_next_tick(e->journeys) <= now;
}

bool engine_propose(struct engine *e, i64 now)
{
    bool any = propose_tick(e);
    if (e->proposed > atomic_load(&e->applied)) return any;
    if (is_due(e, now))
        return engine_append(e, RECORD_TICK_, (str){0}, &e->proposed) == ERR_OK || any;
    if (now - engine_meta(e)->heartbeat_ms >= HEARTBEAT_EVERY)
        return engine_append(e, RECORD_HEARTBEAT_, (str){0}, &e->proposed) == ERR_OK || any;
    return any || propose_pass(e) || erase_many_propose(e) || propose_slice(e);
}

i64 engine_next_due(const struct engine *e)
{
    struct timer t;
    i64 next = engine_meta(e)->heartbeat_ms + HEARTBEAT_EVERY;
    next = min_i64(next, journeys_next_tick(e->journeys));
    return timers_peek(&e->timers, &t) ? min_i64(t.due_ms, next) : next;
}
