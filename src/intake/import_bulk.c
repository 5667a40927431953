/* import_bulk.c — a chunk's events by customer: one BULK record each, instead of one an event.
 *
 *   row ─► bytes in `rows`, chained to the group of its identifier ─chunk's end─► a record a group
 *
 * Groups stand in the order of their first rows, and rows in theirs, so customers get the numbers
 * and events of one time the order that they would have had row by row. */
#include "intake/import_inside.h"

#include "base/hash.h"

enum {
    SLOTS = 1 << 17,
    GROUPS_MAX = SLOTS / 2,
    GROUP_BYTES = 96 /* of a record, about */
};

struct group {
    struct record_id id;
    u32 value, value_n, raw_n; /* place in `texts`; the raw one is behind it */
    u32 first, last;           /* places in `rows` of what is chained */
    u32 bytes;
    i64 at, before; /* times of its first row and of its last */
};

struct link {
    u32 next, bytes;
};

struct bulk {
    u32 *slots; /* group + 1 */
    struct group *groups;
    u32 count;
    u64 *seen; /* message ids of the chunk */
    u32 seen_count;
    struct buf rows, texts, payload;
};

struct bulk *bulk_new(void)
{
    struct bulk *b = mem_zalloc(sizeof *b);
    b->slots = mem_zalloc(SLOTS * sizeof *b->slots);
    b->seen = mem_zalloc(SLOTS * sizeof *b->seen);
    b->groups = mem_alloc(GROUPS_MAX * sizeof *b->groups);
    buf_init(&b->rows, 16 << 20);
    buf_init(&b->texts, 16 << 20);
    buf_init(&b->payload, RECORD_BYTES_MAX);
    return b;
}

void bulk_free(struct bulk *b)
{
    if (!b) return;
    buf_clear(&b->rows), buf_clear(&b->texts), buf_clear(&b->payload);
    free(b->slots);
    free(b->seen);
    free(b->groups);
    free(b);
}

size_t bulk_bytes(const struct bulk *b)
{
    return b->rows.n + b->texts.n + (size_t)b->count * GROUP_BYTES;
}

static u32 *slot_for(struct bulk *b, const struct record_id *id)
{
    u32 at = (u32)(id->hash.lo >> 8) % SLOTS;
    for (u32 g; (g = b->slots[at]); at = (at + 1) % SLOTS) {
        const struct record_id *held = &b->groups[g - 1].id;
        if (hash128_eq(held->hash, id->hash) && held->space == id->space) break;
    }
    return &b->slots[at];
}

/* A message id that came before in this chunk has to wait for it, whosever it was: the first in the
 * file counts. */
static bool id_again(struct bulk *b, hash128 id)
{
    u64 mark = id.hi | 1;
    u32 at = (u32)(id.lo % SLOTS);
    if (hash128_is_zero(id)) return false;
    if (b->seen_count == SLOTS / 2) return true;
    for (; b->seen[at]; at = (at + 1) % SLOTS)
        if (b->seen[at] == mark) return true;
    b->seen[at] = mark;
    b->seen_count++;
    return false;
}

static struct group *group_new(struct bulk *b, u32 *slot, const struct import *im, i64 at)
{
    struct group *g = &b->groups[b->count++];
    *slot = b->count;
    *g = (struct group){.id = im->record.ids[0],
                        .value = (u32)b->texts.n,
                        .value_n = (u32)im->item.values[0].n,
                        .raw_n = (u32)im->item.raws[0].n,
                        .at = at,
                        .before = at};
    buf_put(&b->texts, im->item.values[0]);
    buf_put(&b->texts, im->item.raws[0]);
    return g;
}

static void chain(struct bulk *b, struct group *g, u32 place, u32 bytes)
{
    struct link l = {0, bytes};
    memcpy(b->rows.p + place, &l, sizeof l);
    if (g->bytes)
        memcpy(b->rows.p + g->last, &place, sizeof place);
    else
        g->first = place;
    g->last = place;
    g->bytes += bytes;
}

bool bulk_add(struct import *im, u32 event, i64 at)
{
    struct bulk *b = im->bulk;
    if (!b || im->record.id_count != 1 || im->traits.n || im->consents.n || im->tags.n ||
        im->prop_list.n > BULK_BYTES_MAX || b->count == GROUPS_MAX ||
        id_again(b, im->record.dedupe))
        return false;
    u32 *slot = slot_for(b, &im->record.ids[0]);
    struct group *g = *slot ? &b->groups[*slot - 1] : NULL;
    str raw = g ? (str){b->texts.p + g->value + g->value_n, g->raw_n} : (str){0};
    if (!g || g->bytes > BULK_BYTES_MAX || !str_eq(raw, im->item.raws[0]))
        g = group_new(b, slot, im, at);
    struct bulk_row row = {event, at, im->record.dedupe, im->item.message_id,
                           buf_str(&im->prop_list)};
    u32 place = (u32)b->rows.n;
    char *head = buf_room(&b->rows, sizeof(struct link));
    MUST(head);
    b->rows.n += sizeof(struct link);
    bulk_row_put(&b->rows, &row, g->before);
    MUST(!b->rows.full);
    g->before = at;
    chain(b, g, place, (u32)(b->rows.n - place - sizeof(struct link)));
    return true;
}

static void put_group(const struct import *im, const struct group *g, struct buf *records)
{
    struct bulk *b = im->bulk;
    struct link l;
    buf_reset(&b->payload);
    const char *text = b->texts.p + g->value;
    bulk_put(&b->payload, (str){text, g->value_n}, (str){text + g->value_n, g->raw_n});
    for (u32 at = g->first, left = g->bytes; left; at = l.next, left -= l.bytes) {
        memcpy(&l, b->rows.p + at, sizeof l);
        buf_put(&b->payload, (str){b->rows.p + at + sizeof l, l.bytes});
    }
    struct record r = {.kind = RECORD_BULK_,
                       .level = ENGINE_LEVEL,
                       .source = im->source,
                       .flags = RECORD_IMPORT | RECORD_FILE | RECORD_HISTORY,
                       .occurred_ms = g->at,
                       .id_count = 1,
                       .payload = buf_str(&b->payload)};
    r.ids[0] = g->id;
    record_put(records, &r);
}

void bulk_flush(struct import *im, struct buf *records, u32 *count)
{
    struct bulk *b = im->bulk;
    if (!b || !b->count) return;
    for (u32 i = 0; i < b->count; i++) put_group(im, &b->groups[i], records);
    *count += b->count;
    memset(b->slots, 0, SLOTS * sizeof *b->slots);
    if (b->seen_count) memset(b->seen, 0, SLOTS * sizeof *b->seen);
    b->seen_count = 0;
    b->count = 0;
    buf_reset(&b->rows), buf_reset(&b->texts);
}
