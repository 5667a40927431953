/* scan_slice.c — one slice of a scan: the lanes of its range of heads side by side, into columns.
 */
#include "event/scan_inside.h"

#include <stdlib.h>

enum {
    BATCH_EVENTS = 8192,
    BATCH_CUSTOMERS = 4096,
    DIRECT_EVENTS = 1024, /* decoded together: handed out where they lie */
    AHEAD = 8,            /* rows fetched early */
    LOOK_EVERY = 16 /* customers, or stretches of them, between looks whether it is cancelled */
};

/* ---- columns ---- */

static void *grown(void *p, bool wanted, u32 room, size_t each)
{
    return wanted ? mem_realloc(p, room * each) : NULL;
}

void scan_columns_grow(struct scan_columns *c, const struct scan_want *w, u32 room)
{
    c->room = room;
    c->time = grown(c->time, true, room, sizeof *c->time);
    c->code = grown(c->code, true, room, sizeof *c->code);
    c->order = grown(c->order, w->orders, room, sizeof *c->order);
    c->source = grown(c->source, w->sources, room, sizeof *c->source);
    for (u32 i = 0; i < w->property_count; i++) {
        scan_kind kind = w->properties[i].kind;
        c->properties[i].valid = grown(c->properties[i].valid, true, room, 1);
        c->properties[i].number =
            grown(c->properties[i].number, kind == SCAN_FIXED, room, sizeof(i64));
        c->properties[i].text = grown(c->properties[i].text, kind == SCAN_TEXT, room, sizeof(u32));
        c->properties[i].value =
            grown(c->properties[i].value, kind == SCAN_VALUE, room, sizeof(value));
    }
}

void scan_columns_free(struct scan_columns *c)
{
    free(c->time), free(c->code), free(c->order), free(c->source);
    for (u32 i = 0; i < SCAN_PROPERTIES_MAX; i++) {
        free(c->properties[i].valid), free(c->properties[i].number);
        free(c->properties[i].text), free(c->properties[i].value);
    }
}

void scan_columns_copy(struct scan_columns *to, u32 at, const struct scan_columns *from, u32 first,
                       u32 n, const struct scan_want *w)
{
    memcpy(to->time + at, from->time + first, n * sizeof *to->time);
    memcpy(to->code + at, from->code + first, n * sizeof *to->code);
    if (w->orders) memcpy(to->order + at, from->order + first, n * sizeof *to->order);
    if (w->sources) memcpy(to->source + at, from->source + first, n * sizeof *to->source);
    for (u32 i = 0; i < w->property_count; i++) {
        memcpy(to->properties[i].valid + at, from->properties[i].valid + first, n);
        if (w->properties[i].kind == SCAN_FIXED)
            memcpy(to->properties[i].number + at, from->properties[i].number + first,
                   n * sizeof(i64));
        if (w->properties[i].kind == SCAN_TEXT)
            memcpy(to->properties[i].text + at, from->properties[i].text + first, n * sizeof(u32));
        if (w->properties[i].kind == SCAN_VALUE)
            memcpy(to->properties[i].value + at, from->properties[i].value + first,
                   n * sizeof(value));
    }
}

void scan_put_value(struct scan_columns *c, const struct scan_want *w, u32 property, u32 at,
                    value v, struct word_cache *words)
{
    switch (w->properties[property].kind) {
    case SCAN_FIXED:
        c->properties[property].number[at] = 0;
        c->properties[property].valid[at] = value_as_fixed(v, &c->properties[property].number[at]);
        break;
    case SCAN_TEXT:
        c->properties[property].text[at] = word_cache_code(words, v);
        c->properties[property].valid[at] = c->properties[property].text[at] != 0;
        break;
    case SCAN_VALUE:
        if (v.type == VALUE_NULL) v = (value){0};
        c->properties[property].value[at] = v;
        c->properties[property].valid[at] = v.type != VALUE_MISSING;
        break;
    }
}

static size_t bytes_each(const struct scan_want *w)
{
    size_t n = sizeof(i64) + sizeof(u32) + sizeof(u64) + sizeof(u32);
    for (u32 i = 0; i < w->property_count; i++)
        n += 1 + (w->properties[i].kind == SCAN_VALUE ? sizeof(value) : sizeof(i64));
    return n;
}

