/* profile.c — what a group of customers is like, beside another: shares of every value of their
 * attributes and tags, and how far they differ (TGI: 100 is alike). */
#include "analysis/fold.h"

#include <stdlib.h>

enum { VALUES_MAX = 1 << 18, SHOWN_MAX = 20, RANGES = 5, NAMED_MAX = 50 };
enum { IN_GROUP, AGAINST, SIDES };

struct profile {
    u32 segment, against; /* lists' or rules' codes; 0: the predicate, everybody */
    bool has_segment, has_against;
    u32 named_count; /* attributes asked for; 0: all */
    u32 named[NAMED_MAX];
};

struct counted {
    u64 hash;      /* 0: empty */
    u32 attribute; /* 0: a tag */
    bool is_number;
    decimal number;
    str text;
    u64 customers[SIDES];
};

struct cell {
    u32 attribute; /* 0: a tag */
    str text;      /* the value, or the tag */
    bool by_value, by_range, against;
    decimal from, to; /* both are in it */
};

struct state {
    const struct plan *p;
    const struct profile *a;
    struct counted *table;
    u64 count, mask, customers[SIDES];
    bool full;
    bool found; /* drilled: the last person is in the cell */
    struct arena *arena;
};

/* ---- the request ---- */

static err read_segment(struct ask *a, const char *member, bool *has, u32 *code)
{
    str id;
    *has = json_get(a->body, member) != NULL;
    if (!*has) return ERR_OK;
    TRY(ask_text(a, member, (str){0}, &id));
    *code = names_find(a->cx->names, NAME_OBJECT, id);
    if (*code && (!a->cx->known || a->cx->known(a->cx->ctx, "segment", id))) return ERR_OK;
    return REFUSE_AT(a, member, "there is no segment of this id");
}

static err parse(struct ask *a)
{
    struct profile *x = ask_room(a, sizeof *x);
    const struct json *list = json_get(a->body, "attributes");
    a->plan->args = x;
    if (a->plan->by.kind != BY_NOTHING)
        return REFUSE_AT(a, "by", "a profile goes by every attribute already");
    TRY(read_segment(a, "segment", &x->has_segment, &x->segment));
    TRY(read_segment(a, "against", &x->has_against, &x->against));
    if (list && (list->type != JSON_ARRAY || list->count > NAMED_MAX))
        return REFUSE_AT(a, "attributes", "\"attributes\" lists up to %d names", NAMED_MAX);
    for (const struct json *e = list ? list->child : NULL; e; e = e->next) {
        u32 code = e->type == JSON_STRING ? names_find(a->cx->names, NAME_ATTRIBUTE, e->text) : 0;
        if (!code) return REFUSE_AT(a, "attributes", "there is no attribute of this name");
        x->named[x->named_count++] = code;
    }
    return ERR_OK;
}

static void open(void *state, const struct plan *p)
{
    struct state *s = state;
    (void)p;
    s->mask = 1023;
    s->arena = arena_new();
    s->table = mem_zalloc((s->mask + 1) * sizeof *s->table);
}

/* ---- counting ---- */

static struct counted *place(const struct state *s, u32 attribute, str text, u64 hash)
{
    u64 at = hash & s->mask;
    for (; s->table[at].hash; at = (at + 1) & s->mask)
        if (s->table[at].hash == hash && s->table[at].attribute == attribute &&
            str_eq(s->table[at].text, text))
            break;
    return &s->table[at];
}

static void grow(struct state *s)
{
    struct counted *old = s->table;
    u64 places = s->mask + 1;
    s->mask = places * 2 - 1;
    s->table = mem_zalloc((s->mask + 1) * sizeof *s->table);
    for (u64 i = 0; i < places; i++)
        if (old[i].hash) *place(s, old[i].attribute, old[i].text, old[i].hash) = old[i];
    free(old);
}

