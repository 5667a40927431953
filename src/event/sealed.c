/* sealed.c — opening a sealed file, proving pages as they are touched, finding a customer's rows.
 */
#include "event/sealed.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

static const char MAGIC[8] = "BKSEALED";

/* ---- opening ---- */

static u64 items(const struct sealed_header *h, section_kind kind, u64 bytes_each)
{
    return h->sections[kind].bytes / bytes_each;
}

static bool holds_items(const struct sealed_header *h, section_kind kind, u64 bytes_each)
{
    return h->sections[kind].bytes % bytes_each == 0;
}

static bool has_fences(const struct sealed_header *h, section_kind kind, u64 keys)
{
    u64 fences = (keys + SEALED_FENCE - 1) / SEALED_FENCE;
    return h->sections[kind].bytes == fences * sizeof(u32);
}

/* Every section lies between the header and the checks; the checks end the file. */
static bool lies_inside(const struct sealed_header *h)
{
    u64 checks = h->sections[SECTION_CHECKS].offset;
    if (checks < SEALED_HEADER || checks > h->bytes || checks % 8) return false;
    for (u32 i = 0; i < SECTION_COUNT; i++) {
        if (i == SECTION_CHECKS) continue;
        u64 offset = h->sections[i].offset, bytes = h->sections[i].bytes;
        if (offset > checks || bytes > checks - offset) return false;
        if (bytes && (offset < SEALED_HEADER || offset % 64)) return false;
    }
    u64 pages = (checks - SEALED_HEADER + SEALED_PAGE - 1) / SEALED_PAGE;
    return h->sections[SECTION_CHECKS].bytes == pages * sizeof(u64) &&
           h->bytes - checks == pages * sizeof(u64);
}

static bool holds_together(const struct sealed_header *h)
{
    u64 heads = items(h, SECTION_HEADS, sizeof(struct sealed_key));
    u64 moved = items(h, SECTION_MOVED, sizeof(struct sealed_key));
    return h->rows > 0 && h->rows <= SEALED_ROWS_MAX && h->first_order <= h->last_order &&
           h->section_count >= SECTIONS_FIRST && lies_inside(h) &&
           holds_items(h, SECTION_BLOCKS, sizeof(struct sealed_block)) &&
           h->sections[SECTION_BLOCKS].bytes > 0 && heads >= 2 && heads <= UINT32_MAX &&
           holds_items(h, SECTION_HEADS, sizeof(struct sealed_key)) &&
           has_fences(h, SECTION_HEAD_FENCES, heads - 1) &&
           holds_items(h, SECTION_MOVED, sizeof(struct sealed_key)) && moved <= UINT32_MAX &&
           has_fences(h, SECTION_MOVED_FENCES, moved) &&
           holds_items(h, SECTION_TEXT_ENDS, sizeof(u32)) &&
           h->sections[SECTION_TEXT_ENDS].bytes <= (SEALED_TEXTS_MAX + 1) * sizeof(u32) &&
           holds_items(h, SECTION_DEDUPE, sizeof(struct sealed_hash)) &&
           holds_items(h, SECTION_FILTER, FILTER_BLOCK) &&
           !h->sections[SECTION_DEDUPE].bytes == !h->sections[SECTION_FILTER].bytes &&
           holds_items(h, SECTION_DAYS, sizeof(struct sealed_day)) &&
           holds_items(h, SECTION_CHUNKS, sizeof(struct sealed_chunk)) &&
           !h->sections[SECTION_DAYS].bytes == !h->sections[SECTION_CHUNKS].bytes &&
           h->sections[SECTION_DAYS].bytes != sizeof(struct sealed_day);
}

