/* tag_render.c — {% render 'name' with x as y, a: 1 %}, which sees nothing of the caller's own
 * names, and the older {% include %}, which sees them all. Partials come with the template. */
#include "content/liquid.h"

extern const struct liquid_tag liquid_tag_render, liquid_tag_include;

enum { ARGUMENTS_MAX = 32 };
struct partial_node {
    struct node node;
    u32 partial; /* UINT32_MAX: by `name`, when it is rendered */
    u32 bound_slot, own_slot, argument_count;
    bool bound, loops; /* with or for; for */
    bool aliased;      /* as */
    struct operand name, value;
    const struct argument *arguments;
};

/* ---- compiling ---- */

MUST_USE static err missing(struct compiler *c, u32 at, str name)
{
    return liquid_refuse(c, at, "there is no partial \"%.*s\"", (int)min_size(name.n, 60), name.p);
}

MUST_USE static err parse_name(struct parser *p, struct partial_node *n, bool isolated)
{
    struct compiler *c = p->c;
    u32 at = parser_at(p);
    if (isolated && p->kind != WORD_STRING)
        return parser_unexpected(p, "a name in quotation marks");
    TRY(parse_operand(p, &n->name));
    n->partial = UINT32_MAX;
    if (n->name.kind == OPERAND_CONSTANT && n->name.constant.v.type == VALUE_TEXT) {
        str name = n->name.constant.v.text;
        n->partial = program_partial(c->program, name);
        if (n->partial == UINT32_MAX) return missing(c, at, name);
        return liquid_partial_compile(c, n->partial);
    }
    /* Any of them may be meant. */
    for (u32 i = 0; c->program->options && i < c->program->options->partial_count; i++)
        TRY(liquid_partial_compile(c, i));
    return ERR_OK;
}

static str without_folders(str name)
{
    for (size_t i = name.n; i-- > 0;)
        if (name.p[i] == '/') return str_slice(name, i + 1, name.n);
    return name;
}

/* The name that a bound value has: the alias, or the partial's own. */
MUST_USE static err parse_binding(struct parser *p, struct partial_node *n)
{
    str name = n->partial == UINT32_MAX ? (str){0} : n->name.constant.v.text;
    n->own_slot = liquid_slot(p->c, without_folders(name));
    n->loops = p->kind == WORD_NAME && str_eq(p->word, S("for"));
    n->bound = parser_word(p, "with") || parser_word(p, "for");
    if (n->bound) {
        TRY(parse_operand(p, &n->value));
        n->bound_slot = n->own_slot;
        n->aliased = parser_word(p, "as");
        if (n->aliased) TRY(parse_target(p, &name, &n->bound_slot));
    }
    if (n->own_slot != UINT32_MAX) return ERR_OK;
    return diag_set(p->c->why, ERR_LIMIT, "a template may use at most %d different names",
                    LIQUID_NAMES_MAX);
}

MUST_USE static err parse_arguments(struct parser *p, struct partial_node *n)
{
    const struct argument **tail = &n->arguments;
    while (p->kind != WORD_END) {
        if (parser_sign(p, ",")) continue;
        struct argument *a = arena_zalloc(p->c->arena, sizeof *a);
        if (n->argument_count++ == ARGUMENTS_MAX)
            return liquid_refuse(p->c, parser_at(p), "at most %d values can be handed over",
                                 ARGUMENTS_MAX);
        TRY(parse_target(p, &a->name, &a->slot));
        if (!parser_sign(p, ":")) return parser_unexpected(p, ":");
        TRY(parse_operand(p, &a->value));
        *tail = a;
        tail = &a->next;
    }
    return ERR_OK;
}

MUST_USE static err compile(struct compiler *c, str markup, u32 at, bool isolated,
                            err (*render)(struct render *r, const struct node *n),
                            const struct node **out)
{
    struct partial_node *n = liquid_node(c, sizeof *n, at, render);
    struct parser p = parser_of(c, markup);
    *out = &n->node;
    TRY(parse_name(&p, n, isolated));
    TRY(parse_binding(&p, n));
    return parse_arguments(&p, n);
}

/* ---- rendering ---- */

MUST_USE static err render_partial(struct render *r, const struct liquid *l)
{
    const struct liquid *outer = r->liquid;
    r->liquid = l;
    TRY(render_nodes(r, l->nodes));
    r->liquid = outer;
    return ERR_OK;
}

static const struct liquid *partial_at(const struct render *r, u32 index)
{
    return r->liquid->program->partials[index];
}

/* ---- include ---- */

