/* blocks_test.c — mails made of blocks: what comes out, what is refused and where. */
#include "content/blocks.h"

#include "base/test.h"
#include "content/content.h"
#include "content/html.h"

#include <stdio.h>

/* Every name has the value that is written beside it. */
struct given {
    const char *name, *value;
};

static value lookup(void *ctx, str root, str member)
{
    const struct given *g = ctx;
    for (; g->name; g++) {
        str name = str_of(g->name);
        ptrdiff_t dot = str_index(name, '.');
        str first = dot < 0 ? name : str_slice(name, 0, (size_t)dot);
        str rest = dot < 0 ? (str){0} : str_slice(name, (size_t)dot + 1, name.n);
        if (str_eq(first, root) && str_eq(rest, member)) return value_text(str_of(g->value));
    }
    return value_missing();
}

static const struct given PLAIN[] = {{"brand.name", "Lantern Tea"},
                                     {"brand.shop", "https://tea.example"},
                                     {"brand.assets", "https://b.example"},
                                     {"brand.address", "1 Hill Road"},
                                     {"unsubscribe_url", "https://b.example/u/x"},
                                     {"preferences_url", "https://b.example/p/x"},
                                     {"message.category", "promotion"},
                                     {NULL, NULL}};

static struct rendered render_in(const char *blocks, const struct given *given,
                                 const char *language, struct arena *a)
{
    const struct json *j;
    struct template *t;
    struct rendered out = {0};
    struct diag why = {0};
    str source = arena_printf(a,
                              "{\"id\":\"t\",\"channel\":\"email\",\"subject\":{\"zh\":\"你好\","
                              "\"en\":\"Hello\"},\"blocks\":%s}",
                              blocks);
    struct liquid_values values = {
        .lookup = lookup, .ctx = (void *)(uintptr_t)given, .language = str_of(language)};
    CHECK_OK(json_parse(source, a, &j, &why));
    if (template_compile(j, a, &t, &why) != ERR_OK ||
        template_render(t, &values, a, &out, &why) != ERR_OK) {
        print_error("%s: %s\n", why.path, why.message);
        CHECK(false);
    }
    return out;
}

static bool has(str s, const char *needle)
{
    return str_find(s, str_of(needle)) >= 0;
}

TEST("words have bold, italic, links, lists and variables, and nothing else of them is HTML")
{
    struct rendered r = render_in(
        "[{\"type\":\"text\",\"text\":\"a **b** *c* [d](/x?y=1&z=2) <script> \\\\*e\\\\* 2*3*4\\n"
        "f {{ customer.name | default: \\\"<you>\\\" }}\\n\\n- one\\n- two\"}]",
        PLAIN, "en", arena);
    CHECK(has(r.html, "a <strong>b</strong> <em>c</em> <a class=\"bk-link\" "
                      "href=\"https://tea.example/x?y=1&amp;z=2\""));
    CHECK(has(r.html, "&lt;script&gt; *e* 2<em>3</em>4<br>f &lt;you&gt;</p>"));
    CHECK(has(r.html, "<li style=\"margin:0 0 4px\">one</li><li style=\"margin:0 0 4px\">two</li>"
                      "</ul>"));
    CHECK(!has(r.html, "<script"));
    CHECK(has(r.text, "a b c d (https://tea.example/x?y=1&z=2)"));
}

TEST("a mail is in the customer's language, with the other where one is missing")
{
    static const char BLOCKS[] =
        "[{\"type\":\"heading\",\"text\":{\"zh\":\"新茶\",\"en\":\"New tea\"}},"
        "{\"type\":\"text\",\"text\":{\"zh\":\"只有中文\"}},{\"type\":\"footer\"}]";
    struct rendered zh = render_in(BLOCKS, PLAIN, "zh-CN", arena),
                    en = render_in(BLOCKS, PLAIN, "de", arena);
    CHECK_STR(zh.subject, S("你好"));
    CHECK_STR(en.subject, S("Hello"));
    CHECK(has(zh.html, ">新茶</h1>") && has(zh.html, ">退订</a>") && has(zh.html, "lang=\"zh\""));
    CHECK(has(en.html, ">New tea</h1>") && has(en.html, ">Unsubscribe</a>"));
    CHECK(has(en.html, "只有中文"));
}

