/* record.h — every kind of record the engine learns by, encoded and decoded.
 *
 * The header (log.h) says when, from where and about whom; the payload here says what. A kind has a
 * number for ever; its meaning changes only behind a level. Writers: intake (ITEM), server (the
 * rest of what people do), outbox (CLAIM, ANSWER), the engine itself (TICK, SLICE, proposed outside
 * apply). Every decoder refuses bytes it does not know whole: false, and nothing is applied. */
#pragma once
#include "base/hash.h"
#include "base/props.h"
#include "log/fixed.h"
#include "log/log.h"
#include "log/names.h"

#define RECORD_LIST(X)                                                                             \
    X(NAME, 1)      /* a name and its code (log/names.h) */                                        \
    X(KEY, 2)       /* the directory's hash key, once, first */                                    \
    X(LEVEL, 3)     /* the engine level from here on */                                            \
    X(START, 4)     /* a process begins: claims without answer become unknown */                   \
    X(HEARTBEAT, 5) /* every ten minutes */                                                        \
    X(ZONE, 6)      /* a time zone's name and its TZif bytes */                                    \
    X(SETTING, 7)   /* a workspace setting: name and value */                                      \
    X(TICK, 8)      /* something is due at the batch's time */                                     \
    X(ITEM, 16)     /* an event, an identify, an edit of a customer */                             \
    X(MERGE, 17)    /* two customers are one, said by a person or an alias */                      \
    X(UNMERGE, 18)  /* a link is cut */                                                            \
    X(ERASE, 19)    /* a customer is forgotten */                                                  \
    X(SCHEMA, 20)   /* an attribute's type, an identifier's rules */                               \
    X(SUPPRESS, 21) /* an address must not be used, or may again */                                \
    X(PUBLISH, 32)  /* a version of a configuration object, compiled */                            \
    X(OPERATE, 33)  /* pause, resume, stop, roll out */                                            \
    X(REMOVE, 34)   /* a configuration object is gone */                                           \
    X(CLAIM, 48)    /* the outbox asks to send one message */                                      \
    X(ANSWER, 49)   /* what the provider said */                                                   \
    X(RECEIPT, 50)  /* what became of it later */                                                  \
    X(SEND, 51)     /* one message that a program asks for */                                      \
    X(TASK, 52)     /* a person's outcome of a task */                                             \
    X(CODES, 53)    /* coupon codes for a pool */                                                  \
    X(UNDO, 54)     /* an import is taken back, a range of personas at a time */                   \
    X(IMPORT, 55)   /* how far an import came */                                                   \
    X(LIST, 56)     /* customers put on a list that people keep by hand, or taken off */           \
    X(BULK, 57)     /* events of one customer, out of a file of history */                         \
    X(GIVE, 59)     /* a task that a person gives by hand */                                       \
    X(JOB, 64)      /* work over many customers begins or ends */                                  \
    X(SLICE, 65)    /* a piece of it */

enum record_kind {
#define X(name, number) RECORD_##name##_ = number,
    RECORD_LIST(X)
#undef X
};

/* The level this binary writes; a log with a higher one is refused with the version to use. */
enum { ENGINE_LEVEL = 1 };

/* struct record.flags */
enum {
    RECORD_HISTORY = 1 << 0, /* imported as history: never triggers */
    RECORD_BROWSER = 1 << 1, /* a public key: adds, does not overrule what is confirmed */
    RECORD_IMPORT = 1 << 2,  /* came by an import (dedupe and freshness as said there) */
    RECORD_FILE = 1 << 4,    /* of a file's import, which can be taken back by its source */
    RECORD_ALIAS = 1 << 3,   /* an ITEM_ALIAS: also a blanked one joins what it joined */
};

/* Gives the fixed names their codes; before the first record is read or written. */
void record_fixed_names(struct names *names);

/* ---- ITEM: what intake makes of SDK calls, imports, forms and edits ---- */

typedef enum {
    ITEM_TRACK = 1,
    ITEM_IDENTIFY,
    ITEM_PAGE,
    ITEM_SCREEN,
    ITEM_GROUP,
    ITEM_ALIAS,
    ITEM_EDIT
} item_what;

/* All views. Lists are bytes in the forms said; empty = nothing.
 *   props    base/props.h, codes of NAME_PROPERTY; the context is PROPERTY_CONTEXT
 *   traits   base/props.h, codes of NAME_ATTRIBUTE; a NULL value removes the attribute
 *   consents as item_consent_put writes them
 *   tags     {varint tag code, u8 on, zigzag expires_ms (NEVER: does not)}… */
