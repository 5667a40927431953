/* liquid_render.c — nodes to bytes. Memory comes from a block on the stack, names from slots, and
 * plain text goes to the output in one copy. */
#include "base/hash.h"
#include "content/liquid.h"

#include "content/html.h"

#include <stdarg.h>
#include <stdio.h>

err render_fail(struct render *r, err code, const char *format, ...)
{
    char message[300], place[96];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    liquid_place(r->liquid->source, r->liquid->name, r->at, place);
    return diag_at(r->why, code, str_of(place), "%s", message);
}

err render_out_of_room(struct render *r)
{
    if (r->out->full)
        return render_fail(r, ERR_LIMIT, "the text grows beyond %d bytes", TEMPLATE_OUTPUT_MAX);
    return render_fail(r, ERR_LIMIT, "filters make more than %d bytes", LIQUID_SCRATCH_MAX);
}

err render_steps(struct render *r, u64 n)
{
    if (LIKELY(n <= r->steps_left)) {
        r->steps_left -= (u32)n;
        return ERR_OK;
    }
    r->steps_left = 0;
    return render_fail(r, ERR_LIMIT, "the template takes more than %d steps", TEMPLATE_STEPS_MAX);
}

enum { ROOM_SIZE = 32 << 10 };

char *render_bytes(struct render *r, size_t n)
{
    size_t padded = (n + 15) & ~(size_t)15;
    if (LIKELY(padded <= (size_t)(r->room_end - r->room))) {
        char *p = r->room;
        r->room += padded;
        return p;
    }
    if (padded > r->scratch_left) return NULL;
    if (!r->scratch) r->scratch = arena_new();
    r->scratch_left -= padded;
    if (padded > ROOM_SIZE / 4) return arena_alloc(r->scratch, padded);
    size_t size = min_size(ROOM_SIZE, padded + r->scratch_left);
    r->scratch_left -= size - padded;
    r->room = arena_alloc(r->scratch, size);
    r->room_end = r->room + size;
    r->room += padded;
    return r->room - padded;
}

/* ---- output ---- */

static inline void put(struct buf *out, str s)
{
    if (LIKELY(s.n <= out->cap - out->n && !out->full && s.n)) {
        memcpy(out->p + out->n, s.p, s.n);
        out->n += s.n;
    } else {
        buf_put(out, s);
    }
}

static void put_digits(struct buf *out, i64 v)
{
    if (v >= 0 && v < 10)
        buf_byte(out, (u8)('0' + v));
    else
        buf_i64_text(out, v);
}

void render_put(struct render *r, const datum *d)
{
    bool html = r->format == LIQUID_HTML && !d->safe;
    if (LIKELY(d->kind == DATUM_PLAIN)) {
        switch (d->v.type) {
        case VALUE_MISSING:
        case VALUE_NULL: return;
        case VALUE_INT: put_digits(r->out, d->v.n); return;
        case VALUE_TEXT:
        case VALUE_DATE:
        case VALUE_TIME:
            if (html)
                html_escape(r->out, d->v.text, false);
            else
                put(r->out, d->v.text);
            return;
        default: break;
        }
    }
    /* What is no text may still hold some: a list, or a number as somebody sent it. */
    bool holds_text = d->v.type >= VALUE_NUMBER && d->kind == DATUM_PLAIN;
    str text;
    if (!html || !holds_text)
        datum_put(r->out, d);
    else if (datum_text(r, d, &text))
        html_escape(r->out, text, false);
    else
        r->out->full = true;
}

/* What differs per message is remembered as a span, so that the fingerprint can leave it out. When
 * the list is full its last span grows: what lies between is then left out too, always alike. */
void render_mark_own(struct render *r, size_t from)
{
    if (r->capturing) {
        r->own_captured = true;
        return;
    }
    if (r->own_count == LIQUID_OWN_MAX)
        r->own[LIQUID_OWN_MAX - 1].to = r->out->n;
    else
        r->own[r->own_count].from = from, r->own[r->own_count++].to = r->out->n;
}

err render_captured(struct render *r, const struct node *body, str *out, bool *own)
{
    size_t from = r->out->n;
    bool outer_own = r->own_captured;
    r->own_captured = false;
    r->capturing++;
    err e = render_nodes(r, body);
    r->capturing--;
    *own = r->own_captured;
    r->own_captured |= outer_own;
    TRY(e);
    size_t n = r->out->n - from;
    char *copy = render_bytes(r, n);
    if (!copy) return render_out_of_room(r);
    if (n) memcpy(copy, r->out->p + from, n);
    r->out->n = from;
    *out = (str){copy, n};
    return ERR_OK;
}

