/* intake_test.c — bodies: broken ones, large ones, packed ones, and the limits on both sides. */
#include "intake/fixture_test.h"

#include "intake/cut.h"

#include <zlib.h>

#define TAKES(call, json, ...) CHECK_STR(desk_take(d, arena, call, json), S(__VA_ARGS__))

TEST("a broken event does not take its neighbours with it")
{
    static const char *const BROKEN[] = {
        "{'type':'track','userId':'u','event':'half \\ud83d'}",
        "{'type':'track','userId':'u','event':'half \\ude00 x'}",
        "{'type':'track','userId':'u','event':'E','properties':{'a':01}}",
        "{'type':'track','userId':'u','event':'E','properties':{'a':tru}}",
        "{'type':'track','userId':'u','event':'E','properties':{'a':}}",
        "{'type':'track','userId':'u','event':'E','properties':{'a' 1}}",
        "{'type':'track','userId':'u','event':'E','properties':{a:1}}",
        "{'type':'track','userId':'u','event':'\\x'}",
        "{'type':'track','userId':'u','event':'\\u12g4'}",
        "{'type':'track','userId':'u','event':'line\nbreak'}",
        "{'type':'track','userId':'u','event':'\xFF'}",
        "{'type':'track','userId':'u','event':'E',}",
        "{'type':'track','userId':'u','event':'E'} {}",
        "{'type':'track' 'userId':'u'}",
        "",
    };
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    for (u32 i = 0; i < COUNT_OF(BROKEN); i++) {
        str body = arena_printf(
            arena,
            "{'sentAt':'2026-06-01T12:00:00Z','batch':[{'type':'track','userId':'a','event':'A'},"
            "%s,{'type':'track','userId':'b','event':'B','timestamp':'2026-06-01T11:00:00Z'}],"
            "'context':{'ip':'1'}}",
            BROKEN[i]);
        str got = desk_take(d, arena, INTAKE_BATCH, body.p);
        str want =
            S("track \"A\" user_id=a props={$context:{\"ip\":\"1\"}}\n"
              "track \"B\" user_id=b at=2026-06-01T11:00:00.000Z props={$context:{\"ip\":\"1\"}}\n"
              "refused 1: the event cannot be read: ");
        if (!str_starts(got, want)) print_error("%s\n%.*s\n", BROKEN[i], STR_ARG(got));
        CHECK(str_starts(got, want));
        CHECK_EQ(d->result.rejected, 1);
    }
    desk_free(d);
}

TEST("a whole surrogate pair is one character, and escapes are what they stand for")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    TAKES(INTAKE_TRACK,
          "{'userId':'u','event':'\\ud83d\\ude00 "
          "\\u00e9\\u4f60\\/','properties':{'\\u0061b':'\\t\\n\\u0000'}}",
          "track \"\xF0\x9F\x98\x80 \xC3\xA9\xE4\xBD\xA0/\" user_id=u "
          "props={ab:\"\\t\\n\\u0000\"}\n");
    desk_free(d);
}

TEST("a body that is no JSON as a whole is refused whole")
{
    static const char *const BODIES[] = {
        "",
        " ",
        "{",
        "[]",
        "7",
        "{'batch':[}",
        "{'batch':[{'a':1]}",
        "{'batch':[{'type':'track'}",
        "{'batch':[{'type':'track,'userId':'u'}]}",
        "{'batch':{}}",
        "{'batch':7}",
        "{}",
        "{'items':[]}",
        "{'batch':[]}}",
        "{'batch':[]} x",
        "{'batch':[{'type':'track','userId':'u','event':'E'}],",
    };
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    for (u32 i = 0; i < COUNT_OF(BODIES); i++) {
        err e = desk_body(d, INTAKE_BATCH, desk_quotes(arena, BODIES[i]));
        if (e != ERR_INVALID) print_error("%s\n", BODIES[i]);
        CHECK_EQ(e, ERR_INVALID);
        CHECK(d->why.message[0] != 0);
    }
    CHECK_EQ(desk_body(d, INTAKE_TRACK, S("{\"userId\":\"u\",\"event\":\"E\"")), ERR_INVALID);
    CHECK_EQ(desk_body(d, INTAKE_TRACK, S("{\"userId\":\"u\"}{}")), ERR_INVALID);
    CHECK_EQ(desk_body(d, INTAKE_TRACK, S("")), ERR_INVALID);
    TAKES(INTAKE_TRACK, "[]", "refused 0: the event cannot be read: it is no JSON object\n");
    TAKES(INTAKE_BATCH, "{'batch':[]}", "");
    TAKES(INTAKE_BATCH, " \n{ 'batch' : [ ] } \n", "");
    TAKES(INTAKE_TRACK, "\xEF\xBB\xBF{'userId':'u','event':'E'}", "track \"E\" user_id=u\n");
    desk_free(d);
}