TEST("a mail that promotes has the way out, also when nobody put a footer there")
{
    struct given given[COUNT_OF(PLAIN)];
    static const char BARE[] = "[{\"type\":\"text\",\"text\":\"x\"}]",
                      FOOT[] = "[{\"type\":\"text\",\"text\":\"x\"},{\"type\":\"footer\"}]";
    memcpy(given, PLAIN, sizeof PLAIN);
    struct rendered r = render_in(BARE, given, "en", arena);
    CHECK(has(r.html, "https://b.example/u/x") && has(r.text, "Unsubscribe"));
    given[6].value = "service";
    CHECK(!has(render_in(BARE, given, "en", arena).html, "b.example/u/x"));
    CHECK(has(render_in(FOOT, given, "en", arena).html, "b.example/u/x"));
    given[6].value = "transactional";
    r = render_in(FOOT, given, "en", arena);
    CHECK(!has(r.html, "b.example/u/x") && has(r.html, "1 Hill Road"));
}

TEST("the brand paints what the template leaves open")
{
    struct given given[COUNT_OF(PLAIN) + 3];
    memcpy(given, PLAIN, sizeof PLAIN);
    given[COUNT_OF(PLAIN) - 1] = (struct given){"brand.accent", "#ffd000"};
    given[COUNT_OF(PLAIN)] = (struct given){"brand.on_accent", "#1b201e"};
    given[COUNT_OF(PLAIN) + 1] = (struct given){"brand.logo", "/a/x.png"};
    given[COUNT_OF(PLAIN) + 2] = (struct given){NULL, NULL};
    static const char BLOCKS[] =
        "[{\"type\":\"logo\"},{\"type\":\"button\",\"text\":\"Go\",\"href\":\"/n\"},"
        "{\"type\":\"button\",\"text\":\"Go\",\"href\":\"/n\",\"color\":\"#000000\"}]";
    struct rendered r = render_in(BLOCKS, given, "en", arena);
    CHECK(has(r.html, "bgcolor=\"#ffd000\"") && has(r.html, "color:#1b201e\">Go</a>"));
    CHECK(has(r.html, "bgcolor=\"#000000\"") && has(r.html, "color:#ffffff\">Go</a>"));
    r = render_in(BLOCKS, PLAIN, "en", arena);
    CHECK(has(r.html, "bgcolor=\"#0b6e63\"") && has(r.html, ">Lantern Tea</div>"));
}

/* Elements that are closed elsewhere than they were opened; 0: none. What Outlook alone reads lies
 * in comments and is left out. */
static u32 unbalanced(str html, struct arena *a)
{
    str *open = arena_alloc(a, 1000 * sizeof *open);
    u32 n = 0, wrong = 0;
    for (size_t i = 0; i < html.n;) {
        str rest = str_slice(html, i, html.n);
        if (str_starts(rest, S("<!--"))) {
            i += (size_t)str_find(rest, S("-->")) + 3;
            continue;
        }
        if (rest.p[0] != '<') {
            i++;
            continue;
        }
        struct tag tag;
        i += html_read_tag(rest, &tag);
        static const char *const EMPTY[] = {"!doctype", "meta", "img", "br"};
        bool empty = false;
        for (u32 k = 0; k < COUNT_OF(EMPTY); k++) empty |= str_eq(tag.name, str_of(EMPTY[k]));
        if (empty) continue;
        if (!tag.closing)
            open[n++] = tag.name;
        else if (!n || !str_eq(open[--n], tag.name))
            wrong++;
    }
    return wrong + n;
}

