#include "analysis/feed.h"

#include "log/events.h"

#include <stdlib.h>

#define ASKED (1u << 29) /* a mark: some filter looks at the event */

/* What one slice's thread needs; grown to the largest batch. */
struct lane {
    struct scan_batch batch;
    u32 room;
    u32 *hits, *words;
    decimal *amount;
    str *props;
    struct arena *arena;
    struct buf bytes;
};

struct feed {
    const struct plan *p;
    const struct analysis_source *source;
    const u64 *who;
    struct event_scan *scan;
    u32 *marks, *asks; /* by event code: filters that take it as it is, and those that look at it */
    bool any_asks;
    u32 always; /* what all marks have */
    u32 slices;
    i32 amount, by;    /* columns; −1: none */
    bool plain_amount; /* its column is of numbers */
    struct lane *lanes;
};

/* ---- opening ---- */

static event_persona head_of(void *ctx, event_persona p)
{
    const struct feed *f = ctx;
    struct customer_row row;
    persona head = 0;
    if (f->source->heads && p < f->source->heads_end)
        head = f->source->heads[p];
    else if (view_row(&f->source->view, p, &row))
        head = row.head;
    return head < f->source->end ? head : 0;
}

static bool for_clients(u32 code)
{
    return code >= EVENT_FIXED_END || event_for_clients(code);
}

/* A filter that looks at properties marks its events with ASKED, so that they are read. */
static void mark(struct feed *f, u32 code, u32 i)
{
    if (!f->p->filters[i]->where) {
        f->marks[code] |= 1u << i;
        return;
    }
    f->marks[code] |= ASKED;
    f->asks[code] |= 1u << i;
    f->any_asks = true;
}

static void set_marks(struct feed *f)
{
    for (u32 i = 0; i < f->p->filter_count; i++) {
        u32 event = f->p->filters[i]->event;
        if (event) mark(f, event % NAMES_MAX, i);
        for (u32 code = 1; !event && code < NAMES_MAX; code++)
            if (for_clients(code)) mark(f, code, i);
    }
    for (u32 code = 1; f->p->any && code < NAMES_MAX; code++)
        if (for_clients(code)) f->marks[code] |= HIT_ANY;
    f->always = ~ASKED;
    for (u32 code = 1; code < NAMES_MAX; code++)
        if (f->marks[code]) f->always &= f->marks[code];
}

void feed_marks(const struct plan *p, u32 *marks)
{
    struct feed f = {.p = p, .marks = marks};
    f.asks = mem_zalloc((NAMES_MAX + 1) * sizeof *f.asks);
    set_marks(&f);
    free(f.asks);
}

static i32 column(struct scan_property *list, u32 *count, u32 code, scan_kind kind)
{
    if (!code) return -1;
    list[*count] = (struct scan_property){code, kind};
    return (i32)(*count)++;
}

/* Else they are the marks, where the scan has them. */
static bool changes_hits(const struct feed *f)
{
    return f->any_asks || f->p->has_amount;
}

/* Whether batches are added as they are, to one state. */
static bool takes_whole(const struct plan *p)
{
    return p->by.kind == BY_NOTHING && !p->drill;
}

static void open_scan(struct feed *f, const bool *is_cancelled)
{
    const struct plan *p = f->p;
    struct scan_property properties[SCAN_PROPERTIES_MAX];
    struct scan_want want = {.marks = f->marks,
                             .from = p->since,
                             .to = p->reach,
                             .properties = properties,
                             .codes = p->codes || f->any_asks,
                             .sources = p->source || p->by.kind == BY_SOURCE,
                             .packed_times = p->packed_times && takes_whole(p),
                             .kinds = p->kinds && takes_whole(p) && !changes_hits(f),
                             .who = f->who,
                             .who_end = f->source->end,
                             .heads = f->source->heads,
                             .heads_end = f->source->heads_end,
                             .stayed = f->source->stayed,
                             .is_cancelled = is_cancelled};
    for (u32 i = 0; i < p->property_count; i++)
        column(properties, &want.property_count, p->properties[i], SCAN_VALUE);
    f->amount = f->by = -1;
    if (p->has_amount && !p->orders) {
        f->plain_amount = p->amount.whole && !p->amount.head;
        f->amount = column(properties, &want.property_count,
                           p->amount.whole ? p->amount.whole : p->amount.head,
                           f->plain_amount ? SCAN_NUMBER : SCAN_VALUE);
    }
    if (p->by.kind == BY_PROPERTY) {
        bool whole = p->by.path.whole != 0;
        f->by = column(properties, &want.property_count, whole ? p->by.path.whole : p->by.path.head,
                       whole ? SCAN_TEXT : SCAN_VALUE);
    }
    f->scan = event_scan_new(f->source->events, &want, head_of, f, f->slices);
    f->slices = event_scan_slices(f->scan);
}

