/* segment.c — Segment's and RudderStack's calls become items: whose it is, what it says, when it
 * was.
 *
 * The call is a MAP as it came; its members are looked at once and each goes to its place. What a
 * member is worth depends on the type of the call alone (docs/events.md). */
#include "customer/customer.h"
#include "intake/inside.h"
#include "log/events.h"

/* The members that mean something to us; everything else of a call is dropped. */
#define FIELDS(X)                                                                                  \
    X(type, "type")                                                                                \
    X(event, "event")                                                                              \
    X(name, "name")                                                                                \
    X(category, "category")                                                                        \
    X(user, "userId")                                                                              \
    X(anonymous, "anonymousId")                                                                    \
    X(previous, "previousId")                                                                      \
    X(group, "groupId")                                                                            \
    X(message, "messageId")                                                                        \
    X(timestamp, "timestamp")                                                                      \
    X(original, "originalTimestamp")                                                               \
    X(sent, "sentAt")                                                                              \
    X(properties, "properties")                                                                    \
    X(traits, "traits")                                                                            \
    X(context, "context")                                                                          \
    X(identifiers, "identifiers")                                                                  \
    X(attributes, "attributes")                                                                    \
    X(consent, "consent")                                                                          \
    X(tags, "tags")

struct fields {
#define X(field, key) struct slice field;
    FIELDS(X)
#undef X
};

/* A member that comes twice counts as it came last. */
static void gather(struct members call, struct fields *f)
{
    struct slice v;
    *f = (struct fields){0};
    for (str key; members_next(&call, &key, &v);) {
#define X(field, text)                                                                             \
    if (key.n == sizeof text - 1 && memcmp(key.p, text, sizeof text - 1) == 0) {                   \
        f->field = v;                                                                              \
        continue;                                                                                  \
    }
        FIELDS(X)
#undef X
    }
}

static err refuse(struct intake *in, const char *reason)
{
    return diag_set(&in->making.why, ERR_REFUSED, "%s", reason);
}

/* ---- identifiers ---- */

/* The text of an id, which may have been sent as a number; empty where there is none. in->text may
 * hold it. */
static err id_text(struct intake *in, struct slice v, const char *key, str *out)
{
    *out = slice_text(v);
    switch (slice_type(v)) {
    case VALUE_MISSING:
    case VALUE_NULL:
    case VALUE_TEXT: return ERR_OK;
    case VALUE_INT:
    case VALUE_FIXED:
    case VALUE_NUMBER:
        buf_reset(&in->text);
        value_json(&in->text, slice_value(v));
        *out = buf_str(&in->text);
        return ERR_OK;
    default: return diag_set(&in->making.why, ERR_REFUSED, "\"%s\" must be text or a number", key);
    }
}

static str normal_of(struct intake *in, u32 space, str sent, char room[NORMAL_BYTES_MAX])
{
    if (space == SPACE_EMAIL) return normal_email(sent, room);
    if (space == SPACE_PHONE) return normal_phone(sent, in->o.phone_country, room);
    return normal_id(sent, room);
}

/* Adds an identifier; false if it is empty or not what its namespace holds. The text of a number is
 * about to be overwritten, so it moves to the room. */
static bool add_id(struct intake *in, u32 space, str sent)
{
    struct record *r = &in->making.record;
    struct item *item = &in->making.item;
    if (r->id_count == RECORD_IDS_MAX) return false;
    char *room = in->rooms[r->id_count];
    str normal = normal_of(in, space, sent, room);
    if (normal.n == 0) return false;
    bool is_number = sent.p == in->text.p;
    if (is_number && normal.p != room) {
        memcpy(room, normal.p, normal.n);
        normal.p = room;
    }
    item->values[r->id_count] = normal;
    item->raws[r->id_count] = is_number || str_eq(sent, normal) ? (str){0} : sent;
    r->ids[r->id_count++] = (struct record_id){identifier_hash(in->o.key, space, normal), space};
    return true;
}

/* Adds a member of the call as an identifier. Blank is as good as missing. */
static err add_field(struct intake *in, u32 space, struct slice v, const char *key)
{
    str sent;
    TRY(id_text(in, v, key, &sent));
    if (sent.n == 0 || add_id(in, space, sent) || str_trim(sent).n == 0) return ERR_OK;
    return diag_set(&in->making.why, ERR_REFUSED, "\"%s\" is longer than %d bytes", key,
                    NORMAL_BYTES_MAX);
}