struct item {
    item_what what;
    u32 event;      /* code of NAME_EVENT; 0 for EDIT and IDENTIFY */
    str message_id; /* as sent; its hash stands in the header */
    str props, traits, consents, tags;
    str values[RECORD_IDS_MAX]; /* normal form of the header's identifiers, same order */
    str raws[RECORD_IDS_MAX];   /* as sent, empty where equal to the normal form; both: as many as
                                 * there are identifiers */
};
/* For ALIAS: ids[0] is the previous id, ids[1] the one that stays. A third one is the previous id
 * read as an anonymous id (the wire does not say which it is): it counts if nobody has ids[0]. */

enum { ITEM_DEPTH_MAX = 32 /* nesting of one property or trait */ };

/* How somebody came to say yes or no, for Consent Changed: what led to it ("form", "one-click",
 * "preference page", "api"…), the words that were agreed to, the page or form, and who wrote it
 * down. Empty: not known. Cut to 1,000 bytes each. */
struct consent_proof {
    str reason, text, source, by;
};
/* CONSENT_UNLESS_NO: yes, said of many at once (an import); it overrules nobody's no. */
enum { CONSENT_NO, CONSENT_YES, CONSENT_UNSET, CONSENT_UNLESS_NO, CONSENT_PROOF_MAX = 1000 };
/* One more of an item's consents: {varint channel, varint topic (0 = the channel), u8 state, with a
 * proof plus 16 and then its four texts}. `proof` may be NULL. */
void item_consent_put(struct buf *b, u32 channel, u32 topic, u8 state,
                      const struct consent_proof *proof);
struct item_consent {
    u32 channel, topic;
    u8 state;
    struct consent_proof proof;
};
/* The next of a list; false at its end, or when `r` turned bad. */
bool item_consent_next(struct reader *r, struct item_consent *out);

/* Appends the payload. Absent parts cost nothing. */
void item_put(struct buf *b, const struct item *item, u32 id_count);
/* Reads the frame, the consents and the tags; false on anything damaged or left over, also on a
 * blanked (empty) payload. `props` and `traits` are framed views: props_next stops at damage, and
 * item_valid walks them whole for those who do not trust their writer. */
bool item_read(str payload, u32 id_count, struct item *out);
bool item_valid(const struct item *item);

/* ---- the rest ---- */

/* KEY: the key of every SipHash of this directory. */
void key_put(struct buf *b, struct sip_key key);
bool key_read(str payload, struct sip_key *out);

struct zone_record {
    str name, tzif;
};
void zone_put(struct buf *b, const struct zone_record *z);
bool zone_read(str payload, struct zone_record *out);

struct start_record {
    u64 identity[2]; /* of the directory: a clone is known by a change */
    i64 wall_ms;
    str version;
};
void start_put(struct buf *b, const struct start_record *s);
bool start_read(str payload, struct start_record *out);

struct setting_record {
    str name;
    value value;
};
void setting_put(struct buf *b, const struct setting_record *s);
bool setting_read(str payload, struct setting_record *out);

/* What can be published; the numbers are in the log. */
typedef enum {
    OBJECT_JOURNEY = 1,
    OBJECT_SEGMENT,
    OBJECT_TEMPLATE,
    OBJECT_POLICY,
    OBJECT_CHANNEL,
    OBJECT_COUPON,
    OBJECT_FORM,
    OBJECT_WEBHOOK,
    OBJECT_TAG,
    OBJECT_STAGES,
    OBJECT_SCORE,
    OBJECT_LEVELS,
    OBJECT_TOPIC
} object_kind;

/* The one policy there is: what messages have to keep to. */
#define POLICIES_ID "policies"
struct publish_record {
    object_kind kind;
    str id;       /* the name people gave it; NAME_OBJECT's text */
    u32 code;     /* its code of NAME_OBJECT */
    str source;   /* JSON as written, kept for showing */
    str compiled; /* what replay loads, never validated again */
};
void publish_put(struct buf *b, const struct publish_record *p);
bool publish_read(str payload, struct publish_record *out);

typedef enum {
    OPERATE_PAUSE = 1,
    OPERATE_RESUME,
    OPERATE_STOP,
    OPERATE_ROLLOUT,
    OPERATE_SENDING_HOLD,
    OPERATE_SENDING_RELEASE,
    OPERATE_PROMOTION_HOLD, /* what is promotional waits; the rest goes on */
    OPERATE_PROMOTION_RELEASE
} operate_what;
struct operate_record {
    operate_what what;
    u32 code;    /* the journey's NAME_OBJECT code; 0: everything */
    u32 percent; /* ROLLOUT: × 100 */
};
void operate_put(struct buf *b, const struct operate_record *o);
bool operate_read(str payload, struct operate_record *out);

