/* customer.h — who they are: personas joined into customers, identifiers, attributes, tags,
 * consent.
 *
 *   identifiers of a record ─resolve─► persona ─head─► customer (the merged view)
 *                                         │
 *                                 link / cut (merge, unmerge: every link explained)
 *
 * A persona is a leaf that never changes its number; a customer is the set of personas joined under
 * one head (the survivor). Rows, columns, tags and consent belong to heads and hold the merged
 * view; change events kept by `event` are per persona, so that unmerge can fold them again. All of
 * it lies in store tables; hash indexes are derived (customers_rebuild after a load). Engine thread
 * only, but for what takes a `customer_view` of an epoch. Nothing here knows events, journeys or
 * the clock: `now` and `when` are arguments. What changed is returned as `struct change`, and the
 * engine writes it down. */
#pragma once
#include "base/hash.h"
#include "base/n48.h"
#include "base/props.h"
#include "store/store.h"

typedef u32 persona; /* 1…; 0 is nobody. Assigned in log order; a visitor's may be given again */

enum { PERSONAS_MAX = 1u << 27 };

/* One per persona. Fields of higher layers are kept here for speed; they alone edit them. Moments
 * are in ms. */
struct customer_row {
    u64 version;          /* the store's */
    persona head;         /* itself when a head; 0: no such persona (erased, expired) */
    persona next_of_head; /* ring of the personas of one customer */
    struct n48 changed; /* number of the record that last changed anything a message or rule sees */
    struct n48 first_seen, last_seen;
    struct n48 next_due; /* engine: the customer's one timer; 0 = none */
    struct n48 written;  /* customer: see customer_internal.h */
    u16 flags;           /* CUSTOMER_* */
    u64 consent;         /* two bits per channel code: 0 not recorded, 1 yes, 2 no */
    u32 identifiers;     /* first row of the identifier list, newest first */
    u32 tags;            /* customer: a packed list */
    u32 values;          /* customer: a packed list of what does not lie in columns */
    u32 leaves;          /* segment: first row of live rule state */
    u32 enrolments;      /* journey: first of the list */
    u32 messages;        /* message: first of the list */
};
_Static_assert(sizeof(struct customer_row) == 80, "a million customers have a million of them");

enum {
    CUSTOMER_KNOWN = 1 << 0, /* has or had a strong identifier */
    CUSTOMER_ERASED = 1 << 1,
    CUSTOMER_NO_PROFILE = 1 << 2,
    CUSTOMER_MET = 1 << 3,   /* segment: every rule has been asked about her once */
    CUSTOMER_LIFE_SHIFT = 4, /* customer: how often this number was given before */
};

struct customers;
struct customers *customers_new(struct store *s, struct sip_key key);
void customers_free(struct customers *c);
/* The key may come later, by the first record; not before a snapshot is loaded, which brings it. */
void customers_set_key(struct customers *c, struct sip_key key);
/* After a snapshot was loaded: the hash indexes. O(identifiers). */
void customers_rebuild(struct customers *c);
u64 customers_derived_bytes(const struct customers *c);

const struct customer_row *customer_at(const struct customers *c, persona p);
struct customer_row *customer_edit(struct customers *c, persona p);
persona customer_head(const struct customers *c, persona p);
/* Highest persona ever + 1: the range of every pass. */
persona customers_end(const struct customers *c);
u32 customers_count(const struct customers *c); /* heads alive */
/* Counts whatever gives a persona another head than it had, or none; a new number at the end is no
 * such move. While it stands still, who belongs to whom does. Of this process alone. */
u64 customers_moves(const struct customers *c);
/* The personas of a customer, head first, then ascending; returns how many (≤ max are written). */
u32 customer_personas(const struct customers *c, persona head, persona *out, u32 max);

/* The outside's opaque id: 32 hex digits, computed from the persona, how often its number was given
 * before, and the directory's key (SipHash), so it costs no memory and is never given twice.
 * customer_by_id: 0 for what is no id of ours, or of somebody whose number another has now. */
void customer_id(const struct customers *c, persona p, char out[33]);
persona customer_by_id(const struct customers *c, str id);

/* ---- identifiers ---- */

typedef enum { STRENGTH_DEVICE, STRENGTH_WEAK, STRENGTH_STRONG } id_strength;

/* What a namespace means (SCHEMA records change it). Defaults: user_id, member_no, wechat_*, wecom,
 * alipay strong and unique (wechat_openid per app: the value carries "APP:"); email and phone weak;
 * anonymous_id, device_token: device. */
