/* attribute.c — attributes: their types, one customer's values, and what is seen of them.
 *
 * What is kept is the value as it was written; what is seen is that value in the attribute's type.
 * So a type that widens or is set anew changes no customer, and the order in which values came does
 * not matter. While unconfirmed a type widens to hold whatever comes; once confirmed, a value it
 * does not hold is counted and kept aside (KEY_MISFIT), where a later type may find it.
 *
 *   bool < int < decimal < text        date < time < text        list < text */
#include "customer/customer_internal.h"

#include "base/time.h"

#include <stdio.h>

/* ---- values ---- */

char *scratch_text(void)
{
    static _Thread_local char texts[64][SCRATCH_BYTES];
    static _Thread_local u32 next;
    return texts[next++ % 64];
}

value value_normal(value v)
{
    if (v.type == VALUE_FIXED && v.n % FIXED_ONE == 0) return value_int(v.n / FIXED_ONE);
    if (v.type == VALUE_NULL) return value_missing();
    return v;
}

str value_bytes(struct customers *c, value v)
{
    buf_reset(&c->bytes);
    value_put(&c->bytes, v);
    return buf_str(&c->bytes);
}

value value_of(str bytes)
{
    struct reader r = reader_of(bytes);
    return value_read(&r);
}

value value_keep(struct customers *c, value v)
{
    if (!v.text.n) return v;
    MUST(v.text.n <= KEPT_BYTES);
    if (c->kept_used + v.text.n > KEPT_BYTES) c->kept_used = 0;
    char *to = c->kept + c->kept_used;
    memcpy(to, v.text.p, v.text.n);
    c->kept_used += v.text.n;
    v.text.p = to;
    return v;
}

bool value_same(value a, value b)
{
    return a.type == b.type && a.n == b.n && a.count == b.count && str_eq(a.text, b.text);
}

/* ---- types ---- */

static attribute_type type_of(value v)
{
    switch (v.type) {
    case VALUE_FALSE:
    case VALUE_TRUE: return ATTRIBUTE_BOOL;
    case VALUE_INT: return ATTRIBUTE_INT;
    case VALUE_FIXED:
    case VALUE_NUMBER: return ATTRIBUTE_DECIMAL;
    case VALUE_DATE: return ATTRIBUTE_DATE;
    case VALUE_TIME: return ATTRIBUTE_TIME;
    case VALUE_LIST:
    case VALUE_MAP: return ATTRIBUTE_LIST;
    default: return ATTRIBUTE_TEXT;
    }
}

/* The least type above both; the same in whatever order types come. */
static attribute_type widen(attribute_type a, attribute_type b)
{
    attribute_type low = a < b ? a : b, high = a < b ? b : a;
    if (!low || low == high) return high;
    if (high <= ATTRIBUTE_DECIMAL) return high;
    if (low == ATTRIBUTE_DATE && high == ATTRIBUTE_TIME) return high;
    return ATTRIBUTE_TEXT;
}

static value text_in_scratch(value v)
{
    char *out = scratch_text();
    struct buf b;
    if (v.type == VALUE_TRUE) return value_text(S("true"));
    if (v.type == VALUE_FALSE) return value_text(S("false"));
    buf_init(&b, SCRATCH_BYTES);
    value_display(&b, v);
    memcpy(out, b.p, b.n);
    str text = {out, b.n};
    buf_clear(&b);
    return value_text(text);
}

/* A text as a value of a type it was not written as; MISSING if it is none. */
static value parse(attribute_type type, str text)
{
    i64 n;
    iso_time t;
    switch (type) {
    case ATTRIBUTE_BOOL:
        if (str_eq(text, S("true"))) return value_bool(true);
        return str_eq(text, S("false")) ? value_bool(false) : value_missing();
    case ATTRIBUTE_INT: return str_to_i64(text, &n) == ERR_OK ? value_int(n) : value_missing();
    case ATTRIBUTE_DECIMAL:
        return fixed_parse(text, &n) == ERR_OK ? value_normal(value_fixed(n)) : value_missing();
    case ATTRIBUTE_DATE:
        if (!iso_parse(text, &t) || t.timed) return value_missing();
        return (value){.type = VALUE_DATE, .n = days_of_ms(iso_ms(&t)), .text = text};
    case ATTRIBUTE_TIME:
        if (!iso_parse(text, &t) || (t.timed && !t.zoned)) return value_missing();
        return (value){.type = VALUE_TIME, .n = iso_ms(&t), .text = text};
    default: return value_missing();
    }
}

