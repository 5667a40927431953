/* liquid_lang_test.c — each tag and each filter at its edges, and what hostile templates meet. */
#include "base/json.h"
#include "base/test.h"
#include "content/values_test.h"

#include <stdio.h>

static const struct liquid_partial PARTIALS[] = {
    {LIQUID_NAME("card"), LIQUID_NAME("[{{ card.name }}{{ a }}{{ c.n }}{% assign a = 9 %}]")},
    {LIQUID_NAME("self"), LIQUID_NAME("x{% render 'self' %}")},
    {LIQUID_NAME("stop"), LIQUID_NAME("{{ i }}{% break %}")},
    {LIQUID_NAME("bad"), LIQUID_NAME("a\n {{ 1 | nope }}")},
    {LIQUID_NAME("zero"), LIQUID_NAME("ok\n{{ 1 | divided_by: 0 }}")},
};

static err render(struct arena *arena, const char *source, const char *json, liquid_format format,
                  str *out, struct diag *why)
{
    struct liquid_options options = {PARTIALS, COUNT_OF(PARTIALS), NULL};
    const struct json *data = NULL;
    struct liquid *l;
    struct buf b;
    *out = (str){0};
    CHECK_OK(json_parse(str_of(json ? json : "{}"), arena, &data, NULL));
    CHECK_OK(json_parse(S("{\"c.name\":\"dear reader\"}"), arena, &options.fallbacks, NULL));
    value root = value_of(arena, data);
    struct liquid_values values = {test_lookup, &root,      1767225600000 + 3 * HOUR,
                                   NULL,        S("zh-CN"), S("CNY")};
    TRY(liquid_compile_with(str_of(source), &options, arena, &l, why));
    buf_init(&b, TEMPLATE_OUTPUT_MAX);
    err e = liquid_render(l, &values, format, &b, why);
    *out = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return e;
}

static str said(struct arena *arena, const char *source, const char *json, liquid_format format)
{
    struct diag why = {0};
    str out;
    err e = render(arena, source, json, format, &out, &why);
    if (e != ERR_OK) print_error("%s: %s: %s\n", source, why.path, why.message);
    CHECK_OK(e);
    return out;
}

#define SAID(source, json, expected) CHECK_STR(said(arena, source, json, LIQUID_TEXT), S(expected))
#define SAID_HTML(source, json, expected)                                                          \
    CHECK_STR(said(arena, source, json, LIQUID_HTML), S(expected))

static void refused(struct arena *arena, const char *source, err code, const char *place,
                    const char *words)
{
    struct diag why = {0};
    str out;
    CHECK_EQ(render(arena, source, NULL, LIQUID_TEXT, &out, &why), code);
    CHECK_EQ(out.n, 0);
    if (place) CHECK_STR(str_of(why.path), str_of(place));
    if (str_find(str_of(why.message), str_of(words)) < 0) print_error("said: %s\n", why.message);
    CHECK(str_find(str_of(why.message), str_of(words)) >= 0);
}

TEST("for goes over lists, ranges, maps and parts of them")
{
    const char *l = "{\"l\":[1,2,3,4,5],\"m\":{\"z\":1,\"a\":[2]},\"e\":[]}";
    SAID("{% for x in l %}{{ x }}{% endfor %}", l, "12345");
    SAID("{% for x in l limit: 2 offset: 1 %}{{ x }}{% endfor %}", l, "23");
    SAID("{% for x in l reversed limit: 2 %}{{ x }}{% endfor %}", l, "21");
    SAID("{% for x in (3..1) %}{{ x }}{% else %}none{% endfor %}", l, "none");
    SAID("{% for x in (1..4) reversed %}{{ x }}{% endfor %}", l, "4321");
    SAID("{% for x in e %}{{ x }}{% else %}none{% endfor %}", l, "none");
    SAID("{% for x in nope %}{{ x }}{% else %}none{% endfor %}", l, "none");
    SAID("{% for p in m %}{{ p[0] }}={{ p.last }};{% endfor %}", l, "z=1;a=2;");
    SAID("{% for x in l %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 4 %}{% break %}"
         "{% endif %}{{ x }}{% endfor %}!",
         l, "13!");
    SAID("{% for x in l limit: 2 %}{{ x }}{% endfor %}-{% for x in l offset: continue %}{{ x }}"
         "{% endfor %}",
         l, "12-345");
    SAID("{% for x in (1..2) %}{% for y in (1..2) %}{{ forloop.parentloop.index }}"
         "{{ forloop.rindex0 }}{{ forloop.first }} {% endfor %}{% endfor %}",
         l, "11true 10false 21true 20false ");
    SAID("{% assign x = 'o' %}{% for x in (1..1) %}{{ x }}{% assign x = 'i' %}{{ x }}{% endfor %}"
         "{{ x }}",
         l, "11i");
    SAID("{% for x in (1..1000000000) limit: 2 %}{{ x }}{% endfor %}", l, "12");
    refused(arena, "{% for x in (1..1000000000) %}{% endfor %}", ERR_LIMIT, NULL, "steps");
    refused(arena, "{{ (1..1000000000) | join }}", ERR_LIMIT, NULL, "steps");
    refused(arena, "{% for x of l %}{% endfor %}", ERR_REFUSED, "1:10", "in is expected");
}

