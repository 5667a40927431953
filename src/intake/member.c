/* member.c — names to codes, and lists of coded values. */
#include "intake/inside.h"

#include <stdlib.h>

/* ---- names ---- */

/* The first and last bytes of a text, so that nothing is looped over. */
static u64 ends_of(str s)
{
    u64 head = 0, tail = 0;
    if (s.n >= 8) {
        memcpy(&head, s.p, 8);
        memcpy(&tail, s.p + s.n - 8, 8);
    } else if (s.n >= 4) {
        memcpy(&head, s.p, 4);
        memcpy(&tail, s.p + s.n - 4, 4);
    } else {
        head = (u8)s.p[0];
        tail = (u64)(u8)s.p[s.n / 2] << 8 | (u8)s.p[s.n - 1];
    }
    return head ^ (tail << 29 | tail >> 35);
}

/* Good enough for names people choose; a bad mix costs a miss, no more. */
static u32 slot_of(name_kind kind, str text)
{
    u64 mix = (ends_of(text) ^ (text.n << 3 | kind) << 52) * 0x9E3779B97F4A7C15u;
    return (u32)(mix >> 54) % NAME_SLOTS;
}

static bool slot_is(const struct name_slot *slot, name_kind kind, str text)
{
    return slot->kind == kind && slot->n == text.n && memcmp(slot->text, text.p, text.n) == 0;
}

static void slot_fill(struct intake *in, struct name_slot *slot, name_kind kind, u32 code)
{
    str text = names_text(in->o.names, kind, code);
    *slot = (struct name_slot){text.p, (u32)text.n, code, kind};
}

u32 member_find(struct intake *in, name_kind kind, str text)
{
    if (text.n == 0 || text.n > NAME_BYTES_MAX) return 0;
    struct name_slot *slot = &in->slots[slot_of(kind, text)];
    if (LIKELY(slot_is(slot, kind, text))) return slot->code;
    u32 code = names_find(in->o.names, kind, text);
    if (code) slot_fill(in, slot, kind, code);
    return code;
}

static struct quota *quota_of(struct intake *in, u32 source)
{
    for (u32 i = 0; i < in->quota_count; i++)
        if (in->quotas[i].source == source) return &in->quotas[i];
    in->quotas = mem_realloc(in->quotas, (in->quota_count + 1) * sizeof *in->quotas);
    in->quotas[in->quota_count] = (struct quota){.source = source};
    return &in->quotas[in->quota_count++];
}

/* Takes one of the day's new names from a browser key; false if none is left. */
static bool quota_take(struct batch_run *run)
{
    i64 day = zone_day(run->in->o.zone, run->now_ms);
    struct quota *q = quota_of(run->in, run->from->code);
    if (q->day != day) q->day = day, q->used = 0;
    if (q->used == run->in->o.browser_names_max) return false;
    q->used++;
    return true;
}

err member_code(struct batch_run *run, name_kind kind, str text, u32 *code)
{
    *code = member_find(run->in, kind, text);
    if (LIKELY(*code)) return ERR_OK;
    if (text.n == 0 || text.n > NAME_BYTES_MAX) return ERR_OK;
    if (run->from->browser && !quota_take(run)) return ERR_OK;
    err e = names_code(run->in->o.names, kind, text, code);
    if (e == ERR_LIMIT || e == ERR_INVALID) *code = 0;
    return e == ERR_LIMIT || e == ERR_INVALID ? ERR_OK : e;
}

/* ---- lists ---- */

/* The engine's own properties and places kept for later ones are not for clients. */
static bool is_ours(name_kind kind, u32 code)
{
    return kind == NAME_PROPERTY && (code == PROPERTY_CONTEXT ||
                                     (code >= PROPERTY_FIXED_COUNT && code < PROPERTY_FIXED_END));
}

static bool looks_dated(struct slice v)
{
    if (*v.at != VALUE_TEXT || v.n < 12) return false;
    str s = slice_text(v);
    return s.p[4] == '-' && s.p[7] == '-';
}

err member_put(struct batch_run *run, name_kind kind, struct buf *list, str key, struct slice v)
{
    struct intake *in = run->in;
    u32 code;
    TRY(member_code(run, kind, key, &code));
    bool coded = code && !is_ours(kind, code);
    if (UNLIKELY(coded && looks_dated(v))) {
        props_put(list, code, normal_time(slice_value(v), in->o.zone));
        return ERR_OK;
    }
    struct buf *to = coded ? list : &in->rest;
    u8 *start = (u8 *)buf_room(to, BYTES_VARINT_MAX + key.n + v.n + BYTES_SLACK), *p = start;
    if (!p) return ERR_OK;
    p = coded ? bytes_put_varint(p, code) : bytes_put_str(p, key);
    p = bytes_put_loose(p, v.at, v.n);
    to->n += (size_t)(p - start);
    in->rest_count += !coded;
    return ERR_OK;
}

err member_put_all(struct batch_run *run, name_kind kind, struct buf *list, struct members m)
{
    struct slice v;
    for (str key; members_next(&m, &key, &v);) TRY(member_put(run, kind, list, key, v));
    return ERR_OK;
}

void member_put_rest(struct intake *in, struct buf *list)
{
    if (in->rest_count == 0) return;
    value rest = {.type = VALUE_MAP, .count = in->rest_count, .text = buf_str(&in->rest)};
    props_put(list, 0, rest);
    buf_reset(&in->rest);
    in->rest_count = 0;
}
