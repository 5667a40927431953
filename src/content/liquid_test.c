/* liquid_test.c — the language: what it prints, what it refuses and where, what it will not spend.
 */
#include "base/json.h"
#include "base/test.h"
#include "content/liquid.h"
#include "content/values_test.h"

#include <stdio.h>

/* Compiles and renders; the error in `why` on failure. */
static err render(struct arena *arena, str source, const struct json *data, liquid_format format,
                  str *out, struct diag *why)
{
    value root = data ? value_of(arena, data) : value_missing();
    struct liquid_values values = {test_lookup, &root};
    struct liquid *l;
    struct buf b;
    *out = (str){0};
    TRY(liquid_compile(source, arena, &l, why));
    buf_init(&b, TEMPLATE_OUTPUT_MAX);
    err e = liquid_render(l, &values, format, &b, why);
    *out = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return e;
}

static str said_in(struct arena *arena, const char *source, const char *json, liquid_format format)
{
    struct diag why = {0};
    const struct json *data = NULL;
    str out;
    if (json) CHECK_OK(json_parse(str_of(json), arena, &data, &why));
    err e = render(arena, str_of(source), data, format, &out, &why);
    if (e != ERR_OK) print_error("%s: %s: %s\n", source, why.path, why.message);
    CHECK_OK(e);
    return out;
}

#define SAID(source, json, expected)                                                               \
    CHECK_STR(said_in(arena, source, json, LIQUID_TEXT), S(expected))
#define SAID_HTML(source, json, expected)                                                          \
    CHECK_STR(said_in(arena, source, json, LIQUID_HTML), S(expected))

static void refused(struct arena *arena, const char *source, const char *place, const char *words)
{
    struct diag why = {0};
    str out;
    CHECK(render(arena, str_of(source), NULL, LIQUID_TEXT, &out, &why) != ERR_OK);
    CHECK_EQ(out.n, 0);
    CHECK_STR(str_of(why.path), str_of(place));
    if (str_find(str_of(why.message), str_of(words)) < 0) print_error("said: %s\n", why.message);
    CHECK(str_find(str_of(why.message), str_of(words)) >= 0);
}

TEST("text without braces stands as it is")
{
    SAID("", NULL, "");
    SAID("a { b } % c {", NULL, "a { b } % c {");
    SAID("{", NULL, "{");
}

TEST("an output tag prints a value, and nothing for what is missing")
{
    SAID("Hi {{ customer.name }}!", "{\"customer\":{\"name\":\"Ada\"}}", "Hi Ada!");
    SAID("Hi {{ customer.name }}!", "{}", "Hi !");
    SAID("{{customer.a.b[1].c}}", "{\"customer\":{\"a\":{\"b\":[0,{\"c\":7}]}}}", "7");
    SAID("{{ c['first name'] }}", "{\"c\":{\"first name\":\"Ada\"}}", "Ada");
    SAID("{{ c.l[-1] }}{{ c.l.first }}{{ c.l.last }}{{ c.l.size }}", "{\"c\":{\"l\":[1,2]}}",
         "2122");
    SAID("{{ c.城市 }}", "{\"c\":{\"城市\":\"上海\"}}", "上海");
    SAID("{{ }}", NULL, "");
}

TEST("a dash takes the white space on its side")
{
    SAID("a  {{- 1 -}}  b", NULL, "a1b");
    SAID("a  {{- 1 }}  b", NULL, "a1  b");
    SAID("a \n {%- if true -%} \n x \n {%- endif -%} \n b", NULL, "axb");
    SAID("{{- -}}", NULL, "");
}

TEST("customers' values are escaped in HTML and what is declared safe is not")
{
    const char *who = "{\"c\":{\"n\":\"<b>'&\\\"\"},\"l\":[\"<\",\"&\"]}";
    SAID_HTML("<i>{{ c.n }}</i>", who, "<i>&lt;b&gt;&#39;&amp;&quot;</i>");
    SAID("{{ c.n }}", who, "<b>'&\"");
    SAID_HTML("{{ c.n | raw }}{{ c.n | safe }}", who, "<b>'&\"<b>'&\"");
    SAID_HTML("{{ c.n | escape }}", who, "&lt;b&gt;&#39;&amp;&quot;");
    SAID_HTML("{{ c.n | escape | append: '<' }}", who,
              "&amp;lt;b&amp;gt;&amp;#39;&amp;amp;&amp;quot;&lt;");
    SAID_HTML("{{ c.n | upcase }}", who, "&lt;B&gt;&#39;&amp;&quot;");
    SAID_HTML("{{ l }}", who, "&lt;&amp;");
    SAID_HTML("{{ c }}", who, "{&quot;n&quot;=&gt;&quot;&lt;b&gt;&#39;&amp;\\&quot;&quot;}");
    SAID_HTML("{% capture x %}<b>{{ c.n }}</b>{% endcapture %}{{ x }}", who,
              "<b>&lt;b&gt;&#39;&amp;&quot;</b>");
    SAID_HTML("{{ nope | default: c.n }}", who, "&lt;b&gt;&#39;&amp;&quot;");
    SAID_HTML("{{ c.m | newline_to_br }}", "{\"c\":{\"m\":\"<\\r\\n>\"}}", "&lt;<br />\n&gt;");
    SAID_HTML("{{ '&amp; & &#39;' | escape_once }}", NULL, "&amp; &amp; &#39;");
}

