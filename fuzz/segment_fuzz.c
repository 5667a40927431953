/* segment_fuzz.c — a sealed file of any bytes is refused, found damaged, or read whole without a
 * fault.
 *
 * First byte: odd, and the checksums are made to fit the bytes, so that what they guard is reached.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "event/block.h"
#include "event/daily.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void sign(u8 *bytes, u64 size)
{
    struct sealed_header h;
    if (size < SEALED_HEADER) return;
    memcpy(&h, bytes, sizeof h);
    h.bytes = size;
    u64 checks = h.sections[SECTION_CHECKS].offset, count = 0;
    if (checks < SEALED_HEADER || checks > size) return;
    for (u64 at = SEALED_HEADER; at < checks; at += SEALED_PAGE, count++) {
        u64 hash = hash_xxh64((str){(char *)bytes + at, min_size(SEALED_PAGE, checks - at)});
        if (size - checks < (count + 1) * sizeof hash) return;
        memcpy(bytes + checks + count * sizeof hash, &hash, sizeof hash);
    }
    h.checks_hash = hash_xxh64((str){(char *)bytes + checks, size - checks});
    memcpy(bytes, &h, sizeof h);
    u64 hash = hash_xxh64((str){(char *)bytes, SEALED_HEADER - sizeof hash});
    memcpy(bytes + SEALED_HEADER - sizeof hash, &hash, sizeof hash);
}

/* Every event and day: as many rows as it says. */
static void read_days(const struct sealed *s)
{
    struct daily_index x;
    u32 customers[DAILY_ROWS], count = sealed_heads(s).count;
    i64 rows[DAILY_ROWS];
    if (!daily_open(&x, s)) return;
    for (u32 i = 0; i < x.count; i++) {
        u32 first, end, n = 0;
        i64 from = (i64)x.days[i].day * DAILY_MS;
        daily_find(&x, x.days[i].code, from, from + 1, &first, &end);
        MUST(first == i && end == i + 1);
        for (u32 k = x.days[i].chunk; k < x.days[i + 1].chunk; k++) {
            daily_read(&x, &x.chunks[k], customers, rows);
            n += x.chunks[k].rows;
            for (u32 r = 0; r < x.chunks[k].rows; r++) MUST(customers[r] < count);
        }
        MUST(n == x.days[i].rows);
    }
}

/* Everything a sound file answers. */
static void read_all(const struct sealed *s)
{
    struct sealed_keys heads = sealed_heads(s), moved = sealed_moved(s);
    struct arena *arena = arena_new();
    struct block b = {0};
    u64 hashes, met = 0, bytes = 0;
    u32 from, to;
    for (u32 row = 0; row < s->head.rows; row++) {
        struct event ev;
        arena_reset(arena);
        block_at(&b, s, row);
        block_event(&b, row, arena, &ev);
        for (size_t i = 0; i < ev.props.n; i++) bytes += (u8)ev.props.p[i];
        sealed_rows(s, sealed_head_of(&moved, ev.persona), &from, &to);
        MUST(row >= from && row < to);
        MUST(sealed_lower(&b, s, from, to, ev.occurred_ms) <= row);
    }
    for (u32 i = 0; i < heads.count; i++) {
        sealed_rows(s, heads.keys[i].key, &from, &to);
        met += to - from;
    }
    arena_free(arena);
    MUST(met == s->head.rows && bytes != 1);
    read_days(s);
    const struct sealed_hash *all = sealed_hashes(s, &hashes);
    for (u64 i = 0; i < hashes; i++) {
        u64 count;
        MUST(sealed_seen(s, all[i].dedupe, &count) && count > 0);
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    struct env *env = env_sim(1);
    struct file *f;
    struct sealed *s;
    struct diag why = {0};
    if (size == 0) data = (const u8 *)"", size = 1;
    u8 *bytes = mem_alloc(size);
    memcpy(bytes, data + 1, size - 1);
    if (data[0] & 1) sign(bytes, size - 1);
    MUST(env_open(env, "/file", FILE_NEW, &f) == ERR_OK);
    MUST(file_write(f, 0, bytes, size - 1) == ERR_OK);
    file_close(f);
    if (sealed_open(env, "/file", &s, &why) == ERR_OK) {
        if (sealed_check(s, &why) == ERR_OK)
            read_all(s);
        else
            MUST(why.message[0]);
        sealed_close(s);
    }
    env_free(env);
    free(bytes);
    return 0;
}
