/* blocks.h — a mail made of blocks: from the editor's document to HTML with Liquid in it.
 *
 *   {"subject", "preheader", "style", "blocks": [{"type": "heading", "text": …}, …]}
 *        └─ blocks_html(language) ─► <!doctype html> … {{ brand.accent }} … ─► liquid_compile
 *
 * What the workspace looks like is asked for as brand.*, and whether the mail promotes as
 * message.category, so that one rendering serves all and what was sent can be shown again.
 * docs/content.md has the document. Tables, inline styles, no script. No clock, no I/O. */
#pragma once
#include "base/json.h"

enum {
    BLOCKS_MAX = 100,          /* of one document, those in columns counted */
    BLOCKS_TEXT_MAX = 20000,   /* bytes of one text */
    BLOCKS_CODE_MAX = 200000,  /* of one code block */
    BLOCKS_HTML_MAX = 1 << 20, /* of what comes out, which is a template's limit */
    BLOCKS_WIDTH = 600,        /* of a mail that says nothing else */
    BLOCKS_WIDTH_MIN = 480,
    BLOCKS_WIDTH_MAX = 720,
    BLOCKS_PATH_MAX = 120
};

/* Appends the HTML of a template's `blocks`, with its style and preheader. ERR_REFUSED with the
 * JSON pointer, and "…:line:column" for a mistake in a text's Liquid; ERR_LIMIT. */
MUST_USE err blocks_html(const struct json *source, bool zh, struct buf *out, struct diag *why);

/* A text that is plain, or {"zh": …, "en": …}: the one wanted, else the other; empty: neither. */
str content_words(const struct json *text, bool zh);
/* Does this language ("zh-Hant", "en") read Chinese? */
bool content_is_zh(str language);

/* "#rrggbb". */
bool blocks_is_color(str text);
/* Whether dark or light letters can be read on that colour: "#1b201e" or "#ffffff". */
str blocks_ink(str color);
/* The fonts behind "sans", "serif", "mono"; empty: there is no such font. */
str blocks_fonts(str name);
