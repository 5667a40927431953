/* liquid_names.c — what names stand for while a template is rendered, and operands made of them.
 *
 * A name is a slot; what it stands for is scoped, assigned, counted or from outside, in this order.
 * The members that the template asks it for are its fields, known when it was compiled: the first
 * question about a map reads the map once and finds them all, every other is an element of an
 * array. What is known outside by its members only is asked once for each of them. */
#include "content/liquid.h"
#include "content/liquid_read.h"

/* ---- fields ---- */

enum { HOME_SHIFT = 64 - 9 };
_Static_assert(FIELD_HOMES == 1 << (64 - HOME_SHIFT), "a place for each home");
_Static_assert(LIQUID_FIELDS_MAX < UINT8_MAX, "numbers of fields are bytes");

/* The bytes at both ends of a name: up to sixteen bytes that is all there is to it. */
struct ends {
    u64 first, last;
};
static inline struct ends ends_of(str name)
{
    const u8 *p = (const u8 *)name.p;
    struct ends e = {0};
    if (name.n >= 8) {
        memcpy(&e.first, p, 8), memcpy(&e.last, p + name.n - 8, 8);
    } else if (name.n >= 4) {
        u32 first, last;
        memcpy(&first, p, 4), memcpy(&last, p + name.n - 4, 4);
        e = (struct ends){first, last};
    } else if (name.n) {
        e.first = p[0] | (u32)p[name.n / 2] << 8 | (u32)p[name.n - 1] << 16;
    }
    return e;
}

static inline u32 home_of(u32 slot, struct ends e)
{
    u64 mixed = (e.first ^ slot) * 0x9E3779B97F4A7C15u ^ e.last;
    return (u32)(mixed * 0xD6E8FEB86659FD93u >> HOME_SHIFT);
}

static inline bool is_field(const struct field *f, u32 slot, str name, struct ends e)
{
    return f->first == e.first && f->last == e.last && f->name.n == name.n && f->slot == slot &&
           (name.n <= 16 || memcmp(f->name.p, name.p, name.n) == 0);
}

/* Its number; FIELD_AT_NONE, and the place where it would be noted. */
static inline u8 find(const struct program *p, u32 slot, str name, u32 *home)
{
    struct ends e = ends_of(name);
    u32 h = home_of(slot, e);
    for (; p->homes[h]; h = (h + 1) % FIELD_HOMES)
        if (is_field(&p->fields[p->homes[h] - 1], slot, name, e)) return (u8)(p->homes[h] - 1);
    *home = h;
    return FIELD_AT_NONE;
}

/* customer["size"] is a member, customer.size one or the length: they do not share a field. */
u8 liquid_field_at(struct compiler *c, u32 slot, str name, u8 kind)
{
    struct program *p = c->program;
    u32 home = 0;
    if (kind != liquid_field_kind(name)) return FIELD_AT_NONE;
    u8 at = find(p, slot, name, &home);
    if (at != FIELD_AT_NONE || p->field_count == LIQUID_FIELDS_MAX) return at;
    at = (u8)p->field_count++;
    struct ends e = ends_of(name);
    p->fields[at] = (struct field){.name = name,
                                   .first = e.first,
                                   .last = e.last,
                                   .slot = (u16)slot,
                                   .kind = kind,
                                   .next = (u8)(p->fields_of[slot] - 1)};
    p->fields_of[slot] = (u8)(at + 1);
    p->homes[home] = (u8)(at + 1);
    return at;
}

/* Apart, so that finding what is there already stays short. */
__attribute__((noinline)) static void fields_from(struct render *r, u32 slot, const datum *map)
{
    const struct program *p = r->liquid->program;
    const u8 *at = (const u8 *)map->v.text.p, *end = at + map->v.text.n;
    u64 n;
    r->flags[slot] |= HAS_FIELDS;
    for (u8 f = (u8)(p->fields_of[slot] - 1); f != FIELD_AT_NONE; f = p->fields[f].next) {
        r->fields[f] = (datum){.own = map->own};
        if (p->fields[f].kind == FIELD_SIZE) r->fields[f].v = value_int(map->v.count);
    }
    for (u32 i = 0; i < map->v.count && peek_varint(&at, end, &n); i++) {
        u32 home;
        if (n > (u64)(end - at)) return;
        str name = {(const char *)at, (size_t)n};
        at += n;
        u8 f = find(p, slot, name, &home);
        if (f == FIELD_AT_NONE ? !peek_skip(&at, end) : !peek_value(&at, end, &r->fields[f].v))
            return;
    }
}

/* ---- names ---- */

enum { HAS_MEMBERS = HAS_FIELDS | HAS_ASKED };

