/* tag_for.c — {% for x in y reversed limit: n offset: n %}…{% else %}…{% endfor %}, {% break %},
 * {% continue %}; and {% tablerow x in y cols: n %}, the same as cells of a table. */
#include "content/liquid.h"

extern const struct liquid_tag liquid_tag_for, liquid_tag_tablerow, liquid_tag_break,
    liquid_tag_continue;

struct for_node {
    struct node node;
    u32 slot;
    str name; /* "x-y": of forloop.name and of where to continue */
    struct operand collection;
    const struct operand *limit, *offset, *columns;
    bool reversed, go_on; /* offset: continue */
    const struct node *body, *otherwise;
};

/* ---- compiling ---- */

MUST_USE static err parse_option(struct parser *p, const struct operand **out)
{
    struct operand *o = arena_zalloc(p->c->arena, sizeof *o);
    if (!parser_sign(p, ":")) return parser_unexpected(p, ":");
    *out = o;
    return parse_operand(p, o);
}

MUST_USE static err parse_options(struct parser *p, struct for_node *n, bool table)
{
    while (p->kind != WORD_END) {
        if (parser_sign(p, ",")) continue;
        if (parser_word(p, "limit")) {
            TRY(parse_option(p, &n->limit));
        } else if (parser_word(p, "offset")) {
            struct parser ahead = *p;
            n->go_on = !table && parser_sign(&ahead, ":") && parser_word(&ahead, "continue");
            if (n->go_on)
                *p = ahead, p->c->program->continues = true;
            else
                TRY(parse_option(p, &n->offset));
        } else if (table && parser_word(p, "cols")) {
            TRY(parse_option(p, &n->columns));
        } else if (!table && parser_word(p, "reversed")) {
            n->reversed = true;
        } else {
            return parser_unexpected(p,
                                     table ? "cols, limit or offset" : "reversed, limit or offset");
        }
    }
    return ERR_OK;
}

MUST_USE static err parse_head(struct compiler *c, str markup, struct for_node *n, bool table)
{
    struct parser p = parser_of(c, markup);
    str variable;
    TRY(parse_target(&p, &variable, &n->slot));
    if (!parser_word(&p, "in")) return parser_unexpected(&p, "in");
    const char *from = p.word.p - (p.kind == WORD_STRING);
    TRY(parse_operand(&p, &n->collection));
    str collection = str_trim((str){from, (size_t)(p.word.p - from)});
    n->name = arena_printf(c->arena, "%.*s-%.*s", (int)min_size(variable.n, 100), variable.p,
                           (int)min_size(collection.n, 200), collection.p);
    return parse_options(&p, n, table);
}

/* ---- rendering ---- */

MUST_USE static err whole(struct render *r, const struct operand *o, i64 otherwise, i64 *out)
{
    datum d;
    *out = otherwise;
    if (!o) return ERR_OK;
    render_operand(r, o, &d);
    if (datum_is_nil(&d) || datum_integer(&d, out)) return ERR_OK;
    struct number n = number_of(&d);
    if (d.v.type == VALUE_FIXED)
        *out = n.i / FIXED_ONE;
    else
        return render_fail(r, ERR_INVALID, "limit, offset and cols are whole numbers");
    return ERR_OK;
}

/* Goes to the first element; `length` elements are to come. */
MUST_USE static err slice(struct render *r, const struct for_node *f, struct items *items,
                          i64 *length)
{
    i64 from, limit, to = items->count;
    struct state *place = NULL;
    TRY(whole(r, f->offset, 0, &from));
    TRY(whole(r, f->limit, INT64_MAX, &limit));
    if (r->liquid->program->continues) TRY(render_state(r, STATE_OFFSET, f->name, &place));
    if (f->go_on) from = place->n;
    i64 end;
    if (!__builtin_add_overflow(from, limit, &end) && end < to) to = end;
    i64 begin = from < 0 ? 0 : from;
    *length = to > begin ? to - begin : 0;
    if (place) place->n = from + *length;
    return items_skip(r, items, begin);
}

