/* segment.c — Segment's and RudderStack's calls become items: whose it is, what it says, when it was.
 *
 * The call is a MAP as it came; its members are looked at once and each goes to its place. What a member is
 * worth depends on the type of the call alone (docs/events.md). */
#include "customer/customer.h"
#include "engine/events.h"
#include "intake/inside.h"

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
    X(context, "context")

struct fields {
#define X(field, key) value field;
    FIELDS(X)
#undef X
};

static void gather(value call, struct fields *f)
{
    *f = (struct fields){0};
    struct reader r = reader_of(call.text);
    for (u32 i = 0; i < call.count; i++) {
        str key = read_str_varint(&r);
        value v = value_read(&r);
#define X(field, text)                                                                             \
    if (key.n == sizeof text - 1 && memcmp(key.p, text, sizeof text - 1) == 0) {                   \
        f->field = v;                                                                              \
        continue;                                                                                  \
    }
        FIELDS(X)
#undef X
    }
}

static err refuse(struct diag *why, const char *reason)
{
    return diag_set(why, ERR_REFUSED, "%s", reason);
}

/* ---- identifiers ---- */

/* The text of an id, which may have been sent as a number; empty where there is none. `in->text` may
 * hold it. */
static err id_text(struct intake *in, value v, const char *key, str *out, struct diag *why)
{
    *out = (str){0};
    switch (v.type) {
    case VALUE_MISSING:
    case VALUE_NULL: return ERR_OK;
    case VALUE_TEXT: *out = v.text; return ERR_OK;
    case VALUE_INT:
    case VALUE_FIXED:
    case VALUE_NUMBER:
        buf_reset(&in->text);
        value_json(&in->text, v);
        *out = buf_str(&in->text);
        return ERR_OK;
    default: return diag_set(why, ERR_REFUSED, "\"%s\" must be text or a number", key);
    }
}

static str normal_of(struct intake *in, u32 space, str sent, char room[NORMAL_BYTES_MAX])
{
    if (space == SPACE_EMAIL) return normal_email(sent, room);
    if (space == SPACE_PHONE) return normal_phone(sent, in->o.phone_country, room);
    return normal_id(sent, room);
}

/* Adds an identifier; false if it is empty or not what its namespace holds. Views of `sent` must last
 * as long as the call, which a number's text does not: it is copied to the room. */
static bool add_id(struct intake *in, struct making *m, u32 space, str sent)
{
    struct record *r = &m->record;
    if (r->id_count == RECORD_IDS_MAX) return false;
    char *room = in->rooms[r->id_count];
    str normal = normal_of(in, space, sent, room);
    if (normal.n == 0) return false;
    bool is_number = sent.p == in->text.p;
    if (is_number && normal.p != room) {
        memcpy(room, normal.p, normal.n);
        normal.p = room;
    }
    m->item.values[r->id_count] = normal;
    m->item.raws[r->id_count] = is_number || str_eq(sent, normal) ? (str){0} : sent;
    r->ids[r->id_count] = (struct record_id){identifier_hash(in->o.key, space, normal), space};
    r->id_count++;
    return true;
}

/* Adds a member of the call as an identifier. Blank is as good as missing. */
static err add_field(struct intake *in, struct making *m, u32 space, value v, const char *key,
                     struct diag *why)
{
    str sent;
    TRY(id_text(in, v, key, &sent, why));
    if (str_trim(sent).n == 0 || add_id(in, m, space, sent)) return ERR_OK;
    return diag_set(why, ERR_REFUSED, "\"%s\" is longer than %d bytes", key, NORMAL_BYTES_MAX);
}

static err add_callers(struct intake *in, struct making *m, const struct fields *f, struct diag *why)
{
    TRY(add_field(in, m, SPACE_USER_ID, f->user, "userId", why));
    TRY(add_field(in, m, SPACE_ANONYMOUS_ID, f->anonymous, "anonymousId", why));
    if (m->record.id_count) return ERR_OK;
    return refuse(why, "a call needs a userId or an anonymousId");
}

/* ---- when, and which message ---- */

/* What the client's clock said, put right by what it said when it sent the call: the difference to
 * ours is its error. An import's times are history and stay. */