static const char ALL[] =
    "[{\"type\":\"logo\",\"src\":\"https://x.example/l.png\",\"align\":\"center\"},"
    "{\"type\":\"heading\",\"text\":\"H\",\"level\":2},{\"type\":\"text\",\"text\":\"- "
    "a\\nb\\n\\nc\"},"
    "{\"type\":\"image\",\"src\":\"/a/1.png\",\"alt\":\"A \\\"hill\\\"\",\"full\":true},"
    "{\"type\":\"image\",\"src\":\"/i.png\",\"href\":\"/h\",\"width\":200},"
    "{\"type\":\"button\",\"text\":\"B\",\"href\":\"/b\",\"look\":\"outline\"},"
    "{\"type\":\"columns\",\"split\":\"1:2\",\"columns\":[{\"blocks\":[{\"type\":\"image\",\"src\":"
    "\"https://x.example/c.png\"}]},{\"blocks\":[{\"type\":\"text\",\"text\":\"right\"}]}]},"
    "{\"type\":\"products\",\"items\":[{\"name\":\"P1\",\"price\":\"¥1\",\"href\":\"/1\"},"
    "{\"name\":\"P2\",\"image\":\"/a/2.png\"},{\"name\":\"P3\"},{\"name\":\"P4\"}]},"
    "{\"type\":\"products\"},{\"type\":\"coupon\",\"note\":\"n\"},{\"type\":\"divider\"},"
    "{\"type\":\"spacer\",\"height\":40},{\"type\":\"social\",\"items\":[{\"kind\":\"wechat\","
    "\"href\":\"https://w.example\"},{\"kind\":\"x\",\"href\":\"https://x.example\"}]},"
    "{\"type\":\"code\",\"html\":\"<b>raw {{ customer.name }}</b>\",\"background\":\"#102030\"},"
    "{\"type\":\"footer\",\"text\":\"Because\",\"unsubscribe\":\"Stop\"}]";

TEST("all blocks together are well-formed HTML of tables, and read well as text")
{
    struct rendered r = render_in(ALL, PLAIN, "en", arena);
    CHECK_EQ(unbalanced(r.html, arena), 0);
    CHECK(has(r.html, "alt=\"A &quot;hill&quot;\"") && has(r.html, "https://b.example/a/1.png"));
    CHECK(has(r.html, "https://tea.example/i.png") && has(r.html, "max-width:176px"));
    CHECK(has(r.html, "<b>raw </b>") && has(r.html, "prefers-color-scheme:dark"));
    CHECK(has(r.text, "P1\n") && has(r.text, "right") &&
          has(r.text, "Stop (https://b.example/u/x)"));
    CHECK(!has(r.text, "Your coupon") && !has(r.html, "{{") && !has(r.html, "{%"));
    CHECK(r.html.n < 20000);
}

