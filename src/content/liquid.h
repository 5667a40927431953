/* liquid.h — inside Liquid: the compiled form, and what a tag and a filter can do. Of content only.
 *
 *   source ─pieces─► text | {{ expression }} | {% tag %} ─► nodes in the arena ─render─► bytes
 *
 * A node knows how to render itself, so a new tag is one file that exports one constant and one
 * line in liquid_tags; a new filter is one function and one line in a table of liquid_filters. What
 * can be known at compile time is: names are slots of an array, their members numbered fields,
 * `size` and `index` and their like numbers, constants and filters' arguments values. Rendering
 * then takes its memory from one block on the stack. */
#pragma once
#include "content/content.h"

enum {
    LIQUID_DEPTH_MAX = 64,        /* blocks within blocks, partials within partials */
    LIQUID_NODES_MAX = 50000,     /* of one template with its partials */
    LIQUID_ARGS_MAX = 4,          /* of one filter, named ones counted */
    LIQUID_NAMES_MAX = 1000,      /* different first names in a template */
    LIQUID_FIELDS_MAX = 160,      /* different pairs of a name and a member that are found ahead */
    LIQUID_STATES_MAX = 1000,     /* counters, cycles and loops that can be continued */
    LIQUID_SCRATCH_MAX = 8 << 20, /* bytes that filters may make in one rendering */
    LIQUID_OWN_MAX = 64           /* spans of the output that differ per message */
};

/* A value on its way through an expression. UNASKED stands in a table of fields only. */
typedef enum {
    DATUM_PLAIN,
    DATUM_EMPTY,
    DATUM_BLANK,
    DATUM_RANGE,
    DATUM_LOOP,
    DATUM_UNASKED
} datum_kind;
struct loop;
typedef struct {
    value v; /* RANGE: v.n is its first number */
    union {
        i64 to;            /* RANGE: its last */
        struct loop *loop; /* LOOP: what `forloop` and `tablerowloop` are */
    };
    u8 kind;   /* datum_kind: `empty` and `blank` are words of the language */
    bool safe; /* it is HTML already */
    bool own;  /* it differs per message: kept out of the fingerprint */
} datum;

/* Members with a meaning of their own. */
typedef enum {
    FIELD_NONE,
    FIELD_SIZE,
    FIELD_FIRST,
    FIELD_LAST,
    FIELD_INDEX,
    FIELD_INDEX0,
    FIELD_RINDEX,
    FIELD_RINDEX0,
    FIELD_LENGTH,
    FIELD_NAME,
    FIELD_PARENTLOOP,
    FIELD_COL,
    FIELD_COL0,
    FIELD_COL_FIRST,
    FIELD_COL_LAST,
    FIELD_ROW
} field_kind;
u8 liquid_field_kind(str name);

/* ---- the compiled form ---- */

struct render;
struct node {
    const struct node *next;
    err (*render)(struct render *r, const struct node *n);
    u32 at;       /* where in the source */
    bool blank;   /* prints nothing, or only white space */
    bool is_text; /* a struct text_node: rendered in place */
};

struct text_node {
    struct node node;
    str text;
};

/* A member that the template asks a name for, as customer.first_name: once per template. A map that
 * the name stands for is read in one pass, which finds the values of all its fields. */
enum { FIELD_AT_NONE = UINT8_MAX };
struct field {
    u64 first, last; /* eight bytes at either end of the name, or fewer */
    str name;
    u16 slot;
    u8 kind; /* field_kind */
    u8 next; /* of the same slot; FIELD_AT_NONE: it is the last */
};

