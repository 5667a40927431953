/* render.c — what a message says, from the customer as she is now.
 *
 * Names: customer.<attribute> (else her newest identifier of that namespace), event.<property> of
 * the event that began the journey, order.<property> of the same with its items, products of it or
 * of the cart it names, coupon.<code, value, expires …> given last in the enrolment, values.<name>
 * (and event.<name>) of what a program gave, workspace.name, unsubscribe_url, preferences_url. The
 * last two differ in every message, and so do the links of its HTML, which are led over our own
 * once the content's fingerprint is taken. What was asked for goes into the claim (words.c), so
 * that the same words can be shown again. */
#include "outbox/notice.h"

#include "predicate/carts.h"

#include "base/hash.h"
#include "content/blocks.h"
#include "content/link.h"

#include <stdio.h>

struct scene {
    struct outbox *o;
    struct words words;
    value given; /* a program's values: a MAP, or MISSING */
    struct delivery *d;
    struct subject who;
    bool has_event;
    struct event event;
    struct signed_link link; /* what the links of this message have in common */
    str unsubscribe, preferences;
    u64 trigger_order; /* of the enrolment; 0: there is no such event */
    u32 journey;
    u64 entry; /* its order, whatever began it */
    category category;
    str language;                     /* of who reads it, if that is not her */
    const struct outbox_trial *trial; /* NULL: a message */
};

static value customer_value(struct scene *s, str member)
{
    if (!s->who.head) return value_missing();
    struct engine *e = s->o->engine;
    u32 code = names_find(engine_names(e), NAME_ATTRIBUTE, member);
    value v = code ? view_attribute(s->who.view, s->who.head, code) : value_missing();
    if (v.type != VALUE_MISSING) return v;
    u32 space = names_find(engine_names(e), NAME_SPACE, member), cursor = 0;
    struct identifier_view id;
    while (space && customer_identifier(engine_customers(e), s->who.head, &cursor, &id))
        if (id.space == space) return value_text(arena_str(s->d->arena, id.value));
    return value_missing();
}

static value event_value(struct scene *s, str member)
{
    if (s->given.type == VALUE_MAP) return value_member(s->given, member);
    u32 code = names_find(engine_names(s->o->engine), NAME_PROPERTY, member);
    return code && s->has_event ? props_get(s->event.props, code) : value_missing();
}

/* What the triggering event lists; else what is in the cart that it names. */
static value products_value(struct scene *s)
{
    struct names *names = engine_names(s->o->engine);
    value said = event_value(s, S("products")), id = event_value(s, S("cart_id"));
    struct buf b;
    struct cart cart;
    if (said.type == VALUE_LIST || !s->has_event) return said;
    if (id.type == VALUE_MISSING) return value_missing();
    buf_init(&b, NAME_BYTES_MAX);
    value_display(&b, id);
    str text = arena_str(s->d->arena, buf_str(&b));
    buf_clear(&b);
    bool open = cart_open(s->who.events, s->who.personas, s->who.persona_count, NEVER, &text, names,
                          s->d->arena, &cart);
    return open ? cart.items : value_missing();
}

/* ---- maps of what there is ---- */

struct members {
    struct buf bytes;
    u32 count;
};

static void put_member(struct members *m, const char *name, value v)
{
    if (v.type == VALUE_MISSING || v.type == VALUE_NULL) return;
    buf_str_varint(&m->bytes, str_of(name));
    value_put(&m->bytes, v);
    m->count++;
}

static value map_of(struct scene *s, struct members *m)
{
    value map = {.type = VALUE_MAP, .count = m->count};
    map.text = arena_str(s->d->arena, buf_str(&m->bytes));
    buf_clear(&m->bytes);
    return map;
}

