/* compiler.h — what the files that turn JSON into a program share. Refusals are written for the
 * author of the condition: where (a JSON pointer), what is wrong, what to write instead. */
#pragma once
#include "predicate/program.h"

struct compiler {
    const struct predicate_context *pc;
    struct buf *out;
    struct diag *why;
    char path[sizeof((struct diag *)0)->path];
    u32 path_n, nodes, depth;
};

#define REFUSE(c, ...) diag_at((c)->why, ERR_REFUSED, (str){(c)->path, (c)->path_n}, __VA_ARGS__)

/* What a test may compare with: anything; a number; a number of times; a number or a date. */
typedef enum { WANT_ANY, WANT_NUMBER, WANT_COUNT, WANT_ORDERED } test_want;

/* Where we are: compile_enter goes to a member, compile_index to an element; both give what
 * compile_leave takes. After a refusal nobody leaves. */
u32 compile_enter(struct compiler *c, const char *member);
u32 compile_index(struct compiler *c, u32 i);
void compile_leave(struct compiler *c, u32 mark);

/* Refuses members that are not among `keys` (names between single spaces), or are there twice. */
MUST_USE err compile_only(struct compiler *c, const struct json *j, const char *keys);
/* The text of a member that must be there. */
MUST_USE err compile_text(struct compiler *c, const struct json *j, const char *member, str *out);
MUST_USE err compile_code(struct compiler *c, name_kind kind, str name, u32 *out);
MUST_USE err compile_known(struct compiler *c, const char *kind, str id);
MUST_USE err compile_node(struct compiler *c, node_kind kind);

MUST_USE err compile_path(struct compiler *c, tree_kind kind, str text);
MUST_USE err compile_test(struct compiler *c, const struct json *j, test_want want);
MUST_USE err compile_tree(struct compiler *c, const struct json *j, tree_kind kind);
MUST_USE err compile_did(struct compiler *c, const struct json *j);
MUST_USE err compile_formula(struct compiler *c, const struct json *j);
MUST_USE err compile_messages(struct compiler *c, const struct json *j);
MUST_USE err compile_sequence(struct compiler *c, const struct json *j);
/* A moment, or with `end` of a bare date the first moment of the day after. */
MUST_USE err compile_moment(struct compiler *c, str text, bool end, i64 *ms);