struct operand;
struct member {
    const struct member *next;
    str name; /* .name, ["name"] */
    u8 kind;  /* field_kind */
    u8 field; /* of the program, the first member of a name; FIELD_AT_NONE: it has none */
    const struct operand *index; /* [0], [x]; NULL: name */
};
typedef enum { OPERAND_CONSTANT, OPERAND_NAME, OPERAND_COMPUTED, OPERAND_RANGE } operand_kind;
struct operand {
    u8 kind;
    u8 field; /* NAME: it is this field and nothing more, else FIELD_AT_NONE */
    bool own;
    u32 slot; /* NAME */
    union {
        datum constant; /* CONSTANT */
        struct {
            str root;                        /* NAME */
            const struct operand *index;     /* COMPUTED: [name], its root; RANGE: its start */
            const struct operand *end;       /* RANGE */
            const struct member *members;    /* not of a RANGE */
            const struct operand *otherwise; /* the declared fallback */
        };
    };
};
struct liquid_filter;
struct call {
    const struct call *next;
    err (*apply)(struct render *r, datum *d, const datum *args, u32 given); /* the filter's */
    const datum *constants; /* its arguments, if all of them are constants */
    u32 at;
    u8 given, count; /* how many it has; how many the filter may have */
    u8 safety;
    const struct liquid_filter *filter;
    const struct operand *args[LIQUID_ARGS_MAX]; /* NULL: not given */
};
struct expression {
    struct operand head;
    const struct call *calls;
};

/* a == b and c or d: evaluated from the right, as Liquid does, which needs no stack: a term is
 * enough to know the answer, or the rest is the answer. */
typedef enum { IS_TRUE, IS_EQ, IS_NE, IS_LT, IS_LE, IS_GT, IS_GE, IS_CONTAINS } comparison;
struct condition {
    const struct condition *rest;
    struct operand a, b;
    u8 comparison;
    bool rest_is_or;
};

/* What a template and its partials share: their names by slot, and the partials. */
enum { FIELD_HOMES = 512 };
struct program {
    str names[LIQUID_NAMES_MAX];
    u8 fields_of[LIQUID_NAMES_MAX]; /* a slot's first field + 1 */
    struct field fields[LIQUID_FIELDS_MAX];
    u8 homes[FIELD_HOMES]; /* fields + 1 by the hash of slot and name, or the next free place */
    u32 name_count, field_count, node_count;
    bool continues; /* some loop continues another: they all note where they stop */
    const struct liquid_options *options;
    struct liquid **partials; /* compiled when first named; by the options' order */
};
enum { SLOT_FORLOOP, SLOT_TABLEROWLOOP };
struct liquid {
    str source, name; /* of a partial, else empty */
    const struct node *nodes;
    struct program *program;
};
/* UINT32_MAX: there is none of this name. */
u32 program_partial(const struct program *p, str name);
u32 program_slot(const struct program *p, str name);

/* ---- compiling ---- */

struct compiler {
    str source, name;
    size_t at, end; /* of the next piece, of the source or of a {% liquid %} tag */
    struct arena *arena;
    struct diag *why;
    struct program *program;
    u32 depth, partial_depth;
    bool trim;  /* the piece before ended in -}} or -%} */
    bool lines; /* within {% liquid %}: one tag a line */
    bool in_render;
};

/* One file and one line in liquid_tags each. `markup` is what stands after the name. */
struct liquid_tag {
    str name;
    err (*compile)(struct compiler *c, str markup, u32 at, const struct node **out);
};
extern const struct liquid_tag *const liquid_tags[]; /* NULL at the end */

/* Compiles what follows up to one of the `until` tags; `which` is its index, `markup` what stands
 * after its name. The block's opener is named in the refusal when its end is missing. White space
 * is left out of a block that prints nothing else. */
MUST_USE err liquid_block(struct compiler *c, const struct liquid_tag *opener, u32 opened_at,
                          const str *until, u32 count, const struct node **out, u32 *which,
                          str *markup);
/* The nodes of one {% liquid %} tag. */
MUST_USE err liquid_lines(struct compiler *c, str markup, const struct node **out);
typedef enum { SKIP_RAW, SKIP_COMMENT, SKIP_DOC } skip_kind;
/* Skips to {% end %} without compiling; `body` is what stands before it. */
MUST_USE err liquid_skip(struct compiler *c, const struct liquid_tag *opener, u32 opened_at,
                         str end, skip_kind kind, str *body);
bool liquid_blank(const struct node *first); /* all of them are */
void *liquid_node(struct compiler *c, size_t size, u32 at,
                  err (*render)(struct render *r, const struct node *n));
