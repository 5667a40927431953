/* customer.c — the tables, the rows of personas, their rings, and the ids the outside knows. */
#include "customer/customer_internal.h"

#include <stdlib.h>

enum { META = 1, LIVES_MAX = 0xFFFF >> CUSTOMER_LIFE_SHIFT << CUSTOMER_LIFE_SHIFT };

struct customers *customers_new(struct store *s, struct sip_key key)
{
    struct customers *c = mem_zalloc(sizeof *c);
    c->store = s;
    c->rows = table_new(s, "customer", sizeof(struct customer_row), PERSONAS_MAX);
    c->identifiers =
        table_new(s, "customer.identifier", sizeof(struct identifier_row), IDENTIFIERS_MAX);
    c->links = table_new(s, "customer.link", sizeof(struct link_row), LINKS_MAX);
    c->addresses = table_new(s, "customer.address", sizeof(struct address_row), ADDRESSES_MAX);
    c->spaces = table_new(s, "customer.space", sizeof(struct space_row), SPACES_MAX);
    c->attributes =
        table_new(s, "customer.attribute", sizeof(struct attribute_row), ATTRIBUTES_MAX);
    c->lines = table_new(s, "customer.line", 64, LINES_MAX);
    c->nodes = table_new(s, "customer.node", 128, NODES_MAX);
    c->meta = table_new(s, "customer.meta", sizeof(struct meta_row), META);
    c->tagged = table_new(s, "customer.tag", TAG_ROW_BYTES, TAGS_MAX - 1);
    c->consented = table_new(s, "customer.consent", TAG_ROW_BYTES, CONSENT_BITS_END - 1);
    c->text = heap_new(s, "customer.text");
    c->kept = mem_reserve(KEPT_BYTES);
    buf_init(&c->packed, HEAP_STRING_MAX);
    buf_init(&c->bytes, HEAP_STRING_MAX * 2);
    c->key = key;
    spaces_default(c);
    return c;
}

static void clear_maps(struct customers *c)
{
    map_clear(&c->by_identifier);
    map_clear(&c->by_address);
    map_clear(&c->by_word);
    map_clear(&c->by_link);
}

void customers_free(struct customers *c)
{
    if (!c) return;
    clear_maps(c);
    buf_clear(&c->packed);
    buf_clear(&c->bytes);
    mem_release(c->kept, KEPT_BYTES);
    free(c->list);
    free(c);
}

/* All zero before the first change. */
const struct meta_row *meta_at(const struct customers *c)
{
    return table_at(c->meta, META);
}

/* Made by the first change: a store that a snapshot is loaded into must be empty. */
struct meta_row *meta_edit(struct customers *c)
{
    if (table_has(c->meta, META)) return table_edit(c->meta, META);
    struct meta_row *meta = table_claim(c->meta, META);
    meta->key[0] = c->key.k0;
    meta->key[1] = c->key.k1;
    return meta;
}

void customers_set_key(struct customers *c, struct sip_key key)
{
    c->key = key;
    struct meta_row *meta = meta_edit(c);
    meta->key[0] = key.k0;
    meta->key[1] = key.k1;
}

void customers_rebuild(struct customers *c)
{
    clear_maps(c);
    if (table_has(c->meta, META)) c->key = (struct sip_key){meta_at(c)->key[0], meta_at(c)->key[1]};
    spaces_default(c);
    for (u32 row = 1; row < table_count(c->identifiers); row++)
        if (table_has(c->identifiers, row) && !(identifier_at(c, row)->form & FORM_UNINDEXED))
            map_put(&c->by_identifier, identifier_at(c, row)->hash, row);
    for (u32 row = 1; row < table_count(c->addresses); row++)
        if (table_has(c->addresses, row))
            map_put(&c->by_address, ((const struct address_row *)table_at(c->addresses, row))->key,
                    row);
    for (u32 k = 1; k < table_count(c->attributes); k++)
        if (table_has(c->attributes, k)) words_rebuild(c, k);
    links_rebuild(c);
    tagged_rebuild(c);
}

u64 customers_derived_bytes(const struct customers *c)
{
    return map_bytes(&c->by_identifier) + map_bytes(&c->by_address) + map_bytes(&c->by_word) +
           map_bytes(&c->by_link);
}

/* ---- rows ---- */

const void *view_in(const struct customer_view *v, const struct table *t, u32 i, void *copy)
{
    if (v->epoch) return epoch_row(v->epoch, t, i, copy) ? copy : NULL;
    return table_has(t, i) ? table_at(t, i) : NULL;
}

const struct customer_row *customer_at(const struct customers *c, persona p)
{
    return table_at(c->rows, p);
}

struct customer_row *customer_edit(struct customers *c, persona p)
{
    return table_edit(c->rows, p);
}

persona customer_head(const struct customers *c, persona p)
{
    return p && p < table_count(c->rows) ? customer_at(c, p)->head : 0;
}

persona customers_end(const struct customers *c)
{
    return table_count(c->rows);
}

u64 customers_moves(const struct customers *c)
{
    return c->moves;
}

u32 customers_count(const struct customers *c)
{
    return meta_at(c)->heads;
}