static err set_time(struct batch_run *run, struct making *m, const struct fields *f, struct diag *why)
{
    const struct zone *zone = run->in->o.zone;
    value given = f->timestamp.type > VALUE_NULL ? f->timestamp : f->original;
    value sent = f->sent.type > VALUE_NULL ? f->sent : run->sent_at;
    i64 at, sent_ms;
    m->record.occurred_ms = NEVER;
    if (given.type <= VALUE_NULL) return ERR_OK;
    if (!normal_moment(given, zone, &at)) return refuse(why, "its timestamp cannot be read");
    if (run->call != INTAKE_IMPORT && normal_moment(sent, zone, &sent_ms))
        at += run->now_ms - sent_ms;
    m->record.occurred_ms = at;
    return ERR_OK;
}

static err set_message(struct intake *in, struct making *m, const struct fields *f, struct diag *why)
{
    static const char HEX[] = "0123456789abcdef";
    str id;
    TRY(id_text(in, f->message, "messageId", &id, why));
    if (id.n > MESSAGE_ID_MAX) return refuse(why, "its messageId is longer than 256 bytes");
    if (id.n == 0) {
        u8 random[16];
        env_random(in->o.env, random, sizeof random);
        buf_reset(&in->text);
        buf_put(&in->text, S("made-"));
        for (u32 i = 0; i < sizeof random; i++) {
            buf_byte(&in->text, (u8)HEX[random[i] >> 4]);
            buf_byte(&in->text, (u8)HEX[random[i] & 15]);
        }
        id = buf_str(&in->text);
    }
    m->item.message_id = id;
    m->record.dedupe = hash_sip(in->o.key, id);
    return ERR_OK;
}

/* ---- traits ---- */

/* {"email": true, "email/newsletter": false, "sms": null} */
static err put_consents(struct batch_run *run, value map, struct diag *why)
{
    struct buf *out = &run->in->consents;
    struct reader r = reader_of(map.text);
    for (u32 i = 0; i < map.count; i++) {
        str key = read_str_varint(&r);
        value v = value_read(&r);
        ptrdiff_t slash = str_index(key, '/');
        str channel = slash < 0 ? key : str_slice(key, 0, (size_t)slash);
        str topic = slash < 0 ? (str){0} : str_slice(key, (size_t)slash + 1, key.n);
        u32 channel_code, topic_code = 0;
        TRY(member_code(run, NAME_CHANNEL, channel, &channel_code));
        if (slash >= 0) TRY(member_code(run, NAME_TOPIC, topic, &topic_code));
        if (channel_code == 0 || (slash >= 0 && topic_code == 0))
            return refuse(why, "traits.consent names a channel or topic that cannot be kept");
        if (v.type != VALUE_TRUE && v.type != VALUE_FALSE && v.type != VALUE_NULL)
            return refuse(why, "each member of traits.consent must be true, false or null");
        buf_varint(out, channel_code);
        buf_varint(out, topic_code);
        buf_byte(out, v.type == VALUE_TRUE ? 1 : v.type == VALUE_FALSE ? 0 : 2);
    }
    return ERR_OK;
}

/* Names of namespaces are identifiers, as long as their values are fit for it; who the call is about
 * is not said by traits. */
static bool put_identifier(struct intake *in, struct making *m, str key, value v)
{
    u32 space = member_find(in, NAME_SPACE, key);
    if (space == 0 || space == SPACE_USER_ID || space == SPACE_ANONYMOUS_ID ||
        space == SPACE_GROUP_ID)
        return false;
    str sent;
    return id_text(in, v, "", &sent, NULL) == ERR_OK && add_id(in, m, space, sent);
}

/* The traits of `map` that `over` does not have too. */
static err put_traits(struct batch_run *run, struct making *m, value map, value over,
                      struct diag *why)
{
    struct intake *in = run->in;
    if (map.type != VALUE_MAP) return ERR_OK;
    struct reader r = reader_of(map.text);
    for (u32 i = 0; i < map.count; i++) {
        str key = read_str_varint(&r);
        value v = value_read(&r);
        if (over.count && value_member(over, key).type != VALUE_MISSING) continue;
        if (v.type == VALUE_MAP && str_eq(key, S("consent"))) {
            TRY(put_consents(run, v, why));
            continue;
        }
        if (put_identifier(in, m, key, v)) continue;
        if (v.type == VALUE_TEXT && str_eq(key, S("timezone"))) context_zone_known(in, v.text);
        TRY(member_put(run, NAME_ATTRIBUTE, &in->traits, key, v));
    }
    return ERR_OK;
}