/* The API names its customer by any namespace. */
static err add_named(struct intake *in, struct members m)
{
    struct slice v;
    for (str key; members_next(&m, &key, &v);) {
        u32 space = member_find(in, NAME_SPACE, key);
        if (space == 0)
            return diag_set(&in->making.why, ERR_REFUSED, "\"%.*s\" is no namespace of identifiers",
                            (int)min_size(key.n, 60), key.p);
        u32 before = in->making.record.id_count;
        str sent;
        TRY(id_text(in, v, "identifiers", &sent));
        bool blank = str_trim(sent).n == 0;
        if (!blank && !add_id(in, space, sent) && sent.n > NORMAL_BYTES_MAX)
            return diag_set(&in->making.why, ERR_REFUSED, "\"%.*s\" is longer than %d bytes",
                            STR_ARG(key), NORMAL_BYTES_MAX);
        if (in->making.record.id_count == before && slice_given(v))
            return diag_set(&in->making.why, ERR_REFUSED, "this is no %.*s", STR_ARG(key));
    }
    return in->making.record.id_count ? ERR_OK : refuse(in, "an item needs identifiers");
}

static err add_callers(struct batch_run *run, const struct fields *f)
{
    struct intake *in = run->in;
    if (run->call == INTAKE_ITEM) return add_named(in, members_of(f->identifiers));
    TRY(add_field(in, SPACE_USER_ID, f->user, "userId"));
    TRY(add_field(in, SPACE_ANONYMOUS_ID, f->anonymous, "anonymousId"));
    if (in->making.record.id_count) return ERR_OK;
    return refuse(in, "a call needs a userId or an anonymousId");
}

/* ---- when, and which message ---- */

i64 segment_clock_error(struct batch_run *run, struct slice sent_at)
{
    i64 ms;
    if (run->call == INTAKE_IMPORT) return 0;
    return normal_moment(slice_value(sent_at), run->in->o.zone, &ms) ? run->now_ms - ms : 0;
}

/* What the client's clock said, put right by what it said when it sent the call: the difference to
 * ours is its error. An import's times are history and stay. */
static err set_time(struct batch_run *run, const struct fields *f)
{
    struct intake *in = run->in;
    struct slice given = slice_given(f->timestamp) ? f->timestamp : f->original;
    i64 at;
    in->making.record.occurred_ms = NEVER;
    if (!slice_given(given)) return ERR_OK;
    if (!normal_moment(slice_value(given), in->o.zone, &at))
        return refuse(in, "its timestamp cannot be read");
    at += slice_given(f->sent) ? segment_clock_error(run, f->sent) : run->clock_error_ms;
    in->making.record.occurred_ms = at;
    return ERR_OK;
}

static str make_message_id(struct intake *in)
{
    static const char HEX[] = "0123456789abcdef";
    u8 random[16];
    env_random(in->o.env, random, sizeof random);
    buf_reset(&in->text);
    buf_put(&in->text, S("made-"));
    for (u32 i = 0; i < sizeof random; i++) {
        buf_byte(&in->text, (u8)HEX[random[i] >> 4]);
        buf_byte(&in->text, (u8)HEX[random[i] & 15]);
    }
    return buf_str(&in->text);
}

static err set_message(struct intake *in, const struct fields *f)
{
    str id;
    TRY(id_text(in, f->message, "messageId", &id));
    if (id.n > MESSAGE_ID_MAX) return refuse(in, "its messageId is longer than 256 bytes");
    if (id.n == 0) id = make_message_id(in);
    in->making.item.message_id = id;
    in->making.record.dedupe = hash_sip(in->o.key, id);
    return ERR_OK;
}

/* ---- traits ---- */

/* {"value": true, "text": "…", "source": "…", "reason": "…", "by": "…"}: how it came about. */
static value_type proof_of(struct members m, struct consent_proof *out)
{
    *out = (struct consent_proof){.reason = slice_text(members_find(m, S("reason"))),
                                  .text = slice_text(members_find(m, S("text"))),
                                  .source = slice_text(members_find(m, S("source"))),
                                  .by = slice_text(members_find(m, S("by")))};
    return slice_type(members_find(m, S("value")));
}

