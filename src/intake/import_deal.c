/* import_deal.c — events of history by customer, wherever her rows stand in the file.
 *
 *   pass 1: rows, read once ─hash of who─► one of up to 256 files, each small enough for memory
 *   pass 2: a file ─chained by customer─► BULK records of all her rows, in the order of their first
 *
 * So a customer is looked up once in the whole file, new ones get their numbers as their events
 * come, and what is sealed of them is sorted already. Both passes depend on the file alone: a place
 * in pass 2 is the same after a crash. A row that is refused counts, and is told, in pass 1; others
 * count as their records are made. A file of a few MiB is dealt out in memory. */
#include "intake/import_inside.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "customer/customer.h"

#include <stddef.h>
#include <stdio.h>

enum {
    PARTS_MAX = 256,
    FLUSH_BYTES = 128 << 10,
    AHEAD = 8 /* rows fetched early */,
    SLOTS_FIRST = 4096
};
static const u64 PART_BYTES = 4 << 20;
static const u64 PART_BYTES_MAX = (u64)1 << 30;

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
    struct buf rows;
    u64 size;
    u32 count;
};

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
    bool is_dealt, again;
    u64 read, skip; /* rows of pass 1; rows of pass 2 that the log has */
    err failed;
    /* the part at hand */
    struct buf bytes;
    struct dealt_group *groups;
    u32 *slots; /* group + 1 */
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
    struct env *env = d->im->world.env;
    u64 parts = file_bytes * (packed ? 10 : 1) / PART_BYTES + 1;
    d->part_count = parts > PARTS_MAX ? PARTS_MAX : (u32)parts;
    d->parts = mem_zalloc(d->part_count * sizeof *d->parts);
    for (u32 i = 0; i < d->part_count; i++) {
        char path[4096];
        buf_init(&d->parts[i].rows, PART_BYTES_MAX);
        if (d->part_count == 1) break;
        part_path(d->im->world.dir, i, path);
        err e = env_open(env, path, FILE_CREATE, &d->parts[i].file);
        if (e == ERR_OK) e = file_resize(d->parts[i].file, 0);
        if (e != ERR_OK) return diag_set(why, e, "%s cannot be written", path);
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
    char path[4096];
    buf_clear(&p->rows);
    if (!p->file) return;
    file_close(p->file);
    p->file = NULL;
    part_path(d->im->world.dir, i, path);
    (void)!env_remove(d->im->world.env, path); /* what stays goes at the import's end */
}

void deal_close(struct dealt *d)
{
    if (!d) return;
    for (u32 i = 0; d->parts && i < d->part_count; i++) part_close(d, i);
    free(d->parts);
    buf_clear(&d->bytes);
    free(d->groups);
    free(d->slots);
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

MUST_USE static err flush(struct part *p)
{
    if (!p->file || !p->rows.n) return ERR_OK;
    TRY(file_write(p->file, p->size, p->rows.p, p->rows.n));
    p->size += p->rows.n;
    buf_reset(&p->rows);
    return ERR_OK;
}

void deal_add(struct import *im, u32 event, i64 at)
{
    struct dealt *d = im->dealt;
    str who = im->item.values[0], raw = im->item.raws[0], props = buf_str(&im->prop_list);
    u64 hash = hash_xxh64(who);
    struct part *p = &d->parts[(hash >> 32) % d->part_count];
    struct dealt_row r = {.at = at, .event = event, .value_n = (u16)who.n, .hash = (u32)hash};
    r.raw_n = (u16)min_size(raw.n, UINT16_MAX);
    r.bytes = (u32)(sizeof r + who.n + r.raw_n + props.n);
    u8 *to = (u8 *)buf_room(&p->rows, r.bytes + BYTES_SLACK);
    if (!to || p->size + p->rows.n + r.bytes > PART_BYTES_MAX) {
        d->failed = ERR_TOO_LARGE;
        return;
    }
    to = bytes_put(to, &r, sizeof r);
    to = bytes_put(to, who.p, who.n);
    to = bytes_put(to, raw.p, r.raw_n);
    /* The list was given slack as it was put together. */
    bytes_put_loose(to, props.p, props.n);
    p->rows.n += r.bytes;
    p->count++;
    if (p->rows.n > FLUSH_BYTES) {
        err e = flush(p);
        if (e != ERR_OK) d->failed = e;
    }
}

err deal_took(struct dealt *d, struct diag *why)
{
    d->read++;
    if (LIKELY(d->failed == ERR_OK)) return ERR_OK;
    return diag_set(why, d->failed, "the rows cannot be sorted in %s", d->im->world.dir);
}

err deal_end(struct dealt *d, struct diag *why)
{
    for (u32 i = 0; i < d->part_count && d->failed == ERR_OK; i++) d->failed = flush(&d->parts[i]);
    if (d->failed != ERR_OK)
        return diag_set(why, d->failed, "the rows cannot be sorted in %s", d->im->world.dir);
    d->is_dealt = true;
    return ERR_OK;
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
    if (who.n <= sizeof g->value) return memcmp(g->value, who.p, who.n) == 0;
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
    for (u32 g = 0; g < d->group_count; g++) {
        u32 n = d->groups[g].next;
        d->groups[g].next = sum;
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
        d->bytes = p->rows;
        p->rows = swap;
    }
    sort_rows(d, p->count);
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
    u32 from = d->row, end = d->groups[d->group].next;
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
