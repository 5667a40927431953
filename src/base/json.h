/* json.h — JSON for configuration and answers: a parsed tree in an arena, and a writer.
 *
 * The reader stands on simdjson (json.cc); the tree keeps numbers as their text, so that no decimal
 * is lost. It is for documents of people (journeys, predicates, settings). Events go another way:
 * the edge reads them straight into records (intake). The writer is a handful of calls on a buf. */
#pragma once
#include "base/buf.h"
#include "base/mem.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } json_type;

struct json {
    json_type type;
    bool boolean;
    str text; /* STRING: decoded UTF-8; NUMBER: its text as written */
    str key;  /* of an object's member */
    u32 count;
    const struct json *child, *next; /* children in order */
};

enum { JSON_DEPTH_MAX = 64 };

/* Parses one document. ERR_INVALID with the byte offset; ERR_LIMIT past JSON_DEPTH_MAX. A member
 * named twice is kept twice; json_get finds the last. */
MUST_USE err json_parse(str text, struct arena *a, const struct json **out, struct diag *why);

/* The member of that name, or NULL (also if `j` is NULL or no object). */
const struct json *json_get(const struct json *j, const char *name);
/* The text of a STRING member, else `otherwise`. */
str json_get_str(const struct json *j, const char *name, str otherwise);
bool json_get_bool(const struct json *j, const char *name, bool otherwise);
bool json_is(const struct json *j, json_type type); /* NULL is nothing */
/* A NUMBER with an integer value. */
MUST_USE err json_to_i64(const struct json *j, i64 *out);
/* A JSON number's text as the nearest double; ±infinity when out of range. */
double json_number(str text);

/* Writes "…" with what RFC 8259 requires escaped; bytes that are no UTF-8 become U+FFFD. */
void json_put_str(struct buf *b, str s);
/* {"key": — with the comma it needs, judged by the byte before. The value follows. */
void json_put_key(struct buf *b, str key);
void json_put_kv_str(struct buf *b, str key, str s);
void json_put_kv_i64(struct buf *b, str key, i64 v);
void json_put_kv_bool(struct buf *b, str key, bool v);
void json_put_comma(struct buf *b); /* a comma, unless a value cannot have come before */
/* A tree back as text, compact; numbers as they were written. */
void json_put(struct buf *b, const struct json *j);

#ifdef __cplusplus
}
#endif
