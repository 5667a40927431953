/* codes.c — codes: brought for a pool, leased in that order, or made.
 *
 * A made one is SipHash under the directory's key of the coupon and how many it has made, in an
 * alphabet without 0 O 1 I L; one that exists already is made again with the next number. */
#include "offer/coupon.h"

enum { CODE_SPACE = 0xC0DE };
static const char ALPHABET[] = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
#define LETTERS (sizeof ALPHABET - 1)

bool code_exists(const struct offers *o, str code)
{
    struct map_cursor at;
    hash128 h = hash_xxh(code);
    for (u32 row = map_first(&o->by_code, h, &at); row; row = map_next(&o->by_code, h, &at))
        if (str_eq(heap_view(o->texts, grant_at(o, row)->code), code)) return true;
    for (u32 row = map_first(&o->by_pool, h, &at); row; row = map_next(&o->by_pool, h, &at)) {
        const struct code_row *c = table_at(o->codes, row);
        if (str_eq(heap_view(o->texts, c->text), code)) return true;
    }
    return false;
}

static void add_code(struct offers *o, u32 coupon, str code)
{
    u32 row = table_add(o->codes);
    if (!row) return;
    struct coupon_row *c = table_edit(o->coupons, coupon);
    struct code_row *added = table_edit(o->codes, row);
    added->coupon = coupon;
    added->text = heap_put(o->texts, code);
    if (c->last)
        ((struct code_row *)table_edit(o->codes, c->last))->next = row;
    else
        c->first = row;
    c->last = row;
    c->left++;
    map_put(&o->by_pool, hash_xxh(code), row);
}

void offer_codes(struct offers *o, u32 coupon, str list)
{
    struct reader r = reader_of(list);
    u32 row = coupon_row_of(o, coupon);
    while (row && !r.bad && r.p < r.end) {
        str text = read_str_varint(&r);
        if (!r.bad && text.n && text.n <= OFFER_CODE_MAX && !code_exists(o, text))
            add_code(o, row, text);
    }
}

u32 code_lease(struct offers *o, u32 coupon)
{
    u32 row = coupon_at(o, coupon)->first;
    if (!row) return 0;
    struct code_row *code = table_edit(o->codes, row);
    struct coupon_row *c = table_edit(o->coupons, coupon);
    code->leased = 1;
    c->first = code->next;
    if (!c->first) c->last = 0;
    c->left--;
    return heap_put(o->texts, heap_view(o->texts, code->text));
}

static void write_code(const struct offers *o, u32 coupon, u64 serial, str pattern, char *out)
{
    struct buf b;
    buf_init(&b, 1024);
    buf_str_varint(&b, names_text(o->names, NAME_OBJECT, coupon_at(o, coupon)->code));
    buf_u64(&b, serial);
    hash128 h = identifier_hash(o->key, CODE_SPACE, buf_str(&b));
    buf_clear(&b);
    u128 digits = (u128)h.hi << 64 | h.lo;
    for (size_t i = 0; i < pattern.n; i++) {
        out[i] = pattern.p[i];
        if (out[i] != '#') continue;
        out[i] = ALPHABET[digits % LETTERS];
        digits /= LETTERS;
    }
}

u32 code_make(struct offers *o, u32 coupon, str pattern)
{
    char code[OFFER_CODE_MAX];
    struct coupon_row *c = table_edit(o->coupons, coupon);
    if (code_is_fixed(pattern)) return heap_put(o->texts, pattern);
    do write_code(o, coupon, ++c->serial, pattern, code);
    while (code_exists(o, (str){code, pattern.n}));
    return heap_put(o->texts, (str){code, pattern.n});
}
