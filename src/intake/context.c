/* context.c — where a call came from: kept beside its properties, less what is used otherwise. */
#include "intake/inside.h"

/* ---- zones ---- */

bool context_zone_known(struct intake *in, str name)
{
    if (name.n > sizeof in->zones[0].name || !zone_name_valid(name)) return false;
    if (str_index(name, '/') < 0 && !str_eq(name, S("UTC"))) return false;
    u32 at = (u32)((u8)name.p[name.n - 1] * 31u + (u8)name.p[name.n / 2] * 7u + name.n);
    struct zone_slot *slot = &in->zones[at % ZONE_SLOTS];
    if (slot->n != name.n || memcmp(slot->name, name.p, name.n) != 0) {
        memcpy(slot->name, name.p, name.n);
        slot->n = name.n;
        slot->known = !in->o.on_zone || in->o.on_zone(in->o.ctx, name);
    }
    return slot->known;
}

/* ---- members ---- */

static bool wanted(struct intake *in, str key, struct slice v, struct context *out)
{
    if (str_eq(key, S("library")) || str_eq(key, S("traits"))) return false;
    if (str_eq(key, S("device"))) {
        struct slice token = members_find(members_of(v), S("token"));
        if (out->token.n == 0) out->token = slice_text(token);
    }
    if (!str_eq(key, S("timezone")) || !context_zone_known(in, slice_text(v))) return true;
    if (out->zone.n == 0) out->zone = slice_text(v);
    return false;
}

/* Copies the members of `from` that are wanted, not in `over`, and still fit. */
static u32 copy(struct intake *in, struct members from, struct members over, struct context *out)
{
    u32 count = 0;
    struct slice v;
    for (str key; members_next(&from, &key, &v);) {
        if (over.count && members_find(over, key).n) continue;
        size_t room = BYTES_VARINT_MAX + key.n + v.n;
        if (!wanted(in, key, v, out) || in->context.n + room > CONTEXT_BYTES_MAX) continue;
        u8 *start = (u8 *)buf_room(&in->context, room + BYTES_SLACK);
        u8 *p = bytes_put_varint(start, key.n);
        p = bytes_put_loose(bytes_put_loose(p, key.p, key.n), v.at, v.n);
        in->context.n += (size_t)(p - start);
        count++;
    }
    return count;
}

void context_read(struct batch_run *run, struct slice item, struct context *out)
{
    struct intake *in = run->in;
    struct members own = members_of(item);
    *out = (struct context){0};
    buf_reset(&in->context);
    u32 count = copy(in, own, (struct members){0}, out);
    count += copy(in, members_of(run->context), own, out);
    if (count)
        out->kept = (value){.type = VALUE_MAP, .count = count, .text = buf_str(&in->context)};
}