void customer_give_back(struct customers *c, persona p)
{
    struct customer_row *row = customer_edit(c, p);
    MUST(row->head == 0);
    if (life_bits(row) == LIVES_MAX) return;
    row->next_of_head = meta_at(c)->free;
    meta_edit(c)->free = p;
}

/* The row of a number nobody has: one given back, or a new one. NULL: there is no room. */
static struct customer_row *free_row(struct customers *c, persona *p)
{
    struct customer_row *row;
    *p = meta_at(c)->free;
    if (!*p) {
        *p = table_count(c->rows);
        return *p > table_rows_max(c->rows) ? NULL : table_claim(c->rows, *p);
    }
    row = customer_edit(c, *p);
    c->moves++;
    meta_edit(c)->free = row->next_of_head;
    row->flags = (u16)(life_bits(row) + (1u << CUSTOMER_LIFE_SHIFT));
    return row;
}

persona persona_add(struct customers *c, i64 when, u64 number)
{
    persona p;
    struct customer_row *row = free_row(c, &p);
    if (!row) return 0;
    row->head = row->next_of_head = p;
    row->first_seen = row->last_seen = n48_of(when);
    row->changed = n48_of((i64)number);
    meta_edit(c)->heads++;
    return p;
}

bool view_row(const struct customer_view *v, persona p, struct customer_row *out)
{
    const struct customer_row *row = view_in(v, v->c->rows, p, out);
    if (!row || !row->head) {
        *out = (struct customer_row){0};
        return false;
    }
    if (row != out) *out = *row;
    return true;
}

/* ---- lists of personas ---- */

u32 *list_room(struct customers *c, u32 n)
{
    if (n <= c->list_cap) return c->list;
    c->list_cap = n < 64 ? 64 : n * 2;
    c->list = mem_realloc(c->list, c->list_cap * sizeof *c->list);
    return c->list;
}

u32 list_ring(struct customers *c, persona head)
{
    u32 n = 0;
    persona p = head;
    do {
        list_room(c, n + 1)[n] = p;
        n++;
        p = customer_at(c, p)->next_of_head;
    } while (p != head);
    return n;
}

static int compare_u32(const void *a, const void *b)
{
    u32 x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

void sort_u32(u32 *list, u32 n)
{
    if (n > 1) qsort(list, n, sizeof *list, compare_u32);
}

/* Keeps the `max` lowest, ascending. */
static void keep_low(persona *list, u32 *n, u32 max, persona p)
{
    if (*n == max && (!max || list[max - 1] < p)) return;
    u32 at = *n < max ? (*n)++ : max - 1;
    for (; at && list[at - 1] > p; at--) list[at] = list[at - 1];
    list[at] = p;
}

u32 customer_personas(const struct customers *c, persona head, persona *out, u32 max)
{
    u32 n = 1, kept = 0;
    if (!head || customer_head(c, head) != head) return 0;
    if (max) out[0] = head;
    for (persona p = customer_at(c, head)->next_of_head; p != head; n++) {
        if (max > 1) keep_low(out + 1, &kept, max - 1, p);
        p = customer_at(c, p)->next_of_head;
    }
    return n;
}

/* ---- ids ----
 *
 *   96 bits: of SipHash over the persona and its life | 32 bits: the persona XOR a hash of those 96
 *
 * The one who has the key takes the persona out again and sees whether the 96 bits are its own. */

static hash128 tag_of(const struct customers *c, persona p)
{
    struct sip_key key = {c->key.k0 ^ 0x637573746F6D6572u, c->key.k1};
    u32 of[2] = {p, p < table_count(c->rows) ? life_bits(customer_at(c, p)) : 0};
    hash128 h = hash_sip(key, (str){(const char *)of, sizeof of});
    h.lo &= 0xFFFFFFFF;
    return h;
}

static u32 mask_of(const struct customers *c, hash128 tag)
{
    struct sip_key key = {c->key.k0 ^ 0x70657273u, c->key.k1};
    return (u32)hash_sip(key, (str){(const char *)&tag, sizeof tag}).lo;
}

void customer_id(const struct customers *c, persona p, char out[33])
{
    static const char DIGITS[] = "0123456789abcdef";
    hash128 tag = tag_of(c, p);
    u64 low = tag.lo << 32 | (p ^ mask_of(c, tag));
    for (u32 i = 0; i < 16; i++) {
        out[i] = DIGITS[tag.hi >> (60 - 4 * i) & 15];
        out[16 + i] = DIGITS[low >> (60 - 4 * i) & 15];
    }
    out[32] = 0;
}

static u32 digit_of(char x)
{
    if (x >= '0' && x <= '9') return (u32)(x - '0');
    return x >= 'a' && x <= 'f' ? (u32)(x - 'a') + 10 : 16;
}

persona customer_by_id(const struct customers *c, str id)
{
    u64 half[2] = {0};
    if (id.n != 32) return 0;
    for (u32 i = 0; i < 32; i++) {
        u32 digit = digit_of(id.p[i]);
        if (digit > 15) return 0;
        half[i / 16] = half[i / 16] << 4 | digit;
    }
    hash128 tag = {half[1] >> 32, half[0]};
    persona p = (u32)half[1] ^ mask_of(c, tag);
    return p && hash128_eq(tag_of(c, p), tag) ? p : 0;
}
