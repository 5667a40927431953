/* block.h — a block of a sealed file: up to 8,192 rows in columns of packed numbers (pack.h).
 *
 *   head │ kinds │ fields │ columns │ runs' bits, ranks │ kinds' counts │ packed numbers │ heap │ 0
 * × 8
 *
 * What each row has of its own: when it occurred, its kind, its message id. A run is rows that
 * followed one another in the log, of one persona, source and reception: its first row has a bit,
 * and what they share stands once. A kind is an event's code and a shape: the list of its
 * properties and their types, in the order sent. Its rows have their values in columns of their
 * own, in the order of rows, so which value is a row's follows from how many of its kind come
 * before; those are counted every 256 rows. A row with too rare a shape keeps its properties as
 * they are: one field of type FIELD_BYTES. Whatever is put in comes back byte for byte. */
#pragma once
#include "base/props.h"
#include "event/sealed.h"

enum {
    BLOCK_ROWS = 8192,
    BLOCK_KINDS = 255,
    BLOCK_COUNTED = 256,             /* rows between counts of kinds */
    BLOCK_PLACES = EVENT_PLACE_BITS, /* of an order, that stand apart from its record */
};

/* A column: value i is base + unit × packed i; unit is 1 but for the time. Of texts: their numbers;
 * of texts in the heap: where the first begins, and where each ends. */
struct packed {
    u64 base;
    u32 at;
    u16 width;
    u16 mode; /* COLUMN_… */
};
enum { COLUMN_NUMBERS, COLUMN_TEXTS, COLUMN_HEAP, COLUMN_MODES };

enum { ROW_TIME, ROW_KIND, ROW_MESSAGE, ROW_COLUMNS };
enum { RUN_RECORD, RUN_PLACE, RUN_RECEIVED, RUN_PERSONA, RUN_SOURCE, RUN_FLAGS, RUN_COLUMNS };

/* What a field's type says beyond value_type: */
enum { FIELD_BOOL = 64, FIELD_BYTES = 65 };

struct block_kind {
    u32 code, rows;
    u16 field, field_count; /* among fields */
    u32 column;             /* the first among columns */
};
struct block_field {
    u32 property;
    u32 type; /* value_type, FIELD_BOOL (a number), FIELD_BYTES */
};
/* Columns of a field: none of NULL; of dates and times the number, then the text; else one. */
static inline u32 field_columns(u32 type)
{
    return type == VALUE_NULL ? 0 : type == VALUE_DATE || type == VALUE_TIME ? 2 : 1;
}

struct block_head {
    u32 rows, runs, kinds, fields, columns;
    u32 time_unit;
    u32 is_lag; /* RECEIVED is a run's less the time of its first row */
    u32 has_messages;
    u32 kinds_at, fields_at, columns_at, bits_at, ranks_at, counts_at, heap_at, zero;
    struct packed row[ROW_COLUMNS];
    struct packed run[RUN_COLUMNS];
};
_Static_assert(sizeof(struct block_kind) == 16 && sizeof(struct block_field) == 8 &&
                   sizeof(struct packed) == 16 && sizeof(struct block_head) == 208,
               "as written");

/* A block, opened: rows [first, end). */
struct block {
    const struct sealed *s;
    const u8 *p;
    const struct block_head *head;
    u32 bytes, index, first, end;
    u32 run_row, run; /* the row asked for last, and its run; `first` − 1: none */
    u64 proved[(BLOCK_KINDS + 64) / 64]; /* by kind: its columns were looked at */
    u32 group; /* whose kinds these are: rows [group, group + 256) of the block; NONE */
    u8 kinds[BLOCK_COUNTED];
};

/* Opens the block that holds `row`, unless `b` is it; zero `b` at first. Cheap from one to the
 * next. */
void block_at(struct block *b, const struct sealed *s, u32 row);
/* False if its frame does not hold together; what block_at requires. */
bool block_open(struct block *b, const struct sealed *s, u32 index);
/* Everything in it, for those who do not trust its writer. */
bool block_is_sound(struct block *b);

/* A column of one value has no bytes worth a look at memory. */
static inline u64 packed_get(const struct block *b, const struct packed *c, u64 i)
{
    return c->width ? c->base + pack_get(b->p + c->at, c->width, i) : c->base;
}
static inline i64 block_occurred(const struct block *b, u32 row)
{
    const struct packed *c = &b->head->row[ROW_TIME];
    return (i64)(c->base + b->head->time_unit * pack_get(b->p + c->at, c->width, row - b->first));
}
static inline u32 block_row_kind(const struct block *b, u32 row)
{
    return (u32)packed_get(b, &b->head->row[ROW_KIND], row - b->first);
}
const struct block_kind *block_kind(const struct block *b, u32 kind);
static inline u32 block_code(const struct block *b, u32 row)
{
    return block_kind(b, block_row_kind(b, row))->code;
}

static inline const u64 *block_bits(const struct block *b)
{
    return (const void *)(b->p + b->head->bits_at);
}
u32 block_find_run(struct block *b, u32 row);
/* The run of a row; cheap from a row to the next. */
static inline u32 block_run(struct block *b, u32 row)
{
    u32 at = row - b->first;
    if (row == b->run_row) return b->run;
    if (row != b->run_row + 1) return block_find_run(b, row);
    b->run_row = row;
    return b->run += (u32)(block_bits(b)[at / 64] >> at % 64 & 1);
}
static inline event_persona block_persona(struct block *b, u32 row)
{
    return (u32)packed_get(b, &b->head->run[RUN_PERSONA], block_run(b, row));
}
/* The first row of a row's run. */
u32 block_run_first(const struct block *b, u32 row);
u64 block_order(struct block *b, u32 row);
i64 block_received(struct block *b, u32 row);
/* How many rows of the block before this one are of its kind. */
u32 block_rank(struct block *b, u32 row, u32 kind);
/* Text i of a column, or the bytes of it; the column may be any but of numbers. */
str block_text(const struct block *b, const struct packed *c, u64 i);
str block_message(const struct block *b, u32 row);
/* A kind's columns; proved to lie in the block. */
const struct packed *block_columns(const struct block *b, const struct block_kind *k);
const struct block_field *block_fields(const struct block *b, const struct block_kind *k);

/* All of a row. Its properties are put together in `arena`, unless they lie there as they were. */
void block_event(struct block *b, u32 row, struct arena *arena, struct event *out);
/* All but the properties and the message id; the row's persona, time and order are at hand. */
void block_event_bare(struct block *b, u32 row, event_persona persona, i64 occurred, u64 order,
                      struct event *out);
/* What block_event_bare left out of the event. */
void block_fill(struct block *b, u32 row, struct arena *arena, struct event *out);
/* The first row of [from, to), all of one head, with occurred ≥ when. */
u32 sealed_lower(struct block *b, const struct sealed *s, u32 from, u32 to, i64 when);