/* The partial of that place in the options, compiled now if it is not yet. */
MUST_USE err liquid_partial_compile(struct compiler *c, u32 index);
/* The slot of a name, new or not; UINT32_MAX when there are too many. */
u32 liquid_slot(struct compiler *c, str name);
/* The field of a name's member, new or not; FIELD_AT_NONE when there are too many. */
u8 liquid_field_at(struct compiler *c, u32 slot, str name, u8 kind);
/* Refuses, with the line and column of `at`. */
err liquid_refuse(struct compiler *c, u32 at, const char *format, ...) PRINTF_LIKE(3, 4);
/* "line:column" of a byte, both from 1, columns in characters; before it "/partials/NAME:". */
void liquid_place(str source, str name, size_t at, char out[96]);

/* Words of a tag's markup (liquid_expr.c). A parser is at a place of the source and looks one word
 * ahead. */
typedef enum {
    WORD_END,
    WORD_NAME,
    WORD_STRING,
    WORD_NUMBER,
    WORD_SIGN, /* | : , . [ ] ( ) .. = == != <> < > <= >= */
    WORD_BAD
} word_kind;
struct parser {
    struct compiler *c;
    const char *p, *end;
    word_kind kind;
    str word;
};
struct parser parser_of(struct compiler *c, str markup);
void parser_next(struct parser *p);
bool parser_sign(struct parser *p, const char *sign); /* takes it if it is there */
bool parser_is(const struct parser *p, const char *sign);
bool parser_word(struct parser *p, const char *name); /* takes it if it is there */
u32 parser_at(const struct parser *p);
err parser_unexpected(struct parser *p, const char *wanted);
MUST_USE err parse_expression(struct parser *p, struct expression *out);
MUST_USE err parse_operand(struct parser *p, struct operand *out);
MUST_USE err parse_condition(struct parser *p, const struct condition **out);
MUST_USE err parse_target(struct parser *p, str *name, u32 *slot); /* a name to be given a value */
MUST_USE err parse_end(struct parser *p);                          /* refuses what is left over */
MUST_USE err parse_output(struct compiler *c, str markup, u32 at, const struct node **out);

/* What `name: value` pairs say, in the order of `names`; NULL where one is not said. */
struct argument {
    const struct argument *next;
    str name;
    u32 slot;
    struct operand value;
};

/* ---- rendering ---- */

/* A loop at work: what its `forloop` answers. One that was assigned to a name outlives its end. */
struct loop {
    i64 index, length; /* from 0 */
    i64 columns;       /* of a tablerow, else 0 */
    str name;
    struct loop *parent; /* of one that has ended: the next such */
    bool kept;           /* a name has it */
};

/* Counters, cycles and places to continue from: few, found by their key. */
typedef enum { STATE_COUNTER, STATE_CYCLE, STATE_OFFSET } state_kind;
struct state {
    struct state *next;
    str key;
    i64 n;
    u8 kind;
};

enum {
    HAS_SCOPED = 1,
    HAS_ASSIGNED = 2,
    HAS_COUNTER = 4,
    HAS_OUTSIDE = 8,   /* `outside` has its whole value from outside */
    HAS_NO_WHOLE = 16, /* from outside it has members only, or nothing */
    HAS_FIELDS = 32,   /* its fields are those of the map that it holds now */
    HAS_ASKED = 64     /* its fields were asked outside one by one, or are UNASKED */
};
typedef enum { INTERRUPT_NONE, INTERRUPT_BREAK, INTERRUPT_CONTINUE } interrupt_kind;
struct render {
    const struct liquid *liquid;
    const struct liquid_values *values;
    struct buf *out;
    struct diag *why;
    char *room, *room_end; /* memory for what filters make: on the stack, later of `scratch` */
    struct arena *scratch; /* made when first needed */
    size_t scratch_left;
    u8 *flags; /* by slot: which of these are set */
    datum *scoped, *assigned, *outside;
    datum *fields; /* by number of the program's fields */
    struct state *states;
    struct loop *loop;  /* the innermost */
    struct loop *ended; /* to be used again */
    str changed;        /* what ifchanged saw last */
    u32 steps_left, depth, state_count;
    u32 at; /* of the node at work */
    u32 own_count;
    u8 format, interrupt;
    bool isolated; /* within {% render %} */
    bool own_captured;
    bool money_known; /* and what `money` found out about it */
    const void *currency, *style;
    str group, point; /* of amounts */
    u32 capturing;    /* captures within captures */
    struct {
        size_t from, to;
    } own[LIQUID_OWN_MAX]; /* of the output; the last member: it is not cleared */
};

