/* filter_list.c — filters of whole lists: order, parts, joining. What is no list counts as a list
 * of one, nil as an empty one, and lists within lists are flattened, as in Liquid. */
#include "base/hash.h"
#include "content/filter_item.h"
#include "content/liquid_read.h"

static err apply_join(struct render *r, datum *d, const datum *args, u32 given)
{
    struct elements e;
    str glue = S(" ");
    if (given && !datum_text(r, &args[0], &glue)) return render_out_of_room(r);
    TRY(elements_of(r, d, &e));
    size_t from = r->out->n;
    for (u32 i = 0; i < e.count && !r->out->full; i++) {
        datum item = datum_of(e.at[i]);
        if (i) buf_put(r->out, glue);
        datum_put(r->out, &item);
    }
    if (r->out->full) return render_out_of_room(r);
    size_t n = r->out->n - from;
    char *p = render_bytes(r, n);
    if (!p) return render_out_of_room(r);
    if (n) memcpy(p, r->out->p + from, n);
    r->out->n = from;
    datum_set(d, value_text((str){p, n}));
    return ERR_OK;
}

static err apply_first(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    struct items i;
    datum out = {0};
    if (d->kind == DATUM_PLAIN && d->v.type == VALUE_MAP) {
        items_of(d, &i);
        if (i.count && !items_next(r, &i, &out)) return render_out_of_room(r);
    } else {
        datum_member(d, (str){0}, FIELD_FIRST, &out);
    }
    datum_set(d, out.v);
    return ERR_OK;
}

static err apply_last(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)r, (void)args, (void)given;
    datum out = {0};
    datum_member(d, (str){0}, FIELD_LAST, &out);
    datum_set(d, out.v);
    return ERR_OK;
}

static err apply_concat(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    struct elements a, b, both;
    if (args[0].kind != DATUM_PLAIN || args[0].v.type != VALUE_LIST)
        return render_fail(r, ERR_INVALID, "concat needs a list");
    TRY(elements_of(r, d, &a));
    TRY(elements_of(r, &args[0], &b));
    both.count = a.count + b.count;
    both.at = (value *)(void *)render_bytes(r, both.count * sizeof(value));
    if (!both.at) return render_out_of_room(r);
    if (a.count) memcpy(both.at, a.at, a.count * sizeof(value));
    if (b.count) memcpy(both.at + a.count, b.at, b.count * sizeof(value));
    return elements_set(r, &both, d);
}

static err apply_reverse(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)args, (void)given;
    struct elements e;
    TRY(elements_of(r, d, &e));
    for (u32 i = 0; i < e.count / 2; i++) {
        value v = e.at[i];
        e.at[i] = e.at[e.count - 1 - i];
        e.at[e.count - 1 - i] = v;
    }
    return elements_set(r, &e, d);
}

/* ---- order ---- */

struct sorted {
    value key, item;
};
struct sorting {
    bool (*after)(struct sorting *s, const value *a, const value *b);
    bool failed; /* two keys have no order */
};

static bool is_nil(const value *v)
{
    return v->type <= VALUE_NULL;
}

static bool after(struct sorting *s, const value *a, const value *b)
{
    int order = 0;
    if (is_nil(a) || is_nil(b)) return is_nil(a) && !is_nil(b);
    if (value_cmp(*a, *b, &order) != ERR_OK && !value_eq(*a, *b)) s->failed = true;
    return order > 0;
}

static int fold_case(char ch)
{
    return ch >= 'A' && ch <= 'Z' ? ch + 32 : (u8)ch;
}

/* Keys are texts by now; the case of ASCII letters does not count. */
static bool after_naturally(struct sorting *s, const value *a, const value *b)
{
    (void)s;
    if (is_nil(a) || is_nil(b)) return is_nil(a) && !is_nil(b);
    size_t n = min_size(a->text.n, b->text.n);
    for (size_t i = 0; i < n; i++) {
        int x = fold_case(a->text.p[i]), y = fold_case(b->text.p[i]);
        if (x != y) return x > y;
    }
    return a->text.n > b->text.n;
}

/* Merge sort, from the bottom: equal ones keep their order. The result is in `a`. */
static void sort(struct sorting *s, struct sorted *a, struct sorted *b, u32 n)
{
    struct sorted *from = a, *to = b;
    for (u32 width = 1; width < n; width *= 2) {
        for (u32 at = 0; at < n; at += 2 * width) {
            u32 i = at, middle = min_u32(at + width, n), j = middle,
                end = min_u32(at + 2 * width, n);
            for (u32 k = at; k < end; k++) {
                bool right = i == middle || (j < end && s->after(s, &from[i].key, &from[j].key));
                to[k] = right ? from[j++] : from[i++];
            }
        }
        struct sorted *swap = from;
        from = to;
        to = swap;
    }
    if (from != a && n) memcpy(a, from, n * sizeof *a);
}

MUST_USE static err fill_keys(struct render *r, const struct elements *e, const datum *property,
                              bool natural, struct sorted *out, bool *none)
{
    for (u32 i = 0; i < e->count && !*none; i++) {
        out[i].item = out[i].key = e->at[i];
        if (!datum_is_nil(property)) TRY(item_property(r, &e->at[i], property, &out[i].key, none));
        if (!natural || is_nil(&out[i].key)) continue;
        datum key = datum_of(out[i].key);
        LIQUID_TEXT_OF(text, &key);
        out[i].key = value_text(text);
    }
    return ERR_OK;
}

