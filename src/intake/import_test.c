/* import_test.c — dates, what columns mean, and rows into records. */
#include "base/test.h"
#include "intake/fixture_test.h"
#include "intake/import.h"
#include "intake/xlsx.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- dates ---- */

static str date_text(struct arena *arena, const char *text, date_order order)
{
    struct when w;
    i64 ms;
    struct buf b;
    if (!when_parse(str_of(text), order, &w) || !when_ms(&w, NULL, &ms)) return S("none");
    buf_init(&b, 64);
    iso_put(&b, ms);
    str s = arena_str(arena, str_slice(buf_str(&b), 0, 19));
    buf_clear(&b);
    return s;
}

TEST("dates as people and programs write them")
{
    static const struct {
        const char *text;
        date_order order;
        const char *want;
    } CASES[] = {
        {"2026-01-05", DATES_UNSURE, "2026-01-05T00:00:00"},
        {"2026-01-05T10:00:00+08:00", DATES_UNSURE, "2026-01-05T02:00:00"},
        {"2026/1/5", DATES_UNSURE, "2026-01-05T00:00:00"},
        {"2026/1/5 9:05", DATES_UNSURE, "2026-01-05T09:05:00"},
        {"5.1.2026", DATES_UNSURE, "2026-01-05T00:00:00"},
        {"01/02/2026", DATES_UNSURE, "2026-01-02T00:00:00"},
        {"01/02/2026", DATES_DMY, "2026-02-01T00:00:00"},
        {"13/02/2026", DATES_UNSURE, "2026-02-13T00:00:00"},
        {"01-02-2026", DATES_UNSURE, "2026-02-01T00:00:00"},
        {"1/2/26 1:05 PM", DATES_MDY, "2026-01-02T13:05:00"},
        {"1/2/26 12:05 AM", DATES_MDY, "2026-01-02T00:05:00"},
        {"2026年1月5日", DATES_UNSURE, "2026-01-05T00:00:00"},
        {"2026年1月5日 下午3:20", DATES_UNSURE, "2026-01-05T15:20:00"},
        {"5 Jan 2026", DATES_UNSURE, "2026-01-05T00:00:00"},
        {"Jan 5, 2026 10:00", DATES_UNSURE, "2026-01-05T10:00:00"},
        {"20260105", DATES_UNSURE, "2026-01-05T00:00:00"},
        {"20260105093001", DATES_UNSURE, "2026-01-05T09:30:01"},
        {"1767225600", DATES_UNSURE, "2026-01-01T00:00:00"},
        {"1767225600000", DATES_UNSURE, "2026-01-01T00:00:00"},
        {"46023", DATES_UNSURE, "2026-01-01T00:00:00"},
        {"46023.5", DATES_UNSURE, "2026-01-01T12:00:00"},
        {"31/02/2026", DATES_DMY, "none"},
        {"2026-13-01", DATES_UNSURE, "none"},
        {"hello", DATES_UNSURE, "none"},
        {"12.50", DATES_UNSURE, "none"},
        {"2026/1/5 25:00", DATES_UNSURE, "none"},
    };
    for (u32 i = 0; i < COUNT_OF(CASES); i++)
        CHECK_STR(date_text(arena, CASES[i].text, CASES[i].order), str_of(CASES[i].want));
    CHECK_EQ(when_evidence(S("13/01/2026")), DATES_DMY);
    CHECK_EQ(when_evidence(S("01/13/2026")), DATES_MDY);
    CHECK_EQ(when_evidence(S("01/12/2026")), DATES_UNSURE);
    CHECK_EQ(when_order_of(S("%d.%m.%Y")), DATES_DMY);
    CHECK_EQ(when_order_of(S("YYYY-MM-DD")), DATES_YMD);
}

