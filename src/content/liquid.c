/* liquid.c — source to pieces to nodes, and nodes to bytes. */
#include "content/liquid.h"

#include "base/hash.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- places and refusals ---- */

void liquid_place(str source, size_t at, char out[32])
{
    u32 line = 1, column = 1;
    for (size_t i = 0; i < at && i < source.n; i++) {
        if (source.p[i] == '\n')
            line++, column = 1;
        else if (((u8)source.p[i] & 0xC0) != 0x80)
            column++;
    }
    snprintf(out, 32, "%u:%u", line, column);
}

err liquid_refuse(struct compiler *c, u32 at, const char *format, ...)
{
    char message[300], place[32];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    liquid_place(c->source, at, place);
    return diag_at(c->why, ERR_REFUSED, str_of(place), "%s", message);
}

err render_fail(struct render *r, err code, const char *format, ...)
{
    char message[300], place[32];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    liquid_place(r->liquid->source, r->at, place);
    return diag_at(r->why, code, str_of(place), "%s", message);
}

/* ---- pieces ---- */

typedef enum { PIECE_END, PIECE_TEXT, PIECE_OUTPUT, PIECE_TAG } piece_kind;
struct piece {
    piece_kind kind;
    str text; /* what stands between the braces, or the plain text */
    u32 at;   /* of its first byte */
};

static bool is_space(char ch)
{
    return ch == ' ' || (ch >= '\t' && ch <= '\r');
}

static bool opens(str s, size_t i)
{
    return i + 1 < s.n && s.p[i] == '{' && (s.p[i + 1] == '{' || s.p[i + 1] == '%');
}

static str trim_left(str s)
{
    while (s.n && is_space(s.p[0])) s.p++, s.n--;
    return s;
}

static str trim_right(str s)
{
    while (s.n && is_space(s.p[s.n - 1])) s.n--;
    return s;
}

/* Plain text up to the next opening braces, less what a dash on either side takes away. */
static void text_piece(struct compiler *c, struct piece *out)
{
    size_t from = c->at, to = from;
    while (to < c->source.n && !opens(c->source, to)) {
        const char *next = memchr(c->source.p + to + 1, '{', c->source.n - to - 1);
        to = next ? (size_t)(next - c->source.p) : c->source.n;
    }
    out->kind = PIECE_TEXT;
    out->text = (str){c->source.p + from, to - from};
    if (c->trim) out->text = trim_left(out->text);
    if (to + 2 < c->source.n && c->source.p[to + 2] == '-') out->text = trim_right(out->text);
    c->trim = false;
    c->at = to;
}

MUST_USE static err next_piece(struct compiler *c, struct piece *out)
{
    *out = (struct piece){.at = (u32)c->at};
    if (c->at >= c->source.n) return ERR_OK;
    if (!opens(c->source, c->at)) {
        text_piece(c, out);
        return ERR_OK;
    }
    bool tag = c->source.p[c->at + 1] == '%';
    str rest = {c->source.p + c->at + 2, c->source.n - c->at - 2};
    ptrdiff_t end = str_find(rest, tag ? S("%}") : S("}}"));
    if (end < 0)
        return liquid_refuse(c, out->at, "this %s is never closed: %s is missing",
                             tag ? "{%" : "{{", tag ? "%}" : "}}");
    str inner = {rest.p, (size_t)end};
    if (inner.n && inner.p[0] == '-') inner.p++, inner.n--;
    c->trim = inner.n && inner.p[inner.n - 1] == '-';
    if (c->trim) inner.n--;
    out->kind = tag ? PIECE_TAG : PIECE_OUTPUT;
    out->text = inner;
    c->at += 2 + (size_t)end + 2;
    return ERR_OK;
}

/* The first word of a tag and the rest. */
static str tag_name(str inner, str *markup)
{
    inner = trim_left(inner);
    size_t n = 0;
    while (n < inner.n && !is_space(inner.p[n]) && !(n && strchr(":=|'\"([", inner.p[n]))) n++;
    *markup = (str){inner.p + n, inner.n - n};
    return (str){inner.p, n};
}

/* ---- compiling ---- */

struct text_node {
    struct node node;
    str text;
};
struct output_node {
    struct node node;
    struct expression expression;
};