value value_fit(attribute_type type, value v)
{
    attribute_type own = type_of(v);
    if (v.type == VALUE_MISSING || !type || own == type) return v;
    if (type == ATTRIBUTE_TEXT) {
        if (own == ATTRIBUTE_LIST) return v;
        return v.text.n ? value_text(v.text) : text_in_scratch(v);
    }
    if (own == ATTRIBUTE_TEXT) return parse(type, v.text);
    if (own == ATTRIBUTE_BOOL && type <= ATTRIBUTE_DECIMAL) return value_int(v.type == VALUE_TRUE);
    if (own == ATTRIBUTE_INT && type == ATTRIBUTE_DECIMAL) return v;
    if (own == ATTRIBUTE_DATE && type == ATTRIBUTE_TIME) return v;
    return value_missing();
}

static struct attribute_row *edit_attribute(struct customers *c, u32 attribute)
{
    MUST(attribute && attribute < ATTRIBUTES_MAX);
    if (table_has(c->attributes, attribute)) return table_edit(c->attributes, attribute);
    return table_claim(c->attributes, attribute);
}

bool customer_attribute(const struct customers *c, u32 attribute, struct attribute_rule *out)
{
    *out = (struct attribute_rule){0};
    if (!table_has(c->attributes, attribute)) return false;
    const struct attribute_row *a = table_at(c->attributes, attribute);
    *out = (struct attribute_rule){a->type, a->flags & COLUMN_CONFIRMED, a->flags & COLUMN_PERSONAL,
                                   a->misfits};
    return a->type != 0;
}

/* Words a column has already stay until their cells change: they go with their last owner anyway.
 */
void customer_attribute_set(struct customers *c, u32 attribute, struct attribute_rule rule)
{
    struct attribute_row *a = edit_attribute(c, attribute);
    a->type = (u8)rule.type;
    a->flags &= (u8) ~(COLUMN_CONFIRMED | COLUMN_PERSONAL);
    if (rule.confirmed) a->flags |= COLUMN_CONFIRMED;
    if (rule.personal) a->flags |= COLUMN_PERSONAL;
}

/* ---- one customer's value ---- */

static value listed_value(const struct customers *c, const struct field *f)
{
    if (f->flags & FIELD_INLINE) return value_of(f->bytes);
    if (f->flags & FIELD_STRING) return value_of(heap_view(c->text, f->handle));
    return value_missing();
}

void stored_get(const struct customer_view *v, const struct customer_row *row, persona head,
                u32 attribute, const struct attribute_row *a, struct stored *out)
{
    *out = (struct stored){.when = INT64_MIN};
    if (cell_get(v, a, head, &out->value) == CELL_VALUE) out->when = written(row);
    out->listed = row->values && field_find(values_of(v->c, row), attribute, &out->field);
    if (!out->listed) return;
    out->when = out->field.when;
    if (out->value.type == VALUE_MISSING) out->value = listed_value(v->c, &out->field);
}

/* What is seen of an attribute: what is stored in its type, or what was kept aside since. */
static value seen(const struct customer_view *v, const struct customer_row *row, u32 attribute,
                  const struct attribute_row *a, const struct stored *s)
{
    struct field aside;
    value own = value_fit(a->type, s->value);
    if (!a->misfits || !row->values) return own;
    if (!field_find(values_of(v->c, row), KEY_MISFIT(attribute), &aside)) return own;
    bool unfit = s->value.type != VALUE_MISSING && own.type == VALUE_MISSING;
    if (aside.when <= s->when && !unfit) return own;
    value other = value_fit(a->type, listed_value(v->c, &aside));
    return other.type == VALUE_MISSING ? own : other;
}

/* Writes a value's entry: in the cell, in the list, or that it is gone. */
static void store(struct customers *c, persona head, u32 attribute, struct attribute_row *a,
                  const struct stored *s, value v, i64 when)
{
    struct customer_row *row = customer_edit(c, head);
    bool gone = v.type == VALUE_MISSING;
    bool was_listed = s->field.flags & (FIELD_INLINE | FIELD_STRING);
    written_at(row, when);
    struct field f = {.key = attribute, .when = when, .expires = NEVER};
    bool again = !gone && !was_listed && value_same(s->value, v);
    bool in_cell = again || cell_put(c, attribute, a, head, v);
    str bytes = value_bytes(c, v);
    if (gone) {
        f.flags = FIELD_GONE;
    } else if (!in_cell && bytes.n <= INLINE_MAX) {
        f.flags = FIELD_INLINE;
        f.bytes = bytes;
    } else if (!in_cell) {
        f.flags = FIELD_STRING;
        f.handle = heap_put(c->text, bytes);
    }
    values_put(c, row, &f, f.flags || when != written(row));
    a->present += (u32)!gone - (u32)(s->value.type != VALUE_MISSING);
    int listed = (!gone && !in_cell) - was_listed;
    if (listed) cell_count(c, attribute, a, head, listed);
}