/* `open` `n` times, `middle`, `close` `n` times. */
static str nested(struct arena *arena, u32 n, const char *open, const char *middle,
                  const char *close)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    for (u32 i = 0; i < n; i++) buf_put(&b, str_of(open));
    buf_put(&b, str_of(middle));
    for (u32 i = 0; i < n; i++) buf_put(&b, str_of(close));
    str s = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    return s;
}

TEST("nesting, members, names and texts have limits that hurt one event alone")
{
    struct desk *d = desk_new(arena, (struct intake_options){.item_bytes_max = 1 << 20}, false);
    static const char FRAME[] =
        "{'batch':[{'type':'track','userId':'a','event':'A','properties':%s},"
        "{'type':'track','userId':'b','event':'B'}]}";
    struct {
        str fits, too_much;
        const char *why;
    } cases[] = {
        /* the item is the first level, its properties the second */
        {nested(arena, 31, "{'a':", "1", "}"), nested(arena, 32, "{'a':", "1", "}"),
         "nested more than 32 deep"},
        {nested(arena, 1, "{'a':", nested(arena, 30, "[", "", "]").p, "}"),
         nested(arena, 1, "{'a':", nested(arena, 31, "[", "", "]").p, "}"),
         "nested more than 32 deep"},
        {nested(arena, 999, "", "{", "'a':1,"), nested(arena, 1000, "", "{", "'a':1,"),
         "more than 1,000 members"},
        {arena_printf(arena, "{'%0128d':1}", 0), arena_printf(arena, "{'%0129d':1}", 0),
         "longer than 128 bytes"},
        {arena_printf(arena, "{'\\u0061%0127d':1}", 0),
         arena_printf(arena, "{'\\u0061%0128d':1}", 0), "longer than 128 bytes"},
        {arena_printf(arena, "{'a':'%032768d'}", 0), arena_printf(arena, "{'a':'%032769d'}", 0),
         "longer than 32 KB"},
        {arena_printf(arena, "{'a':'\\n%032767d'}", 0),
         arena_printf(arena, "{'a':'\\n%032768d'}", 0), "longer than 32 KB"},
    };
    cases[2].fits = arena_printf(arena, "%s'b':1}", cases[2].fits.p);
    cases[2].too_much = arena_printf(arena, "%s'b':1}", cases[2].too_much.p);
    for (u32 i = 0; i < COUNT_OF(cases); i++) {
        str body = arena_printf(arena, FRAME, cases[i].fits.p);
        desk_take(d, arena, INTAKE_BATCH, body.p);
        CHECK_EQ(d->result.accepted, 2);
        body = arena_printf(arena, FRAME, cases[i].too_much.p);
        str got = desk_take(d, arena, INTAKE_BATCH, body.p);
        CHECK_EQ(d->result.accepted, 1);
        CHECK_EQ(d->result.rejected, 1);
        if (str_find(got, str_of(cases[i].why)) < 0)
            print_error("case %u: %.*s\n", i, STR_ARG(got));
        CHECK(str_find(got, str_of(cases[i].why)) >= 0);
    }
    desk_free(d);
}

TEST("a hundred thousand open brackets are one refused event or one refused body")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    str deep = nested(arena, 100000, "[", "", "]");
    str body = arena_printf(arena, "{'batch':[{'a':%s},{'type':'track','userId':'b','event':'B'}]}",
                            deep.p);
    desk_take(d, arena, INTAKE_BATCH, body.p);
    CHECK_EQ(d->result.accepted, 1);
    CHECK_EQ(d->result.rejected, 1);
    body = arena_printf(arena, "{'batch':[{'a':%s", nested(arena, 100000, "[", "", "").p);
    CHECK_EQ(desk_body(d, INTAKE_BATCH, desk_quotes(arena, body.p)), ERR_INVALID);
    desk_free(d);
}

TEST("a body holds 65,536 events and not one more, readable or not")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    static const char *const FILL[] = {"0,", "x,"};
    for (u32 i = 0; i < 2; i++) {
        str most = nested(arena, 1, "{'batch':[", nested(arena, 65535, FILL[i], "0", "").p, "]}");
        str more = nested(arena, 1, "{'batch':[", nested(arena, 65536, FILL[i], "0", "").p, "]}");
        desk_take(d, arena, INTAKE_BATCH, most.p);
        CHECK_EQ(d->result.rejected, 65536);
        CHECK_EQ(desk_body(d, INTAKE_BATCH, desk_quotes(arena, more.p)), ERR_TOO_LARGE);
    }
    desk_free(d);
}