MUST_USE static err by_name(struct render *r, const struct partial_node *n,
                            const struct liquid **out)
{
    u32 index = n->partial;
    datum d;
    if (index == UINT32_MAX) {
        render_operand(r, &n->name, &d);
        if (d.v.type == VALUE_TEXT) index = program_partial(r->liquid->program, d.v.text);
        if (index == UINT32_MAX)
            return render_fail(r, ERR_INVALID, "there is no partial of this name");
    }
    *out = partial_at(r, index);
    return ERR_OK;
}

/* A list that is bound is one partial for each of its elements. */
MUST_USE static err include_bound(struct render *r, const struct partial_node *n,
                                  const struct liquid *l)
{
    struct scoped bound;
    struct items items;
    datum all, item;
    u32 slot = n->bound_slot;
    if (n->partial == UINT32_MAX && !n->aliased)
        slot = program_slot(l->program, without_folders(l->name));
    if (slot == UINT32_MAX) slot = n->own_slot; /* nobody asks for it */
    render_operand(r, &n->value, &all);
    scope_enter(r, slot, &all, &bound);
    if (all.kind == DATUM_PLAIN && all.v.type == VALUE_LIST) {
        items_of(&all, &items);
        while (items_next(r, &items, &item) && !r->interrupt) {
            scope_set(r, slot, &item);
            TRY(render_partial(r, l));
        }
    } else {
        TRY(render_partial(r, l));
    }
    scope_leave(r, &bound);
    return ERR_OK;
}

static err render_include(struct render *r, const struct node *node)
{
    const struct partial_node *n = (const struct partial_node *)node;
    const struct liquid *l = NULL;
    struct scoped scopes[ARGUMENTS_MAX] __attribute__((uninitialized));
    u32 count = 0;
    if (r->isolated) return render_fail(r, ERR_INVALID, "include cannot stand within render");
    TRY(by_name(r, n, &l));
    for (const struct argument *a = n->arguments; a; a = a->next) {
        datum d;
        render_operand(r, &a->value, &d);
        scope_enter(r, a->slot, &d, &scopes[count++]);
    }
    TRY(n->bound ? include_bound(r, n, l) : render_partial(r, l));
    while (count) scope_leave(r, &scopes[--count]);
    return ERR_OK;
}

static err compile_include(struct compiler *c, str markup, u32 at, const struct node **out)
{
    return compile(c, markup, at, false, render_include, out);
}

const struct liquid_tag liquid_tag_include = {LIQUID_NAME("include"), compile_include};

/* ---- render ---- */

static void assign_arguments(struct render *r, const struct partial_node *n, const datum *values)
{
    for (const struct argument *a = n->arguments; a; a = a->next)
        render_assign(r, a->slot, values++);
}

MUST_USE static err render_each(struct render *r, const struct partial_node *n,
                                const datum *collection, const datum *values)
{
    struct items items;
    struct loop loop = {.name = n->name.constant.v.text};
    datum item, self = {.kind = DATUM_LOOP, .loop = &loop};
    items_of(collection, &items);
    loop.length = items.count;
    for (; loop.index < loop.length && items_next(r, &items, &item); loop.index++) {
        isolation_clear(r);
        assign_arguments(r, n, values);
        render_assign(r, n->bound_slot, &item);
        render_assign(r, SLOT_FORLOOP, &self);
        TRY(render_partial(r, partial_at(r, n->partial)));
        r->interrupt = INTERRUPT_NONE;
    }
    return ERR_OK;
}

static bool has_elements(const datum *d)
{
    return d->kind == DATUM_RANGE ||
           (d->kind == DATUM_PLAIN && (d->v.type == VALUE_LIST || d->v.type == VALUE_MAP));
}

static err render_render(struct render *r, const struct node *node)
{
    const struct partial_node *n = (const struct partial_node *)node;
    datum values[ARGUMENTS_MAX] __attribute__((uninitialized));
    datum bound = {0};
    struct isolation isolation;
    u32 count = 0;
    for (const struct argument *a = n->arguments; a; a = a->next)
        render_operand(r, &a->value, &values[count++]);
    if (n->bound) render_operand(r, &n->value, &bound);
    TRY(isolation_enter(r, &isolation));
    if (n->loops && has_elements(&bound)) {
        TRY(render_each(r, n, &bound, values));
    } else {
        assign_arguments(r, n, values);
        if (!datum_is_nil(&bound)) render_assign(r, n->bound_slot, &bound);
        TRY(render_partial(r, partial_at(r, n->partial)));
        r->interrupt = INTERRUPT_NONE;
    }
    isolation_leave(r, &isolation);
    return ERR_OK;
}

static err compile_render(struct compiler *c, str markup, u32 at, const struct node **out)
{
    return compile(c, markup, at, true, render_render, out);
}

const struct liquid_tag liquid_tag_render = {LIQUID_NAME("render"), compile_render};
