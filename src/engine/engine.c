/* engine.c — opening, recovery, the loop's steps, proposals, and reading. */
#include "engine/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    NAMES_ROWS_MAX = 1 << 20,
    OBJECTS_MAX = 1 << 16,
    SETTINGS_MAX = 4096,
    IMPORTS_MAX = 1 << 16,
    AHEAD = 12
};

/* ---- building and taking apart ---- */

static answer resolve_segment(void *ctx, persona head, u32 code, i64 now)
{
    return segment_resolve(((struct engine *)ctx)->segments, head, code, now);
}

static bool resolve_reachable(void *ctx, persona head, u32 channel)
{
    struct engine *e = ctx;
    struct identifier_view id;
    if (!customer_address(e->customers, head, channel, &id)) return false;
    const struct address_row *a =
        address_of(e->customers, address_key(engine_key(e), channel, id.value));
    return (!a || (!a->suppressed && !a->opted_out)) &&
           view_consent(&e->live_customers, head, channel, 0) == 1;
}

static bool resolve_message(void *ctx, u32 step, u32 status)
{
    return journey_asked(((struct engine *)ctx)->journeys, step, status);
}

static answer resolve_score(void *ctx, persona head, u32 score, predicate_op op, fixed limit,
                            i64 now)
{
    struct engine *e = ctx;
    struct subject who;
    engine_subject(e, head, &who);
    return score_answer(e->segments, score, &who, op, limit, now);
}

static bool resolve_result(void *ctx, u32 step, u32 result)
{
    return journey_result(((struct engine *)ctx)->journeys, step, result);
}

static bool resolve_task(void *ctx, u32 step, str outcome)
{
    return journey_task_is(((struct engine *)ctx)->journeys, step, outcome);
}

static bool resolve_since(void *ctx, u32 step, i64 *ms, u64 *order)
{
    return journey_since(((struct engine *)ctx)->journeys, step, ms, order);
}

static const struct zone *resolve_zone(void *ctx, str name)
{
    return engine_zone_named(ctx, name);
}

static bool zone_known(void *ctx, str name)
{
    return engine_zone_known(ctx, name);
}

static i32 program_priority(void *ctx, u32 program)
{
    return journey_priority(((struct engine *)ctx)->journeys, program);
}

static str program_journey(void *ctx, u32 program)
{
    return journey_id(((struct engine *)ctx)->journeys, program);
}

static bool program_held(void *ctx, u32 program)
{
    return journey_is_held(((struct engine *)ctx)->journeys, program);
}

/* Over the tables as a snapshot left them, or none. */
static void build(struct engine *e)
{
    e->meta = table_new(e->store, "engine", sizeof(struct engine_row), 1);
    e->names_rows = table_new(e->store, "names", sizeof(struct name_row), NAMES_ROWS_MAX);
    e->objects = table_new(e->store, "objects", sizeof(struct object_row), OBJECTS_MAX);
    e->settings = table_new(e->store, "settings", sizeof(struct setting_row), SETTINGS_MAX);
    e->zones = table_new(e->store, "zones", sizeof(struct zone_row), ZONES_MAX);
    e->erasures = table_new(e->store, "erasures", sizeof(struct erasure_row), ERASURES_MAX);
    erase_many_build(e);
    e->imports = table_new(e->store, "imports", sizeof(struct import_row), IMPORTS_MAX);
    e->texts = heap_new(e->store, "texts");
    crossings_build(e);
    e->customers = customers_new(e->store, (struct sip_key){0});
    e->segments = segments_new(e->store, e->customers, e->events, e->names);
    segments_zones(e->segments, zone_known, e);
    standings_hook(e->segments, states_effect, e);
    e->messages = messages_new(e->store, e->customers, (struct sip_key){0});
    e->kept = table_new(e->store, "objects_kept", sizeof(struct kept_row), OBJECTS_MAX);
    e->journeys =
        journeys_new(e->store, e->customers, e->messages, e->segments, e->names, engine_host(e));
    messages_host(e->messages, (struct message_host){.ctx = e,
                                                     .priority = program_priority,
                                                     .journey = program_journey,
                                                     .zone = resolve_zone,
                                                     .held = program_held});
    e->offers = offers_new(e->store, e->customers, e->names, engine_offer_host(e));
    e->live_events = event_view_live(e->events);
    e->live_customers = (struct customer_view){e->customers, NULL};
    e->resolver = (struct resolver){.ctx = e,
                                    .segment = resolve_segment,
                                    .message = resolve_message,
                                    .step_result = resolve_result,
                                    .task_outcome = resolve_task,
                                    .since = resolve_since,
                                    .reachable = resolve_reachable,
                                    .score = resolve_score,
                                    .zone = resolve_zone};
    e->scratch = arena_new();
    e->zone_arena = arena_new();
    e->edges = mem_zalloc(sizeof *e->edges);
    buf_init(&e->said.entries, SAID_BYTES_MAX);
    customers_on_join(e->customers, change_on_join, e);
}