MUST_USE static err make_room(struct scan_slice *s, u32 more)
{
    const struct scan_want *w = &s->scan->want;
    u64 need = (u64)s->events + more, room = s->out.room ? s->out.room : BATCH_EVENTS;
    if (LIKELY(need <= s->out.room)) return ERR_OK;
    while (room < need) room *= 2;
    if (room * bytes_each(w) > w->bytes_max || room > UINT32_MAX) return ERR_LIMIT;
    scan_columns_grow(&s->out, w, (u32)room);
    return ERR_OK;
}

/* ---- the tail ---- */

static bool is_wanted(const struct event_scan *scan, const struct event *ev)
{
    return ev->occurred_ms >= scan->want.from && ev->occurred_ms < scan->want.to &&
           scan_wants_code(scan, ev->code);
}

MUST_USE static err put_event(struct scan_slice *s, const struct event *ev)
{
    const struct scan_want *w = &s->scan->want;
    if (!is_wanted(s->scan, ev)) return ERR_OK;
    TRY(make_room(s, 1));
    s->out.time[s->events] = ev->occurred_ms;
    s->out.code[s->events] = ev->code;
    if (w->orders) s->out.order[s->events] = ev->order;
    if (w->sources) s->out.source[s->events] = ev->source;
    for (u32 i = 0; i < w->property_count; i++)
        scan_put_value(&s->out, w, i, s->events, props_get(ev->props, w->properties[i].code),
                       s->words);
    s->events++;
    return ERR_OK;
}

MUST_USE static err put_tail(struct scan_slice *s, const struct scan_lane *l)
{
    const struct crowd *c = &s->scan->crowd;
    for (u32 i = l->row; i < l->end; i++) {
        struct event ev;
        if (i + AHEAD < c->tail_count)
            tail_prefetch(&s->scan->view->es->tail, c->tail[i + AHEAD].at);
        tail_event(tail_row(&s->scan->view->es->tail, c->tail[i].at), &ev);
        TRY(put_event(s, &ev));
    }
    return ERR_OK;
}

/* ---- the lanes ---- */

/* The rows of a file, as far as they are wanted. */
MUST_USE static err put_rows(struct scan_slice *s, struct scan_lane *l, u32 from, u32 to)
{
    while (from < to) {
        scan_decode(s, l, from);
        u32 end = min_u32(to, l->decoded->end);
        u32 first = scan_block_place(l->decoded, from),
            n = scan_block_place(l->decoded, end) - first;
        if (n) {
            TRY(make_room(s, n));
            scan_columns_copy(&s->out, s->events, &l->decoded->columns, first, n, &s->scan->want);
            s->events += n;
        }
        from = end;
    }
    return ERR_OK;
}

/* Sets the tail before its customer's rows. */
static void enter(struct scan_slice *s, struct scan_lane *l)
{
    const struct crowd *c = &s->scan->crowd;
    if (l->file) return;
    for (l->row = l->end; l->end < c->tail_count && c->tail[l->end].key == l->head;) l->end++;
}

/* Past its customer, on to the next; none beyond the slice's range. */
static void leave(struct scan_slice *s, struct scan_lane *l)
{
    const struct crowd *c = &s->scan->crowd;
    if (l->file)
        l->head = ++l->head_at < l->head_count ? l->heads[l->head_at].key : UINT32_MAX;
    else
        l->head = l->end < c->tail_count ? c->tail[l->end].key : UINT32_MAX;
    if (l->head >= s->to) l->head = UINT32_MAX;
}

/* Puts events [from, end) in order of time. They lie lane after lane, each in order, and of equal
 * times those of the earlier lane came first in the log. */
static void sort_by_time(struct scan_slice *s, u32 from)
{
    u32 n = s->events - from;
    bool ascends = true;
    for (u32 i = from + 1; i < s->events; i++)
        ascends = ascends && s->out.time[i - 1] <= s->out.time[i];
    if (ascends) return;
    struct place *places = mem_alloc(2 * (size_t)n * sizeof *places);
    struct scan_columns sorted = {0};
    for (u32 i = 0; i < n; i++) places[i] = (struct place){s->out.time[from + i], i, 0, i};
    place_sort(places, places + n, n);
    scan_columns_grow(&sorted, &s->scan->want, n);
    for (u32 i = 0; i < n; i++)
        scan_columns_copy(&sorted, i, &s->out, from + places[i].at, 1, &s->scan->want);
    scan_columns_copy(&s->out, from, &sorted, 0, n, &s->scan->want);
    scan_columns_free(&sorted);
    free(places);
}

/* Ends the customer whose events were put last: without any there is none. */
static void end_customer(struct scan_slice *s, event_persona head)
{
    if (s->start[s->customers] == s->events) return;
    s->head[s->customers++] = head;
    s->start[s->customers] = s->events;
}

