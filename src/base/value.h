/* value.h — one typed value, and its bytes: what a property, an attribute or a constant is.
 *
 *   JSON --(edge)--> value bytes --> log, event rows, columns --> JSON again, the same
 *
 * Bytes: one type byte, then
 *   NULL FALSE TRUE   nothing
 *   INT               zigzag varint                      an integer that fits i64
 *   FIXED             zigzag varint                      at most four decimals, ×10,000
 *   NUMBER            varint length, text                every other JSON number, verbatim
 *   TEXT              varint length, UTF-8
 *   DATE              zigzag varint, varint length, text  days since 1970-01-01, and as it was sent
 *   TIME              zigzag varint, varint length, text  ms since 1970 UTC, and as it was sent
 *   LIST              varint bytes, varint count, values
 *   MAP               varint bytes, varint count, {varint length, key, value}…
 * Dates and numbers are recognised once, at the edge; nobody below parses text. */
#pragma once
#include "base/buf.h"
#include "base/fixed.h"

typedef enum {
    VALUE_MISSING = 0, /* never written */
    VALUE_NULL,
    VALUE_FALSE,
    VALUE_TRUE,
    VALUE_INT,
    VALUE_FIXED,
    VALUE_NUMBER,
    VALUE_TEXT,
    VALUE_DATE,
    VALUE_TIME,
    VALUE_LIST,
    VALUE_MAP,
    VALUE_TYPE_COUNT
} value_type;

/* A decoded value: views into the bytes it came from. */
typedef struct {
    value_type type;
    u32 count; /* LIST, MAP: members */
    i64 n;     /* INT, FIXED, DATE (days), TIME (ms) */
    str text;  /* TEXT, NUMBER; DATE and TIME: as sent; LIST, MAP: the members' bytes */
} value;

static inline value value_missing(void)
{
    return (value){0};
}
value value_bool(bool b);
value value_int(i64 n);
value value_fixed(fixed n);
value value_text(str s);

void value_put(struct buf *b, value v);
/* The next value; `r` turns bad on malformed bytes, and MISSING comes back. Nesting is not
 * followed. */
value value_read(struct reader *r);
/* True if `bytes` is exactly one well-formed value nested at most `depth` deep. */
bool value_valid(str bytes, u32 depth);

/* A member of a MAP (the last of that key) or of a LIST; MISSING if there is none. O(members). */
value value_member(value map, str key);
value value_element(value list, u32 index);

/* True for INT and FIXED, with the number in ten-thousandths (saturated); NUMBER is not exact. */
bool value_as_fixed(value v, fixed *out);
bool value_eq(value a, value b);
/* Order within one kind: numbers by size, text by code point, dates and times by instant (a date is
 * its midnight UTC here), false < true. ERR_INVALID between kinds that do not compare. */
MUST_USE err value_cmp(value a, value b, int *out);

/* A value as JSON text, the same number and the same text as was sent. */
void value_json(struct buf *b, value v);
/* A value as a reader of a message sees it: text without quotes, dates as sent, lists as JSON. */
void value_display(struct buf *b, value v);
