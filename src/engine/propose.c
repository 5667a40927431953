/* propose.c — records the engine's owner puts into the log outside apply: what time has made due,
 * the next piece of work over many customers, zones. */
#include "engine/engine_internal.h"

#include <stdio.h>

#define HEARTBEAT_EVERY (10 * MINUTE)
#define SLICE_CUSTOMERS 512

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

static bool append_slice(struct engine *e, const struct slice_record *s)
{
    struct buf b;
    buf_init(&b, RECORD_BYTES_MAX);
    slice_put(&b, s);
    bool ok = engine_append(e, RECORD_SLICE_, buf_str(&b), &e->proposed) == ERR_OK;
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
        if (answers_for(e, &s, &began)) return append_slice(e, &s);
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
    return append_slice(e, &s);
}

bool engine_propose(struct engine *e, i64 now)
{
    struct timer t;
    if (e->proposed > atomic_load(&e->applied)) return false;
    if (timers_peek(&e->timers, &t) && t.due_ms <= now)
        return engine_append(e, RECORD_TICK_, (str){0}, &e->proposed) == ERR_OK;
    if (now - engine_meta(e)->heartbeat_ms >= HEARTBEAT_EVERY)
        return engine_append(e, RECORD_HEARTBEAT_, (str){0}, &e->proposed) == ERR_OK;
    return propose_pass(e) || propose_slice(e);
}

i64 engine_next_due(const struct engine *e)
{
    struct timer t;
    i64 heartbeat = engine_meta(e)->heartbeat_ms + HEARTBEAT_EVERY;
    return timers_peek(&e->timers, &t) ? min_i64(t.due_ms, heartbeat) : heartbeat;
}