/* Takes an attribute's entry away, as if it had never been. */
static void erase(struct customers *c, persona head, u32 attribute)
{
    struct customer_view now = live(c);
    struct attribute_row *a = edit_attribute(c, attribute);
    struct customer_row *row = customer_edit(c, head);
    struct stored s;
    stored_get(&now, row, head, attribute, a, &s);
    cell_put(c, attribute, a, head, value_missing());
    if (s.listed) values_put(c, row, &(struct field){.key = attribute}, false);
    if (s.value.type != VALUE_MISSING) a->present--;
    if (s.field.flags & (FIELD_INLINE | FIELD_STRING)) cell_count(c, attribute, a, head, -1);
}

static void drop_aside(struct customers *c, struct customer_row *row, u32 attribute, i64 when)
{
    struct field aside;
    if (field_find(values_of(c, row), KEY_MISFIT(attribute), &aside) && aside.when <= when)
        values_put(c, row, &aside, false);
}

/* Keeps aside what a confirmed type does not hold: the latest, if nothing later is there. */
static void keep_aside(struct customers *c, persona head, u32 attribute, value v, i64 when,
                       const struct stored *s)
{
    struct field old;
    struct customer_row *row = customer_edit(c, head);
    str bytes = value_bytes(c, v);
    if (bytes.n > MISFIT_BYTES_MAX || when < s->when || !values_have_room(c, row)) return;
    if (field_find(values_of(c, row), KEY_MISFIT(attribute), &old) && when < old.when) return;
    written_at(row, when);
    struct field f = {.key = KEY_MISFIT(attribute),
                      .flags = bytes.n > INLINE_MAX ? FIELD_STRING : FIELD_INLINE,
                      .when = when,
                      .expires = NEVER};
    if (f.flags == FIELD_STRING)
        f.handle = heap_put(c->text, bytes);
    else
        f.bytes = bytes;
    values_put(c, row, &f, true);
}

bool customer_set(struct customers *c, persona p, u32 attribute, value v, i64 when,
                  struct change *out)
{
    struct customer_view now = live(c);
    struct stored s;
    persona head = customer_head(c, p);
    *out = (struct change){0};
    v = value_normal(v);
    if (!head || attribute - 1 >= ATTRIBUTES_MAX - 1) return false;
    if (value_bytes(c, v).n > VALUE_BYTES_MAX) return false;
    struct attribute_row *a = edit_attribute(c, attribute);
    const struct customer_row *row = customer_at(c, head);
    stored_get(&now, row, head, attribute, a, &s);
    if (v.type != VALUE_MISSING && value_fit(a->type, v).type == VALUE_MISSING &&
        a->flags & COLUMN_CONFIRMED) {
        a->misfits++;
        keep_aside(c, head, attribute, v, when, &s);
        return false;
    }
    if (v.type != VALUE_MISSING && !(a->flags & COLUMN_CONFIRMED))
        a->type = (u8)widen(a->type, type_of(v));
    bool is_there = s.when != INT64_MIN;
    if (when == s.when && value_same(s.value, v)) return false;
    if (when < s.when || (!is_there && !values_have_room(c, row))) return false;
    value before = value_keep(c, seen(&now, row, attribute, a, &s));
    store(c, head, attribute, a, &s, v, when);
    if (a->misfits) drop_aside(c, customer_edit(c, head), attribute, when);
    value after = value_fit(a->type, v);
    if (value_same(before, after)) return false;
    *out = (struct change){.field = FIELD_ATTRIBUTE,
                           .code = attribute,
                           .persona = p,
                           .old = before,
                           .new = after,
                           .expires_ms = NEVER};
    return true;
}

/* ---- many at once ---- */

