/* field.c — what stands behind a path, and conditions over the fields of one thing. */
#include "predicate/program.h"

#include <stdio.h>

/* The part of a dotted text before its next dot; `rest` is what follows. */
static str next_part(str *rest)
{
    ptrdiff_t dot = str_index(*rest, '.');
    str part = dot < 0 ? *rest : str_slice(*rest, 0, (size_t)dot);
    *rest = dot < 0 ? (str){0} : str_slice(*rest, (size_t)dot + 1, rest->n);
    return part;
}

static value descend(value v, str rest)
{
    while (rest.n && v.type == VALUE_MAP) {
        str part = next_part(&rest);
        v = value_member(v, part);
    }
    return rest.n ? value_missing() : v;
}

/* Imports name an item's product product_name, SDKs name. */
static value item_member(value item, str name)
{
    value v = value_member(item, name);
    if (v.type == VALUE_MISSING && str_eq(name, S("product_name")))
        v = value_member(item, S("name"));
    return v;
}

static value attribute_of(const struct subject *who, u32 code)
{
    const struct columns *c = who->columns;
    for (u32 i = 0; c && i < c->count; i++)
        if (c->codes[i] == code) return attribute_next(c->readers[i], who->head);
    return view_attribute(who->view, who->head, code);
}

static value told_value(const struct told *t, u32 code)
{
    for (u32 i = 0; i < t->property_count; i++) {
        if (t->properties[i].code != code) continue;
        const struct scan_column *c = &t->batch->columns[i];
        i64 n = c->number[t->row];
        if (c->valid[t->row] == SCAN_IS_OTHER) return c->value[t->row];
        if (c->valid[t->row] != SCAN_IS_NUMBER) return value_missing();
        return n % FIXED_ONE ? value_fixed(n) : value_int(n / FIXED_ONE);
    }
    return value_missing();
}

value property_of(const struct scope *s, u32 code)
{
    return s->kind == SCOPE_TOLD ? told_value(s->told, code) : props_get(s->props, code);
}

static value coded(const struct scope *s, u32 code)
{
    if (s->kind == SCOPE_CUSTOMER) return attribute_of(s->who, code);
    return property_of(s, code);
}

value field_of(const struct scope *s, const struct path *path)
{
    value v = value_missing();
    str rest = path->text;
    if (s->kind == SCOPE_ITEM) {
        v = item_member(s->item, path->text);
        if (v.type != VALUE_MISSING || str_index(rest, '.') < 0) return v;
        return descend(s->item, rest);
    }
    if (path->whole)
        v = coded(s, path->whole);
    else if (s->kind == SCOPE_EVENT)
        v = value_member(props_get(s->props, 0), path->text);
    if (v.type != VALUE_MISSING || !path->head) return v;
    next_part(&rest);
    return descend(coded(s, path->head), rest);
}

static bool item_holds(const struct node *n, const struct scope *s)
{
    value list = field_of(s, &n->path);
    if (list.type != VALUE_LIST) return false;
    struct reader r = reader_of(list.text);
    struct scope item = {.kind = SCOPE_ITEM};
    for (u32 i = 0; i < list.count; i++) {
        item.item = value_read(&r);
        if (r.bad) return false;
        if (item.item.type == VALUE_MAP && where_holds(n->tree, &item)) return true;
    }
    return false;
}

/* Shops send prices and quantities of items as numbers, and as texts that are numbers. */
static value item_number(const struct node *n, value v)
{
    bool money = str_eq(n->path.text, S("price")) || str_eq(n->path.text, S("quantity"));
    decimal number;
    if (!money || v.type != VALUE_TEXT || !decimal_said(v, &number)) return v;
    return (value){.type = VALUE_NUMBER, .text = v.text};
}

bool where_holds(const struct node *n, const struct scope *s)
{
    value v;
    switch (n->kind) {
    case NODE_ALL:
    case NODE_ANY:
        for (u32 i = 0; i < n->count; i++)
            if (where_holds(n->cheapest[i], s) == (n->kind == NODE_ANY)) return n->kind == NODE_ANY;
        return n->kind == NODE_ALL;
    case NODE_NOT: return !where_holds(n->children[0], s);
    case NODE_ITEM: return item_holds(n, s);
    default:
        v = field_of(s, &n->path);
        return test_value(&n->test, s->kind == SCOPE_ITEM ? item_number(n, v) : v);
    }
}

bool value_as_text(value v, char room[48], str *out)
{
    switch (v.type) {
    case VALUE_TEXT:
    case VALUE_NUMBER:
    case VALUE_DATE:
    case VALUE_TIME: *out = v.text; return true;
    case VALUE_FALSE: *out = S("false"); return true;
    case VALUE_TRUE: *out = S("true"); return true;
    case VALUE_INT: snprintf(room, 48, "%lld", (long long)v.n); break;
    case VALUE_FIXED: {
        u64 size = v.n < 0 ? 0 - (u64)v.n : (u64)v.n;
        int n = snprintf(room, 48, "%s%llu.%04u", v.n < 0 ? "-" : "",
                         (unsigned long long)(size / 10000), (u32)(size % 10000));
        while (room[n - 1] == '0') room[--n] = 0;
        if (room[n - 1] == '.') room[--n] = 0;
        break;
    }
    default: return false;
    }
    *out = str_of(room);
    return true;
}

static bool same_as_trigger(const struct path *path, const struct event *ev,
                            const struct event *trigger)
{
    char a_room[48], b_room[48];
    str a, b;
    struct scope mine = {.kind = SCOPE_EVENT, .props = ev->props};
    if (!trigger) return false;
    struct scope its = {.kind = SCOPE_EVENT, .props = trigger->props};
    return value_as_text(field_of(&mine, path), a_room, &a) &&
           value_as_text(field_of(&its, path), b_room, &b) && str_eq(a, b);
}

bool filter_takes_in(const struct filter *f, const struct event *ev, const struct subject *who,
                     const struct scope *s)
{
    if (f->event ? ev->code != f->event : (ev->flags & EVENT_SYSTEM) != 0) return false;
    if (f->has_match && !same_as_trigger(&f->match, ev, who ? who->event : NULL)) return false;
    return !f->where || where_holds(f->where, s);
}

bool filter_takes(const struct filter *f, const struct event *ev, const struct subject *who)
{
    struct scope s = {.kind = SCOPE_EVENT, .props = ev->props};
    return filter_takes_in(f, ev, who, &s);
}

bool predicate_where(const struct predicate *p, const struct event *ev)
{
    struct scope s = {.kind = SCOPE_EVENT, .props = ev->props};
    MUST(p->place == PREDICATE_WHERE);
    return where_holds(p->root, &s);
}