/* The triggering event as an order: its properties, with its id and items. */
static value order_value(struct scene *s)
{
    value id = event_value(s, S("order_id"));
    struct members m = {.count = 0};
    if (id.type == VALUE_MISSING) return id;
    value props = props_map(s->event.props, engine_names(s->o->engine), 0, s->d->arena);
    buf_init(&m.bytes, EVENT_BYTES_MAX);
    put_member(&m, "id", id);
    put_member(&m, "items", products_value(s));
    buf_put(&m.bytes, props.text);
    m.count += props.count;
    return map_of(s, &m);
}

static value coupon_value(struct scene *s)
{
    struct engine *e = s->o->engine;
    struct members m = {.count = 0};
    struct grant g;
    struct buf text;
    if (!s->who.head || !offer_latest(engine_offers(e), s->who.head, s->journey, s->entry, &g))
        return value_missing();
    buf_init(&m.bytes, EVENT_BYTES_MAX), buf_init(&text, 128);
    put_member(&m, "id", value_text(names_text(engine_names(e), NAME_OBJECT, g.coupon)));
    put_member(&m, "code", value_text(g.code));
    put_member(&m, "min", g.min);
    put_member(&m, g.percent ? "percent" : "amount", g.value);
    value_display(&text, g.value);
    buf_byte(&text, '%');
    put_member(&m, "value", g.percent ? value_text(buf_str(&text)) : g.value);
    buf_reset(&text);
    iso_put(&text, g.expires_ms);
    put_member(&m, "expires",
               (value){.type = VALUE_TIME, .n = g.expires_ms, .text = buf_str(&text)});
    buf_clear(&text);
    return map_of(s, &m);
}

/* What a template may say of the workspace: not all that is set. */
static value workspace_value(struct engine *e, str member)
{
    static const char *const SHOWN[] = {"name", "url", "currency"};
    for (u32 i = 0; i < COUNT_OF(SHOWN); i++)
        if (str_eq(member, str_of(SHOWN[i]))) return engine_setting(e, member);
    return value_missing();
}

/* What the workspace looks like, for mails made of blocks; and whose pages paths are of. */
static value brand_value(struct scene *s, str member)
{
    struct engine *e = s->o->engine;
    str name = arena_printf(s->d->arena, "brand.%.*s", (int)min_size(member.n, 40), member.p);
    value v = engine_setting(e, name);
    if (str_eq(member, S("assets"))) return value_text(s->o->public_url);
    if (str_eq(member, S("shop"))) {
        v = engine_setting(e, S("url"));
        while (v.type == VALUE_TEXT && v.text.n && v.text.p[v.text.n - 1] == '/') v.text.n--;
    } else if (str_eq(member, S("on_accent"))) {
        v = engine_setting(e, S("brand.accent"));
        if (v.type == VALUE_TEXT && v.text.n) return value_text(blocks_ink(v.text));
    } else if (str_eq(member, S("fonts"))) {
        v = engine_setting(e, S("brand.font"));
        if (v.type == VALUE_TEXT) v.text = blocks_fonts(v.text);
    } else if (str_eq(member, S("name")) && (v.type != VALUE_TEXT || !v.text.n)) {
        v = engine_setting(e, S("name"));
    } else if (str_eq(member, S("logo")) && v.type == VALUE_TEXT && str_starts(v.text, S("/a/"))) {
        v.text = arena_printf(s->d->arena, "%.*s%.*s", STR_ARG(s->o->public_url), STR_ARG(v.text));
    }
    return v.type == VALUE_TEXT && !v.text.n ? value_missing() : v;
}

static value look_up(struct scene *s, str root, str member)
{
    if (str_eq(root, S("brand"))) return member.n ? brand_value(s, member) : value_missing();
    if (str_eq(root, S("message")))
        return str_eq(member, S("category")) ? value_text(category_text(s->category))
                                             : value_missing();
    if (str_eq(root, S("customer"))) return member.n ? customer_value(s, member) : value_missing();
    if (str_eq(root, S("event"))) return member.n ? event_value(s, member) : value_missing();
    if (str_eq(root, S("order")) && !member.n) return order_value(s);
    if (str_eq(root, S("products")) && !member.n) return products_value(s);
    if (str_eq(root, S("coupon")) && !member.n) return coupon_value(s);
    if (str_eq(root, S("values")))
        return member.n && s->given.type == VALUE_MAP ? value_member(s->given, member)
                                                      : value_missing();
    if (str_eq(root, S("workspace"))) return workspace_value(s->o->engine, member);
    if (str_eq(root, S("unsubscribe_url")) && !member.n) return value_text(s->unsubscribe);
    if (str_eq(root, S("preferences_url")) && !member.n) return value_text(s->preferences);
    return value_missing();
}

