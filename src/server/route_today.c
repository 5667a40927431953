/* route_today.c — what the page Today shows, in one answer: what waits for a person, what goes out
 * within a day, what runs, and what is still to be done before anything can.
 *
 * All of it comes from counters and from the timers that are due, in pieces, so that nothing else
 * waits for it; the look ahead is kept for a minute. */
#include "server/channel_words.h"
#include "server/channels.h"
#include "server/memo.h"
#include "server/show.h"
#include "server/watch.h"

enum {
    AHEAD_MAX = 50000,  /* customers whose timers are looked at… */
    AHEAD_SLICE = 1000, /* …so many in one go */
    AHEAD_KEPT_MS = 60000,
    READY_MAX = 20000,
    TASKS_MAX = 10000,
    JOURNEYS_MAX = 200,
    HOURS = 25,
    CHANNELS = 256,
    REJECTED_MAX = 1000,
    DRAFTS_MAX = 1000
};

struct today {
    i64 now;
    u32 sources, draft_count, rejected;
    str *drafts; /* ids */
    struct arena *arena;
    /* ahead */
    persona *due;
    u32 due_count, at;
    bool complete;
    u32 counts[HOURS][CHANNELS], total;
    struct {
        u32 code, count;
    } journeys[JOURNEYS_MAX];
    u32 journey_count;
    /* what runs */
    struct journey_info *live;
    u32 live_count, live_journeys;
    bool used[CHANNELS]; /* by a journey that runs */
};

/* ---- what waits for a person ---- */

static void need_begin(struct buf *b, const char *kind, const char *severity)
{
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_str(b, S("kind"), str_of(kind));
    json_put_kv_str(b, S("severity"), str_of(severity));
}

static void put_object(struct buf *b, const char *type, str id)
{
    json_put_key(b, S("object"));
    buf_byte(b, '{');
    json_put_kv_str(b, S("type"), str_of(type));
    json_put_kv_str(b, S("id"), id);
    buf_byte(b, '}');
}

static void need(struct call *c, const char *kind, const char *severity, struct wording s)
{
    need_begin(&c->out, kind, severity);
    wording_put(&c->out, S("text"), s);
    buf_byte(&c->out, '}');
}

/* The number stands before the Chinese words, and after the English ones. */
static void need_count(struct call *c, const char *kind, const char *severity, const char *type,
                       u32 n, const char *zh, const char *en)
{
    struct buf *b = &c->out;
    need_begin(b, kind, severity);
    json_put_key(b, S("text"));
    buf_byte(b, '{');
    json_put_kv_str(b, S("zh"), arena_printf(c->arena, "%u%s", n, zh));
    json_put_kv_str(b, S("en"), arena_printf(c->arena, "%s: %u", en, n));
    buf_byte(b, '}');
    put_object(b, type, (str){0});
    json_put_kv_i64(b, S("count"), n);
    buf_byte(b, '}');
}

static void need_tasks(struct call *c, u32 due)
{
    struct buf *b = &c->out;
    const char *en =
        due == 1 ? "One task is due." : arena_printf(c->arena, "%u tasks are due.", due).p;
    need_begin(b, "tasks_due", "normal");
    wording_put(b, S("text"),
                (struct wording){arena_printf(c->arena, "%u 个任务已到时间。", due).p, en});
    put_object(b, "tasks", (str){0});
    json_put_kv_i64(b, S("count"), due);
    buf_byte(b, '}');
}

static void need_channel(struct call *c, u32 channel, const struct watch_channel *w)
{
    struct buf *b = &c->out;
    need_begin(b, "channel_down", "high");
    wording_put(b, S("text"), channel_words(w->status, str_of(w->detail)));
    put_object(b, "channel", names_text(engine_names(c->server->engine), NAME_CHANNEL, channel));
    if (w->detail[0]) json_put_kv_str(b, S("detail"), str_of(w->detail));
    json_put_kv_time(b, S("since"), w->since_ms);
    buf_byte(b, '}');
}

