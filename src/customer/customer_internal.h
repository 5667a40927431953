/* customer_internal.h — how customers lie in the store; for the files of this folder only.
 *
 *   customer.c     rows, ids, heads, the ring of personas      identifier.c  identifiers and their
 * index resolve.c      from a record's identifiers to a persona    link.c        joining, cutting,
 * forgetting field.c        packed lists of fields                      tree.c        sparse arrays
 * of numbers column.c       cells of attributes, per 448 personas       word.c        dictionaries
 * of columns attribute.c    types, writing and reading attributes       tag.c         tags, consent
 *   address.c      addresses                                   digest.c      the canonical hash
 *   members.c      sets of customers, in bits                  tagged.c      who has a tag, who
 * consented   among.c   sets of bytes
 *
 * When a field was written. The latest write wins per field, exactly to the ms and in whatever
 * order records come, so every field has a time, also one that was removed. A customer keeps one
 * time
 * (`written`, that of the first field she got); a field written at that time costs nothing, any
 * other has an entry in `tags` or `values` that says its own. */
#pragma once
#include "base/map.h"
#include "customer/customer.h"
#include "log/fixed.h"
#include "log/log.h"

enum {
    SPACES_MAX = 256, /* codes of namespaces: 1…256 (log/names.h) */
    IDENTIFIERS_MAX = 1u << 28,
    LINKS_MAX = 1u << 26,
    ADDRESSES_MAX = 1u << 27,
    ATTRIBUTES_MAX = 1u << 17, /* codes are below; log/names.h gives fewer */
    TAGS_MAX = 1u << 20,
    TOPICS_MAX = 1u << 17,
    CHANNELS_MAX = 256,
    LINES_MAX = 1u << 28,
    NODES_MAX = 1u << 26,
    TAG_ROW_BYTES = 32,
    VALUE_BYTES_MAX = 256 << 10, /* of one attribute; beyond it the write is ignored */
    IDENTIFIER_BYTES_MAX = 512,  /* of a longer one only the hash is kept */
    HOLDERS_MAX = 64,  /* rows of one identifier that the index has: enough to tell it is shared */
    ROWS_PER_HEAD = 4, /* of the same weak identifier, by different personas of one customer */
    MISFIT_BYTES_MAX = 1 << 10, /* of a value that is kept aside; a longer one is only counted */
    KEPT_BYTES = 4 << 20,
    FIELDS_BYTES_MAX = 16 << 10, /* of a customer's packed list; beyond it new fields are ignored */
};

/* ---- rows ---- */

struct identifier_row {
    u64 version;
    hash128 hash;
    u32 persona; /* the leaf that brought it */
    u32 next;    /* of the same head: older (since, then hash) */
    u32 since_low;
    u16 since_high; /* 48 bits: device and strong, first given; weak and tokens, last given */
    u8 space;       /* code − 1 */
    u8 form;        /* FORM_* */
    union {
        char text[8]; /* a short value that needs no raw form */
        struct {
            u32 value, raw; /* strings */
        };
    };
};
_Static_assert(sizeof(struct identifier_row) == 48, "");
enum {
    FORM_LENGTH = 15,        /* of `text`; 0 with no bit below: blanked */
    FORM_STRINGS = 1 << 4,   /* `value` and `raw` instead */
    FORM_FORMER = 1 << 5,    /* a device that belongs to another persona since then */
    FORM_UNINDEXED = 1 << 6, /* HOLDERS_MAX rows of it stand in the index already */
    FORM_CLAIMED = 1 << 7,   /* said by the public alone */
};

struct link_row {
    u64 version;
    i64 when;
    u64 number, cut_number; /* records that made it and cut it; 0 = it holds */
    u32 a, b;               /* the personas it ties */
    u32 why;
    u32 spare;
};
_Static_assert(sizeof(struct link_row) == 48, "");

struct space_row {
    u64 version;
    u32 strength, unique, limit, priority;
};

/* A sparse array of numbers (tree.c). */
struct tree {
    u32 root, depth;
};

