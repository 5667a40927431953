/* crossings.c — how many entered and left each segment, day by day.
 *
 *   by code ─► newest day ─► the day before on which somebody crossed ─► … SEGMENT_DAYS_MAX
 *
 * Counted where crossings become events, so what is shown is what the timelines say. The oldest day
 * makes room for a new one. */
#include "engine/engine_internal.h"

enum { CROSSINGS_MAX = SEGMENTS_MAX * SEGMENT_DAYS_MAX };

struct crossing_row {
    u64 version;
    u32 older;
    i32 day;
    u32 entered, left, members, spare;
};

/* At the segment's code. */
struct crossings_row {
    u64 version;
    u32 newest, days;
};

void crossings_build(struct engine *e)
{
    e->crossings = table_new(e->store, "segment_days", sizeof(struct crossing_row), CROSSINGS_MAX);
    e->crossings_of =
        table_new(e->store, "segment_days_of", sizeof(struct crossings_row), NAMES_MAX);
}

static const struct crossing_row *day_at(const struct engine *e, u32 row)
{
    return table_at(e->crossings, row);
}

static void drop_oldest(struct engine *e, struct crossings_row *of)
{
    u32 row = of->newest, before = 0;
    while (day_at(e, row)->older) {
        before = row;
        row = day_at(e, row)->older;
    }
    if (before)
        ((struct crossing_row *)table_edit(e->crossings, before))->older = 0;
    else
        of->newest = 0;
    table_drop(e->crossings, row);
    of->days--;
}

/* A clock or a zone that went back counts on in the newest day. */
static u32 row_of_today(struct engine *e, u32 code)
{
    i32 today = (i32)zone_day(e->workspace_zone, e->now);
    struct crossings_row *of = table_has(e->crossings_of, code)
                                   ? table_edit(e->crossings_of, code)
                                   : table_claim(e->crossings_of, code);
    if (of->newest && day_at(e, of->newest)->day >= today) return of->newest;
    if (of->days == SEGMENT_DAYS_MAX) drop_oldest(e, of);
    u32 row = table_add(e->crossings);
    if (!row) return 0;
    struct crossing_row *r = table_edit(e->crossings, row);
    r->older = of->newest;
    r->day = today;
    of->newest = row;
    of->days++;
    return row;
}

void crossings_count(struct engine *e, u32 code, bool entered)
{
    u32 row = row_of_today(e, code);
    if (!row) return;
    struct crossing_row *r = table_edit(e->crossings, row);
    if (entered)
        r->entered++;
    else
        r->left++;
    r->members = segment_count(e->segments, code);
}

void crossings_forget(struct engine *e, u32 code)
{
    if (!table_has(e->crossings_of, code)) return;
    struct crossings_row *of = table_edit(e->crossings_of, code);
    for (u32 row = of->newest, older; row; row = older) {
        older = day_at(e, row)->older;
        table_drop(e->crossings, row);
    }
    of->newest = of->days = 0;
}

u32 engine_segment_days(struct engine *e, u32 code, struct segment_day *out, u32 max)
{
    u32 n = 0;
    if (!table_has(e->crossings_of, code)) return 0;
    u32 row = ((const struct crossings_row *)table_at(e->crossings_of, code))->newest;
    for (; row && n < max; row = day_at(e, row)->older) {
        const struct crossing_row *r = day_at(e, row);
        out[n++] = (struct segment_day){r->day, r->entered, r->left, r->members};
    }
    return n;
}

hash128 crossings_digest(struct engine *e)
{
    hash128 sum = {0};
    struct buf b;
    buf_init(&b, 4096);
    for (u32 code = 1; code < table_count(e->crossings_of); code++) {
        if (!table_has(e->crossings_of, code)) continue;
        u32 row = ((const struct crossings_row *)table_at(e->crossings_of, code))->newest;
        for (; row; row = day_at(e, row)->older) {
            const struct crossing_row *r = day_at(e, row);
            buf_reset(&b);
            buf_str_varint(&b, names_text(e->names, NAME_OBJECT, code));
            buf_u32(&b, (u32)r->day);
            buf_u32(&b, r->entered);
            buf_u32(&b, r->left);
            buf_u32(&b, r->members);
            sum = hash_add(sum, hash_xxh(buf_str(&b)));
        }
    }
    buf_clear(&b);
    return sum;
}