static void count(struct state *s, u32 attribute, str text, const decimal *number,
                  const u64 times[SIDES])
{
    u64 hash = (hash_xxh64(text) ^ attribute * 0x9E3779B97F4A7C15ull) | 1;
    struct counted *c = place(s, attribute, text, hash);
    if (!c->hash) {
        if (s->count == VALUES_MAX) {
            s->full = true;
            return;
        }
        *c = (struct counted){
            .hash = hash, .attribute = attribute, .text = arena_str(s->arena, text)};
        c->is_number = number != NULL;
        if (number) c->number = *number;
        if (++s->count * 2 > s->mask) {
            grow(s);
            c = place(s, attribute, text, hash);
        }
    }
    for (u32 i = 0; i < SIDES; i++) c->customers[i] += times[i];
}

/* A list may say a value twice; its customer is one. */
static bool said_before(value list, u32 end, str what)
{
    char room[48];
    str text;
    struct reader r = reader_of(list.text);
    for (u32 i = 0; i < end && !r.bad; i++)
        if (value_as_text(value_read(&r), room, &text) && str_eq(text, what)) return true;
    return false;
}

static void count_value(struct state *s, u32 attribute, value v, const u64 times[SIDES])
{
    char room[48];
    str text;
    decimal number;
    if (v.type == VALUE_LIST) {
        struct reader r = reader_of(v.text);
        for (u32 i = 0; i < v.count && !r.bad; i++)
            if (value_as_text(value_read(&r), room, &text) && !said_before(v, i, text))
                count(s, attribute, text, NULL, times);
        return;
    }
    if (!value_as_text(v, room, &text)) return;
    count(s, attribute, text, decimal_of(v, &number) ? &number : NULL, times);
}

static bool in_segment(const struct person *who, bool has, u32 code)
{
    const struct resolver *r = who->source->resolver;
    if (!has) return true;
    return r && r->segment && r->segment(r->ctx, who->head, code, who->as_of).holds;
}

static bool is_named(const struct profile *x, u32 attribute)
{
    for (u32 i = 0; i < x->named_count; i++)
        if (x->named[i] == attribute) return true;
    return x->named_count == 0;
}

/* ---- drilling ---- */

static bool in_range(const struct cell *c, value v)
{
    decimal n;
    return decimal_of(v, &n) && n >= c->from && n <= c->to;
}

static bool in_value(const struct cell *c, value v)
{
    char room[48];
    str text;
    if (c->by_range) return in_range(c, v);
    return value_as_text(v, room, &text) && str_eq(text, c->text);
}

static bool has_value(const struct cell *c, value v)
{
    if (v.type != VALUE_LIST) return in_value(c, v);
    struct reader r = reader_of(v.text);
    for (u32 i = 0; i < v.count && !r.bad && !c->by_range; i++)
        if (in_value(c, value_read(&r))) return true;
    return false;
}

static bool in_cell(const struct state *s, const struct person *who, const u64 in[SIDES])
{
    const struct cell *c = s->p->cell;
    const struct customer_view *view = &who->source->view;
    u32 cursor = 0, code;
    i64 expires;
    value v;
    if (!in[c->against ? AGAINST : IN_GROUP]) return false;
    if (!c->by_value && !c->by_range) return true;
    while (c->attribute && view_next_attribute(view, who->head, &cursor, &code, &v))
        if (code == c->attribute) return has_value(c, v);
    while (!c->attribute && view_next_tag(view, who->head, who->as_of, &cursor, &code, &expires))
        if (str_eq(names_text(s->p->names, NAME_TAG, code), c->text)) return true;
    return false;
}

static err read_edge(struct ask *a, const char *member, decimal *out)
{
    const struct json *j = json_get(a->body, member);
    if (json_is(j, JSON_NUMBER) && decimal_of((value){.type = VALUE_NUMBER, .text = j->text}, out))
        return ERR_OK;
    return REFUSE_AT(a, member, "\"%s\" is a number, as the row has it", member);
}