TEST("filters on texts count characters, not bytes")
{
    SAID("{{ '上海北京' | size }}", NULL, "4");
    SAID("{{ '上海北京天津' | truncate: 5 }}", NULL, "上海...");
    SAID("{{ 'Ground control to Major Tom.' | truncate: 20 }}", NULL, "Ground control to...");
    SAID("{{ 'Ground control' | truncate: 9, '' }}", NULL, "Ground co");
    SAID("{{ 'abc' | truncate: 3 }}{{ 'abcd' | truncate: 3 }}", NULL, "abc...");
    SAID("{{ 'straße ÉCOLE' | upcase }}", NULL, "STRASSE ÉCOLE");
    SAID("{{ 'ÉCOLE' | downcase | capitalize }}", NULL, "École");
    SAID("[{{ ' a ' | strip }}{{ ' a ' | lstrip }}{{ ' a ' | rstrip }}]", NULL, "[aa  a]");
    SAID("{{ 'a' | append: 'b' | prepend: 'c' }}", NULL, "cab");
    SAID("{{ 'a-b-c' | replace: '-', '+' }}{{ 'a-b-c' | replace_first: '-', '+' }}", NULL,
         "a+b+ca+b-c");
    SAID("{{ 'a b&c/ü' | url_encode }}", NULL, "a+b%26c%2F%C3%BC");
}

TEST("default stands in for nil, false and nothing")
{
    SAID("{{ a | default: 'x' }}{{ '' | default: 'y' }}{{ false | default: 'z' }}", NULL, "xyz");
    SAID("{{ false | default: 'z', allow_false: true }}", NULL, "false");
    SAID("{{ 0 | default: 'x' }}{{ ' ' | default: 'x' }}|", NULL, "0 |");
}

TEST("arithmetic is whole, decimal, and only then binary")
{
    SAID("{{ 7 | plus: 3 }} {{ 7 | minus: 9 }} {{ 7 | times: 3 }}", NULL, "10 -2 21");
    SAID("{{ 7 | divided_by: 2 }} {{ -7 | divided_by: 2 }} {{ -7 | modulo: 2 }}", NULL, "3 -4 1");
    SAID("{{ 0.1 | plus: 0.2 }} {{ 7 | divided_by: 2.0 }} {{ 3.0 | times: 2 }}", NULL,
         "0.3 3.5 6.0");
    SAID("{{ 20 | divided_by: 7.0 }}", NULL, "2.857142857142857");
    SAID("{{ 1.2 | round }} {{ 2.5 | round }} {{ -2.5 | round }} {{ 183.357 | round: 2 }}", NULL,
         "1 3 -3 183.36");
    SAID("{{ 1.2 | ceil }} {{ -1.2 | ceil }} {{ 1.8 | floor }} {{ -1.2 | floor }}", NULL,
         "2 -1 1 -2");
    SAID("{{ '12 items' | plus: '3.5' }} {{ nope | plus: 1 }}", NULL, "15.5 1");
    SAID("{{ 9223372036854775807 | plus: 1 }}", NULL, "9.223372036854776e+18");
    SAID("{{ -7.5 | divided_by: -2 }} {{ -7.5 | divided_by: 2 }} {{ 0.0001 | times: 0.5 }}", NULL,
         "3.75 -3.75 0.00005");
    SAID("{{ 900000000000000.5 | times: 10000 }} {{ -7.5 | modulo: 2 }} {{ 3 | minus: 0.5 }}", NULL,
         "9.000000000000005e+18 0.5 2.5");
    SAID("{{ 922337203685477.5807 | plus: 1 }} {{ 9223372036854775807 | times: 1.5 }}", NULL,
         "922337203685478.6 1.3835058055282164e+19");
    SAID("{{ -4 | abs }} {{ 3 | at_least: 5 }} {{ 3 | at_most: 2 }}", NULL, "4 5 2");
    refused(arena, "a\n  {{ 1 | divided_by: 0 }}", "2:10", "divided by 0");
}