TEST("tablerow makes rows and cells")
{
    SAID("{% tablerow x in (1..3) cols: 2 %}{{ x }}{{ tablerowloop.col_last }}{% endtablerow %}",
         NULL,
         "<tr class=\"row1\">\n<td class=\"col1\">1false</td><td class=\"col2\">2true</td></tr>\n"
         "<tr class=\"row2\"><td class=\"col1\">3false</td></tr>\n");
    SAID("{% tablerow x in nope %}{{ x }}{% endtablerow %}", NULL, "");
}

TEST("case, cycle, counters and ifchanged")
{
    SAID("{% case 2 %} x {% when 1, 3 %}a{% when 2 or 4 %}b{% else %}c{% endcase %}", NULL, "b");
    SAID("{% case nope %}{% when 1 %}a{% else %}c{% endcase %}", NULL, "c");
    SAID("{% for x in (1..3) %}{% cycle 'a', 'b' %}{% endfor %}", NULL, "aba");
    SAID(
        "{% for x in (1..3) %}{% ifchanged %}{{ x | divided_by: 2 }}{% endifchanged %}{% endfor %}",
        NULL, "01");
    SAID("{% increment a %}{% increment a %}{% decrement b %}{{ a }}", NULL, "01-12");
    SAID("{% liquid\n assign a = 1\n if a == 1\n echo 'one'\n endif\n # remark\n%}", NULL, "one");
    refused(arena, "{% liquid\n if a\n%}", ERR_REFUSED, "2:2", "endif");
    refused(arena, "{% case %}{% endcase %}", ERR_REFUSED, "1:9", "a value is missing");
}

TEST("render is alone with what it is given; include is not")
{
    const char *d = "{\"l\":[{\"name\":\"A\"},{\"name\":\"B\"}],\"c\":{\"n\":\"N\"},\"i\":5}";
    SAID("{% assign a = 1 %}{% render 'card' %}{{ a }}", d, "[N]1");
    SAID("{% assign a = 1 %}{% render 'card', a: 2 %}{{ a }}", d, "[2N]1");
    SAID("{% render 'card' for l as card %}", d, "[AN][BN]");
    SAID("{% render 'card' with l[1] %}", d, "[BN]");
    SAID("{% assign a = 1 %}{% include 'card' with l[0] %}{{ a }}", d, "[A1N]9");
    SAID("{% for i in (1..3) %}{% render 'stop' %}{% endfor %}", d, "555");
    SAID("{% for i in (1..3) %}{% include 'stop' %}{% endfor %}", d, "1");
    refused(arena, "{% render 'self' %}", ERR_LIMIT, NULL, "too deep");
    refused(arena, "{% render 'none' %}", ERR_REFUSED, "1:12", "no partial \"none\"");
    refused(arena, "{% render 'bad' %}", ERR_REFUSED, "/partials/bad:2:9", "no filter");
    refused(arena, "{% render 'zero' %}", ERR_INVALID, "/partials/zero:2:8", "divided by 0");
}