struct space_rule {
    id_strength strength;
    bool unique;  /* one value per customer: two differing ones keep customers apart */
    u16 limit;    /* values kept per customer */
    u16 priority; /* among equally strong: lower wins */
};
struct space_rule customer_space(const struct customers *c, u32 space);
void customer_space_set(struct customers *c, u32 space, struct space_rule rule);

/* An identifier of a record: hash under the key, with the texts where the payload still has them.
 */
struct identifier {
    u32 space;
    hash128 hash;
    str value, raw; /* empty when blanked; raw empty if equal to value */
    bool claimed;   /* by the public: no key vouches for it */
};

/* The hash of a (namespace, normal form): what stands in record headers. Any thread. */
hash128 identifier_hash(struct sip_key key, u32 space, str normal_form);

typedef enum { LINK_SAME_RECORD = 1, LINK_WEAK_UNIQUE, LINK_ALIAS, LINK_MANUAL } link_why;

/* What resolving found and did. At most one new persona; links made are listed so that the engine
 * can move enrolments, messages and rule state from `from` to `to` (survivor) and write Customers
 * Merged. */
struct resolved {
    persona persona; /* where the record's events go */
    persona head;    /* after the links */
    bool is_new;     /* persona was made by this record */
    u32 link_count;
    struct {
        persona from, to; /* heads: `from` joined `to` */
        link_why why;
    } links[16];
    u32 conflict_count; /* identifiers that name two customers who must stay apart */
    i64 known_from; /* the one identifier was known and led to them: so it does for whatever comes
                       next in its record from that time on (customer_seen); else NEVER */
};

/* Finds or makes the persona of a record's identifiers and joins what they prove to be one (DESIGN
 * §4, SEMANTICS "Merge"): strong ids join across namespaces; two differing values of a unique
 * strong namespace never join; a weak id joins only if exactly one customer holds it and no strong
 * ids differ, else it becomes a shared contact point; a device seen with a second strong user moves
 * to a new persona of that user, the index keeps one link back for 7 days. Survivor: the strongest
 * identifier, then the oldest. `when` orders, `number` is the record's. n ≥ 1.
 *
 * A weak id that leads to somebody known by a strong one makes a persona of its own and a link, so
 * that the guess can be cut. A record of nothing but shared contact points goes to a customer
 * without a name. Who was cut apart is joined again only by customer_link. A namespace with limit 0
 * (group_id) names nobody. A user who is known already takes a device over without a new persona,
 * so that a family's tablet does not make one at every turn. Persona 0: PERSONAS_MAX are there, or
 * no id has a namespace. */
void customer_resolve(struct customers *c, const struct identifier *ids, u32 n, i64 when,
                      u64 number, struct resolved *out);
/* She did something then: all that customer_resolve leaves where it has nothing to find out. */
void customer_seen(struct customers *c, persona head, i64 when);
/* Prefetches what customer_resolve will touch; called some records ahead. Three stages, each of
 * which finds what the one before fetched: 0 the index slot, 1 the identifier's row, 2 the
 * persona's row: gives her number then, else 0. */
persona customer_prefetch(const struct customers *c, hash128 id, u32 stage);
/* The head that holds this identifier now; 0 if nobody, or if it is shared by several. */
persona customer_find(const struct customers *c, u32 space, hash128 hash);
/* Heads that hold it as a contact point, ascending; returns how many there are, up to 64. */
u32 customer_holders(const struct customers *c, u32 space, hash128 hash, persona *out, u32 max);

/* Called each time before `from` becomes `to`'s: both views are still their own, for the last time.
 */
void customers_on_join(struct customers *c, void (*before)(void *ctx, persona from, persona to),
                       void *ctx);
/* Explicit joining (alias, a person's decision): ERR_CONFLICT when not allowed, ERR_NOT_FOUND. */
MUST_USE err customer_link(struct customers *c, persona a, persona b, link_why why, i64 when,
                           u64 number, struct resolved *out);
/* Takes `p`'s part out of its customer again: personas that hang on that link form their own
 * customer; the merged views of both are cleared and filled again by customer_fold with the change
 * events. */
MUST_USE err customer_cut(struct customers *c, persona p, u64 number, persona *a, persona *b);

/* Every link that ties her personas or did, in the order they were made. */
struct link_view {
    persona a, b;
    link_why why;
    i64 when;
    u64 number, cut_number; /* records; 0: it holds */
};
bool customer_next_link(const struct customers *c, persona head, u32 *cursor,
                        struct link_view *out); /* *cursor starts at 0 */

