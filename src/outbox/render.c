/* render.c — what a message says, from the customer as she is now.
 *
 * Names: customer.<attribute> (else her newest identifier of that namespace), event.<property> of
 * the event that began the journey, workspace.name, unsubscribe_url. */
#include "outbox/inside.h"

#include "base/hash.h"

#include <stdio.h>

struct scene {
    struct outbox *o;
    struct delivery *d;
    struct subject who;
    bool has_event;
    struct event event;
};

static value customer_value(struct scene *s, str member)
{
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
    u32 code = names_find(engine_names(s->o->engine), NAME_PROPERTY, member);
    return code && s->has_event ? props_get(s->event.props, code) : value_missing();
}

static value lookup(void *ctx, str root, str member)
{
    struct scene *s = ctx;
    if (str_eq(root, S("customer"))) return member.n ? customer_value(s, member) : value_missing();
    if (str_eq(root, S("event"))) return member.n ? event_value(s, member) : value_missing();
    if (str_eq(root, S("workspace")) && str_eq(member, S("name")))
        return engine_setting(s->o->engine, member);
    if (str_eq(root, S("unsubscribe_url")) && !member.n) return value_text(s->d->unsubscribe_url);
    return value_missing();
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

/* What dates and amounts depend on: the customer's zone and language, the workspace's currency. */
static struct liquid_values values_of(struct scene *s)
{
    struct engine *e = s->o->engine;
    value zone = view_attribute(s->who.view, s->who.head, ATTRIBUTE_TIMEZONE);
    u32 code = names_find(engine_names(e), NAME_ATTRIBUTE, S("language"));
    value language = code ? view_attribute(s->who.view, s->who.head, code) : value_missing();
    const struct zone *own = zone.type == VALUE_TEXT ? engine_zone_named(e, zone.text) : NULL;
    return (struct liquid_values){.lookup = lookup,
                                  .ctx = s,
                                  .now_ms = s->d->date_ms,
                                  .zone = own ? own : engine_zone(e),
                                  .language = language.text,
                                  .currency = engine_setting(e, S("currency")).text};
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
        d->fingerprint = hash_xxh64(m->template_id);
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
    u64 both[2] = {d->content.fingerprint, version};
    d->fingerprint = hash_xxh64((str){(const char *)both, sizeof both});
    return ERR_OK;
}

static void set_address(struct scene *s)
{
    struct engine *e = s->o->engine;
    struct identifier_view id;
    s->d->address = (hash128){0};
    s->d->to[0] = 0;
    if (!customer_address(engine_customers(e), s->who.head, s->d->channel, &id)) return;
    s->d->address = address_key(engine_key(e), s->d->channel, id.value);
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
    d->rendered_at = engine_applied(o->engine);
    engine_subject(o->engine, customer_head(engine_customers(o->engine), row->persona), &s.who);
    set_address(&s);
    if (!journey_content(engine_journeys(o->engine), d->message, &m))
        return diag_set(why, ERR_NOT_FOUND, "its journey is gone");
    s.has_event = m.trigger_order && event_get(s.who.events, s.who.personas, s.who.persona_count,
                                               m.trigger_order, m.trigger_ms, &s.event, d->arena);
    TRY(render_template(&s, &m, why));
    d->from = arena_str(d->arena, d->content.from.n ? d->content.from : c->from);
    return ERR_OK;
}

void delivery_check(struct outbox *o, const struct delivery *d, i64 now, struct claim_check *out)
{
    struct message_content m;
    bool known = journey_content(engine_journeys(o->engine), d->message, &m);
    *out = (struct claim_check){d->address, d->fingerprint, known ? m.topic_code : 0, now};
}