void *liquid_node(struct compiler *c, size_t size, u32 at,
                  err (*render)(struct render *r, const struct node *n))
{
    struct node *n = arena_zalloc(c->arena, size);
    n->render = render;
    n->at = at;
    c->nodes++;
    return n;
}

static err render_text(struct render *r, const struct node *n)
{
    buf_put(r->out, ((const struct text_node *)n)->text);
    return ERR_OK;
}

/* What differs per message is remembered as a span, so that the fingerprint can leave it out. When
 * the list is full its last span grows: what lies between is then left out too, always alike. */
static void mark_own(struct render *r, size_t from)
{
    if (r->out != r->outermost) {
        r->own_captured = true;
        return;
    }
    if (r->own_count == LIQUID_OWN_MAX)
        r->own[LIQUID_OWN_MAX - 1].to = r->out->n;
    else
        r->own[r->own_count].from = from, r->own[r->own_count++].to = r->out->n;
}

static err render_output(struct render *r, const struct node *n)
{
    datum d;
    size_t from = r->out->n;
    TRY(render_expression(r, &((const struct output_node *)n)->expression, &d));
    render_put(r, d);
    if (UNLIKELY(d.own)) mark_own(r, from);
    return ERR_OK;
}

MUST_USE static err compile_output(struct compiler *c, const struct piece *p,
                                   const struct node **out)
{
    struct output_node *n = liquid_node(c, sizeof *n, p->at, render_output);
    struct parser parser = parser_of(c, p->text);
    *out = &n->node;
    if (parser.kind == WORD_END) return ERR_OK; /* {{ }} is nothing */
    TRY(parse_expression(&parser, &n->expression));
    return parse_end(&parser);
}

MUST_USE static err unknown_tag(struct compiler *c, str name, u32 at)
{
    struct buf known;
    buf_init(&known, 240);
    for (u32 i = 0; liquid_tags[i]; i++) {
        if (i) buf_put(&known, S(", "));
        buf_put(&known, liquid_tags[i]->name);
    }
    err e;
    if (str_starts(name, S("end")) || str_eq(name, S("else")) || str_eq(name, S("elsif")))
        e = liquid_refuse(c, at, "{%% %.*s %%} does not belong here", STR_ARG(name));
    else
        e = liquid_refuse(c, at, "there is no tag \"%.*s\"; known: %.*s", (int)min_size(name.n, 40),
                          name.p, STR_ARG(buf_str(&known)));
    buf_clear(&known);
    return e;
}

MUST_USE static err compile_tag(struct compiler *c, str name, str markup, u32 at,
                                const struct node **out)
{
    if (name.n && name.p[0] == '#') return ERR_OK; /* {% # a remark %} */
    for (u32 i = 0; liquid_tags[i]; i++)
        if (str_eq(liquid_tags[i]->name, name)) return liquid_tags[i]->compile(c, markup, at, out);
    return unknown_tag(c, name, at);
}

static u32 among(str name, const str *until, u32 count)
{
    for (u32 i = 0; i < count; i++)
        if (str_eq(name, until[i])) return i;
    return count;
}

MUST_USE static err compile_text(struct compiler *c, const struct piece *p, const struct node **out)
{
    if (!p->text.n) return ERR_OK;
    struct text_node *n = liquid_node(c, sizeof *n, p->at, render_text);
    n->text = p->text;
    n->node.blank = str_trim(p->text).n == 0;
    *out = &n->node;
    return ERR_OK;
}

/* Nodes up to one of the `until` tags (which = count at the end of the source). */
MUST_USE static err compile_nodes(struct compiler *c, const str *until, u32 count,
                                  const struct node **out, u32 *which, str *markup)
{
    const struct node **tail = out;
    *out = NULL;
    *which = count;
    for (;;) {
        struct piece p;
        const struct node *made = NULL;
        TRY(next_piece(c, &p));
        if (p.kind == PIECE_END) return ERR_OK;
        if (c->nodes >= LIQUID_NODES_MAX)
            return diag_set(c->why, ERR_LIMIT, "a template may have at most %d parts",
                            LIQUID_NODES_MAX);
        if (p.kind == PIECE_TAG) {
            str rest, name = tag_name(p.text, &rest);
            if ((*which = among(name, until, count)) < count) {
                *markup = rest;
                return ERR_OK;
            }
            TRY(compile_tag(c, name, rest, p.at, &made));
        } else if (p.kind == PIECE_OUTPUT) {
            TRY(compile_output(c, &p, &made));
        } else {
            TRY(compile_text(c, &p, &made));
        }
        if (!made) continue;
        *tail = made;
        /* The node was made by this compilation and is ours to link. */
        tail = &((struct node *)(uintptr_t)made)->next;
    }
}

