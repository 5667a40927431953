/* import.c — how far imports came, and their way back.
 *
 *   IMPORT ends each chunk of an import's records ─► its row: where to go on, and the counts
 *   UNDO   some personas: events that came by it go, and the changes of the same records
 *            ├─ nothing else is known of her ─► she is forgotten
 *            ├─ nothing else of one persona   ─► that is cut off and forgotten
 *            └─ else her view is folded again from what is left; rules are asked again, quietly
 *
 * What an import brought is known by the source of its events; the changes they caused have the
 * same record's number. What was sent or decided because of it in the meantime has happened. */
#include "engine/engine_internal.h"

#include <stdlib.h>

/* ---- how far ---- */

static u32 row_of(const struct engine *e, u32 source)
{
    for (u32 i = table_count(e->imports); i-- > 1;) {
        const struct import_row *r = table_at(e->imports, i);
        if (r->source == source) return i;
    }
    return 0;
}

static struct import_row *edit(struct engine *e, u32 source)
{
    u32 i = row_of(e, source);
    if (!i) i = table_add(e->imports);
    if (!i) return NULL;
    struct import_row *r = table_edit(e->imports, i);
    r->source = source;
    return r;
}

void apply_import(struct engine *e, const struct record *r)
{
    struct import_record i;
    if (!import_read(r->payload, &i)) return;
    struct import_row *row = edit(e, i.source);
    if (!row || row->state >= IMPORT_UNDOING) return;
    row->state = i.state;
    row->position = i.position;
    row->accepted = i.accepted;
    row->rejected = i.rejected;
    row->warnings = i.warnings;
    row->error_bytes = i.error_bytes;
    background_import(e, i.state == IMPORT_DONE);
}

bool engine_import(struct engine *e, u32 source, struct import_record *out, u32 *undone)
{
    u32 i = row_of(e, source);
    if (!i) return false;
    const struct import_row *r = table_at(e->imports, i);
    *out = (struct import_record){.source = source,
                                  .state = (u8)r->state,
                                  .position = r->position,
                                  .accepted = r->accepted,
                                  .rejected = r->rejected,
                                  .warnings = r->warnings,
                                  .error_bytes = r->error_bytes};
    *undone = r->undone;
    return true;
}

hash128 imports_digest(struct engine *e)
{
    hash128 sum = {0};
    struct buf b;
    buf_init(&b, 4096);
    for (u32 i = 1; i < table_count(e->imports); i++) {
        const struct import_row *r = table_at(e->imports, i);
        buf_reset(&b);
        buf_str_varint(&b, names_text(e->names, NAME_SOURCE, r->source));
        buf_varint(&b, r->state);
        buf_varint(&b, r->position);
        buf_varint(&b, r->accepted);
        buf_varint(&b, r->rejected);
        buf_varint(&b, r->warnings);
        buf_varint(&b, r->undone);
        sum = hash_add(sum, hash_xxh(buf_str(&b)));
    }
    buf_clear(&b);
    return sum;
}

/* ---- what it brought to one customer ---- */

struct undoing {
    struct engine *e;
    u32 source;
    persona *personas;
    bool *by_import, *by_others; /* of each persona */
    u32 n;
    u64 *records; /* numbers, ascending */
    u32 record_count;
};

static int by_number(const void *a, const void *b)
{
    u64 x = *(const u64 *)a, y = *(const u64 *)b;
    return (x > y) - (x < y);
}

static struct event_iter *timeline(const struct undoing *u)
{
    return event_iter(u->e->live_events, u->personas, u->n, INT64_MIN, NEVER, u->e->scratch);
}

static u32 place_of(const struct undoing *u, persona p)
{
    u32 i = 0;
    while (i < u->n && u->personas[i] != p) i++;
    return i;
}

/* Reads her timeline; false if nothing in it came by the import. */
static bool look(struct undoing *u, persona head)
{
    struct engine *e = u->e;
    struct event ev;
    u32 events = 0, room = 64;
    u->n = customer_personas(e->customers, head, NULL, 0);
    u->personas = arena_alloc(e->scratch, u->n * sizeof *u->personas);
    u->by_import = arena_zalloc(e->scratch, u->n);
    u->by_others = arena_zalloc(e->scratch, u->n);
    customer_personas(e->customers, head, u->personas, u->n);
    u->records = arena_alloc(e->scratch, room * sizeof *u->records);
    for (struct event_iter *it = timeline(u); event_next(it, &ev);) {
        u32 i = place_of(u, ev.persona);
        if (ev.flags & EVENT_SYSTEM || i == u->n) continue;
        bool ours = ev.source == u->source;
        *(ours ? &u->by_import[i] : &u->by_others[i]) = true;
        if (!ours) continue;
        if (events == room) {
            u64 *more = arena_alloc(e->scratch, 2 * (size_t)room * sizeof *more);
            memcpy(more, u->records, room * sizeof *more);
            u->records = more;
            room *= 2;
        }
        u->records[events++] = event_record(ev.order);
    }
    qsort(u->records, events, sizeof *u->records, by_number);
    u->record_count = events;
    return events > 0;
}

