/* liquid_names_test.c — a name's members are those of what it stands for at that moment, however
 * often it changes; and what is escaped is what a slow twin escapes. */
#include "base/json.h"
#include "base/test.h"
#include "content/html.h"
#include "content/liquid.h"
#include "content/values_test.h"

#include <stdio.h>
#include <stdlib.h>

static str rendered(struct arena *arena, str source, const struct liquid_values *values)
{
    struct diag why = {0};
    struct liquid *l;
    struct buf b;
    buf_init(&b, TEMPLATE_OUTPUT_MAX);
    CHECK_OK(liquid_compile(source, arena, &l, &why));
    CHECK_OK(liquid_render(l, values, LIQUID_TEXT, &b, &why));
    str out = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return out;
}

static void said(struct arena *arena, const char *source, const char *json, const char *expected)
{
    const struct json *data;
    CHECK_OK(json_parse(str_of(json), arena, &data, NULL));
    value root = value_of(arena, data);
    struct liquid_values values = {test_lookup, &root};
    CHECK_STR(rendered(arena, str_of(source), &values), str_of(expected));
}

TEST("a name that changes has the members of what it stands for")
{
    const char *data = "{\"a\":{\"n\":1,\"m\":\"x\"},\"b\":{\"m\":\"y\"},\"l\":[{\"n\":2},"
                       "{\"n\":3,\"l\":[{\"n\":4}]},5,{\"m\":\"z\"}]}";
    said(arena, "{{ a.n }}{% assign a = b %}[{{ a.n }}{{ a.m }}]", data, "1[y]");
    said(arena, "{{ a.n }}{% increment a %}[{{ a.n }}]", data, "10[]");
    said(arena, "{{ a.n }}{% assign a = 'text' %}[{{ a.n }}{{ a.size }}]", data, "1[4]");
    said(arena, "{% for a in l %}{{ a.n }}{{ a.m }},{% endfor %}{{ a.n }}{{ a.m }}", data,
         "2,3,,z,1x");
    said(arena,
         "{% for x in l %}{{ x.n }}({% for x in x.l %}{{ x.n }}{% endfor %}){{ x.n }} {% endfor %}",
         data, "2()2 3(4)3 () () ");
    said(arena, "{% for x in l %}{% assign x = a %}{{ x.n }}{% endfor %}{{ x.n }}", data, "231");
    said(arena, "{% for x in l %}{% if x.n > 2 %}{{ x.n | plus: x.n }}{% endif %}{% endfor %}",
         data, "6");
}

TEST("a loop that was assigned to a name can be asked after its end")
{
    said(arena,
         "{% for x in (1..2) %}{% for y in (1..3) %}{% assign z = forloop %}{{ z.index }}"
         "{% endfor %}{{ z.length }}{% endfor %} {% for x in (1..5) %}{% endfor %}"
         "{{ z.length }}{{ z.index }}{{ z.parentloop.length }}{{ z.parentloop.index }}"
         "{% tablerow x in (1..2) %}{% assign t = tablerowloop %}{% endtablerow %}{{ t.col }}",
         "{}",
         "12331233 3423<tr class=\"row1\">\n<td class=\"col1\"></td><td class=\"col2\"></td>"
         "</tr>\n1");
}

TEST("of members with one key the last counts, and a size is a member if there is one")
{
    struct buf b;
    buf_init(&b, 100);
    buf_str_varint(&b, S("n")), value_put(&b, value_int(1));
    buf_str_varint(&b, S("size")), value_put(&b, value_int(7));
    buf_str_varint(&b, S("n")), value_put(&b, value_int(2));
    value map = {.type = VALUE_MAP, .count = 3, .text = buf_str(&b)};
    struct buf all;
    buf_init(&all, 200);
    buf_str_varint(&all, S("m")), value_put(&all, map);
    value root = {.type = VALUE_MAP, .count = 1, .text = buf_str(&all)};
    struct liquid_values values = {test_lookup, &root};
    CHECK_STR(rendered(arena, S("{{ m.n }}{{ m.n }} {{ m.size }}{{ m['size'] }}"), &values),
              S("22 77"));
    buf_clear(&all);
    buf_clear(&b);
    said(arena, "{{ m.size }}[{{ m['size'] }}]{{ m.first }}", "{\"m\":{\"a\":1,\"b\":2}}", "2[]");
}

struct counting {
    u32 wholes, members;
};
static value count_lookup(void *ctx, str root, str member)
{
    struct counting *c = ctx;
    (void)root;
    if (!member.n)
        c->wholes++;
    else
        c->members++;
    return member.n ? value_text(member) : value_missing();
}