/* Each identifier of a head, newest first. */
struct identifier_view {
    u32 space;
    persona persona;
    hash128 hash;
    str value, raw;
    i64 since_ms;
    bool shared;
};
bool customer_identifier(const struct customers *c, persona head, u32 *cursor,
                         struct identifier_view *out); /* *cursor starts at 0 */
/* The namespace whose identifiers are the addresses of a channel; 0: of none. */
u32 channel_space(u32 channel);
/* The address of a channel: email: email, sms and call: phone, push: device_token…; several: the
 * newest of those that are not merely claimed, else the newest. False if none. */
bool customer_address(const struct customers *c, persona head, u32 channel,
                      struct identifier_view *out);

/* ---- attributes, tags, consent ---- */

typedef enum { FIELD_ATTRIBUTE = 1, FIELD_TAG, FIELD_CONSENT, FIELD_IDENTIFIER } field_kind;

/* One change with both sides, for the timeline. Views are good until the record's end. */
struct change {
    field_kind field;
    u32 code;  /* attribute, tag, channel or namespace */
    u32 topic; /* CONSENT: NAME_TOPIC or 0 */
    persona persona;
    value old, new; /* MISSING: was not there, is gone */
    i64 expires_ms; /* TAG */
};

/* Each returns true and fills `out` if anything changed. The later `when` wins per field; at a tie
 * the later record (attributes, tags), the stricter consent. When customers join, a tie goes to the
 * greater value, so that the order of joining does not matter. A NULL value removes; what was
 * removed keeps its time. Types widen by the schema's rules (bool → int → decimal → text while
 * unconfirmed; misfits of a confirmed type are kept aside). A value of more than 256 KiB, and a new
 * field of a customer who has 16 KiB of sparse fields or tags already, is ignored. */
bool customer_set(struct customers *c, persona p, u32 attribute, value v, i64 when,
                  struct change *out);
bool customer_tag(struct customers *c, persona p, u32 tag, bool on, i64 expires_ms, i64 when,
                  struct change *out);
bool customer_consent(struct customers *c, persona p, u32 channel, u32 topic, u8 state, i64 when,
                      struct change *out);
/* Every field of a head as it is stored, also what was removed or is kept aside as a misfit, with
 * the time it was written; `each` gets no `old` and no `persona`, views good for the call. Folded
 * into an empty view they make the same one. O(attributes of the workspace). */
void customer_each_field(const struct customers *c, persona head,
                         void (*each)(void *ctx, const struct change *ch, i64 when), void *ctx);
/* Takes an identifier from the persona that has it; nothing if she has none such. */
void customer_drop_identifier(struct customers *c, persona p, u32 space, hash128 hash);
/* Empties a head's view, to be filled again by customer_fold. */
void customer_unfold(struct customers *c, persona head, u64 number);
/* Refolds a change event (after a cut) into head `p`'s view: the same rules, no output. In the
 * timeline's order. */
void customer_fold(struct customers *c, persona p, const struct change *ch, i64 when);
/* Everything of the customer goes: views, identifiers, links, strings, and all that her rows hold,
 * also for higher layers (which have taken theirs away before). The persona numbers stay unused. */
void customer_forget(struct customers *c, persona head);
/* Lets the number of somebody forgotten be given to somebody new, under another id: for visitors,
 * of whom millions come and go. Nothing but the timeline may name it any more, and that must forget
 * what it has up to now. Up to 4,095 times, then it stays unused. */
void customer_give_back(struct customers *c, persona p);

typedef enum {
    ATTRIBUTE_BOOL = 1,
    ATTRIBUTE_INT,
    ATTRIBUTE_DECIMAL,
    ATTRIBUTE_TEXT,
    ATTRIBUTE_DATE,
    ATTRIBUTE_TIME,
    ATTRIBUTE_LIST
} attribute_type;
struct attribute_rule {
    attribute_type type;
    bool confirmed, personal; /* personal: never dictionary-coded, goes with erasure */
    u64 misfits;
};
bool customer_attribute(const struct customers *c, u32 attribute, struct attribute_rule *out);
void customer_attribute_set(struct customers *c, u32 attribute, struct attribute_rule rule);

/* ---- reading: live (epoch NULL, engine thread) or at an epoch (any thread) ---- */

struct customer_view {
    const struct customers *c;
    const struct epoch *epoch;
};
/* False if the persona does not exist there. */
bool view_row(const struct customer_view *v, persona p, struct customer_row *out);
/* The value of a head's attribute; text views are good while the epoch is pinned (live: until it is
 * written again). Text that is not stored as such (packed times, numbers seen as text) is good for
 * this thread's next 64 reads. */
