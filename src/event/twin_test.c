#include "event/twin.h"

#include "event/catalog.h"
#include "log/names.h"

#include <stdio.h>
#include <stdlib.h>

#define DIR "/events"

/* ---- doing ---- */

static hash128 dedupe_of(u64 n)
{
    u64 key[2] = {n, 7};
    return hash_xxh((str){(const char *)key, sizeof key});
}

static void open_events(struct timeline *t)
{
    t->es = events_new(t->env, &t->options);
}

struct timeline *timeline_new(u64 seed, i64 dedupe_ms)
{
    struct timeline *t = mem_zalloc(sizeof *t);
    t->env = env_sim(seed);
    t->rng = (struct rng){seed};
    t->now = 1000 * DAY;
    t->options = (struct events_options){
        .dir = DIR, .tail_bytes_seal = 24 << 10, .dedupe_ms = dedupe_ms, .indexed_rows = 1};
    MUST(env_make_dir(t->env, DIR) == ERR_OK && env_sync_dir(t->env, "/") == ERR_OK);
    for (event_persona p = 1; p <= TIMELINE_PERSONAS; p++) t->heads[p] = p;
    buf_init(&t->saved.manifest, 1 << 30);
    buf_init(&t->saved.stream, 1 << 30);
    open_events(t);
    timeline_save(t);
    return t;
}

void timeline_free(struct timeline *t)
{
    events_free(t->es);
    env_free(t->env);
    for (u32 i = 0; i < t->count; i++) free(t->events[i].blob);
    buf_clear(&t->saved.manifest);
    buf_clear(&t->saved.stream);
    free(t);
}

event_persona timeline_head(void *timeline, event_persona p)
{
    const struct timeline *t = timeline;
    return p <= TIMELINE_PERSONAS ? t->heads[p] : 0;
}

static void note(struct timeline *t, struct deed deed)
{
    MUST(t->deed_count < TIMELINE_DEEDS);
    t->deeds[t->deed_count++] = deed;
}

/* Properties: a text of so many bytes, and a number. */
static str props_of(struct timeline *t, size_t bytes, struct buf *b)
{
    char *text = mem_alloc(bytes);
    for (size_t i = 0; i < bytes; i++) text[i] = (char)('a' + rng_below(&t->rng, 26));
    props_put(b, 1, value_text((str){text, bytes}));
    props_put(b, 2, value_int((i64)rng_below(&t->rng, 1000)));
    free(text);
    return buf_str(b);
}

void timeline_append(struct timeline *t, event_persona p, i64 occurred, size_t props)
{
    MUST(t->count < TIMELINE_EVENTS);
    struct twin_event *e = &t->events[t->count];
    struct buf b;
    buf_init(&b, 1 << 22);
    str message = {"message", rng_below(&t->rng, 8)};
    t->record += 1 + rng_below(&t->rng, 3);
    buf_put(&b, message);
    props_of(t, props, &b);
    e->blob = b.p;
    e->ev = (struct event){.persona = p,
                           .code = 1 + (u32)rng_below(&t->rng, 5),
                           .source = (u32)rng_below(&t->rng, 3),
                           .flags = (u32)rng_below(&t->rng, 4),
                           .occurred_ms = occurred,
                           .received_ms = t->now,
                           .order = t->record << 8 | rng_below(&t->rng, 3),
                           .dedupe = rng_percent(&t->rng, 80) ? dedupe_of(t->count) : (hash128){0},
                           .message_id = {b.p, message.n},
                           .props = {b.p + message.n, b.n - message.n}};
    event_append(t->es, &e->ev);
    note(t, (struct deed){DEED_APPEND, t->count++, 0});
}

static void forget(struct timeline *t, event_persona p, u64 before)
{
    for (u32 i = 0; i < t->count; i++)
        if (t->events[i].ev.persona == p && t->events[i].ev.order < before)
            t->events[i].gone = true;
    event_forget(t->es, p, before);
    note(t, (struct deed){DEED_FORGET, p, before});
}

static void delete (struct timeline *t, u32 i)
{
    t->events[i].gone = true;
    event_delete(t->es, t->events[i].ev.persona, t->events[i].ev.order);
    note(t, (struct deed){DEED_DELETE, i, 0});
}

/* A persona joins another's customer, or goes its own way again (and a head's followers each
 * theirs). */
static void move_head(struct timeline *t)
{
    event_persona p = 1 + (u32)rng_below(&t->rng, TIMELINE_PERSONAS);
    event_persona to = t->heads[1 + rng_below(&t->rng, TIMELINE_PERSONAS)];
    event_persona from = t->heads[p];
    for (event_persona q = 1; q <= TIMELINE_PERSONAS; q++)
        if (t->heads[q] == from && q != p) t->heads[q] = from == p ? q : from;
    t->heads[p] = rng_percent(&t->rng, 70) && to != from ? to : p;
}