TEST("an event of 32 KB is taken and one byte more is not; a body has a limit too")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    const i32 frame = (i32)strlen("{'userId':'u','event':'E','properties':{'a':''}}");
    str body = arena_printf(arena, "{'userId':'u','event':'E','properties':{'a':'%0*d'}}",
                            32768 - frame, 0);
    CHECK_EQ(body.n, 32768);
    CHECK(str_starts(desk_take(d, arena, INTAKE_TRACK, body.p), S("track")));
    body = arena_printf(arena, "{'userId':'u','event':'E','properties':{'a':'%0*d'}}",
                        32769 - frame, 0);
    TAKES(INTAKE_TRACK, body.p, "refused 0: the event is larger than 32768 bytes\n");
    CHECK_EQ(d->result.rejections[0].sample_bytes, REJECTION_SAMPLE_MAX);
    desk_free(d);
    str fits = S("{\"userId\":1234,\"event\":\"Ex\"}");
    d = desk_new(arena, (struct intake_options){.body_bytes_max = (u32)fits.n}, false);
    CHECK_OK(desk_body(d, INTAKE_TRACK, fits));
    CHECK_EQ(desk_body(d, INTAKE_TRACK, S("{\"userId\":1234,\"event\":\"Exy\"}")), ERR_TOO_LARGE);
    desk_free(d);
}

TEST("records that do not fit together are refused together, and nothing is left of them")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    str body = desk_quotes(arena, "{'batch':[{'type':'track','userId':'u','event':'E'},"
                                  "{'type':'track','userId':'u','event':'E'}]}");
    CHECK_OK(desk_body(d, INTAKE_BATCH, body));
    size_t both = d->records.n;
    buf_clear(&d->records);
    buf_init(&d->records, both - 1);
    CHECK_EQ(desk_body(d, INTAKE_BATCH, body), ERR_TOO_LARGE);
    CHECK_EQ(d->records.n, 0);
    desk_free(d);
}

TEST("many refusals are all counted, the first ones kept, samples cut between characters")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_put(&b, S("{\"batch\":["));
    for (u32 i = 0; i < 100; i++) {
        buf_put(&b, i ? S(",{\"x\":\"") : S("{\"x\":\""));
        for (u32 k = 0; k < 300; k++) buf_put(&b, S("\xE4\xBD\xA0"));
        buf_put(&b, S("\"}"));
    }
    buf_put(&b, S("]}"));
    CHECK_OK(desk_body(d, INTAKE_BATCH, buf_str(&b)));
    CHECK_EQ(d->result.rejected, 100);
    CHECK_EQ(d->result.kept, REJECTIONS_KEPT);
    struct rejection *last = &d->result.rejections[REJECTIONS_KEPT - 1];
    CHECK_EQ(last->index, REJECTIONS_KEPT - 1);
    CHECK_EQ(last->sample_bytes, 510);
    CHECK(str_is_utf8((str){last->sample, last->sample_bytes}));
    buf_clear(&b);
    desk_free(d);
}

/* What a batch of random pieces must come to: each piece is known to be good, refused or broken. */
TEST("any mixture of good, refused and broken events is told apart")
{
    static const struct {
        const char *text;
        bool good;
    } PIECES[] = {
        {"{\"type\":\"track\",\"userId\":\"u\",\"event\":\"E\",\"properties\":{\"t\":\"a,]}{["
         "\\\"\\\\\"}}",
         true},
        {" {\"type\":\"identify\",\"userId\":1,\"traits\":{\"a\":[[],{}]}} ", true},
        {"{\"type\":\"track\"}", false},
        {"{\"type\":\"track\",\"userId\":\"u\",\"event\":\"\\ud800\"}", false},
        {"{\"type\":\"track\",\"userId\":\"u\",\"event\":\"E\",\"properties\":[1,]}", false},
        {"null", false},
        {"{\"a\":nul}", false},
    };
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    struct rng rng = {test_seed()};
    struct buf b;
    buf_init(&b, 1 << 20);
    for (u32 round = 0; round < 2000; round++) {
        u32 good = 0, n = (u32)rng_below(&rng, 12);
        buf_reset(&b);
        buf_put(&b, S("{\"batch\":["));
        for (u32 i = 0; i < n; i++) {
            u64 pick = rng_below(&rng, COUNT_OF(PIECES));
            if (i) buf_byte(&b, ',');
            buf_put(&b, str_of(PIECES[pick].text));
            good += PIECES[pick].good;
        }
        buf_put(&b, S("]}"));
        CHECK_OK(desk_body(d, INTAKE_BATCH, buf_str(&b)));
        CHECK_EQ(d->result.accepted, good);
        CHECK_EQ(d->result.rejected, n - good);
    }
    buf_clear(&b);
    desk_free(d);
}