/* ---- the calls ---- */

static err set_event(struct batch_run *run, struct making *m, str name, struct diag *why)
{
    u32 code;
    if (name.n > NAME_BYTES_MAX) return refuse(why, "the event's name is longer than 255 bytes");
    TRY(member_code(run, NAME_EVENT, name, &code));
    if (code == 0) return refuse(why, "this key may bring no more new event names today");
    if (code < EVENT_FIXED_END && !event_for_clients(code))
        return refuse(why, "the event's name belongs to Beckon's own events");
    m->item.event = code;
    return ERR_OK;
}

static err map_track(struct batch_run *run, struct making *m, const struct fields *f,
                     struct diag *why)
{
    if (f->event.type != VALUE_TEXT || str_trim(f->event.text).n == 0)
        return refuse(why, "a track call needs the name of its event");
    TRY(set_event(run, m, f->event.text, why));
    return member_put_all(run, NAME_PROPERTY, &run->in->props, f->properties);
}

/* A page or screen has its name and category beside its properties. */
static err map_view(struct batch_run *run, struct making *m, const struct fields *f, str event,
                    struct diag *why)
{
    struct buf *props = &run->in->props;
    TRY(set_event(run, m, event, why));
    if (f->name.type == VALUE_TEXT && value_member(f->properties, S("name")).type <= VALUE_NULL)
        TRY(member_put(run, NAME_PROPERTY, props, S("name"), f->name));
    if (f->category.type == VALUE_TEXT &&
        value_member(f->properties, S("category")).type <= VALUE_NULL)
        TRY(member_put(run, NAME_PROPERTY, props, S("category"), f->category));
    return member_put_all(run, NAME_PROPERTY, props, f->properties);
}

static err map_identify(struct batch_run *run, struct making *m, const struct fields *f,
                        struct diag *why)
{
    value beside = value_member(f->context, S("traits")); /* where RudderStack's browsers put them */
    TRY(put_traits(run, m, beside, f->traits, why));
    return put_traits(run, m, f->traits, value_missing(), why);
}

/* The group is an attribute of the customer; what is said about the group belongs to the event. */
static err map_group(struct batch_run *run, struct making *m, const struct fields *f,
                     struct diag *why)
{
    struct intake *in = run->in;
    str id;
    TRY(id_text(in, f->group, "groupId", &id, why));
    id = str_trim(id);
    if (id.n == 0) return refuse(why, "a group call needs a groupId");
    if (id.n > NORMAL_BYTES_MAX) return refuse(why, "its groupId is longer than 256 bytes");
    TRY(set_event(run, m, S("Group Joined"), why));
    TRY(member_put(run, NAME_PROPERTY, &in->props, S("group_id"), value_text(id)));
    TRY(member_put(run, NAME_ATTRIBUTE, &in->traits, S("group_id"), value_text(id)));
    value beside = value_member(f->context, S("traits"));
    bool own = f->traits.type == VALUE_MAP;
    return member_put_all(run, NAME_PROPERTY, &in->props, own ? f->traits : beside);
}

/* The previous id may be a user's or an anonymous one: both are given, but where it is the call's own
 * anonymousId, or missing, it is that. */
static err map_alias(struct batch_run *run, struct making *m, const struct fields *f,
                     struct diag *why)
{
    struct intake *in = run->in;
    bool anonymous = f->previous.type <= VALUE_NULL ||
                     (f->previous.type == VALUE_TEXT && value_eq(f->previous, f->anonymous));
    value previous = f->previous.type <= VALUE_NULL ? f->anonymous : f->previous;
    TRY(add_field(in, m, anonymous ? SPACE_ANONYMOUS_ID : SPACE_USER_ID, previous, "previousId", why));
    if (m->record.id_count == 0) return refuse(why, "an alias call needs a previousId");
    TRY(add_field(in, m, SPACE_USER_ID, f->user, "userId", why));
    if (m->record.id_count < 2) return refuse(why, "an alias call needs a userId");
    if (hash128_eq(m->record.ids[0].hash, m->record.ids[1].hash))
        return refuse(why, "an alias call needs two different ids");
    if (anonymous) return ERR_OK;
    return add_field(in, m, SPACE_ANONYMOUS_ID, previous, "previousId", why);
}

