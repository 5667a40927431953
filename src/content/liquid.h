/* liquid.h — inside Liquid: the compiled form, and what a tag and a filter can do. Of content only.
 *
 *   source ─pieces─► text | {{ expression }} | {% tag %} ─► nodes in the arena ─render─► bytes
 *
 * A node knows how to render itself, so a new tag is one file that exports one constant and one
 * line in liquid_tags; a new filter is one function and one line in a table of liquid_filters. */
#pragma once
#include "content/content.h"

enum {
    LIQUID_DEPTH_MAX = 64,        /* blocks within blocks */
    LIQUID_NODES_MAX = 50000,     /* of one template */
    LIQUID_ARGS_MAX = 4,          /* of one filter, named ones counted */
    LIQUID_LOCALS_MAX = 1000,     /* assigned names */
    LIQUID_SCRATCH_MAX = 8 << 20, /* bytes that filters may make in one rendering */
    LIQUID_OWN_MAX = 64           /* spans of the output that differ per message */
};

/* A value on its way through an expression. */
typedef enum { DATUM_PLAIN, DATUM_EMPTY, DATUM_BLANK } datum_kind;
typedef struct {
    value v;
    u8 kind;   /* datum_kind: `empty` and `blank` are words of the language */
    bool safe; /* it is HTML already */
    bool own;  /* it differs per message: kept out of the fingerprint */
} datum;

/* ---- the compiled form ---- */

struct render;
struct node {
    const struct node *next;
    err (*render)(struct render *r, const struct node *n);
    u32 at;     /* where in the source */
    bool blank; /* prints nothing, or only white space */
};

struct operand;
struct member {
    const struct member *next;
    str name;                    /* .name, ["name"] */
    const struct operand *index; /* [0], [x]; NULL: name */
};
struct operand {
    datum constant; /* if `root` is empty and there is no `index` */
    str root;
    const struct operand *index; /* [name]: the root is its value */
    const struct member *members;
    bool own;
};
struct liquid_filter;
struct call {
    const struct call *next;
    const struct liquid_filter *filter;
    const struct operand *args[LIQUID_ARGS_MAX]; /* NULL: not given */
    u32 at;
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

struct liquid {
    str source;
    const struct node *nodes;
};

/* ---- compiling ---- */

struct compiler {
    str source;
    size_t at; /* of the next piece */
    struct arena *arena;
    struct diag *why;
    u32 depth, nodes;
    bool trim; /* the piece before ended in -}} or -%} */
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
/* Skips to {% end %} without compiling; `body` is what stands before it. */
MUST_USE err liquid_skip(struct compiler *c, const struct liquid_tag *opener, u32 opened_at,
                         str end, bool nests, str *body);
bool liquid_blank(const struct node *first); /* all of them are */
void *liquid_node(struct compiler *c, size_t size, u32 at,
                  err (*render)(struct render *r, const struct node *n));
/* Refuses, with the line and column of `at`. */
err liquid_refuse(struct compiler *c, u32 at, const char *format, ...) PRINTF_LIKE(3, 4);
/* Line:column of a byte, both from 1, columns in characters. */
void liquid_place(str source, size_t at, char out[32]);

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
u32 parser_at(const struct parser *p);
MUST_USE err parse_expression(struct parser *p, struct expression *out);
MUST_USE err parse_operand(struct parser *p, struct operand *out);
MUST_USE err parse_condition(struct parser *p, const struct condition **out);
MUST_USE err parse_end(struct parser *p); /* refuses what is left over */

/* ---- rendering ---- */

struct local {
    struct local *next;
    str name;
    datum value;
};
struct render {
    const struct liquid *liquid;
    const struct liquid_values *values;
    liquid_format format;
    struct buf *out;
    struct arena *scratch; /* made when first needed */
    size_t scratch_left;
    u32 steps_left, depth, local_count;
    struct local *locals;
    struct diag *why;
    u32 at; /* of the node at work */
    u32 own_count;
    struct {
        size_t from, to;
    } own[LIQUID_OWN_MAX]; /* of the outermost output */
    struct buf *outermost;
    bool own_captured;
};

/* liquid_render with what the fingerprint leaves out: `*hash` is folded over the rest. */
MUST_USE err liquid_render_hashed(const struct liquid *l, const struct liquid_values *values,
                                  liquid_format format, struct buf *out, u64 *hash,
                                  struct diag *why);

MUST_USE err render_nodes(struct render *r, const struct node *first);
MUST_USE err render_expression(struct render *r, const struct expression *e, datum *out);
datum render_operand(struct render *r, const struct operand *o);
MUST_USE err render_condition(struct render *r, const struct condition *c, bool *out);
/* Writes it as a reader sees it, escaped if this is HTML and it is not safe. */
void render_put(struct render *r, datum d);
MUST_USE err render_assign(struct render *r, str name, datum d);
err render_fail(struct render *r, err code, const char *format, ...) PRINTF_LIKE(3, 4);
/* Bytes for a filter's result, out of the rendering's budget; NULL when that is used up. */
char *render_bytes(struct render *r, size_t n);

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
    liquid_html_filters[]; /* an empty name at the end */

/* ---- values (liquid_value.c) ---- */

bool datum_is_nil(datum d);
bool datum_is_true(datum d); /* everything but nil and false */
bool datum_is_empty(datum d);
bool datum_is_blank(datum d);
/* ERR_INVALID: an order was asked of kinds that have none, as of a text and a number. */
MUST_USE err datum_compare(datum a, datum b, comparison c, bool *out);
/* Its text: a view where it is text, else made in scratch. False when scratch is used up. */
bool datum_text(struct render *r, datum d, str *out);
void datum_put(struct buf *out, datum d);
datum datum_of(value v);
/* Sets the value and keeps what the fingerprint must know. */
void datum_set(datum *d, value v);

/* A number for arithmetic: whole, decimal with four places, or else binary. */
typedef enum { NUMBER_INT, NUMBER_FIXED, NUMBER_DOUBLE } number_kind;
struct number {
    number_kind kind;
    i64 i; /* INT, FIXED */
    double d;
};
struct number number_of(datum d); /* text: its leading number; else 0 */
double number_double(struct number n);
/* False when scratch is used up. */
bool number_value(struct render *r, struct number n, value *out);

/* HTML escaping, shared by output and filters. `once` leaves entities that stand there. */
void html_escape(struct buf *out, str s, bool once);