TEST("the cutter splits at its own level alone and knows what does not close")
{
    struct cut c = cut_open(S(" [ 1 ,{\"a,]\":[2,3]}, \"x\\\",\" ,,] "));
    str piece, key, rest;
    static const char *const WANT[] = {"1", "{\"a,]\":[2,3]}", "\"x\\\",\"", "", ""};
    for (u32 i = 0; i < COUNT_OF(WANT); i++) {
        CHECK(cut_next(&c, &piece));
        CHECK_STR(piece, str_of(WANT[i]));
    }
    CHECK(!cut_next(&c, &piece) && cut_closed(&c));
    static const char *const BAD[] = {"",     "x",     "[1",   "[1}",  "[{]}",
                                      "[\"]", "[1] x", "[(]{", "[\"\\"};
    for (u32 i = 0; i < COUNT_OF(BAD); i++) {
        c = cut_open(str_of(BAD[i]));
        while (cut_next(&c, &piece)) continue;
        CHECK(!cut_closed(&c));
    }
    CHECK(cut_member(S("\"a\\\"b\" : {}"), &key, &rest));
    CHECK_STR(key, S("a\\\"b"));
    CHECK_STR(rest, S("{}"));
    CHECK(!cut_member(S("a:1"), &key, &rest) && !cut_member(S("\"a\" 1"), &key, &rest));
}

/* ---- packed bodies ---- */

static str packed(struct arena *arena, str s, int window)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)s.p, .avail_in = (uInt)s.n};
    CHECK_EQ(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, s.n) + 64;
    char *to = arena_alloc(arena, room);
    z.next_out = (Bytef *)to;
    z.avail_out = (uInt)room;
    CHECK_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = room - z.avail_out;
    deflateEnd(&z);
    return (str){to, n};
}

TEST("gzip and zlib bodies are unpacked, members one after the other too")
{
    struct buf out;
    str text = test_shared("data/strings/blns.json")
                   ? test_file(arena, test_shared("data/strings/blns.json"))
                   : S("{\"batch\":[]}");
    buf_init(&out, 1 << 20);
    CHECK_OK(intake_inflate(packed(arena, text, 15 + 16), &out, NULL));
    CHECK_STR(buf_str(&out), text);
    CHECK_OK(intake_inflate(packed(arena, text, 15), &out, NULL));
    CHECK_STR(buf_str(&out), text);
    str one = packed(arena, S("one "), 31), two = packed(arena, S("two"), 31);
    char *both = arena_alloc(arena, one.n + two.n);
    memcpy(both, one.p, one.n), memcpy(both + one.n, two.p, two.n);
    CHECK_OK(intake_inflate((str){both, one.n + two.n}, &out, NULL));
    CHECK_STR(buf_str(&out), S("one two"));
    buf_clear(&out);
}

TEST("packed bodies that are cut, damaged, followed by something or bombs are refused")
{
    struct buf out;
    struct diag why = {0};
    buf_init(&out, 4 << 20);
    char *zeros = arena_zalloc(arena, 16 << 20);
    str text = {zeros, 1000};
    str good = packed(arena, text, 31);
    for (size_t n = 0; n < good.n; n++)
        CHECK_EQ(intake_inflate((str){good.p, n}, &out, NULL), ERR_INVALID);
    char *longer = arena_zalloc(arena, good.n + 1);
    memcpy(longer, good.p, good.n);
    CHECK_EQ(intake_inflate((str){longer, good.n + 1}, &out, NULL), ERR_INVALID);
    longer[good.n - 5] ^= 1; /* the checksum */
    CHECK_EQ(intake_inflate((str){longer, good.n}, &out, NULL), ERR_INVALID);
    CHECK_EQ(intake_inflate(packed(arena, (str){zeros, 16 << 20}, 31), &out, &why), ERR_TOO_LARGE);
    buf_clear(&out);

    struct rng rng = {test_seed()};
    for (u32 i = 0; i < 1 << 20; i++) zeros[i] = (char)rng_next(&rng);
    good = packed(arena, (str){zeros, 1 << 20}, 31);
    buf_init(&out, 1 << 20);
    CHECK_OK(intake_inflate(good, &out, NULL));
    CHECK_EQ(out.n, 1 << 20);
    buf_clear(&out);
    buf_init(&out, (1 << 20) - 1);
    CHECK_EQ(intake_inflate(good, &out, NULL), ERR_TOO_LARGE);
    buf_clear(&out);
}
