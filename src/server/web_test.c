#include "base/test.h"
#include "server/forms.h"
#include "server/hits.h"
#include "server/optin.h"
#include "server/rates.h"
#include "server/web.h"

TEST("a posted form is read pair by pair, and refused where it is broken or too much")
{
    struct form_body f;
    CHECK_OK(form_body_read(S("a=1&b=%E8%8C%B6+x&&c&a=2&=e"), arena, &f));
    CHECK_EQ(f.count, 5);
    CHECK_STR(form_value(&f, S("a")), S("2"));
    CHECK(form_has(&f, S("a"), S("1")));
    CHECK_STR(form_value(&f, S("b")), S("茶 x"));
    CHECK_STR(form_value(&f, S("c")), S(""));
    CHECK(!form_has(&f, S("d"), S("")));
    CHECK_EQ(form_body_read(S("a=%zz"), arena, &f), ERR_INVALID);
    CHECK_EQ(form_body_read(S("a=%00"), arena, &f), ERR_INVALID);
    CHECK_EQ(form_body_read(S("a=%ff"), arena, &f), ERR_INVALID);
    char *many = arena_alloc(arena, 2 * (FORM_PAIRS_MAX + 1));
    for (u32 i = 0; i <= FORM_PAIRS_MAX; i++) memcpy(many + 2 * i, "a&", 2);
    CHECK_OK(form_body_read((str){many, 2 * FORM_PAIRS_MAX}, arena, &f));
    CHECK_EQ(form_body_read((str){many, 2 * FORM_PAIRS_MAX + 2}, arena, &f), ERR_LIMIT);
    CHECK_EQ(form_body_read((str){many, FORM_BYTES_MAX + 1}, arena, &f), ERR_LIMIT);
}

TEST("an address is shortened by its last part")
{
    CHECK_STR(web_address_short(S("203.0.113.77"), arena), S("203.0.113.0"));
    CHECK_STR(web_address_short(S("2001:db8:1:2:3::4"), arena), S("2001:db8:1::"));
    CHECK_STR(web_address_short(S("nonsense"), arena), S(""));
    CHECK_STR(web_address_short(S(""), arena), S(""));
}

TEST("an address does so much in a stretch of time and no more")
{
    struct rates *r = rates_new();
    for (u32 i = 0; i < 3; i++) CHECK(rates_take(r, S("a"), 3, 60000, 120000 + i));
    CHECK(!rates_take(r, S("a"), 3, 60000, 120003));
    CHECK(rates_take(r, S("b"), 3, 60000, 120003));
    CHECK(!rates_take(r, S("a"), 3, 60000, 179999));
    CHECK(rates_take(r, S("a"), 3, 60000, 180000));
    rates_free(r);
}

/* ---- machines ---- */

#define CHROME "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36"

static bool judged(const char *agent, const char *accept, const char *language, const char *peer,
                   http_verb verb, bool open)
{
    struct http_field fields[3];
    struct http_request req = {.verb = verb, .fields = fields};
    if (agent) fields[req.field_count++] = (struct http_field){S("User-Agent"), str_of(agent)};
    if (accept) fields[req.field_count++] = (struct http_field){S("Accept"), str_of(accept)};
    if (language)
        fields[req.field_count++] = (struct http_field){S("Accept-Language"), str_of(language)};
    return hit_is_machine(&req, str_of(peer), open);
}

