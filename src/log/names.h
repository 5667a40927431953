/* names.h — short codes for names: events, properties, attributes, namespaces, sources, tags…
 *
 * A name gets its code on first use, by any thread; its NAME record is queued in the log before the
 * call returns, so it stands ahead of every record that uses it. The engine applies NAME records
 * into the state; on start it feeds them back by names_load. Codes are dense from 1 per kind and
 * never reused; code 0 is "no name". Look-ups take no lock; about 30 ns. */
#pragma once
#include "log/log.h"

typedef enum {
    NAME_EVENT = 1,
    NAME_PROPERTY,  /* of events, top level */
    NAME_ATTRIBUTE, /* of customers */
    NAME_SPACE,     /* identifier namespaces */
    NAME_SOURCE,
    NAME_TAG,
    NAME_TOPIC,
    NAME_CHANNEL,
    NAME_OBJECT, /* ids of configuration: journeys, segments, templates, steps */
    NAME_KIND_COUNT
} name_kind;

enum { NAME_BYTES_MAX = 255, NAMES_MAX = 1 << 16 /* per kind; namespaces, channels: 256 */ };

struct names;
struct names *
names_new(struct log *log); /* keeps `log`, may be NULL (then no records, and a known key) */
void names_free(struct names *n);

/* The code, given if need be; its record is urgent. ERR_LIMIT when the kind is full, ERR_INVALID
 * for an empty or too long text or one that is no UTF-8, and log_append's errors. */
MUST_USE err names_code(struct names *n, name_kind kind, str text, u32 *out);
u32 names_find(struct names *n, name_kind kind, str text); /* 0 if there is none */
/* The text of a code; empty if unknown. Good for the life of `n`. */
str names_text(struct names *n, name_kind kind, u32 code);
u32 names_count(struct names *n, name_kind kind);
/* On start, from the state, and for each NAME record that is read again: no record is written.
 * MUST: a code has one text, for ever. */
void names_load(struct names *n, name_kind kind, u32 code, str text);

/* The payload of a NAME record (kind RECORD_NAME = 1): kind u8, code u32, text to the end. */
enum { RECORD_NAME = 1 };