/* The elements to come, the last first. */
MUST_USE static err turn(struct render *r, struct items *items, i64 length)
{
    datum d;
    if (items->of.kind == DATUM_RANGE || length < 2) return ERR_OK;
    TRY(render_steps(r, (u64)length));
    value *all = (value *)(void *)render_bytes(r, (size_t)length * sizeof *all);
    if (!all) return render_out_of_room(r);
    struct elements e = {all, (u32)length};
    for (i64 i = length; i-- > 0;) {
        if (!items_next(r, items, &d)) return render_out_of_room(r);
        all[i] = d.v;
    }
    d = (datum){.own = items->of.own};
    TRY(elements_set(r, &e, &d));
    items_of(&d, items);
    return ERR_OK;
}

static bool stops(struct render *r)
{
    u8 interrupt = r->interrupt;
    r->interrupt = INTERRUPT_NONE;
    return interrupt == INTERRUPT_BREAK;
}

MUST_USE static err each(struct render *r, const struct for_node *f, struct items *items,
                         struct loop *loop)
{
    i64 last = items->at + loop->length - 1;
    bool back = f->reversed && items->of.kind == DATUM_RANGE;
    for (; loop->index < loop->length; loop->index++) {
        datum item;
        TRY(render_steps(r, 1));
        if (!items_next(r, items, &item)) break;
        if (back) item.v.n = items->of.v.n + last - loop->index;
        scope_set(r, f->slot, &item);
        TRY(render_nodes(r, f->body));
        if (UNLIKELY(r->interrupt) && stops(r)) break;
    }
    return ERR_OK;
}

/* Not on the stack, since a name may get it and be asked after its end. */
MUST_USE static err begin_loop(struct render *r, const struct for_node *f, i64 length,
                               struct loop *parent, struct loop **out)
{
    struct loop *l = r->ended;
    if (l)
        r->ended = l->parent;
    else
        l = (struct loop *)(void *)render_bytes(r, sizeof *l);
    *out = l;
    if (!l) return render_out_of_room(r);
    *l = (struct loop){.length = length, .name = f->name, .parent = parent};
    return ERR_OK;
}

static void end_loop(struct render *r, struct loop *l)
{
    if (l->kept) return;
    l->parent = r->ended;
    r->ended = l;
}

static err render_for(struct render *r, const struct node *n)
{
    const struct for_node *f = (const struct for_node *)n;
    struct loop *loop;
    struct items items;
    struct scoped variable, forloop;
    datum d;
    i64 length;
    render_operand(r, &f->collection, &d);
    items_of(&d, &items);
    TRY(slice(r, f, &items, &length));
    if (length == 0) return render_nodes(r, f->otherwise);
    if (f->reversed) TRY(turn(r, &items, length));
    TRY(begin_loop(r, f, length, r->loop, &loop));
    datum self = {.kind = DATUM_LOOP, .loop = loop};
    scope_enter(r, SLOT_FORLOOP, &self, &forloop);
    scope_enter(r, f->slot, &d, &variable);
    r->loop = loop;
    TRY(each(r, f, &items, loop));
    r->loop = loop->parent;
    scope_leave(r, &variable);
    scope_leave(r, &forloop);
    end_loop(r, loop);
    return ERR_OK;
}

static err compile_for(struct compiler *c, str markup, u32 at, const struct node **out)
{
    static const str until[] = {LIQUID_NAME("else"), LIQUID_NAME("endfor")};
    struct for_node *n = liquid_node(c, sizeof *n, at, render_for);
    u32 which;
    *out = &n->node;
    TRY(parse_head(c, markup, n, false));
    TRY(liquid_block(c, &liquid_tag_for, at, until, 2, &n->body, &which, &markup));
    if (which == 0)
        TRY(liquid_block(c, &liquid_tag_for, at, until, 2, &n->otherwise, &which, &markup));
    while (which == 0) {
        const struct node *unreachable;
        TRY(liquid_block(c, &liquid_tag_for, at, until, 2, &unreachable, &which, &markup));
    }
    n->node.blank = liquid_blank(n->body) && liquid_blank(n->otherwise);
    return ERR_OK;
}

