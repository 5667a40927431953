/* send.c — messages that a program asks for, one at a time: what each says, and its key. */
#include "message/message_internal.h"

static u32 find(const struct messages *m, u64 id_low)
{
    struct map_cursor cursor;
    hash128 key = index_key(id_low);
    for (u32 row = map_first(&m->sends_by_id, key, &cursor); row;
         row = map_next(&m->sends_by_id, key, &cursor))
        if (((const struct send_row *)table_at(m->sends, row))->id_low == id_low) return row;
    return 0;
}

static u32 keep_text(struct messages *m, const struct message_send *what)
{
    struct buf b;
    buf_init(&b, HEAP_STRING_MAX);
    buf_varint(&b, what->topic);
    buf_str_varint(&b, what->template_id);
    buf_str_varint(&b, what->to);
    buf_put(&b, what->values);
    u32 text = heap_put(m->texts, buf_str(&b));
    buf_clear(&b);
    return text;
}

u32 message_send(struct messages *m, const struct message_send *what, i64 now)
{
    u32 there = message_by_low(m, what->id_low), row;
    struct message_plan plan = {
        .persona = what->persona,
        .channel = what->channel,
        .lane = what->category == CATEGORY_TRANSACTIONAL ? LANE_TRANSACTIONAL : LANE_TRIGGERED,
        .category = what->category,
        .fresh = true,
        .id_low = what->id_low};
    if (there) return there;
    if (!(row = table_add(m->sends))) return 0;
    struct send_row *s = table_edit(m->sends, row);
    s->id_low = what->id_low;
    s->body = what->body;
    s->text = keep_text(m, what);
    map_put(&m->sends_by_id, index_key(s->id_low), row);
    return message_plan(m, &plan, now);
}

bool message_sending(const struct messages *m, u32 row, struct message_send *out)
{
    const struct message_row *r = row_of(m, row);
    u32 send = r->program ? 0 : find(m, r->id_low);
    if (!send) return false;
    const struct send_row *s = table_at(m->sends, send);
    struct reader in = reader_of(heap_view(m->texts, s->text));
    *out = (struct message_send){.persona = r->persona,
                                 .id_low = r->id_low,
                                 .body = s->body,
                                 .channel = (u8)r->channel,
                                 .category = (category)r->category};
    out->topic = (u32)read_varint(&in);
    out->template_id = read_str_varint(&in);
    out->to = read_str_varint(&in);
    out->values = read_rest(&in);
    return true;
}

void sends_drop(struct messages *m, u64 id_low)
{
    u32 row = find(m, id_low);
    if (!row) return;
    map_remove(&m->sends_by_id, index_key(id_low), row);
    heap_retire(m->texts, ((const struct send_row *)table_at(m->sends, row))->text);
    table_drop(m->sends, row);
}

void sends_rebuild(struct messages *m)
{
    map_clear(&m->sends_by_id);
    map_init(&m->sends_by_id);
    for (u32 row = 1; row < table_count(m->sends); row++)
        if (table_has(m->sends, row))
            map_put(&m->sends_by_id,
                    index_key(((const struct send_row *)table_at(m->sends, row))->id_low), row);
}

hash128 sends_digest(const struct messages *m)
{
    hash128 sum = {0};
    for (u32 row = 1; row < table_count(m->sends); row++) {
        if (!table_has(m->sends, row)) continue;
        const struct send_row *s = table_at(m->sends, row);
        hash128 text = hash_xxh(heap_view(m->texts, s->text));
        u64 words[4] = {s->id_low, s->body, text.lo, text.hi};
        sum = hash_add(sum, hash_xxh((str){(const char *)words, sizeof words}));
    }
    return sum;
}