TEST("a spreadsheet's serial numbers, of both epochs, and which formats show dates")
{
    static const struct {
        const char *serial;
        bool from_1904;
        const char *want;
    } CASES[] = {{"1", false, "1900-01-01"},
                 {"59", false, "1900-02-28"},
                 {"61", false, "1900-03-01"},
                 {"43831", false, "2020-01-01"},
                 {"43831.75", false, "2020-01-01T18:00:00"},
                 {"0.5", false, "12:00:00"},
                 {"42369", true, "2020-01-01"},
                 {"0", true, "1904-01-01"}};
    for (u32 i = 0; i < COUNT_OF(CASES); i++) {
        struct buf b;
        buf_init(&b, 64);
        CHECK(xlsx_date(str_of(CASES[i].serial), CASES[i].from_1904, &b));
        CHECK_STR(buf_str(&b), str_of(CASES[i].want));
        buf_clear(&b);
    }
    CHECK(xlsx_format_is_date(S("yyyy\\-mm\\-dd")) && xlsx_format_is_date(S("[h]:mm")));
    CHECK(xlsx_format_is_date(S("[$-804]d\"号\"")));
    CHECK(!xlsx_format_is_date(S("General")) && !xlsx_format_is_date(S("#,##0.00 \"days\"")));
    CHECK(!xlsx_format_is_date(S("[Red]0.00")) && !xlsx_format_is_date(S("0.00_d")));
}

/* ---- rows into records ---- */

struct bench {
    struct names *names;
    struct import_world world;
    char dir[64], path[80];
};

static void put_list(struct bench *b, struct buf *out, name_kind kind, const char *label, str list)
{
    struct reader r = reader_of(list);
    u32 code;
    value v;
    if (!list.n) return;
    buf_printf(out, " %s={", label);
    for (bool first = true; props_next(&r, &code, &v); first = false) {
        str name = names_text(b->names, kind, code);
        buf_printf(out, "%s%.*s%s", first ? "" : ",", STR_ARG(name),
                   v.type == VALUE_DATE ? "=date " : ":");
        value_json(out, v);
    }
    buf_byte(out, '}');
}

/* As the records of its rows would be. */
static void put_bulk(struct bench *b, struct buf *out, const struct record *r)
{
    struct bulk_record bulk;
    struct bulk_row row;
    CHECK(r->id_count == 1 && bulk_read(r->payload, r->occurred_ms, &bulk));
    while (bulk_next(&bulk, &row)) {
        buf_put(out, names_text(b->names, NAME_EVENT, row.event));
        buf_printf(out, " %.*s=%.*s", STR_ARG(names_text(b->names, NAME_SPACE, r->ids[0].space)),
                   STR_ARG(bulk.value));
        buf_put(out, S(" at "));
        iso_put(out, row.occurred_ms);
        put_list(b, out, NAME_PROPERTY, "props", row.props);
        buf_byte(out, '\n');
    }
    CHECK(!bulk.rows.bad);
}

static void put_record(struct bench *b, struct buf *out, const struct record *r)
{
    struct item item;
    struct import_record p;
    if (r->kind == RECORD_IMPORT_) {
        CHECK(import_read(r->payload, &p));
        buf_printf(out, "%s %llu: %llu + %llu, %llu warned\n",
                   p.state == IMPORT_DONE ? "done" : "to", (unsigned long long)p.position,
                   (unsigned long long)p.accepted, (unsigned long long)p.rejected,
                   (unsigned long long)p.warnings);
        return;
    }
    if (r->kind == RECORD_BULK_) {
        put_bulk(b, out, r);
        return;
    }
    CHECK(r->kind == RECORD_ITEM_ && item_read(r->payload, r->id_count, &item) &&
          item_valid(&item));
    buf_put(out, item.event ? names_text(b->names, NAME_EVENT, item.event) : S("customer"));
    for (u32 i = 0; i < r->id_count; i++)
        buf_printf(out, " %.*s=%.*s", STR_ARG(names_text(b->names, NAME_SPACE, r->ids[i].space)),
                   STR_ARG(item.values[i]));
    buf_put(out, S(" at "));
    iso_put(out, r->occurred_ms);
    put_list(b, out, NAME_PROPERTY, "props", item.props);
    put_list(b, out, NAME_ATTRIBUTE, "traits", item.traits);
    if (item.consents.n) buf_printf(out, " consents=%zu", item.consents.n / 3);
    if (item.tags.n) buf_put(out, S(" tags"));
    buf_byte(out, '\n');
}

