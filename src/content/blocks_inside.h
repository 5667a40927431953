/* blocks_inside.h — what the files of blocks share. Of blocks only. */
#pragma once
#include "content/blocks.h"

struct emit {
    struct buf *out;
    bool zh;
    u32 count; /* blocks so far */
    bool has_footer;
    bool in_column;
    struct diag *why;
    struct arena *scratch;
    size_t path_n;
    char path[BLOCKS_PATH_MAX];
};

/* ---- blocks.c ---- */

static inline void put(struct emit *e, const char *html)
{
    buf_put(e->out, str_of(html));
}
/* Where in the document: "/blocks/3" and what follows it. Returns what path_pop takes. */
size_t path_push(struct emit *e, const char *name);
size_t path_push_index(struct emit *e, u32 index);
void path_pop(struct emit *e, size_t n);
/* ERR_REFUSED at the place, or at its member. */
MUST_USE err block_refuse(struct emit *e, const char *member, const char *sentence);
MUST_USE err blocks_each(struct emit *e, const struct json *list);

/* ---- blocks_text.c ---- */

void put_escaped(struct buf *out, str text);
/* A text of this block as one line, marks and all; "" if it is not there and not `needed`. */
MUST_USE err text_line(struct emit *e, const struct json *block, const char *member, bool needed);
/* The same as paragraphs and lists. */
MUST_USE err text_paragraphs(struct emit *e, const struct json *block, const char *member);
/* Is the text there, in some language? */
bool text_is_there(const struct json *block, const char *member);
/* A text in an attribute: no marks. */
MUST_USE err text_attribute(struct emit *e, const struct json *block, const char *member);
/* An address for href or src, checked and whole, without quotes. */
MUST_USE err put_href(struct emit *e, str address, const char *member);
MUST_USE err put_src(struct emit *e, str address, const char *member);
/* Is the text good Liquid? ERR with the place in it. */
MUST_USE err check_liquid(struct emit *e, str text, const char *member);

/* ---- blocks_parts.c ---- */

struct block_kind {
    const char *type, *members; /* beside those of all */
    err (*put)(struct emit *e, const struct json *block);
    bool bare; /* lays out its own row */
};
const struct block_kind *block_kind_of(str type);
/* The footer of a document that has none: only in a mail that promotes. */
void footer_of_promotion(struct emit *e);