TEST("filters of lists")
{
    const char *d =
        "{\"l\":[3,1,null,2,1],\"w\":[\"b\",\"A\",\"c\"],\"o\":[{\"k\":\"x\",\"n\":2.5},"
        "{\"k\":\"y\",\"n\":1},{\"n\":4}],\"h\":{\"a\":1,\"b\":[\"c\",null]}}";
    SAID("{{ l | sort | join }}|{{ l | compact | uniq | join: '' }}|{{ l | sum }}", d,
         "1 1 2 3 |312|7");
    SAID("{{ w | sort | join }}|{{ w | sort_natural | join }}|{{ w | reverse | first }}", d,
         "A b c|A b c|c");
    SAID("{{ o | map: 'k' | join: ',' }}|{{ o | where: 'k', 'y' | map: 'n' | join }}", d, "x,y,|1");
    SAID("{{ o | sum: 'n' }}|{{ o | reject: 'k' | size }}|{{ o | sort: 'n' | map: 'n' | join }}", d,
         "7.5|1|1 2.5 4");
    SAID("{{ o | has: 'k', 'y' }}|{{ o | find_index: 'k', 'y' }}|{% assign f = o | find: 'n', 4 %}"
         "{{ f.n }}",
         d, "true|1|4");
    SAID("{{ l | concat: w | size }}|{{ w | slice: -2, 2 | join }}|{{ h }}", d,
         "8|A c|{\"a\"=>1, \"b\"=>[\"c\", nil]}");
    SAID("{{ 'a,b,,c,,' | split: ',' | size }}|{{ ' a  b ' | split: ' ' | join: '-' }}", d,
         "4|a-b");
    SAID("{{ h | json }}", d, "{\"a\":1,\"b\":[\"c\",null]}");
    refused(arena, "{{ 'a' | concat: 'b' }}", ERR_INVALID, "1:10", "needs a list");
    refused(arena, "{{ 'a,1' | split: ',' | concat: nil }}", ERR_INVALID, NULL, "needs a list");
}

TEST("filters of texts at their edges")
{
    SAID("{{ '上海北京' | slice: -3, 2 }}|{{ 'abc' | slice: 5 }}|{{ 'abc' | slice: -9, 2 }}", NULL,
         "海北||");
    SAID("{{ 'a b c d' | truncatewords: 2 }}|{{ 'a b' | truncatewords: 2 }}", NULL, "a b...|a b");
    SAID("{{ 'a.b.c' | replace_last: '.', '-' }}|{{ 'aXbX' | remove_last: 'X' }}", NULL,
         "a.b-c|aXb");
    SAID("{{ '<b>x</b><!-- y --><script>z</script> 1 < 2' | strip_html }}", NULL, "x 1 < 2");
    SAID("{{ 'aé+/' | base64_encode }}|{{ 'YcOpKy8=' | base64_decode }}", NULL, "YcOpKy8=|aé+/");
    SAID("{{ 'a+b%20%E4%B8%AD' | url_decode }}", NULL, "a b 中");
    SAID("{{ 5.666 | round: 1.2 }} {{ 155 | round: -1 }} {{ '3.5 kg' | plus: 1 }}", NULL,
         "5.7 160 4");
    refused(arena, "{{ '%ff' | url_decode }}", ERR_INVALID, "1:12", "cannot be decoded");
    refused(arena, "{{ 'a' | slice: 'x' }}", ERR_INVALID, "1:10", "whole number");
}

TEST("dates are written in the zone that is given, from what people and machines write")
{
    SAID("{{ '2026-03-04T15:06:07+08:00' | date: '%Y-%m-%d %H:%M:%S %z' }}", NULL,
         "2026-03-04 15:06:07 +0800");
    SAID("{{ 0 | date: '%a %A %b %B %e %-d %j %y %C %p %I %l %s' }}", NULL,
         "Thu Thursday Jan January  1 1 001 70 19 AM 12 12 0");
    SAID("{{ 'March 14, 2016 10:20 pm' | date: '%F %R' }}", NULL, "2016-03-14 22:20");
    SAID("{{ '14 Mar 2016' | date: '%^b %_m %03d %%' }}", NULL, "MAR  3 014 %");
    SAID("{{ '2016-03-04' | date: '%28d|%_27m|%-d|%_d|%^A|%12a|%#p' }}", NULL,
         "0000000000000000000000000004|                          3|4| 4|FRIDAY|         Fri|am");
    SAID("{{ -60000000000 | date: '%s|%_14s|%014s|%Y' }}", NULL,
         "-60000000000|  -60000000000|-0060000000000|0068");
    SAID("{{ 'now' | date: '%F %T' }}|{{ 'today' | date: '%H' }}", NULL, "2026-01-01 03:00:00|03");
    SAID("{{ 'soon' | date: '%F' }}|{{ nope | date: '%F' }}|{{ 5 | date: '' }}", NULL, "soon||5");
    SAID("{{ '2027-01-01' | date: '%G-W%V-%u %U %W %Q' }}", NULL, "2026-W53-5 00 00 %Q");
}

