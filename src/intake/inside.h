/* inside.h — what the files of intake share: the working memory of one thread, and one item under
 * way. */
#pragma once
#include "base/bytes.h"
#include "engine/record.h"
#include "intake/body.h"
#include "intake/intake.h"
#include "intake/normal.h"

enum { NAME_SLOTS = 1024, ZONE_SLOTS = 64, CONTEXT_BYTES_MAX = 4096, MESSAGE_ID_MAX = 256 };

/* A name met before: codes never change, so a hit needs no lock and no hash of all its bytes. */
struct name_slot {
    const char *text; /* names_text's view */
    u32 n, code;
    name_kind kind;
};

struct zone_slot {
    char name[64];
    size_t n; /* 0: free */
    bool known;
};

/* New names a browser key has brought on a day. */
struct quota {
    u32 source, used;
    i64 day;
};

/* One item on its way to a record. */
struct making {
    struct record record;
    struct item item;
    struct diag why;
};

struct intake {
    struct intake_options o;
    char country[2];
    struct body *body;
    struct name_slot slots[NAME_SLOTS];
    struct zone_slot zones[ZONE_SLOTS];
    struct quota *quotas;
    u32 quota_count;
    char rooms[RECORD_IDS_MAX][NORMAL_BYTES_MAX]; /* normal forms of the item's identifiers */
    struct buf props, traits, consents, tags, context, rest, text, payload;
    u32 rest_count;
    struct making making;
};

/* The bytes of one value that encode.c wrote; none: missing. BYTES_SLACK more may be read. */
struct slice {
    const u8 *at;
    size_t n;
};

static inline value_type slice_type(struct slice s)
{
    return s.n ? (value_type)*s.at : VALUE_MISSING;
}

static inline bool slice_given(struct slice s)
{
    return slice_type(s) > VALUE_NULL;
}

static inline value slice_value(struct slice s)
{
    struct reader r = reader_of((str){(const char *)s.at, s.n});
    return s.n ? value_read(&r) : value_missing();
}

static inline str slice_text(struct slice s)
{
    if (slice_type(s) != VALUE_TEXT) return (str){0};
    const u8 *p = s.at + 1;
    return bytes_str(&p);
}

/* A walk over the members of a MAP; over nothing for another value. */
struct members {
    const u8 *p, *end;
    u32 count;
};

static inline struct members members_of(struct slice map)
{
    struct members m = {0};
    if (slice_type(map) != VALUE_MAP) return m;
    const u8 *p = map.at + 1;
    bytes_varint(&p);
    m.count = (u32)bytes_varint(&p);
    m.p = p;
    m.end = map.at + map.n;
    return m;
}

static inline bool members_next(struct members *m, str *key, struct slice *v)
{
    if (m->p == m->end) return false;
    *key = bytes_str(&m->p);
    v->at = m->p;
    m->p = bytes_skip_value(m->p);
    v->n = (size_t)(m->p - v->at);
    return true;
}

/* The last member of that name. */
static inline struct slice members_find(struct members m, str name)
{
    struct slice v, found = {0};
    for (str key; members_next(&m, &key, &v);)
        if (str_eq(key, name)) found = v;
    return found;
}

/* One call of intake_batch. */
struct batch_run {
    struct intake *in;
    const struct intake_source *from;
    intake_call call;
    i64 now_ms;
    struct slice context; /* the batch's, for items that lack members of it */
    i64 clock_error_ms;   /* ours less theirs, by the batch's sentAt */
    struct buf *records;
    struct intake_result *out;
};

/* ---- segment.c ---- */

/* Maps a call to a record and appends it. ERR_REFUSED with the reason in making.why, or an error of
 * the log's. */
MUST_USE err segment_map(struct batch_run *run, struct members call);
/* What a client's clock is to be put right by; 0 if that cannot be told. */
i64 segment_clock_error(struct batch_run *run, struct slice sent_at);

/* ---- member.c: names, lists of coded values ---- */

/* The code of a name, given if need be; 0 if it gets none here (too long, kind full, quota used
 * up). */
MUST_USE err member_code(struct batch_run *run, name_kind kind, str text, u32 *code);
u32 member_find(struct intake *in, name_kind kind, str text); /* 0 if there is none */

/* Appends {code, value} to a list, dates recognised, or the name and value to in->rest where the
 * name has no code. */
MUST_USE err member_put(struct batch_run *run, name_kind kind, struct buf *list, str key,
                        struct slice v);
MUST_USE err member_put_all(struct batch_run *run, name_kind kind, struct buf *list,
                            struct members m);
/* Ends a list: what lies in in->rest goes under code 0. */
void member_put_rest(struct intake *in, struct buf *list);

/* ---- context.c ---- */

/* The context of an item over that of its batch, without library, traits and what was taken out of
 * it: the name of a time zone that is known, and a device's push token. */
struct context {
    value kept; /* MAP, or MISSING */
    str zone, token;
};
void context_read(struct batch_run *run, struct slice item, struct context *out);
/* Is there such a zone? Asks once for each name. */
bool context_zone_known(struct intake *in, str name);