/* Every record of an import as a line, then its file of errors. */
static str imported(struct arena *arena, const char *asked, str bytes)
{
    struct bench b = {.names = names_new(NULL)};
    const struct json *j;
    struct import_request r;
    struct import *im;
    struct diag why = {0};
    struct buf records, out;
    struct file *f;
    u32 count;
    record_fixed_names(b.names);
    snprintf(b.dir, sizeof b.dir, "/tmp/beckon-import-%d", (int)getpid());
    snprintf(b.path, sizeof b.path, "%s/file", b.dir);
    CHECK_EQ(env_make_dir(env_real(), b.dir), ERR_OK);
    CHECK_EQ(env_open(env_real(), b.path, FILE_CREATE, &f), ERR_OK);
    CHECK_EQ(file_resize(f, 0), ERR_OK);
    CHECK_EQ(file_write(f, 0, bytes.p, bytes.n), ERR_OK);
    file_close(f);
    b.world = (struct import_world){
        .env = env_real(), .names = b.names, .key = {1, 2}, .phone_country = S("CN"), .dir = b.dir};
    CHECK_EQ(json_parse(desk_quotes(arena, asked), arena, &j, &why), ERR_OK);
    err e = import_request_read(j, &r, &why);
    r.id = S("i1");
    if (e == ERR_OK) e = import_open(&b.world, &r, b.path, &im, &why);
    if (e != ERR_OK) {
        names_free(b.names);
        return arena_printf(arena, "%s %s: %s", err_name(e), why.path, why.message);
    }
    buf_init(&records, APPEND_BYTES_MAX);
    buf_init(&out, 8 << 20);
    while ((e = import_step(im, &records, &count, &why)) == ERR_OK) {
        struct reader in = reader_of(buf_str(&records));
        struct record rec;
        while (record_next(&in, &rec)) put_record(&b, &out, &rec);
    }
    CHECK_EQ(e, ERR_NOT_FOUND);
    import_close(im);
    static char errors[1 << 16];
    size_t n;
    snprintf(b.path, sizeof b.path, "%s/errors.csv", b.dir);
    CHECK_EQ(env_open(env_real(), b.path, FILE_READ, &f), ERR_OK);
    CHECK_EQ(file_read(f, 0, errors, sizeof errors, &n), ERR_OK);
    file_close(f);
    buf_put(&out, (str){errors, n});
    str s = arena_str(arena, buf_str(&out));
    buf_clear(&records), buf_clear(&out);
    names_free(b.names);
    return s;
}

TEST("customers: columns are known by their Chinese names, tags are split, consents are kept")
{
    CHECK_STR(
        imported(arena, "{'kind':'customers','created_at_ms':1767225600000}",
                 S("会员号,手机号,姓名,生日,积分,标签,consent:sms\n"
                   "M1,13800138000,李雷,2001/3/5,120,新客;\xE9\xAB\x98\xE4\xBB\xB7\xE5\x80\xBC,是\n"
                   "M2,not a phone,韩梅梅,1999/12/31,7.5,,否\n"
                   ",,x,,,,\n"
                   "M3,,,,,,perhaps\n")),
        S("customer member_no=M1 phone=+8613800138000 at 2026-01-01T00:00:00.000Z "
          "traits={name:\"李雷\",birthday=date \"2001-03-05\",积分:120} consents=1 tags\n"
          "customer member_no=M2 at 2026-01-01T00:00:00.000Z traits={name:\"韩梅梅\","
          "birthday=date \"1999-12-31\",积分:7.5,手机号:\"not a phone\"} consents=1\n"
          "done 4: 2 + 2, 1 warned\n"
          "row,column,reason,会员号,手机号,姓名,生日,积分,标签,consent:sms\r\n"
          "3,,there is no identifier,,,x,,,,\r\n"
          "4,consent:sms,\"a consent is yes or no (true, false, 1, 0, 是, 否)\",M3,,,,,,"
          "perhaps\r\n"));
}

