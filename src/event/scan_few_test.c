/* Few customers out of many blocks: what a scan of some tells is what one of everybody says of
 * them, from files of many blocks, with customers who lie across them, erased and strayed rows. */
#include "event/scan.h"
#include "event/village_test.h"
#include "log/names.h"

#include <stdlib.h>

enum { PROPERTIES = 3 };

/* All that a scan says, customer by customer, as text. */
static u64 told(struct village *t, const struct scan_want *w, str *of, struct arena *arena)
{
    struct scan_batch s;
    struct buf b;
    u64 events = 0;
    struct event_scan *scan = event_scan_new(event_view_live(t->es), w, village_head, t, 3);
    buf_init(&b, 1 << 26);
    memset(of, 0, (VILLAGE_PEOPLE + 1) * sizeof *of);
    for (u32 slice = 0; slice < event_scan_slices(scan); slice++)
        while (event_scan_next(scan, slice, &s) == ERR_OK) {
            t->packed_times += !s.time;
            t->kinds += !s.mark;
            for (u32 c = 0; c < s.customers; c++) {
                buf_reset(&b);
                for (u32 i = s.start[c]; i < s.start[c + 1]; i++, events++) {
                    i64 time = s.time ? s.time[i] : packed_time(&s.packed, i);
                    buf_printf(&b, "%lld %u", (long long)time,
                               s.mark ? s.mark[i] : s.kind_marks[s.kind[i]]);
                    if (w->codes) buf_printf(&b, " %u", s.code[i]);
                    if (w->orders) buf_printf(&b, " %llu", (unsigned long long)s.order[i]);
                    if (w->sources) buf_printf(&b, " %u", s.source[i]);
                    for (u32 p = 0; p < w->property_count; p++) {
                        const struct scan_column *k = &s.columns[p];
                        buf_printf(&b, " %u", k->valid[i]);
                        if (k->valid[i] == SCAN_IS_NUMBER && k->number)
                            buf_printf(&b, ":%lld", (long long)k->number[i]);
                        if (k->valid[i] && k->text) buf_put(&b, event_scan_text(scan, k->text[i]));
                        if (k->valid[i] && k->value && (!k->number || k->valid[i] == SCAN_IS_OTHER))
                            value_put(&b, k->value[i]);
                    }
                    buf_byte(&b, '\n');
                }
                CHECK(s.head[c] <= VILLAGE_PEOPLE && !of[s.head[c]].n);
                of[s.head[c]] = arena_str(arena, buf_str(&b));
            }
        }
    event_scan_free(scan);
    buf_clear(&b);
    return events;
}

static void check_few(struct village *t, u32 round, u32 *marks, struct arena *arena)
{
    static const struct scan_property WANTED[PROPERTIES] = {
        {1, SCAN_NUMBER}, {2, SCAN_TEXT}, {2, SCAN_VALUE}};
    u64 who[VILLAGE_PEOPLE / 64 + 1] = {0};
    str *all = arena_alloc(arena, (VILLAGE_PEOPLE + 1) * sizeof *all),
        *few = arena_alloc(arena, (VILLAGE_PEOPLE + 1) * sizeof *few);
    u32 share = round % 4 == 3 ? 2 : 4u << round % 8; /* one customer in so many */
    i64 from = (i64)rng_below(&t->rng, 2 * VILLAGE_ROWS) * 1000;
    struct scan_want w = {.marks = round % 3 ? marks : NULL,
                          .from = round % 2 ? from : INT64_MIN,
                          .to = round % 2 ? from + 20000000 : INT64_MAX,
                          .properties = WANTED,
                          .property_count = round % (PROPERTIES + 1),
                          .codes = round % 5 == 0,
                          .orders = round % 7 == 0,
                          .sources = round % 5 == 1};
    memset(marks, 0, (VILLAGE_SYSTEM + 1) * sizeof *marks);
    for (u32 i = 0; i <= round % 3; i++) marks[1 + rng_below(&t->rng, VILLAGE_CODES)] = 3 + i;
    for (event_persona p = 1; p <= VILLAGE_PEOPLE; p++)
        who[p / 64] |= (u64)(rng_below(&t->rng, share) == 0) << p % 64;
    told(t, &w, all, arena);
    w.who = who;
    w.who_end = VILLAGE_PEOPLE + 1;
    u64 events = told(t, &w, few, arena);
    CHECK(events < VILLAGE_ROWS || share == 2);
    for (event_persona p = 1; p <= VILLAGE_PEOPLE; p++) {
        bool wanted = who[p / 64] >> p % 64 & 1;
        CHECK(str_eq(few[p], wanted ? all[p] : (str){0}));
    }
}

TEST("of few customers a scan tells what it tells of them among everybody, from many blocks")
{
    struct village *t = village_new(arena, 1000, 500);
    u32 *marks = mem_zalloc((NAMES_MAX + 1) * sizeof *marks);
    CHECK(sealed_blocks(t->es->catalog->files[0]) > 5);
    for (u32 round = 0; round < 48; round++) {
        struct arena *scratch = arena_new();
        if (round == 16)
            for (event_persona p = 3; p < VILLAGE_PEOPLE; p += 41)
                event_forget(t->es, p, event_order(VILLAGE_ROWS + 9000, 0));
        if (round == 32) {
            t->heads[101] = t->heads[102] = 100;
            t->heads[500] = 0;
        }
        check_few(t, round, marks, scratch);
        arena_free(scratch);
    }
    free(marks);
    village_free(t);
}

TEST("what a scan leaves packed is what it would have unpacked")
{
    for (u32 tail = 0; tail < 2; tail++) {
        struct village *t = village_new(arena, 1000, tail * 3);
        u32 *marks = mem_zalloc((NAMES_MAX + 1) * sizeof *marks);
        str *plain = arena_alloc(arena, (VILLAGE_PEOPLE + 1) * sizeof *plain),
            *packed = arena_alloc(arena, (VILLAGE_PEOPLE + 1) * sizeof *packed);
        for (u32 round = 0; round < 8; round++) {
            i64 from = (i64)rng_below(&t->rng, 2 * VILLAGE_ROWS) * 1000;
            struct scan_want w = {.marks = marks,
                                  .from = round % 4 == 3 ? from : INT64_MIN,
                                  .to = INT64_MAX,
                                  .codes = round % 4 == 2};
            for (u32 code = 1; code <= VILLAGE_CODES; code++)
                marks[code] = round % 2 && rng_percent(&t->rng, 40) ? 0 : 1 + code % 3;
            if (round == 6) event_forget(t->es, 3, event_order(VILLAGE_ROWS + 30000, 0));
            u32 before = t->packed_times + t->kinds;
            told(t, &w, plain, arena);
            CHECK_EQ(t->packed_times + t->kinds, before);
            w.packed_times = w.kinds = true;
            told(t, &w, packed, arena);
            for (event_persona p = 1; p <= VILLAGE_PEOPLE; p++) CHECK(str_eq(plain[p], packed[p]));
        }
        CHECK(t->packed_times > 2 && t->kinds > 8);
        free(marks);
        village_free(t);
    }
}
