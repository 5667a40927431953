/* import_deal.c — events of history by customer, wherever her rows stand in the file.
 *
 *   pass 1: rows, read once ─who─► one of up to 256 files, each small enough for memory
 *   pass 2: a file ─sorted by customer─► BULK records of all her rows, in the order of identifiers
 *
 * So a customer is looked up once in the whole file, and new ones get their numbers as their events
 * come. A file of pass 1 holds identifiers of a range, by values from all over the file: who was
 * numbered one after the other, here or where the identifiers come from, comes so; then what is
 * sealed of them is in order already, and rows are near those they meet. Where no range can be
 * told, or some hold too much, their hash says which file it is.
 *
 * Both passes depend on the file alone: a place in pass 2 is the same after a crash. A row that is
 * refused counts, and is told, in pass 1; others count as their records are made. A file of a few
 * MiB is dealt out in memory. */
#include "intake/import_inside.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "customer/customer.h"
#include "event/place.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <stddef.h>
#include <stdio.h>

enum {
    PARTS_MAX = 256,
    FLUSH_BYTES = 128 << 10,
    GATHER_LEAST = 16 << 10,
    AHEAD = 8 /* rows fetched early */,
    SLOTS_FIRST = 4096
};
static const u64 PART_BYTES = 4 << 20;
static const u64 PART_BYTES_MAX = (u64)1 << 30;
static const u64 PART_BYTES_UNEVEN = 16 << 20; /* of a range, unless they are all that large */

/* A row in a part; behind it its identifier, the same as sent if that differs, its properties. */
struct dealt_row {
    i64 at;
    u32 bytes; /* with what is behind */
    u32 event;
    u16 value_n, raw_n;
    u32 hash; /* of the identifier */
};

struct part {
    struct file *file;
    struct deal_bin bin;
    u64 size;
    err failed;
};

enum { SAMPLE_LEAST = 512, KEY_BYTES = 7, STEP = 16 };
_Static_assert(STEP *STEP == PARTS_MAX, "two looks find a part");

/* A customer of the part at hand. */
struct dealt_group {
    u32 hash, first; /* place of her first row */
    u32 next;        /* where her next row goes in `order`; in the end where the next one's begin */
    u32 value_n;
    char value[16]; /* of a short identifier, so that the rows need not be looked at */
};

struct dealt {
    struct import *im;
    struct part *parts;
    u32 part_count, part;
    u32 space; /* of the one identifier */
    u64 file_bytes;
    /* ranges: the first key of each part but the first; no part: by hash */
    i32 splits[PARTS_MAX], every[STEP]; /* the last of each STEP */
    bool by_range;
    u32 key_from; /* bytes that all of the sample begin with */
    bool is_dealt, again;
    u64 read, skip; /* rows of pass 1; rows of pass 2 that the log has */
    err failed;
    /* the part at hand */
    struct buf bytes;
    struct dealt_group *groups;
    u32 *slots;  /* group + 1 */
    u32 *sorted; /* the groups in their order */
    u32 slot_count, group_count;
    u32 *places, *group_of; /* of each row, as they stand */
    u32 *order;             /* places by customer */
    u32 row_count, group, row;
};

/* ---- which files ---- */

/* Nothing in a row may depend on another customer's row: so message ids (the first in the file
 * counts) and what brings more than events is taken as it stands. */
bool deal_fits(const struct import *im)
{
    const struct mapping *m = im->mapping;
    u32 identifiers = 0;
    if (im->request.kind != IMPORT_EVENTS || im->request.live || im->request.dry_run ||
        im->agreed_count)
        return false;
    for (u32 i = 0; i < m->count; i++) {
        switch (m->columns[i].target) {
        case TARGET_IDENTIFIER:
            identifiers++;
            if (m->columns[i].code == SPACE_DEVICE_TOKEN) return false;
            break;
        case TARGET_ATTRIBUTE:
        case TARGET_CONSENT:
        case TARGET_TAG:
        case TARGET_MESSAGE: return false;
        default: break;
        }
    }
    return identifiers == 1;
}

static void part_path(const char *dir, u32 i, char out[4096])
{
    snprintf(out, 4096, "%s/part-%03u", dir, i);
}