struct attribute_row {
    u64 version;
    struct tree chunks; /* of persona ÷ CHUNK: where the cells are (column.c) */
    struct tree words; /* 2 × code: the string of a value; 2 × code + 1: how many cells have it */
    u32 word_end, word_free, word_count; /* highest code ever + 1, first free one, codes in use */
    u32 present;                         /* heads that have a value */
    u32 spare;
    u64 misfits;
    u8 type;  /* attribute_type, 0 = no value yet */
    u8 flags; /* COLUMN_* */
    u16 spares[3];
};
_Static_assert(sizeof(struct attribute_row) == 64, "");
enum {
    COLUMN_CONFIRMED = 1 << 0,
    COLUMN_PERSONAL = 1 << 1,
    COLUMN_NO_WORDS = 1 << 2, /* too many distinct values: the dictionary takes no new ones */
};

struct meta_row {
    u64 version;
    u64 key[2];
    u32 heads;
    u32 cuts;       /* links that were cut */
    u32 extents[4]; /* column.c: first free extent of each size */
    u32 line;       /* members.c: first free line */
    persona free;   /* first of the numbers given back, a chain by next_of_head */
};
_Static_assert(sizeof(struct meta_row) == 56, "");

struct customers {
    struct store *store;
    struct table *rows, *identifiers, *links, *addresses, *spaces, *attributes, *lines, *nodes,
        *meta, *tagged, *consented;
    struct heap *text;
    struct map by_identifier, by_address, by_word, by_link; /* derived */
    struct space_rule rules[SPACES_MAX + 1];                /* derived from the table `spaces` */
    struct sip_key key;
    struct buf packed, bytes; /* scratch of field.c, of encoding a value */
    void (*on_join)(void *ctx, persona from, persona to);
    void *on_join_ctx;
    char *kept; /* a ring: old values of `struct change` */
    size_t kept_used;
    u64 moves; /* see customers_moves */
    u32 *list; /* scratch: numbers */
    u32 list_cap;
};

/* ---- customer.c ---- */

static inline u16 life_bits(const struct customer_row *row)
{
    return row->flags >> CUSTOMER_LIFE_SHIFT << CUSTOMER_LIFE_SHIFT;
}
static inline struct customer_view live(const struct customers *c)
{
    return (struct customer_view){c, NULL};
}
/* A row as the view sees it: in place when live, else in `copy`. NULL if it is not there. */
const void *view_in(const struct customer_view *v, const struct table *t, u32 i, void *copy);
const struct meta_row *meta_at(const struct customers *c);
struct meta_row *meta_edit(struct customers *c);
/* A new customer of one persona; 0 when there is no room for one. */
persona persona_add(struct customers *c, i64 when, u64 number);
/* Room for n numbers in c->list. */
u32 *list_room(struct customers *c, u32 n);
/* All personas of a head in c->list, in the ring's order; returns how many. */
u32 list_ring(struct customers *c, persona head);
void sort_u32(u32 *list, u32 n);

/* ---- field.c: a packed list of fields, ascending by key ----
 *
 * An entry: varint ((key − the key before) << 1 | more), and if `more`: flags, then what they say.
 * Without `more` it is what most of its list are: a tag that is on, a value that follows. */
enum {
    FIELD_TIME = 1 << 0,    /* its own time follows: zigzag (when − the customer's) */
    FIELD_SAME = 1 << 1,    /* its own time is that of the entry before that had one */
    FIELD_GONE = 1 << 2,    /* removed then */
    FIELD_EXPIRES = 1 << 3, /* zigzag (expires − when) */
    FIELD_INLINE = 1 << 4,  /* the value's bytes */
    FIELD_STRING = 1 << 5,  /* u32: a string that holds the value's bytes */
    FIELD_STATE = 6,        /* shift: two bits of consent */
};
/* Keys of `values`; of `tags`, the tag's code. */
#define KEY_MISFIT(attribute) (1u << 28 | (attribute))
#define KEY_CONSENT(channel, topic) (2u << 28 | (channel) << 17 | (topic))

enum { INLINE_MAX = 48 }; /* longer values are strings of their own */

