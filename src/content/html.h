/* html.h — the pieces of HTML that one pass over a mail needs: for content, and for who shows what
 * stands in one. */
#pragma once
#include "base/buf.h"

static inline bool html_is_space(char ch)
{
    return ch == ' ' || (ch >= '\t' && ch <= '\r');
}

/* The character of an entity at the start of `s`; returns how many bytes it took, 0: none. */
size_t html_entity(str s, u32 *code);
void html_put_code(struct buf *out, u32 code);
/* A text or an attribute's value with its entities decoded. */
void html_decode(struct buf *out, str s);

/* `& < > " '` as entities; `once`: an entity that stands there stays one. */
void html_escape(struct buf *out, str s, bool once);

struct element;
struct tag {
    str name, attributes;
    const struct element *element; /* html_text's */
    bool closing, empty;
};
/* What lies between < and >, quotes respected; returns the bytes up to and with >. */
size_t html_read_tag(str s, struct tag *out);
/* The value of an attribute as it stands, a view; empty if there is none. */
str html_attribute(str attributes, str wanted);