void timeline_act(struct timeline *t, u32 times)
{
    for (; times && t->count < TIMELINE_EVENTS; times--) {
        u64 dice = rng_below(&t->rng, 1000);
        event_persona p = 1 + (u32)rng_below(&t->rng, TIMELINE_PERSONAS);
        t->now += (i64)rng_below(&t->rng, 20) * SECOND;
        if (dice < 10 && t->count) {
            delete (t, (u32)rng_below(&t->rng, t->count));
        } else if (dice < 13) {
            forget(t, p, rng_below(&t->rng, t->record + 2) << 8);
        } else if (dice < 25) {
            move_head(t);
        } else {
            i64 late = rng_percent(&t->rng, 30) ? (i64)rng_below(&t->rng, 40) * HOUR : 0;
            timeline_append(t, p, t->now - late, dice == 999 ? 70000 : rng_below(&t->rng, 120));
        }
    }
}

void timeline_finish_job(struct timeline *t)
{
    if (!t->job) return;
    err e;
    while ((e = event_job_step(t->job, timeline_head, t, 0)) == ERR_AGAIN) continue;
    CHECK_OK(e);
    event_install(t->es, t->job);
    t->job = NULL;
}

void timeline_work(struct timeline *t, bool force, u32 steps)
{
    for (; steps; steps--) {
        if (!t->job) t->job = event_job(t->es, force);
        if (!t->job) return;
        err e = event_job_step(t->job, timeline_head, t, 0);
        if (e == ERR_AGAIN && event_job_parks(t->job) && rng_percent(&t->rng, 5)) {
            event_job_park(t->es, t->job);
            t->job = NULL;
        }
        if (e == ERR_AGAIN) continue;
        CHECK_OK(e);
        if (rng_percent(&t->rng, 90))
            event_install(t->es, t->job);
        else
            event_job_abandon(t->es, t->job);
        t->job = NULL;
    }
}

void timeline_seal(struct timeline *t)
{
    timeline_finish_job(t);
    do {
        t->job = event_job(t->es, true);
        timeline_finish_job(t);
    } while (t->es->tail_rows);
}

/* ---- saving and opening ---- */

void timeline_save(struct timeline *t)
{
    struct stream s = events_stream(t->es);
    u64 end;
    buf_reset(&t->saved.manifest);
    buf_reset(&t->saved.stream);
    events_manifest(t->es, &t->saved.manifest);
    s.range(s.ctx, NULL, &t->saved.stream_from, &end);
    size_t n = (size_t)(end - t->saved.stream_from);
    char *to = buf_room(&t->saved.stream, n);
    s.read(s.ctx, t->saved.stream_from, to, n);
    t->saved.stream.n += n;
    t->saved.deeds = t->deed_count;
    event_clean(t->es, buf_str(&t->saved.manifest));
}

static void do_again(struct timeline *t, struct deed d)
{
    const struct event *ev = &t->events[d.n % TIMELINE_EVENTS].ev;
    switch (d.kind) {
    case DEED_APPEND: event_append(t->es, ev); break;
    case DEED_DELETE: event_delete(t->es, ev->persona, ev->order); break;
    case DEED_FORGET: event_forget(t->es, d.n, d.before); break;
    }
}

static void load(struct timeline *t)
{
    struct stream s = events_stream(t->es);
    for (size_t at = 0, n; at < t->saved.stream.n; at += n) {
        n = min_size(1 + rng_below(&t->rng, 9000), t->saved.stream.n - at);
        CHECK_OK(s.load(s.ctx, t->saved.stream_from + at, (str){t->saved.stream.p + at, n}));
    }
}

void timeline_open(struct timeline *t)
{
    struct diag why = {0};
    bool stream_first = rng_percent(&t->rng, 50);
    events_free(t->es);
    t->job = NULL;
    open_events(t);
    if (stream_first) load(t);
    CHECK_OK(events_open(t->es, buf_str(&t->saved.manifest), &why));
    if (!stream_first) load(t);
    events_rebuild(t->es);
    for (u32 i = t->saved.deeds; i < t->deed_count; i++) do_again(t, t->deeds[i]);
}

/* ---- asking both ---- */

static bool same_event(const struct event *a, const struct event *b)
{
    return a->persona == b->persona && a->code == b->code && a->source == b->source &&
           a->flags == b->flags && a->occurred_ms == b->occurred_ms &&
           a->received_ms == b->received_ms && a->order == b->order && str_eq(a->props, b->props) &&
           (a->message_id.n == 0 || str_eq(a->message_id, b->message_id));
}

/* The twin's events of some personas in timeline order. */
struct answer {
    const struct event *events[TIMELINE_EVENTS];
    u32 count;
};

