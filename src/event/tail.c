/* tail.c — frames in chunks, and chains whose old ends are cleared in passing.
 *
 * A head outlives its row: nothing is touched when rows leave for a sealed file. Since units wrap
 * after 32 GiB, a head left alone that long would name a stranger's row. So each new chunk clears
 * the old heads of 1/4096 of all personas: every head is looked at once in 16 GiB, so that what a
 * head or a `prev` names is at most 16 GiB and the kept window old: neither in a later window nor
 * ahead of one. */
#include "event/tail.h"

enum { SWEEP_PARTS = 4096 };
/* A unit ahead of a view by less than this is younger than it, else long gone. */
#define AHEAD_MAX ((u32)(TAIL_WINDOW_MAX / 8))

void tail_init(struct tail *t)
{
    *t = (struct tail){.kept = TAIL_FIRST, .end = TAIL_FIRST};
    t->heads = mem_reserve_dense(EVENT_PERSONAS_MAX * sizeof(u32), 4 << 20);
}

void tail_clear(struct tail *t)
{
    for (u32 i = 0; i < TAIL_CHUNKS; i++)
        if (t->chunks[i]) mem_release(t->chunks[i], TAIL_CHUNK);
    while (t->spare_count) mem_release(t->spares[--t->spare_count], TAIL_CHUNK);
    mem_release(t->heads, EVENT_PERSONAS_MAX * sizeof(u32));
}

u64 tail_bytes(const struct tail *t)
{
    u64 chunks = t->spare_count;
    if (t->end > t->kept) chunks += (t->end - 1) / TAIL_CHUNK - t->kept / TAIL_CHUNK + 1;
    return chunks * TAIL_CHUNK + (u64)t->top * sizeof(u32);
}

static u8 **chunk_of(struct tail *t, u64 offset)
{
    return &t->chunks[offset / TAIL_CHUNK % TAIL_CHUNKS];
}

static struct row *row_at(struct tail *t, u64 offset)
{
    return (struct row *)(void *)(*chunk_of(t, offset) + offset % TAIL_CHUNK);
}

static bool is_kept(const struct tail *t, u32 unit)
{
    return (u32)(unit - tail_unit(t->kept)) < tail_unit(t->end) - tail_unit(t->kept);
}

static void sweep(struct tail *t)
{
    u32 count = t->top / SWEEP_PARTS + 1;
    for (u32 i = 0; i < count; i++) {
        if (t->swept >= t->top) t->swept = 0;
        u32 *head = &t->heads[t->swept++];
        if (*head && !is_kept(t, *head)) __atomic_store_n(head, 0, __ATOMIC_RELAXED);
    }
}

/* Fills up to `bytes` from the end on, so that nothing a chunk held before reaches the stream. */
static void pad(struct tail *t, u32 bytes)
{
    struct row *padding = row_at(t, t->end);
    memset(padding, 0, bytes);
    padding->bytes = bytes;
    t->end += bytes;
}

static void open_chunk(struct tail *t)
{
    u8 **chunk = chunk_of(t, t->end);
    MUST(!*chunk && t->end + TAIL_CHUNK - t->kept <= TAIL_WINDOW_MAX);
    *chunk = t->spare_count ? t->spares[--t->spare_count] : mem_reserve(TAIL_CHUNK);
    if (tail_unit(t->end) == 0) pad(t, TAIL_FIRST);
    sweep(t);
}

static void put(u8 *to, str s)
{
    if (s.n) memcpy(to, s.p, s.n);
}

u32 tail_append(struct tail *t, const struct event *ev)
{
    size_t blob = ev->message_id.n + ev->props.n, bytes = tail_frame(blob);
    MUST(ev->persona - 1 < EVENT_PERSONAS_MAX - 1 && blob <= EVENT_BYTES_MAX);
    MUST(ev->source < 1u << 24 && ev->flags < 1u << 8);
    if (*chunk_of(t, t->end) && TAIL_CHUNK - t->end % TAIL_CHUNK < bytes)
        pad(t, (u32)(TAIL_CHUNK - t->end % TAIL_CHUNK));
    if (!*chunk_of(t, t->end)) open_chunk(t);
    struct row *row = row_at(t, t->end);
    u32 *head = &t->heads[ev->persona], unit = tail_unit(t->end);
    *row = (struct row){.persona = ev->persona,
                        .bytes = (u32)blob,
                        .message_bytes = (u32)ev->message_id.n,
                        .code = ev->code,
                        .source_flags = ev->source << 8 | ev->flags,
                        .prev = *head,
                        .occurred_ms = ev->occurred_ms,
                        .received_ms = ev->received_ms,
                        .order = ev->order,
                        .dedupe = ev->dedupe};
    u8 *to = (u8 *)(row + 1);
    put(to, ev->message_id);
    put(to + ev->message_id.n, ev->props);
    memset(to + blob, 0, bytes - sizeof *row - blob);
    t->end += bytes;
    if (ev->persona >= t->top) t->top = ev->persona + 1;
    __atomic_store_n(head, unit, __ATOMIC_RELEASE);
    return unit;
}

