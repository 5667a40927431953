/* sms_test.c — lengths at both sides of each edge, and what counts as "no more". */
#include "base/test.h"
#include "content/content.h"
#include "content/sms.h"

static str times(struct arena *a, const char *what, u32 n)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    for (u32 i = 0; i < n; i++) buf_put(&b, str_of(what));
    str s = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return s;
}

struct wanted {
    const char *what;
    u32 n;
    bool mainland;
    sms_encoding encoding;
    u32 length, parts;
};

TEST("parts begin where the standards say, on both sides of each edge")
{
    static const struct wanted ALL[] = {
        {"a", 0, false, SMS_GSM7, 0, 0},     {"a", 1, false, SMS_GSM7, 1, 1},
        {"a", 160, false, SMS_GSM7, 160, 1}, {"a", 161, false, SMS_GSM7, 161, 2},
        {"a", 306, false, SMS_GSM7, 306, 2}, {"a", 307, false, SMS_GSM7, 307, 3},
        {"€", 80, false, SMS_GSM7, 160, 1},  {"€", 81, false, SMS_GSM7, 162, 2},
        {"€", 152, false, SMS_GSM7, 304, 2}, {"€", 153, false, SMS_GSM7, 306, 3},
        {"é", 160, false, SMS_GSM7, 160, 1}, {"ê", 70, false, SMS_UCS2, 70, 1},
        {"ê", 71, false, SMS_UCS2, 71, 2},   {"`", 1, false, SMS_UCS2, 1, 1},
        {"店", 70, true, SMS_UCS2, 70, 1},   {"店", 71, true, SMS_UCS2, 71, 2},
        {"店", 134, true, SMS_UCS2, 134, 2}, {"店", 135, true, SMS_UCS2, 135, 3},
        {"a", 70, true, SMS_UCS2, 70, 1},    {"a", 71, true, SMS_UCS2, 71, 2},
        {"😀", 35, false, SMS_UCS2, 70, 1},   {"😀", 36, false, SMS_UCS2, 72, 2},
        {"😀", 66, false, SMS_UCS2, 132, 2},  {"😀", 67, false, SMS_UCS2, 134, 3},
        {"[", 80, false, SMS_GSM7, 160, 1},  {"\n", 160, false, SMS_GSM7, 160, 1},
        {"Ω", 160, false, SMS_GSM7, 160, 1}, {"ç", 1, false, SMS_UCS2, 1, 1},
    };
    for (size_t i = 0; i < COUNT_OF(ALL); i++) {
        struct sms_count c = sms_count(times(arena, ALL[i].what, ALL[i].n), ALL[i].mainland);
        CHECK_EQ(c.encoding, ALL[i].encoding);
        CHECK_EQ(c.length, ALL[i].length);
        CHECK_EQ(c.parts, ALL[i].parts);
    }
}

static str composed(struct arena *a, const char *text, const char *sign, bool promotion,
                    bool mainland)
{
    struct buf b;
    buf_init(&b, 4096);
    struct sms_wrap w = {str_of(sign), promotion, mainland};
    sms_compose(str_of(text), &w, &b);
    str s = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return s;
}

TEST("the sign stands in front once, and promotion to the mainland offers a way out")
{
    CHECK_STR(composed(arena, "新品到店", "小店", true, true), S("【小店】新品到店，拒收请回复R"));
    CHECK_STR(composed(arena, "【小店】新品", "小店", true, true), S("【小店】新品，拒收请回复R"));
    CHECK_STR(composed(arena, "新品到店。", "小店", true, true),
              S("【小店】新品到店。拒收请回复R"));
    CHECK_STR(composed(arena, "新品，回TD退订", "小店", true, true), S("【小店】新品，回TD退订"));
    CHECK_STR(composed(arena, "您的验证码", "小店", false, true), S("【小店】您的验证码"));
    CHECK_STR(composed(arena, "News", "", true, false), S("News"));
    CHECK(sms_is_mainland(S("+8613800138000")) && !sms_is_mainland(S("+85291234567")));
    CHECK(!sms_is_mainland(S("+861380013800")) && !sms_is_mainland(S("+15005550006")));
}

TEST("R, TD, STOP and their like are heard, sentences with them are not")
{
    static const char *const YES[] = {
        "R",     "r",           " R ",    "TD",  "td。", "T",  "退订", "退订。", "STOP",  "stop.",
        "Stop!", "UNSUBSCRIBE", "cancel", "End", "QUIT", "Ｒ", "ｔｄ", "拒收",   "\tR\n", "【R】"};
    static const char *const NO[] = {"",        "RR",  "Right",   "please stop",
                                     "stop it", "TDK", "not end", "退订吗我想问一下",
                                     "R2",      "1",   "好的",    "???"};
    for (size_t i = 0; i < COUNT_OF(YES); i++) CHECK(sms_is_stop(str_of(YES[i])));
    for (size_t i = 0; i < COUNT_OF(NO); i++) CHECK(!sms_is_stop(str_of(NO[i])));
}

static err compiled(struct arena *a, str json, struct diag *why)
{
    const struct json *j;
    struct template *t;
    CHECK_OK(json_parse(json, a, &j, NULL));
    return template_compile(j, a, &t, why);
}

static str template_of(struct arena *a, u32 length)
{
    return arena_printf(a, "{\"id\":\"a\",\"channel\":\"sms\",\"text\":\"%.*s\"}",
                        STR_ARG(times(a, "x", length)));
}

TEST("a short message's template has a text of at most ten parts, or one that its provider knows")
{
    struct diag why = {0};
    CHECK_OK(compiled(arena, template_of(arena, 670), &why));
    CHECK_EQ(compiled(arena, template_of(arena, 671), &why), ERR_REFUSED);
    CHECK_STR(str_of(why.path), S("/text"));
    why = (struct diag){0};
    CHECK_EQ(compiled(arena, S("{\"id\":\"a\",\"channel\":\"sms\"}"), &why), ERR_REFUSED);
    CHECK_OK(compiled(arena,
                      S("{\"id\":\"a\",\"channel\":\"sms\",\"provider_template\":{\"code\":\"S\","
                        "\"params\":{\"n\":\"{{ customer.n }}\"}}}"),
                      NULL));
    why = (struct diag){0};
    CHECK_EQ(compiled(arena,
                      S("{\"id\":\"a\",\"channel\":\"sms\",\"provider_template\":{\"code\":\"S\","
                        "\"params\":{\"n\":\"{{ customer.n\"}}}"),
                      &why),
             ERR_REFUSED);
    CHECK(str_starts(str_of(why.path), S("/provider_template/params/n")));
}
