/* mail_test.c — mails are read back by a small decoder of the test's own, and must say the same. */
#include "base/json.h"
#include "base/test.h"
#include "content/content.h"
#include "content/mime.h"

/* ---- reading back ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void decode_base64(struct buf *out, str s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    u32 bits = 0, count = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *d = s.p[i] ? strchr(digits, s.p[i]) : NULL;
        if (!d) continue;
        bits = bits << 6 | (u32)(d - digits);
        if ((count += 6) < 8) continue;
        count -= 8;
        buf_byte(out, (u8)(bits >> count));
    }
}

static void decode_qp(struct buf *out, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '=') {
            buf_byte(out, (u8)s.p[i]);
        } else if (str_starts(str_slice(s, i, s.n), S("=\r\n"))) {
            i += 2;
        } else {
            CHECK(i + 2 < s.n && hex_digit(s.p[i + 1]) >= 0 && hex_digit(s.p[i + 2]) >= 0);
            buf_byte(out, (u8)(hex_digit(s.p[i + 1]) << 4 | hex_digit(s.p[i + 2])));
            i += 2;
        }
    }
}

/* The body of the part that starts at its headers, up to `end`. */
static str part_text(struct arena *arena, str part)
{
    ptrdiff_t gap = str_find(part, S("\r\n\r\n"));
    CHECK(gap > 0);
    str headers = str_slice(part, 0, (size_t)gap), body = str_slice(part, (size_t)gap + 4, part.n);
    struct buf b;
    buf_init(&b, 8 << 20);
    if (str_find(headers, S("base64")) >= 0)
        decode_base64(&b, body);
    else
        decode_qp(&b, body);
    str out = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return out;
}

/* A header unfolded, its encoded words decoded; the white space between two of them is not text. */
static str header_text(struct arena *arena, str mail, const char *name)
{
    str wanted = arena_printf(arena, "\r\n%s: ", name);
    str all = arena_printf(arena, "\r\n%.*s", STR_ARG(mail));
    ptrdiff_t at = str_find(all, wanted);
    CHECK(at >= 0);
    str s = str_slice(all, (size_t)at + wanted.n, all.n);
    struct buf b;
    buf_init(&b, 1 << 20);
    bool after_word = false;
    for (size_t i = 0; i < s.n;) {
        str rest = str_slice(s, i, s.n);
        if (str_starts(rest, S("\r\n"))) {
            if (rest.n < 3 || rest.p[2] != ' ') break;
            i += 2;
        } else if (str_starts(rest, S("=?UTF-8?B?"))) {
            ptrdiff_t end = str_find(rest, S("?="));
            CHECK(end > 0 && end + 2 <= 75);
            if (after_word) b.n--;
            decode_base64(&b, str_slice(rest, 10, (size_t)end));
            i += (size_t)end + 2;
            after_word = true;
        } else {
            if (rest.p[0] != ' ') after_word = false;
            buf_byte(&b, (u8)rest.p[0]);
            i++;
        }
    }
    str out = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return out;
}

/* Every line ends in CRLF, is short, and nothing stands between lines. */
static void check_lines(str mail)
{
    size_t start = 0;
    for (size_t i = 0; i < mail.n; i++) {
        CHECK(mail.p[i] != 0);
        if (mail.p[i] == '\n') CHECK(i && mail.p[i - 1] == '\r');
        if (mail.p[i] != '\r') continue;
        CHECK(i + 1 < mail.n && mail.p[i + 1] == '\n');
        CHECK(i - start <= 998);
        start = i + 2;
    }
    CHECK_EQ(start, mail.n);
}

static u32 header_count(str mail)
{
    ptrdiff_t end = str_find(mail, S("\r\n\r\n"));
    u32 n = 1;
    CHECK(end > 0);
    for (size_t i = 0; i < (size_t)end; i++)
        n += mail.p[i] == '\n' && mail.p[i + 1] != ' ' && mail.p[i + 1] != '\t';
    return n;
}

static const struct mail plain = {.from = {"Shop <shop@example.com>", 23},
                                  .to = {"ada@example.com", 15},
                                  .id = {.lo = 0x1122, .hi = 0xabcd},
                                  .host = {"mail.example.com", 16},
                                  .date_ms = 1751362200000};

