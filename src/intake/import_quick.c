/* import_quick.c — rows of history as nearly all of them are, straight into their part.
 *
 *   1767225621,546078,order,129,wechat  ─►  struct dealt_row │ 546078 │ properties
 *
 * Every cell is looked at once: a known event's name, an identifier that is its own normal form,
 * seconds in ten digits, texts of one length byte, numbers of nine digits. A row with anything else
 * takes the usual way (import_take_row), which leaves the same bytes for these. */
#include "intake/import_inside.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "customer/customer.h"

enum { TEXT_BYTES_MAX = 127, WHO_BYTES_MAX = 64, SPAN_MAX = 64 << 10, TAG_ROOM = 8 };

/* A property's column: its code as it is written, and the type behind it. */
struct quick_property {
    u32 column;
    u8 tag[TAG_ROOM];
    u32 tag_n;
    bool is_number;
};

struct quick {
    u32 who, event, at, columns, property_count;
    struct quick_property properties[];
};

struct quick *quick_new(const struct import *im)
{
    const struct mapping *m = im->mapping;
    u32 who = mapping_find(m, TARGET_IDENTIFIER), space = m->columns[who].code;
    u32 event = mapping_find(m, TARGET_EVENT), at = mapping_find(m, TARGET_AT);
    if (space == SPACE_EMAIL || space == SPACE_PHONE || event == ROWS_COLUMNS_MAX ||
        at == ROWS_COLUMNS_MAX || m->count < 3)
        return NULL;
    struct quick *q = mem_zalloc(sizeof *q + im->property_count * sizeof q->properties[0]);
    *q = (struct quick){who, event, at, m->count, im->property_count};
    for (u32 i = 0; i < im->property_count; i++) {
        const struct column *c = &m->columns[im->properties[i]];
        struct quick_property *p = &q->properties[i];
        p->column = im->properties[i];
        p->is_number = c->type == CELLS_NUMBERS;
        u8 tag[BYTES_VARINT_MAX + 1], *end = bytes_put_varint(tag, c->code);
        *end++ = p->is_number ? VALUE_INT : VALUE_TEXT;
        p->tag_n = (u32)(end - tag);
        bool fits = c->code && p->tag_n <= TAG_ROOM;
        if (fits && (p->is_number || c->type == CELLS_TEXT)) {
            memcpy(p->tag, tag, p->tag_n);
            continue;
        }
        free(q);
        return NULL;
    }
    return q;
}

/* Nothing to trim at either end. */
static inline bool is_trim(str s)
{
    return s.n && (u8)s.p[0] > ' ' && (u8)s.p[s.n - 1] > ' ';
}

/* Identifiers of other characters have a normal form to be found. */
static inline bool is_ascii(str s)
{
    u8 all = 0;
    for (size_t i = 0; i < s.n; i++) all |= (u8)s.p[i];
    return all < 0x80;
}

/* Up to nine digits. */
static inline bool take_digits(str s, u64 *out)
{
    u64 n = 0;
    if (s.n > 9) return false;
    for (size_t i = 0; i < s.n; i++) {
        u32 digit = (u32)((u8)s.p[i] - '0');
        if (digit > 9) return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

static inline bool take_seconds(str s, i64 *ms)
{
    u64 high, low;
    if (s.n != 10 || s.p[0] == '0') return false;
    if (!take_digits((str){s.p, 5}, &high) || !take_digits((str){s.p + 5, 5}, &low)) return false;
    *ms = (i64)(high * 100000 + low) * SECOND;
    return true;
}

static u8 *put_property(u8 *to, const struct quick_property *p, str text)
{
    u64 n;
    if (text.n == 0) return to;
    if (!is_trim(text)) return NULL;
    memcpy(to, p->tag, TAG_ROOM);
    to += p->tag_n;
    if (p->is_number) return take_digits(text, &n) ? bytes_put_zigzag(to, (i64)n) : NULL;
    if (text.n > TEXT_BYTES_MAX) return NULL;
    *to++ = (u8)text.n;
    return bytes_put_loose(to, text.p, text.n);
}

/* The cells lie one behind the other in a piece's text, which has slack behind it. */
bool quick_take(const struct quick *q, struct import *im, const struct row *row)
{
    const struct cell *cells = row->cells;
    struct deal_row_place place;
    i64 at;
    if (row->problem || row->count != q->columns) return false;
    str last = cells[row->count - 1].text;
    size_t span = (size_t)(last.p + last.n - cells[0].text.p);
    str who = cells[q->who].text, name = cells[q->event].text;
    u32 event = is_trim(name) ? import_event_known(im, name) : 0;
    if (!event || span > SPAN_MAX || who.n > WHO_BYTES_MAX || !is_trim(who) || !is_ascii(who) ||
        !take_seconds(cells[q->at].text, &at))
        return false;
    u8 *to = deal_room(im, who, span + q->property_count * (TAG_ROOM + 1), &place);
    for (u32 i = 0; to && i < q->property_count; i++)
        to = put_property(to, &q->properties[i], cells[q->properties[i].column].text);
    if (to) deal_put(&place, event, at, who, to);
    return to != NULL;
}
