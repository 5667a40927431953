/* tagged.c — who has a tag, in bits: what the customers' lists say, the other way round.
 *
 *   tag ─► on, ends ─tree─► of 448 personas: up to three of them, or a line of 448 bits
 *
 * A customer's list (tag.c) is what counts; this follows it, change by change, so that a condition
 * on a tag is asked of 448 customers by one line. `on` are those whose list has the tag and does
 * not say that it was removed; `ends` those of them whose tag ends by itself one day. A tag that
 * few have costs four bytes for three of them; beyond that a line, which is a bit a customer. */
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

struct tag_row {
    u64 version;
    struct tree on, ends; /* of persona ÷ CHUNK */
    u64 spare;
};
_Static_assert(sizeof(struct tag_row) == TAG_ROW_BYTES, "");

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

static void put(struct customers *c, struct tree *t, persona p, bool in)
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

void tagged_put(struct customers *c, persona p, const struct field *f, bool keep)
{
    bool on = keep && !(f->flags & FIELD_GONE), ends = on && f->expires != NEVER;
    if (!table_has(c->tagged, f->key)) {
        if (!on) return;
        table_claim(c->tagged, f->key);
    }
    struct tag_row *row = table_edit(c->tagged, f->key);
    put(c, &row->on, p, on);
    if (ends || row->ends.root) put(c, &row->ends, p, ends);
}

/* From the lists: after a snapshot that does not know of it. */
void tagged_rebuild(struct customers *c)
{
    struct field f;
    if (table_count(c->tagged) > 1) return;
    for (persona p = 1; p < table_count(c->rows); p++) {
        if (!table_has(c->rows, p) || !customer_at(c, p)->tags) continue;
        for (struct field_reader r = tags_of(c, customer_at(c, p)); field_next(&r, &f);)
            tagged_put(c, p, &f, true);
    }
}

/* ---- many customers ---- */

struct tag_reader {
    const struct customer_view *v;
    u32 tag;
    struct tag_row row; /* zero: nobody ever had it */
};

struct tag_reader *tag_reader_new(const struct customer_view *v, u32 tag, struct arena *arena)
{
    struct tag_reader *r = arena_zalloc(arena, sizeof *r);
    struct tag_row copy;
    const struct tag_row *row =
        tag - 1 < TAGS_MAX - 1 ? view_in(v, v->c->tagged, tag, &copy) : NULL;
    r->v = v;
    r->tag = tag;
    if (row) r->row = *row;
    return r;
}

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

/* The bits of chunks, whose first persona is a multiple of 64, at the places of `out`, which begins
 * at any. */
static void spread(const struct tag_reader *r, struct tree t, persona from, u32 n, u64 *out)
{
    u64 bits[LINE_WORDS];
    u32 words = (n + 63) / 64, chunk = UINT32_MAX;
    memset(out, 0, words * sizeof *out);
    if (!t.root || !n) return;
    for (u32 word = from / 64; word <= (from + n - 1) / 64; word++) {
        if (word / LINE_WORDS != chunk) {
            chunk = word / LINE_WORDS;
            read_chunk(r->v, t, chunk, bits);
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

void tag_test(const struct tag_reader *r, persona from, u32 n, const u64 *in, u64 *out, i64 now)
{
    enum { AT_ONCE = 64 };
    u64 ends[AT_ONCE];
    i64 expires;
    for (u32 first = 0; first < n; first += AT_ONCE * 64) {
        u32 some = min_u32(n - first, AT_ONCE * 64), words = (some + 63) / 64;
        u64 *to = out + first / 64;
        const u64 *of = in + first / 64;
        spread(r, now == NEVER ? (struct tree){0} : r->row.on, from + first, some, to);
        for (u32 w = 0; w < words; w++) to[w] &= of[w];
        if (!r->row.ends.root) continue;
        spread(r, r->row.ends, from + first, some, ends);
        for (u32 w = 0; w < words; w++)
            for (u64 ask = to[w] & ends[w]; ask; ask &= ask - 1) {
                persona head = from + first + w * 64 + (persona)__builtin_ctzll(ask);
                if (!view_tag(r->v, head, r->tag, now, &expires)) to[w] &= ~(ask & -ask);
            }
    }
}
