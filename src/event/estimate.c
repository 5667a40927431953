/* estimate.c — counting rows by what directories say of them. */
#include "event/estimate.h"

#include "event/daily.h"
#include "event/scan_inside.h"

/* One wanted set of codes, asked of many blocks. */
struct looking {
    struct scan_want want;
    u32 code;   /* the only one, where there are no marks; 0: every one */
    u64 codes;  /* bit (code mod 64) for every wanted one */
    u32 stride; /* every so many-th block is looked at */
};

static u32 stride_of(const struct catalog *files, u32 blocks)
{
    u64 all = 0;
    for (u32 f = 0; f < files->count; f++) all += sealed_blocks(files->files[f]);
    return blocks ? (u32)((all + blocks - 1) / blocks) : 1;
}

static struct looking looking_for(const struct event_view *v, const u32 *marks, i64 from, i64 to,
                                  u32 blocks)
{
    struct looking k = {.want = {.marks = marks, .from = from, .to = to}};
    k.stride = stride_of(v->catalog, blocks);
    if (k.stride == 0) k.stride = 1;
    for (u32 code = 0; marks && code < SCAN_CODES; code++)
        k.codes |= (u64)(marks[code] != 0) << code % 64;
    return k;
}

static u64 rows_of(const struct sealed *s, u32 block)
{
    u32 end =
        block + 1 < sealed_blocks(s) ? sealed_block_at(s, block + 1)->first_row : s->head.rows;
    return end - sealed_block_at(s, block)->first_row;
}

static bool is_met(const struct looking *k, const struct sealed_block *e)
{
    const struct scan_want *w = &k->want;
    if (w->marks) return e->codes & k->codes && scan_may_have(w, e);
    if (e->occurred_max < w->from || e->occurred_min >= w->to) return false;
    return !k->code ||
           (e->codes >> k->code % 64 & 1 && k->code >= e->code_min && k->code <= e->code_max);
}

/* Blocks looked at stand for those between. */
static u64 of_file(const struct looking *k, const struct sealed *s)
{
    u32 count = sealed_blocks(s);
    u64 seen = 0, met = 0;
    if (s->head.occurred_max < k->want.from || s->head.occurred_min >= k->want.to) return 0;
    for (u32 i = min_u32(k->stride / 2, count / 2); i < count; i += k->stride) {
        const struct sealed_block *e = sealed_block_at(s, i);
        u64 rows = rows_of(s, i);
        seen += rows;
        met += is_met(k, e) ? rows : 0;
    }
    return seen ? (u64)((u128)s->head.rows * met / seen) : 0;
}

static u64 of_tail(const struct event_view *v)
{
    return v->es->tail_rows;
}

u64 event_estimate_scan(const struct event_view *v, const u32 *marks, i64 from, i64 to, u32 blocks)
{
    struct looking k = looking_for(v, marks, from, to, blocks);
    if (from >= to || (marks && !k.codes)) return 0;
    u64 rows = of_tail(v);
    for (u32 f = 0; f < v->catalog->count; f++) rows += of_file(&k, v->catalog->files[f]);
    return rows;
}

struct event_estimate event_estimate_count(const struct event_view *v, u32 code, i64 from, i64 to,
                                           u32 blocks)
{
    struct event_estimate e = {0};
    if (from >= to || code == 0) return e;
    struct looking k = looking_for(v, NULL, from, to, blocks);
    k.code = code;
    e.scanned = e.by_scan = of_tail(v);
    for (u32 f = 0; f < v->catalog->count; f++) {
        struct daily_index x;
        u32 day, end;
        u64 rows = of_file(&k, v->catalog->files[f]);
        e.by_scan += rows;
        if (!daily_open(&x, v->catalog->files[f])) {
            e.scanned += rows;
            continue;
        }
        daily_find(&x, code, from, to, &day, &end);
        for (; day < end; day++) e.indexed += x.days[day].rows;
    }
    return e;
}
