/* intake.h — the edge in: bodies of SDK calls → normalised records, ready for the log.
 *
 *   gzip ─intake_inflate─► body ─intake_batch─► RECORD_ITEM_ records (log_append) + what was
 * refused │ └─ JSON is walked once into value bytes (json.cc), mapped to an item (segment.c),
 * identifiers and times are normalised (normal.c)
 *
 * Everything below the log decodes and never parses; so whatever needs a library or a judgement
 * about text happens here, in parallel on as many `struct intake` as there are threads. One item's
 * trouble is its own: it is listed as rejected and the batch goes on. Rules of the wire:
 * docs/events.md. */
#pragma once
#include "base/hash.h"
#include "base/zone.h"
#include "log/names.h"

struct intake;

struct intake_options {
    struct env *env;     /* ids for messages that come without one */
    struct names *names; /* shared by all */
    struct sip_key key;  /* the directory's */
    /* The workspace's zone: times sent without one are read in it. NULL is UTC. Kept. */
    const struct zone *zone;
    str phone_country;  /* "CN": numbers sent without a country are from there; empty: kept as sent
                         */
    u32 body_bytes_max; /* 0 = 4 MiB */
    u32 item_bytes_max; /* 0 = 32 KiB */
    u32 browser_names_max; /* new names a day that a browser key may bring; 0 = 200 */
    /* A time zone's name was met for the first time here: puts its ZONE record into the log if need
     * be; false if there is no such zone. NULL: every name that looks like one is taken. */
    bool (*on_zone)(void *ctx, str name);
    void *ctx;
};

struct intake *intake_new(const struct intake_options *o);
void intake_free(struct intake *in); /* NULL is allowed */
/* A changed workspace zone or country; `zone` as above. */
void intake_settings(struct intake *in, const struct zone *zone, str phone_country);

struct intake_source {
    u32 code;     /* NAME_SOURCE */
    bool browser; /* a public key: bounded new names, RECORD_BROWSER */
    bool ours;    /* none of a client's: it may be one of Beckon's own events */
    bool history; /* an import of the past: nothing is triggered, also by INTAKE_ITEM */
};

/* What was called; INTAKE_BATCH and INTAKE_IMPORT take {"batch": […]}. */
typedef enum {
    INTAKE_IDENTIFY,
    INTAKE_TRACK,
    INTAKE_PAGE,
    INTAKE_SCREEN,
    INTAKE_GROUP,
    INTAKE_ALIAS,
    INTAKE_BATCH,
    INTAKE_IMPORT,
    /* One item as the API has it, never an SDK's: {"type": "customer" | "track" | "page" |
     * "screen", "identifiers": {namespace: value}}; a customer with "attributes" (null removes),
     * "consent" and "tags" (a list, "-name" takes one off). */
    INTAKE_ITEM
} intake_call;
/* The last part of a path: "track", "t", "batch"…; false if it is none of them. */
bool intake_call_of(str name, intake_call *out);

enum { REJECTIONS_KEPT = 32, REJECTION_SAMPLE_MAX = 512 };

struct rejection {
    u32 index;        /* of the item in its batch */
    char reason[192]; /* a sentence without values of the customer's */
    char sample[REJECTION_SAMPLE_MAX];
    u32 sample_bytes; /* whole characters */
};

struct intake_result {
    u32 accepted, rejected;
    u32 kept; /* of the rejections, the first ones */
    struct rejection rejections[REJECTIONS_KEPT];
};

/* Appends one record for each accepted item to `records` (its limit should be APPEND_BYTES_MAX) and
 * fills `out`. ERR_OK also if every item was rejected. Nothing is appended on an error: ERR_INVALID
 * the body as a whole is no JSON, or has no batch ERR_TOO_LARGE  the body or what it became and
 * names_code's: ERR_BUSY, ERR_FULL, ERR_IO. About 1.4 µs an item; no allocation once buffers have
 * grown. */
MUST_USE err intake_batch(struct intake *in, const struct intake_source *from, intake_call call,
                          str body, i64 now_ms, struct buf *records, struct intake_result *out,
                          struct diag *why);

/* Unpacks a gzip or zlib body into `out` (reset first), up to out's limit. ERR_TOO_LARGE beyond it
 * or where a small body unpacks 500-fold, ERR_INVALID when damaged, cut or followed by something
 * else. */
MUST_USE err intake_inflate(str packed, struct buf *out, struct diag *why);
