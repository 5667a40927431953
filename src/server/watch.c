#include "server/watch.h"

#include "server/call.h"
#include "server/channel_words.h"
#include "server/channels.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHANNELS = 256, HOURS = 24, JOURNEYS_MAX = 4096, JOURNEYS_EACH_MS = 3000 };

struct watched {
    struct watch_channel shown;
    u64 sent, failed; /* as the outbox counted them when it was looked at last */
    u32 sent_in[HOURS], failed_in[HOURS];
    i64 hour;
    bool changed, turned; /* since somebody was told: anything; the status or its reason */
};

struct watch {
    i64 looked_ms, journeys_ms;
    struct watched channels[CHANNELS];
    u64 journeys[JOURNEYS_MAX]; /* sums of their counters, in the order of journey_list */
    bool paused, held, told;
    struct {
        u32 code;
        u64 sent; /* when the day, or the process, began */
    } dawn[JOURNEYS_MAX];
    u32 dawn_count;
    i64 day; /* 0: not looked at yet */
};

void watch_begin(struct server *s)
{
    s->watch = mem_zalloc(sizeof *s->watch);
}

void watch_end(struct server *s)
{
    free(s->watch);
    s->watch = NULL;
}

/* ---- channels ---- */

/* The hours that have begun since are empty. */
static void turn_hours(struct watched *w, i64 now)
{
    i64 hour = now / HOUR;
    for (i64 h = max_i64(w->hour + 1, hour - HOURS + 1); h <= hour; h++)
        w->sent_in[h % HOURS] = w->failed_in[h % HOURS] = 0;
    w->hour = hour;
}

static void count(struct watched *w, const struct channel_state *st, i64 now)
{
    turn_hours(w, now);
    u32 at = (u32)(w->hour % HOURS);
    if (st->sent > w->sent) w->sent_in[at] += (u32)(st->sent - w->sent);
    if (st->failed > w->failed) w->failed_in[at] += (u32)(st->failed - w->failed);
    w->sent = st->sent;
    w->failed = st->failed;
    u64 sent = 0, failed = 0;
    for (u32 i = 0; i < HOURS; i++) sent += w->sent_in[i], failed += w->failed_in[i];
    w->changed |= sent != w->shown.sent_24h || failed != w->shown.failed_24h;
    w->shown.sent_24h = sent;
    w->shown.failed_24h = failed;
}

static void look_at(struct server *s, u32 channel, i64 now)
{
    struct watched *w = &s->watch->channels[channel];
    struct provider_health h = {0};
    struct channel_state st;
    outbox_channel_state(s->outbox, channel, &st);
    if (!st.connected && !w->shown.status) return;
    channel_health(s, channel, &h);
    bool rests = h.paused || st.rests_until_ms > now;
    const char *status = rests ? "paused" : st.connected ? "ok" : "unconnected";
    const char *why = h.paused ? h.detail : rests ? st.detail : "";
    count(w, &st, now);
    if (rests && why[0]) {
        snprintf(w->shown.last_error, sizeof w->shown.last_error, "%s", why);
        w->shown.last_error_ms = now;
    }
    if (w->shown.status == status && strcmp(w->shown.detail, why) == 0) return;
    if (w->shown.status != status) w->shown.since_ms = now;
    w->shown.status = status;
    snprintf(w->shown.detail, sizeof w->shown.detail, "%s", why);
    w->changed = w->turned = true;
}

/* ---- journeys by day ---- */

u64 watch_journey_sent(const struct journeys *js, u32 journey)
{
    struct version_info v;
    u32 cursor = 0;
    u64 n = 0;
    while (journey_next_version(js, journey, &cursor, &v))
        for (u32 i = MESSAGE_SENT; i <= MESSAGE_REPLIED; i++) n += v.messages[i];
    return n;
}

static void look_at_day(struct server *s, i64 now)
{
    struct watch *w = s->watch;
    i64 day = zone_day(engine_zone(s->engine), now);
    if (day == w->day) return;
    struct journey_info *list = mem_alloc(JOURNEYS_MAX * sizeof *list);
    w->day = day;
    w->dawn_count = journey_list(engine_journeys(s->engine), list, JOURNEYS_MAX);
    for (u32 i = 0; i < w->dawn_count; i++) {
        w->dawn[i].code = list[i].code;
        w->dawn[i].sent = watch_journey_sent(engine_journeys(s->engine), list[i].code);
    }
    free(list);
}

u64 watch_sent_today(const struct server *s, u32 journey, u64 sent)
{
    const struct watch *w = s->watch;
    for (u32 i = 0; i < w->dawn_count; i++)
        if (w->dawn[i].code == journey) return sent > w->dawn[i].sent ? sent - w->dawn[i].sent : 0;
    return sent; /* published today */
}

void watch_step(struct server *s, i64 now)
{
    if (now - s->watch->looked_ms < SECOND && now >= s->watch->looked_ms) return;
    s->watch->looked_ms = now;
    for (u32 i = 1; i < CHANNELS; i++) look_at(s, i, now);
    look_at_day(s, now);
}

bool watch_channel_of(const struct server *s, u32 channel, struct watch_channel *out)
{
    if (channel >= CHANNELS || !s->watch->channels[channel].shown.status) return false;
    *out = s->watch->channels[channel].shown;
    return true;
}

void watch_error(struct server *s, u32 channel, const char *detail, i64 now)
{
    struct watched *w = &s->watch->channels[channel % CHANNELS];
    snprintf(w->shown.last_error, sizeof w->shown.last_error, "%s", detail);
    w->shown.last_error_ms = now;
}