/* {"email": true, "email/newsletter": false, "sms": null, "push": {"value": true, "text": …}} */
static err put_consents(struct batch_run *run, struct members m)
{
    struct intake *in = run->in;
    struct slice v;
    for (str key; members_next(&m, &key, &v);) {
        ptrdiff_t slash = str_index(key, '/');
        str channel = slash < 0 ? key : str_slice(key, 0, (size_t)slash);
        u32 channel_code, topic_code = 0;
        TRY(member_code(run, NAME_CHANNEL, channel, &channel_code));
        if (slash >= 0)
            TRY(member_code(run, NAME_TOPIC, str_slice(key, (size_t)slash + 1, key.n),
                            &topic_code));
        if (channel_code == 0 || (slash >= 0 && topic_code == 0))
            return refuse(in, "traits.consent names a channel or topic that cannot be kept");
        struct consent_proof proof = {0};
        value_type said = slice_type(v);
        if (said == VALUE_MAP) said = proof_of(members_of(v), &proof);
        if (said != VALUE_TRUE && said != VALUE_FALSE && said != VALUE_NULL)
            return refuse(in, "each member of traits.consent must be true, false or null");
        item_consent_put(&in->consents, channel_code, topic_code,
                         said == VALUE_TRUE    ? CONSENT_YES
                         : said == VALUE_FALSE ? CONSENT_NO
                                               : CONSENT_UNSET,
                         &proof);
    }
    return ERR_OK;
}

/* Names of namespaces are identifiers, as long as their values are fit for it; who the call is
 * about is not said by traits. */
static bool put_identifier(struct intake *in, str key, struct slice v)
{
    str sent;
    u32 space = member_find(in, NAME_SPACE, key);
    if (space == 0 || space == SPACE_USER_ID || space == SPACE_ANONYMOUS_ID ||
        space == SPACE_GROUP_ID || slice_type(v) < VALUE_INT || slice_type(v) > VALUE_TEXT)
        return false;
    return id_text(in, v, "", &sent) == ERR_OK && add_id(in, space, sent);
}

/* The traits that `over` does not have too. */
static err put_traits(struct batch_run *run, struct members m, struct members over)
{
    struct intake *in = run->in;
    struct slice v;
    for (str key; members_next(&m, &key, &v);) {
        if (over.count && members_find(over, key).n) continue;
        if (slice_type(v) == VALUE_MAP && str_eq(key, S("consent"))) {
            TRY(put_consents(run, members_of(v)));
            continue;
        }
        if (put_identifier(in, key, v)) continue;
        if (str_eq(key, S("timezone"))) context_zone_known(in, slice_text(v));
        TRY(member_put(run, NAME_ATTRIBUTE, &in->traits, key, v));
    }
    return ERR_OK;
}

/* ---- the calls ---- */

static err set_event(struct batch_run *run, str name)
{
    struct intake *in = run->in;
    u32 code;
    if (name.n > NAME_BYTES_MAX) return refuse(in, "the event's name is longer than 255 bytes");
    TRY(member_code(run, NAME_EVENT, name, &code));
    if (code == 0) return refuse(in, "no more new event names are taken from this key today");
    if (code < EVENT_FIXED_END && !event_for_clients(code) && !run->from->ours)
        return refuse(in, "the event's name belongs to Beckon's own events");
    in->making.item.event = code;
    return ERR_OK;
}

static err map_track(struct batch_run *run, const struct fields *f)
{
    str event = slice_text(f->event);
    if (str_trim(event).n == 0) return refuse(run->in, "a track call needs the name of its event");
    TRY(set_event(run, event));
    return member_put_all(run, NAME_PROPERTY, &run->in->props, members_of(f->properties));
}

/* Of a page or screen: its name and category may stand beside its properties. */
static err put_beside(struct batch_run *run, const struct fields *f, str key, struct slice v)
{
    if (slice_type(v) != VALUE_TEXT || slice_given(members_find(members_of(f->properties), key)))
        return ERR_OK;
    return member_put(run, NAME_PROPERTY, &run->in->props, key, v);
}