TEST("conditions are joined from the right and compare what can be compared")
{
    SAID("{% if true or false and false %}a{% else %}b{% endif %}", NULL, "a");
    SAID("{% if false and false or true %}a{% else %}b{% endif %}", NULL, "b");
    SAID("{% if nope > 1 %}a{% elsif 2 >= 2 %}b{% else %}c{% endif %}", NULL, "b");
    SAID("{% unless 1 == 1.0 %}a{% else %}b{% endunless %}", NULL, "b");
    SAID("{% if c.l contains 2 and 'abc' contains 'b' %}a{% endif %}", "{\"c\":{\"l\":[1,2]}}",
         "a");
    SAID("{% if '' == empty %}a{% endif %}{% if ' ' == blank %}b{% endif %}", NULL, "ab");
    refused(arena, "{% if '2' > 1 %}a{% endif %}", "1:1", "no order");
}

TEST("assign, capture, comment and raw do what they say")
{
    SAID("{% assign a = 'x' | upcase %}{{ a }}{{ a }}", NULL, "XX");
    SAID("{% capture a %}<{{ 1 }}>{% endcapture %}{{ a | size }}", NULL, "3");
    SAID("a{% comment %}{% if %}{{ {% comment %}x{% endcomment %}{% endcomment %}b", NULL, "ab");
    SAID("{% raw %}{{ a }}{% if %}{% endraw %}!", NULL, "{{ a }}{% if %}!");
    SAID("{% raw %}{% {% endraw %}{% # remark %}!", NULL, "{% !");
}

TEST("a refusal names the line, the column and what there is")
{
    refused(arena, "ab\nü {{ a | uppcase }}", "2:10", "default, downcase");
    refused(arena, "{% foo %}", "1:1", "assign, break, capture, case");
    refused(arena, "x{{ a ", "1:2", "}} is missing");
    refused(arena, "x{% if a %}b", "1:2", "{% endif %} is missing");
    refused(arena, "{% endif %}", "1:1", "does not belong");
    refused(arena, "{{ a b }}", "1:6", "\"b\" stands where the end");
    refused(arena, "{{ 'a }}", "1:4", "never closed");
    refused(arena, "{{ a | append }}", "1:8", "needs 1 value");
    refused(arena, "{{ a | append: 1, 2 }}", "1:19", "at most 1");
    refused(arena, "{{ a | default: 1, allow: 2 }}", "1:20", "no argument \"allow\"");
    refused(arena, "{% raw %}", "1:1", "{% endraw %} is missing");
}

TEST("a template cannot spend more than it is allowed")
{
    struct diag why = {0};
    struct buf b;
    str out;
    buf_init(&b, TEMPLATE_SOURCE_MAX);
    for (u32 i = 0; i < LIQUID_DEPTH_MAX; i++) buf_put(&b, S("{% if true %}"));
    buf_put(&b, S("x"));
    for (u32 i = 0; i < LIQUID_DEPTH_MAX; i++) buf_put(&b, S("{% endif %}"));
    CHECK_OK(render(arena, buf_str(&b), NULL, LIQUID_TEXT, &out, &why));
    CHECK_STR(out, S("x"));
    buf_put(&b, S("{% endif %}"));
    struct buf deep;
    buf_init(&deep, TEMPLATE_SOURCE_MAX);
    buf_put(&deep, S("{% if true %}"));
    buf_put(&deep, buf_str(&b));
    CHECK_EQ(render(arena, buf_str(&deep), NULL, LIQUID_TEXT, &out, &why), ERR_LIMIT);
    /* Doubling: the filters' budget ends it. */
    buf_reset(&b);
    buf_put(&b, S("{% assign a = 'aaaaaaaaaaaaaaaa' %}"));
    for (u32 i = 0; i < 40; i++) buf_put(&b, S("{% assign a = a | append: a %}"));
    why = (struct diag){0};
    CHECK_EQ(render(arena, buf_str(&b), NULL, LIQUID_TEXT, &out, &why), ERR_LIMIT);
    /* And the output's limit. */
    buf_reset(&b);
    buf_put(&b, S("{% assign a = 'aaaaaaaaaaaaaaaa' %}"));
    for (u32 i = 0; i < 14; i++) buf_put(&b, S("{% assign a = a | append: a %}"));
    for (u32 i = 0; i < 5; i++) buf_put(&b, S("{{ a }}"));
    why = (struct diag){0};
    CHECK_EQ(render(arena, buf_str(&b), NULL, LIQUID_TEXT, &out, &why), ERR_LIMIT);
    CHECK_EQ(out.n, 0);
    buf_clear(&deep);
    buf_clear(&b);
}