static str written(struct arena *arena, const struct mail *m)
{
    struct buf b;
    struct diag why = {0};
    buf_init(&b, 16 << 20);
    err e = mail_write(m, &b, &why);
    if (e != ERR_OK) print_error("%s\n", why.message);
    CHECK_OK(e);
    str out = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    check_lines(out);
    return out;
}

static err refusal_of(struct mail m)
{
    static const struct rendered nothing;
    struct buf b;
    struct diag why = {0};
    if (!m.content) m.content = &nothing;
    buf_init(&b, 1 << 20);
    err e = mail_write(&m, &b, &why);
    CHECK(e == ERR_OK || b.n == 0);
    buf_clear(&b);
    return e;
}

TEST("a mail is its headers and two alternatives")
{
    struct rendered c = {.subject = S("Your cart"), .html = S("<p>Hi</p>\n"), .text = S("Hi\n")};
    struct mail m = plain;
    m.content = &c;
    m.unsubscribe_url = S("https://example.com/u/1");
    CHECK_STR(written(arena, &m),
              S("Date: Tue, 01 Jul 2025 09:30:00 +0000\r\n"
                "From: Shop\r\n <shop@example.com>\r\n"
                "To: ada@example.com\r\n"
                "Message-ID: <000000000000abcd0000000000001122@mail.example.com>\r\n"
                "Subject: Your cart\r\n"
                "List-Unsubscribe: <https://example.com/u/1>\r\n"
                "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
                "MIME-Version: 1.0\r\n"
                "Content-Type: multipart/alternative;\r\n"
                " boundary=\"=_000000000000abcd0000000000001122\"\r\n\r\n"
                "--=_000000000000abcd0000000000001122\r\n"
                "Content-Type: text/plain; charset=utf-8\r\n"
                "Content-Transfer-Encoding: quoted-printable\r\n\r\nHi\r\n\r\n"
                "--=_000000000000abcd0000000000001122\r\n"
                "Content-Type: text/html; charset=utf-8\r\n"
                "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Hi</p>\r\n\r\n"
                "--=_000000000000abcd0000000000001122--\r\n"));
}

TEST("a mail without HTML is one part")
{
    struct rendered c = {.subject = S("Code"), .text = S(".1\nFrom here\r\nend ")};
    struct mail m = plain;
    m.content = &c;
    str mail = written(arena, &m);
    CHECK(str_find(mail, S("multipart")) < 0);
    CHECK(str_find(mail, S("List-Unsubscribe")) < 0);
    CHECK(str_find(mail, S("\r\n\r\n=2E1\r\n=46rom here\r\nend=20\r\n")) > 0);
}

TEST("text that is mostly not ASCII goes as base64 and comes back the same")
{
    struct rendered c = {.subject =
                             S("夏季大促:全场八折,仅限今天,先到先得,错过再等一年,会员另有惊喜"),
                         .text = S("亲爱的会员,您好!\n夏季大促开始了。\n")};
    struct mail m = plain;
    m.content = &c;
    str mail = written(arena, &m);
    CHECK(str_find(mail, S("base64")) > 0);
    CHECK_STR(part_text(arena, mail), S("亲爱的会员,您好!\r\n夏季大促开始了。\r\n"));
    CHECK_STR(header_text(arena, mail, "Subject"), c.subject);
}

