/* route_why.c — why she got it, or did not: what happened in the order in which it did, how the
 * conditions stand now, and what would have to be different. */
#include "log/events.h"
#include "message/policy.h"
#include "predicate/sentence.h"
#include "server/show.h"
#include "server/why_words.h"

enum { HISTORY_MAX = 100 };

struct why {
    struct call *c;
    persona head;
    str journey, step;
    const struct json *stands; /* of journey_explain */
    struct event *history;     /* a ring of the last ones */
    u32 events;
    struct event entry, message; /* the last that says so; code 0: none */
    struct event entered;
};

/* ---- what happened ---- */

static bool names_it(const struct why *w, const struct event *ev)
{
    value journey = props_get(ev->props, PROPERTY_JOURNEY);
    return journey.type == VALUE_TEXT && str_eq(journey.text, w->journey);
}

static bool of_step(const struct why *w, const struct event *ev)
{
    value step = props_get(ev->props, PROPERTY_STEP);
    return !w->step.n || (step.type == VALUE_TEXT && str_eq(step.text, w->step));
}

static void look_at(struct why *w, const struct event *ev)
{
    struct event kept = *ev;
    kept.props = arena_str(w->c->arena, ev->props);
    w->history[w->events++ % HISTORY_MAX] = kept;
    if (ev->code >= EVENT_JOURNEY_ENTERED && ev->code <= EVENT_JOURNEY_REFUSED) w->entry = kept;
    if (ev->code == EVENT_JOURNEY_ENTERED) {
        w->entered = kept;
        w->message = (struct event){0};
    }
    if (ev->code >= EVENT_MESSAGE_PLANNED && ev->code <= EVENT_MESSAGE_CANCELLED && of_step(w, ev))
        w->message = kept;
}

static void look_back(struct why *w)
{
    struct engine *e = w->c->server->engine;
    persona all[256];
    struct event ev;
    u32 n =
        min_u32(customer_personas(engine_customers(e), w->head, all, COUNT_OF(all)), COUNT_OF(all));
    struct event_iter *it =
        event_iter(event_view_live(engine_events(e)), all, n, INT64_MIN, NEVER, w->c->arena);
    w->history = arena_alloc(w->c->arena, HISTORY_MAX * sizeof *w->history);
    while (event_next(it, &ev))
        if (names_it(w, &ev)) look_at(w, &ev);
}

static str reason_of(const struct event *ev)
{
    value v = props_get(ev->props, PROPERTY_REASON);
    return v.type == VALUE_TEXT ? v.text : S("");
}

static str status_of_event(u32 code)
{
    static const char *const STATUS[] = {"planned",   "deferred", "claimed",    "sent",
                                         "delivered", "opened",   "clicked",    "replied",
                                         "rejected",  "bounced",  "complained", "unsubscribed",
                                         "refused",   "unknown",  "expired",    "cancelled"};
    return str_of(STATUS[code - EVENT_MESSAGE_PLANNED]);
}

/* What holds a planned message up. */
static str obstacle(const struct why *w)
{
    struct server *s = w->c->server;
    str name = json_get_str(w->stands, "channel", S(""));
    u32 channel = name.n ? names_find(engine_names(s->engine), NAME_CHANNEL, name) : 0;
    if (engine_sending_held(s->engine)) return S("held");
    if (engine_promotion_held(s->engine) &&
        str_eq(json_get_str(w->stands, "category", S("promotion")), S("promotion")))
        return S("all_paused");
    return channel && channel < COUNT_OF(s->attached) && !s->attached[channel] ? S("no_channel")
                                                                               : S("");
}

/* How far it came, and the reason for which no further. */
static str outcome_of(const struct why *w, str *reason)
{
    *reason = S("");
    if (w->message.code) {
        bool planned = w->message.code == EVENT_MESSAGE_PLANNED;
        *reason = planned ? obstacle(w) : reason_of(&w->message);
        return status_of_event(w->message.code);
    }
    if (w->entry.code == EVENT_JOURNEY_ENTERED) return S("waiting");
    *reason = w->entry.code ? reason_of(&w->entry) : S("");
    if (w->entry.code == EVENT_JOURNEY_REFUSED) return S("not_entered");
    if (w->entry.code == EVENT_JOURNEY_EXITED)
        return str_eq(*reason, S("done")) || str_eq(*reason, S("end")) ? S("not_reached")
                                                                       : S("exited");
    return S("never_triggered");
}