err import_part_open(const struct import *im, u32 i, struct file **out, struct diag *why)
{
    char path[4096];
    u64 size = 0;
    part_path(im->world.dir, i, path);
    err e = env_open(im->world.env, path, FILE_CREATE, out);
    if (e == ERR_OK) e = file_size(*out, &size);
    if (e == ERR_OK && size) e = file_resize(*out, 0);
    return e == ERR_OK ? ERR_OK : diag_set(why, e, "%s cannot be written", path);
}

/* Emptied first: what has not been written to the disk by now never is. (A file system may write
 * all of a file that was once cut to nothing when it is closed, and its removal wait for that.) */
void import_part_close(const struct import *im, u32 i, struct file *f)
{
    char path[4096];
    (void)!file_resize(f, 0);
    file_close(f);
    part_path(im->world.dir, i, path);
    (void)!env_remove(im->world.env, path); /* what stays goes at the import's end */
}

/* As orders have them, too. */
void import_clean(struct env *env, const char *dir)
{
    char path[4096];
    for (u32 i = 0; i < PARTS_MAX; i++) {
        part_path(dir, i, path);
        if (env_remove(env, path) != ERR_OK) continue; /* most are not there */
    }
}

MUST_USE static err make_parts(struct dealt *d, u64 file_bytes, bool packed, struct diag *why)
{
    u64 parts = file_bytes * (packed ? 10 : 1) / PART_BYTES + 1;
    d->part_count = parts > PARTS_MAX ? PARTS_MAX : (u32)parts;
    d->parts = mem_zalloc(d->part_count * sizeof *d->parts);
    for (u32 i = 0; i < d->part_count; i++) {
        buf_init(&d->parts[i].bin.rows, PART_BYTES_MAX);
        if (d->part_count == 1) break;
        TRY(import_part_open(d->im, i, &d->parts[i].file, why));
    }
    return ERR_OK;
}

err deal_open(struct import *im, struct dealt **out, struct diag *why)
{
    struct dealt *d = mem_zalloc(sizeof *d);
    struct file *f;
    u64 size = 0;
    d->im = im;
    d->space = im->mapping->columns[mapping_find(im->mapping, TARGET_IDENTIFIER)].code;
    buf_init(&d->bytes, PART_BYTES_MAX);
    err e = env_open(im->world.env, im->path, FILE_READ, &f);
    if (e == ERR_OK) {
        e = file_size(f, &size);
        file_close(f);
    }
    d->file_bytes = size;
    if (e == ERR_OK)
        e = make_parts(d, size, str_find(rows_describe(im->rows), S("xlsx")) >= 0, why);
    if (e != ERR_OK) {
        deal_close(d);
        return diag_set(why, e, "the rows cannot be sorted");
    }
    *out = d;
    return ERR_OK;
}

static void part_close(struct dealt *d, u32 i)
{
    struct part *p = &d->parts[i];
    buf_clear(&p->bin.rows);
    if (p->file) import_part_close(d->im, i, p->file);
    p->file = NULL;
}

void deal_close(struct dealt *d)
{
    if (!d) return;
    for (u32 i = 0; d->parts && i < d->part_count; i++) part_close(d, i);
    free(d->parts);
    buf_clear(&d->bytes);
    free(d->groups);
    free(d->slots);
    free(d->sorted);
    free(d->places);
    free(d);
}

/* ---- pass 1 ---- */

bool deal_is_over(const struct dealt *d)
{
    return d->is_dealt;
}

bool deal_counts(const struct dealt *d)
{
    return !d->again;
}

u64 deal_read(const struct dealt *d)
{
    return d->read;
}

void deal_resume(struct dealt *d, u64 taken)
{
    d->again = true;
    d->skip = taken;
}

u32 deal_parts(const struct dealt *d)
{
    return d->part_count;
}

MUST_USE static err flush(struct part *p)
{
    struct buf *rows = &p->bin.rows;
    if (!p->file || !rows->n) return ERR_OK;
    TRY(file_write(p->file, p->size, rows->p, rows->n));
    p->size += rows->n;
    buf_reset(rows);
    return ERR_OK;
}

static u32 big_u32(const u8 *p)
{
    u32 v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap32(v);
}

/* In the order of length and bytes, as far as a word has them: that of numbers, and of numbers
 * behind one prefix. */