TEST("addresses that could mean something to a header or a server are refused")
{
    static const char *const bad[] = {
        "",     "a",    "a@",      "@b",    "a@b@c",     "a b@c",   "a@b\r\nX: y", "a@b\n",
        "<a@b", "a@b>", "a@b,c@d", "a@b>x", "x <a@b\r>", "\"a\"@b", "ü@b",         "a@[1.2.3.4]"};
    for (u32 i = 0; i < COUNT_OF(bad); i++) {
        struct mail m = plain;
        str trimmed = str_trim(str_of(bad[i]));
        m.to = str_of(bad[i]);
        bool harmless = str_eq(trimmed, S("a@b")); /* an end of line around it is cut off */
        CHECK_EQ(refusal_of(m), harmless ? ERR_OK : ERR_REFUSED);
        m = plain;
        m.from = str_of(bad[i]);
        CHECK_EQ(refusal_of(m), harmless ? ERR_OK : ERR_REFUSED);
    }
    struct mail m = plain;
    CHECK_OK(refusal_of(m));
    m.to = (str){"a\0b@c", 5};
    CHECK_EQ(refusal_of(m), ERR_REFUSED);
    m = plain;
    m.host = S("a b");
    CHECK_EQ(refusal_of(m), ERR_REFUSED);
    m = plain;
    m.unsubscribe_url = S("https://x/\r\nBcc: all@x");
    CHECK_EQ(refusal_of(m), ERR_REFUSED);
    m.unsubscribe_url = S("https://x/>,<mailto:y@z");
    CHECK_EQ(refusal_of(m), ERR_REFUSED);
}

/* What a reader gets of a text in a header: controls are spaces, ends are cut, runs of spaces in
 * plain ASCII may be one. */
static str squeezed(struct arena *arena, str s)
{
    char *p = arena_alloc(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        u8 c = (u8)s.p[i];
        if (c < 32 || c == 127) c = ' ';
        if (c == ' ' && (!n || p[n - 1] == ' ')) continue;
        p[n++] = (char)c;
    }
    while (n && p[n - 1] == ' ') n--;
    return (str){p, n};
}

/* CR, LF and CRLF end lines; the last line always has an end; no NUL. */
static str lines_of(struct arena *arena, str s)
{
    char *p = arena_alloc(arena, 2 * s.n + 2);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') continue;
        if (s.p[i] == '\n' || s.p[i] == '\r')
            p[n++] = '\r', p[n++] = '\n';
        else if (s.p[i])
            p[n++] = s.p[i];
    }
    return (str){p, n};
}

static str without_last_end(str s)
{
    return str_ends(s, S("\r\n")) ? str_slice(s, 0, s.n - 2) : s;
}

static void check_hostile(struct arena *arena, str hostile)
{
    struct rendered c = {.subject = hostile, .text = hostile};
    struct mail m = plain;
    m.content = &c;
    str mail = written(arena, &m);
    CHECK_EQ(header_count(mail), 8);
    CHECK_STR(squeezed(arena, header_text(arena, mail, "Subject")), squeezed(arena, hostile));
    CHECK_STR(without_last_end(part_text(arena, mail)), without_last_end(lines_of(arena, hostile)));
    c.html = hostile;
    m.from = arena_printf(arena, "%.*s <shop@example.com>", STR_ARG(hostile));
    struct buf b;
    buf_init(&b, 1 << 20);
    if (mail_write(&m, &b, NULL) == ERR_OK) {
        check_lines(buf_str(&b));
        CHECK_EQ(header_count(buf_str(&b)), hostile.n ? 7 : 8);
        CHECK(str_find(header_text(arena, buf_str(&b), "From"), S("shop@example.com")) >= 0);
    }
    buf_clear(&b);
}

TEST("no hostile text adds a header or breaks a line")
{
    const char *path = test_shared("data/strings/blns.json");
    if (!path) TEST_SKIP("no shared data");
    const struct json *all;
    u32 n = 0;
    CHECK_OK(json_parse(test_file(arena, path), arena, &all, NULL));
    for (const struct json *j = all->child; j; j = j->next, n++) check_hostile(arena, j->text);
    CHECK(n > 400);
    check_hostile(arena, S("a\r\nBcc: all@example.com"));
    check_hostile(arena, S("a\n\n<html>"));
    check_hostile(arena, S("=?UTF-8?B?QQ==?="));
}

TEST("random texts come back the same from either encoding")
{
    struct rng r = {test_seed()};
    static const char *const bits[] = {"a",     "Z",    " ",  "\t", "=",  ".",
                                       "\n",    "\r\n", "\r", "é",  "中", "\xF0\x9F\x98\x80",
                                       "From ", "--",   "\"", "\\"};
    for (u32 round = 0; round < 300; round++) {
        char text[3000];
        size_t n = 0;
        u64 kinds = 1 + rng_below(&r, COUNT_OF(bits));
        for (u64 left = rng_below(&r, 400); left; left--) {
            const char *bit = bits[rng_below(&r, kinds)];
            memcpy(text + n, bit, strlen(bit));
            n += strlen(bit);
        }
        check_hostile(arena, (str){text, n});
    }
}