/* ---- what would have to be different ---- */

static void put_pair(struct buf *b, const char *zh, const char *en)
{
    json_put_kv_str(b, S("zh"), str_of(zh));
    json_put_kv_str(b, S("en"), str_of(en));
}

static void put_sentences(struct buf *b, const struct json *condition)
{
    for (u32 zh = 0; zh < 2; zh++) {
        struct buf text;
        buf_init(&text, 1 << 20);
        predicate_sentence(condition, zh, &text);
        json_put_kv_str(b, zh ? S("zh") : S("en"), buf_str(&text));
        buf_clear(&text);
    }
}

/* The leaves that keep a condition from being as wanted; `one_of`: any of them will do. */
static void put_needs(struct buf *b, const struct json *stand, bool want, bool one_of)
{
    const struct json *condition = json_get(stand, "condition"), *parts = json_get(stand, "parts");
    if (!json_is(stand, JSON_OBJECT) || json_get_bool(stand, "holds", false) == want) return;
    if (parts) {
        bool no = json_get(condition, "not") != NULL;
        bool all = json_get(condition, "all") != NULL;
        for (const struct json *p = parts->child; p; p = p->next)
            put_needs(b, p, no ? !want : want, one_of || (!no && all != want && parts->count > 1));
        return;
    }
    struct json wrapped = {.type = JSON_OBJECT, .count = 1}, inner = *condition;
    inner.key = S("not");
    inner.next = NULL;
    wrapped.child = &inner;
    json_put_comma(b);
    buf_byte(b, '{');
    put_sentences(b, want ? condition : &wrapped);
    json_put_key(b, S("condition"));
    json_put(b, want ? condition : &wrapped);
    const struct json *actual = json_get(stand, "actual");
    if (actual) {
        json_put_key(b, S("actual"));
        json_put(b, actual);
    }
    str until = json_get_str(stand, "until", S(""));
    if (until.n) json_put_kv_str(b, S("not_before"), until);
    json_put_kv_bool(b, S("one_of"), one_of);
    buf_byte(b, '}');
}

/* `when`: time alone brings it then; empty: somebody has to do something. */
static void put_change_at(struct buf *b, str reason, const struct why_words *words, str when)
{
    if (!words || !words->change_zh) return;
    json_put_comma(b);
    buf_byte(b, '{');
    put_pair(b, words->change_zh, words->change_en);
    json_put_kv_str(b, S("reason"), reason);
    if (when.n) json_put_kv_str(b, S("not_before"), when);
    buf_byte(b, '}');
}

static void put_change(struct buf *b, str reason, const struct why_words *words)
{
    put_change_at(b, reason, words, S(""));
}

/* ---- the send step's own checks, as they would be answered now ---- */

struct check {
    bool address, suppressed, consent;
};

static struct check checks_of(struct why *w, str *address)
{
    struct engine *e = w->c->server->engine;
    struct identifier_view id;
    struct check k = {0};
    const struct address_row *row = NULL;
    category kind = CATEGORY_PROMOTION;
    u32 channel =
        names_find(engine_names(e), NAME_CHANNEL, json_get_str(w->stands, "channel", S("")));
    str topic_name = json_get_str(w->stands, "topic", S(""));
    u32 topic = topic_name.n ? names_find(engine_names(e), NAME_TOPIC, topic_name) : 0;
    (void)!category_named(json_get_str(w->stands, "category", S("")), &kind);
    k.address = customer_address(engine_customers(e), w->head, channel, &id);
    if (k.address) {
        row = address_of(engine_customers(e), address_key(engine_key(e), channel, id.value));
        k.suppressed = row && row->suppressed;
        *address = id.value;
    }
    k.consent = message_consented(engine_customers(e), w->head, kind, channel, topic, row);
    return k;
}

