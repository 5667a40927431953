/* address.c — addresses: what holds for a mailbox or a number, whoever has it. */
#include "customer/customer_internal.h"

hash128 address_key(struct sip_key key, u32 channel, str normal_form)
{
    key.k0 ^= 0xADD4E550000000ull | channel; /* another family than identifiers' hashes */
    return hash_sip(key, normal_form);
}

static u32 find(const struct customers *c, hash128 key)
{
    struct map_cursor at;
    for (u32 row = map_first(&c->by_address, key, &at); row;
         row = map_next(&c->by_address, key, &at))
        if (hash128_eq(((const struct address_row *)table_at(c->addresses, row))->key, key))
            return row;
    return 0;
}

const struct address_row *address_of(const struct customers *c, hash128 key)
{
    u32 row = find(c, key);
    return row ? table_at(c->addresses, row) : NULL;
}

const struct address_row *address_next(const struct customers *c, u32 *cursor)
{
    if (*cursor == 0) *cursor = 1;
    return *cursor < table_count(c->addresses) ? table_at(c->addresses, (*cursor)++) : NULL;
}

struct address_row *address_edit(struct customers *c, u32 channel, hash128 key)
{
    u32 row = find(c, key);
    if (row) return table_edit(c->addresses, row);
    row = table_add(c->addresses);
    MUST(row);
    struct address_row *r = table_edit(c->addresses, row);
    r->key = key;
    r->channel = channel;
    map_put(&c->by_address, key, row);
    return r;
}