/* ---- nodes ---- */

struct output_node {
    struct node node;
    struct expression expression;
};

err render_nodes(struct render *r, const struct node *first)
{
    if (r->depth > LIQUID_DEPTH_MAX * 2)
        return render_fail(r, ERR_LIMIT, "blocks and partials are nested too deep");
    r->depth++;
    for (const struct node *n = first; n; n = n->next) {
        if (n->is_text) {
            put(r->out, ((const struct text_node *)n)->text);
            if (LIKELY(r->steps_left)) r->steps_left--;
        } else {
            r->at = n->at;
            TRY(render_steps(r, 1));
            TRY(n->render(r, n));
            if (UNLIKELY(r->interrupt)) break;
        }
        if (UNLIKELY(r->out->full)) {
            r->at = n->at;
            return render_out_of_room(r);
        }
    }
    r->depth--;
    return ERR_OK;
}

static err render_output(struct render *r, const struct node *n)
{
    datum d __attribute__((uninitialized));
    size_t from = r->out->n;
    TRY(render_expression(r, &((const struct output_node *)n)->expression, &d));
    render_put(r, &d);
    if (UNLIKELY(d.own)) render_mark_own(r, from);
    return ERR_OK;
}

static err render_plain_output(struct render *r, const struct node *n)
{
    datum d __attribute__((uninitialized));
    size_t from = r->out->n;
    render_operand(r, &((const struct output_node *)n)->expression.head, &d);
    render_put(r, &d);
    if (UNLIKELY(d.own)) render_mark_own(r, from);
    return ERR_OK;
}

err parse_output(struct compiler *c, str markup, u32 at, const struct node **out)
{
    struct output_node *n = liquid_node(c, sizeof *n, at, render_output);
    struct parser parser = parser_of(c, markup);
    *out = &n->node;
    if (parser.kind == WORD_END) return ERR_OK; /* {{ }} is nothing */
    TRY(parse_expression(&parser, &n->expression));
    if (!n->expression.calls) n->node.render = render_plain_output;
    return parse_end(&parser);
}

/* ---- names ---- */

static bool state_is(const struct state *s, state_kind kind, str key)
{
    return s->kind == kind && str_eq(s->key, key);
}

const struct state *render_state_find(const struct render *r, state_kind kind, str key)
{
    for (const struct state *s = r->states; s; s = s->next)
        if (state_is(s, kind, key)) return s;
    return NULL;
}

err render_state(struct render *r, state_kind kind, str key, struct state **out)
{
    for (struct state *s = r->states; s; s = s->next)
        if (state_is(s, kind, key)) {
            *out = s;
            return ERR_OK;
        }
    struct state *s = NULL;
    if (r->state_count < LIQUID_STATES_MAX) s = (struct state *)render_bytes(r, sizeof *s);
    if (!s)
        return render_fail(r, ERR_LIMIT, "more than %d counters, cycles and loops",
                           LIQUID_STATES_MAX);
    *s = (struct state){r->states, key, 0, (u8)kind};
    r->states = s;
    r->state_count++;
    *out = s;
    return ERR_OK;
}

enum { HAS_QUESTIONS = HAS_QUESTION | HAS_INDEX };

void render_assign(struct render *r, u32 slot, const datum *d)
{
    r->assigned[slot] = *d;
    r->flags[slot] = (u8)((r->flags[slot] | HAS_ASSIGNED) & ~HAS_QUESTIONS);
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
    r->flags[slot] = (u8)((r->flags[slot] | HAS_SCOPED) & ~HAS_QUESTIONS);
}