const struct liquid_tag liquid_tag_for = {LIQUID_NAME("for"), compile_for};

/* ---- tablerow ---- */

MUST_USE static err rows(struct render *r, const struct for_node *f, struct items *items,
                         struct loop *loop)
{
    for (; loop->index < loop->length; loop->index++) {
        datum item;
        i64 column = loop->index % loop->columns;
        TRY(render_steps(r, 1));
        if (!items_next(r, items, &item)) break;
        scope_set(r, f->slot, &item);
        buf_printf(r->out, "<td class=\"col%lld\">", (long long)column + 1);
        TRY(render_nodes(r, f->body));
        buf_put(r->out, S("</td>"));
        if (r->interrupt && stops(r)) break;
        if (column == loop->columns - 1 && loop->index < loop->length - 1)
            buf_printf(r->out, "</tr>\n<tr class=\"row%lld\">",
                       (long long)(loop->index / loop->columns + 2));
    }
    return ERR_OK;
}

static err render_table(struct render *r, const struct node *n)
{
    const struct for_node *f = (const struct for_node *)n;
    struct loop *loop;
    struct items items;
    struct scoped variable, tableloop;
    datum d;
    i64 length, columns;
    render_operand(r, &f->collection, &d);
    if (!datum_is_true(&d)) return ERR_OK;
    items_of(&d, &items);
    TRY(slice(r, f, &items, &length));
    TRY(whole(r, f->columns, length, &columns));
    TRY(begin_loop(r, f, length, NULL, &loop));
    loop->columns = columns > 0 ? columns : INT64_MAX;
    datum self = {.kind = DATUM_LOOP, .loop = loop};
    scope_enter(r, SLOT_TABLEROWLOOP, &self, &tableloop);
    scope_enter(r, f->slot, &d, &variable);
    buf_put(r->out, S("<tr class=\"row1\">\n"));
    TRY(rows(r, f, &items, loop));
    buf_put(r->out, S("</tr>\n"));
    scope_leave(r, &variable);
    scope_leave(r, &tableloop);
    end_loop(r, loop);
    return ERR_OK;
}

static err compile_table(struct compiler *c, str markup, u32 at, const struct node **out)
{
    static const str until[] = {LIQUID_NAME("endtablerow")};
    struct for_node *n = liquid_node(c, sizeof *n, at, render_table);
    u32 which;
    *out = &n->node;
    TRY(parse_head(c, markup, n, true));
    return liquid_block(c, &liquid_tag_tablerow, at, until, 1, &n->body, &which, &markup);
}

const struct liquid_tag liquid_tag_tablerow = {LIQUID_NAME("tablerow"), compile_table};

/* ---- leaving ---- */

static err render_break(struct render *r, const struct node *n)
{
    (void)n;
    r->interrupt = INTERRUPT_BREAK;
    return ERR_OK;
}

static err render_continue(struct render *r, const struct node *n)
{
    (void)n;
    r->interrupt = INTERRUPT_CONTINUE;
    return ERR_OK;
}

MUST_USE static err compile_leave(struct compiler *c, str markup, u32 at, bool ends,
                                  const struct node **out)
{
    struct node *n = liquid_node(c, sizeof *n, at, ends ? render_break : render_continue);
    struct parser p = parser_of(c, markup);
    n->blank = true;
    *out = n;
    return parse_end(&p);
}

static err compile_break(struct compiler *c, str markup, u32 at, const struct node **out)
{
    return compile_leave(c, markup, at, true, out);
}

static err compile_continue(struct compiler *c, str markup, u32 at, const struct node **out)
{
    return compile_leave(c, markup, at, false, out);
}

const struct liquid_tag liquid_tag_break = {LIQUID_NAME("break"), compile_break};
const struct liquid_tag liquid_tag_continue = {LIQUID_NAME("continue"), compile_continue};
