/* scan_slice.c — one slice of a scan: the lanes of its range of heads side by side, into columns.
 */
#include "event/scan_inside.h"

#include "log/names.h"

#include <stdlib.h>

enum {
    BATCH_EVENTS = 8192,
    BATCH_CUSTOMERS = 4096,
    AHEAD = 8,       /* rows fetched early */
    LOOK_EVERY = 256 /* customers between looks whether it is cancelled */
};

/* ---- columns ---- */

static void *grown(void *p, bool wanted, u32 room, size_t each)
{
    return wanted ? mem_realloc(p, room * each) : NULL;
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
    struct scan_out *o = &s->out;
    const struct scan_want *w = &s->scan->want;
    u64 need = (u64)o->events + more, room = o->room ? o->room : BATCH_EVENTS;
    if (LIKELY(need <= o->room)) return ERR_OK;
    while (room < need) room *= 2;
    if (room * bytes_each(w) > w->bytes_max || room > UINT32_MAX) return ERR_LIMIT;
    o->room = (u32)room;
    o->time = grown(o->time, true, o->room, sizeof *o->time);
    o->code = grown(o->code, true, o->room, sizeof *o->code);
    o->order = grown(o->order, w->orders, o->room, sizeof *o->order);
    o->source = grown(o->source, w->sources, o->room, sizeof *o->source);
    for (u32 i = 0; i < w->property_count; i++) {
        scan_kind kind = w->properties[i].kind;
        o->columns[i].valid = grown(o->columns[i].valid, true, o->room, 1);
        o->columns[i].number =
            grown(o->columns[i].number, kind == SCAN_FIXED, o->room, sizeof(i64));
        o->columns[i].text = grown(o->columns[i].text, kind == SCAN_TEXT, o->room, sizeof(u32));
        o->columns[i].value =
            grown(o->columns[i].value, kind == SCAN_VALUE, o->room, sizeof(value));
    }
    return ERR_OK;
}

/* ---- one event ---- */

static bool is_wanted(const struct event_scan *scan, const struct event *ev)
{
    if (ev->occurred_ms < scan->want.from || ev->occurred_ms >= scan->want.to) return false;
    if (!scan->code_bits) return true;
    return ev->code <= NAMES_MAX && scan->code_bits[ev->code / 64] >> ev->code % 64 & 1;
}

static void put_value(struct scan_slice *s, u32 i, value v)
{
    struct scan_out *o = &s->out;
    u32 at = o->events;
    bool has_text = v.type >= VALUE_FALSE && v.type <= VALUE_TIME;
    switch (s->scan->want.properties[i].kind) {
    case SCAN_FIXED:
        o->columns[i].number[at] = 0;
        o->columns[i].valid[at] = value_as_fixed(v, &o->columns[i].number[at]);
        break;
    case SCAN_TEXT:
        o->columns[i].text[at] = 0;
        if (v.type == VALUE_TEXT)
            o->columns[i].text[at] = word_cache_code(s->words, v.text);
        else if (has_text)
            o->columns[i].text[at] = word_cache_number(s->words, v);
        o->columns[i].valid[at] = o->columns[i].text[at] != 0;
        break;
    case SCAN_VALUE:
        if (v.type == VALUE_NULL) v = (value){0};
        o->columns[i].value[at] = v;
        o->columns[i].valid[at] = v.type != VALUE_MISSING;
        break;
    }
}

static void put_props(struct scan_slice *s, str props)
{
    const struct scan_want *w = &s->scan->want;
    value found[SCAN_PROPERTIES_MAX] = {0}, v;
    struct reader r = reader_of(props);
    for (u32 code; props_next(&r, &code, &v);)
        for (u32 i = 0; i < w->property_count; i++)
            if (w->properties[i].code == code) found[i] = v;
    for (u32 i = 0; i < w->property_count; i++) put_value(s, i, found[i]);
}

MUST_USE static err put_event(struct scan_slice *s, const struct event *ev)
{
    struct scan_out *o = &s->out;
    if (!is_wanted(s->scan, ev)) return ERR_OK;
    TRY(make_room(s, 1));
    o->time[o->events] = ev->occurred_ms;
    o->code[o->events] = ev->code;
    if (o->order) o->order[o->events] = ev->order;
    if (o->source) o->source[o->events] = ev->source;
    if (s->scan->want.property_count) put_props(s, ev->props);
    o->events++;
    return ERR_OK;
}

/* ---- the lanes ---- */

static bool advance_file(struct scan_slice *s, struct scan_lane *l)
{
    const struct event_view *v = s->scan->view;
    while (l->row < l->end) {
        u32 row = l->row++;
        block_at(&l->block, l->file, row);
        event_persona persona = block_persona(&l->block, row);
        u64 order = block_order(&l->block, row);
        if (persona != l->asked) {
            l->asked = persona;
            l->here = !crowd_has_strayed(&s->scan->crowd, persona);
            l->gone = erased_of(v->catalog->erased, v->erased, persona);
        }
        if (!l->here || is_erased(&l->gone, order)) continue;
        l->next = (struct place){block_occurred(&l->block, row), order, 0, row};
        return true;
    }
    return false;
}

