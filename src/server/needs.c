#include "server/needs.h"

#include "server/look.h"
#include "server/words.h"

enum { SAMPLE = 2000 };

static const struct need_kind {
    const char *what;
    name_kind kind;
    words_kind words;
    const char *fix, *zh, *en; /* %s: the words */
} KINDS[] = {
    {"event", NAME_EVENT, WORDS_EVENT, "snippet",
     "需要“%.*s”事件：在网站装上代码，或导入历史数据。",
     "It needs the event “%.*s”: put the snippet into your site, or import the past."},
    {"property", NAME_PROPERTY, WORDS_PROPERTY, "snippet", "事件里需要带上“%.*s”。",
     "The event has to carry “%.*s”."},
    {"attribute", NAME_ATTRIBUTE, WORDS_ATTRIBUTE, "map_column",
     "需要客户的“%.*s”：从表格里对应一列，或请客户填写。",
     "It needs the customers’ “%.*s”: map a column of a table, or ask them."},
    {"identifier", NAME_SPACE, WORDS_ATTRIBUTE, "map_column",
     "需要客户的“%.*s”：导入带有它的表格。",
     "It needs the customers’ “%.*s”: import a table that has it."},
    {"channel", NAME_CHANNEL, WORDS_CHANNEL, "channel", "需要接通%.*s渠道，或先用测试收件箱。",
     "It needs %.*s: connect a provider, or the test outbox for now."},
};

static const struct need_kind *kind_of(const struct json *need, str *name)
{
    for (u32 i = 0; i < COUNT_OF(KINDS); i++) {
        *name = json_get_str(need, KINDS[i].what, (str){0});
        if (name->n) return &KINDS[i];
    }
    return NULL;
}

bool name_is_known(struct engine *e, name_kind kind, str name)
{
    return name.n && names_find(engine_names(e), kind, name) != 0;
}

bool need_met(struct call *c, const struct json *need)
{
    struct engine *e = c->server->engine;
    str name;
    const struct need_kind *k = kind_of(need, &name);
    if (!k) return true;
    if (k->kind != NAME_CHANNEL) return name_is_known(e, k->kind, name);
    return outbox_connected(c->server->outbox, names_find(engine_names(e), NAME_CHANNEL, name));
}

/* How many of a sample have it; of all, if there are not more. */
static void put_customers(struct call *c, struct buf *b, const struct need_kind *k, str name)
{
    struct engine *e = c->server->engine;
    struct customers *cs = engine_customers(e);
    struct customer_view view = {cs, NULL};
    persona end = customers_end(cs);
    u32 of = 0, n = 0, code = names_find(engine_names(e), k->kind, name);
    if (k->kind != NAME_ATTRIBUTE && k->kind != NAME_SPACE) return;
    for (u32 i = 0; i + 1 < end && i < SAMPLE; i++) {
        persona head = look_pick(i, end);
        struct identifier_view id;
        u32 cursor = 0;
        bool has = false;
        if (customer_head(cs, head) != head) continue;
        of++;
        if (k->kind == NAME_ATTRIBUTE)
            has = code && view_attribute(&view, head, code).type > VALUE_NULL;
        else
            while (code && !has && customer_identifier(cs, head, &cursor, &id))
                has = id.space == code;
        n += has;
    }
    json_put_kv_i64(b, S("customers"), n);
    json_put_kv_i64(b, S("of"), of);
}

void need_put(struct call *c, struct buf *b, const struct json *need)
{
    str name;
    const struct need_kind *k = kind_of(need, &name);
    if (!k) {
        json_put(b, need);
        return;
    }
    struct name_words words = words_of(k->words, name);
    bool birthday = k->kind == NAME_ATTRIBUTE;
    buf_byte(b, '{');
    json_put_kv_str(b, str_of(k->what), name);
    json_put_kv_str(b, S("what"), str_of(k->what));
    json_put_kv_str(b, S("name"), name);
    json_put_kv_bool(b, S("met"), need_met(c, need));
    struct buf zh, en;
    buf_init(&zh, 4096), buf_init(&en, 4096);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    buf_printf(&zh, k->zh, STR_ARG(words.zh));
    buf_printf(&en, k->en, STR_ARG(words.en));
#pragma GCC diagnostic pop
    put_both(b, S("words"), buf_str(&zh), buf_str(&en));
    buf_clear(&zh), buf_clear(&en);
    json_put_kv_str(b, S("fix"), str_of(k->fix));
    json_put_key(b, S("fixes"));
    buf_put(b, birthday ? S("[\"map_column\",\"form\"]") : S("["));
    if (!birthday) {
        json_put_str(b, str_of(k->fix));
        buf_byte(b, ']');
    }
    put_customers(c, b, k, name);
    buf_byte(b, '}');
}