struct claim_record {
    u32 message;     /* row */
    hash128 id;      /* stable id: a claim for another life of the row is ignored */
    u64 rendered_at; /* number of the last record applied when it was rendered */
    hash128 address; /* keyed hash of (channel, normal form) */
    u64 fingerprint; /* of the content */
    u32 content;     /* version of the template */
    str values;      /* what it said of her: a MAP's value bytes (with its type), or empty */
};
/* Its values are hers: the header names identifiers of hers, so that an erasure empties it. */
enum { CLAIM_VALUES_MAX = 64 << 10 };
/* Among the values of a notice to the staff: the address that it goes to. */
#define CLAIM_NOTICE_TO "$notice.to"
void claim_put(struct buf *b, const struct claim_record *c);
bool claim_read(str payload, struct claim_record *out);

/* Classes of a provider's answer (shared/CHANNELS: one taxonomy for every channel). */
typedef enum {
    ANSWER_SENT = 1,
    ANSWER_REJECTED,
    ANSWER_BOUNCED,
    ANSWER_RETRY,
    ANSWER_UNKNOWN,
    ANSWER_RETURNED
} answer_class;
enum { ANSWER_DETAIL_MAX = 200 };
struct answer_record {
    u32 message;
    hash128 id;
    answer_class class;
    i64 retry_at_ms; /* RETRY: when to try again */
    str detail;      /* the provider's words, cut to 200 bytes */
};
void answer_put(struct buf *b, const struct answer_record *a);
bool answer_read(str payload, struct answer_record *out);

/* RECEIPT: what became of a message later, said by its provider or by a click. It names the message
 * by its customer (opaque id) and stable id, which a token carries, so that it is also known when
 * its row is gone. `machine`: no person did it; it is kept apart and moves no status. */
struct receipt_record {
    str customer;
    hash128 id;
    u8 status; /* message_status */
    bool machine;
    str detail; /* the target of a click, the provider's words; cut to 200 bytes */
};
void receipt_put(struct buf *b, const struct receipt_record *r);
bool receipt_read(str payload, struct receipt_record *out);

/* SEND: one message that a program asks for. To a customer by her opaque id, or (empty) by the
 * header's identifiers, who is made if nobody is known by them. The stable id follows from
 * `id_low`, which is made of the idempotency key: asked twice, sent once. */
struct send_record {
    str customer;
    str values_of[RECORD_IDS_MAX]; /* normal forms of the header's identifiers; without `customer`
                                    */
    u64 id_low, body;              /* body: hash of what was asked */
    u32 channel, topic;
    u8 category;
    str template_id, to, values; /* values: as in a claim */
};
void send_put(struct buf *b, const struct send_record *s, u32 id_count);
bool send_read(str payload, u32 id_count, struct send_record *out);

/* LIST: customers for a list kept by hand. personas: {varint number, varint how often it was given
 * before}… so that somebody who has the number by now is not taken for her. */
enum { LIST_PERSONAS_MAX = 20000 }; /* of one record */
struct list_record {
    u32 segment;
    bool in;
    str personas;
};
void list_put(struct buf *b, const struct list_record *l);
bool list_read(str payload, struct list_record *out);

/* CODES: codes for a coupon's pool. list: {varint length, code}… */
enum { CODE_BYTES_MAX = 64 };
struct codes_record {
    u32 coupon; /* NAME_OBJECT code */
    str list;
};
void codes_put(struct buf *b, const struct codes_record *c);
bool codes_read(str payload, struct codes_record *out);
/* TASK: what a person says came of a task; `by` is who. */
enum { TASK_OUTCOME_MAX = 256, TASK_NOTE_MAX = 4096 };
struct task_record {
    str task; /* its id */
    str outcome, note, by;
};
void task_put(struct buf *b, const struct task_record *t);
bool task_read(str payload, struct task_record *out);

/* GIVE: a task that a person gives by hand. The header has identifiers of the customer, so
 * that it is blanked with her; list: {varint length, outcome}… */
enum { TASK_KIND_MAX = 256, TASK_OWNER_MAX = 256, TASK_OUTCOMES_MAX = 8 };
struct task_open_record {
    str customer; /* opaque id */
    str kind, owner, note, by;
    str outcomes[TASK_OUTCOMES_MAX];
    u32 outcome_count;
    i64 due_ms; /* NEVER: at any time */
};
void task_open_put(struct buf *b, const struct task_open_record *t);
bool task_open_read(str payload, struct task_open_record *out);

/* Records that name a customer do so by the opaque id (customer_id), which no other ever has.
 * MERGE: whom to join. Without a payload the header's two identifiers name them. */