u64 watch_sent_since(const struct server *s, u32 channel, i64 from_ms, i64 now)
{
    u64 n = 0;
    if (channel >= CHANNELS) return 0;
    const struct watched *w = &s->watch->channels[channel];
    for (i64 h = max_i64(from_ms / HOUR, now / HOUR - HOURS + 1); h <= w->hour; h++)
        n += w->sent_in[h % HOURS];
    return n;
}

/* ---- telling ---- */

static void put_channel(struct server *s, struct buf *b, u32 channel)
{
    const struct watch_channel *w = &s->watch->channels[channel].shown;
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_str(b, S("channel"), names_text(engine_names(s->engine), NAME_CHANNEL, channel));
    json_put_kv_str(b, S("status"), str_of(w->status));
    if (w->detail[0]) {
        json_put_kv_str(b, S("detail"), str_of(w->detail));
        wording_put(b, S("words"), channel_words(w->status, str_of(w->detail)));
    }
    json_put_kv_time(b, S("since"), w->since_ms);
    json_put_kv_i64(b, S("sent_24h"), (i64)w->sent_24h);
    json_put_kv_i64(b, S("failed_24h"), (i64)w->failed_24h);
    buf_byte(b, '}');
}

static void put_channels(struct server *s, struct buf *b, bool all)
{
    struct watch *w = s->watch;
    bool any = false;
    for (u32 i = 1; i < CHANNELS; i++)
        any |= w->channels[i].shown.status && (all || w->channels[i].changed);
    if (!any) return;
    buf_put(b, S("event: channels\ndata: {\"items\":["));
    for (u32 i = 1; i < CHANNELS; i++) {
        if (!w->channels[i].shown.status || (!all && !w->channels[i].changed)) continue;
        put_channel(s, b, i);
        w->channels[i].changed = false;
    }
    buf_put(b, S("]}\n\n"));
}

static u64 reached_of(const struct journeys *js, u32 code)
{
    struct version_info v;
    u32 cursor = 0;
    u64 reached = 0;
    while (journey_next_version(js, code, &cursor, &v)) reached += v.reached;
    return reached;
}

static void put_journey(struct server *s, struct buf *b, const struct journey_info *i)
{
    json_put_comma(b);
    buf_byte(b, '{');
    json_put_kv_str(b, S("id"), i->id);
    json_put_kv_str(b, S("status"),
                    i->stopped  ? S("stopped")
                    : i->paused ? S("paused")
                                : S("live"));
    json_put_kv_i64(b, S("version"), i->version);
    json_put_kv_i64(b, S("entered"), (i64)i->entered);
    json_put_kv_i64(b, S("waiting"), (i64)i->waiting);
    json_put_kv_i64(b, S("done"), (i64)i->done);
    json_put_kv_i64(b, S("refused"), (i64)i->refused);
    json_put_kv_i64(b, S("reached"), (i64)reached_of(engine_journeys(s->engine), i->code));
    buf_byte(b, '}');
}

static void put_journeys(struct server *s, struct buf *b, bool all, i64 now)
{
    struct watch *w = s->watch;
    if (!all && now - w->journeys_ms < JOURNEYS_EACH_MS && now >= w->journeys_ms) return;
    w->journeys_ms = now;
    struct journey_info *list = mem_alloc(JOURNEYS_MAX * sizeof *list);
    u32 n = journey_list(engine_journeys(s->engine), list, JOURNEYS_MAX);
    bool begun = false;
    for (u32 i = 0; i < n; i++) {
        const struct journey_info *x = &list[i];
        u64 sum = x->entered * 31 + x->refused * 131 + x->waiting * 1031 + x->done * 10007 +
                  x->version * 100003ull + (u64)x->paused * 7 + (u64)x->stopped * 11 + 1;
        if (!all && w->journeys[i] == sum) continue;
        w->journeys[i] = sum;
        if (!begun) buf_put(b, S("event: journeys\ndata: {\"items\":["));
        begun = true;
        put_journey(s, b, x);
    }
    if (begun) buf_put(b, S("]}\n\n"));
    free(list);
}

static void put_pause(struct server *s, struct buf *b, bool all)
{
    struct watch *w = s->watch;
    bool paused = engine_promotion_held(s->engine), held = engine_sending_held(s->engine);
    if (!all && w->told && paused == w->paused && held == w->held) return;
    w->paused = paused;
    w->held = held;
    w->told = true;
    buf_put(b, S("event: pause\ndata: {"));
    json_put_kv_bool(b, S("paused"), paused);
    json_put_kv_bool(b, S("sending_held"), held);
    buf_put(b, S("}\n\n"));
}

/* A channel that does not work is worth a word on every page. */
static void put_alerts(struct server *s, struct buf *b)
{
    for (u32 i = 1; i < CHANNELS; i++) {
        struct watched *w = &s->watch->channels[i];
        bool turned = w->turned;
        w->turned = false;
        if (!turned || !w->shown.status || strcmp(w->shown.status, "ok") == 0) continue;
        buf_put(b, S("event: alert\ndata: {"));
        json_put_kv_str(b, S("kind"), S("channel_down"));
        json_put_kv_str(b, S("channel"), names_text(engine_names(s->engine), NAME_CHANNEL, i));
        wording_put(b, S("text"), channel_words(w->shown.status, str_of(w->shown.detail)));
        json_put_kv_str(b, S("detail"), str_of(w->shown.detail));
        json_put_kv_time(b, S("since"), w->shown.since_ms);
        buf_put(b, S("}\n\n"));
    }
}

void watch_put_live(struct server *s, struct buf *out, bool all, i64 now)
{
    put_alerts(s, out);
    put_channels(s, out, all);
    put_journeys(s, out, all, now);
    put_pause(s, out, all);
}
