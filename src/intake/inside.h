/* inside.h — what the files of intake share: the working memory of one thread, and one item under way. */
#pragma once
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

struct intake {
    struct intake_options o;
    char country[2];
    struct body *body;
    struct name_slot slots[NAME_SLOTS];
    struct zone_slot zones[ZONE_SLOTS];
    struct quota *quotas;
    u32 quota_count;
    char rooms[RECORD_IDS_MAX][NORMAL_BYTES_MAX]; /* normal forms of the item's identifiers */
    struct buf props, traits, consents, context, rest, text, payload;
    u32 rest_count;
};

/* One call of intake_batch. */
struct batch_run {
    struct intake *in;
    const struct intake_source *from;
    intake_call call;
    i64 now_ms;
    value context; /* the batch's, for items that lack members of it */
    value sent_at;
    struct buf *records;
    struct intake_result *out;
    struct diag *why;
};

/* One item on its way to a record. */
struct making {
    struct record record;
    struct item item;
};

/* ---- segment.c ---- */

/* Maps a call to `m` and appends its record. ERR_REFUSED with the reason, or an error of the log's. */
MUST_USE err segment_map(struct batch_run *run, value call, struct making *m, struct diag *why);

/* ---- member.c: names, lists of coded values ---- */

/* The code of a name, given if need be; 0 if it gets none here (too long, kind full, quota used up). */
MUST_USE err member_code(struct batch_run *run, name_kind kind, str text, u32 *code);
u32 member_find(struct intake *in, name_kind kind, str text); /* 0 if there is none */

/* Appends {code, value} to a list, or the name and value to in->rest where the name has no code. */
MUST_USE err member_put(struct batch_run *run, name_kind kind, struct buf *list, str key, value v);
/* All members of a MAP, dates recognised; nothing for another value. */
MUST_USE err member_put_all(struct batch_run *run, name_kind kind, struct buf *list, value map);
/* Ends a list: what lies in in->rest goes under code 0. */
void member_put_rest(struct intake *in, struct buf *list);

/* ---- context.c ---- */

/* The context of an item over that of its batch: bytes of MAP members without library, traits and what was
 * taken out: `zone` (a known time zone's name, or empty) and `token` (a device's push token, or empty). */
struct context {
    value kept; /* MAP, or MISSING */
    str zone, token;
};
void context_read(struct batch_run *run, value item, struct context *out);
/* Is there such a zone? Asks once for each name. */
bool context_zone_known(struct intake *in, str name);