/* liquid_render with what the fingerprint leaves out: `*hash` is folded over the rest. */
MUST_USE err liquid_render_hashed(const struct liquid *l, const struct liquid_values *values,
                                  liquid_format format, struct buf *out, u64 *hash,
                                  struct diag *why);

MUST_USE err render_nodes(struct render *r, const struct node *first);
MUST_USE err render_expression(struct render *r, const struct expression *e, datum *out);
/* Its value; MISSING when the rendering must not go deeper. */
void render_operand(struct render *r, const struct operand *o, datum *out);
/* The same without a copy: where it stands, or in `room`. Good until a name gets another value. */
const datum *render_found(struct render *r, const struct operand *o, datum *room);
static inline const datum *render_view(struct render *r, const struct operand *o, datum *room)
{
    if (o->kind == OPERAND_CONSTANT) return &o->constant;
    if (o->field != FIELD_AT_NONE && (r->flags[o->slot] & HAS_FIELDS)) return &r->fields[o->field];
    return render_found(r, o, room);
}
MUST_USE err render_condition(struct render *r, const struct condition *c, bool *out);
/* Writes it as a reader sees it, escaped if this is HTML and it is not safe. */
void render_put(struct render *r, const datum *d);
void render_assign(struct render *r, u32 slot, const datum *d);
void render_counts(struct render *r, u32 slot); /* the name is a counter's now */
err render_out_of_steps(struct render *r);
/* Counts work that no node shows. */
MUST_USE static inline err render_steps(struct render *r, u64 n)
{
    if (UNLIKELY(n > r->steps_left)) return render_out_of_steps(r);
    r->steps_left -= (u32)n;
    return ERR_OK;
}
err render_fail(struct render *r, err code, const char *format, ...) PRINTF_LIKE(3, 4);
err render_out_of_room(struct render *r);
char *render_more_bytes(struct render *r, size_t padded);
/* Bytes for a filter's result, out of the rendering's budget; NULL when that is used up. */
static inline char *render_bytes(struct render *r, size_t n)
{
    size_t padded = (n + 15) & ~(size_t)15;
    if (UNLIKELY(padded > (size_t)(r->room_end - r->room))) return render_more_bytes(r, padded);
    char *p = r->room;
    r->room += padded;
    return p;
}
MUST_USE err render_state(struct render *r, state_kind kind, str key, struct state **out);
const struct state *render_state_find(const struct render *r, state_kind kind, str key);
/* Renders into the output and takes it off again. */
MUST_USE err render_captured(struct render *r, const struct node *body, str *out, bool *own);

void render_mark_own(struct render *r, size_t from); /* what was put since then */

/* {% render %}: no names of the caller's, only those that are assigned in it. The second call gives
 * it empty names again, the third gives the caller's back. */
struct isolation {
    u8 *flags;
    datum *scoped, *assigned, *outside, *fields;
    struct state *states;
    struct loop *loop, *ended;
    char *room, *room_end;
    str changed;
    u32 state_count;
    bool isolated;
};
MUST_USE bool render_slots(struct render *r, const struct program *p); /* all names empty */
MUST_USE err isolation_enter(struct render *r, struct isolation *i);
void isolation_clear(struct render *r);
void isolation_leave(struct render *r, const struct isolation *i);

/* A name that has a value within a block only. */
struct scoped {
    datum before;
    u32 slot;
    u8 had;
};
void scope_enter(struct render *r, u32 slot, const datum *d, struct scoped *s);
void scope_set(struct render *r, u32 slot, const datum *d);
void scope_leave(struct render *r, const struct scoped *s);