static int by_time(const void *a, const void *b)
{
    const struct event *x = *(const struct event *const *)a, *y = *(const struct event *const *)b;
    if (x->occurred_ms != y->occurred_ms) return x->occurred_ms < y->occurred_ms ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static struct answer *ask(const struct timeline *t, const bool *gone, u32 count, u64 personas,
                          i64 from, i64 to)
{
    struct answer *a = mem_alloc(sizeof *a);
    a->count = 0;
    for (u32 i = 0; i < count; i++) {
        const struct event *ev = &t->events[i].ev;
        bool wanted =
            personas >> ev->persona & 1 && ev->occurred_ms >= from && ev->occurred_ms < to;
        if (wanted && !gone[i]) a->events[a->count++] = ev;
    }
    qsort(a->events, a->count, sizeof a->events[0], by_time);
    return a;
}

static void check_span(struct timeline *t, const struct event_view *v, const bool *gone, u32 count,
                       u64 set, i64 from, i64 to)
{
    struct arena *arena = arena_new();
    event_persona personas[64];
    u32 n = 0, at = 0;
    struct event ev;
    for (event_persona p = TIMELINE_PERSONAS; p; p--)
        if (set >> p & 1) personas[n++] = p;
    struct answer *a = ask(t, gone, count, set, from, to);
    struct event_iter *it = event_iter(v, personas, n, from, to, arena);
    for (; event_next(it, &ev); at++) CHECK(at < a->count && same_event(&ev, a->events[at]));
    CHECK_EQ(at, a->count);
    it = event_iter_back(v, personas, n, from, to, arena);
    for (; event_next(it, &ev); at--) CHECK(at > 0 && same_event(&ev, a->events[at - 1]));
    CHECK_EQ(at, 0);
    if (a->count) {
        const struct event *one = a->events[rng_below(&t->rng, a->count)];
        CHECK(event_get(v, personas, n, one->order, one->occurred_ms, &ev, arena));
        CHECK(same_event(&ev, one));
        CHECK(!event_get(v, personas, n, one->order + 100, one->occurred_ms, &ev, arena));
    }
    free(a);
    arena_free(arena);
}

struct passing {
    const struct timeline *t;
    struct answer *answer;
    event_persona head;
    u64 served;
    u32 at, falls, left;
    const bool *gone;
    u32 count;
};

static u64 personas_of(const struct timeline *t, event_persona head)
{
    u64 set = 0;
    for (event_persona p = 1; p <= TIMELINE_PERSONAS; p++)
        if (t->heads[p] == head) set |= 1ull << p;
    return set;
}

static event_persona passing_head(void *ctx, event_persona p)
{
    const struct passing *x = ctx;
    return p <= TIMELINE_PERSONAS ? x->t->heads[p] : 0;
}

static bool on_passed(void *ctx, event_persona head, const struct event *ev)
{
    struct passing *x = ctx;
    if (head != x->head) {
        CHECK(!x->answer || x->at == x->answer->count);
        CHECK(!(x->served >> head & 1));
        x->served |= 1ull << head;
        x->falls += head < x->head;
        free(x->answer);
        x->answer = ask(x->t, x->gone, x->count, personas_of(x->t, head), INT64_MIN, INT64_MAX);
        x->head = head;
        x->at = 0;
    }
    CHECK(x->at < x->answer->count && same_event(ev, x->answer->events[x->at]));
    x->at++;
    return x->left-- > 1;
}

static void check_pass(const struct timeline *t, const struct event_view *v, const bool *gone,
                       u32 count)
{
    struct arena *arena = arena_new();
    struct passing x = {.t = t, .gone = gone, .count = count, .left = UINT32_MAX};
    u32 all = 0;
    for (u32 i = 0; i < count; i++) all += !gone[i] && t->heads[t->events[i].ev.persona];
    event_pass(v, passing_head, on_passed, &x, arena);
    CHECK_EQ(UINT32_MAX - x.left, all);
    CHECK(x.falls <= 1);
    free(x.answer);
    if (all > 1) {
        x = (struct passing){.t = t, .gone = gone, .count = count, .left = all / 2};
        event_pass(v, passing_head, on_passed, &x, arena);
        CHECK_EQ(x.left, 0);
        free(x.answer);
    }
    arena_free(arena);
}

static str name_of(void *ctx, u32 kind, u32 code)
{
    static char text[64];
    (void)ctx;
    return (str){text, (size_t)snprintf(text, sizeof text, "name %u of %u", code, kind)};
}

/* The canonical bytes, written out once more. */
static hash128 twin_digest(const struct timeline *t, const bool *gone, u32 count)
{
    hash128 sum = {0};
    struct buf b;
    buf_init(&b, 1 << 22);
    for (u32 i = 0; i < count; i++) {
        const struct event *ev = &t->events[i].ev;
        value v;
        u32 code;
        if (gone[i]) continue;
        buf_reset(&b);
        buf_u32(&b, ev->persona);
        buf_u64(&b, ev->order);
        buf_u64(&b, (u64)ev->occurred_ms);
        buf_u64(&b, (u64)ev->received_ms);
        buf_u32(&b, ev->flags);
        buf_str_varint(&b, name_of(NULL, NAME_EVENT, ev->code));
        buf_str_varint(&b, ev->source ? name_of(NULL, NAME_SOURCE, ev->source) : S(""));
        for (struct reader r = reader_of(ev->props); props_next(&r, &code, &v);) {
            buf_str_varint(&b, name_of(NULL, NAME_PROPERTY, code));
            value_put(&b, v);
        }
        buf_varint(&b, 0);
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
    }
    buf_clear(&b);
    return sum;
}

static void check_latest(const struct timeline *t, const struct event_view *v, const bool *gone,
                         u32 count, u32 max)
{
    struct event *out = mem_alloc((max + 1) * sizeof *out);
    struct arena *arena = arena_new();
    u32 n = event_latest(v, out, max, arena), at = 0;
    for (u32 i = count; i-- > 0 && at < max;) {
        if (gone[i]) continue;
        CHECK(at < n && same_event(&out[at], &t->events[i].ev));
        at++;
    }
    CHECK_EQ(n, at);
    arena_free(arena);
    free(out);
}

/* Everything the tail holds, from one place on, in pieces: what event_latest has, turned round. */
static void check_after(struct timeline *t, const struct event_view *v, const bool *gone, u32 count)
{
    struct event out[7];
    struct event_cursor cursor = {.order =
                                      count ? t->events[rng_below(&t->rng, count)].ev.order : 0};
    u32 i = 0, met = 0, n;
    u64 last = cursor.order;
    while ((n = event_after(v, &cursor, out, 7)))
        for (u32 k = 0; k < n; k++, met++) {
            CHECK(out[k].order > last);
            last = out[k].order;
            for (; i < count && t->events[i].ev.order != out[k].order; i++)
                CHECK(!met || gone[i]); /* of what it passed over nothing was alive */
            CHECK(i < count && !gone[i] && same_event(&out[k], &t->events[i].ev));
            i++;
        }
    CHECK_EQ(event_after(v, &cursor, out, 7), 0);
}

void timeline_check_view(struct timeline *t, const struct event_view *v, const bool *gone,
                         u32 count)
{
    hash128 a = events_digest(v, name_of, NULL), b = twin_digest(t, gone, count);
    CHECK(hash128_eq(a, b));
    for (u32 i = 0; i < 12; i++) {
        event_persona p = 1 + (u32)rng_below(&t->rng, TIMELINE_PERSONAS);
        u64 set = i < 6 ? personas_of(t, t->heads[p]) : rng_next(&t->rng) & rng_next(&t->rng);
        i64 from = t->now - (i64)rng_below(&t->rng, 60) * HOUR;
        set = (set | 1ull << p) & ((2ull << TIMELINE_PERSONAS) - 2);
        if (i % 2)
            check_span(t, v, gone, count, set, INT64_MIN, INT64_MAX);
        else
            check_span(t, v, gone, count, set, from, from + (i64)rng_below(&t->rng, 40) * HOUR);
    }
    check_pass(t, v, gone, count);
    check_after(t, v, gone, count);
    check_latest(t, v, gone, count, 10);
    check_latest(t, v, gone, count, 700);
}

static void check_seen(struct timeline *t)
{
    i64 window = t->options.dedupe_ms;
    for (u32 i = 0; i < t->count; i++) {
        const struct event *ev = &t->events[i].ev;
        bool expected = !t->events[i].gone && !hash128_is_zero(ev->dedupe);
        if (hash128_is_zero(ev->dedupe)) continue;
        event_prefetch(t->es, ev->dedupe);
        if (ev->received_ms + window > t->now) {
            CHECK_EQ(event_seen(t->es, ev->dedupe, ev->received_ms + window - 1), expected);
            CHECK_EQ(event_seen(t->es, ev->dedupe, t->now), expected);
        }
        CHECK(!event_seen(t->es, ev->dedupe, ev->received_ms + window));
    }
    CHECK(!event_seen(t->es, dedupe_of(1u << 30), t->now));
    CHECK(!event_seen(t->es, (hash128){0}, t->now));
}

void timeline_check(struct timeline *t)
{
    bool gone[TIMELINE_EVENTS];
    struct diag why = {0};
    u32 alive = 0;
    for (u32 i = 0; i < t->count; i++) {
        gone[i] = t->events[i].gone;
        alive += !gone[i];
    }
    CHECK_EQ(events_count(t->es), alive);
    timeline_check_view(t, event_view_live(t->es), gone, t->count);
    check_seen(t);
    CHECK_OK(events_check(t->es, &why));
}
