/* zone_fuzz.c — TZif bytes from anywhere: no read outside, no endless walk, and the look-ups agree:
 * a moment's local time resolves to a moment not later that shows the same local time; a local time
 * that is said to be skipped shows up nowhere. First 8 bytes: the moment. */
#include "base/zone.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define EXACT ((i64)700000000000000000)

static void check(const struct zone *z, i64 ms)
{
    local_kind kind;
    civil local = zone_local(z, ms);
    i64 first = zone_resolve(z, local, &kind);
    if (ms > EXACT || ms < -EXACT) return;
    MUST(kind != LOCAL_SKIPPED && first <= ms && (kind == LOCAL_TWICE || first == ms));
    MUST(civil_ms(zone_local(z, first)) == civil_ms(local));
    i64 next = zone_next_change(z, ms);
    MUST(next > ms);
    MUST(next == NEVER || zone_offset(z, next) != zone_offset(z, next - 1));
    MUST(zone_next_clock(z, ms, 9 * HOUR) > ms);
    i64 from, to;
    for (period p = PERIOD_DAY; p <= PERIOD_MONTH; p++) zone_period(z, ms, p, &from, &to);
    zone_add(z, ms, (duration){.months = 1});
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    i64 ms;
    if (size < sizeof ms) return 0;
    memcpy(&ms, data, sizeof ms);
    str bytes = {(const char *)data + sizeof ms, size - sizeof ms};
    struct arena *arena = arena_new();
    const struct zone *z = zone_parse(bytes, arena);
    if (z) check(z, ms), check(z, ms % (400 * 365 * DAY));
    arena_free(arena);
    iso_time iso;
    duration d;
    i64 clock;
    if (iso_parse(bytes, &iso)) iso_ms(&iso);
    (void)(duration_parse(bytes, &d) + clock_parse(bytes, &clock));
    return 0;
}