TEST("what does not fit is refused, with its place in the document")
{
    static const struct {
        const char *blocks, *path;
    } CASES[] = {
        {"[{\"type\":\"box\"}]", "/blocks/0/type"},
        {"[7]", "/blocks/0"},
        {"{}", "/blocks"},
        {"[{\"type\":\"text\"}]", "/blocks/0/text"},
        {"[{\"type\":\"text\",\"text\":7}]", "/blocks/0/text"},
        {"[{\"type\":\"text\",\"text\":{\"fr\":\"x\"}}]", "/blocks/0/text"},
        {"[{\"type\":\"text\",\"text\":\"a\\n{{ x | nope }}\"}]", "/blocks/0/text:2:8"},
        {"[{\"type\":\"text\",\"text\":\"{% if x %}\"}]", "/blocks/0/text:1:1"},
        {"[{\"type\":\"text\",\"text\":\"[x](javascript:alert(1))\"}]", "/blocks/0/text"},
        {"[{\"type\":\"divider\"},{\"type\":\"button\",\"text\":\"x\",\"href\":\"data:x\"}]",
         "/blocks/1/href"},
        {"[{\"type\":\"button\",\"text\":\"x\",\"href\":\"//evil.example\"}]", "/blocks/0/href"},
        {"[{\"type\":\"button\",\"text\":\"x\"}]", "/blocks/0/href"},
        {"[{\"type\":\"image\"}]", "/blocks/0/src"},
        {"[{\"type\":\"image\",\"src\":\"mailto:x@y.example\"}]", "/blocks/0/src"},
        {"[{\"type\":\"heading\",\"text\":\"x\",\"level\":4}]", "/blocks/0/level"},
        {"[{\"type\":\"heading\",\"text\":\"x\",\"color\":\"red;x\"}]", "/blocks/0/color"},
        {"[{\"type\":\"heading\",\"text\":\"x\",\"onclick\":\"y\"}]", "/blocks/0/onclick"},
        {"[{\"type\":\"columns\",\"columns\":[{\"blocks\":[]}]}]", "/blocks/0/columns"},
        {"[{\"type\":\"columns\",\"columns\":[{\"blocks\":[]},{\"blocks\":[{\"type\":\"footer\"}]}]"
         "}]",
         "/blocks/0/columns/1/blocks/0/type"},
        {"[{\"type\":\"columns\",\"columns\":[{\"blocks\":[{\"type\":\"columns\"}]},{\"blocks\":[]}"
         "]}]",
         "/blocks/0/columns/0/blocks/0/type"},
        {"[{\"type\":\"products\",\"items\":[{\"name\":\"x\"},{\"href\":\"/x\"}]}]",
         "/blocks/0/items/1/name"},
        {"[{\"type\":\"social\",\"items\":[{\"kind\":\"myspace\",\"href\":\"/x\"}]}]",
         "/blocks/0/items/0/kind"},
        {"[{\"type\":\"spacer\",\"height\":1}]", "/blocks/0/height"},
        {"[{\"type\":\"code\"}]", "/blocks/0/html"},
        {"[{\"type\":\"text\",\"text\":\"x\",\"padding\":\"9px\"}]", "/blocks/0/padding"},
        {"[{\"type\":\"text\",\"text\":\"x\"}],\"style\":{\"accent\":\"blue\"}", "/style/accent"},
        {"[{\"type\":\"text\",\"text\":\"x\"}],\"style\":{\"width\":9000}", "/style/width"},
        {"[{\"type\":\"text\",\"text\":\"x\"}],\"style\":{\"font\":\"Comic\"}", "/style/font"},
        {"[],\"html\":\"x\"", "/html"},
    };
    for (u32 i = 0; i < COUNT_OF(CASES); i++) {
        const struct json *j;
        struct template *t;
        struct diag why = {0};
        str source = arena_printf(arena, "{\"id\":\"t\",\"channel\":\"email\",\"blocks\":%s}",
                                  CASES[i].blocks);
        CHECK_OK(json_parse(source, arena, &j, &why));
        err e = template_compile(j, arena, &t, &why);
        if (e != ERR_REFUSED || strcmp(why.path, CASES[i].path) != 0)
            print_error("%s: %d %s: %s\n", CASES[i].blocks, e, why.path, why.message);
        CHECK_EQ(e, ERR_REFUSED);
        CHECK_STR(str_of(why.path), str_of(CASES[i].path));
    }
}

TEST("a hundred blocks are taken, one more is not")
{
    struct buf b;
    struct diag why = {0};
    buf_init(&b, 1 << 20);
    for (u32 n = 100; n <= 101; n++) {
        const struct json *j;
        struct template *t;
        buf_reset(&b);
        buf_put(&b, S("{\"id\":\"t\",\"channel\":\"email\",\"blocks\":["));
        for (u32 i = 0; i < n; i++) buf_printf(&b, "%s{\"type\":\"divider\"}", i ? "," : "");
        buf_put(&b, S("]}"));
        CHECK_OK(json_parse(buf_str(&b), arena, &j, &why));
        CHECK_EQ(template_compile(j, arena, &t, &why), n == 100 ? ERR_OK : ERR_LIMIT);
    }
    buf_clear(&b);
}

TEST("letters on a colour can be read")
{
    CHECK_STR(blocks_ink(S("#ffffff")), S("#1b201e"));
    CHECK_STR(blocks_ink(S("#0b6e63")), S("#ffffff"));
    CHECK_STR(blocks_ink(S("#ffd000")), S("#1b201e"));
    CHECK_STR(blocks_ink(S("nonsense")), S("#ffffff"));
}