bool liquid_blank(const struct node *first)
{
    for (const struct node *n = first; n; n = n->next)
        if (!n->blank) return false;
    return true;
}

static void drop_white_space(const struct node **first)
{
    const struct node **at = first;
    if (!liquid_blank(*first)) return;
    while (*at) {
        if ((*at)->render == render_text)
            *at = (*at)->next;
        else
            at = &((struct node *)(uintptr_t)*at)->next;
    }
}

err liquid_block(struct compiler *c, const struct liquid_tag *opener, u32 opened_at,
                 const str *until, u32 count, const struct node **out, u32 *which, str *markup)
{
    if (c->depth == LIQUID_DEPTH_MAX)
        return diag_set(c->why, ERR_LIMIT, "blocks may be nested at most %d deep",
                        LIQUID_DEPTH_MAX);
    c->depth++;
    err e = compile_nodes(c, until, count, out, which, markup);
    c->depth--;
    TRY(e);
    drop_white_space(out);
    if (*which < count) return ERR_OK;
    return liquid_refuse(c, opened_at, "{%% %.*s %%} is never closed: {%% %.*s %%} is missing",
                         STR_ARG(opener->name), STR_ARG(until[count - 1]));
}

/* Walks over tags as bytes. Inside a raw body only its own end counts; a comment nests, and what is
 * raw within it hides its tags. */
err liquid_skip(struct compiler *c, const struct liquid_tag *opener, u32 opened_at, str end,
                bool nests, str *body)
{
    u32 depth = 1;
    bool left = c->trim, raw = false;
    size_t from = c->at;
    c->trim = false;
    while (c->at < c->source.n) {
        size_t at = c->at;
        str rest = {c->source.p + at, c->source.n - at};
        ptrdiff_t found = str_find(rest, S("{%"));
        if (found < 0) break;
        at += (size_t)found;
        str inner = {c->source.p + at + 2, c->source.n - at - 2}, markup;
        ptrdiff_t close = str_find(inner, S("%}"));
        if (close < 0) break;
        bool right = inner.n && inner.p[0] == '-';
        inner.n = (size_t)close;
        if (right && inner.n) inner.p++, inner.n--;
        bool dash = inner.n && inner.p[inner.n - 1] == '-';
        if (dash) inner.n--;
        str name = tag_name(inner, &markup);
        if (nests && str_eq(name, S("raw"))) raw = true;
        if (nests && !raw && str_eq(name, opener->name)) depth++;
        if (!raw && str_eq(name, end)) depth--;
        if (raw && str_eq(name, S("endraw"))) raw = false;
        bool ended = depth == 0;
        /* An opening inside raw text may be no tag at all: go on right behind its braces. */
        c->at = ended || nests ? (size_t)(inner.p + inner.n - c->source.p) + dash + 2 : at + 2;
        if (!ended) continue;
        *body = (str){c->source.p + from, at - from};
        if (left) *body = trim_left(*body);
        if (right) *body = trim_right(*body);
        c->trim = dash;
        return ERR_OK;
    }
    return liquid_refuse(c, opened_at, "{%% %.*s %%} is never closed: {%% %.*s %%} is missing",
                         STR_ARG(opener->name), STR_ARG(end));
}

err liquid_compile(str source, struct arena *arena, struct liquid **out, struct diag *why)
{
    if (source.n > TEMPLATE_SOURCE_MAX)
        return diag_set(why, ERR_LIMIT, "a template may be at most %d bytes long",
                        TEMPLATE_SOURCE_MAX);
    struct compiler c = {.source = source, .arena = arena, .why = why};
    struct liquid *l = arena_zalloc(arena, sizeof *l);
    u32 which;
    str markup;
    l->source = source;
    TRY(compile_nodes(&c, NULL, 0, &l->nodes, &which, &markup));
    *out = l;
    return ERR_OK;
}

