#include "base/test.h"
#include "content/dkim.h"
#include "content/link.h"

static const struct sip_key KEY = {0x0123456789ABCDEF, 0xFEDCBA9876543210};

static struct signed_link link_of(str target)
{
    struct signed_link l = {.message = {7, 9},
                            .channel = 1,
                            .topic = 3,
                            .object = 12,
                            .language = 1,
                            .at_ms = 1751362200000,
                            .target = target};
    for (u32 i = 0; i < 16; i++) l.customer[i] = (u8)(i * 17);
    return l;
}

static str token_of(struct arena *arena, signed_purpose purpose, str target)
{
    struct buf b;
    struct signed_link l = link_of(target);
    buf_init(&b, 1 << 16);
    signed_link_put(&b, KEY, purpose, &l);
    str s = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

TEST("a signed link says what was put into it, for its purpose and key alone")
{
    struct signed_link got;
    for (u32 p = SIGNED_CLICK; p < SIGNED_COUNT; p++) {
        str token = token_of(arena, (signed_purpose)p, S("https://a.b/c?d=e#f"));
        for (u32 q = SIGNED_CLICK; q < SIGNED_COUNT; q++)
            CHECK_EQ(signed_link_read(token, KEY, (signed_purpose)q, arena, &got), p == q);
        struct sip_key other = KEY;
        other.k0 ^= 1;
        CHECK(!signed_link_read(token, other, (signed_purpose)p, arena, &got));
    }
    CHECK(signed_link_read(token_of(arena, SIGNED_CLICK, S("https://a.b/?x")), KEY, SIGNED_CLICK,
                           arena, &got));
    CHECK_STR(got.target, S("https://a.b/?x"));
    CHECK_EQ(got.message.lo, 7);
    CHECK_EQ(got.customer[15], 255);
    CHECK(signed_link_read(token_of(arena, SIGNED_CONFIRM, S("yes")), KEY, SIGNED_CONFIRM, arena,
                           &got));
    CHECK_EQ(got.channel, 1);
    CHECK_EQ(got.topic, 3);
    CHECK_EQ(got.object, 12);
    CHECK_EQ(got.language, 1);
    CHECK_EQ(got.at_ms, 1751362200000);
    CHECK_STR(got.target, S("yes"));
}

TEST("a link with any character changed, cut off or put behind is none of ours")
{
    static const char DIGITS[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.";
    struct signed_link got;
    for (u32 p = SIGNED_CLICK; p < SIGNED_COUNT; p++) {
        str token = token_of(arena, (signed_purpose)p, S("https://a.b/c"));
        char *bent = arena_alloc(arena, token.n + 1);
        for (size_t i = 0; i < token.n; i++)
            for (size_t k = 0; DIGITS[k]; k++) {
                if (DIGITS[k] == token.p[i]) continue;
                memcpy(bent, token.p, token.n);
                bent[i] = DIGITS[k];
                CHECK(!signed_link_read((str){bent, token.n}, KEY, (signed_purpose)p, arena, &got));
            }
        for (size_t n = 0; n < token.n; n++)
            CHECK(!signed_link_read(str_slice(token, 0, n), KEY, (signed_purpose)p, arena, &got));
        memcpy(bent, token.p, token.n);
        bent[token.n] = 'A';
        CHECK(!signed_link_read((str){bent, token.n + 1}, KEY, (signed_purpose)p, arena, &got));
    }
}

TEST("random tokens are none of ours")
{
    struct rng r = {test_seed()};
    struct signed_link got;
    for (u32 i = 0; i < 200000; i++) {
        char text[96];
        for (size_t k = 0; k < sizeof text; k++)
            text[k] = "ABCDEFGHabcdefgh01234567-_"[rng_below(&r, 26)];
        size_t n = 40 + rng_below(&r, 56);
        CHECK(!signed_link_read((str){text, n}, KEY, (signed_purpose)(1 + i % 6), arena, &got));
    }
}

/* ---- HTML ---- */

static str tracked(struct arena *arena, const char *html, bool clicks, bool opens)
{
    struct tracking t = {.key = KEY,
                         .public_url = S("https://m.shop"),
                         .message = {7, 9},
                         .clicks = clicks,
                         .opens = opens};
    struct buf b;
    buf_init(&b, 1 << 20);
    track_html(&t, str_of(html), &b);
    str s = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

/* The target of the n-th link led over ours; empty if there is none. */
static str target_of(struct arena *arena, str html, u32 n)
{
    struct signed_link got;
    for (size_t i = 0; i < html.n; i++) {
        str rest = str_slice(html, i, html.n);
        if (!str_starts(rest, S("https://m.shop/l/"))) continue;
        str token = str_slice(rest, 17, rest.n);
        size_t end = 0;
        while (end < token.n && !strchr("\"' >", token.p[end])) end++;
        if (n--) continue;
        bool ours = signed_link_read(str_slice(token, 0, end), KEY, SIGNED_CLICK, arena, &got);
        return ours ? got.target : S("forged");
    }
    return (str){0};
}

TEST("web links of a mail are led over ours, and come back as the reader's browser has them")
{
    static const struct {
        const char *html, *target;
    } CASES[] = {
        {"<a href=\"https://a.b/c\">x</a>", "https://a.b/c"},
        {"<A class=x HREF='HTTP://a.b/?x=1&amp;y=2#z'>x</A>", "HTTP://a.b/?x=1&y=2#z"},
        {"<a href=https://a.b/c>x</a>", "https://a.b/c"},
        {"<a\nhref = \"  https://a.b/\n c d \">x</a>", "https://a.b/%20c%20d"},
        {"<map><area href='https://a.b/茶'></map>", "https://a.b/%E8%8C%B6"},
        {"<a href=\"https://a.b/&#x22;&lt;\">x</a>", "https://a.b/%22%3C"},
        {"<a href=\"https://m.shop.evil/u/x\">x</a>", "https://m.shop.evil/u/x"},
        {"<a href=\"https://m.shop/cart\">x</a>", "https://m.shop/cart"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        CHECK_STR(target_of(arena, tracked(arena, CASES[i].html, true, false), 0),
                  str_of(CASES[i].target));
    str two = tracked(arena, "<a href=\"http://a/1\">1</a><b>&</b><a href='http://a/2'>2</a>", true,
                      false);
    CHECK_STR(target_of(arena, two, 0), S("http://a/1"));
    CHECK_STR(target_of(arena, two, 1), S("http://a/2"));
}

TEST("what is no web link, or ours already, is left to the byte")
{
    static const char *const SAME[] = {
        "<a href=\"mailto:a@b.c\">x</a>",
        "<a href=\"tel:+86\">x</a> <a href=\"#top\">y</a> <a name=z>z</a> <a href=\"\">e</a>",
        "<a href=\"javascript:alert(1)\">x</a> <a href=\"/local\">y</a>",
        "<a href=\"https://m.shop/u/tok\">x</a><a href=\"https://m.shop/p/tok\">y</a>",
        "<a data-track=\"off\" href=\"https://a.b/c\">x</a>",
        "<!-- <a href=\"https://a.b/\">x</a> --> <link href=\"https://a.b/x.css\">",
        "<style>a[href='https://a.b']{}</style><title><a href=\"http://a\"></title>",
        "a < b <3 <a href=\"https:\">x</a> <",
        "",
        "<a",
        "<a href=\"https://a.b",
        "<!--",
        "<style>"};
    for (size_t i = 0; i < COUNT_OF(SAME); i++)
        CHECK_STR(tracked(arena, SAME[i], true, false), str_of(SAME[i]));
    char *html = arena_alloc(arena, 3000);
    memset(html, 'x', 2999);
    memcpy(html, "<a href=\"https://a.b/", 21);
    memcpy(html + 2900, "\">y</a>", 8);
    CHECK_STR(tracked(arena, html, true, false), str_of(html));
    CHECK_STR(tracked(arena, "<a href=\"https://a.b/\">x</a>", false, false),
              S("<a href=\"https://a.b/\">x</a>"));
}

TEST("one pixel stands before the end of the body, or at the end")
{
    static const char *const PAGES[] = {"<body><p>x</p></BODY></html>", "<p>x</p>", "",
                                        "<p>x</p><!-- </body> -->"};
    for (size_t i = 0; i < COUNT_OF(PAGES); i++) {
        str html = tracked(arena, PAGES[i], true, true);
        ptrdiff_t at = str_find(html, S("https://m.shop/o/"));
        CHECK(at > 0);
        CHECK(str_find(str_slice(html, (size_t)at + 17, html.n), S("/o/")) < 0);
        if (i == 0) CHECK(str_find(html, S("border:0\"></BODY></html>")) > 0);
    }
}

/* ---- DKIM: refusals here; that signatures hold is checked by another's verifier (test/mail.mjs).
 */

TEST("a signature names what it covers twice, and changes with every header and line")
{
    static const char MAIL[] =
        "From: a@b.c\r\nTo: d@e.f\r\nSubject: x\r\n y\r\n\r\nHello \t x \r\n\r\n\r\n";
    static const char SPACED[] = "From:  a@b.c\r\nTO: d@e.f\r\nSubject: x  y \r\n\r\nHello x\r\n";
    str key, record;
    struct dkim *d;
    struct diag why = {0};
    struct buf one, two;
    dkim_make(DKIM_ED25519, arena, &key, &record);
    CHECK(str_starts(record, S("v=DKIM1; k=ed25519; p=")));
    CHECK_OK(dkim_open(S("shop.test"), S("s1"), key, &d, &why));
    buf_init(&one, 1 << 16), buf_init(&two, 1 << 16);
    CHECK_OK(dkim_sign(d, S(MAIL), 1751362200000, &one));
    CHECK_OK(dkim_sign(d, S(SPACED), 1751362200000, &two));
    CHECK_STR(buf_str(&one), buf_str(&two)); /* relaxed: white space does not count */
    CHECK(str_find(buf_str(&one), S(" h=From:From:\r\n  To:To:")) > 0);
    CHECK(str_find(buf_str(&one), S("\r\n  List-Unsubscribe:\r\n")) > 0);
    CHECK(str_ends(buf_str(&one), S("\r\n")));
    buf_reset(&two);
    CHECK_OK(dkim_sign(d, S("From: a@b.c\r\n\r\nHello y\r\n"), 1751362200000, &two));
    CHECK(!str_eq(buf_str(&one), buf_str(&two)));
    CHECK_EQ(dkim_sign(d, S("From: a@b.c\r\n"), 0, &two), ERR_INVALID);
    dkim_close(d);
    buf_clear(&one), buf_clear(&two);
    CHECK_EQ(dkim_open(S("shop test"), S("s1"), key, &d, &why), ERR_REFUSED);
    CHECK_STR(str_of(why.path), S("/dkim/domain"));
    CHECK_EQ(dkim_open(S("shop.test"), S("s;1"), key, &d, NULL), ERR_REFUSED);
    CHECK_EQ(dkim_open(S("shop.test"), S("s1"), S("-----BEGIN"), &d, NULL), ERR_REFUSED);
    CHECK_EQ(dkim_open(S("shop.test"), S("s1"), (str){0}, &d, NULL), ERR_REFUSED);
}
