/* report_test.c — answers as people read them: figures beside those of before, texts that stay
 * texts. */
#include "server/report.h"

#include "base/test.h"

static struct report_part part_of(struct arena *a, const char *analysis, const char *answer,
                                  bool zh)
{
    const struct json *j;
    struct report_part p = {0};
    struct diag why = {0};
    CHECK_OK(json_parse(str_of(answer), a, &j, &why));
    report_read(str_of(analysis), j, zh, NULL, a, &p);
    return p;
}

static str shown(struct arena *a, report_as as, double n, bool zh)
{
    struct buf b;
    buf_init(&b, 128);
    report_number(&b, as, n, zh);
    str s = arena_str(a, buf_str(&b));
    buf_clear(&b);
    return s;
}

TEST("numbers are written as people read them")
{
    CHECK_STR(shown(arena, AS_NUMBER, 1234567, false), S("1,234,567"));
    CHECK_STR(shown(arena, AS_NUMBER, -1000, false), S("-1,000"));
    CHECK_STR(shown(arena, AS_NUMBER, 12.34, false), S("12.3"));
    CHECK_STR(shown(arena, AS_MONEY, 1234.5, true), S("1,234.50"));
    CHECK_STR(shown(arena, AS_MONEY, -0.001, true), S("0.00"));
    CHECK_STR(shown(arena, AS_SHARE, 0.1234, false), S("12.3%"));
    CHECK_STR(shown(arena, AS_SECONDS, 5400, true), S("1.5 小时"));
    CHECK_STR(shown(arena, AS_SECONDS, 59, false), S("59 s"));
    CHECK_STR(shown(arena, AS_WEEKDAY, 7, true), S("周日"));
}

TEST("an answer is a table, and its figures stand beside those of before")
{
    struct report_part p =
        part_of(arena, "orders",
                "{\"total\":{\"net\":90,\"orders\":3,\"customers\":2,\"average\":30},\"rows\":["
                "{\"at\":\"2026-03-01T00:00:00.000Z\",\"orders\":3,\"net\":90}],"
                "\"compare\":{\"total\":{\"net\":60,\"orders\":3}}}",
                false);
    CHECK_EQ(p.rows, 1);
    CHECK_EQ(p.columns, 3);
    CHECK_STR(p.heads[0], S("When"));
    CHECK_STR(p.cells[0].text, S("2026-03-01"));
    CHECK_EQ(p.figures, 4);
    CHECK(p.figure[0].has_before && p.figure[0].before == 60 && p.figure[0].now == 90);
    CHECK(!p.figure[3].has_before);
    CHECK(p.series);
    p = part_of(arena, "funnel",
                "{\"steps\":[{\"step\":1,\"name\":\"Order Completed\",\"customers\":9},"
                "{\"step\":2,\"name\":\"x\",\"customers\":3,\"share\":0.3333}]}",
                true);
    CHECK(p.figure[1].now == 3);
    p = part_of(arena, "orders",
                "{\"rows\":[],\"groups\":[{\"group\":\"tea\",\"orders\":2,\"gross\":5,\"net\":5},"
                "{\"group\":null,\"kind\":\"rest\",\"values\":2,\"gross\":1}]}",
                false);
    CHECK_EQ(p.rows, 2);
    CHECK_STR(p.cells[0].text, S("tea"));
    CHECK_STR(p.cells[p.columns].text, S("All others"));
    p = part_of(arena, "nonsense", "{}", false);
    CHECK_EQ(p.rows, 0);
}

TEST("who moved between groups is a table of its own, most first")
{
    static const char ANSWER[] = "{\"names\":[{\"name\":\"loyal\",\"customers\":5,\"amount\":9}],"
                                 "\"total\":{\"customers\":5},"
                                 "\"moves\":[{\"from\":null,\"to\":\"new\",\"customers\":1},"
                                 "{\"from\":\"loyal\",\"to\":\"at_risk\",\"customers\":4}]}";
    struct report_part p = part_of(arena, "rfm", ANSWER, false);
    CHECK_EQ(p.rows, 2);
    CHECK_EQ(p.columns, 3);
    CHECK_STR(p.cells[0].text, S("Loyal"));
    CHECK_STR(p.cells[1].text, S("At risk"));
    CHECK_EQ((int)p.cells[2].number, 4);
    CHECK_STR(p.cells[3].text, S("Had not bought"));
    p = part_of(arena, "rfm", ANSWER, true);
    CHECK_STR(p.cells[3].text, S("还没买过"));
    p = part_of(arena, "rfm", "{\"moves\":[{\"from\":null,\"to\":\"new\",\"customers\":1}]}",
                false);
    CHECK_EQ(p.columns, 3);
    CHECK_STR(p.cells[0].text, S("Had not bought"));
    p = part_of(arena, "profile",
                "{\"rows\":[{\"attribute\":\"age\",\"from\":20,\"to\":29,\"customers\":1},"
                "{\"attribute\":\"city\",\"value\":\"x\",\"customers\":1}]}",
                false);
    for (u32 i = 0; i < p.columns; i++)
        CHECK(!str_eq(p.cells[p.columns + i].text, S("Had not bought")));
}

TEST("what customers wrote stays a text: no formula, no element")
{
    struct report_part p = part_of(arena, "sources",
                                   "{\"rows\":[{\"source\":\"=cmd|' /C calc'!A0\",\"customers\":1},"
                                   "{\"source\":\"<script>alert(1)</script>\",\"customers\":2},"
                                   "{\"source\":\"a,\\\"b\\\"\\r\\nc\",\"customers\":3}]}",
                                   false);
    struct report r = {.title = S("<b>&\"'"), .made_ms = 0, .count = 1, .parts = &p};
    struct buf b;
    struct diag why = {0};
    buf_init(&b, 1 << 20);
    report_csv(&b, &r);
    CHECK(str_find(buf_str(&b), S("\r\n'=cmd|' /C calc'!A0,1\r\n")) >= 0);
    CHECK(str_find(buf_str(&b), S("\"a,\"\"b\"\"\r\nc\",3")) >= 0);
    buf_reset(&b);
    report_mail(&b, &r);
    CHECK(str_find(buf_str(&b), S("<script")) < 0);
    CHECK(str_find(buf_str(&b), S("&lt;script&gt;")) >= 0);
    CHECK(str_find(buf_str(&b), S("<b>&")) < 0);
    buf_reset(&b);
    report_page(&b, &r);
    CHECK(str_find(buf_str(&b), S("<script")) < 0);
    CHECK(str_find(buf_str(&b), S("style=")) < 0); /* the page's policy allows none */
    buf_reset(&b);
    CHECK_OK(report_xlsx(&b, &r, &why));
    CHECK(str_starts(buf_str(&b), S("PK\x03\x04")));
    buf_clear(&b);
}