/* ---- HTML as text ---- */

static void said(struct arena *arena, const char *html, const char *expected)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    html_text(str_of(html), &b);
    str out = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    CHECK_STR(out, str_of(expected));
}

TEST("HTML reads as text: blocks, links, lists, entities")
{
    said(arena, "", "");
    said(arena, "<p>Hi  <b>Ada</b>,\n you</p><p>x</p>", "Hi Ada, you\n\nx\n");
    said(arena, "a<br>b<br/>c", "a\nb\nc\n");
    said(arena, "<a href=\"https://x/?a=1&amp;b=2\">Go <b>on</b></a>.",
         "Go on (https://x/?a=1&b=2).\n");
    said(arena, "<a href='https://x/'>https://x/</a>", "https://x/\n");
    said(arena, "<a href='mailto:a@b'>a@b</a> <a href='#top'>up</a>", "a@b up\n");
    said(arena, "<a href=https://x/><img src=y alt='Our shop'></a>", "Our shop (https://x/)\n");
    said(arena, "<ul><li>one</li><li>two</li></ul>x", "- one\n- two\n\nx\n");
    said(arena, "1 &lt; 2 &amp; &#x4e2d;&#22269; &nbsp; &copy; &bogus; &#0; &",
         "1 < 2 & 中国   © &bogus; &#0; &\n");
    said(arena, "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n");
}

TEST("what is hidden in HTML does not come into the text")
{
    said(arena, "<head><title>t</title><style>p{}</style></head><body>x<script>if(a<b)</script>y",
         "xy\n");
    said(arena, "<!-- <p>no</p> -->x<div style=\"display: none\"><div>no</div>no</div>y", "xy\n");
    said(arena, "<p", "");
    said(arena, "a < b <", "a < b <\n");
    said(arena, "<a href=\"x\">un", "un\n");
    said(arena, "</a></p></pre>x", "x\n");
}

/* ---- templates ---- */

static value lookup(void *ctx, str root, str member)
{
    if (str_eq(root, S("customer")) && str_eq(member, S("name"))) return value_text(*(str *)ctx);
    if (str_eq(root, S("unsubscribe_url"))) return value_text(((str *)ctx)[1]);
    return value_missing();
}

static err render_as(struct arena *arena, const char *json, const char *name, const char *url,
                     struct rendered *out, struct diag *why)
{
    const struct json *j;
    struct template *t;
    str texts[2] = {str_of(name), str_of(url)};
    struct liquid_values values = {lookup, texts};
    CHECK_OK(json_parse(str_of(json), arena, &j, why));
    TRY(template_compile(j, arena, &t, why));
    return template_render(t, &values, arena, out, why);
}

static const char cart[] =
    "{\"id\":\"cart-1\",\"channel\":\"email\",\"subject\":\"Hi {{customer.name}}\","
    "\"html\":\"<p>{{customer.name}}</p><a href='{{unsubscribe_url}}'>out</a>\"}";

TEST("a template renders all its parts, and text from HTML")
{
    struct rendered r;
    struct diag why = {0};
    CHECK_OK(render_as(arena, cart, "A&B", "https://x/1", &r, &why));
    CHECK_STR(r.subject, S("Hi A&B"));
    CHECK_STR(r.html, S("<p>A&amp;B</p><a href='https://x/1'>out</a>"));
    CHECK_STR(r.text, S("A&B\n\nout (https://x/1)\n"));
    CHECK_EQ(r.from.n, 0);
}