void render_assign(struct render *r, u32 slot, const datum *d)
{
    r->assigned[slot] = *d;
    r->flags[slot] = (u8)((r->flags[slot] | HAS_ASSIGNED) & ~HAS_MEMBERS);
    if (UNLIKELY(d->kind == DATUM_LOOP))
        for (struct loop *l = d->loop; l && !l->kept; l = l->parent) l->kept = true;
}

void render_counts(struct render *r, u32 slot)
{
    r->flags[slot] = (u8)((r->flags[slot] | HAS_COUNTER) & ~HAS_MEMBERS);
}

void scope_enter(struct render *r, u32 slot, const datum *d, struct scoped *s)
{
    s->slot = slot;
    s->had = r->flags[slot] & HAS_SCOPED;
    if (s->had) s->before = r->scoped[slot];
    scope_set(r, slot, d);
}

void scope_set(struct render *r, u32 slot, const datum *d)
{
    r->scoped[slot] = *d;
    r->flags[slot] = (u8)((r->flags[slot] | HAS_SCOPED) & ~HAS_MEMBERS);
}

void scope_leave(struct render *r, const struct scoped *s)
{
    if (s->had)
        scope_set(r, s->slot, &s->before);
    else
        r->flags[s->slot] &= (u8) ~(HAS_SCOPED | HAS_MEMBERS);
}

static datum from_outside(struct render *r, str root, str member)
{
    if (!r->values || !r->values->lookup) return (datum){0};
    return datum_of(r->values->lookup(r->values->ctx, root, member));
}

/* What a name stands for; NULL: outside knows it by its members only, or not at all. */
static const datum *whole(struct render *r, u32 slot)
{
    u8 flags = r->flags[slot];
    if (flags & HAS_SCOPED) return &r->scoped[slot];
    if (flags & HAS_ASSIGNED) return &r->assigned[slot];
    if (flags & HAS_COUNTER) {
        const struct state *s =
            render_state_find(r, STATE_COUNTER, r->liquid->program->names[slot]);
        r->outside[slot] = datum_of(value_int(s ? s->n : 0));
        return &r->outside[slot];
    }
    if (flags & HAS_OUTSIDE) return &r->outside[slot];
    if (flags & HAS_NO_WHOLE) return NULL;
    r->outside[slot] = from_outside(r, r->liquid->program->names[slot], (str){0});
    bool is_there = r->outside[slot].v.type != VALUE_MISSING;
    r->flags[slot] |= is_there ? HAS_OUTSIDE : HAS_NO_WHOLE;
    return is_there ? &r->outside[slot] : NULL;
}

/* A field of what is known by its members only: asked for when it is wanted. */
static const datum *asked(struct render *r, u32 slot, u8 field)
{
    const struct program *p = r->liquid->program;
    datum *d = &r->fields[field];
    if (!(r->flags[slot] & HAS_ASKED)) {
        for (u8 f = (u8)(p->fields_of[slot] - 1); f != FIELD_AT_NONE; f = p->fields[f].next)
            r->fields[f].kind = DATUM_UNASKED;
        r->flags[slot] |= HAS_ASKED;
    }
    if (d->kind == DATUM_UNASKED) *d = from_outside(r, p->names[slot], p->fields[field].name);
    return d;
}

static const datum *outside_member(struct render *r, u32 slot, const struct member *m, datum *room)
{
    str member = m->name;
    if (m->field != FIELD_AT_NONE) return asked(r, slot, m->field);
    if (m->index) {
        datum index_room __attribute__((uninitialized));
        const datum *index = render_view(r, m->index, &index_room);
        if (index->v.type == VALUE_TEXT) member = index->v.text;
    }
    *room = member.n ? from_outside(r, r->liquid->program->names[slot], member) : (datum){0};
    return room;
}

/* The name's value, and its first member, which outside may answer together only. `rest`: the
 * members that are left. */
static const datum *rooted(struct render *r, u32 slot, const struct member *m, datum *room,
                           const struct member **rest)
{
    const datum *of = whole(r, slot);
    *rest = m;
    if (m && (!of || !m->index)) {
        *rest = m->next;
        if (!of) return outside_member(r, slot, m, room);
        if (m->field != FIELD_AT_NONE && of->kind == DATUM_PLAIN && of->v.type == VALUE_MAP) {
            if (!(r->flags[slot] & HAS_FIELDS)) fields_from(r, slot, of);
            return &r->fields[m->field];
        }
        datum_member(of, m->name, m->kind, room);
        return room;
    }
    if (of) return of;
    *room = (datum){0};
    return room;
}

/* ---- operands ---- */