/* What a claim of her waiting message would be answered now; NONE also if none waits. Its words are
 * not known before it is rendered, so that a duplicate is not seen. */
static refusal would_be(struct why *w)
{
    struct engine *e = w->c->server->engine;
    value hex = props_get(w->message.props, PROPERTY_MESSAGE);
    str address = S("");
    hash128 id;
    if (!w->message.code || hex.type != VALUE_TEXT || !hash128_of_hex(hex.text, &id))
        return REFUSAL_NONE;
    u32 row = message_by_id(engine_messages(e), id);
    const struct message_row *m = row ? message_at(engine_messages(e), row) : NULL;
    if (!m || (m->status != MESSAGE_PLANNED && m->status != MESSAGE_DEFERRED)) return REFUSAL_NONE;
    struct check k = checks_of(w, &address);
    hash128 key = k.address ? address_key(engine_key(e), m->channel, address) : (hash128){0};
    return engine_would_refuse(e, row, key, 0, max_i64(engine_time(e), server_now(w->c->server)));
}

static void put_checks(struct why *w, struct buf *b)
{
    str address = S("");
    struct check k;
    if (!json_get(w->stands, "channel")) return;
    k = checks_of(w, &address);
    json_put_key(b, S("checks"));
    buf_byte(b, '{');
    json_put_kv_bool(b, S("address"), k.address);
    if (k.address) json_put_kv_str(b, S("to"), address);
    json_put_kv_bool(b, S("suppressed"), k.suppressed);
    json_put_kv_bool(b, S("consent"), k.consent);
    refusal would = would_be(w);
    if (would != REFUSAL_NONE) json_put_kv_str(b, S("would_be_refused"), refusal_text(would));
    buf_byte(b, '}');
}

static void put_check_changes(struct why *w, struct buf *b, str but)
{
    str address;
    struct check k;
    if (!json_get(w->stands, "channel")) return;
    k = checks_of(w, &address);
    const struct {
        bool bad;
        const char *reason;
    } EACH[] = {{k.suppressed, "suppressed"}, {!k.consent, "consent"}, {!k.address, "no_address"}};
    for (u32 i = 0; i < COUNT_OF(EACH); i++)
        if (EACH[i].bad && !str_eq(but, str_of(EACH[i].reason)))
            put_change(b, str_of(EACH[i].reason), why_reason(str_of(EACH[i].reason), false));
}

static void put_changes(struct why *w, struct buf *b, str outcome, str reason)
{
    bool never = str_eq(outcome, S("never_triggered")),
         not_entered = str_eq(outcome, S("not_entered"));
    json_put_key(b, S("to_change"));
    buf_byte(b, '[');
    if (never)
        put_change_at(b, S("trigger"), why_outcome(outcome),
                      json_get_str(w->stands, "next_at", S("")));
    if (never || not_entered) put_needs(b, json_get(w->stands, "segment"), true, false);
    if (not_entered) put_change(b, reason, why_reason(reason, true));
    if (w->message.code) put_change(b, reason, why_reason(reason, false));
    if (never || str_eq(reason, S("entry_if")))
        put_needs(b, json_get(w->stands, "entry_if"), true, false);
    if (never || str_eq(reason, S("send_if")))
        put_needs(b, json_get(w->stands, "send_if"), true, false);
    if (str_eq(outcome, S("not_reached"))) put_change(b, S("branch"), why_outcome(outcome));
    refusal would = would_be(w);
    str held = refusal_text(would);
    bool told = would == REFUSAL_NONE || would == REFUSAL_SUPPRESSED || would == REFUSAL_CONSENT ||
                would == REFUSAL_NO_ADDRESS || str_eq(held, reason);
    if (!told) put_change(b, held, why_reason(held, false));
    if (!str_eq(outcome, S("sent"))) put_check_changes(w, b, reason);
    buf_byte(b, ']');
}