static void need_missing(struct call *c, u32 channel)
{
    struct buf *b = &c->out;
    need_begin(b, "channel_missing", "high");
    wording_put(
        b, S("text"),
        (struct wording){"有旅程要用这个渠道，但还没有接通；消息在等待。",
                         "A journey uses this channel, which is not connected; messages wait."});
    put_object(b, "channel", names_text(engine_names(c->server->engine), NAME_CHANNEL, channel));
    buf_byte(b, '}');
}

static void need_channels(struct call *c, const struct today *t)
{
    struct watch_channel w;
    for (u32 i = 1; i < CHANNELS; i++) {
        bool known = watch_channel_of(c->server, i, &w);
        bool is_down = known && strcmp(w.status, "ok") != 0;
        if (is_down && c->server->attached[i]) need_channel(c, i, &w);
        if (t->used[i] && !c->server->attached[i]) need_missing(c, i);
        bool many = known && w.failed_24h >= 5 && w.failed_24h * 10 >= w.sent_24h;
        if (many && !is_down)
            need_count(c, "message_failures", "normal", "channel", (u32)w.failed_24h,
                       " 条消息在 24 小时内发送失败。看看消息记录里的原因。",
                       "Messages that failed within 24 hours");
    }
}

static void need_journeys(struct call *c, const struct today *t)
{
    for (u32 i = 0; i < t->live_count; i++) {
        const struct journey_info *x = &t->live[i];
        if (!x->paused || !x->waiting) continue;
        need_begin(&c->out, "journey_paused", "low");
        wording_put(&c->out, S("text"),
                    (struct wording){"旅程已暂停，里面的客户在等待。",
                                     "The journey is paused; the people in it wait."});
        put_object(&c->out, "journey", x->id);
        json_put_kv_i64(&c->out, S("count"), (i64)x->waiting);
        buf_byte(&c->out, '}');
    }
}

static void put_tasks(struct call *c, const struct today *t, u32 *open, u32 *due)
{
    struct task_info task;
    u32 cursor = 0, looked = 0;
    *open = *due = 0;
    while (looked++ < TASKS_MAX && task_next(engine_journeys(c->server->engine), &cursor, &task)) {
        *open += !task.done;
        *due += !task.done && task.due_ms <= t->now;
    }
}

static void put_needs(struct call *c, const struct today *t, u32 due)
{
    struct server *s = c->server;
    json_put_key(&c->out, S("needs"));
    buf_byte(&c->out, '[');
    if (engine_sending_held(s->engine))
        need(c, "sending_held", "high",
             (struct wording){
                 "这是恢复的副本，或服务器时钟跳变过：确认之前不会发送任何消息。",
                 "This is a restored copy, or the clock jumped: nothing is sent before you "
                 "say so."});
    need_channels(c, t);
    if (atomic_load(&s->failing))
        need(c, "background", "high",
             (struct wording){"后台保存失败，可能磁盘已满。",
                              "Saving in the background fails; the disk "
                              "may be full."});
    if (engine_promotion_held(s->engine))
        need(c, "paused", "normal",
             (struct wording){"所有营销发送都已暂停。", "All promotional sending is paused."});
    if (due) need_tasks(c, due);
    if (t->rejected)
        need_count(c, "events_rejected", "low", "events", t->rejected, " 条数据在一小时内被拒收。",
                   "Events refused within an hour");
    need_journeys(c, t);
    buf_byte(&c->out, ']');
}

/* ---- the look ahead ---- */

static void count_one(void *ctx, u32 journey, u32 channel, i64 at)
{
    struct today *t = ctx;
    i64 hour = at / HOUR - t->now / HOUR;
    if (hour < 0) hour = 0;
    if (hour >= HOURS || channel >= CHANNELS) return;
    t->counts[hour][channel]++;
    t->total++;
    if (!journey) return;
    u32 i = 0;
    while (i < t->journey_count && t->journeys[i].code != journey) i++;
    if (i == JOURNEYS_MAX) return;
    if (i == t->journey_count) t->journeys[t->journey_count++].code = journey;
    t->journeys[i].count++;
}

