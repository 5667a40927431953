/* filter_pick.c — elements of a list by a property: where, reject, has, find, find_index. */
#include "content/filter_item.h"
#include "content/liquid_read.h"

err item_property(struct render *r, const value *item, const datum *property, value *out,
                  bool *none)
{
    value_type type = property->kind == DATUM_PLAIN ? property->v.type : VALUE_MISSING;
    value found = {.type = VALUE_NULL};
    *none = false;
    TRY(render_steps(r, 1 + item->text.n / 256));
    if (item->type == VALUE_MAP) {
        if (type == VALUE_TEXT) peek_member(item, property->v.text, &found);
        if (found.type == VALUE_MISSING) found.type = VALUE_NULL;
    } else if (item->type >= VALUE_TEXT && item->type <= VALUE_TIME && type == VALUE_TEXT) {
        if (str_find(item->text, property->v.text) >= 0) found = property->v;
    } else if (item->type == VALUE_INT || item->type == VALUE_TEXT) {
        return render_fail(r, ERR_INVALID, "an element of this list has no properties");
    } else {
        *none = true;
    }
    *out = found;
    return ERR_OK;
}

typedef enum { PICK_WHERE, PICK_REJECT, PICK_HAS, PICK_FIND, PICK_FIND_INDEX } picking;

/* With a value the property has to equal it, else to be true. */
static bool holds(const value *v, const datum *wanted)
{
    datum d = datum_of(*v);
    return datum_is_nil(wanted) ? datum_is_true(&d) : datum_equal(&d, wanted);
}

static value found_at(picking how, const struct elements *e, u32 i)
{
    bool any = i < e->count;
    if (how == PICK_HAS) return value_bool(any);
    if (!any) return value_missing();
    return how == PICK_FIND ? e->at[i] : value_int(i);
}

MUST_USE static err pick(struct render *r, datum *d, const datum *args, picking how)
{
    struct elements e;
    u32 kept = 0;
    TRY(elements_of(r, d, &e));
    for (u32 i = 0; i < e.count; i++) {
        value v, item = e.at[i];
        bool none = false;
        TRY(item_property(r, &item, &args[0], &v, &none));
        if (none) {
            datum_set(d, value_missing());
            return ERR_OK;
        }
        bool yes = holds(&v, &args[1]);
        if (how >= PICK_HAS && yes) {
            datum_set(d, found_at(how, &e, i));
            return ERR_OK;
        }
        if (yes == (how == PICK_WHERE)) e.at[kept++] = item;
    }
    if (how >= PICK_HAS) {
        datum_set(d, found_at(how, &e, e.count));
        return ERR_OK;
    }
    e.count = kept;
    return elements_set(r, &e, d);
}

#define PICKING(name, how)                                                                         \
    static err apply_##name(struct render *r, datum *d, const datum *args, u32 given)              \
    {                                                                                              \
        (void)given;                                                                               \
        return pick(r, d, args, how);                                                              \
    }
PICKING(where, PICK_WHERE)
PICKING(reject, PICK_REJECT)
PICKING(has, PICK_HAS)
PICKING(find, PICK_FIND)
PICKING(find_index, PICK_FIND_INDEX)

const struct liquid_filter liquid_pick_filters[] = {
    {LIQUID_NAME("find"), 1, 2, SAFE_ENDS, {0}, apply_find},
    {LIQUID_NAME("find_index"), 1, 2, SAFE_ENDS, {0}, apply_find_index},
    {LIQUID_NAME("has"), 1, 2, SAFE_ENDS, {0}, apply_has},
    {LIQUID_NAME("reject"), 1, 2, SAFE_ENDS, {0}, apply_reject},
    {LIQUID_NAME("where"), 1, 2, SAFE_ENDS, {0}, apply_where},
    {{0}, 0, 0, 0, {0}, NULL},
};
