/* scan_slice.c — one slice of a scan: the lanes of its range of heads side by side, into columns.
 */
#include "event/daily.h"
#include "event/scan_inside.h"

#include <stdlib.h>

enum {
    BATCH_EVENTS = 8192,
    BATCH_CUSTOMERS = 4096,
    DIRECT_EVENTS = 1024, /* decoded together: handed out where they lie */
    AHEAD = 8,            /* rows fetched early */
    COPIED = 4,           /* events copied at a time… */
    FEW_COPIED = 64,      /* …of so many at most */
    LOOK_EVERY = 16 /* customers, or stretches of them, between looks whether it is cancelled */
};

/* ---- columns ---- */

/* Every column, with its width; what is not wanted is passed over. */
#define EACH_COLUMN(w, X)                                                                          \
    X(time, 8)                                                                                     \
    X(mark, 4)                                                                                     \
    if ((w)->codes) X(code, 4)                                                                     \
    if ((w)->orders) X(order, 8)                                                                   \
    if ((w)->sources) X(source, 4)

void scan_columns_grow(struct scan_columns *c, const struct scan_want *w, u32 room)
{
    size_t n = (size_t)room + COPIED; /* copies may go that far beyond */
    c->room = room;
#define GROW(column, width) c->column = mem_realloc(c->column, n * (width));
    EACH_COLUMN(w, GROW)
#undef GROW
    for (u32 i = 0; i < w->property_count; i++) {
        struct scan_values *v = &c->properties[i];
        v->valid = mem_realloc(v->valid, n);
        switch (w->properties[i].kind) {
        case SCAN_NUMBER: v->value = mem_realloc(v->value, n * sizeof *v->value); /* fall through */
        case SCAN_FIXED: v->number = mem_realloc(v->number, n * sizeof *v->number); break;
        case SCAN_TEXT: v->text = mem_realloc(v->text, n * sizeof *v->text); break;
        case SCAN_VALUE: v->value = mem_realloc(v->value, n * sizeof *v->value); break;
        }
    }
}

void scan_columns_free(struct scan_columns *c)
{
    free(c->time), free(c->mark), free(c->code), free(c->order), free(c->source);
    for (u32 i = 0; i < SCAN_PROPERTIES_MAX; i++) {
        free(c->properties[i].valid), free(c->properties[i].number);
        free(c->properties[i].text), free(c->properties[i].value);
    }
}

/* Mostly a handful, so no call for each column: fours are copied, up to three too many. */
static inline __attribute__((always_inline)) void copy_fours(void *to, const void *from, u32 n,
                                                             size_t width)
{
    if (UNLIKELY(n > FEW_COPIED)) {
        memcpy(to, from, n * width);
        return;
    }
    for (u32 i = 0; i < n; i += COPIED)
        memcpy((u8 *)to + i * width, (const u8 *)from + i * width, COPIED * width);
}