/* Elements one after another, whatever it is that has some: a list, a range, a map (its pairs), or
 * a single value. */
struct items {
    struct reader bytes;
    datum of;
    i64 at, count;
};
void items_of(const datum *d, struct items *out); /* `for`: a text is one, a number none */
MUST_USE bool items_next(struct render *r, struct items *i, datum *out);
MUST_USE err items_skip(struct render *r, struct items *i, i64 n);

/* ---- filters ---- */

/* What a filter makes of a value that is safe: most results are plain text again. */
typedef enum { SAFE_ENDS, SAFE_STAYS, SAFE_BEGINS } safety;
struct liquid_filter {
    str name;
    u8 args_min, args_max;
    u8 safety;
    str named; /* a named argument, which stands after args_max; empty: none */
    err (*apply)(struct render *r, datum *d, const datum *args, u32 given);
};
const struct liquid_filter *liquid_filter_find(str name);
void liquid_filter_names(struct buf *out); /* "a, b, c" */
extern const struct liquid_filter liquid_text_filters[], liquid_number_filters[],
    liquid_html_filters[], liquid_list_filters[], liquid_pick_filters[], liquid_code_filters[],
    liquid_date_filters[], liquid_money_filters[]; /* an empty name at the end */
#define LIQUID_NAME(literal)                                                                       \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }

/* The text of a value, declared as `name`; its length counts as work. */
#define LIQUID_TEXT_OF(name, from)                                                                 \
    str name;                                                                                      \
    if (!datum_text(r, from, &name)) return render_out_of_room(r);                                 \
    TRY(render_steps(r, name.n / 64))

/* ---- values (liquid_value.c) ---- */

static inline bool datum_is_nil(const datum *d)
{
    return d->kind == DATUM_PLAIN && d->v.type <= VALUE_NULL;
}
static inline bool datum_is_true(const datum *d) /* everything but nil and false */
{
    return d->kind != DATUM_PLAIN || (d->v.type > VALUE_FALSE);
}
static inline datum datum_of(value v)
{
    return (datum){.v = v};
}
/* Sets the value and keeps what the fingerprint must know. */
static inline void datum_set(datum *d, value v)
{
    d->v = v;
    d->kind = DATUM_PLAIN;
}
bool datum_is_empty(const datum *d);
bool datum_is_blank(const datum *d);
/* ERR_INVALID: an order was asked of kinds that have none, as of a text and a number. */
MUST_USE err datum_compare(const datum *a, const datum *b, comparison c, bool *out);
bool datum_equal(const datum *a, const datum *b);
/* Its text: a view where it is text, else made in scratch. False when scratch is used up. */
bool datum_text(struct render *r, const datum *d, str *out);
void datum_put(struct buf *out, const datum *d);
/* A member by its name or field, an element by its number. */
void datum_member(const datum *d, str name, u8 kind, datum *out);
void datum_element(const datum *d, i64 index, datum *out);
void datum_indexed(const datum *d, const datum *index, datum *out);
/* A whole number for limits, widths and places: a number without a fraction or its text. */
MUST_USE bool datum_integer(const datum *d, i64 *out);
i64 text_length(str s); /* in characters */

/* A number for arithmetic: whole, decimal with four places, or else binary. */
typedef enum { NUMBER_INT, NUMBER_FIXED, NUMBER_DOUBLE } number_kind;
struct number {
    number_kind kind;
    i64 i; /* INT, FIXED */
    double d;
};
struct number number_of(const datum *d); /* text: a whole one if it is one, its digits; else 0 */
double number_double(struct number n);
struct number number_add(struct number a, struct number b);
/* False when scratch is used up. */
bool number_value(struct render *r, struct number n, value *out);

/* What filters of lists work on: a list flattened, a range written out, a map or another value as
 * the only element, nil as none. Lives in scratch. */
struct elements {
    value *at;
    u32 count;
};
MUST_USE err elements_of(struct render *r, const datum *d, struct elements *out);
/* These elements as the datum's value. */
MUST_USE err elements_set(struct render *r, const struct elements *e, datum *d);