static u64 key_of(const struct dealt *d, str who)
{
    u64 bytes = 0;
    size_t from = min_size(d->key_from, who.n), n = min_size(who.n - from, KEY_BYTES);
    const u8 *p = (const u8 *)who.p + from;
    if (n >= 4) /* two loads that overlap */
        bytes = (u64)big_u32(p) << 8 * (n - 4) | big_u32(p + n - 4);
    else
        for (size_t i = 0; i < n; i++) bytes = bytes << 8 | p[i];
    bytes <<= 8 * (KEY_BYTES - n);
    return (u64)min_size(who.n, 255) << 56 | bytes;
}

/* What of a key tells the parts: its length, three bytes. */
static i32 split_of(u64 key)
{
    u64 n = key >> 56;
    return (i32)((n < 127 ? n : 127) << 24 | (key >> 32 & 0xFFFFFF));
}

/* Of STEP ascending splits, those that are not above the key. */
#ifdef __SSE2__
static inline u32 count_up_to(const i32 *splits, i32 key)
{
    __m128i keys = _mm_set1_epi32(key), above[STEP / 4];
    for (u32 i = 0; i < STEP / 4; i++) {
        __m128i four = _mm_loadu_si128((const __m128i *)(const void *)(splits + 4 * i));
        above[i] = _mm_cmpgt_epi32(four, keys);
    }
    __m128i bytes =
        _mm_packs_epi16(_mm_packs_epi32(above[0], above[1]), _mm_packs_epi32(above[2], above[3]));
    return (u32)__builtin_ctz((u32)_mm_movemask_epi8(bytes) | 1u << STEP);
}
#else
static inline u32 count_up_to(const i32 *splits, i32 key)
{
    u32 n = 0;
    for (u32 i = 0; i < STEP; i++) n += splits[i] <= key;
    return n;
}
#endif

/* How many of the splits are not above the key, sixteen by sixteen: no comparison waits for
 * another. */
static u32 part_of(const struct dealt *d, str who, u64 hash)
{
    if (!d->by_range) return (u32)(hash >> 32) % d->part_count;
    i32 key = split_of(key_of(d, who));
    u32 high = count_up_to(d->every, key);
    if (high < STEP) high = high * STEP + count_up_to(d->splits + high * STEP, key);
    return min_u32(high, d->part_count - 1);
}

static struct deal_bin *bin_for(const struct import *im, u32 part)
{
    return im->bins ? &im->bins[part] : &im->dealt->parts[part].bin;
}

u8 *deal_room(struct import *im, str who, size_t bytes, struct deal_row_place *place)
{
    const struct dealt *d = im->dealt;
    u64 hash = hash_xxh64(who);
    u32 part = part_of(d, who, hash);
    struct deal_bin *bin = bin_for(im, part);
    size_t most = sizeof(struct dealt_row) + who.n + bytes + 2 * BYTES_SLACK;
    if (d->parts[part].size + bin->rows.n + most > PART_BYTES_MAX) return NULL;
    *place = (struct deal_row_place){bin, (u8 *)buf_room(&bin->rows, most), (u32)hash};
    if (!place->start) return NULL;
    return bytes_put_loose(place->start + sizeof(struct dealt_row), who.p, who.n);
}

void deal_put(const struct deal_row_place *place, u32 event, i64 at, str who, const u8 *end)
{
    struct dealt_row r = {.at = at,
                          .event = event,
                          .value_n = (u16)who.n,
                          .hash = place->hash,
                          .bytes = (u32)(end - place->start)};
    memcpy(place->start, &r, sizeof r);
    place->bin->rows.n += r.bytes;
    place->bin->count++;
}

void deal_add(struct import *im, u32 event, i64 at)
{
    struct dealt *d = im->dealt;
    str who = im->item.values[0], raw = im->item.raws[0], props = buf_str(&im->prop_list);
    u64 hash = hash_xxh64(who);
    u32 number = part_of(d, who, hash);
    struct part *p = &d->parts[number];
    struct deal_bin *bin = bin_for(im, number);
    struct dealt_row r = {.at = at, .event = event, .value_n = (u16)who.n, .hash = (u32)hash};
    r.raw_n = (u16)min_size(raw.n, UINT16_MAX);
    r.bytes = (u32)(sizeof r + who.n + r.raw_n + props.n);
    u8 *to = (u8 *)buf_room(&bin->rows, r.bytes + BYTES_SLACK);
    if (!to || p->size + bin->rows.n + r.bytes > PART_BYTES_MAX) {
        *(im->bins ? &im->trouble : &d->failed) = ERR_TOO_LARGE;
        return;
    }
    to = bytes_put(to, &r, sizeof r);
    to = bytes_put(to, who.p, who.n);
    to = bytes_put(to, raw.p, r.raw_n);
    /* The list was given slack as it was put together. */
    bytes_put_loose(to, props.p, props.n);
    bin->rows.n += r.bytes;
    bin->count++;
    if (im->bins || bin->rows.n <= FLUSH_BYTES) return;
    err e = flush(p);
    if (e != ERR_OK) d->failed = e;
}