TEST("a machine is told from a person by its name, network, HEAD and what it does not say")
{
    CHECK(!judged(CHROME, "*/*", "en", "203.0.113.7", METHOD_GET, false));
    CHECK(judged(CHROME, "*/*", "en", "203.0.113.7", METHOD_HEAD, false));
    CHECK(judged(CHROME, "*/*", NULL, "203.0.113.7", METHOD_GET, false));
    CHECK(judged(CHROME, NULL, "en", "203.0.113.7", METHOD_GET, false));
    CHECK(judged(NULL, "*/*", "en", "203.0.113.7", METHOD_GET, false));
    CHECK(judged("curl/8.0", "*/*", "en", "203.0.113.7", METHOD_GET, false));
    CHECK(judged("Mozilla/5.0 (compatible; Barracuda)", "*/*", "en", "", METHOD_GET, false));
    CHECK(judged("Mozilla/5.0 (compatible; SomeBot/1.0)", "*/*", "en", "", METHOD_GET, false));
    CHECK(judged(CHROME, "*/*", "en", "148.163.140.9", METHOD_GET, false));
    CHECK(!judged(CHROME, "*/*", "en", "148.163.160.9", METHOD_GET, false));
    CHECK(!judged(CHROME, "image/*", NULL, "203.0.113.7", METHOD_GET, true));
    CHECK(judged("Mozilla/5.0", "*/*", "en", "203.0.113.7", METHOD_GET, true));
    CHECK(!judged("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com "
                  "GoogleImageProxy)",
                  "image/*", NULL, "66.249.84.1", METHOD_GET, true));
}

/* ---- forms ---- */

static err read_form(struct arena *arena, struct names *names, const char *text, struct diag *why)
{
    const struct json *j;
    static struct form f;
    *why = (struct diag){0};
    CHECK_OK(json_parse(str_of(text), arena, &j, NULL));
    return form_of_json(j, names, &f, why);
}

TEST("a form is refused by the place of what is wrong")
{
    static const struct {
        const char *json, *path;
    } CASES[] = {
        {"{}", "/fields"},
        {"{\"fields\":[]}", "/fields"},
        {"{\"fields\":[{\"name\":\"city\"}]}", "/fields"},
        {"{\"fields\":[{\"name\":\"\"}]}", "/fields/0/name"},
        {"{\"fields\":[{\"name\":\"bk_t\"}]}", "/fields/0/name"},
        {"{\"fields\":[{\"name\":\"email\"},{\"name\":\"email\"}]}", "/fields/1/name"},
        {"{\"fields\":[{\"name\":\"email\",\"type\":\"file\"}]}", "/fields/0/type"},
        {"{\"fields\":[{\"name\":\"a\",\"type\":\"select\"}]}", "/fields/0/options"},
        {"{\"fields\":[{\"name\":\"id\",\"target\":\"user_id\"}]}", "/fields/0/target"},
        {"{\"fields\":[{\"name\":\"email\"}],\"redirect\":\"javascript:1\"}", "/redirect"},
        {"{\"fields\":[{\"name\":\"email\"}],\"origins\":\"*\"}", "/origins"},
        {"{\"fields\":[{\"name\":\"email\"}],\"consent\":{\"channel\":\"x\"}}", "/consent/channel"},
        {"{\"fields\":[{\"name\":\"email\"}],\"consent\":{\"channel\":\"email\"}}",
         "/consent/text"},
        {"{\"fields\":[{\"name\":\"phone\"}],\"consent\":{\"channel\":\"sms\",\"text\":\"x\","
         "\"double_opt_in\":true}}",
         "/consent/double_opt_in"},
    };
    struct names *names = names_new(NULL);
    struct diag why;
    record_fixed_names(names);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        CHECK_EQ(read_form(arena, names, CASES[i].json, &why), ERR_REFUSED);
        CHECK_STR(str_of(why.path), str_of(CASES[i].path));
    }
    CHECK_OK(read_form(arena, names, "{\"fields\":[{\"name\":\"m\",\"type\":\"email\"}]}", &why));
    names_free(names);
}

TEST("the mails that ask for a second yes are templates, with the link in both parts")
{
    for (int zh = 0; zh < 2; zh++) {
        const struct json *j;
        struct template *t;
        struct diag why = {0};
        CHECK_OK(json_parse(optin_template(zh), arena, &j, &why));
        CHECK_OK(template_compile(j, arena, &t, &why));
        CHECK_STR(t->channel, S("email"));
        CHECK(t->no_clicks && t->no_opens);
        CHECK(str_find(json_get_str(j, "html", (str){0}), S("{{ event.confirm_url }}")) > 0);
    }
}