/* ---- rendering ---- */

err render_nodes(struct render *r, const struct node *first)
{
    if (r->depth == LIQUID_DEPTH_MAX + 1)
        return render_fail(r, ERR_LIMIT, "blocks are nested more than %d deep", LIQUID_DEPTH_MAX);
    r->depth++;
    for (const struct node *n = first; n; n = n->next) {
        r->at = n->at;
        if (UNLIKELY(r->steps_left == 0))
            return render_fail(r, ERR_LIMIT, "the template takes more than %d steps",
                               TEMPLATE_STEPS_MAX);
        r->steps_left--;
        TRY(n->render(r, n));
        if (UNLIKELY(r->out->full))
            return render_fail(r, ERR_LIMIT, "the text grows beyond %d bytes", TEMPLATE_OUTPUT_MAX);
    }
    r->depth--;
    return ERR_OK;
}

char *render_bytes(struct render *r, size_t n)
{
    if (n > r->scratch_left) return NULL;
    if (!r->scratch) r->scratch = arena_new();
    r->scratch_left -= n;
    return arena_alloc(r->scratch, n);
}

err render_assign(struct render *r, str name, datum d)
{
    for (struct local *l = r->locals; l; l = l->next) {
        if (!str_eq(l->name, name)) continue;
        l->value = d;
        return ERR_OK;
    }
    struct local *l = NULL;
    if (r->local_count < LIQUID_LOCALS_MAX) l = (struct local *)render_bytes(r, sizeof *l);
    if (!l) return render_fail(r, ERR_LIMIT, "the template assigns too much");
    *l = (struct local){r->locals, name, d};
    r->locals = l;
    r->local_count++;
    return ERR_OK;
}

void render_put(struct render *r, datum d)
{
    if (r->format == LIQUID_TEXT || d.safe) {
        datum_put(r->out, d);
    } else if (d.v.type == VALUE_TEXT) {
        html_escape(r->out, d.v.text, false);
    } else {
        /* What is no text may still hold some: a list, or a number as somebody sent it. */
        struct buf plain;
        buf_init(&plain, TEMPLATE_OUTPUT_MAX);
        datum_put(&plain, d);
        html_escape(r->out, buf_str(&plain), false);
        if (plain.full) r->out->full = true;
        buf_clear(&plain);
    }
}

static datum member_of(datum d, str name)
{
    value v = d.v;
    if (v.type == VALUE_MAP) {
        value found = value_member(v, name);
        if (found.type != VALUE_MISSING) return datum_of(found);
    }
    if (str_eq(name, S("size"))) {
        if (v.type == VALUE_LIST || v.type == VALUE_MAP) return datum_of(value_int(v.count));
        if (v.type == VALUE_TEXT) {
            i64 n = 0;
            for (size_t i = 0; i < v.text.n; i++) n += ((u8)v.text.p[i] & 0xC0) != 0x80;
            return datum_of(value_int(n));
        }
    }
    if (v.type == VALUE_LIST && v.count) {
        if (str_eq(name, S("first"))) return datum_of(value_element(v, 0));
        if (str_eq(name, S("last"))) return datum_of(value_element(v, v.count - 1));
    }
    return datum_of(value_missing());
}

static datum indexed(datum d, datum index)
{
    if (index.v.type == VALUE_TEXT) {
        value found = value_member(d.v, index.v.text);
        return datum_of(found);
    }
    if (index.v.type != VALUE_INT || d.v.type != VALUE_LIST) return datum_of(value_missing());
    i64 at = index.v.n < 0 ? index.v.n + d.v.count : index.v.n;
    if (at < 0 || at >= d.v.count) return datum_of(value_missing());
    return datum_of(value_element(d.v, (u32)at));
}

static const struct local *local_of(const struct render *r, str name)
{
    for (const struct local *l = r->locals; l; l = l->next)
        if (str_eq(l->name, name)) return l;
    return NULL;
}