static const datum *computed_root(struct render *r, const struct operand *o, datum *room,
                                  const struct member **rest)
{
    datum name;
    render_operand(r, o->index, &name);
    *room = (datum){0};
    *rest = o->members;
    if (name.v.type != VALUE_TEXT) return room;
    u32 slot = program_slot(r->liquid->program, name.v.text);
    if (slot != UINT32_MAX) return rooted(r, slot, o->members, room, rest);
    /* A name that the template does not say anywhere. */
    *room = from_outside(r, name.v.text, (str){0});
    if (room->v.type != VALUE_MISSING || !o->members) return room;
    if (o->members->name.n) *room = from_outside(r, name.v.text, o->members->name);
    *rest = o->members->next;
    return room;
}

/* An end of a range: its whole number, out of texts too. */
static i64 range_end(struct render *r, const struct operand *o)
{
    datum room __attribute__((uninitialized));
    struct number n = number_of(render_view(r, o, &room));
    if (n.kind == NUMBER_INT) return n.i;
    if (n.kind == NUMBER_FIXED) return n.i / FIXED_ONE;
    return 0;
}

static const datum *range(struct render *r, const struct operand *o, datum *room)
{
    i64 from = range_end(r, o->index), to = range_end(r, o->end);
    *room = (datum){.v = value_int(from), .kind = DATUM_RANGE};
    room->to = to;
    return room;
}

static void indexed(struct render *r, const struct operand *index, const datum *d, datum *out)
{
    datum room __attribute__((uninitialized));
    datum_indexed(d, render_view(r, index, &room), out);
}

const datum *render_found(struct render *r, const struct operand *o, datum *room)
{
    const struct member *m = NULL;
    const datum *d;
    if (UNLIKELY(r->depth > LIQUID_DEPTH_MAX * 4)) {
        *room = (datum){0};
        return room;
    }
    r->depth++;
    if (LIKELY(o->kind == OPERAND_NAME))
        d = rooted(r, o->slot, o->members, room, &m);
    else if (o->kind == OPERAND_COMPUTED)
        d = computed_root(r, o, room, &m);
    else
        d = range(r, o, room);
    for (; m; m = m->next, d = room) {
        if (LIKELY(!m->index))
            datum_member(d, m->name, m->kind, room);
        else
            indexed(r, m->index, d, room);
    }
    if (UNLIKELY(o->otherwise) && (datum_is_nil(d) || datum_is_empty(d)))
        d = &o->otherwise->constant;
    if (UNLIKELY(o->own) && !d->own) {
        if (d != room) *room = *d;
        room->own = true;
        d = room;
    }
    r->depth--;
    return d;
}

void render_operand(struct render *r, const struct operand *o, datum *out)
{
    const datum *d = render_view(r, o, out);
    if (d != out) *out = *d;
}

/* ---- names of their own ---- */

bool render_slots(struct render *r, const struct program *p)
{
    u32 names = p->name_count;
    r->flags = (u8 *)render_bytes(r, names);
    r->scoped = (datum *)(void *)render_bytes(r, names * sizeof(datum));
    r->assigned = (datum *)(void *)render_bytes(r, names * sizeof(datum));
    r->outside = (datum *)(void *)render_bytes(r, names * sizeof(datum));
    r->fields = (datum *)(void *)render_bytes(r, p->field_count * sizeof(datum));
    if (!r->flags || !r->scoped || !r->assigned || !r->outside || !r->fields) return false;
    memset(r->flags, 0, names);
    return true;
}

err isolation_enter(struct render *r, struct isolation *i)
{
    *i = (struct isolation){.flags = r->flags,
                            .scoped = r->scoped,
                            .assigned = r->assigned,
                            .outside = r->outside,
                            .fields = r->fields,
                            .states = r->states,
                            .loop = r->loop,
                            .ended = r->ended,
                            .room = r->room,
                            .room_end = r->room_end,
                            .changed = r->changed,
                            .state_count = r->state_count,
                            .isolated = r->isolated};
    r->isolated = true;
    r->ended = NULL; /* theirs go with this room */
    if (!render_slots(r, r->liquid->program)) return render_out_of_room(r);
    isolation_clear(r);
    return ERR_OK;
}

void isolation_clear(struct render *r)
{
    memset(r->flags, 0, r->liquid->program->name_count);
    r->states = NULL;
    r->loop = NULL;
}

/* What was made meanwhile is of no use any more, unless ifchanged remembers some of it. */
void isolation_leave(struct render *r, const struct isolation *i)
{
    r->flags = i->flags;
    r->scoped = i->scoped;
    r->assigned = i->assigned;
    r->outside = i->outside;
    r->fields = i->fields;
    r->states = i->states;
    r->state_count = i->state_count;
    r->loop = i->loop;
    r->ended = i->ended;
    r->isolated = i->isolated;
    if (r->room_end == i->room_end && r->changed.p == i->changed.p) r->room = i->room;
}