/* ---- the whole ---- */

/* How conditions stand, each part with its words. */
static void put_stands(struct buf *b, const struct json *j)
{
    if (!json_is(j, JSON_OBJECT) && !json_is(j, JSON_ARRAY)) {
        json_put(b, j);
        return;
    }
    bool object = j->type == JSON_OBJECT;
    buf_byte(b, object ? '{' : '[');
    for (const struct json *m = j->child; m; m = m->next) {
        if (object)
            json_put_key(b, m->key);
        else
            json_put_comma(b);
        if (object && str_eq(m->key, S("condition")))
            json_put(b, m);
        else
            put_stands(b, m);
    }
    if (object && json_get(j, "condition")) put_sentences(b, json_get(j, "condition"));
    buf_byte(b, object ? '}' : ']');
}

static void put_history(struct why *w, struct buf *b)
{
    u32 from = w->events > HISTORY_MAX ? w->events - HISTORY_MAX : 0;
    json_put_key(b, S("history"));
    buf_byte(b, '[');
    for (u32 i = from; i < w->events; i++) {
        json_put_comma(b);
        show_event(b, w->c->server->engine, &w->history[i % HISTORY_MAX]);
    }
    buf_byte(b, ']');
}

static void put_answer(struct why *w, struct buf *b)
{
    str reason, outcome = outcome_of(w, &reason);
    const struct why_words *said = why_outcome(outcome);
    bool entry = str_eq(outcome, S("not_entered"));
    const struct why_words *because = reason.n ? why_reason(reason, entry) : NULL;
    json_put_kv_str(b, S("outcome"), outcome);
    json_put_kv_str(b, S("reason"), reason);
    bool stuck = str_eq(outcome, S("refused")) || str_eq(outcome, S("deferred")) ||
                 str_eq(outcome, S("planned"));
    if (because && (entry || stuck)) said = because;
    put_pair(b, said ? said->zh : "", said ? said->en : "");
    put_changes(w, b, outcome, reason);
}

static err explain(struct call *c, struct why *w, u32 code)
{
    struct engine *e = c->server->engine;
    struct buf text;
    u32 step = w->step.n ? names_find(engine_names(e), NAME_OBJECT, w->step) : 0;
    buf_init(&text, 4 << 20);
    bool found =
        code && engine_journey_explain(e, w->head, code, step,
                                       max_i64(engine_time(e), server_now(c->server)), &text);
    err r = found ? json_parse(arena_str(c->arena, buf_str(&text)), c->arena, &w->stands, &c->why)
                  : diag_set(&c->why, ERR_NOT_FOUND, "there is no published journey of this id");
    buf_clear(&text);
    return r;
}

static err why(struct call *c)
{
    struct why w = {.c = c, .journey = call_query(c, "journey"), .step = call_query(c, "step")};
    struct engine *e = c->server->engine;
    char id[33];
    TRY(call_customer(c, &w.head));
    if (!w.journey.n)
        return diag_at(&c->why, ERR_INVALID, S("journey"), "name the journey: ?journey=…&step=…");
    TRY(explain(c, &w, names_find(engine_names(e), NAME_OBJECT, w.journey)));
    look_back(&w);
    customer_id(engine_customers(e), w.head, id);
    buf_byte(&c->out, '{');
    json_put_kv_str(&c->out, S("customer"), (str){id, 32});
    json_put_kv_str(&c->out, S("journey"), w.journey);
    if (w.step.n) json_put_kv_str(&c->out, S("step"), w.step);
    put_answer(&w, &c->out);
    put_checks(&w, &c->out);
    json_put_key(&c->out, S("now"));
    put_stands(&c->out, w.stands);
    put_history(&w, &c->out);
    buf_byte(&c->out, '}');
    return ERR_OK;
}

extern const struct route ROUTES_WHY[];
const struct route ROUTES_WHY[] = {
    {METHOD_GET, "/api/v1/customers/{ref}/why", NEEDS_SCOPE, SCOPE_CUSTOMERS_READ, ON_ENGINE, why},
    {0}};