TEST("money has the workspace's sign and the language's form; t takes the language")
{
    SAID("{{ 12.5 | money }} {{ 1234567.891 | money: 'USD' }} {{ -0.5 | money }}", NULL,
         "¥12.50 $1,234,567.89 -¥0.50");
    SAID("{{ 1234.5 | money: 'JPY' }} {{ 1 | money: 'CHF' }} {{ '7.005' | money }}", NULL,
         "¥1,235 CHF\u00a01.00 ¥7.01");
    SAID("{{ nope | money }}|{{ 'free' | money }}|{{ nope | money | default: '-' }}", NULL,
         "|free|-");
    SAID("{{ n | t }}|{{ n | t: 'en' }}|{{ n | t: 'fr' }}|{{ 'x' | t }}",
         "{\"n\":{\"en\":\"shoe\",\"zh\":\"鞋\"}}", "鞋|shoe|shoe|x");
}

TEST("a declared fallback stands where a value is missing, and conditions see that it is")
{
    SAID("Hi {{ c.name }}{% if c.name %}!{% else %}?{% endif %}", "{\"c\":{}}", "Hi dear reader?");
    SAID("Hi {{ c.name | upcase }}", "{\"c\":{\"name\":\"Ada\"}}", "Hi ADA");
}

TEST("nothing of a customer's is markup in HTML, whatever it went through")
{
    const char *d = "{\"x\":\"<b>\",\"l\":[\"<b>\"],\"m\":{\"<b>\":\"<b>\"}}";
    SAID_HTML("{{ l | join }}{{ x | split: ',' }}{{ m | first | last }}", d,
              "&lt;b&gt;&lt;b&gt;&lt;b&gt;");
    SAID_HTML("{% for p in m %}{{ p }}{% endfor %}{% cycle x, 'y' %}", d,
              "&lt;b&gt;&lt;b&gt;&lt;b&gt;");
    SAID_HTML("{{ x | money }}{{ 1 | money: x }}{{ 1 | date: x }}{{ x | json }}", d,
              "&lt;b&gt;&lt;b&gt;\u00a01.00&lt;b&gt;&quot;\\u003cb\\u003e&quot;");
    SAID_HTML("{% capture c %}{{ x }}{% endcapture %}{{ c | upcase }}{{ c | split: ',' }}", d,
              "&amp;LT;B&amp;GT;&amp;lt;b&amp;gt;");
}

TEST("hostile templates end at a limit, soon")
{
    refused(
        arena,
        "{% assign a = 'xxxxxxxxxxxxxxxx' %}{% for i in (1..30) %}{% assign a = a | append: a %}"
        "{% endfor %}",
        ERR_LIMIT, NULL, "more than");
    refused(
        arena,
        "{% assign a = 'xxxxxxxxxxxxxxxx' %}{% for i in (1..14) %}{% assign a = a | append: a %}"
        "{% endfor %}{% for i in (1..99999) %}{% if a contains 'y' %}{% endif %}{% endfor %}",
        ERR_LIMIT, NULL, "steps");
    refused(arena, "{% for i in (1..9999) %}{% for j in (1..9999) %}{% endfor %}{% endfor %}",
            ERR_LIMIT, NULL, "steps");
    refused(arena, "{% for i in (1..999999) %}0123456789{% endfor %}", ERR_LIMIT, NULL, "grows");
    refused(arena,
            "{% for i in (1..2000) %}{% assign n = i | append: '' %}{% cycle n: 1, 2 %}"
            "{% endfor %}",
            ERR_LIMIT, NULL, "counters");
}
