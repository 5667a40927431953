/* liquid.c — source to pieces to nodes. */
#include "content/liquid.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- places and refusals ---- */

void liquid_place(str source, str name, size_t at, char out[96])
{
    u32 line = 1, column = 1;
    for (size_t i = 0; i < at && i < source.n; i++) {
        if (source.p[i] == '\n')
            line++, column = 1;
        else if (((u8)source.p[i] & 0xC0) != 0x80)
            column++;
    }
    if (name.n)
        snprintf(out, 96, "/partials/%.*s:%u:%u", (int)min_size(name.n, 50), name.p, line, column);
    else
        snprintf(out, 96, "%u:%u", line, column);
}

err liquid_refuse(struct compiler *c, u32 at, const char *format, ...)
{
    char message[300], place[96];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    liquid_place(c->source, c->name, at, place);
    return diag_at(c->why, ERR_REFUSED, str_of(place), "%s", message);
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

/* Within {% liquid %} every line that is not empty is a tag. */
static void next_line(struct compiler *c, struct piece *out)
{
    while (c->at < c->end) {
        str rest = {c->source.p + c->at, c->end - c->at};
        ptrdiff_t n = str_index(rest, '\n');
        str line = str_trim((str){rest.p, n < 0 ? rest.n : (size_t)n});
        c->at += n < 0 ? rest.n : (size_t)n + 1;
        if (!line.n) continue;
        *out = (struct piece){PIECE_TAG, line, (u32)(line.p - c->source.p)};
        return;
    }
}

MUST_USE static err next_piece(struct compiler *c, struct piece *out)
{
    *out = (struct piece){.at = (u32)c->at};
    if (c->lines) {
        next_line(c, out);
        return ERR_OK;
    }
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

void *liquid_node(struct compiler *c, size_t size, u32 at,
                  err (*render)(struct render *r, const struct node *n))
{
    struct node *n = arena_zalloc(c->arena, size);
    n->render = render;
    n->at = at;
    c->program->node_count++;
    return n;
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

/* {% # a remark %}: on several lines, each has its sign. */
MUST_USE static err compile_remark(struct compiler *c, str markup, u32 at)
{
    for (size_t i = 0; i < markup.n; i++) {
        if (markup.p[i] != '\n') continue;
        str rest = trim_left(str_slice(markup, i, markup.n));
        if (rest.n && rest.p[0] != '#')
            return liquid_refuse(c, at, "each line of a remark begins with #");
    }
    return ERR_OK;
}

MUST_USE static err compile_tag(struct compiler *c, str name, str markup, u32 at,
                                const struct node **out)
{
    if (name.n && name.p[0] == '#') return compile_remark(c, markup, at);
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
    struct text_node *n = liquid_node(c, sizeof *n, p->at, NULL);
    n->text = p->text;
    n->node.is_text = true;
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
        if (c->program->node_count >= LIQUID_NODES_MAX)
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
            TRY(parse_output(c, p.text, p.at, &made));
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
        if ((*at)->is_text)
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

/* ---- what is skipped ---- */

struct skipping {
    const struct liquid_tag *opener;
    str end;
    skip_kind kind;
    u32 depth;
    bool raw; /* within raw within a comment: its tags are hidden */
};

/* True when this tag ends it. Inside a raw or doc body only its own end counts; a comment nests. */
static bool skip_tag(struct skipping *s, str name)
{
    if (s->kind == SKIP_COMMENT) {
        if (s->raw && str_eq(name, S("endraw"))) {
            s->raw = false;
            return false;
        }
        if (s->raw) return false;
        if (str_eq(name, S("raw"))) s->raw = true;
        if (str_eq(name, s->opener->name)) s->depth++;
    }
    return str_eq(name, s->end) && --s->depth == 0;
}

MUST_USE static err unclosed(struct compiler *c, const struct liquid_tag *opener, u32 at, str end)
{
    return liquid_refuse(c, at, "{%% %.*s %%} is never closed: {%% %.*s %%} is missing",
                         STR_ARG(opener->name), STR_ARG(end));
}

MUST_USE static err skip_lines(struct compiler *c, struct skipping *s, u32 opened_at, str *body)
{
    size_t from = c->at;
    for (;;) {
        struct piece p = {0};
        str markup;
        next_line(c, &p);
        if (p.kind == PIECE_END) return unclosed(c, s->opener, opened_at, s->end);
        if (!skip_tag(s, tag_name(p.text, &markup))) continue;
        *body = str_slice(c->source, from, p.at);
        return ERR_OK;
    }
}

MUST_USE static err nested_doc(struct compiler *c, const struct skipping *s, str name, size_t at)
{
    if (s->kind != SKIP_DOC || !str_eq(name, s->opener->name)) return ERR_OK;
    return liquid_refuse(c, (u32)at, "{%% doc %%} cannot stand within another");
}

/* Walks over tags as bytes. */
err liquid_skip(struct compiler *c, const struct liquid_tag *opener, u32 opened_at, str end,
                skip_kind kind, str *body)
{
    struct skipping s = {opener, end, kind, 1, false};
    if (c->lines) return skip_lines(c, &s, opened_at, body);
    bool left = c->trim;
    size_t from = c->at;
    c->trim = false;
    while (c->at < c->source.n) {
        size_t at = c->at;
        ptrdiff_t found = str_find(str_slice(c->source, at, c->source.n), S("{%"));
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
        TRY(nested_doc(c, &s, name, at));
        bool ended = skip_tag(&s, name);
        /* An opening inside raw text may be no tag at all: go on right behind its braces. */
        c->at = ended || kind == SKIP_COMMENT ? (size_t)(inner.p + inner.n - c->source.p) + dash + 2
                                              : at + 2;
        if (!ended) continue;
        *body = (str){c->source.p + from, at - from};
        if (left) *body = trim_left(*body);
        if (right) *body = trim_right(*body);
        c->trim = dash;
        return ERR_OK;
    }
    return unclosed(c, opener, opened_at, end);
}

/* ---- the whole, partials ---- */

err liquid_lines(struct compiler *c, str markup, const struct node **out)
{
    size_t at = c->at, end = c->end;
    bool lines = c->lines;
    u32 which;
    str rest;
    if (c->depth == LIQUID_DEPTH_MAX)
        return diag_set(c->why, ERR_LIMIT, "blocks may be nested at most %d deep",
                        LIQUID_DEPTH_MAX);
    c->depth++;
    c->lines = true;
    c->at = (size_t)(markup.p - c->source.p);
    c->end = c->at + markup.n;
    TRY(compile_nodes(c, NULL, 0, out, &which, &rest));
    c->depth--;
    c->lines = lines;
    c->at = at;
    c->end = end;
    return ERR_OK;
}

u32 program_partial(const struct program *p, str name)
{
    for (u32 i = 0; p->options && i < p->options->partial_count; i++)
        if (str_eq(p->options->partials[i].name, name)) return i;
    return UINT32_MAX;
}

u32 program_slot(const struct program *p, str name)
{
    for (u32 i = 0; i < p->name_count; i++)
        if (str_eq(p->names[i], name)) return i;
    return UINT32_MAX;
}

u32 liquid_slot(struct compiler *c, str name)
{
    struct program *p = c->program;
    u32 slot = program_slot(p, name);
    if (slot != UINT32_MAX || p->name_count == LIQUID_NAMES_MAX) return slot;
    p->names[p->name_count] = name;
    return p->name_count++;
}

static struct liquid *new_liquid(struct compiler *c)
{
    struct liquid *l = arena_zalloc(c->arena, sizeof *l);
    l->source = c->source;
    l->name = c->name;
    l->program = c->program;
    return l;
}

/* It is entered into the table before its nodes are made, so that it may name itself. */
err liquid_partial_compile(struct compiler *c, u32 index)
{
    const struct liquid_partial *p = &c->program->options->partials[index];
    if (c->program->partials[index]) return ERR_OK;
    if (p->source.n > TEMPLATE_SOURCE_MAX || c->partial_depth == LIQUID_DEPTH_MAX)
        return diag_set(c->why, ERR_LIMIT, "the partial \"%.*s\" is too long or too deep",
                        (int)min_size(p->name.n, 60), p->name.p);
    struct compiler inner = {.source = p->source,
                             .name = p->name,
                             .end = p->source.n,
                             .arena = c->arena,
                             .why = c->why,
                             .program = c->program,
                             .partial_depth = c->partial_depth + 1};
    struct liquid *l = new_liquid(&inner);
    u32 which;
    str markup;
    c->program->partials[index] = l;
    return compile_nodes(&inner, NULL, 0, &l->nodes, &which, &markup);
}

err liquid_compile_with(str source, const struct liquid_options *options, struct arena *arena,
                        struct liquid **out, struct diag *why)
{
    if (source.n > TEMPLATE_SOURCE_MAX)
        return diag_set(why, ERR_LIMIT, "a template may be at most %d bytes long",
                        TEMPLATE_SOURCE_MAX);
    struct program *program = arena_zalloc(arena, sizeof *program);
    struct compiler c = {
        .source = source, .end = source.n, .arena = arena, .why = why, .program = program};
    struct liquid *l = new_liquid(&c);
    u32 which;
    str markup;
    program->options = options;
    if (options)
        program->partials = arena_zalloc(arena, options->partial_count * sizeof *program->partials);
    liquid_slot(&c, S("forloop"));
    liquid_slot(&c, S("tablerowloop"));
    TRY(compile_nodes(&c, NULL, 0, &l->nodes, &which, &markup));
    *out = l;
    return ERR_OK;
}

err liquid_compile(str source, struct arena *arena, struct liquid **out, struct diag *why)
{
    return liquid_compile_with(source, NULL, arena, out, why);
}