static value lookup(void *ctx, str root, str member)
{
    struct scene *s = ctx;
    value v = look_up(s, root, member);
    words_keep(&s->words, root, member, v);
    return v;
}

/* Of a trial: nobody has had a coupon yet, so that others' words stand in. */
static value trial_lookup(void *ctx, str root, str member)
{
    struct scene *s = ctx;
    const struct outbox_trial *t = s->trial;
    value v = look_up(s, root, member), root_of = value_missing();
    bool none =
        v.type == VALUE_MISSING || v.type == VALUE_NULL || (v.type == VALUE_TEXT && v.text.n == 0);
    if (!none) return v;
    if (t->stand_in.type == VALUE_MAP) root_of = value_member(t->stand_in, root);
    if (root_of.type != VALUE_MISSING && member.n) root_of = value_member(root_of, member);
    if (root_of.type != VALUE_MISSING) {
        if (t->stood_in) t->stood_in(t->ctx, root, member);
        return root_of;
    }
    if (t->missing) t->missing(t->ctx, root, member);
    return v;
}

/* ---- compiled templates ---- */

static void compile(struct compiled *c, str source)
{
    const struct json *j;
    if (json_parse(source, c->arena, &j, &c->why) != ERR_OK ||
        template_compile(j, c->arena, &c->template, &c->why) != ERR_OK)
        c->template = NULL;
}

/* The least recently used makes room. */
static struct compiled *compiled_of(struct outbox *o, str id, u32 version, str source)
{
    struct compiled *oldest = &o->templates[0];
    for (u32 i = 0; i < TEMPLATES_MAX; i++) {
        struct compiled *c = &o->templates[i];
        if (c->used && c->version == version && str_eq(c->id, id)) {
            c->used = ++o->uses;
            return c;
        }
        if (c->used < oldest->used) oldest = c;
    }
    arena_free(oldest->arena);
    *oldest = (struct compiled){.version = version, .used = ++o->uses, .arena = arena_new()};
    oldest->id = arena_str(oldest->arena, id);
    compile(oldest, arena_str(oldest->arena, source));
    return oldest;
}

void templates_free(struct outbox *o)
{
    for (u32 i = 0; i < TEMPLATES_MAX; i++) arena_free(o->templates[i].arena);
}

/* "template cart-1: /html:3:14: there is no filter …" */
MUST_USE static err explain(err e, str id, const struct diag *inner, struct diag *why)
{
    return diag_set(why, e, "template %.*s: %s%s%s", (int)min_size(id.n, 60), id.p, inner->path,
                    inner->path[0] ? ": " : "", inner->message);
}

/* Mails only: nothing else has HTML, and a text's links are left as they can be read. */
MUST_USE static err track(struct scene *s, const struct template *t, str id, struct diag *why)
{
    struct delivery *d = s->d;
    const struct channel_mail *c = &s->o->channels[d->channel].mail;
    struct tracking tracking = {.key = engine_key(s->o->engine),
                                .public_url = s->o->public_url,
                                .message = d->id,
                                .clicks = !c->no_clicks && !t->no_clicks,
                                .opens = !c->no_opens && !t->no_opens};
    struct buf b;
    if (!d->content.html.n || !s->unsubscribe.n || !(tracking.clicks || tracking.opens))
        return ERR_OK;
    memcpy(tracking.customer, s->link.customer, sizeof tracking.customer);
    buf_init(&b, 2 * TEMPLATE_OUTPUT_MAX);
    track_html(&tracking, d->content.html, &b);
    bool fits = !b.full;
    if (fits) d->content.html = arena_str(d->arena, buf_str(&b));
    buf_clear(&b);
    return fits ? ERR_OK
                : diag_set(why, ERR_LIMIT, "template %.*s: its links make it longer than %d bytes",
                           (int)min_size(id.n, 60), id.p, 2 * TEMPLATE_OUTPUT_MAX);
}