static const struct {
    str type;
    intake_call call;
    item_what what;
} CALLS[] = {
    {{"track", 5}, INTAKE_TRACK, ITEM_TRACK},   {{"identify", 8}, INTAKE_IDENTIFY, ITEM_IDENTIFY},
    {{"page", 4}, INTAKE_PAGE, ITEM_PAGE},      {{"screen", 6}, INTAKE_SCREEN, ITEM_SCREEN},
    {{"group", 5}, INTAKE_GROUP, ITEM_GROUP},   {{"alias", 5}, INTAKE_ALIAS, ITEM_ALIAS},
};

/* By the endpoint, or in a batch by the item's own type. */
static err set_what(struct batch_run *run, struct making *m, value type, struct diag *why)
{
    bool batch = run->call == INTAKE_BATCH || run->call == INTAKE_IMPORT;
    for (u32 i = 0; i < COUNT_OF(CALLS); i++) {
        if (batch ? type.type != VALUE_TEXT || !str_eq(type.text, CALLS[i].type)
                  : run->call != CALLS[i].call)
            continue;
        m->item.what = CALLS[i].what;
        return ERR_OK;
    }
    return refuse(why, "its type is none of track, identify, page, screen, group, alias");
}

static err map_call(struct batch_run *run, struct making *m, const struct fields *f,
                    struct diag *why)
{
    if (m->item.what == ITEM_ALIAS) return map_alias(run, m, f, why);
    TRY(add_callers(run->in, m, f, why));
    switch (m->item.what) {
    case ITEM_TRACK: return map_track(run, m, f, why);
    case ITEM_PAGE: return map_view(run, m, f, S("Page Viewed"), why);
    case ITEM_SCREEN: return map_view(run, m, f, S("Screen Viewed"), why);
    case ITEM_GROUP: return map_group(run, m, f, why);
    default: return map_identify(run, m, f, why);
    }
}

/* ---- the record ---- */

static void start(struct batch_run *run, struct making *m)
{
    struct intake *in = run->in;
    buf_reset(&in->props), buf_reset(&in->traits), buf_reset(&in->consents), buf_reset(&in->rest);
    in->rest_count = 0;
    m->record.id_count = 0;
    m->record.kind = RECORD_ITEM_;
    m->record.level = ENGINE_LEVEL;
    m->record.source = run->from->code;
    m->record.flags = (u16)((run->from->browser ? RECORD_BROWSER : 0) |
                            (run->call == INTAKE_IMPORT ? RECORD_IMPORT | RECORD_HISTORY : 0));
    m->item.event = 0;
    m->item.tags = (str){0};
}

static void finish(struct batch_run *run, struct making *m)
{
    struct intake *in = run->in;
    m->item.props = buf_str(&in->props);
    m->item.traits = buf_str(&in->traits);
    m->item.consents = buf_str(&in->consents);
    buf_reset(&in->payload);
    item_put(&in->payload, &m->item, m->record.id_count);
    m->record.payload = buf_str(&in->payload);
    record_put(run->records, &m->record);
}

err segment_map(struct batch_run *run, value call, struct making *m, struct diag *why)
{
    struct intake *in = run->in;
    struct fields f;
    struct context context;
    start(run, m);
    gather(call, &f);
    TRY(set_what(run, m, f.type, why));
    TRY(set_time(run, m, &f, why));
    TRY(map_call(run, m, &f, why));
    bool to_props = m->item.event != 0;
    member_put_rest(in, to_props ? &in->props : &in->traits);
    context_read(run, f.context, &context);
    if (context.zone.n && value_member(f.traits, S("timezone")).type == VALUE_MISSING)
        props_put(&in->traits, ATTRIBUTE_TIMEZONE, value_text(context.zone));
    if (context.token.n) add_id(in, m, SPACE_DEVICE_TOKEN, context.token);
    if (context.kept.type == VALUE_MAP) props_put(&in->props, PROPERTY_CONTEXT, context.kept);
    TRY(set_message(in, m, &f, why));
    finish(run, m);
    return ERR_OK;
}