/* The value of the root and its first member, which outside values answer together. */
static datum root_of(struct render *r, const struct operand *o, const struct member **rest)
{
    str root = o->root;
    *rest = o->members;
    if (o->index) {
        datum name = render_operand(r, o->index);
        if (name.v.type != VALUE_TEXT) return datum_of(value_missing());
        root = name.v.text;
    }
    const struct local *l = r->locals ? local_of(r, root) : NULL;
    if (l) return l->value;
    value (*lookup)(void *, str, str) = r->values ? r->values->lookup : NULL;
    if (!lookup) return datum_of(value_missing());
    str member = {0};
    const struct member *m = o->members;
    if (m && !m->index) {
        member = m->name;
    } else if (m) {
        datum index = render_operand(r, m->index);
        if (index.v.type == VALUE_TEXT) member = index.v.text;
    }
    if (member.n) {
        value v = lookup(r->values->ctx, root, member);
        if (v.type != VALUE_MISSING) {
            *rest = m->next;
            return datum_of(v);
        }
    }
    return datum_of(lookup(r->values->ctx, root, (str){0}));
}

datum render_operand(struct render *r, const struct operand *o)
{
    if (!o->root.n && !o->index) return o->constant;
    if (r->depth > LIQUID_DEPTH_MAX) return datum_of(value_missing());
    r->depth++;
    const struct member *m;
    datum d = root_of(r, o, &m);
    bool own = d.own || o->own;
    for (; m; m = m->next)
        d = m->index ? indexed(d, render_operand(r, m->index)) : member_of(d, m->name);
    d.own = own;
    r->depth--;
    return d;
}

MUST_USE static err apply(struct render *r, const struct call *c, datum *d)
{
    datum args[LIQUID_ARGS_MAX] = {0};
    u32 given = 0;
    bool own = d->own;
    for (u32 i = 0; i < LIQUID_ARGS_MAX; i++) {
        if (!c->args[i]) continue;
        args[i] = render_operand(r, c->args[i]);
        own |= args[i].own;
        if (i < c->filter->args_max) given = i + 1;
    }
    r->at = c->at;
    if (r->steps_left == 0)
        return render_fail(r, ERR_LIMIT, "the template takes more than %d steps",
                           TEMPLATE_STEPS_MAX);
    r->steps_left--;
    TRY(c->filter->apply(r, d, args, given));
    d->own = own;
    if (c->filter->safety != SAFE_STAYS) d->safe = c->filter->safety == SAFE_BEGINS;
    return ERR_OK;
}

err render_expression(struct render *r, const struct expression *e, datum *out)
{
    *out = render_operand(r, &e->head);
    for (const struct call *c = e->calls; c; c = c->next) TRY(apply(r, c, out));
    return ERR_OK;
}

err render_condition(struct render *r, const struct condition *c, bool *out)
{
    for (;; c = c->rest) {
        datum a = render_operand(r, &c->a);
        if (c->comparison == IS_TRUE)
            *out = datum_is_true(a);
        else if (datum_compare(a, render_operand(r, &c->b), (comparison)c->comparison, out) !=
                 ERR_OK)
            return render_fail(r, ERR_INVALID, "these two values have no order");
        if (!c->rest || *out == c->rest_is_or) return ERR_OK;
    }
}

static u64 fold(u64 hash, str s)
{
    u64 both[2] = {hash, hash_xxh64(s)};
    return hash_xxh64((str){(const char *)both, sizeof both});
}

err liquid_render_hashed(const struct liquid *l, const struct liquid_values *values,
                         liquid_format format, struct buf *out, u64 *hash, struct diag *why)
{
    struct render r = {.liquid = l,
                       .values = values,
                       .format = format,
                       .out = out,
                       .outermost = out,
                       .scratch_left = LIQUID_SCRATCH_MAX,
                       .steps_left = TEMPLATE_STEPS_MAX,
                       .why = why};
    size_t start = out->n;
    err e = render_nodes(&r, l->nodes);
    if (e != ERR_OK) {
        out->n = start; /* all of it or nothing */
    } else if (hash) {
        size_t from = start;
        for (u32 i = 0; i < r.own_count; i++) {
            *hash = fold(*hash, (str){out->p + from, r.own[i].from - from});
            from = r.own[i].to;
        }
        *hash = fold(*hash, (str){out->p + from, out->n - from});
    }
    arena_free(r.scratch);
    return e;
}

err liquid_render(const struct liquid *l, const struct liquid_values *values, liquid_format format,
                  struct buf *out, struct diag *why)
{
    return liquid_render_hashed(l, values, format, out, NULL, why);
}