/* What dates and amounts depend on: the customer's zone and language, the workspace's currency. */
static struct liquid_values values_of(struct scene *s)
{
    struct engine *e = s->o->engine;
    persona who = s->who.head;
    value zone = who ? view_attribute(s->who.view, who, ATTRIBUTE_TIMEZONE) : value_missing();
    u32 code = names_find(engine_names(e), NAME_ATTRIBUTE, S("language"));
    value language = code && who ? view_attribute(s->who.view, who, code) : value_missing();
    if (s->language.n) language = value_text(s->language);
    if (language.type != VALUE_TEXT) language = engine_setting(e, S("language"));
    const struct zone *own = zone.type == VALUE_TEXT ? engine_zone_named(e, zone.text) : NULL;
    value currency = engine_setting(e, S("currency"));
    words_keep(&s->words, S(WORDS_NOW), (str){0}, value_int(s->d->date_ms));
    words_keep(&s->words, S(WORDS_ZONE), (str){0}, own ? zone : value_missing());
    words_keep(&s->words, S(WORDS_LANGUAGE), (str){0}, language);
    words_keep(&s->words, S(WORDS_CURRENCY), (str){0}, currency);
    return (struct liquid_values){.lookup = lookup,
                                  .ctx = s,
                                  .now_ms = s->d->date_ms,
                                  .zone = own ? own : engine_zone(e),
                                  .language = language.text,
                                  .currency = currency.text};
}

MUST_USE static err render_template(struct scene *s, const struct message_content *m,
                                    struct diag *why)
{
    struct delivery *d = s->d;
    struct diag inner = {0};
    struct liquid_values values = values_of(s);
    u32 version = 0;
    str source = engine_object(s->o->engine, OBJECT_TEMPLATE, m->template_id, &version);
    if (!source.n && s->o->stub_templates) {
        /* It stands for words about what the entry is about: two carts are two things. */
        u64 both[2] = {hash_xxh64(m->template_id), m->key};
        d->fingerprint = hash_xxh64((str){(const char *)both, sizeof both});
        return ERR_OK;
    }
    if (!source.n) {
        diag_set(&inner, ERR_NOT_FOUND, "there is no such template");
        return explain(ERR_NOT_FOUND, m->template_id, &inner, why);
    }
    const struct compiled *c = compiled_of(s->o, m->template_id, version, source);
    if (!c->template) return explain(ERR_REFUSED, m->template_id, &c->why, why);
    err e = template_render(c->template, &values, d->arena, &d->content, &inner);
    if (e != ERR_OK) return explain(e, m->template_id, &inner, why);
    d->version = version;
    d->values = words_values(&s->words, d->arena);
    u64 both[2] = {d->content.fingerprint, version};
    d->fingerprint = hash_xxh64((str){(const char *)both, sizeof both});
    return track(s, c->template, m->template_id, why);
}

/* ---- notices to the staff ---- */

static str name_of_her(struct scene *s)
{
    static const char *const NAMES[] = {"name",     "full_name", "姓名",  "first_name",
                                        "nickname", "email",     "phone", "user_id"};
    for (u32 i = 0; i < COUNT_OF(NAMES); i++) {
        value v = customer_value(s, str_of(NAMES[i]));
        if (v.type == VALUE_TEXT && v.text.n) return v.text;
    }
    return str_of(s->d->customer);
}