static void put_hour(struct call *c, const struct today *t, u32 hour)
{
    struct buf *b = &c->server->ahead;
    bool any = false;
    for (u32 i = 0; i < CHANNELS; i++) any |= t->counts[hour][i] > 0;
    if (!any) return;
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_time(b, S("at"), (t->now / HOUR + hour) * HOUR);
    json_put_key(b, S("counts"));
    buf_byte(b, '{');
    for (u32 i = 1; i < CHANNELS; i++)
        if (t->counts[hour][i])
            json_put_kv_i64(b, names_text(engine_names(c->server->engine), NAME_CHANNEL, i),
                            t->counts[hour][i]);
    buf_put(b, S("}}"));
}

static void keep_ahead(struct call *c, const struct today *t)
{
    struct buf *b = &c->server->ahead;
    buf_reset(b);
    buf_byte(b, '{');
    json_put_kv_i64(b, S("total"), t->total);
    json_put_key(b, S("hours"));
    buf_byte(b, '[');
    for (u32 h = 0; h < HOURS; h++) put_hour(c, t, h);
    buf_byte(b, ']');
    json_put_key(b, S("journeys"));
    buf_byte(b, '[');
    for (u32 i = 0; i < t->journey_count; i++) {
        json_put_comma(b);
        buf_byte(b, '{');
        json_put_kv_str(
            b, S("id"),
            names_text(engine_names(c->server->engine), NAME_OBJECT, t->journeys[i].code));
        json_put_kv_i64(b, S("count"), t->journeys[i].count);
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
    json_put_kv_bool(b, S("complete"), t->complete);
    buf_byte(b, '}');
    c->server->ahead_ms = t->now;
}

/* ---- what runs ---- */

static void put_goal(struct buf *b, const struct version_info *sum)
{
    if (!sum->has_goal) return;
    json_put_key(b, S("goal"));
    buf_byte(b, '{');
    json_put_kv_i64(b, S("reached"), (i64)sum->reached);
    json_put_key(b, S("rate"));
    fixed_put(b, sum->entered ? (fixed)(sum->reached * FIXED_ONE / sum->entered) : 0);
    json_put_key(b, S("target"));
    if (sum->goal_target)
        fixed_put(b, sum->goal_target);
    else
        buf_put(b, S("null"));
    buf_byte(b, '}');
}

/* All versions together: how many came, reached it, and were sent something. */
static struct version_info sum_of(struct call *c, u32 code, u64 *sent, u32 *newest)
{
    struct version_info v, sum = {0};
    u32 cursor = 0;
    *sent = 0;
    while (journey_next_version(engine_journeys(c->server->engine), code, &cursor, &v)) {
        sum.entered += v.entered;
        sum.reached += v.reached;
        sum.has_goal |= v.has_goal;
        sum.goal_target = v.goal_target;
        for (u32 i = MESSAGE_SENT; i <= MESSAGE_REPLIED; i++) *sent += v.messages[i];
        *newest = v.index;
    }
    return sum;
}

static void put_channels_of(struct call *c, struct today *t, u32 version, bool runs)
{
    struct engine *e = c->server->engine;
    bool seen[CHANNELS] = {0};
    struct step_info step;
    u32 cursor = 0;
    json_put_key(&c->out, S("channels"));
    buf_byte(&c->out, '[');
    while (journey_next_step(engine_journeys(e), version, &cursor, &step)) {
        u32 code = step.channel.n ? names_find(engine_names(e), NAME_CHANNEL, step.channel) : 0;
        if (!code || code >= CHANNELS || seen[code]) continue;
        seen[code] = true;
        t->used[code] |= runs;
        json_put_comma(&c->out);
        json_put_str(&c->out, step.channel);
    }
    buf_byte(&c->out, ']');
}

static void put_journey(struct call *c, struct today *t, const struct journey_info *x)
{
    struct buf *b = &c->out;
    const struct json *source = NULL, *name = NULL;
    u64 sent;
    u32 newest = 0;
    str text = engine_object(c->server->engine, OBJECT_JOURNEY, x->id, NULL);
    if (json_parse(arena_str(c->arena, text), c->arena, &source, NULL) == ERR_OK)
        name = json_get(source, "name");
    struct version_info sum = sum_of(c, x->code, &sent, &newest);
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), x->id);
    json_put_key(b, S("name"));
    if (name)
        json_put(b, name);
    else
        json_put_str(b, x->id);
    json_put_kv_str(b, S("status"), x->paused ? S("paused") : S("live"));
    json_put_kv_i64(b, S("version"), x->version);
    put_channels_of(c, t, newest, !x->paused);
    json_put_kv_i64(b, S("waiting"), (i64)x->waiting);
    json_put_kv_i64(b, S("entered"), (i64)x->entered);
    json_put_kv_i64(b, S("sent"), (i64)sent);
    json_put_kv_i64(b, S("sent_today"), (i64)watch_sent_today(c->server, x->code, sent));
    put_goal(b, &sum);
    buf_byte(b, '}');
}