MUST_USE static err read_header(struct sealed *s, u64 size, struct diag *why)
{
    u64 hash = 0;
    if (size < SEALED_HEADER)
        return diag_set(why, ERR_CORRUPT, "%s is cut off: it has %llu bytes", s->path,
                        (unsigned long long)size);
    memcpy(&s->head, s->map, sizeof s->head);
    memcpy(&hash, s->map + SEALED_HEADER - sizeof hash, sizeof hash);
    if (memcmp(s->head.magic, MAGIC, sizeof MAGIC) != 0 ||
        hash != hash_xxh64((str){(const char *)s->map, SEALED_HEADER - sizeof hash}))
        return diag_set(why, ERR_CORRUPT, "%s: the header is damaged", s->path);
    if (s->head.version != SEALED_VERSION)
        return diag_set(why, ERR_UNSUPPORTED, "%s is of version %u; this program reads version %d",
                        s->path, s->head.version, SEALED_VERSION);
    if (s->head.bytes != size)
        return diag_set(why, ERR_CORRUPT, "%s has %llu bytes and should have %llu", s->path,
                        (unsigned long long)size, (unsigned long long)s->head.bytes);
    if (!holds_together(&s->head))
        return diag_set(why, ERR_CORRUPT, "%s: the table of sections is wrong", s->path);
    u64 bytes;
    const u8 *checks = sealed_section(s, SECTION_CHECKS, &bytes);
    if (hash_xxh64((str){(const char *)checks, bytes}) != s->head.checks_hash)
        return diag_set(why, ERR_CORRUPT, "%s: the checksums are damaged", s->path);
    s->page_count = bytes / sizeof(u64);
    return ERR_OK;
}

MUST_USE static err open_file(struct sealed *s, struct diag *why)
{
    u64 size = 0;
    err e = env_open(s->env, s->path, FILE_READ, &s->file);
    if (e != ERR_OK) return diag_set(why, e, "%s cannot be opened", s->path);
    e = file_size(s->file, &size);
    const void *map = NULL;
    if (e == ERR_OK && size) e = file_map(s->file, size, &map);
    if (e != ERR_OK) return diag_set(why, e, "%s cannot be read", s->path);
    s->map = map;
    s->mapped = size;
    return read_header(s, size, why);
}

err sealed_open(struct env *env, const char *path, struct sealed **out, struct diag *why)
{
    struct sealed *s = mem_zalloc(sizeof *s);
    size_t n = strlen(path);
    MUST(n < sizeof s->path);
    memcpy(s->path, path, n);
    s->env = env;
    err e = open_file(s, why);
    if (e != ERR_OK) {
        sealed_close(s);
        return e;
    }
    s->checked = mem_zalloc((s->page_count / 64 + 1) * sizeof(u64));
    *out = s;
    return ERR_OK;
}

void sealed_close(struct sealed *s)
{
    if (!s) return;
    if (s->map) file_unmap(s->file, s->map, s->mapped);
    file_close(s->file);
    free(s->checked);
    free(s);
}

/* ---- pages ---- */

static bool page_is_sound(const struct sealed *s, u64 page)
{
    u64 end = s->head.sections[SECTION_CHECKS].offset, from = SEALED_HEADER + page * SEALED_PAGE;
    u64 to = from + SEALED_PAGE < end ? from + SEALED_PAGE : end, want;
    memcpy(&want, s->map + end + page * sizeof want, sizeof want);
    return hash_xxh64((str){(const char *)s->map + from, to - from}) == want;
}

bool sealed_is_sound(const struct sealed *s, const void *p, u64 n)
{
    if (n == 0) return true;
    u64 from = (u64)((const u8 *)p - s->map) - SEALED_HEADER;
    for (u64 page = from / SEALED_PAGE; page <= (from + n - 1) / SEALED_PAGE; page++) {
        u64 *word = &s->checked[page / 64], bit = 1ull << page % 64;
        if (LIKELY(__atomic_load_n(word, __ATOMIC_RELAXED) & bit)) continue;
        if (!page_is_sound(s, page)) return false;
        __atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
    }
    return true;
}

void sealed_touch(const struct sealed *s, const void *p, u64 n)
{
    bool sealed_file_is_sound = sealed_is_sound(s, p, n);
    MUST(sealed_file_is_sound);
}

/* ---- finding ---- */