static err map_view(struct batch_run *run, const struct fields *f, str event)
{
    TRY(set_event(run, event));
    TRY(member_put_all(run, NAME_PROPERTY, &run->in->props, members_of(f->properties)));
    TRY(put_beside(run, f, S("name"), f->name));
    return put_beside(run, f, S("category"), f->category);
}

/* RudderStack's SDKs put traits into the context; what the call itself says counts more. */
static struct members beside_traits(const struct fields *f)
{
    return members_of(members_find(members_of(f->context), S("traits")));
}

static err map_identify(struct batch_run *run, const struct fields *f)
{
    struct members own = members_of(f->traits);
    TRY(put_traits(run, beside_traits(f), own));
    return put_traits(run, own, (struct members){0});
}

/* The group is an attribute of the customer; what is said about the group belongs to the event. */
static err map_group(struct batch_run *run, const struct fields *f)
{
    struct intake *in = run->in;
    str id;
    TRY(id_text(in, f->group, "groupId", &id));
    id = str_trim(id);
    if (id.n == 0) return refuse(in, "a group call needs a groupId");
    if (id.n > NORMAL_BYTES_MAX) return refuse(in, "its groupId is longer than 256 bytes");
    u8 bytes[1 + BYTES_VARINT_MAX + NORMAL_BYTES_MAX + BYTES_SLACK] = {VALUE_TEXT};
    struct slice text = {bytes, (size_t)(bytes_put_str(bytes + 1, id) - bytes)};
    TRY(set_event(run, S("Group Joined")));
    TRY(member_put(run, NAME_PROPERTY, &in->props, S("group_id"), text));
    TRY(member_put(run, NAME_ATTRIBUTE, &in->traits, S("group_id"), text));
    struct members own = members_of(f->traits);
    return member_put_all(run, NAME_PROPERTY, &in->props, own.count ? own : beside_traits(f));
}

/* The previous id may be a user's or an anonymous one: both are given, but where it is the call's
 * own anonymousId, or missing, it is that. */
static err map_alias(struct batch_run *run, const struct fields *f)
{
    struct intake *in = run->in;
    struct record *r = &in->making.record;
    struct slice previous = slice_given(f->previous) ? f->previous : f->anonymous;
    str sent = slice_text(previous);
    bool anonymous =
        !slice_given(f->previous) || (sent.n && str_eq(sent, slice_text(f->anonymous)));
    TRY(add_field(in, anonymous ? SPACE_ANONYMOUS_ID : SPACE_USER_ID, previous, "previousId"));
    if (r->id_count == 0) return refuse(in, "an alias call needs a previousId");
    r->flags |= RECORD_ALIAS;
    TRY(add_field(in, SPACE_USER_ID, f->user, "userId"));
    if (r->id_count == 1) return refuse(in, "an alias call needs a userId");
    if (hash128_eq(r->ids[0].hash, r->ids[1].hash))
        return refuse(in, "an alias call needs two different ids");
    return anonymous ? ERR_OK : add_field(in, SPACE_ANONYMOUS_ID, previous, "previousId");
}

static err put_tags(struct batch_run *run, value list)
{
    struct buf *out = &run->in->tags;
    struct reader r = reader_of(list.text);
    for (u32 i = 0; list.type == VALUE_LIST && i < list.count; i++) {
        value v = value_read(&r);
        bool off = v.type == VALUE_TEXT && str_starts(v.text, S("-"));
        u32 code = 0;
        if (v.type == VALUE_TEXT)
            TRY(member_code(run, NAME_TAG, str_slice(v.text, off, v.text.n), &code));
        if (code == 0)
            return refuse(run->in, "\"tags\" is a list of names, \"-name\" takes one off");
        buf_varint(out, code);
        buf_byte(out, !off);
        buf_zigzag(out, NEVER);
    }
    return ERR_OK;
}

static err map_edit(struct batch_run *run, const struct fields *f)
{
    TRY(put_traits(run, members_of(f->attributes), (struct members){0}));
    TRY(put_consents(run, members_of(f->consent)));
    return put_tags(run, slice_value(f->tags));
}