void engine_close(struct engine *e)
{
    if (!e) return;
    if (e->store) background_end(e);
    answers_free(e->answers);
    log_close(e->log);
    snapshot_close(e->snapshot);
    journeys_free(e->journeys);
    offers_free(e->offers);
    messages_free(e->messages);
    segments_free(e->segments);
    events_free(e->events);
    customers_free(e->customers);
    if (e->store) store_free(e->store);
    names_free(e->names);
    timers_clear(&e->timers);
    arena_free(e->scratch);
    arena_free(e->zone_arena);
    buf_clear(&e->background.extra);
    buf_clear(&e->said.entries);
    erasing_clear(e);
    for (u32 i = 0; i < COUNT_OF(e->happened); i++) free(e->happened[i]);
    free(e->edges);
    file_close(e->lock);
    free(e);
}

/* ---- recovery ---- */

static void rebuild(struct engine *e)
{
    config_rebuild(e);
    erasing_rebuild(e);
    customers_rebuild(e->customers);
    events_rebuild(e->events);
    segments_rebuild(e->segments);
    journeys_rebuild(e->journeys);
    messages_rebuild(e->messages);
    offers_rebuild(e->offers);
    for (persona p = 1; p < customers_end(e->customers); p++) {
        const struct customer_row *row = customer_at(e->customers, p);
        i64 due = n48_get(row->next_due);
        if (row->head == p && due) timers_push(&e->timers, (struct timer){due, p});
        e->stats.customers += row->head == p;
    }
}

MUST_USE static err load_snapshot(struct engine *e, u64 *position, struct diag *why)
{
    struct snapshot_options so = {.dir = e->options.dir};
    bool found = false;
    *position = 0;
    TRY(snapshot_open(e->env, e->store, &so, &e->snapshot, &found, why));
    struct stream tail = events_stream(e->events);
    snapshot_stream(e->snapshot, &tail);
    if (!found) return events_open(e->events, (str){0}, why);
    TRY(snapshot_load(e->snapshot, why));
    const struct manifest *m = snapshot_manifest(e->snapshot);
    TRY(events_open(e->events, m->extra, why));
    *position = m->position;
    e->now = m->time_ms;
    e->background.last_position = m->position;
    return ERR_OK;
}

MUST_USE static err replay(struct engine *e, u64 from, struct diag *why)
{
    i64 start = env_mono_ns(e->env);
    e->replaying = true;
    err r = log_replay(e->log, from);
    if (r == ERR_NOT_FOUND && from == 1) r = ERR_OK; /* a log without a record */
    if (r != ERR_OK)
        return diag_set(why, r, "the log has no record %llu, which the newest snapshot ends before",
                        (unsigned long long)from);
    while (engine_step(e)) e->stats.replayed++;
    r = log_replay_end(e->log, why);
    e->replaying = false;
    e->stats.replay_ms = (env_mono_ns(e->env) - start) / 1000000;
    if (r != ERR_OK) return r;
    if (engine_meta(e)->level > ENGINE_LEVEL)
        return diag_set(why, ERR_UNSUPPORTED,
                        "this data was written by a later version (level %u); use that version",
                        engine_meta(e)->level);
    return ERR_OK;
}

err engine_append(struct engine *e, u16 kind, str payload, u64 *number)
{
    struct record r = {
        .kind = kind, .level = ENGINE_LEVEL, .occurred_ms = NEVER, .payload = payload};
    struct buf b;
    u64 last;
    buf_init(&b, RECORD_BYTES_MAX + 4096);
    record_put(&b, &r);
    err result =
        b.full ? ERR_TOO_LARGE : log_append(e->log, buf_str(&b), 1, true, number ? number : &last);
    buf_clear(&b);
    return result;
}

/* The first record of a directory is its key, the first of a process says so. */
MUST_USE static err begin(struct engine *e, struct diag *why)
{
    struct buf b;
    u64 last = 0;
    err r = ERR_OK;
    buf_init(&b, 4096);
    if (engine_meta(e)->k0 == 0 && engine_meta(e)->k1 == 0) {
        struct sip_key key;
        env_random(e->env, &key, sizeof key);
        key_put(&b, key);
        r = engine_append(e, RECORD_KEY_, buf_str(&b), NULL);
        if (r == ERR_OK) r = engine_append(e, RECORD_LEVEL_, (str){0}, NULL);
    }
    struct start_record start = {.wall_ms = env_wall_ms(e->env), .version = S("1")};
    if (e->options.dir && r == ERR_OK) r = env_identity(e->env, e->options.dir, start.identity);
    buf_reset(&b);
    start_put(&b, &start);
    if (r == ERR_OK) r = engine_append(e, RECORD_START_, buf_str(&b), &last);
    buf_clear(&b);
    while (r == ERR_OK && atomic_load(&e->applied) < last) {
        r = log_step(e->log);
        if (r == ERR_AGAIN) r = ERR_OK;
        while (engine_step(e))
            ;
    }
    return r == ERR_OK ? r : diag_set(why, r, "the log cannot be written");
}