value view_attribute(const struct customer_view *v, persona head, u32 attribute);
bool view_tag(const struct customer_view *v, persona head, u32 tag, i64 now, i64 *expires_ms);
/* Tags of a head in ascending code; *cursor starts at 0. Expired ones are left out. */
bool view_next_tag(const struct customer_view *v, persona head, i64 now, u32 *cursor, u32 *tag,
                   i64 *expires_ms);
u8 view_consent(const struct customer_view *v, persona head, u32 channel, u32 topic);
/* Attributes that have a value, ascending code; *cursor starts at 0. */
bool view_next_attribute(const struct customer_view *v, persona head, u32 *cursor, u32 *attribute,
                         value *out);

/* One attribute of many customers: what view_attribute answers, several times as fast when heads
 * come in ascending order. `v` must outlive it; a live view must not change while it is in use. */
struct attribute_reader;
struct attribute_reader *attribute_reader_new(const struct customer_view *v, u32 attribute,
                                              struct arena *arena);
value attribute_next(struct attribute_reader *r, persona head);
/* Of the heads from + i whose bit i of `in` is set, keeps in `out` those whose value passes; equal
 * values may be asked about once. About 1 ns a customer where the column is dense, less where its
 * cells are codes of a byte. */
void attribute_test(struct attribute_reader *r, persona from, u32 n, const u64 *in, u64 *out,
                    bool (*passes)(void *ctx, value v), void *ctx);

/* One tag of many customers: of the heads from + i whose bit i of `in` is set, keeps in `out` those
 * who have it, as view_tag says. A bit a customer is read; those whose tag ends by itself are asked
 * one by one. The last word of `in` has no bits beyond n. */
struct tag_reader;
struct tag_reader *tag_reader_new(const struct customer_view *v, u32 tag, struct arena *arena);
void tag_test(const struct tag_reader *r, persona from, u32 n, const u64 *in, u64 *out, i64 now);

/* The same of a consent, as view_consent says. False: it is of a topic, or of a channel whose
 * consents do not lie in rows, and has to be asked customer by customer. */
bool consent_test(const struct customer_view *v, u32 channel, u32 topic, u8 state, persona from,
                  u32 n, const u64 *in, u64 *out);

/* The earliest moment after `now` at which time alone changes this customer here (a tag expires).
 */
i64 customer_until(const struct customers *c, persona head, i64 now);
/* Her tags that expired in [from, now], ascending code; *cursor starts at 0. */
bool customer_next_expired(const struct customers *c, persona head, i64 from, i64 now, u32 *cursor,
                           u32 *tag, i64 *expired);

/* ---- addresses: shared by whoever has them ---- */

typedef enum {
    SUPPRESSED_NOT = 0,
    SUPPRESSED_BOUNCE,
    SUPPRESSED_COMPLAINT,
    SUPPRESSED_MANUAL,
    SUPPRESSED_OPTED_OUT /* of a SUPPRESS record alone: sets opted_out and consents, not this */
} suppression;

struct address_row {
    u64 version;
    hash128 key; /* of (channel, normal form) */
    u32 channel;
    u8 suppressed; /* enum suppression */
    u8 opted_out;
    u16 soft_bounces;
    i64 since_ms;
    u32 sent; /* message: claims counted for caps, newest first */
    u32 spare;
};
hash128 address_key(struct sip_key key, u32 channel, str normal_form);        /* any thread */
const struct address_row *address_of(const struct customers *c, hash128 key); /* NULL if unknown */
/* The next address there is a row of, in the order they were met; *cursor starts at 0. NULL: no
 * more. */
const struct address_row *address_next(const struct customers *c, u32 *cursor);
struct address_row *address_edit(struct customers *c, u32 channel,
                                 hash128 key); /* made if need be */

/* By which of these channels (bits, of codes below 64) a message could go to the customer: consent,
 * and an address that is not suppressed. Any thread, at the epoch of the view it was opened on. */
struct reach;
struct reach *reach_open(const struct customer_view *v, struct sip_key key, struct arena *arena);
u64 reach_of(const struct reach *r, persona head, u64 channels);
/* A bit for each of [from, from + n) who may be reached by one of the channels: the others
 * consented to none. */
void reach_agreed(const struct customer_view *v, u64 channels, persona from, u32 n, u64 *out);

/* ---- the canonical hash ---- */

/* The sum of XXH3-128 over each customer's canonical bytes (names written out by `name`, no codes,
 * no row numbers but personas), and each address's. */
typedef str (*name_of)(void *ctx, u32 kind, u32 code);
hash128 customers_digest(const struct customers *c, i64 now, name_of name, void *ctx);