static const struct {
    str type;
    intake_call call;
    item_what what;
} CALLS[] = {
    {{"track", 5}, INTAKE_TRACK, ITEM_TRACK},  {{"identify", 8}, INTAKE_IDENTIFY, ITEM_IDENTIFY},
    {{"page", 4}, INTAKE_PAGE, ITEM_PAGE},     {{"screen", 6}, INTAKE_SCREEN, ITEM_SCREEN},
    {{"group", 5}, INTAKE_GROUP, ITEM_GROUP},  {{"alias", 5}, INTAKE_ALIAS, ITEM_ALIAS},
    {{"customer", 8}, INTAKE_ITEM, ITEM_EDIT},
};

/* By the endpoint, or in a batch by the item's own type. */
static err set_what(struct batch_run *run, struct slice type)
{
    bool item = run->call == INTAKE_ITEM;
    bool named = item || run->call == INTAKE_BATCH || run->call == INTAKE_IMPORT;
    str name = slice_text(type);
    for (u32 i = 0; i < COUNT_OF(CALLS); i++) {
        if (CALLS[i].call == INTAKE_ITEM && !item) continue;
        if (named ? !str_eq(name, CALLS[i].type) : run->call != CALLS[i].call) continue;
        run->in->making.item.what = CALLS[i].what;
        return ERR_OK;
    }
    return refuse(run->in, "its type is none of track, identify, page, screen, group, alias");
}

static err map_call(struct batch_run *run, const struct fields *f)
{
    item_what what = run->in->making.item.what;
    if (what == ITEM_ALIAS) return map_alias(run, f);
    TRY(add_callers(run, f));
    switch (what) {
    case ITEM_TRACK: return map_track(run, f);
    case ITEM_PAGE: return map_view(run, f, S("Page Viewed"));
    case ITEM_SCREEN: return map_view(run, f, S("Screen Viewed"));
    case ITEM_GROUP: return map_group(run, f);
    case ITEM_EDIT: return map_edit(run, f);
    default: return map_identify(run, f);
    }
}

/* ---- the record ---- */

static void start(struct batch_run *run)
{
    struct intake *in = run->in;
    struct record *r = &in->making.record;
    buf_reset(&in->props), buf_reset(&in->traits), buf_reset(&in->consents), buf_reset(&in->tags);
    buf_reset(&in->rest);
    in->rest_count = 0;
    bool past = run->call == INTAKE_IMPORT || run->from->history;
    in->making.why.code = ERR_OK;
    in->making.item.event = 0;
    r->kind = RECORD_ITEM_;
    r->level = ENGINE_LEVEL;
    r->id_count = 0;
    r->source = run->from->code;
    r->flags = (u16)((run->from->browser ? RECORD_BROWSER : 0) |
                     (past ? RECORD_IMPORT | RECORD_HISTORY : 0));
}

/* What the context adds: where it was, which zone and which device. */
static void put_context(struct batch_run *run, const struct fields *f)
{
    struct intake *in = run->in;
    struct context context;
    context_read(run, f->context, &context);
    if (context.kept.count) props_put(&in->props, PROPERTY_CONTEXT, context.kept);
    if (context.token.n) add_id(in, SPACE_DEVICE_TOKEN, context.token);
    if (context.zone.n && !members_find(members_of(f->traits), S("timezone")).n)
        props_put(&in->traits, ATTRIBUTE_TIMEZONE, value_text(context.zone));
}

static void finish(struct batch_run *run)
{
    struct intake *in = run->in;
    struct making *m = &in->making;
    m->item.props = buf_str(&in->props);
    m->item.traits = buf_str(&in->traits);
    m->item.consents = buf_str(&in->consents);
    m->item.tags = buf_str(&in->tags);
    buf_reset(&in->payload);
    item_put(&in->payload, &m->item, m->record.id_count);
    m->record.payload = buf_str(&in->payload);
    record_put(run->records, &m->record);
}

err segment_map(struct batch_run *run, struct members call)
{
    struct intake *in = run->in;
    struct fields f;
    start(run);
    gather(call, &f);
    TRY(set_what(run, f.type));
    TRY(set_time(run, &f));
    TRY(map_call(run, &f));
    member_put_rest(in, in->making.item.what == ITEM_IDENTIFY ? &in->traits : &in->props);
    if (in->making.item.what != ITEM_ALIAS) put_context(run, &f);
    TRY(set_message(in, &f));
    finish(run);
    return ERR_OK;
}