TEST(
    "customers: a till's list: since when, which level, until when; a yes to no channel is to mail")
{
    CHECK_STR(imported(arena, "{'kind':'customers','created_at_ms':1767225600000}",
                       S("会员名单 2026年11月,,,,,\n"
                         "姓名,电子邮箱,注册时间,会员等级,会员到期日,是否同意接收\n"
                         "李雷, li@x.test ,2025-04-17,金卡,2026-12-18,是\n")),
              S("customer email=li@x.test at 2026-01-01T00:00:00.000Z "
                "traits={name:\"李雷\",created_at=date \"2025-04-17\",tier:\"金卡\","
                "expires_on=date \"2026-12-18\"} consents=1\n"
                "done 1: 1 + 0, 0 warned\n"));
    CHECK_STR(imported(arena, "{'kind':'customers','created_at_ms':1767225600000}",
                       S("Mobile,Name,Subscribed\n+447700900001,Ann,Y\n")),
              S("customer phone=+447700900001 at 2026-01-01T00:00:00.000Z traits={name:\"Ann\"} "
                "consents=1\ndone 1: 1 + 0, 0 warned\n"));
}

TEST("customers: who put the file together says that all agreed; a row that says otherwise counts")
{
    CHECK_STR(imported(arena,
                       "{'kind':'customers','created_at_ms':1767225600000,"
                       "'options':{'consent':['email','sms']}}",
                       S("email,consent:sms\na@x.com,\nb@x.com,no\n")),
              S("customer email=a@x.com at 2026-01-01T00:00:00.000Z consents=2\n"
                "customer email=b@x.com at 2026-01-01T00:00:00.000Z consents=2\n"
                "done 2: 2 + 0, 0 warned\n"));
}

TEST("events: a mapping says what columns mean, and - leaves one out")
{
    CHECK_STR(
        imported(arena,
                 "{'kind':'events','mapping':{'who':'email','what':'event','t':'occurred_at',"
                 "'secret':'-','zip':'property:postcode'},'options':{'zone':'Asia/Shanghai'}}",
                 S("who,what,t,secret,zip,n\nA@B.com,Page Viewed,2026-01-05 08:00,s,01234,1\n"
                   "a@b.com,Segment Entered,2026-01-05,s,x,2\na@b.com,Click,soon,s,x,3\n")),
        S("Page Viewed email=a@b.com at 2026-01-05T00:00:00.000Z "
          "props={postcode:\"01234\",n:1}\n"
          "done 3: 1 + 2, 0 warned\n"
          "row,column,reason,who,what,t,secret,zip,n\r\n"
          "2,what,the event's name belongs to Beckon's own events,a@b.com,Segment Entered,"
          "2026-01-05,s,x,2\r\n"
          "3,t,this is no date or time,a@b.com,Click,soon,s,x,3\r\n"));
}

TEST("orders: rows of one order are one event with items, wherever they stand; returns are refunds")
{
    CHECK_STR(
        imported(arena, "{'kind':'orders'}",
                 S("订单号,用户ID,下单时间,商品名称,数量,单价\n"
                   "O1,u1,2026/1/5,Tea,2,\"1,000.50\"\nO2,u2,2026/1/6,Cup,1,5\n"
                   "O1,u1,2026/1/5,Pot,1,10\nO2,u2,2026/1/9,Cup,-1,5\nO3,u3,2026/1/9,Cup,x,5\n")),
        S("Order Completed user_id=u1 at 2026-01-05T00:00:00.000Z props={order_id:\"O1\","
          "total:2011,products:[{\"name\":\"Tea\",\"quantity\":2,\"price\":1000.5},"
          "{\"name\":\"Pot\",\"quantity\":1,\"price\":10}]}\n"
          "Order Completed user_id=u2 at 2026-01-06T00:00:00.000Z props={order_id:\"O2\","
          "total:5,products:[{\"name\":\"Cup\",\"quantity\":1,\"price\":5}]}\n"
          "Order Refunded user_id=u2 at 2026-01-09T00:00:00.000Z props={order_id:\"O2\","
          "total:5,products:[{\"name\":\"Cup\",\"quantity\":1,\"price\":5}]}\n"
          "done 5: 4 + 1, 0 warned\n"
          "row,column,reason,订单号,用户ID,下单时间,商品名称,数量,单价\r\n"
          "5,数量,this is no number,O3,u3,2026/1/9,Cup,x,5\r\n"));
}