TEST("what is known by its members only is asked once for each")
{
    struct counting c = {0};
    struct liquid_values values = {count_lookup, &c};
    CHECK_STR(
        rendered(arena, S("{{ a.x }}{{ a.y }}{{ a.x }}{{ a.x | upcase }}{{ a['y'] }}"), &values),
        S("xyxXy"));
    CHECK_EQ(c.wholes, 1);
    CHECK_EQ(c.members, 2);
    /* A name of its own meanwhile, and then again that from outside. */
    CHECK_STR(rendered(arena, S("{{ a.x }}{% for a in (1..2) %}[{{ a.x }}]{% endfor %}{{ a.x }}"),
                       &values),
              S("x[][]x"));
}

TEST("more members than are found ahead are found all the same")
{
    struct buf source, expected, members;
    enum { MANY = LIQUID_FIELDS_MAX * 2 };
    buf_init(&source, TEMPLATE_SOURCE_MAX);
    buf_init(&expected, TEMPLATE_SOURCE_MAX);
    buf_init(&members, TEMPLATE_SOURCE_MAX);
    for (u32 i = 0; i < MANY; i++) {
        char name[40];
        snprintf(name, sizeof name, "member_of_many_%u", i);
        buf_printf(&source, "{{ m.%s }},{{ m.%s }};", name, name);
        buf_printf(&expected, "%u,%u;", i, i);
        buf_str_varint(&members, str_of(name)), value_put(&members, value_int(i));
    }
    value map = {.type = VALUE_MAP, .count = MANY, .text = buf_str(&members)};
    struct buf all;
    buf_init(&all, TEMPLATE_SOURCE_MAX);
    buf_str_varint(&all, S("m")), value_put(&all, map);
    value root = {.type = VALUE_MAP, .count = 1, .text = buf_str(&all)};
    struct liquid_values values = {test_lookup, &root};
    CHECK_STR(rendered(arena, buf_str(&source), &values), buf_str(&expected));
    buf_clear(&all);
    buf_clear(&members);
    buf_clear(&expected);
    buf_clear(&source);
}

TEST("names that are alike in their length and ends are told apart")
{
    said(arena, "{{ m.abcd }}{{ m.abxd }}{{ m.aacd }}{{ m.abcdefghi }}{{ m.abcdXfghi }}{{ m.a }}",
         "{\"m\":{\"abcd\":1,\"axcd\":9,\"aacd\":3,\"abxd\":2,\"abcdefghi\":4,\"abcdXfghi\":5,"
         "\"b\":8}}",
         "12345");
    said(arena, "{{ m.name_of_the_first_child }}{{ m.name_of_tha_first_child }}",
         "{\"m\":{\"name_of_the_first_child\":1,\"name_of_tha_first_child\":2,"
         "\"name_of_tho_first_child\":3}}",
         "12");
}

/* ---- escaping ---- */

static void escape_slowly(struct buf *out, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '&': buf_put(out, S("&amp;")); break;
        case '<': buf_put(out, S("&lt;")); break;
        case '>': buf_put(out, S("&gt;")); break;
        case '"': buf_put(out, S("&quot;")); break;
        case '\'': buf_put(out, S("&#39;")); break;
        default: buf_byte(out, (u8)s.p[i]);
        }
    }
}

static void check_escape(const char *p, size_t n, size_t max)
{
    struct buf fast, slow;
    /* Of its own length, so that a byte read behind it is found. */
    char *own = n ? malloc(n) : NULL;
    if (n) memcpy(own, p, n);
    buf_init(&fast, max);
    buf_init(&slow, max);
    html_escape(&fast, (str){own, n}, false);
    escape_slowly(&slow, (str){own, n});
    CHECK_EQ(fast.full, slow.full);
    if (!slow.full) CHECK_STR(buf_str(&fast), buf_str(&slow));
    CHECK(fast.n <= max);
    buf_clear(&fast);
    buf_clear(&slow);
    free(own);
}

TEST("every byte at every place is escaped as a slow twin does it, up to the limit exactly")
{
    char text[72];
    memset(text, 'a', sizeof text);
    for (size_t n = 0; n <= 70; n++) {
        check_escape(text, n, 1000);
        for (size_t at = 0; at < n; at++) {
            for (u32 ch = n == 13 || n == 35 ? 0 : '"'; ch < (n == 13 || n == 35 ? 256 : 64);
                 ch++) {
                text[at] = (char)ch;
                check_escape(text, n, 1000);
            }
            text[at] = 'a';
        }
    }
    memcpy(text, "a<b&c>d\"e'ffffffffffffffffffffff&&&&&g", 39);
    for (size_t max = 1; max < 90; max++) check_escape(text, 39, max);
}