static void put_journeys(struct call *c, struct today *t)
{
    enum { ALL = 4096 };
    struct journey_info *all = arena_alloc(c->arena, ALL * sizeof *all);
    u32 n = journey_list(engine_journeys(c->server->engine), all, ALL);
    t->live = arena_alloc(c->arena, (n + 1) * sizeof *all);
    json_put_key(&c->out, S("journeys"));
    buf_byte(&c->out, '[');
    for (u32 i = 0; i < n; i++) {
        if (all[i].stopped) continue;
        t->live_journeys++;
        if (t->live_count == JOURNEYS_MAX) continue;
        t->live[t->live_count++] = all[i];
        put_journey(c, t, &all[i]);
    }
    buf_byte(&c->out, ']');
}

/* ---- the rest ---- */

static void put_sent(struct call *c, const struct today *t)
{
    struct engine *e = c->server->engine;
    const struct zone *zone = engine_zone(e);
    i64 midnight = zone_day_start(zone, zone_day(zone, t->now));
    json_put_key(&c->out, S("sent_today"));
    buf_byte(&c->out, '{');
    for (u32 i = 1; i < CHANNELS; i++) {
        u64 n = watch_sent_since(c->server, i, midnight, t->now);
        if (n) json_put_kv_i64(&c->out, names_text(engine_names(e), NAME_CHANNEL, i), (i64)n);
    }
    buf_byte(&c->out, '}');
}

static bool put_channel_names(struct call *c)
{
    enum { MAX = 256 };
    struct engine *e = c->server->engine;
    u32 codes[MAX], n = engine_objects(e, OBJECT_CHANNEL, codes, MAX);
    bool real = false;
    json_put_key(&c->out, S("channels"));
    buf_byte(&c->out, '[');
    for (u32 i = 0; i < n; i++) {
        const struct json *j;
        str id = names_text(engine_names(e), NAME_OBJECT, codes[i]);
        str source = engine_object(e, OBJECT_CHANNEL, id, NULL);
        if (json_parse(arena_str(c->arena, source), c->arena, &j, NULL) != ERR_OK) continue;
        real |= !str_eq(json_get_str(j, "provider", (str){0}), S("outbox"));
        json_put_comma(&c->out);
        json_put_str(&c->out, json_get_str(j, "channel", id));
    }
    buf_byte(&c->out, ']');
    json_put_kv_bool(&c->out, S("done"), n > 0);
    return real;
}

/* Those of which nothing is live yet. */
static u32 drafts_only(struct call *c, const struct today *t)
{
    struct journey_info x;
    u32 n = 0;
    for (u32 i = 0; i < t->draft_count; i++)
        n += !journey_find(engine_journeys(c->server->engine), t->drafts[i], &x);
    return n;
}