/* What is much is written from where it lies; little is kept until it is more. */
static void gather(struct part *p, const str *texts, u32 count, u64 bytes)
{
    struct buf *rows = &p->bin.rows;
    if (p->failed != ERR_OK || !bytes) return;
    if (p->size + rows->n + bytes > PART_BYTES_MAX) {
        p->failed = ERR_TOO_LARGE;
    } else if (p->file && bytes >= GATHER_LEAST) {
        p->failed = flush(p);
        if (p->failed == ERR_OK) p->failed = file_write_many(p->file, p->size, texts, count);
        p->size += bytes;
    } else {
        for (u32 i = 0; i < count; i++) buf_put(rows, texts[i]);
        if (rows->n > FLUSH_BYTES) p->failed = flush(p);
    }
}

void deal_gather(struct dealt *d, u32 from, u32 to, struct deal_bin *const *bins, u32 count)
{
    str texts[DEAL_BINS_MAX];
    for (u32 i = from; i < to; i++) {
        u64 bytes = 0;
        for (u32 k = 0; k < count; k++) {
            texts[k] = buf_str(&bins[k][i].rows);
            bytes += texts[k].n;
            d->parts[i].bin.count += bins[k][i].count;
        }
        gather(&d->parts[i], texts, count, bytes);
    }
}

MUST_USE static err check(const struct dealt *d, struct diag *why)
{
    if (LIKELY(d->failed == ERR_OK)) return ERR_OK;
    return diag_set(why, d->failed, "the rows cannot be sorted in %s", d->im->world.dir);
}

err deal_took(struct dealt *d, struct diag *why)
{
    d->read++;
    return check(d, why);
}

err deal_gathered(struct dealt *d, u64 rows, struct diag *why)
{
    d->read += rows;
    for (u32 i = 0; i < d->part_count && d->failed == ERR_OK; i++) d->failed = d->parts[i].failed;
    return check(d, why);
}

err deal_end(struct dealt *d, struct diag *why)
{
    for (u32 i = 0; i < d->part_count && d->failed == ERR_OK; i++) d->failed = flush(&d->parts[i]);
    d->is_dealt = d->failed == ERR_OK;
    return check(d, why);
}

/* ---- ranges ---- */

static int by_split(const void *a, const void *b)
{
    i32 x = *(const i32 *)a, y = *(const i32 *)b;
    return (x > y) - (x < y);
}

static u32 common_prefix(str a, str b)
{
    u32 n = 0;
    while (n < a.n && n < b.n && a.p[n] == b.p[n]) n++;
    return n;
}

/* Equal shares of the sample; where many have one place, their hash spreads them better. */
static bool set_splits(struct dealt *d, i32 *sample, u32 count)
{
    u32 most = 0, share = count / d->part_count;
    qsort(sample, count, sizeof *sample, by_split);
    for (u32 i = 0, from = 0; i < count; i++) {
        if (sample[i] != sample[from]) from = i;
        if (i - from + 1 > most) most = i - from + 1;
    }
    for (u32 i = 0; i < PARTS_MAX; i++)
        d->splits[i] =
            i + 1 < d->part_count ? sample[(u64)count * (i + 1) / d->part_count] : INT32_MAX;
    for (u32 i = 0; i < STEP; i++) d->every[i] = d->splits[i * STEP + STEP - 1];
    return most <= 4 * share + 16;
}

void deal_sample(struct dealt *d, const struct buf *values, u32 count)
{
    struct reader r = reader_of(buf_str(values));
    str first = read_str_varint(&r);
    if (count < SAMPLE_LEAST) return;
    d->key_from = (u32)first.n;
    for (u32 i = 1; i < count; i++)
        d->key_from = min_u32(d->key_from, common_prefix(first, read_str_varint(&r)));
    i32 *sample = mem_alloc(count * sizeof *sample);
    r = reader_of(buf_str(values));
    for (u32 i = 0; i < count; i++) sample[i] = split_of(key_of(d, read_str_varint(&r)));
    d->by_range = set_splits(d, sample, count);
    free(sample);
}