/* {tag}, {attribute, value} or {attribute, from, to}, as a row says; {}: all of the group. */
static err cell(struct ask *a)
{
    struct cell *c = ask_room(a, sizeof *c);
    const struct json *tag = json_get(a->body, "tag"), *text = json_get(a->body, "value");
    str name;
    a->plan->cell = c;
    TRY(ask_flag(a, "against", &c->against));
    const struct json *attribute = json_get(a->body, "attribute");
    bool edges = json_get(a->body, "from") || json_get(a->body, "to");
    if (tag && (attribute || text || edges))
        return REFUSE_AT(a, "tag", "a row is of a tag or of an attribute");
    if (tag) {
        c->by_value = true;
        return ask_text(a, "tag", (str){0}, &c->text);
    }
    if (!attribute && !text && !edges) return ERR_OK;
    if (text && edges) return REFUSE_AT(a, "value", "a row is of a value or of a range");
    TRY(ask_text(a, "attribute", (str){0}, &name));
    c->attribute = names_find(a->cx->names, NAME_ATTRIBUTE, name);
    if (!c->attribute) return REFUSE_AT(a, "attribute", "there is no attribute of this name");
    c->by_value = text != NULL;
    c->by_range = !text;
    if (text && text->type != JSON_STRING)
        return REFUSE_AT(a, "value", "\"value\" is a text, as the row has it");
    if (text) c->text = text->text;
    if (text) return ERR_OK;
    TRY(read_edge(a, "from", &c->from));
    return read_edge(a, "to", &c->to);
}

static void reset(void *state)
{
    struct state *s = state;
    s->found = false;
}

static bool counts(const void *state)
{
    const struct state *s = state;
    return s->found;
}

static void person(void *state, const struct person *who)
{
    struct state *s = state;
    u64 in[SIDES] = {who->is_in && in_segment(who, s->a->has_segment, s->a->segment),
                     in_segment(who, s->a->has_against, s->a->against)};
    if (!in[IN_GROUP] && !in[AGAINST]) return;
    if (s->p->drill) {
        s->found = in_cell(s, who, in);
        return;
    }
    const struct customer_view *view = &who->source->view;
    u32 cursor = 0, code;
    i64 expires;
    value v;
    for (u32 i = 0; i < SIDES; i++) s->customers[i] += in[i];
    while (view_next_attribute(view, who->head, &cursor, &code, &v))
        if (is_named(s->a, code)) count_value(s, code, v, in);
    cursor = 0;
    while (!s->a->named_count &&
           view_next_tag(view, who->head, who->as_of, &cursor, &code, &expires))
        count(s, 0, names_text(s->p->names, NAME_TAG, code), NULL, in);
}

static void merge(void *state, void *other)
{
    struct state *s = state;
    const struct state *o = other;
    s->full |= o->full;
    for (u32 i = 0; i < SIDES; i++) s->customers[i] += o->customers[i];
    for (u64 i = 0; i <= o->mask; i++) {
        const struct counted *c = &o->table[i];
        if (c->hash)
            count(s, c->attribute, c->text, c->is_number ? &c->number : NULL, c->customers);
    }
}

/* ---- the answer ---- */

static int by_attribute(const void *a, const void *b)
{
    const struct counted *x = a, *y = b;
    if (x->attribute != y->attribute) return x->attribute < y->attribute ? -1 : 1;
    if (x->customers[IN_GROUP] != y->customers[IN_GROUP])
        return x->customers[IN_GROUP] > y->customers[IN_GROUP] ? -1 : 1;
    if (x->customers[AGAINST] != y->customers[AGAINST])
        return x->customers[AGAINST] > y->customers[AGAINST] ? -1 : 1;
    return str_cmp(x->text, y->text);
}