MUST_USE static err lock_directory(struct engine *e, struct diag *why)
{
    char path[4096];
    TRY(env_make_dir(e->env, e->options.dir));
    snprintf(path, sizeof path, "%s/lock", e->options.dir);
    err r = env_lock(e->env, path, &e->lock);
    return r == ERR_CONFLICT ? diag_set(why, r, "another process works on %s", e->options.dir) : r;
}

MUST_USE static err open_all(struct engine *e, struct diag *why)
{
    u64 position = 0;
    const struct engine_options *o = &e->options;
    if (o->dir) TRY(lock_directory(e, why));
    struct log_options lo = {.dir = o->dir,
                             .file_bytes = o->log_file_bytes,
                             .pending_bytes_max = o->pending_bytes_max,
                             .unsafe_no_sync = o->unsafe_no_sync,
                             .on_append = o->on_append,
                             .on_durable = o->on_durable,
                             .ctx = o->ctx};
    TRY(log_open(e->env, &lo, &e->log, why));
    e->names = names_new(e->log);
    record_fixed_names(e->names);
    struct store_options so = {.memory_max = o->memory_max};
    bool snapshots = o->dir && !o->from_log_alone;
    struct events_options eo = {.dir = snapshots ? o->dir : NULL,
                                .tail_bytes_seal = o->events_tail_bytes};
    e->store = store_new(&so);
    e->events = events_new(e->env, &eo);
    buf_init(&e->background.extra, 16 << 20);
    if (snapshots) TRY(load_snapshot(e, &position, why));
    build(e);
    if (position) rebuild(e);
    atomic_store(&e->applied, position);
    TRY(replay(e, position + 1, why));
    return o->inspect ? ERR_OK : begin(e, why);
}

err engine_open(struct env *env, const struct engine_options *o, struct engine **out,
                struct diag *why)
{
    struct engine *e = mem_zalloc(sizeof *e);
    e->env = env;
    e->options = *o;
    e->answers = answers_new();
    err r = open_all(e, why);
    if (r != ERR_OK) {
        engine_close(e);
        e = NULL;
        diag_set(why, r, "the data directory cannot be opened (%s)", err_name(r));
    }
    *out = e;
    return r;
}

/* ---- steps ---- */

/* Warms what the record so many places behind the newest decoded one will touch. */
static void prefetch(struct engine *e, const struct record *ring, u32 read, u32 behind, u32 stage)
{
    if (read < behind) return;
    const struct record *r = &ring[(read - behind) % AHEAD];
    persona p = r->id_count ? customer_prefetch(e->customers, r->ids[0].hash, stage) : 0;
    if (p) event_prefetch_persona(e->events, p);
    if (stage == 0) event_prefetch(e->events, r->dedupe);
}

/* Records are decoded some ahead, so that what they will touch is on its way to the cache: the
 * index first, some records later the row it names, then the customer's. */
static void apply_batch(struct engine *e, const struct batch *b)
{
    struct record ring[AHEAD];
    struct reader in = reader_of(b->records);
    u32 read = 0, done = 0;
    for (bool more = true; done < b->count; done++) {
        while (more && read < b->count && read - done < AHEAD) {
            more = record_next(&in, &ring[read % AHEAD]);
            read += more;
            for (u32 stage = 0; more && stage < 3; stage++)
                prefetch(e, ring, read, 1 + stage * AHEAD / 3, stage);
        }
        MUST(done < read);
        u64 number = b->first + done;
        if (number > atomic_load_explicit(&e->applied, memory_order_relaxed))
            apply_record(e, &ring[done % AHEAD], number);
    }
}