bool deal_is_uneven(const struct dealt *d)
{
    u64 share = d->file_bytes / d->part_count * 8,
        most = share > PART_BYTES_UNEVEN ? share : PART_BYTES_UNEVEN;
    for (u32 i = 0; d->by_range && i < d->part_count; i++)
        if (d->parts[i].size > most) return true;
    return false;
}

err deal_again(struct dealt *d, struct diag *why)
{
    d->by_range = false;
    d->read = 0;
    for (u32 i = 0; i < d->part_count; i++) {
        struct part *p = &d->parts[i];
        buf_reset(&p->bin.rows);
        p->bin.count = 0;
        p->size = 0;
        if (p->file && d->failed == ERR_OK) d->failed = file_resize(p->file, 0);
    }
    return check(d, why);
}

/* ---- pass 2: a part ---- */

static struct dealt_row row_at(const struct dealt *d, u32 at)
{
    struct dealt_row r;
    memcpy(&r, d->bytes.p + at, sizeof r);
    return r;
}

static str value_at(const struct dealt *d, u32 at)
{
    return (str){d->bytes.p + at + sizeof(struct dealt_row), row_at(d, at).value_n};
}

static void make_room(struct dealt *d, u32 rows)
{
    d->groups = mem_realloc(d->groups, (rows + 1) * sizeof *d->groups);
    d->places = mem_realloc(d->places, 3 * ((size_t)rows + 1) * sizeof *d->places);
    d->group_of = d->places + rows + 1;
    d->order = d->group_of + rows + 1;
    if (!d->slots) d->slots = mem_alloc((d->slot_count = SLOTS_FIRST) * sizeof *d->slots);
    memset(d->slots, 0, d->slot_count * sizeof *d->slots);
}

/* Few customers and many rows: the slots stay small enough for the cache. */
static void grow_slots(struct dealt *d)
{
    d->slot_count *= 2;
    d->slots = mem_realloc(d->slots, d->slot_count * sizeof *d->slots);
    memset(d->slots, 0, d->slot_count * sizeof *d->slots);
    for (u32 g = 0; g < d->group_count; g++) {
        u32 slot = d->groups[g].hash & (d->slot_count - 1);
        while (d->slots[slot]) slot = (slot + 1) & (d->slot_count - 1);
        d->slots[slot] = g + 1;
    }
}

static bool is_of(const struct dealt *d, const struct dealt_group *g, u32 hash, str who)
{
    if (g->hash != hash || g->value_n != who.n) return false;
    if (who.n <= sizeof g->value) return import_same(g->value, who.p, who.n);
    return str_eq(value_at(d, g->first), who);
}

/* The number of a row's customer. */
static u32 group_for(struct dealt *d, u32 at, const struct dealt_row *r)
{
    str who = {d->bytes.p + at + sizeof *r, r->value_n};
    u32 slot = r->hash & (d->slot_count - 1);
    for (u32 g; (g = d->slots[slot]); slot = (slot + 1) & (d->slot_count - 1))
        if (is_of(d, &d->groups[g - 1], r->hash, who)) return g - 1;
    struct dealt_group *g = &d->groups[d->group_count++];
    *g = (struct dealt_group){.hash = r->hash, .first = at, .value_n = r->value_n};
    if (who.n <= sizeof g->value) memcpy(g->value, who.p, who.n);
    d->slots[slot] = d->group_count;
    if (d->group_count > d->slot_count / 2) grow_slots(d);
    return d->group_count - 1;
}

static int by_value(const void *a, const void *b, void *ctx)
{
    const struct dealt *d = ctx;
    const struct place *x = a, *y = b;
    return str_cmp(value_at(d, d->groups[x->at].first), value_at(d, d->groups[y->at].first));
}

/* The customers by their keys; those of one key by the whole identifier. */
static void sort_groups(struct dealt *d)
{
    u32 n = d->group_count;
    struct place *all = mem_alloc(2 * ((size_t)n + 1) * sizeof *all);
    for (u32 g = 0; g < n; g++) {
        const struct dealt_group *group = &d->groups[g];
        all[g] = (struct place){.order = key_of(d, value_at(d, group->first)), .at = g};
    }
    place_sort(all, all + n, n);
    for (u32 from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && all[to].order == all[from].order;) to++;
        if (to - from > 1) qsort_r(all + from, to - from, sizeof *all, by_value, d);
    }
    d->sorted = mem_realloc(d->sorted, ((size_t)n + 1) * sizeof *d->sorted);
    for (u32 i = 0; i < n; i++) d->sorted[i] = all[i].at;
    free(all);
}