/* The attributes a head has anything of, into c->list; returns how many. */
static u32 list_attributes(struct customers *c, persona head)
{
    struct customer_view now = live(c);
    const struct customer_row *row = customer_at(c, head);
    u32 n = 0, end = table_count(c->attributes);
    value v;
    struct field f;
    for (u32 k = 1; k < end; k++) {
        if (!table_has(c->attributes, k)) continue;
        const struct attribute_row *a = table_at(c->attributes, k);
        if (cell_get(&now, a, head, &v) != CELL_VALUE) continue;
        list_room(c, n + 1)[n] = k;
        n++;
    }
    for (struct field_reader r = values_of(c, row); field_next(&r, &f) && f.key < ATTRIBUTES_MAX;) {
        list_room(c, n + 1)[n] = f.key;
        n++;
    }
    sort_u32(c->list, n);
    return n;
}

/* At the same time the greater value wins, which is the same in whatever order customers join. */
static bool wins(struct customers *c, const struct stored *a, const struct stored *b)
{
    if (a->when != b->when) return a->when > b->when;
    value mine = value_keep(c, (value){.text = value_bytes(c, a->value)});
    return str_cmp(mine.text, value_bytes(c, b->value)) > 0;
}

static void join_aside(struct customers *c, persona from, persona to)
{
    struct field f, other;
    struct customer_row *row = customer_edit(c, from), *into = customer_edit(c, to);
    for (u32 at = KEY_MISFIT(0); at < KEY_CONSENT(0, 0); at = f.key + 1) {
        struct field_reader r = values_of(c, row);
        bool found = false;
        while (!found && field_next(&r, &f)) found = f.key >= at && f.key < KEY_CONSENT(0, 0);
        if (!found) break;
        value v = value_keep(c, listed_value(c, &f));
        bool theirs = field_find(values_of(c, into), f.key, &other) && other.when >= f.when;
        values_put(c, row, &f, false);
        if (theirs) continue;
        struct stored none = {.when = INT64_MIN};
        keep_aside(c, to, f.key - KEY_MISFIT(0), v, f.when, &none);
    }
}

void attributes_join(struct customers *c, persona from, persona to)
{
    struct customer_view now = live(c);
    u32 n = list_attributes(c, from);
    for (u32 i = 0; i < n; i++) {
        u32 attribute = c->list[i];
        struct attribute_row *a = edit_attribute(c, attribute);
        struct stored mine, theirs;
        if (i && c->list[i - 1] == attribute) continue;
        stored_get(&now, customer_at(c, from), from, attribute, a, &mine);
        stored_get(&now, customer_at(c, to), to, attribute, a, &theirs);
        mine.value = value_keep(c, mine.value);
        bool moves = wins(c, &mine, &theirs);
        erase(c, from, attribute);
        if (moves) store(c, to, attribute, a, &theirs, mine.value, mine.when);
    }
    join_aside(c, from, to);
}

void attributes_clear(struct customers *c, persona head)
{
    u32 n = list_attributes(c, head);
    for (u32 i = 0; i < n; i++)
        if (!i || c->list[i - 1] != c->list[i]) erase(c, head, c->list[i]);
    struct field f;
    struct customer_row *row = customer_edit(c, head);
    for (struct field_reader r = values_of(c, row); field_next(&r, &f);)
        if (f.flags & FIELD_STRING) heap_retire(c->text, f.handle);
    heap_retire(c->text, row->values);
    row->values = 0;
}

/* ---- reading ---- */

value view_attribute(const struct customer_view *v, persona head, u32 attribute)
{
    struct attribute_row copy;
    struct customer_row row_copy;
    struct stored s = {0};
    const struct attribute_row *a = view_in(v, v->c->attributes, attribute, &copy);
    if (!a) return value_missing();
    if (!a->misfits && cell_get(v, a, head, &s.value) == CELL_VALUE)
        return value_fit(a->type, s.value);
    const struct customer_row *row = view_in(v, v->c->rows, head, &row_copy);
    if (!row || row->head != head) return value_missing();
    stored_get(v, row, head, attribute, a, &s);
    return seen(v, row, attribute, a, &s);
}

bool view_next_attribute(const struct customer_view *v, persona head, u32 *cursor, u32 *attribute,
                         value *out)
{
    u32 end = v->epoch ? epoch_count(v->epoch, v->c->attributes) : table_count(v->c->attributes);
    while (++*cursor < end) {
        *out = view_attribute(v, head, *cursor);
        if (out->type == VALUE_MISSING) continue;
        *attribute = *cursor;
        return true;
    }
    *cursor = end;
    return false;
}
