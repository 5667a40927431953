/* look_sms.c — a short message counted: for the one who is shown, and for a sample of those who
 * would get it, since names differ in length. */
#include "content/sms.h"
#include "server/look.h"

#include <stdio.h>

struct sms_look {
    struct look *l;
    const struct json *settings;
    str provider;
    struct sms_wrap wrap;
    struct buf whole;
};

static bool to_mainland(const struct sms_look *s, str to)
{
    if (to.n) return sms_is_mainland(to);
    return str_eq(s->provider, S("aliyun")) || str_eq(s->provider, S("tencent"));
}

/* The text with sign and way out, in s->whole. */
static struct sms_count counted(struct sms_look *s, str text, str to)
{
    s->wrap.mainland = to_mainland(s, to);
    buf_reset(&s->whole);
    sms_compose(str_trim(text), &s->wrap, &s->whole);
    return sms_count(buf_str(&s->whole), s->wrap.mainland);
}

static void put_extreme(struct call *c, struct buf *b, str key, struct sms_count n, persona who)
{
    char id[33];
    json_put_key(b, key);
    buf_byte(b, '{');
    json_put_kv_i64(b, S("length"), n.length);
    json_put_kv_i64(b, S("parts"), n.parts);
    customer_id(engine_customers(c->server->engine), who, id);
    json_put_kv_str(b, S("customer"), (str){id, 32});
    buf_byte(b, '}');
}

static void put_price(struct buf *b, const struct json *settings, u64 parts)
{
    const struct json *price = json_get(settings, "price");
    fixed each;
    json_put_key(b, S("price"));
    if (json_is(price, JSON_NUMBER) && fixed_parse(price->text, &each) == ERR_OK)
        value_json(b, value_fixed(each * (i64)parts));
    else
        buf_put(b, S("null"));
}

struct people {
    u32 of, by_parts[SMS_PARTS_MAX + 2];
    u64 parts;
    struct sms_count min, max;
    persona shortest, longest;
};

static void count_one(struct sms_look *s, persona head, struct people *p, struct arena *arena)
{
    struct look *l = s->l;
    struct outbox_trial t = l->trial;
    struct rendered words;
    char to[320];
    t.head = head;
    t.has_event = false;
    t.missing = NULL, t.stood_in = NULL;
    t.language = l->asked->language;
    struct diag ignored = {0};
    arena_reset(arena);
    if (outbox_say(l->c->server->outbox, &t, arena, &words, to, &ignored) != ERR_OK || !to[0])
        return;
    struct sms_count n = counted(s, words.text, str_of(to));
    if (!p->of || n.length < p->min.length) p->min = n, p->shortest = head;
    if (!p->of || n.length > p->max.length) p->max = n, p->longest = head;
    p->of++;
    p->parts += n.parts;
    p->by_parts[min_u32(n.parts, SMS_PARTS_MAX + 1)]++;
}

/* Spread over all customers, whoever came when. */
static void count_people(struct sms_look *s, struct people *p)
{
    struct customers *cs = engine_customers(s->l->c->server->engine);
    persona end = customers_end(cs);
    u32 want = s->l->asked->sample;
    struct env *env = s->l->c->server->env;
    i64 until = env_mono_ns(env) + LOOK_BUDGET_NS;
    struct arena *arena = arena_new();
    for (u32 i = 0; i + 1 < end && p->of < want; i++) {
        if (i >= LOOK_LEAST && env_mono_ns(env) > until) break;
        persona head = look_pick(i, end);
        if (customer_head(cs, head) == head) count_one(s, head, p, arena);
    }
    arena_free(arena);
}

static void put_people(struct sms_look *s, struct buf *b)
{
    struct people p = {0};
    struct call *c = s->l->c;
    count_people(s, &p);
    json_put_key(b, S("people"));
    buf_byte(b, '{');
    json_put_kv_i64(b, S("of"), p.of);
    if (p.of) {
        put_extreme(c, b, S("min"), p.min, p.shortest);
        put_extreme(c, b, S("max"), p.max, p.longest);
    }
    json_put_key(b, S("by_parts"));
    buf_byte(b, '{');
    u32 over = 0;
    for (u32 i = 0; i < COUNT_OF(p.by_parts); i++) {
        char key[8];
        if (!p.by_parts[i]) continue;
        if (i > p.min.parts) over += p.by_parts[i];
        snprintf(key, sizeof key, "%u", i);
        json_put_kv_i64(b, str_of(key), p.by_parts[i]);
    }
    buf_byte(b, '}');
    json_put_kv_i64(b, S("over"), over);
    put_price(b, s->settings, p.parts);
    buf_byte(b, '}');
}

void look_put_sms(struct look *l, struct buf *b)
{
    const struct json *channel = sms_channel(l->c), *settings = json_get(channel, "settings");
    struct sms_look s = {.l = l,
                         .settings = settings,
                         .provider = json_get_str(channel, "provider", (str){0}),
                         .wrap = {.sign = str_trim(json_get_str(settings, "sign", (str){0})),
                                  .promotion = l->trial.category == CATEGORY_PROMOTION}};
    buf_init(&s.whole, 2 * TEMPLATE_OUTPUT_MAX);
    struct sms_count n = counted(&s, l->words.text, str_of(l->to));
    json_put_key(b, S("sms"));
    buf_byte(b, '{');
    json_put_kv_str(b, S("text"), buf_str(&s.whole));
    json_put_kv_str(b, S("encoding"), sms_encoding_text(n.encoding));
    json_put_kv_i64(b, S("length"), n.length);
    json_put_kv_i64(b, S("parts"), n.parts);
    json_put_kv_i64(b, S("one"), n.encoding == SMS_GSM7 ? 160 : 70);
    json_put_kv_i64(b, S("more"), n.encoding == SMS_GSM7 ? 153 : 67);
    json_put_key(b, S("sign"));
    if (s.wrap.sign.n)
        json_put_str(b, s.wrap.sign);
    else
        buf_put(b, S("null"));
    json_put_key(b, S("opt_out"));
    bool added =
        s.wrap.promotion && s.wrap.mainland && str_ends(buf_str(&s.whole), S("拒收请回复R"));
    buf_put(b, added ? S("\"拒收请回复R\"") : S("null"));
    put_price(b, settings, n.parts);
    str currency = json_get_str(settings, "currency", (str){0});
    json_put_key(b, S("currency"));
    if (currency.n)
        json_put_str(b, currency);
    else
        buf_put(b, S("null"));
    if (l->asked->sample) put_people(&s, b);
    buf_byte(b, '}');
    buf_clear(&s.whole);
}