struct field {
    u32 key;
    u8 flags; /* those above; TIME and SAME are the packer's */
    u8 state;
    bool own_time;
    i64 when, expires;
    str bytes;  /* INLINE */
    u32 handle; /* STRING */
};
struct field_reader {
    struct reader in;
    u32 key;
    u8 plain; /* flags of an entry without `more` */
    i64 base, own;
};
static inline i64 written(const struct customer_row *row)
{
    return n48_get(row->written);
}
/* Both lists of a head. `tags` and `values` may be those of a row that was copied at an epoch. */
struct field_reader tags_of(const struct customers *c, const struct customer_row *row);
struct field_reader values_of(const struct customers *c, const struct customer_row *row);
bool field_next(struct field_reader *r, struct field *out);
bool field_find(struct field_reader r, u32 key, struct field *out);
/* Puts `f` in the place of the entry with its key; `keep` false only removes. The string of an
 * entry that goes is retired unless `f` has it too. */
void tags_put(struct customers *c, persona p, const struct field *f, bool keep);
void values_put(struct customers *c, struct customer_row *row, const struct field *f, bool keep);
bool tags_have_room(const struct customers *c, const struct customer_row *row);
bool values_have_room(const struct customers *c, const struct customer_row *row);
/* Sets the customer's own time if no field was written yet. */
void written_at(struct customer_row *row, i64 when);

/* ---- tree.c ---- */

u32 tree_get(const struct customer_view *v, struct tree t, u32 i);
void tree_set(struct customers *c, struct tree *t, u32 i, u32 number);

/* ---- word.c: the dictionary of a column ---- */

enum { WORD_BYTES_MAX = 255, WORDS_MAX = 65534 };
/* The code of a value's bytes, counted once more; 0 if the dictionary does not take it or its code
 * would be above `max`. */
u32 word_take(struct customers *c, u32 attribute, struct attribute_row *a, str bytes, u32 max);
void word_drop(struct customers *c, u32 attribute, struct attribute_row *a, u32 code);
str word_view(const struct customer_view *v, const struct attribute_row *a, u32 code);
void words_rebuild(struct customers *c, u32 attribute);

/* ---- column.c ---- */

enum { CHUNK = 448 }; /* personas of a chunk: 8 lines of 1-byte cells … 64 lines of 8-byte cells */
typedef enum { CELL_NOWHERE, CELL_EMPTY, CELL_VALUE, CELL_ELSEWHERE } cell_state;
/* NOWHERE: the chunk has no cells; ELSEWHERE: the value is in the customer's list. */
cell_state cell_get(const struct customer_view *v, const struct attribute_row *a, persona p,
                    value *out);
/* Puts `v` (MISSING: empties). True if the value now lies in the cell; false if it must lie in the
 * customer's list. May move other customers' values between list and cells. */
bool cell_put(struct customers *c, u32 attribute, struct attribute_row *a, persona p, value v);
/* After a customer's list gained (+1) or lost (−1) a value in a chunk without cells: gives the
 * chunk cells when that pays. */
void cell_count(struct customers *c, u32 attribute, struct attribute_row *a, persona p, int change);

/* ---- among.c: sets of bytes ---- */

struct byte_set {
    u8 rows[32];
};
void byte_set_add(struct byte_set *set, u8 byte);
bool byte_set_has(const struct byte_set *set, u8 byte);
u64 bytes_in(const struct byte_set *set, const u8 bytes[64]); /* a bit for each that is */

/* ---- moment.c: times in 8 bytes with the text they came as ---- */

enum { MOMENT_TEXT_MAX = 40 };
bool moment_pack(i64 ms, str text, u64 *out); /* false: the text is none it can write again */
i64 moment_ms(u64 packed);
str moment_text(u64 packed, char out[MOMENT_TEXT_MAX]);

/* ---- attribute.c ---- */

/* Memory of this thread for text that a column does not store as such: good for 64 more calls. */
enum { SCRATCH_BYTES = 48 };
char *scratch_text(void);
/* A value as it is kept: 5.0 is 5. */
value value_normal(value v);
/* The bytes of a value in c->bytes. */
str value_bytes(struct customers *c, value v);
value value_of(str bytes);
/* Copies the text of a value to `kept`: good until the next record, or 4 MiB more of it. */
value value_keep(struct customers *c, value v);
bool value_same(value a, value b); /* also as it was sent */
/* A value as one of this type (0: as it is); MISSING if it cannot be. */
value value_fit(attribute_type type, value v);
/* Moves the attributes of one head into another's; leaves the first without any. */
void attributes_join(struct customers *c, persona from, persona to);
void attributes_clear(struct customers *c, persona head);