enum { CUSTOMER_ID_BYTES = 32 };
struct merge_record {
    str a, b;
};
void merge_put(struct buf *b, const struct merge_record *m);
bool merge_read(str payload, struct merge_record *out);

/* UNMERGE: cuts the link by which this persona hangs on its customer (customer_cut). ERASE: forgets
 * the customer she belongs to then. Neither names an identifier in its header: what is blanked
 * later must not take the record along that asked for it. */
void persona_put(struct buf *b, str id);
bool persona_read(str payload, str *out);

/* SCHEMA: what people decided about an attribute or a namespace (customer.h has the meaning). */
typedef enum { SCHEMA_ATTRIBUTE = 1, SCHEMA_NAMESPACE } schema_what;
struct schema_record {
    schema_what what;
    u32 code; /* NAME_ATTRIBUTE, NAME_SPACE */
    /* ATTRIBUTE */
    u8 type; /* attribute_type */
    bool confirmed, personal;
    /* NAMESPACE */
    u8 strength; /* id_strength */
    bool unique;
    u16 limit, priority;
};
void schema_put(struct buf *b, const struct schema_record *s);
bool schema_read(str payload, struct schema_record *out);

struct slice_record {
    u32 job;      /* a segment's code; a journey's with the topmost bit */
    u32 from, to; /* personas [from, to) */
    u64 at;       /* position of answers computed beside; 0 = evaluate in apply */
    str answers;  /* bits for [from, to) */
};
void slice_put(struct buf *b, const struct slice_record *s);
bool slice_read(str payload, struct slice_record *out);

/* ERASURE, off: of everybody erased by a record up to `number` nothing is left on the disk. */
/* ERASE_MEMBERS, on: everybody who is in a segment now is erased; off: the next of them are. */
typedef enum { JOB_ERASURE = 1, JOB_ERASE_MEMBERS } job_kind;
struct job_record {
    u8 kind;
    u8 on;
    u32 object; /* NAME_OBJECT code */
    u64 number;
};
void job_put(struct buf *b, const struct job_record *j);
bool job_read(str payload, struct job_record *out);

/* IMPORT: ends a chunk of an import's records, with all counts up to there. It is appended together
 * with them, so that a start finds neither more nor less of the import than this says. */
enum import_state { IMPORT_RUNNING = 1, IMPORT_DONE, IMPORT_UNDOING, IMPORT_UNDONE };
struct import_record {
    u32 source;   /* NAME_SOURCE of all it brings */
    u8 state;     /* RUNNING, DONE */
    u64 position; /* rows that were dealt with, in the import's own order */
    u64 accepted, rejected, warnings;
    u64 error_bytes; /* of its file of errors */
};
void import_put(struct buf *b, const struct import_record *i);
bool import_read(str payload, struct import_record *out);

/* BULK: rows of a file that name one customer by the header's one identifier and bring nothing but
 * events: each means what an ITEM_TRACK record of its own would. One record has no more than one
 * customer, so that an erasure, which empties records by their header, takes hers and no others.
 *
 *   value, raw   as an item's
 *   rows         {varint event, zigzag time after the row before (the first: the header's), message
 *                id, its hash if it is not empty, props}…, texts with their lengths */
enum { BULK_BYTES_MAX = 256 << 10 /* no row is added beyond */ };
struct bulk_row {
    u32 event;
    i64 occurred_ms;
    hash128 dedupe; /* zero: none */
    str message_id, props;
};
struct bulk_record {
    str value, raw;
    struct reader rows;
    i64 at; /* of the row before */
};
void bulk_put(struct buf *b, str normal, str raw); /* then the rows */
void bulk_row_put(struct buf *b, const struct bulk_row *row, i64 before);
/* `at`: the header's time. */
bool bulk_read(str payload, i64 at, struct bulk_record *out);
/* The next row; false at the end, or where rows.bad. */
bool bulk_next(struct bulk_record *b, struct bulk_row *out);

/* UNDO: what an import brought to the personas [from, to) is taken back; `to` 0: to the end, and
 * that ends it. */
struct undo_record {
    u32 source;
    u32 from, to;
};
void undo_put(struct buf *b, const struct undo_record *u);
bool undo_read(str payload, struct undo_record *out);

/* SUPPRESS. Hashes alone, and none in the header: it outlives the erasure of who has the address.
 */
struct suppress_record {
    u32 channel;
    hash128 address;
    u8 reason;               /* 0: may be used again; else enum suppression of customer.h */
    struct record_id holder; /* the identifier that the address is */
};
void suppress_put(struct buf *b, const struct suppress_record *s);
bool suppress_read(str payload, struct suppress_record *out);
