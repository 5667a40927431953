/* node.h — a script's document as a tree that remembers where each thing stood.
 *
 * YAML by libyaml's event parser, in the subset SEMANTICS names: no anchors, no tags, plain scalars
 * are text; JSON is taken too, being a part of YAML. What a plain scalar means (number, true, null)
 * is decided by who asks: node_json does it for properties and attributes. */
#pragma once
#include "base/fixed.h"
#include "base/json.h"

typedef enum { NODE_TEXT, NODE_LIST, NODE_MAP } node_type;

struct node {
    node_type type;
    bool plain; /* TEXT: not quoted */
    u32 line, column, count;
    str text, key;
    const struct node *child, *next;
};

enum { NODE_DEPTH_MAX = 32, NODES_MAX = 1000000 };

/* ERR_INVALID with "file:line:column" in why->path. All lives in `arena`. */
MUST_USE err node_parse(str text, str file, struct arena *arena, const struct node **out,
                        struct diag *why);
const struct node *node_get(const struct node *n, const char *key); /* NULL: not there */
str node_text(const struct node *n, const char *key, str otherwise);
/* As JSON: plain JSON numbers, true, false and null are those, everything else is text. */
const struct json *node_json(const struct node *n, struct arena *arena);
/* why->path = file:line:column of `n`. */
err node_refuse(const struct node *n, str file, struct diag *why, const char *format, ...)
    PRINTF_LIKE(4, 5);