/* One customer who lies in several places. */
MUST_USE static err take_merged(struct scan_slice *s, event_persona head, u32 n)
{
    u32 from = s->events;
    for (u32 i = 0; i < n; i++) enter(s, s->at_hand[i]);
    for (u32 i = 0; i < n && !crowd_has_moved(&s->scan->crowd, head); i++) {
        struct scan_lane *l = s->at_hand[i];
        if (l->file)
            TRY(put_rows(s, l, l->heads[l->head_at].value, l->heads[l->head_at + 1].value));
        else
            TRY(put_tail(s, l));
    }
    if (n > 1) sort_by_time(s, from);
    end_customer(s, head);
    for (u32 i = 0; i < n; i++) leave(s, s->at_hand[i]);
    return ERR_OK;
}

/* Customers one after another who lie in this file's block at hand and, up to `bound`, nowhere
 * else: their rows lie together as they were decoded. Answers whether there was one. */
MUST_USE static err take_stretch(struct scan_slice *s, struct scan_lane *l, event_persona bound,
                                 bool *any)
{
    scan_decode(s, l, l->heads[l->head_at].value);
    const struct scan_block *d = l->decoded;
    const struct crowd *c = &s->scan->crowd;
    u32 at = l->head_at, from = scan_block_place(d, l->heads[at].value), to = from;
    u32 events = s->events, first = s->customers;
    while (at < l->head_count && l->heads[at].key < bound && l->heads[at + 1].value <= d->end &&
           s->customers < BATCH_CUSTOMERS && !crowd_has_moved(c, l->heads[at].key)) {
        u32 next = scan_block_place(d, l->heads[++at].value);
        if (next == to) continue;
        s->head[s->customers++] = l->heads[at - 1].key;
        s->start[s->customers] = events += next - to;
        to = next;
    }
    *any = at > l->head_at;
    l->head_at = at;
    l->head = at < l->head_count && l->heads[at].key < s->to ? l->heads[at].key : UINT32_MAX;
    if (to == from) return ERR_OK;
    if (first == 0 && to - from >= DIRECT_EVENTS) {
        s->direct = &d->columns;
        s->direct_at = from;
        s->events = events;
        return ERR_OK;
    }
    TRY(make_room(s, to - from));
    scan_columns_copy(&s->out, s->events, &d->columns, from, to - from, &s->scan->want);
    s->events = events;
    return ERR_OK;
}

/* The customer with the least head of all lanes, or several, read or passed over. */
MUST_USE static err take_least(struct scan_slice *s)
{
    event_persona head = UINT32_MAX, bound = s->to;
    struct scan_lane *least = NULL;
    u32 n = 0;
    bool any = false;
    for (u32 i = 0; i < s->lane_count; i++) {
        struct scan_lane *l = &s->lanes[i];
        if (l->head < head) {
            bound = head < bound ? head : bound;
            head = l->head;
            least = l;
        } else if (l->head < bound) {
            bound = l->head;
        }
    }
    if (!least) return ERR_NOT_FOUND;
    if (least->file && bound > head) TRY(take_stretch(s, least, bound, &any));
    if (any) return ERR_OK;
    for (u32 i = 0; i < s->lane_count; i++)
        if (s->lanes[i].head == head) s->at_hand[n++] = &s->lanes[i];
    return take_merged(s, head, n);
}

MUST_USE static err take_moved(struct scan_slice *s)
{
    const struct crowd *c = &s->scan->crowd;
    struct event ev;
    if (s->pair == s->pair_end) return ERR_NOT_FOUND;
    event_persona head = c->pairs[s->pair].key;
    if (!s->personas) s->personas = mem_alloc(c->pair_count * sizeof *s->personas);
    u32 n = crowd_personas(c, &s->pair, s->personas);
    struct event_iter *it =
        event_iter(s->scan->view, s->personas, n, s->scan->want.from, s->scan->want.to, s->scratch);
    while (event_next(it, &ev)) TRY(put_event(s, &ev));
    end_customer(s, head);
    return ERR_OK;
}

/* ---- the slice ---- */