static int by_number(const void *a, const void *b)
{
    const struct counted *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static void put_figures(const struct state *s, const u64 customers[SIDES], struct buf *out)
{
    double share = s->customers[0] ? (double)customers[0] / (double)s->customers[0] : 0;
    double other = s->customers[1] ? (double)customers[1] / (double)s->customers[1] : 0;
    json_put_kv_i64(out, S("customers"), (i64)customers[IN_GROUP]);
    put_ratio(out, S("share"), customers[IN_GROUP], s->customers[IN_GROUP]);
    json_put_kv_i64(out, S("against"), (i64)customers[AGAINST]);
    put_ratio(out, S("against_share"), customers[AGAINST], s->customers[AGAINST]);
    json_put_key(out, S("tgi"));
    if (other > 0)
        buf_printf(out, "%.15g", share / other * 100);
    else
        buf_put(out, S("null"));
}

static void put_name(const struct state *s, u32 attribute, struct buf *out)
{
    json_put_comma(out);
    buf_byte(out, '{');
    if (attribute)
        json_put_kv_str(out, S("attribute"), names_text(s->p->names, NAME_ATTRIBUTE, attribute));
}

static void put_value(const struct state *s, const struct counted *c, struct buf *out)
{
    put_name(s, c->attribute, out);
    json_put_kv_str(out, c->attribute ? S("value") : S("tag"), c->text);
    put_figures(s, c->customers, out);
    buf_byte(out, '}');
}

/* Numbers with many values are shown in ranges, which hold as equal parts as can be of the other
 * group: so a figure of age is about being older, not about being 37. */
static void put_ranges(const struct state *s, struct counted *list, u64 n, struct buf *out)
{
    u64 all = 0, past = 0, from = 0;
    qsort(list, n, sizeof *list, by_number);
    for (u64 i = 0; i < n; i++) all += list[i].customers[AGAINST];
    for (u32 part = 1; part <= RANGES && from < n; part++) {
        u64 sums[SIDES] = {0}, to = from;
        do {
            for (u32 k = 0; k < SIDES; k++) sums[k] += list[to].customers[k];
            past += list[to++].customers[AGAINST];
        } while (to < n && (part == RANGES || past * RANGES < all * part));
        put_name(s, list[from].attribute, out);
        put_decimal(out, S("from"), list[from].number);
        put_decimal(out, S("to"), list[to - 1].number);
        put_figures(s, sums, out);
        buf_byte(out, '}');
        from = to;
    }
}

static void put_attribute(const struct state *s, struct counted *list, u64 n, struct buf *out)
{
    bool numbers = n > SHOWN_MAX && list[0].attribute;
    for (u64 i = 0; i < n && numbers; i++) numbers = list[i].is_number;
    if (numbers) {
        put_ranges(s, list, n, out);
        return;
    }
    for (u64 i = 0; i < n && i < SHOWN_MAX; i++) put_value(s, &list[i], out);
}

static err finish(void *state, struct buf *out, struct diag *why)
{
    struct state *s = state;
    u64 n = 0;
    if (s->full)
        return diag_set(why, ERR_LIMIT,
                        "the attributes have too many different values; name some "
                        "in \"attributes\"");
    struct counted *list = mem_alloc((s->count + 1) * sizeof *list);
    for (u64 i = 0; i <= s->mask; i++)
        if (s->table[i].hash) list[n++] = s->table[i];
    qsort(list, n, sizeof *list, by_attribute);
    json_put_kv_i64(out, S("customers"), (i64)s->customers[IN_GROUP]);
    json_put_kv_i64(out, S("against"), (i64)s->customers[AGAINST]);
    json_put_key(out, S("rows"));
    buf_byte(out, '[');
    for (u64 from = 0, to; from < n; from = to) {
        for (to = from; to < n && list[to].attribute == list[from].attribute;) to++;
        put_attribute(s, list + from, to - from, out);
    }
    buf_byte(out, ']');
    free(list);
    return ERR_OK;
}

static void close(void *state)
{
    struct state *s = state;
    arena_free(s->arena);
    free(s->table);
}

const struct analysis PROFILE = {
    .name = S("profile"),
    .keys = " segment against attributes ",
    .parse = parse,
    .state_size = sizeof(struct state),
    .open = open,
    .person = person,
    .everybody = true,
    .merge = merge,
    .finish = finish,
    .close = close,
    .cell_keys = " attribute value tag from to against ",
    .cell = cell,
    .reset = reset,
    .counts = counts,
};