struct feed *feed_new(const struct plan *p, const struct analysis_source *source, const u64 *who,
                      u32 slices, const bool *is_cancelled)
{
    struct feed *f = mem_zalloc(sizeof *f);
    *f = (struct feed){.p = p, .source = source, .who = who, .slices = slices};
    f->marks = mem_zalloc((NAMES_MAX + 1) * sizeof *f->marks);
    f->asks = mem_zalloc((NAMES_MAX + 1) * sizeof *f->asks);
    set_marks(f);
    open_scan(f, is_cancelled);
    f->lanes = mem_zalloc(f->slices * sizeof *f->lanes);
    for (u32 i = 0; i < f->slices; i++) {
        f->lanes[i].arena = arena_new();
        buf_init(&f->lanes[i].bytes, (size_t)1 << 40);
    }
    return f;
}

void feed_free(struct feed *f)
{
    if (!f) return;
    for (u32 i = 0; i < f->slices; i++) {
        struct lane *l = &f->lanes[i];
        free(l->hits), free(l->words), free(l->amount), free(l->props);
        arena_free(l->arena);
        buf_clear(&l->bytes);
    }
    event_scan_free(f->scan);
    free(f->lanes), free(f->marks), free(f->asks);
    free(f);
}

u32 feed_slices(const struct feed *f)
{
    return f->slices;
}

/* ---- a batch ---- */

static void make_room(const struct feed *f, struct lane *l)
{
    u32 n = l->batch.events;
    if (n <= l->room) return;
    l->room = n + n / 4;
    if (changes_hits(f)) l->hits = mem_realloc(l->hits, l->room * sizeof *l->hits);
    if (f->p->has_amount) l->amount = mem_realloc(l->amount, l->room * sizeof *l->amount);
    if (f->p->props) l->props = mem_realloc(l->props, l->room * sizeof *l->props);
    if (f->p->by.kind == BY_PROPERTY) l->words = mem_realloc(l->words, l->room * sizeof *l->words);
}

/* The properties that are looked at, as the event has them. */
static str props_of(const struct feed *f, struct lane *l, u32 i)
{
    buf_reset(&l->bytes);
    for (u32 k = 0; k < f->p->property_count; k++)
        if (l->batch.columns[k].valid[i])
            props_put(&l->bytes, f->p->properties[k], l->batch.columns[k].value[i]);
    return buf_str(&l->bytes);
}

static u32 ask_filters(const struct feed *f, struct lane *l, u32 i, u32 asks)
{
    struct scope s = {.kind = SCOPE_EVENT, .props = props_of(f, l, i)};
    u32 hits = 0;
    for (; asks; asks &= asks - 1) {
        u32 k = (u32)__builtin_ctz(asks);
        if (where_holds(f->p->filters[k]->where, &s)) hits |= 1u << k;
    }
    return hits;
}

static void set_hits(const struct feed *f, struct lane *l)
{
    const u32 *mark = l->batch.mark;
    for (u32 i = 0; i < l->batch.events; i++) l->hits[i] = mark[i] & ~ASKED;
    for (u32 i = 0; f->any_asks && i < l->batch.events; i++)
        if (mark[i] & ASKED) l->hits[i] |= ask_filters(f, l, i, f->asks[l->batch.code[i]]);
}

/* The value behind a path whose first name has a column. */
static value descend(const struct feed *f, struct lane *l, const struct path *path, i32 at, u32 i)
{
    const struct scan_column *c = &l->batch.columns[at];
    (void)f;
    if (!c->valid[i]) return value_missing();
    if (path->whole) return c->value[i];
    buf_reset(&l->bytes);
    props_put(&l->bytes, path->head, c->value[i]);
    struct scope s = {.kind = SCOPE_EVENT, .props = buf_str(&l->bytes)};
    return field_of(&s, path);
}