/* The first of the heads that is not below `from`. */
static u32 lower(const struct sealed_keys *heads, event_persona from)
{
    u32 low = 0, high = heads->count;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        if (heads->keys[middle].key < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void open_lanes(struct scan_slice *s)
{
    const struct catalog *c = s->scan->view->catalog;
    const struct crowd *crowd = &s->scan->crowd;
    s->lane_count = c->count + 1;
    s->lanes = mem_zalloc(s->lane_count * sizeof *s->lanes);
    s->at_hand = mem_zalloc(s->lane_count * sizeof(struct scan_lane *));
    for (u32 i = 0; i < c->count; i++) {
        struct sealed_keys heads = sealed_heads(c->files[i]);
        struct scan_lane *l = &s->lanes[i];
        *l =
            (struct scan_lane){.file = c->files[i], .heads = heads.keys, .head_count = heads.count};
        l->head_at = lower(&heads, s->from);
        l->head = l->head_at < heads.count ? heads.keys[l->head_at].key : UINT32_MAX;
        if (l->head >= s->to) l->head = UINT32_MAX;
    }
    struct scan_lane *tail = &s->lanes[c->count];
    while (tail->end < crowd->tail_count && crowd->tail[tail->end].key < s->from) tail->end++;
    tail->head = tail->end < crowd->tail_count ? crowd->tail[tail->end].key : UINT32_MAX;
    if (tail->head >= s->to) tail->head = UINT32_MAX;
}

void scan_slice_open(struct scan_slice *s, struct event_scan *scan, event_persona from,
                     event_persona to)
{
    const struct crowd *c = &scan->crowd;
    *s = (struct scan_slice){.scan = scan, .from = from, .to = to};
    s->words = word_cache_new(scan->words);
    s->decoder = scan_decoder_new(scan);
    s->scratch = arena_new();
    s->head = mem_alloc(BATCH_CUSTOMERS * sizeof *s->head);
    s->start = mem_zalloc((BATCH_CUSTOMERS + 1) * sizeof *s->start);
    while (s->pair < c->pair_count && c->pairs[s->pair].key < from) s->pair++;
    for (s->pair_end = s->pair; s->pair_end < c->pair_count && c->pairs[s->pair_end].key < to;)
        s->pair_end++;
    open_lanes(s);
}

void scan_slice_close(struct scan_slice *s)
{
    for (u32 i = 0; i < s->lane_count; i++) {
        if (s->lanes[i].decoded) scan_columns_free(&s->lanes[i].decoded->columns);
        free(s->lanes[i].decoded);
        free(s->lanes[i].words);
    }
    scan_columns_free(&s->out);
    scan_decoder_free(s->decoder);
    word_cache_free(s->words);
    arena_free(s->scratch);
    free(s->head);
    free(s->start);
    free(s->personas);
    free(s->lanes);
    free(s->at_hand);
}

static void hand_out(const struct scan_slice *s, struct scan_batch *out)
{
    const struct scan_columns *c = s->direct ? s->direct : &s->out;
    const struct scan_want *w = &s->scan->want;
    u32 at = s->direct ? s->direct_at : 0;
    *out = (struct scan_batch){.customers = s->customers,
                               .events = s->events,
                               .head = s->head,
                               .start = s->start,
                               .time = c->time + at,
                               .code = c->code + at,
                               .order = w->orders ? c->order + at : NULL,
                               .source = w->sources ? c->source + at : NULL};
    for (u32 i = 0; i < w->property_count; i++) {
        scan_kind kind = w->properties[i].kind;
        struct scan_column *to = &out->columns[i];
        to->valid = c->properties[i].valid + at;
        if (kind == SCAN_FIXED) to->number = c->properties[i].number + at;
        if (kind == SCAN_TEXT) to->text = c->properties[i].text + at;
        if (kind == SCAN_VALUE) to->value = c->properties[i].value + at;
    }
}

err scan_slice_next(struct scan_slice *s, struct scan_batch *out)
{
    const bool *stop = s->scan->want.is_cancelled;
    err e = ERR_OK;
    arena_reset(s->scratch);
    s->events = s->customers = 0;
    s->direct = NULL;
    for (u32 i = 0; s->events < BATCH_EVENTS && s->customers < BATCH_CUSTOMERS && !s->direct; i++) {
        if (stop && i % LOOK_EVERY == 0 && __atomic_load_n(stop, __ATOMIC_RELAXED))
            return ERR_UNAVAILABLE;
        if (!s->is_over) {
            e = take_least(s);
            if (e == ERR_NOT_FOUND) s->is_over = true;
        }
        if (s->is_over) e = take_moved(s);
        if (e != ERR_OK) break;
    }
    if (e != ERR_OK && e != ERR_NOT_FOUND) return e;
    if (s->customers == 0) return ERR_NOT_FOUND;
    hand_out(s, out);
    return ERR_OK;
}