static str name_of_journey(struct scene *s, str id, bool zh)
{
    const struct json *j;
    str source = engine_object(s->o->engine, OBJECT_JOURNEY, id, NULL);
    if (json_parse(arena_str(s->d->arena, source), s->d->arena, &j, NULL) != ERR_OK) return id;
    const struct json *name = json_get(j, "name");
    str text = json_get_str(j, "name", (str){0});
    if (!text.n) text = json_get_str(name, zh ? "zh" : "en", (str){0});
    if (!text.n) text = json_get_str(name, zh ? "en" : "zh", (str){0});
    return text.n ? text : id;
}

/* Whoever is told is told: where the template has no words, the frame says so and stands alone. */
static void render_notice(struct scene *s, const struct message_content *m)
{
    struct delivery *d = s->d;
    struct staff staff;
    struct diag why = {0};
    bool known = notice_find(s->o, m->to, &staff);
    str own = arena_str(d->arena, str_of(staff.language));
    value setting = engine_setting(s->o->engine, S("language"));
    d->address = (hash128){0};
    d->to[0] = 0;
    if (known) {
        d->address = address_key(engine_key(s->o->engine), d->channel, str_of(staff.email));
        snprintf(d->to, sizeof d->to, "%s", staff.email);
    }
    s->language = own.n ? own : setting.type == VALUE_TEXT ? setting.text : S("en");
    if (render_template(s, m, &why) != ERR_OK) d->content = (struct rendered){.fingerprint = 1};
    struct notice n = {.to = str_of(d->to),
                       .language = s->language,
                       .customer = name_of_her(s),
                       .journey =
                           name_of_journey(s, m->journey_id, str_starts(s->language, S("zh"))),
                       .wanted = known && staff.stands_in ? m->to : (str){0},
                       .trouble = str_of(why.message)};
    n.url = arena_printf(d->arena, "%.*s/customers/%s", STR_ARG(s->o->public_url), d->customer);
    notice_keep(&s->words, &n);
    d->values = words_values(&s->words, d->arena);
    notice_write(&n, d->arena, &d->content);
}

/* ---- links ---- */

static str signed_url(struct scene *s, const char *page, signed_purpose purpose)
{
    struct buf b;
    buf_init(&b, 4096);
    buf_put(&b, s->o->public_url);
    buf_put(&b, str_of(page));
    signed_link_put(&b, engine_key(s->o->engine), purpose, &s->link);
    str url = arena_str(s->d->arena, buf_str(&b));
    buf_clear(&b);
    return url;
}

/* Where this message's reader may refuse the next one: what nobody may refuse does not ask for it
 * in its header. */
static void set_links(struct scene *s, const struct message_content *m, persona head)
{
    char id[33];
    struct delivery *d = s->d;
    customer_id(engine_customers(s->o->engine), head, id);
    s->link = (struct signed_link){.message = d->id, .channel = d->channel, .topic = m->topic_code};
    d->unsubscribe_url = (str){0};
    if (!s->o->public_url.n || !signed_customer(str_of(id), s->link.customer)) return;
    s->unsubscribe = signed_url(s, "/u/", SIGNED_UNSUBSCRIBE);
    s->preferences = signed_url(s, "/p/", SIGNED_PREFERENCES);
    if (m->category != CATEGORY_TRANSACTIONAL) d->unsubscribe_url = s->unsubscribe;
}

static void set_address(struct scene *s, str to)
{
    struct engine *e = s->o->engine;
    struct identifier_view id = {.value = to};
    s->d->address = (hash128){0};
    s->d->to[0] = 0;
    if (!to.n && !customer_address(engine_customers(e), s->who.head, s->d->channel, &id)) return;
    s->d->address = address_key(engine_key(e), s->d->channel, id.value);
    s->d->holder = (struct record_id){id.hash, id.space};
    /* One that is too long for any provider is refused there as no address. */
    snprintf(s->d->to, sizeof s->d->to, "%.*s", STR_ARG(id.value));
}