void scope_leave(struct render *r, const struct scoped *s)
{
    if (s->had)
        scope_set(r, s->slot, &s->before);
    else
        r->flags[s->slot] &= (u8) ~(HAS_SCOPED | HAS_QUESTIONS);
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

/* The second question about a map makes its index. */
static const struct index *index_of(struct render *r, u32 slot, const value *map)
{
    u8 flags = r->flags[slot];
    if (LIKELY(flags & HAS_INDEX)) return r->indexes[slot];
    r->flags[slot] |= HAS_QUESTION;
    if (!(flags & HAS_QUESTION)) return NULL;
    if (!r->indexes[slot])
        r->indexes[slot] = (struct index *)(void *)render_bytes(r, sizeof(struct index));
    if (!r->indexes[slot]) return NULL;
    index_make(map, r->indexes[slot]);
    r->flags[slot] |= HAS_INDEX;
    return r->indexes[slot];
}

/* A member of what the name stands for. */
static void first_member(struct render *r, u32 slot, const datum *of, const struct member *m,
                         datum *out)
{
    if (LIKELY(of->kind == DATUM_PLAIN && of->v.type == VALUE_MAP)) {
        const struct index *index = index_of(r, slot, &of->v);
        if (index && index->count != INDEX_NONE) {
            out->kind = DATUM_PLAIN;
            out->safe = false;
            out->own = of->own;
            if (index_find(index, &of->v, m->name, m->tag, &out->v)) return;
            if (!m->field) {
                out->v = value_missing();
                return;
            }
        }
    }
    datum_member(of, m->name, m->field, out);
}

/* The name's value and its first member, which outside values may answer together only. */
static const struct member *rooted(struct render *r, u32 slot, const struct member *m, datum *out)
{
    const datum *of = whole(r, slot);
    if (LIKELY(of != NULL)) {
        if (m && !m->index) {
            first_member(r, slot, of, m, out);
            return m->next;
        }
        *out = *of;
        return m;
    }
    *out = (datum){0};
    if (!m) return NULL;
    str member = m->name;
    if (m->index) {
        datum index;
        render_operand(r, m->index, &index);
        if (index.v.type == VALUE_TEXT) member = index.v.text;
    }
    if (member.n) *out = from_outside(r, r->liquid->program->names[slot], member);
    return m->next;
}

static const struct member *computed_root(struct render *r, const struct operand *o, datum *out)
{
    datum name;
    render_operand(r, o->index, &name);
    *out = (datum){0};
    if (name.v.type != VALUE_TEXT) return o->members;
    u32 slot = program_slot(r->liquid->program, name.v.text);
    if (slot != UINT32_MAX) return rooted(r, slot, o->members, out);
    /* A name that the template does not say anywhere. */
    *out = from_outside(r, name.v.text, (str){0});
    if (out->v.type != VALUE_MISSING || !o->members) return o->members;
    if (o->members->name.n) *out = from_outside(r, name.v.text, o->members->name);
    return o->members->next;
}

/* An end of a range: its whole number, out of texts too. */
static i64 range_end(struct render *r, const struct operand *o)
{
    datum d;
    render_operand(r, o, &d);
    struct number n = number_of(&d);
    if (n.kind == NUMBER_INT) return n.i;
    if (n.kind == NUMBER_FIXED) return n.i / FIXED_ONE;
    return 0;
}

static void range(struct render *r, const struct operand *o, datum *out)
{
    i64 from = range_end(r, o->index), to = range_end(r, o->end);
    *out = (datum){.v = value_int(from), .kind = DATUM_RANGE};
    out->to = to;
}

void render_operand(struct render *r, const struct operand *o, datum *out)
{
    const struct member *m;
    if (o->kind == OPERAND_CONSTANT) {
        *out = o->constant;
        return;
    }
    if (UNLIKELY(r->depth > LIQUID_DEPTH_MAX * 4)) {
        *out = (datum){0};
        return;
    }
    r->depth++;
    if (o->kind == OPERAND_NAME)
        m = rooted(r, o->slot, o->members, out);
    else if (o->kind == OPERAND_COMPUTED)
        m = computed_root(r, o, out);
    else
        range(r, o, out), m = NULL;
    for (; m; m = m->next) {
        if (LIKELY(!m->index)) {
            datum_member(out, m->name, m->field, out);
        } else {
            datum index;
            render_operand(r, m->index, &index);
            datum_indexed(out, &index, out);
        }
    }
    if (UNLIKELY(o->otherwise) && (datum_is_nil(out) || datum_is_empty(out)))
        *out = o->otherwise->constant;
    out->own |= o->own;
    r->depth--;
}

static bool make_slots(struct render *r, u32 names)
{
    r->flags = (u8 *)render_bytes(r, names);
    r->scoped = (datum *)(void *)render_bytes(r, names * sizeof(datum));
    r->assigned = (datum *)(void *)render_bytes(r, names * sizeof(datum));
    r->outside = (datum *)(void *)render_bytes(r, names * sizeof(datum));
    r->indexes = (struct index **)(void *)render_bytes(r, names * sizeof *r->indexes);
    if (!r->flags || !r->scoped || !r->assigned || !r->outside || !r->indexes) return false;
    memset(r->flags, 0, names);
    memset(r->indexes, 0, names * sizeof *r->indexes);
    return true;
}

err isolation_enter(struct render *r, struct isolation *i)
{
    *i = (struct isolation){.flags = r->flags,
                            .scoped = r->scoped,
                            .assigned = r->assigned,
                            .outside = r->outside,
                            .indexes = r->indexes,
                            .states = r->states,
                            .loop = r->loop,
                            .room = r->room,
                            .room_end = r->room_end,
                            .changed = r->changed,
                            .state_count = r->state_count,
                            .isolated = r->isolated};
    r->isolated = true;
    if (!make_slots(r, r->liquid->program->name_count)) return render_out_of_room(r);
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
    r->indexes = i->indexes;
    r->states = i->states;
    r->state_count = i->state_count;
    r->loop = i->loop;
    r->isolated = i->isolated;
    if (r->room_end == i->room_end && r->changed.p == i->changed.p) r->room = i->room;
}

/* ---- expressions ---- */

MUST_USE static err apply(struct render *r, const struct call *c, datum *d)
{
    datum args[LIQUID_ARGS_MAX] __attribute__((uninitialized));
    u32 given = 0;
    bool own = d->own;
    const struct liquid_filter *f = c->filter;
    u32 count = (u32)f->args_max + (f->named.n > 0);
    for (u32 i = 0; i < count; i++) {
        if (!c->args[i]) {
            args[i] = (datum){0};
            continue;
        }
        render_operand(r, c->args[i], &args[i]);
        own |= args[i].own;
        if (i < f->args_max) given = i + 1;
    }
    r->at = c->at;
    TRY(render_steps(r, 1));
    TRY(f->apply(r, d, args, given));
    d->own = own;
    if (f->safety != SAFE_STAYS) d->safe = f->safety == SAFE_BEGINS;
    return ERR_OK;
}

err render_expression(struct render *r, const struct expression *e, datum *out)
{
    render_operand(r, &e->head, out);
    for (const struct call *c = e->calls; c; c = c->next) TRY(apply(r, c, out));
    return ERR_OK;
}

err render_condition(struct render *r, const struct condition *c, bool *out)
{
    for (;; c = c->rest) {
        datum a __attribute__((uninitialized)), b __attribute__((uninitialized));
        render_operand(r, &c->a, &a);
        if (c->comparison == IS_TRUE) {
            *out = datum_is_true(&a);
        } else {
            render_operand(r, &c->b, &b);
            TRY(render_steps(r, (a.v.text.n + b.v.text.n) / 64));
            if (datum_compare(&a, &b, (comparison)c->comparison, out) != ERR_OK)
                return render_fail(r, ERR_INVALID, "these two values have no order");
        }
        if (!c->rest || *out == c->rest_is_or) return ERR_OK;
    }
}

/* ---- the whole ---- */

static u64 fold(u64 hash, str s)
{
    u64 both[2] = {hash, hash_xxh64(s)};
    return hash_xxh64((str){(const char *)both, sizeof both});
}

static void fold_output(const struct render *r, size_t start, u64 *hash)
{
    size_t from = start;
    for (u32 i = 0; i < r->own_count; i++) {
        *hash = fold(*hash, (str){r->out->p + from, r->own[i].from - from});
        from = r->own[i].to;
    }
    *hash = fold(*hash, (str){r->out->p + from, r->out->n - from});
}

enum { STACK_ROOM = 16 << 10 };

err liquid_render_hashed(const struct liquid *l, const struct liquid_values *values,
                         liquid_format format, struct buf *out, u64 *hash, struct diag *why)
{
    _Alignas(16) char room[STACK_ROOM] __attribute__((uninitialized));
    struct render r __attribute__((uninitialized));
    memset(&r, 0, offsetof(struct render, own));
    r.liquid = l;
    r.values = values;
    r.format = (u8)format;
    r.out = out;
    r.room = room;
    r.room_end = room + sizeof room;
    r.scratch_left = LIQUID_SCRATCH_MAX;
    r.steps_left = TEMPLATE_STEPS_MAX;
    r.why = why;
    size_t start = out->n;
    err e = make_slots(&r, l->program->name_count) ? render_nodes(&r, l->nodes)
                                                   : render_out_of_room(&r);
    if (e != ERR_OK)
        out->n = start; /* all of it or nothing */
    else if (hash)
        fold_output(&r, start, hash);
    if (UNLIKELY(r.scratch)) arena_free(r.scratch);
    return e;
}

err liquid_render(const struct liquid *l, const struct liquid_values *values, liquid_format format,
                  struct buf *out, struct diag *why)
{
    return liquid_render_hashed(l, values, format, out, NULL, why);
}