/* What is stored of one attribute of one head. */
struct stored {
    value value;        /* as written; MISSING: removed or never there */
    i64 when;           /* INT64_MIN: never written */
    struct field field; /* its entry in the list */
    bool listed;        /* there is one */
};
void stored_get(const struct customer_view *v, const struct customer_row *row, persona head,
                u32 attribute, const struct attribute_row *a, struct stored *out);

/* ---- tag.c ---- */

void tags_join(struct customers *c, persona from, persona to);
void tags_clear(struct customers *c, persona head);
void consents_join(struct customers *c, persona from, persona to);
/* State and time of one consent; INT64_MIN: never written. */
u8 consent_get(const struct customers *c, const struct customer_row *row, u32 channel, u32 topic,
               i64 *when);

/* ---- members.c: sets of customers ---- */

void members_put(struct customers *c, struct tree *t, persona p, bool in);
/* Bit i of `out`: whether from + i is in it. */
void members_read(const struct customer_view *v, struct tree t, persona from, u32 n, u64 *out);

/* ---- tagged.c: who has a tag, who consented ---- */

enum { CONSENT_BITS_END = 32, CONSENT_YES = 1, CONSENT_NO = 2 };

/* After persona p's list got this entry, or lost it. */
void tagged_put(struct customers *c, persona p, const struct field *f, bool keep);
void tagged_rebuild(struct customers *c);
/* After a row got this state of a channel below CONSENT_BITS_END. */
void consented_put(struct customers *c, persona p, u32 channel, u8 state);
/* All of a row's go. */
void consents_clear(struct customers *c, struct customer_row *row, persona p);

/* ---- identifier.c ---- */

static inline i64 since_of(const struct identifier_row *r)
{
    return (i64)((u64)r->since_high << 32 | r->since_low);
}
static inline u32 space_of(const struct identifier_row *r)
{
    return r->space + 1u;
}
static inline const struct identifier_row *identifier_at(const struct customers *c, u32 row)
{
    return table_at(c->identifiers, row);
}
void spaces_default(struct customers *c);
/* The row of (space, hash) that this persona brought, 0 if there is none; and how many rows of it
 * her whole customer has. Former ones aside. */
u32 identifier_of(const struct customers *c, u32 space, hash128 hash, persona p, u32 *of_head);
/* The row of a strong identifier or a device; `former`: the one a device had before. */
u32 identifier_row(const struct customers *c, u32 space, hash128 hash, bool former);
/* Adds it to a persona; beyond the namespace's limit the oldest goes. */
void identifier_add(struct customers *c, persona p, const struct identifier *id, i64 when, u8 form);
/* Given again: later for weak ones, earlier for the others; fills in a text that was blank. */
void identifier_again(struct customers *c, u32 row, const struct identifier *id, i64 when);
/* Sets the time, keeping the list in order. */
void identifier_since(struct customers *c, u32 row, i64 when);
void identifier_set_former(struct customers *c, u32 row);
void identifier_drop(struct customers *c, u32 row); /* from list, index and table */
/* Takes the list of `from` into that of `to`; after heads were changed. */
void identifiers_join(struct customers *c, persona from, persona to);
/* Deals the list of `from` out among from and `to` by the rows' heads. */
void identifiers_split(struct customers *c, persona from, persona to);
str identifier_text(const struct customers *c, const struct identifier_row *r);
/* How strong a customer's (or with `leaf`, a persona's) strongest identifier is; higher is
 * stronger. */
u32 identifier_rank(const struct customers *c, persona head, persona leaf);
/* Whether two values of this namespace keep customers apart (openids only within one app). */
bool identifiers_rival(const struct customers *c, u32 space, str a, str b);

/* ---- link.c ---- */

/* Joins the heads of two personas, which must differ; notes it in `out`. */
void link_heads(struct customers *c, persona a, persona b, link_why why, i64 when, u64 number,
                struct resolved *out);
/* Whether records may join them by themselves. */
bool may_join(const struct customers *c, persona head_a, persona head_b);
void links_rebuild(struct customers *c);
