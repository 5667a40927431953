/* sealed_check.c — proving a whole file: first every page, then that what they say holds together.
 */
#include "event/block.h"
#include "event/daily.h"

struct check {
    const struct sealed *s;
    struct diag *why;
    struct sealed_keys heads, moved;
    u32 head_at;       /* index of the customer the row lies in */
    struct place last; /* the row before */
    struct block block;
};

MUST_USE static err damaged(const struct check *c, const char *what, u64 where)
{
    return diag_set(c->why, ERR_CORRUPT, "%s is damaged: %s at %llu", c->s->path, what,
                    (unsigned long long)where);
}

MUST_USE static err check_pages(const struct check *c)
{
    u64 end = c->s->head.sections[SECTION_CHECKS].offset;
    for (u64 at = SEALED_HEADER; at < end; at += SEALED_PAGE)
        if (!sealed_is_sound(c->s, c->s->map + at, 1)) return damaged(c, "the checksum", at);
    return ERR_OK;
}

/* Ascending, without repetition, the fences where they should be. */
MUST_USE static err check_keys(const struct check *c, const struct sealed_keys *k)
{
    for (u32 i = 0; i < k->count; i++) {
        if (k->keys[i].key == 0 || k->keys[i].key >= EVENT_PERSONAS_MAX)
            return damaged(c, "a key", i);
        if (i && k->keys[i - 1].key >= k->keys[i].key) return damaged(c, "the order of keys", i);
        if (i % SEALED_FENCE == 0 && k->fences[i / SEALED_FENCE] != k->keys[i].key)
            return damaged(c, "a fence", i);
    }
    return ERR_OK;
}

MUST_USE static err check_heads(const struct check *c)
{
    const struct sealed_key *keys = c->heads.keys;
    u32 count = c->heads.count;
    TRY(check_keys(c, &c->heads));
    TRY(check_keys(c, &c->moved));
    if (keys[0].value != 0 || keys[count].key != UINT32_MAX || keys[count].value != c->s->head.rows)
        return damaged(c, "the list of customers", 0);
    for (u32 i = 0; i < count; i++)
        if (keys[i].value >= keys[i + 1].value) return damaged(c, "the list of customers", i);
    return ERR_OK;
}

MUST_USE static err check_row(struct check *c, struct block *b, u32 row)
{
    struct event ev;
    const struct sealed_header *h = &c->s->head;
    block_event_bare(b, row, block_persona(b, row), block_occurred(b, row), block_order(b, row),
                     &ev);
    while (c->heads.keys[c->head_at + 1].value <= row) c->head_at++;
    struct place here = {ev.occurred_ms, ev.order, c->heads.keys[c->head_at].key, row};
    if (row && place_cmp(&c->last, &here) >= 0) return damaged(c, "the order of rows", row);
    c->last = here;
    if (ev.order < h->first_order || ev.order > h->last_order || ev.occurred_ms < h->occurred_min ||
        ev.occurred_ms > h->occurred_max || ev.received_ms < h->received_min ||
        ev.received_ms > h->received_max)
        return damaged(c, "the range of a row", row);
    if (ev.persona == 0 || ev.persona >= EVENT_PERSONAS_MAX ||
        sealed_head_of(&c->moved, ev.persona) != here.key)
        return damaged(c, "the persona of a row", row);
    return ERR_OK;
}

MUST_USE static err check_texts(const struct check *c)
{
    u64 bytes;
    str text;
    sealed_section(c->s, SECTION_TEXT_ENDS, &bytes);
    for (u32 i = 0; (u64)i + 1 < bytes / sizeof(u32); i++)
        if (!sealed_text(c->s, i, &text)) return damaged(c, "a text", i);
    return ERR_OK;
}

MUST_USE static err check_block(struct check *c, const struct sealed_block *e, u32 i)
{
    struct block *b = &c->block;
    if (e->first_row >= c->s->head.rows || !block_open(b, c->s, i) || !block_is_sound(b))
        return damaged(c, "a block", i);
    for (u32 row = b->first; row < b->end; row++) {
        u64 order = block_order(b, row);
        i64 occurred = block_occurred(b, row);
        u32 code = block_code(b, row);
        if (order < e->order_min || order > e->order_max || occurred < e->occurred_min ||
            occurred > e->occurred_max || code < e->code_min || code > e->code_max ||
            !(e->codes >> code % 64 & 1))
            return damaged(c, "what is said of a block", i);
        TRY(check_row(c, b, row));
    }
    return ERR_OK;
}

MUST_USE static err check_blocks(struct check *c)
{
    u32 count = sealed_blocks(c->s);
    if (sealed_block_at(c->s, 0)->first_row != 0) return damaged(c, "the list of blocks", 0);
    for (u32 i = 0; i < count; i++) TRY(check_block(c, sealed_block_at(c->s, i), i));
    return ERR_OK;
}

MUST_USE static err check_hashes(const struct check *c)
{
    u64 count, bytes;
    const struct sealed_hash *all = sealed_hashes(c->s, &count);
    const u64 *filter = (const void *)sealed_section(c->s, SECTION_FILTER, &bytes);
    for (u64 i = 0; i < count; i++) {
        u64 order = sealed_hash_order(c->s, &all[i]);
        if (i && hash128_cmp(all[i - 1].dedupe, all[i].dedupe) > 0)
            return damaged(c, "the order of message ids", i);
        if (!filter_has(filter, bytes, all[i].dedupe) || order > c->s->head.last_order)
            return damaged(c, "a message id", i);
    }
    return ERR_OK;
}

err sealed_check(const struct sealed *s, struct diag *why)
{
    struct check c = {.s = s, .why = why, .heads = sealed_heads(s), .moved = sealed_moved(s)};
    TRY(check_pages(&c));
    TRY(check_heads(&c));
    TRY(check_texts(&c));
    TRY(check_blocks(&c));
    if (!daily_is_sound(s)) return damaged(&c, "the index by day", 0);
    return check_hashes(&c);
}
