#include "server/speeds.h"

enum {
    BEGIN_PS = 1500, /* two cores; questions differ from a third of it to four times as much */
    TELLING_WORK = 100000, /* of less, what a run takes is what beginning takes */
    SMOOTHING = 4,
    FAR = 64, /* times the first: no run says more */
};
#define PS_PER_MS 1000000000ull

static u64 ps_of(const struct speeds *s, u32 kind)
{
    MUST(kind < SPEED_KINDS);
    return s->ps[kind] ? s->ps[kind] : BEGIN_PS;
}

i64 speeds_ms(const struct speeds *s, u32 kind, u64 work)
{
    u128 ms = ((u128)work * ps_of(s, kind) + PS_PER_MS / 2) / PS_PER_MS;
    return ms < 1 ? 1 : ms > INT64_MAX / 2 ? INT64_MAX / 2 : (i64)ms;
}

void speeds_learn(struct speeds *s, u32 kind, u64 work, i64 ns)
{
    if (work < TELLING_WORK || ns <= 0) return;
    u64 now = ps_of(s, kind), ps = (u64)((u128)ns * 1000 / work);
    if (ps < BEGIN_PS / FAR) ps = BEGIN_PS / FAR;
    if (ps > BEGIN_PS * FAR) ps = BEGIN_PS * FAR;
    s->ps[kind] = (now * (SMOOTHING - 1) + ps) / SMOOTHING;
}

void estimate_put(struct buf *out, const struct estimate *e)
{
    json_put_key(out, S("estimate"));
    buf_byte(out, '{');
    json_put_kv_i64(out, S("events"), (i64)e->events);
    json_put_kv_i64(out, S("indexed"), (i64)e->indexed);
    json_put_kv_i64(out, S("customers"), (i64)e->customers);
    json_put_kv_i64(out, S("ms"), e->ms);
    buf_byte(out, '}');
}