TEST("orders: a total alike in all rows is the order's, without an order a customer's day is one")
{
    CHECK_STR(
        imported(arena, "{'kind':'orders'}",
                 S("order_id,email,date,total\n1,a@b.c,2026-01-05,30\n1,a@b.c,2026-01-05,30\n")),
        S("Order Completed email=a@b.c at 2026-01-05T00:00:00.000Z "
          "props={order_id:\"1\",total:30}\ndone 2: 2 + 0, 0 warned\n"));
    CHECK_STR(imported(arena, "{'kind':'orders'}",
                       S("user_id,date,total\n1,20260105,30\n2,20260105,1\n1,20260105,30\n")),
              S("Order Completed user_id=1 at 2026-01-05T00:00:00.000Z props={total:60}\n"
                "Order Completed user_id=2 at 2026-01-05T00:00:00.000Z props={total:1}\n"
                "done 3: 3 + 0, 0 warned\n"));
}

TEST("orders: where totals differ within one order, they are the rows' own in the whole file")
{
    CHECK_STR(imported(arena, "{'kind':'orders'}",
                       S("order_id,user_id,date,total\n1,u,2026-01-05,3\n1,u,2026-01-05,3\n"
                         "2,u,2026-01-06,4\n2,u,2026-01-06,5\n")),
              S("Order Completed user_id=u at 2026-01-05T00:00:00.000Z props={order_id:\"1\","
                "total:6}\nOrder Completed user_id=u at 2026-01-06T00:00:00.000Z "
                "props={order_id:\"2\",total:9}\ndone 4: 4 + 0, 0 warned\n"));
}

TEST("what cannot be imported is said with its place")
{
    CHECK_STR(imported(arena, "{'kind':'things'}", S("a\n")),
              S("REFUSED /kind: kind is customers, events or orders"));
    CHECK(str_starts(imported(arena, "{'kind':'events','mapping':{'x':'email'}}", S("a,b\n1,2\n")),
                     S("REFUSED /mapping/x: the file has no column \"x\"")));
    CHECK(str_starts(imported(arena, "{'kind':'events','mapping':{'a':'emial'}}", S("a,b\n1,2\n")),
                     S("REFUSED /mapping/a: \"emial\" is no target")));
    CHECK(str_starts(imported(arena, "{'kind':'customers'}", S("city,age\nx,2\n")),
                     S("REFUSED /mapping: no column says whose rows")));
    CHECK(
        str_starts(imported(arena, "{'kind':'customers'}", S("")), S("REFUSED : the file has no")));
    CHECK(
        str_starts(imported(arena, "{'kind':'customers','options':{'zone':'Mars/North'}}", S("a")),
                   S("REFUSED /options/zone")));
}

TEST("a row in one cell and cells behind the last are refused, a short row is taken")
{
    CHECK_STR(imported(arena, "{'kind':'customers','created_at_ms':1767225600000}",
                       S("user_id,x,y\nu1,a\n\"u2,a,b\"\nu3,a,b,c\nu4,a,b,\n")),
              S("customer user_id=u1 at 2026-01-01T00:00:00.000Z traits={x:\"a\"}\n"
                "customer user_id=u4 at 2026-01-01T00:00:00.000Z traits={x:\"a\",y:\"b\"}\n"
                "done 4: 2 + 2, 1 warned\nrow,column,reason,user_id,x,y\r\n"
                "2,,the row has one cell; is it quoted as a whole?,\"u2,a,b\"\r\n"
                "3,,the row has more cells than there are columns,u3,a,b,c\r\n"));
}