static bool advance(struct scan_slice *s, struct scan_lane *l)
{
    const struct crowd *c = &s->scan->crowd;
    if (l->file) return advance_file(s, l);
    if (l->row == l->end) return false;
    l->next = c->tail[l->row++];
    l->next.key = 0;
    if (l->row + AHEAD < c->tail_count)
        tail_prefetch(&s->scan->view->es->tail, c->tail[l->row + AHEAD].at);
    return true;
}

/* Sets the lane before its customer's rows. */
static void enter(struct scan_slice *s, struct scan_lane *l)
{
    const struct crowd *c = &s->scan->crowd;
    l->asked = 0;
    if (l->file) {
        l->row = l->heads[l->head_at].value;
        l->end = l->heads[l->head_at + 1].value;
        return;
    }
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

MUST_USE static err emit(struct scan_slice *s, struct scan_lane *l)
{
    struct event ev;
    if (l->file)
        block_event(&l->block, l->next.at, s->scratch, &ev);
    else
        tail_event(tail_row(&s->scan->view->es->tail, l->next.at), &ev);
    return put_event(s, &ev);
}

/* One customer: its lanes merged. They are few, so the least is looked for. */
MUST_USE static err serve(struct scan_slice *s, u32 n)
{
    struct scan_lane **lanes = s->at_hand;
    for (u32 i = 0; i < n;) {
        if (advance(s, lanes[i]))
            i++;
        else
            lanes[i] = lanes[--n];
    }
    while (n) {
        u32 least = 0;
        for (u32 i = 1; i < n; i++)
            if (place_cmp(&lanes[i]->next, &lanes[least]->next) < 0) least = i;
        TRY(emit(s, lanes[least]));
        if (!advance(s, lanes[least])) lanes[least] = lanes[--n];
    }
    return ERR_OK;
}

/* Ends the customer whose events were put last: without any there is none. */
static void end_customer(struct scan_out *o, event_persona head)
{
    if (o->start[o->customers] == o->events) return;
    o->head[o->customers++] = head;
    o->start[o->customers] = o->events;
}

/* The customer with the least head of all lanes, read or passed over. */
MUST_USE static err take_least(struct scan_slice *s)
{
    event_persona head = UINT32_MAX;
    u32 n = 0;
    for (u32 i = 0; i < s->lane_count; i++)
        if (s->lanes[i].head < head) head = s->lanes[i].head;
    if (head == UINT32_MAX) return ERR_NOT_FOUND;
    for (u32 i = 0; i < s->lane_count; i++)
        if (s->lanes[i].head == head) {
            enter(s, &s->lanes[i]);
            s->at_hand[n++] = &s->lanes[i];
        }
    if (!crowd_has_moved(&s->scan->crowd, head)) {
        TRY(serve(s, n));
        end_customer(&s->out, head);
    }
    for (u32 i = 0; i < s->lane_count; i++)
        if (s->lanes[i].head == head) leave(s, &s->lanes[i]);
    return ERR_OK;
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
    end_customer(&s->out, head);
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
    s->scratch = arena_new();
    s->out.head = mem_alloc(BATCH_CUSTOMERS * sizeof *s->out.head);
    s->out.start = mem_zalloc((BATCH_CUSTOMERS + 1) * sizeof *s->out.start);
    while (s->pair < c->pair_count && c->pairs[s->pair].key < from) s->pair++;
    for (s->pair_end = s->pair; s->pair_end < c->pair_count && c->pairs[s->pair_end].key < to;)
        s->pair_end++;
    open_lanes(s);
}

void scan_slice_close(struct scan_slice *s)
{
    struct scan_out *o = &s->out;
    free(o->head), free(o->start), free(o->time), free(o->code), free(o->order), free(o->source);
    for (u32 i = 0; i < SCAN_PROPERTIES_MAX; i++) {
        free(o->columns[i].valid), free(o->columns[i].number);
        free(o->columns[i].text), free(o->columns[i].value);
    }
    word_cache_free(s->words);
    arena_free(s->scratch);
    free(s->personas);
    free(s->lanes);
    free(s->at_hand);
}

static void hand_out(const struct scan_slice *s, struct scan_batch *out)
{
    const struct scan_out *o = &s->out;
    *out = (struct scan_batch){.customers = o->customers,
                               .events = o->events,
                               .head = o->head,
                               .start = o->start,
                               .time = o->time,
                               .code = o->code,
                               .order = o->order,
                               .source = o->source};
    for (u32 i = 0; i < s->scan->want.property_count; i++)
        out->columns[i] = (struct scan_column){o->columns[i].valid, o->columns[i].number,
                                               o->columns[i].text, o->columns[i].value};
}

err scan_slice_next(struct scan_slice *s, struct scan_batch *out)
{
    const bool *stop = s->scan->want.is_cancelled;
    struct scan_out *o = &s->out;
    err e = ERR_OK;
    arena_reset(s->scratch);
    o->events = o->customers = 0;
    o->start[0] = 0;
    for (u32 i = 0; o->events < BATCH_EVENTS && o->customers < BATCH_CUSTOMERS; i++) {
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
    if (o->customers == 0) return ERR_NOT_FOUND;
    hand_out(s, out);
    return ERR_OK;
}
