/* members.c — sets of customers in the store, in bits: 448 customers to a line.
 *
 *   set ─tree─► of 448 personas: up to three of them, or a line of 448 bits
 *
 * What stands in customers' rows and lists, the other way round: so a question about everybody
 * reads a bit a customer, in order. Few cost four bytes for three of them; beyond that a line,
 * which is a bit a customer. */
#include "customer/customer_internal.h"

#define PLACE_MASK ((1u << PLACE_BITS) - 1)

enum {
    PLACES = 3, /* personas that an entry names itself */
    PLACE_BITS = 9,
    ENTRY_COUNT = 28, /* shift: how many, or IS_LINE */
    IS_LINE = PLACES + 1,
    FEW = PLACES - 1, /* so many left: the line goes back */
    LINE_WORDS = CHUNK / 64,
};
_Static_assert(CHUNK <= 1 << PLACE_BITS && PLACES * PLACE_BITS <= ENTRY_COUNT && CHUNK % 64 == 0 &&
                   LINES_MAX <= 1u << ENTRY_COUNT,
               "");

struct bits_row {
    u64 version;
    u64 bits[LINE_WORDS];
};
_Static_assert(sizeof(struct bits_row) == 64, "as a line of cells");

static u32 count_of(u32 entry)
{
    return entry >> ENTRY_COUNT;
}

static u32 line_of(u32 entry)
{
    return entry & ((1u << ENTRY_COUNT) - 1);
}

static u32 place_in(u32 entry, u32 i)
{
    return entry >> i * PLACE_BITS & PLACE_MASK;
}

/* ---- lines ---- */

/* Free ones are chained through their first words. */
static u32 take_line(struct customers *c)
{
    u32 line = meta_at(c)->line;
    if (!line) {
        line = table_count(c->lines);
        MUST(line < LINES_MAX);
        table_claim(c->lines, line);
        return line;
    }
    struct bits_row *row = table_edit(c->lines, line);
    meta_edit(c)->line = (u32)row->bits[0];
    row->bits[0] = 0;
    return line;
}

static void give_line(struct customers *c, u32 line)
{
    struct bits_row *row = table_edit(c->lines, line);
    memset(row->bits, 0, sizeof row->bits);
    row->bits[0] = meta_at(c)->line;
    meta_edit(c)->line = line;
}

/* ---- one customer ---- */

static u32 entry_to_line(struct customers *c, u32 entry)
{
    u32 line = take_line(c);
    struct bits_row *row = table_edit(c->lines, line);
    for (u32 i = 0; i < count_of(entry); i++)
        row->bits[place_in(entry, i) / 64] |= 1ull << place_in(entry, i) % 64;
    return (u32)IS_LINE << ENTRY_COUNT | line;
}

static u32 add_place(u32 entry, u32 place)
{
    u32 n = count_of(entry);
    return (line_of(entry) | place << n * PLACE_BITS) | (n + 1) << ENTRY_COUNT;
}

static u32 drop_place(u32 entry, u32 place)
{
    u32 now = 0;
    for (u32 i = 0; i < count_of(entry); i++)
        if (place_in(entry, i) != place) now = add_place(now, place_in(entry, i));
    return now;
}

static u32 line_to_entry(struct customers *c, u32 entry)
{
    const struct bits_row *row = table_at(c->lines, line_of(entry));
    u32 n = 0, now = 0;
    for (u32 w = 0; w < LINE_WORDS; w++) n += bits_count(row->bits[w]);
    if (n > FEW) return entry;
    for (u32 w = 0; w < LINE_WORDS; w++)
        for (u64 word = row->bits[w]; word; word &= word - 1)
            now = add_place(now, w * 64 + (u32)__builtin_ctzll(word));
    give_line(c, line_of(entry));
    return now;
}

static bool is_in(const struct customers *c, u32 entry, u32 place)
{
    if (count_of(entry) == IS_LINE) {
        const struct bits_row *row = table_at(c->lines, line_of(entry));
        return row->bits[place / 64] >> place % 64 & 1;
    }
    for (u32 i = 0; i < count_of(entry); i++)
        if (place_in(entry, i) == place) return true;
    return false;
}

void members_put(struct customers *c, struct tree *t, persona p, bool in)
{
    struct customer_view now = live(c);
    u32 entry = tree_get(&now, *t, p / CHUNK), place = p % CHUNK;
    if (is_in(c, entry, place) == in) return;
    if (in && count_of(entry) == PLACES) entry = entry_to_line(c, entry);
    if (count_of(entry) == IS_LINE) {
        struct bits_row *row = table_edit(c->lines, line_of(entry));
        row->bits[place / 64] ^= 1ull << place % 64;
        if (!in) entry = line_to_entry(c, entry);
    } else {
        entry = in ? add_place(entry, place) : drop_place(entry, place);
    }
    tree_set(c, t, p / CHUNK, entry);
}

/* ---- many customers ---- */

static void read_chunk(const struct customer_view *v, struct tree t, u32 at, u64 *bits)
{
    struct bits_row copy;
    u32 entry = tree_get(v, t, at);
    memset(bits, 0, LINE_WORDS * sizeof *bits);
    if (count_of(entry) == IS_LINE) {
        const struct bits_row *row = view_in(v, v->c->lines, line_of(entry), &copy);
        if (row) memcpy(bits, row->bits, sizeof row->bits);
        return;
    }
    for (u32 i = 0; i < min_u32(count_of(entry), PLACES); i++) {
        u32 place = place_in(entry, i);
        if (place < CHUNK) bits[place / 64] |= 1ull << place % 64;
    }
}

/* Chunks begin at multiples of 64, `out` at any persona. */
void members_read(const struct customer_view *v, struct tree t, persona from, u32 n, u64 *out)
{
    u64 bits[LINE_WORDS];
    u32 words = (n + 63) / 64, chunk = UINT32_MAX;
    memset(out, 0, words * sizeof *out);
    if (!t.root || !n) return;
    for (u32 word = from / 64; word <= (from + n - 1) / 64; word++) {
        if (word / LINE_WORDS != chunk) {
            chunk = word / LINE_WORDS;
            read_chunk(v, t, chunk, bits);
        }
        u64 some = bits[word % LINE_WORDS];
        i64 at = (i64)word * 64 - from;
        if (at < 0) {
            out[0] |= some >> -at;
            continue;
        }
        out[at / 64] |= some << at % 64;
        if (at % 64 && (u32)(at / 64) + 1 < words) out[at / 64 + 1] |= some >> (64 - at % 64);
    }
}