bool engine_step(struct engine *e)
{
    background_install(e);
    if (!e->replaying && e->snapshot) log_hold(e->log, !event_room(e->events));
    const struct batch *b = log_next(e->log);
    if (!b) {
        if (!e->replaying) {
            propose_idle(e);
            background_start(e);
        }
        return false;
    }
    u64 last = b->first + b->count - 1;
    if (!e->replaying) KILL_POINT(e->env, "engine.before_apply");
    e->now = max_i64(e->now, b->time_ms);
    i64 began = e->replaying ? 0 : env_mono_ns(e->env);
    e->slices = e->sliced = 0;
    apply_batch(e, b);
    if (e->sliced && !e->replaying) propose_learn(e, env_mono_ns(e->env) - began);
    store_collect(e->store);
    log_done(e->log, b);
    atomic_store_explicit(&e->applied, last, memory_order_release);
    if (!e->replaying) {
        KILL_POINT(e->env, "engine.after_apply");
        background_start(e);
    }
    return true;
}

/* ---- reading ---- */

struct log *engine_log(struct engine *e)
{
    return e->log;
}

struct names *engine_names(struct engine *e)
{
    return e->names;
}

struct customers *engine_customers(struct engine *e)
{
    return e->customers;
}

struct events *engine_events(struct engine *e)
{
    return e->events;
}

struct messages *engine_messages(struct engine *e)
{
    return e->messages;
}

struct journeys *engine_journeys(struct engine *e)
{
    return e->journeys;
}

struct offers *engine_offers(struct engine *e)
{
    return e->offers;
}

struct segments *engine_segments(struct engine *e)
{
    return e->segments;
}

struct sip_key engine_key(const struct engine *e)
{
    return (struct sip_key){engine_meta(e)->k0, engine_meta(e)->k1};
}

const struct zone *engine_zone(struct engine *e)
{
    return e->workspace_zone;
}

u64 engine_applied(const struct engine *e)
{
    return atomic_load_explicit(&e->applied, memory_order_acquire);
}

i64 engine_time(const struct engine *e)
{
    return e->now;
}

void engine_pin(struct engine *e, struct engine_view *out)
{
    *out = (struct engine_view){.position = engine_applied(e), .time_ms = e->now};
    out->epoch = epoch_pin(e->store);
    out->events = event_view_pin(e->events);
    out->customers = (struct customer_view){e->customers, out->epoch};
}

void engine_unpin(struct engine_view *v)
{
    epoch_drop(v->epoch);
    event_view_drop(v->events);
    *v = (struct engine_view){0};
}

static str name_text(void *ctx, u32 kind, u32 code)
{
    return names_text(((struct engine *)ctx)->names, kind, code);
}

static hash128 config_digest(struct engine *e)
{
    hash128 sum = {0};
    struct buf b;
    buf_init(&b, 8 << 20);
    for (u32 i = 1; i < table_count(e->objects); i++) {
        const struct object_row *r = table_at(e->objects, i);
        buf_reset(&b);
        buf_varint(&b, r->kind);
        buf_str_varint(&b, names_text(e->names, NAME_OBJECT, r->code));
        buf_varint(&b, r->number);
        buf_varint(&b, r->gone);
        buf_put(&b, heap_view(e->texts, r->source));
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
    }
    sum = hash_add(sum, objects_kept_digest(e));
    for (u32 i = 1; i < table_count(e->settings); i++) {
        const struct setting_row *r = table_at(e->settings, i);
        buf_reset(&b);
        buf_str_varint(&b, heap_view(e->texts, r->name));
        buf_put(&b, heap_view(e->texts, r->bytes));
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
    }
    buf_clear(&b);
    if (engine_promotion_held(e)) sum = hash_add(sum, hash_xxh(S("promotion held")));
    return sum;
}

hash128 engine_hash(struct engine *e)
{
    hash128 sum = hash_add(config_digest(e), imports_digest(e));
    sum = hash_add(sum, crossings_digest(e));
    sum = hash_add(sum, erase_many_digest(e));
    sum = hash_add(sum, customers_digest(e->customers, e->now, name_text, e));
    sum = hash_add(sum, events_digest(e->live_events, name_text, e));
    sum = hash_add(sum, segments_digest(e->segments, name_text, e));
    sum = hash_add(sum, messages_digest(e->messages, name_text, e));
    sum = hash_add(sum, journeys_digest(e->journeys, name_text, e));
    sum = hash_add(sum, offers_digest(e->offers, name_text, e));
    return sum;
}

struct engine_stats engine_stats(struct engine *e)
{
    struct engine_stats s = e->stats;
    s.applied = engine_applied(e);
    s.customers = customers_count(e->customers);
    s.events = events_count(e->events);
    s.messages_planned = message_tally(e->messages).planned;
    s.store_bytes = store_bytes(e->store);
    s.event_bytes = events_bytes(e->events);
    s.derived_bytes = customers_derived_bytes(e->customers) + e->timers.cap * sizeof(struct timer);
    s.log_bytes = log_disk_bytes(e->log);
    s.segment_bytes = events_disk_bytes(e->events);
    return s;
}