TEST("the fingerprint is that of the content without what differs per message")
{
    struct rendered a, b, c, d;
    struct diag why = {0};
    CHECK_OK(render_as(arena, cart, "Ada", "https://x/1", &a, &why));
    CHECK_OK(render_as(arena, cart, "Ada", "https://x/22", &b, &why));
    CHECK_OK(render_as(arena, cart, "Bob", "https://x/1", &c, &why));
    CHECK(a.fingerprint == b.fingerprint);
    CHECK(a.fingerprint != c.fingerprint);
    CHECK_OK(
        render_as(arena,
                  "{\"id\":\"t\",\"channel\":\"sms\",\"text\":\"{% capture u %}x{{unsubscribe_url}}"
                  "{% endcapture %}{{ u | append: 'y' }}{{ customer.name }}\"}",
                  "Ada", "1", &a, &why));
    CHECK_OK(
        render_as(arena,
                  "{\"id\":\"t\",\"channel\":\"sms\",\"text\":\"{% capture u %}x{{unsubscribe_url}}"
                  "{% endcapture %}{{ u | append: 'y' }}{{ customer.name }}\"}",
                  "Ada", "2", &d, &why));
    CHECK_STR(a.text, S("x1yAda"));
    CHECK_STR(d.text, S("x2yAda"));
    CHECK(a.fingerprint == d.fingerprint);
}

TEST("a mistake in a template names the part and the place, and nothing comes out")
{
    struct rendered r = {.subject = S("x")};
    struct diag why = {0};
    CHECK_EQ(render_as(arena, "{\"id\":\"a\",\"channel\":\"email\",\"html\":\"\\n {{ a | b }}\"}",
                       "", "", &r, &why),
             ERR_REFUSED);
    CHECK_STR(str_of(why.path), S("/html:2:9"));
    why = (struct diag){0};
    CHECK_EQ(render_as(arena,
                       "{\"id\":\"a\",\"channel\":\"email\",\"text\":\"x\",\"subject\":\"{{ 1 | "
                       "divided_by: 0 }}\"}",
                       "", "", &r, &why),
             ERR_INVALID);
    CHECK_STR(str_of(why.path), S("/subject:1:8"));
    CHECK_EQ(r.text.n, 0);
    why = (struct diag){0};
    CHECK_EQ(render_as(arena, "{\"id\":\"a\",\"channel\":\"email\",\"subject\":\"x\"}", "", "", &r,
                       &why),
             ERR_REFUSED);
    CHECK_STR(str_of(why.path), S("/html"));
    why = (struct diag){0};
    CHECK_EQ(render_as(arena, "{\"id\":\"a\",\"channel\":\"email\",\"text\":7}", "", "", &r, &why),
             ERR_REFUSED);
    CHECK_STR(str_of(why.path), S("/text"));
}

TEST("a file goes along byte for byte, and its name starts no header")
{
    char bytes[1000];
    struct diag why = {0};
    struct buf out, back;
    for (u32 i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * 37);
    struct rendered content = {.subject = S("s"),
                               .text = S("t"),
                               .html = S("<p>h</p>"),
                               .file = {bytes, sizeof bytes},
                               .file_name = S("周报\"\r\nBcc: x@y.z\r\n.xlsx"),
                               .file_type = S("application/octet-stream")};
    struct mail m = {.from = S("a@b.c"),
                     .to = S("d@e.f"),
                     .host = S("b.c"),
                     .date_ms = 1000,
                     .content = &content};
    buf_init(&out, 1 << 20);
    buf_init(&back, 1 << 20);
    CHECK_OK(mail_write(&m, &out, &why));
    str mail = buf_str(&out);
    CHECK(str_find(mail, S("Content-Type: multipart/mixed;")) >= 0);
    CHECK(str_find(mail, S("\r\nBcc:")) < 0);
    CHECK(str_find(mail, S("filename*=UTF-8''%E5%91%A8%E6%8A%A5")) >= 0);
    ptrdiff_t head = str_find(mail, S("Content-Disposition: attachment"));
    CHECK(head > 0);
    str rest = str_slice(mail, (size_t)head, mail.n);
    rest = str_slice(rest, (size_t)str_find(rest, S("\r\n\r\n")) + 4, rest.n);
    decode_base64(&back, str_slice(rest, 0, (size_t)str_find(rest, S("\r\n--"))));
    CHECK(str_eq(buf_str(&back), content.file));
    buf_clear(&out);
    buf_clear(&back);
}