static bool plain_amount(const struct scan_column *c, u32 i, decimal *d)
{
    *d = (decimal)c->number[i] * (DECIMAL_ONE / FIXED_ONE);
    return c->valid[i] == SCAN_IS_NUMBER ||
           (c->valid[i] == SCAN_IS_OTHER && decimal_of(c->value[i], d));
}

static bool amount_of(const struct feed *f, struct lane *l, u32 i, decimal *d)
{
    if (f->p->orders) return order_money(props_of(f, l, i), &f->p->order_names, d);
    if (f->plain_amount) return plain_amount(&l->batch.columns[f->amount], i, d);
    return f->amount >= 0 && decimal_of(descend(f, l, &f->p->amount, f->amount, i), d);
}

static void set_amounts(const struct feed *f, struct lane *l)
{
    for (u32 i = 0; i < l->batch.events; i++) {
        decimal d = 0;
        bool has = l->hits[i] & ~HIT_ANY && amount_of(f, l, i, &d);
        l->amount[i] = has ? d : 0;
        if (has) l->hits[i] |= HIT_AMOUNT;
    }
}

static void set_props(const struct feed *f, struct lane *l)
{
    const u32 *hits = changes_hits(f) ? l->hits : l->batch.mark;
    arena_reset(l->arena);
    for (u32 i = 0; i < l->batch.events; i++)
        l->props[i] = hits[i] & ~HIT_ANY ? arena_str(l->arena, props_of(f, l, i)) : (str){0};
}

static void set_words(const struct feed *f, struct lane *l)
{
    const struct path *path = &f->p->by.path;
    char room[48];
    str s;
    if (f->by < 0) { /* a property that nobody ever sent: all are without it */
        memset(l->words, 0, l->batch.events * sizeof *l->words);
        return;
    }
    const u32 *text = l->batch.columns[f->by].text;
    for (u32 i = 0; i < l->batch.events; i++) {
        if (path->whole)
            l->words[i] = text[i];
        else if (value_as_text(descend(f, l, path, f->by, i), room, &s))
            l->words[i] = event_scan_word(f->scan, s);
        else
            l->words[i] = 0;
    }
}

err feed_next(struct feed *f, u32 slice, struct timelines *out)
{
    struct lane *l = &f->lanes[slice];
    TRY(event_scan_next(f->scan, slice, &l->batch));
    make_room(f, l);
    if (changes_hits(f)) set_hits(f, l);
    if (f->p->has_amount) set_amounts(f, l);
    if (f->p->props) set_props(f, l);
    if (f->p->by.kind == BY_PROPERTY) set_words(f, l);
    *out = (struct timelines){.customers = l->batch.customers,
                              .head = l->batch.head,
                              .start = l->batch.start,
                              .at = l->batch.time,
                              .hits = changes_hits(f) ? l->hits : l->batch.mark,
                              .packed = &l->batch.packed,
                              .kind = l->batch.kind,
                              .kind_hits = l->batch.kind_marks,
                              .kinds = l->batch.kinds,
                              .always = f->always,
                              .code = l->batch.code,
                              .source = l->batch.source,
                              .amount = f->p->has_amount ? l->amount : NULL,
                              .props = f->p->props ? l->props : NULL};
    return ERR_OK;
}

/* ---- words ---- */

const u32 *feed_words(struct feed *f, u32 slice)
{
    if (f->p->by.kind == BY_SOURCE) return f->lanes[slice].batch.source;
    return f->p->by.kind == BY_PROPERTY ? f->lanes[slice].words : NULL;
}

str feed_text(const struct feed *f, u32 word)
{
    if (f->p->by.kind == BY_SOURCE) return names_text(f->p->names, NAME_SOURCE, word);
    return event_scan_text(f->scan, word);
}

u32 feed_word(struct feed *f, str text)
{
    if (f->p->by.kind == BY_SOURCE) return names_find(f->p->names, NAME_SOURCE, text);
    return event_scan_word(f->scan, text);
}