MUST_USE static err sort_by(struct render *r, datum *d, const datum *property, bool natural)
{
    struct elements e;
    struct sorting s = {natural ? after_naturally : after, false};
    bool none = false;
    TRY(elements_of(r, d, &e));
    TRY(render_steps(r, (u64)e.count * 4));
    struct sorted *a = (struct sorted *)(void *)render_bytes(r, e.count * 2 * sizeof *a);
    if (!a) return render_out_of_room(r);
    TRY(fill_keys(r, &e, property, natural, a, &none));
    if (none) {
        datum_set(d, value_missing());
        return ERR_OK;
    }
    sort(&s, a, a + e.count, e.count);
    if (s.failed) return render_fail(r, ERR_INVALID, "these values have no order among them");
    for (u32 i = 0; i < e.count; i++) e.at[i] = a[i].item;
    return elements_set(r, &e, d);
}

static err apply_sort(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    return sort_by(r, d, &args[0], false);
}

static err apply_sort_natural(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    return sort_by(r, d, &args[0], true);
}

/* ---- without some ---- */

/* The first of those with the same bytes stays: 1 and 1.0 are two. */
MUST_USE static err keep_first(struct render *r, struct elements *e, const struct elements *keys)
{
    datum encoded = {0};
    u32 size = 16, kept = 0;
    TRY(elements_set(r, keys, &encoded));
    while (size < e->count * 2) size *= 2;
    str *table = (str *)(void *)render_bytes(r, size * sizeof *table);
    if (!table) return render_out_of_room(r);
    memset(table, 0, size * sizeof *table);
    const u8 *p = (const u8 *)encoded.v.text.p, *end = p + encoded.v.text.n;
    for (u32 i = 0; i < e->count; i++) {
        const u8 *from = p;
        if (!peek_skip(&p, end)) break;
        str bytes = {(const char *)from, (size_t)(p - from)};
        u32 at = (u32)hash_xxh64(bytes) & (size - 1);
        while (table[at].p && !str_eq(table[at], bytes)) at = (at + 1) & (size - 1);
        if (table[at].p) continue;
        table[at] = bytes;
        e->at[kept++] = e->at[i];
    }
    e->count = kept;
    return ERR_OK;
}

/* The elements' property, or they themselves. */
MUST_USE static err keys_of(struct render *r, const struct elements *e, const datum *property,
                            struct elements *out, bool *none)
{
    *out = *e;
    *none = false;
    if (datum_is_nil(property)) return ERR_OK;
    out->at = (value *)(void *)render_bytes(r, e->count * sizeof(value));
    if (!out->at) return render_out_of_room(r);
    for (u32 i = 0; i < e->count && !*none; i++)
        TRY(item_property(r, &e->at[i], property, &out->at[i], none));
    return ERR_OK;
}

MUST_USE static err without(struct render *r, datum *d, const datum *property, bool doubles)
{
    struct elements e, keys;
    bool none;
    u32 kept = 0;
    TRY(elements_of(r, d, &e));
    TRY(keys_of(r, &e, property, &keys, &none));
    if (none) {
        datum_set(d, value_missing());
        return ERR_OK;
    }
    if (doubles) {
        TRY(keep_first(r, &e, &keys));
    } else {
        for (u32 i = 0; i < e.count; i++)
            if (!is_nil(&keys.at[i])) e.at[kept++] = e.at[i];
        e.count = kept;
    }
    return elements_set(r, &e, d);
}

static err apply_uniq(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    return without(r, d, &args[0], true);
}

static err apply_compact(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    return without(r, d, &args[0], false);
}

/* ---- by a property ---- */

static err apply_map(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    struct elements e;
    TRY(elements_of(r, d, &e));
    for (u32 i = 0; i < e.count; i++) {
        bool none = false;
        value item = e.at[i];
        TRY(item_property(r, &item, &args[0], &e.at[i], &none));
        if (none) e.at[i] = (value){.type = VALUE_NULL};
    }
    return elements_set(r, &e, d);
}

static err apply_sum(struct render *r, datum *d, const datum *args, u32 given)
{
    (void)given;
    struct elements e;
    struct number sum = {NUMBER_INT, 0, 0.0};
    value v;
    TRY(elements_of(r, d, &e));
    for (u32 i = 0; i < e.count; i++) {
        bool none = false;
        datum item = datum_of(e.at[i]);
        if (!datum_is_nil(&args[0])) TRY(item_property(r, &e.at[i], &args[0], &item.v, &none));
        if (!none) sum = number_add(sum, number_of(&item));
    }
    if (!number_value(r, sum, &v)) return render_out_of_room(r);
    datum_set(d, v);
    return ERR_OK;
}

const struct liquid_filter liquid_list_filters[] = {
    {LIQUID_NAME("compact"), 0, 1, SAFE_ENDS, {0}, apply_compact},
    {LIQUID_NAME("concat"), 1, 1, SAFE_ENDS, {0}, apply_concat},
    {LIQUID_NAME("first"), 0, 0, SAFE_ENDS, {0}, apply_first},
    {LIQUID_NAME("join"), 0, 1, SAFE_ENDS, {0}, apply_join},
    {LIQUID_NAME("last"), 0, 0, SAFE_ENDS, {0}, apply_last},
    {LIQUID_NAME("map"), 1, 1, SAFE_ENDS, {0}, apply_map},
    {LIQUID_NAME("reverse"), 0, 0, SAFE_ENDS, {0}, apply_reverse},
    {LIQUID_NAME("sort"), 0, 1, SAFE_ENDS, {0}, apply_sort},
    {LIQUID_NAME("sort_natural"), 0, 1, SAFE_ENDS, {0}, apply_sort_natural},
    {LIQUID_NAME("sum"), 0, 1, SAFE_ENDS, {0}, apply_sum},
    {LIQUID_NAME("uniq"), 0, 1, SAFE_ENDS, {0}, apply_uniq},
    {{0}, 0, 0, 0, {0}, NULL},
};