void scan_columns_copy(struct scan_columns *to, u32 at, const struct scan_columns *from, u32 first,
                       u32 n, const struct scan_want *w)
{
#define COPY(column, width) copy_fours(to->column + at, from->column + first, n, width);
    EACH_COLUMN(w, COPY)
#undef COPY
    for (u32 i = 0; i < w->property_count; i++) {
        struct scan_values *t = &to->properties[i];
        const struct scan_values *f = &from->properties[i];
        copy_fours(t->valid + at, f->valid + first, n, 1);
        switch (w->properties[i].kind) {
        case SCAN_NUMBER:
            for (u32 k = 0; k < n; k++)
                if (t->valid[at + k] == SCAN_IS_OTHER) t->value[at + k] = f->value[first + k];
            /* fall through */
        case SCAN_FIXED: copy_fours(t->number + at, f->number + first, n, 8); break;
        case SCAN_TEXT: copy_fours(t->text + at, f->text + first, n, 4); break;
        case SCAN_VALUE: memcpy(t->value + at, f->value + first, n * sizeof *t->value); break;
        }
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
    case SCAN_NUMBER:
        c->properties[property].number[at] = 0;
        c->properties[property].value[at] = v;
        c->properties[property].valid[at] = v.type == VALUE_MISSING || v.type == VALUE_NULL ? 0
                                            : value_as_fixed(v, &c->properties[property].number[at])
                                                ? SCAN_IS_NUMBER
                                                : SCAN_IS_OTHER;
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
    size_t n = 0;
#define ADD(column, width) n += (width);
    EACH_COLUMN(w, ADD)
#undef ADD
    for (u32 i = 0; i < w->property_count; i++)
        n += 1 + (w->properties[i].kind == SCAN_VALUE    ? sizeof(value)
                  : w->properties[i].kind == SCAN_NUMBER ? sizeof(value) + sizeof(i64)
                                                         : sizeof(i64));
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

MUST_USE static err put_event(struct scan_slice *s, const struct event *ev)
{
    const struct scan_want *w = &s->scan->want;
    TRY(make_room(s, 1));
    s->out.time[s->events] = ev->occurred_ms;
    s->out.mark[s->events] = w->marks ? w->marks[ev->code] : 0;
    if (w->codes) s->out.code[s->events] = ev->code;
    if (w->orders) s->out.order[s->events] = ev->order;
    if (w->sources) s->out.source[s->events] = ev->source;
    for (u32 i = 0; i < w->property_count; i++)
        scan_put_value(&s->out, w, i, s->events, props_get(ev->props, w->properties[i].code),
                       s->words);
    s->events++;
    return ERR_OK;
}

static bool in_span(const struct scan_slice *s, i64 t)
{
    return t >= s->scan->want.from && t < s->scan->want.to;
}

/* The rows of the customer at hand in the tail. */
MUST_USE static err put_tail(struct scan_slice *s, struct scan_lane *l)
{
    const struct crowd *c = s->scan->crowd;
    for (; l->end < c->tail_count && c->tail[l->end].key == l->head; l->end++) {
        struct event ev;
        if (l->end + AHEAD < c->tail_count)
            tail_prefetch(&s->scan->view->es->tail, c->tail[l->end + AHEAD].at);
        if (!in_span(s, c->tail[l->end].occurred_ms)) continue; /* another scan's */
        tail_event(tail_row(&s->scan->view->es->tail, c->tail[l->end].at), &ev);
        if (scan_wants_code(s->scan, ev.code)) TRY(put_event(s, &ev));
    }
    l->at = l->count;
    return ERR_OK;
}

/* ---- the lanes ---- */

MUST_USE static err put_rows(struct scan_slice *s, struct scan_lane *l, u32 from, u32 to)
{
    TRY(make_room(s, to - from));
    if (UNLIKELY(l->decoded->waits_time || l->decoded->waits_mark)) scan_unpack(l);
    scan_columns_copy(&s->out, s->events, &l->decoded->columns, from, to - from, &s->scan->want);
    s->events += to - from;
    return ERR_OK;
}

/* The rows of the customer at hand, in however many blocks they are. */
MUST_USE static err put_customer(struct scan_slice *s, struct scan_lane *l)
{
    event_persona head = l->head;
    if (!l->file) return put_tail(s, l);
    for (bool more = true; more;) {
        TRY(put_rows(s, l, l->from[l->at], l->to[l->at]));
        more = l->at + 1 == l->count && l->goes_on;
        scan_lane_step(l);
        if (!more) break;
        scan_lane_list(l, s);
        more = l->head == head;
    }
    return ERR_OK;
}

/* Puts events [from, end) in order of time. They lie lane after lane, each in order, and of equal
 * times those of the earlier lane came first in the log. */
static void sort_by_time(struct scan_slice *s, u32 from)
{
    u32 n = s->events - from;
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

/* One customer who lies in several places. What came later in the log mostly happened later too:
 * then it need not be sorted in. */
MUST_USE static err take_merged(struct scan_slice *s, event_persona head)
{
    u32 from = s->events;
    bool ascends = true;
    for (u32 i = 0; i < s->lane_count; i++) {
        struct scan_lane *l = &s->lanes[i];
        u32 seam = s->events;
        if (l->head != head) continue;
        TRY(put_customer(s, l));
        if (seam > from && s->events > seam)
            ascends = ascends && s->out.time[seam - 1] <= s->out.time[seam];
    }
    if (!ascends) sort_by_time(s, from);
    end_customer(s, head);
    return ERR_OK;
}

/* How many of those listed, from the one at hand on, are below `bound` and wholly in this block. */
static u32 in_stretch(const struct scan_slice *s, const struct scan_lane *l, event_persona bound)
{
    u32 low = l->at + 1, high = l->count - l->goes_on;
    if (high - l->at > BATCH_CUSTOMERS - s->customers)
        high = l->at + (BATCH_CUSTOMERS - s->customers);
    if (high > low && l->listed[high - 1] < bound) return high - l->at;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        if (l->listed[middle] < bound)
            low = middle + 1;
        else
            high = middle;
    }
    return low - l->at;
}

/* Customers one after another who lie in this block and, up to `bound`, nowhere else. */
MUST_USE static err take_stretch(struct scan_slice *s, struct scan_lane *l, event_persona bound)
{
    u32 first = l->at, n = in_stretch(s, l, bound), events = s->events, *start = s->start;
    const u16 *from = l->from + first, *to = l->to + first;
    memcpy(s->head + s->customers, l->listed + first, n * sizeof *s->head);
    start += s->customers + 1;
    if (l->is_joined)
        for (u32 i = 0; i < n; i++) start[i] = s->events + to[i] - from[0];
    else
        for (u32 i = 0; i < n; i++) start[i] = events += (u32)(to[i] - from[i]);
    events = start[n - 1];
    s->customers += n;
    if (s->events == 0 && l->is_joined && events >= DIRECT_EVENTS) {
        s->direct = l;
        s->direct_at = from[0];
        s->events = events;
    } else if (l->is_joined) {
        TRY(put_rows(s, l, from[0], to[n - 1]));
    } else {
        for (u32 i = 0; i < n; i++) TRY(put_rows(s, l, from[i], to[i]));
    }
    l->at = first + n;
    if (l->at < l->count) l->head = l->listed[l->at];
    return ERR_OK;
}

/* The customer with the least head of all lanes, or several. */
MUST_USE static err take_least(struct scan_slice *s)
{
    event_persona head = UINT32_MAX, bound = s->to;
    struct scan_lane *least = NULL;
    for (u32 i = 0; i < s->lane_count; i++) {
        struct scan_lane *l = &s->lanes[i];
        if (UNLIKELY(l->at == l->count)) scan_lane_list(l, s);
        if (l->head < head) {
            bound = head < bound ? head : bound;
            head = l->head;
            least = l;
        } else if (l->head < bound) {
            bound = l->head;
        }
    }
    if (!least) return ERR_NOT_FOUND;
    bool is_whole = least->file && !(least->goes_on && least->at + 1 == least->count);
    return bound > head && is_whole ? take_stretch(s, least, bound) : take_merged(s, head);
}

MUST_USE static err take_moved(struct scan_slice *s)
{
    const struct crowd *c = s->scan->crowd;
    struct event ev;
    if (s->pair == s->pair_end) return ERR_NOT_FOUND;
    event_persona head = c->pairs[s->pair].key;
    if (!s->personas) s->personas = mem_alloc(c->pair_count * sizeof *s->personas);
    u32 n = crowd_personas(c, &s->pair, s->personas);
    struct event_iter *it =
        event_iter(s->scan->view, s->personas, n, s->scan->want.from, s->scan->want.to, s->scratch);
    while (scan_wants_head(s->scan, head) && event_next(it, &ev))
        if (scan_wants_code(s->scan, ev.code)) TRY(put_event(s, &ev));
    end_customer(s, head);
    return ERR_OK;
}

/* ---- the slice ---- */

void scan_slice_open(struct scan_slice *s, struct event_scan *scan, event_persona from,
                     event_persona to)
{
    const struct crowd *c = scan->crowd;
    *s = (struct scan_slice){.scan = scan, .from = from, .to = to};
    for (u32 i = 0; i < scan->want.property_count && !s->words; i++)
        if (scan->want.properties[i].kind == SCAN_TEXT) s->words = word_cache_new(scan->words);
    s->scratch = arena_new();
    s->head = mem_alloc(BATCH_CUSTOMERS * sizeof *s->head);
    s->start = mem_zalloc((BATCH_CUSTOMERS + 1) * sizeof *s->start);
    s->pair = place_lower(c->pairs, c->pair_count, from);
    s->pair_end = place_lower(c->pairs, c->pair_count, to);
    const struct catalog *files = scan->view->catalog;
    s->lanes = mem_alloc((files->count + 1) * sizeof *s->lanes);
    s->lane_count = 0;
    for (u32 i = 0; i < files->count; i++)
        if (!scan->want.unindexed || !daily_is_there(files->files[i]))
            scan_lane_open(&s->lanes[s->lane_count++], s, files->files[i]);
    scan_lane_open(&s->lanes[s->lane_count++], s, NULL);
}

void scan_slice_close(struct scan_slice *s)
{
    for (u32 i = 0; i < s->lane_count; i++) scan_lane_close(&s->lanes[i]);
    scan_columns_free(&s->out);
    free(s->few);
    word_cache_free(s->words);
    arena_free(s->scratch);
    free(s->head);
    free(s->start);
    free(s->personas);
    free(s->lanes);
}

static void hand_out(const struct scan_slice *s, struct scan_batch *out)
{
    const struct scan_columns *c = s->direct ? &s->direct->decoded->columns : &s->out;
    const struct scan_want *w = &s->scan->want;
    u32 at = s->direct ? s->direct_at : 0;
    *out = (struct scan_batch){.customers = s->customers,
                               .events = s->events,
                               .head = s->head,
                               .start = s->start,
                               .time = c->time + at,
                               .mark = c->mark + at,
                               .code = w->codes ? c->code + at : NULL,
                               .order = w->orders ? c->order + at : NULL,
                               .source = w->sources ? c->source + at : NULL};
    for (u32 i = 0; i < w->property_count; i++) {
        struct scan_column *to = &out->columns[i];
        to->valid = c->properties[i].valid + at;
        if (c->properties[i].number) to->number = c->properties[i].number + at;
        if (c->properties[i].text) to->text = c->properties[i].text + at;
        if (c->properties[i].value) to->value = c->properties[i].value + at;
    }
    if (s->direct) scan_hand_packed(s->direct, at, out);
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