static struct sealed_keys keys_of(const struct sealed *s, section_kind keys, section_kind fences)
{
    u64 key_bytes, fence_bytes;
    struct sealed_keys k = {.s = s};
    k.keys = (const void *)sealed_section(s, keys, &key_bytes);
    k.fences = (const void *)sealed_section(s, fences, &fence_bytes);
    k.count = (u32)(key_bytes / sizeof *k.keys);
    k.fence_count = (u32)(fence_bytes / sizeof *k.fences);
    return k;
}

struct sealed_keys sealed_heads(const struct sealed *s)
{
    struct sealed_keys k = keys_of(s, SECTION_HEADS, SECTION_HEAD_FENCES);
    k.count--;
    return k;
}

struct sealed_keys sealed_moved(const struct sealed *s)
{
    return keys_of(s, SECTION_MOVED, SECTION_MOVED_FENCES);
}

/* The first of [from, to) that is not below `key`. */
static u32 lower_among(const struct sealed_key *keys, u32 from, u32 to, u32 key)
{
    while (from < to) {
        u32 middle = from + (to - from) / 2;
        if (keys[middle].key < key)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

u32 sealed_lower_key(const struct sealed_keys *k, u32 key)
{
    return lower_among(k->keys, 0, k->count, key);
}

u32 sealed_find(const struct sealed_keys *k, u32 key)
{
    if (k->count == 0) return 0;
    sealed_touch(k->s, k->fences, k->fence_count * sizeof *k->fences);
    if (key < k->fences[0]) return k->count;
    u32 low = 0, high = k->fence_count;
    while (high - low > 1) {
        u32 middle = low + (high - low) / 2;
        if (k->fences[middle] <= key)
            low = middle;
        else
            high = middle;
    }
    u32 from = low * SEALED_FENCE, to = min_u32(from + SEALED_FENCE, k->count);
    sealed_touch(k->s, &k->keys[from], (to - from) * sizeof *k->keys);
    u32 at = lower_among(k->keys, from, to, key);
    return at < to && k->keys[at].key == key ? at : k->count;
}

event_persona sealed_head_of(const struct sealed_keys *moved, event_persona p)
{
    u32 i = sealed_find(moved, p);
    return i < moved->count ? moved->keys[i].value : p;
}

void sealed_rows(const struct sealed *s, event_persona head, u32 *from, u32 *to)
{
    struct sealed_keys heads = sealed_heads(s);
    u32 i = sealed_find(&heads, head);
    *from = *to = 0;
    if (i == heads.count) return;
    sealed_touch(s, &heads.keys[i + 1], sizeof heads.keys[0]);
    *from = heads.keys[i].value;
    *to = heads.keys[i + 1].value;
    MUST(*from < *to && *to <= s->head.rows);
}

/* ---- blocks and texts ---- */

u32 sealed_blocks(const struct sealed *s)
{
    return (u32)items(&s->head, SECTION_BLOCKS, sizeof(struct sealed_block));
}

const struct sealed_block *sealed_block_at(const struct sealed *s, u32 index)
{
    u64 bytes;
    const struct sealed_block *all = (const void *)sealed_section(s, SECTION_BLOCKS, &bytes);
    sealed_touch(s, &all[index], sizeof *all);
    return &all[index];
}

u32 sealed_find_block(const struct sealed *s, u32 row)
{
    u32 low = 0, high = sealed_blocks(s);
    while (high - low > 1) {
        u32 middle = low + (high - low) / 2;
        if (sealed_block_at(s, middle)->first_row <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

bool sealed_text(const struct sealed *s, u32 number, str *out)
{
    u64 count, bytes;
    u32 ends[2];
    const u8 *all = sealed_section(s, SECTION_TEXT_ENDS, &count);
    const char *texts = (const char *)sealed_section(s, SECTION_TEXTS, &bytes);
    if ((u64)number + 1 >= count / sizeof(u32)) return false;
    sealed_touch(s, all + number * sizeof(u32), sizeof ends);
    memcpy(ends, all + number * sizeof(u32), sizeof ends);
    if (ends[0] > ends[1] || ends[1] > bytes) return false;
    sealed_touch(s, texts + ends[0], ends[1] - ends[0]);
    *out = (str){texts + ends[0], ends[1] - ends[0]};
    return true;
}