/* Counts each customer's rows, then puts their places one customer after the other. */
static void sort_rows(struct dealt *d, u32 rows)
{
    u32 sum = 0, at = 0;
    make_room(d, rows);
    d->group_count = d->group = d->row = 0;
    d->row_count = rows;
    for (u32 i = 0; i < rows; i++) {
        struct dealt_row r = row_at(d, at);
        d->places[i] = at;
        d->group_of[i] = group_for(d, at, &r);
        d->groups[d->group_of[i]].next++;
        at += r.bytes;
    }
    sort_groups(d);
    for (u32 i = 0; i < d->group_count; i++) {
        struct dealt_group *g = &d->groups[d->sorted[i]];
        u32 n = g->next;
        g->next = sum;
        sum += n;
    }
    for (u32 i = 0; i < rows; i++) d->order[d->groups[d->group_of[i]].next++] = d->places[i];
}

MUST_USE static err load_part(struct dealt *d)
{
    struct part *p = &d->parts[d->part++];
    buf_reset(&d->bytes);
    if (p->file) {
        size_t got = 0;
        char *to = buf_room(&d->bytes, p->size + 1);
        if (!to) return ERR_TOO_LARGE;
        TRY(file_read(p->file, 0, to, p->size, &got));
        if (got != p->size) return ERR_IO;
        d->bytes.n = got;
    } else {
        struct buf swap = d->bytes;
        d->bytes = p->bin.rows;
        p->bin.rows = swap;
    }
    sort_rows(d, p->bin.count);
    part_close(d, d->part - 1);
    return ERR_OK;
}

/* ---- pass 2: records ---- */

static void begin_record(const struct dealt *d, struct record *r, const struct dealt_row *row)
{
    *r = (struct record){.kind = RECORD_BULK_,
                         .level = ENGINE_LEVEL,
                         .source = d->im->source,
                         .flags = RECORD_IMPORT | RECORD_FILE | RECORD_HISTORY,
                         .occurred_ms = row->at,
                         .id_count = 1};
}

/* From the row at hand on, all of hers that one record holds; how many. */
static u32 put_rows(struct dealt *d, struct record *record)
{
    struct buf *payload = &d->im->payload;
    u32 from = d->row, end = d->groups[d->sorted[d->group]].next;
    struct dealt_row row = row_at(d, d->order[from]);
    str who = value_at(d, d->order[from]), raw = {who.p + who.n, row.raw_n};
    begin_record(d, record, &row);
    record->ids[0] = (struct record_id){identifier_hash(d->im->world.key, d->space, who), d->space};
    buf_reset(payload);
    bulk_put(payload, who, raw);
    for (i64 before = row.at; d->row < end && payload->n < BULK_BYTES_MAX; d->row++) {
        if (d->row + AHEAD < d->row_count)
            __builtin_prefetch(d->bytes.p + d->order[d->row + AHEAD]);
        row = row_at(d, d->order[d->row]);
        const char *p = value_at(d, d->order[d->row]).p + row.value_n;
        if (!str_eq((str){p, row.raw_n}, raw)) break;
        struct bulk_row put = {.event = row.event, .occurred_ms = row.at};
        put.props = (str){p + row.raw_n, row.bytes - sizeof row - row.value_n - row.raw_n};
        bulk_row_put(payload, &put, before);
        before = row.at;
    }
    d->group += d->row == end;
    record->payload = buf_str(payload);
    return d->row - from;
}

err deal_next(struct dealt *d, struct buf *records, u32 *rows, struct diag *why)
{
    struct record record;
    while (d->row == d->row_count) {
        if (d->part == d->part_count) return ERR_NOT_FOUND;
        err e = load_part(d);
        if (e != ERR_OK) return diag_set(why, e, "the sorted rows cannot be read");
    }
    *rows = put_rows(d, &record);
    if (!d->skip) {
        record_put(records, &record);
        return ERR_OK;
    }
    if (*rows > d->skip) return diag_set(why, ERR_CONFLICT, "the file is not the one it was");
    d->skip -= *rows;
    *rows = 0;
    return ERR_OK;
}
