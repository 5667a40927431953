/* block_copy.c — a block as another file takes it over: byte for byte, but for the numbers of its
 * texts, which are that file's own. A column of numbers that fits where it was stays there; a wider
 * one goes behind the rest. */
#include "base/mem.h"
#include "event/block_write.h"

#include <stdlib.h>

struct copying {
    const struct block *b;
    struct texts *texts;
    u32 *numbers, count; /* texts there to numbers here, + 1 */
    struct buf *out;
    i64 *values;
};

static char *grow(struct buf *out, size_t n)
{
    char *p = buf_room(out, n);
    MUST(p);
    memset(p, 0, n);
    out->n += n;
    return p;
}

/* The number of a text here; false if it can have none. */
static bool number_here(const struct copying *c, u32 property, u64 there, u32 *here)
{
    str text;
    if (there >= c->count) return false;
    if (UNLIKELY(!c->numbers[there])) {
        if (!sealed_text(c->b->s, (u32)there, &text)) return false;
        u32 n = texts_number(c->texts, property, text);
        if (n == TEXT_NONE) return false;
        c->numbers[there] = n + 1;
    }
    *here = c->numbers[there] - 1;
    return true;
}

static void put_numbers(const struct copying *c, struct packed *column, u32 n, u32 low, u32 high)
{
    u32 width = pack_width(high - low);
    size_t bytes = pack_bytes(width, n);
    if (width > column->width) {
        column->at = (u32)c->out->n;
        grow(c->out, bytes + PACK_SLACK + (0 - (bytes + PACK_SLACK)) % 8);
    }
    pack_put((u8 *)c->out->p + column->at, width, (const u64 *)c->values, low, n);
    column->base = low;
    column->width = (u16)width;
}

static bool renumber(const struct copying *c, u32 property, struct packed *column, u32 n)
{
    u32 low = UINT32_MAX, high = 0;
    if (n == 0) return true;
    unpack_i64(c->b->p + column->at, column->width, 0, n, (i64)column->base, 1, c->values);
    for (u32 i = 0; i < n; i++) {
        u32 here;
        if (!number_here(c, property, (u64)c->values[i], &here)) return false;
        c->values[i] = here;
        low = here < low ? here : low;
        high = here > high ? here : high;
    }
    texts_note_many(c->texts, property, n);
    put_numbers(c, column, n, low, high);
    return true;
}

static bool copy_kind(const struct copying *c, const struct block_kind *k)
{
    const struct block_field *f = block_fields(c->b, k);
    const struct packed *from = block_columns(c->b, k);
    for (u32 i = 0; i < k->field_count; i++) {
        for (u32 n = field_columns(f[i].type); n; n--, from++) {
            struct packed column = *from;
            if (column.mode != COLUMN_TEXTS) continue;
            if (!renumber(c, f[i].property, &column, k->rows)) return false;
            memcpy(c->out->p + ((const u8 *)from - c->b->p), &column, sizeof column);
        }
    }
    return true;
}

bool block_copy(const struct block *b, struct texts *texts, u32 *numbers, struct buf *out)
{
    u64 bytes;
    struct copying c = {.b = b, .texts = texts, .numbers = numbers, .out = out};
    bool whole = true;
    sealed_section(b->s, SECTION_TEXT_ENDS, &bytes);
    c.count = bytes ? (u32)(bytes / sizeof(u32)) - 1 : 0;
    c.values = mem_alloc(BLOCK_ROWS * sizeof *c.values);
    buf_reset(out);
    buf_put(out, (str){(const char *)b->p, b->bytes});
    for (u32 k = 0; whole && k < b->head->kinds; k++) whole = copy_kind(&c, block_kind(b, k));
    free(c.values);
    return whole && !out->full;
}