void tail_keep(struct tail *t, u64 from, u32 chunks_max)
{
    for (u64 at = t->kept / TAIL_CHUNK; at < from / TAIL_CHUNK; at++) {
        u8 **chunk = &t->chunks[at % TAIL_CHUNKS];
        if (!*chunk) continue;
        if (chunks_max-- == 0) {
            t->kept = at * TAIL_CHUNK > t->kept ? at * TAIL_CHUNK : t->kept;
            return;
        }
        if (t->spare_count < TAIL_SPARES)
            t->spares[t->spare_count++] = *chunk;
        else
            mem_release(*chunk, TAIL_CHUNK);
        *chunk = NULL;
    }
    if (from > t->kept) t->kept = from;
}

const struct row *tail_next(const struct tail *t, u64 *at, u64 end)
{
    while (*at < end) {
        const struct row *row = tail_row(t, tail_unit(*at));
        u64 bytes = row->persona ? tail_frame(row->bytes) : row->bytes;
        MUST(bytes && bytes <= TAIL_CHUNK - *at % TAIL_CHUNK && bytes <= end - *at);
        *at += bytes;
        if (row->persona) return row;
    }
    return NULL;
}

u32 tail_newest(const struct tail *t, event_persona p, u64 start, u64 end)
{
    if (p >= EVENT_PERSONAS_MAX) return 0;
    u32 unit = __atomic_load_n(&t->heads[p], __ATOMIC_ACQUIRE), last = tail_unit(end);
    while (unit && (u32)(unit - last) < AHEAD_MAX) unit = tail_row(t, unit)->prev;
    return unit && (u32)(unit - tail_unit(start)) < last - tail_unit(start) ? unit : 0;
}

u32 tail_before(const struct tail *t, u32 unit, u64 start)
{
    u32 prev = tail_row(t, unit)->prev;
    return prev && (u32)(prev - tail_unit(start)) < unit - tail_unit(start) ? prev : 0;
}

void tail_event(const struct row *row, struct event *out)
{
    const char *blob = (const char *)(row + 1);
    *out = (struct event){.persona = row->persona,
                          .code = row->code,
                          .source = row->source_flags >> 8,
                          .flags = row->source_flags & 0xFF,
                          .occurred_ms = row->occurred_ms,
                          .received_ms = row->received_ms,
                          .order = row->order,
                          .message_id = {blob, row->message_bytes},
                          .props = {blob + row->message_bytes, row->bytes - row->message_bytes}};
}

void tail_begin(struct tail *t, u64 from)
{
    bool is_past = from > t->end;
    tail_keep(t, is_past ? t->end + TAIL_CHUNK : from, TAIL_CHUNKS);
    if (is_past) t->kept = t->end = from;
}

void tail_read(const struct tail *t, u64 offset, void *out, size_t n)
{
    for (u8 *to = out; n;) {
        const u8 *chunk = t->chunks[offset / TAIL_CHUNK % TAIL_CHUNKS];
        size_t part = min_size(n, TAIL_CHUNK - offset % TAIL_CHUNK);
        MUST(chunk);
        memcpy(to, chunk + offset % TAIL_CHUNK, part);
        offset += part, to += part, n -= part;
    }
}

err tail_load(struct tail *t, u64 offset, str bytes)
{
    if (t->kept == t->end && offset > t->end) t->kept = t->end = offset;
    if (offset + bytes.n <= t->kept) return ERR_OK;
    if (offset < t->kept) {
        bytes = str_slice(bytes, t->kept - offset, bytes.n);
        offset = t->kept;
    }
    if (offset != t->end) return ERR_CORRUPT;
    while (bytes.n) {
        u8 **chunk = chunk_of(t, t->end);
        size_t part = min_size(bytes.n, TAIL_CHUNK - t->end % TAIL_CHUNK);
        if (!*chunk) *chunk = mem_reserve(TAIL_CHUNK);
        memcpy(*chunk + t->end % TAIL_CHUNK, bytes.p, part);
        bytes = str_slice(bytes, part, bytes.n);
        t->end += part;
    }
    return ERR_OK;
}

void tail_link(struct tail *t)
{
    u64 at = t->kept;
    for (const struct row *row; (row = tail_next(t, &at, t->end));) {
        u64 offset = at - tail_frame(row->bytes);
        MUST(row->persona < EVENT_PERSONAS_MAX);
        u32 *head = &t->heads[row->persona];
        row_at(t, offset)->prev = *head;
        *head = tail_unit(offset);
        if (row->persona >= t->top) t->top = row->persona + 1;
    }
}
