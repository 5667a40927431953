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

err render_out_of_steps(struct render *r)
{
    r->steps_left = 0;
    return render_fail(r, ERR_LIMIT, "the template takes more than %d steps", TEMPLATE_STEPS_MAX);
}

enum { ROOM_SIZE = 32 << 10 };

char *render_more_bytes(struct render *r, size_t padded)
{
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

/* What is no text may still hold some: a list, or a number as somebody sent it. */
static void put_other(struct render *r, const datum *d)
{
    bool holds_text = d->v.type >= VALUE_NUMBER && d->kind == DATUM_PLAIN;
    str text;
    if (r->format != LIQUID_HTML || d->safe || !holds_text)
        datum_put(r->out, d);
    else if (datum_text(r, d, &text))
        html_escape(r->out, text, false);
    else
        r->out->full = true;
}

void render_put(struct render *r, const datum *d)
{
    if (UNLIKELY(d->kind != DATUM_PLAIN)) {
        put_other(r, d);
        return;
    }
    switch (d->v.type) {
    case VALUE_MISSING:
    case VALUE_NULL: return;
    case VALUE_INT: put_digits(r->out, d->v.n); return;
    case VALUE_TEXT:
    case VALUE_DATE:
    case VALUE_TIME:
        if (r->format == LIQUID_HTML && !d->safe)
            html_escape(r->out, d->v.text, false);
        else
            put(r->out, d->v.text);
        return;
    default: put_other(r, d); return;
    }
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

static void put_marked(struct render *r, const datum *d)
{
    size_t from = r->out->n;
    render_put(r, d);
    if (d->own) render_mark_own(r, from);
}

/* Nearly all that is put is text. */
static inline void put_datum(struct render *r, const datum *d)
{
    bool plain_text = d->v.type == VALUE_TEXT && d->kind == DATUM_PLAIN;
    if (LIKELY(plain_text && !d->safe && !d->own && r->format == LIQUID_HTML))
        html_escape(r->out, d->v.text, false);
    else
        put_marked(r, d);
}

static err render_output(struct render *r, const struct node *n)
{
    datum d __attribute__((uninitialized));
    TRY(render_expression(r, &((const struct output_node *)n)->expression, &d));
    put_datum(r, &d);
    return ERR_OK;
}

static err render_plain_output(struct render *r, const struct node *n)
{
    datum room __attribute__((uninitialized));
    put_datum(r, render_view(r, &((const struct output_node *)n)->expression.head, &room));
    return ERR_OK;
}

/* {{ item.name }}: needs no room of its own, once the fields are there. */
static err render_field_output(struct render *r, const struct node *n)
{
    const struct operand *o = &((const struct output_node *)n)->expression.head;
    if (UNLIKELY(!(r->flags[o->slot] & HAS_FIELDS))) return render_plain_output(r, n);
    put_datum(r, &r->fields[o->field]);
    return ERR_OK;
}

err parse_output(struct compiler *c, str markup, u32 at, const struct node **out)
{
    struct output_node *n = liquid_node(c, sizeof *n, at, render_output);
    struct parser parser = parser_of(c, markup);
    *out = &n->node;
    if (parser.kind == WORD_END) return ERR_OK; /* {{ }} is nothing */
    TRY(parse_expression(&parser, &n->expression));
    if (!n->expression.calls)
        n->node.render =
            n->expression.head.field == FIELD_AT_NONE ? render_plain_output : render_field_output;
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

/* ---- expressions ---- */

MUST_USE static err apply(struct render *r, const struct call *c, datum *d)
{
    datum room[LIQUID_ARGS_MAX] __attribute__((uninitialized));
    const datum *args = c->constants;
    bool own = d->own;
    if (UNLIKELY(!args)) {
        for (u32 i = 0; i < c->count; i++) {
            room[i] = (datum){0};
            if (c->args[i]) render_operand(r, c->args[i], &room[i]);
            own |= room[i].own;
        }
        args = room;
    }
    r->at = c->at;
    TRY(render_steps(r, 1));
    TRY(c->apply(r, d, args, c->given));
    d->own = own;
    if (c->safety != SAFE_STAYS) d->safe = c->safety == SAFE_BEGINS;
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
        datum a_room __attribute__((uninitialized)), b_room __attribute__((uninitialized));
        const datum *a = render_view(r, &c->a, &a_room), *b;
        if (c->comparison == IS_TRUE) {
            *out = datum_is_true(a);
        } else {
            b = render_view(r, &c->b, &b_room);
            TRY(render_steps(r, (a->v.text.n + b->v.text.n) / 64));
            if (datum_compare(a, b, (comparison)c->comparison, out) != ERR_OK)
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
    err e = render_slots(&r, l->program) ? render_nodes(&r, l->nodes) : render_out_of_room(&r);
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