static void put_first_steps(struct call *c, const struct today *t)
{
    struct buf *b = &c->out;
    u64 customers = engine_stats(c->server->engine).customers;
    buf_put(b, S(",\"first_steps\":{\"data\":{"));
    json_put_kv_bool(b, S("done"), customers > 0);
    json_put_kv_i64(b, S("customers"), (i64)customers);
    json_put_kv_i64(b, S("sources"), t->sources);
    buf_put(b, S("},\"channel\":{"));
    json_put_kv_bool(b, S("real"), put_channel_names(c));
    buf_put(b, S("},\"playbook\":{"));
    json_put_kv_bool(b, S("done"), t->live_journeys > 0);
    json_put_kv_i64(b, S("drafts"), drafts_only(c, t));
    json_put_kv_i64(b, S("live"), t->live_journeys);
    buf_put(b, S("}}"));
}

static err put_all(struct call *c)
{
    struct today *t = c->data;
    struct engine *e = c->server->engine;
    struct buf *b = &c->out;
    u32 open, due;
    value zone = engine_setting(e, S("zone"));
    buf_byte(b, '{');
    json_put_kv_time(b, S("at"), t->now);
    json_put_kv_str(b, S("zone"), zone.type == VALUE_TEXT ? zone.text : S("UTC"));
    json_put_kv_bool(b, S("paused"), engine_promotion_held(e));
    json_put_kv_bool(b, S("sending_held"), engine_sending_held(e));
    put_tasks(c, t, &open, &due);
    json_put_key(b, S("tasks"));
    buf_printf(b, "{\"open\":%u,\"due\":%u}", open, due);
    put_journeys(c, t);
    put_needs(c, t, due);
    json_put_key(b, S("next_24h"));
    buf_put(b, buf_str(&c->server->ahead));
    put_sent(c, t);
    put_first_steps(c, t);
    buf_byte(b, '}');
    return ERR_OK;
}

static err look_on(struct call *c)
{
    struct today *t = c->data;
    struct ahead a = {count_one, t};
    for (u32 i = 0; i < AHEAD_SLICE && t->at < t->due_count; i++)
        engine_ahead(c->server->engine, t->due[t->at++], t->now + DAY, &a);
    if (t->at < t->due_count) return call_engine(c, look_on);
    keep_ahead(c, t);
    return put_all(c);
}

static err look(struct call *c)
{
    struct today *t = c->data;
    struct server *s = c->server;
    struct ahead a = {count_one, t};
    bool more;
    if (s->ahead_ms && t->now - s->ahead_ms < AHEAD_KEPT_MS && t->now >= s->ahead_ms)
        return put_all(c);
    t->due = arena_alloc(c->arena, AHEAD_MAX * sizeof *t->due);
    t->due_count = engine_due_before(s->engine, t->now + DAY, t->due, AHEAD_MAX, &more);
    t->complete = engine_ready_ahead(s->engine, READY_MAX, &a) && !more;
    return look_on(c);
}

static void keep_draft(void *ctx, str id, str source)
{
    struct today *t = ctx;
    (void)source;
    if (t->draft_count < DRAFTS_MAX) t->drafts[t->draft_count++] = arena_str(t->arena, id);
}

static bool count_rejected(void *ctx, const struct memo_rejected *r)
{
    u32 *n = ctx;
    (void)r;
    return ++*n < REJECTED_MAX;
}

static err today(struct call *c)
{
    struct today *t = arena_zalloc(c->arena, sizeof *t);
    struct server *s = c->server;
    struct office_source *sources;
    t->now = server_now(s);
    t->sources = office_sources(s->office, &sources);
    t->arena = c->arena;
    t->drafts = arena_alloc(c->arena, DRAFTS_MAX * sizeof *t->drafts);
    office_drafts(s->office, S("journey"), keep_draft, t);
    memo_rejected_each(s->memo, INT64_MAX, t->now - HOUR, t->now + SECOND, (str){0}, count_rejected,
                       &t->rejected);
    c->data = t;
    return call_engine(c, look);
}

extern const struct route ROUTES_TODAY[];
const struct route ROUTES_TODAY[] = {
    {METHOD_GET, "/api/v1/today", NEEDS_SCOPE, SCOPE_REPORTS_READ, ON_LOOP, today}, {0}};
