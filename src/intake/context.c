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

static bool wanted(struct intake *in, str key, value v, struct context *out)
{
    if (str_eq(key, S("library")) || str_eq(key, S("traits"))) return false;
    if (str_eq(key, S("device"))) {
        value token = value_member(v, S("token"));
        if (token.type == VALUE_TEXT && out->token.n == 0) out->token = token.text;
    }
    if (!str_eq(key, S("timezone")) || v.type != VALUE_TEXT || !context_zone_known(in, v.text))
        return true;
    if (out->zone.n == 0) out->zone = v.text;
    return false;
}

/* Copies the members of `from` that are wanted, not in `over`, and still fit. */
static u32 copy(struct intake *in, value from, value over, struct context *out)
{
    u32 count = 0;
    struct reader r = reader_of(from.text);
    for (u32 i = 0; i < from.count; i++) {
        const u8 *start = r.p;
        str key = read_str_varint(&r);
        value v = value_read(&r);
        size_t n = (size_t)(r.p - start);
        if (over.count && value_member(over, key).type != VALUE_MISSING) continue;
        if (!wanted(in, key, v, out) || in->context.n + n > CONTEXT_BYTES_MAX) continue;
        buf_put(&in->context, (str){(const char *)start, n});
        count++;
    }
    return count;
}

void context_read(struct batch_run *run, value item, struct context *out)
{
    struct intake *in = run->in;
    u32 count = 0;
    *out = (struct context){0};
    buf_reset(&in->context);
    if (item.type != VALUE_MAP) item = value_missing();
    count += copy(in, item, value_missing(), out);
    if (run->context.type == VALUE_MAP) count += copy(in, run->context, item, out);
    if (count)
        out->kept = (value){.type = VALUE_MAP, .count = count, .text = buf_str(&in->context)};
}