err delivery_render(struct outbox *o, struct delivery *d, struct diag *why)
{
    struct scene s = {.o = o, .d = d};
    struct message_content m;
    const struct channel *c = &o->channels[d->channel];
    const struct message_row *row = message_at(engine_messages(o->engine), d->message);
    if (!row || row->id_low != d->id.lo) return diag_set(why, ERR_NOT_FOUND, "the message is gone");
    arena_reset(d->arena);
    d->content = (struct rendered){0};
    d->version = 0;
    d->values = (str){0};
    d->rendered_at = engine_applied(o->engine);
    engine_subject(o->engine, customer_head(engine_customers(o->engine), row->persona), &s.who);
    bool known = engine_content(o->engine, d->message, &m);
    customer_id(engine_customers(o->engine), s.who.head, d->customer);
    d->category = row->category;
    s.category = (category)row->category;
    if (s.category != CATEGORY_NOTICE) set_address(&s, known ? m.to : (str){0});
    if (!known) return diag_set(why, ERR_NOT_FOUND, "its journey is gone");
    d->template = arena_str(d->arena, m.template_id);
    struct reader given = reader_of(m.values);
    if (m.values.n) s.given = value_read(&given);
    s.trigger_order = m.trigger_order;
    s.journey = m.journey;
    s.entry = m.entry;
    s.has_event = m.trigger_order && event_get(s.who.events, s.who.personas, s.who.persona_count,
                                               m.trigger_order, m.trigger_ms, &s.event, d->arena);
    bool notice = m.category == CATEGORY_NOTICE;
    if (!notice) set_links(&s, &m, customer_head(engine_customers(o->engine), row->persona));
    words_begin(&s.words);
    err e = ERR_OK;
    if (notice)
        render_notice(&s, &m);
    else
        e = render_template(&s, &m, why);
    words_end(&s.words);
    TRY(e);
    d->from = arena_str(d->arena, d->content.from.n ? d->content.from : c->from);
    d->reply_to =
        arena_str(d->arena, d->content.reply_to.n ? d->content.reply_to : c->mail.reply_to);
    return ERR_OK;
}

/* ---- trials ---- */

static void trial_links(struct scene *s)
{
    s->unsubscribe = arena_printf(s->d->arena, "%.*s/u/test", STR_ARG(s->o->public_url));
    s->preferences = arena_printf(s->d->arena, "%.*s/p/test", STR_ARG(s->o->public_url));
}

err outbox_say(struct outbox *o, const struct outbox_trial *t, struct arena *arena,
               struct rendered *out, char *to, struct diag *why)
{
    struct delivery d = {.arena = arena, .channel = t->channel, .date_ms = t->now_ms};
    struct scene s = {.o = o,
                      .d = &d,
                      .trial = t,
                      .has_event = t->has_event,
                      .event = t->event,
                      .category = t->category};
    if (t->head) engine_subject(o->engine, t->head, &s.who);
    trial_links(&s);
    if (to) {
        if (t->head) set_address(&s, (str){0});
        snprintf(to, sizeof d.to, "%s", d.to);
    }
    words_begin(&s.words);
    struct liquid_values values = values_of(&s);
    words_end(&s.words);
    values.lookup = trial_lookup;
    if (t->language.n) values.language = t->language;
    err e = template_render(t->template, &values, arena, out, why);
    return e;
}

size_t outbox_tracked_bytes(struct outbox *o, u32 channel, const struct template *t, str html)
{
    const struct channel_mail *c = &o->channels[channel].mail;
    struct tracking tracking = {.key = engine_key(o->engine),
                                .public_url = o->public_url,
                                .clicks = !c->no_clicks && !t->no_clicks,
                                .opens = !c->no_opens && !t->no_opens};
    struct buf b;
    if (!o->public_url.n || !(tracking.clicks || tracking.opens)) return html.n;
    buf_init(&b, 2 * TEMPLATE_OUTPUT_MAX);
    track_html(&tracking, html, &b);
    size_t n = b.n;
    buf_clear(&b);
    return n;
}