static bool came_with_it(const struct undoing *u, const struct event *ev)
{
    u64 number = event_record(ev->order);
    if (ev->source == u->source && !(ev->flags & EVENT_SYSTEM)) return true;
    if (!(ev->flags & EVENT_CHANGE) && ev->code != EVENT_IDENTIFIER_ADDED) return false;
    u32 low = 0, high = u->record_count;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        if (u->records[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < u->record_count && u->records[low] == number;
}

/* An identifier that it gave to somebody who was there before. */
static void drop_identifier(struct undoing *u, const struct event *ev)
{
    struct engine *e = u->e;
    value space = props_get(ev->props, PROPERTY_NAMESPACE);
    value text = props_get(ev->props, PROPERTY_VALUE);
    if (space.type != VALUE_TEXT || text.type != VALUE_TEXT) return;
    u32 code = names_find(e->names, NAME_SPACE, space.text);
    if (code)
        customer_drop_identifier(e->customers, ev->persona, code,
                                 identifier_hash(engine_key(e), code, text.text));
}

static void delete_events(struct undoing *u)
{
    struct event ev;
    struct gone {
        persona persona;
        u64 order;
    } * gone;
    u32 n = 0;
    for (struct event_iter *it = timeline(u); event_next(it, &ev);) n += came_with_it(u, &ev);
    gone = arena_alloc(u->e->scratch, n * sizeof *gone);
    n = 0;
    for (struct event_iter *it = timeline(u); event_next(it, &ev);) {
        if (!came_with_it(u, &ev)) continue;
        if (ev.code == EVENT_IDENTIFIER_ADDED && ev.flags & EVENT_SYSTEM) drop_identifier(u, &ev);
        gone[n++] = (struct gone){ev.persona, ev.order};
    }
    for (u32 i = 0; i < n; i++) event_delete(u->e->events, gone[i].persona, gone[i].order);
}

/* ---- what is left of her ---- */

static void refold(struct engine *e, persona head)
{
    customer_unfold(e->customers, head, e->number);
    change_refold(e, head);
    identity_look(e, head);
    journey_look(e->journeys, head, e->now);
    engine_arm(e, head);
}

static bool others_know(const struct undoing *u, persona head)
{
    bool known = false;
    for (u32 i = 0; i < u->n; i++)
        known |= u->by_others[i] && customer_head(u->e->customers, u->personas[i]) == head;
    return known;
}

/* Personas of whom nothing but the import knew are cut off, and with them the links it made. */
static void cut_off(struct undoing *u)
{
    struct engine *e = u->e;
    for (u32 i = 0; i < u->n; i++) {
        persona a, b, p = u->personas[i];
        if (!u->by_import[i] || u->by_others[i] || !customer_head(e->customers, p)) continue;
        if (customer_cut(e->customers, p, e->number, &a, &b) != ERR_OK) continue;
        message_cut(e->messages, a, b);
        journey_cut(e->journeys, a, b);
        if (!others_know(u, a)) engine_forget(e, a);
        if (!others_know(u, b)) engine_forget(e, b);
    }
}

static void undo_customer(struct engine *e, persona head, u32 source)
{
    struct undoing u = {.e = e, .source = source};
    if (!look(&u, head)) return;
    engine_due(e, head); /* which empties the scratch memory */
    if (!look(&u, head)) return;
    if (!others_know(&u, head)) {
        engine_forget(e, head);
        return;
    }
    delete_events(&u);
    cut_off(&u);
    for (u32 i = 0; i < u.n; i++)
        if (customer_head(e->customers, u.personas[i]) == u.personas[i]) refold(e, u.personas[i]);
    engine_settle(e);
}

void apply_undo(struct engine *e, const struct record *r)
{
    struct undo_record u;
    persona end = customers_end(e->customers);
    if (!undo_read(r->payload, &u)) return;
    struct import_row *row = edit(e, u.source);
    if (!row || row->state == IMPORT_UNDONE) return;
    row->state = u.to ? IMPORT_UNDOING : IMPORT_UNDONE;
    row->undone = u.to ? u.to : end;
    persona to = u.to && u.to < end ? u.to : end;
    for (persona p = u.from ? u.from : 1; p < to; p++) {
        if (customer_at(e->customers, p)->head == p) undo_customer(e, p, u.source);
        arena_reset(e->scratch);
    }
}
