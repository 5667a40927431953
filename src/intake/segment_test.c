/* segment_test.c — what each call of the wire becomes. */
#include "intake/fixture_test.h"

#include "customer/customer.h"

#define TAKES(call, json, ...) CHECK_STR(desk_take(d, arena, call, json), S(__VA_ARGS__))

TEST("a track call is an event with its properties")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    TAKES(INTAKE_TRACK,
          "{'userId':'u1','event':'Order Completed','properties':{'order_id':'o1','revenue':12.5,"
          "'paid':true,'none':null,'products':[{'sku':'s1','quantity':1}]},'messageId':'m1'}",
          "track \"Order Completed\" user_id=u1 "
          "props={order_id:\"o1\",revenue:12.5,paid:true,none:null,"
          "products:[{\"sku\":\"s1\",\"quantity\":1}]}\n");
    CHECK_EQ(d->result.accepted, 1);
    struct record r;
    struct item item;
    struct reader in = reader_of(buf_str(&d->records));
    CHECK(record_next(&in, &r) && item_read(r.payload, r.id_count, &item));
    CHECK(hash128_eq(r.dedupe, hash_sip((struct sip_key){1, 2}, S("m1"))));
    CHECK(
        hash128_eq(r.ids[0].hash, identifier_hash((struct sip_key){1, 2}, SPACE_USER_ID, S("u1"))));
    CHECK_EQ(r.source, 7);
    CHECK_EQ(r.flags, 0);
    CHECK_EQ(r.level, ENGINE_LEVEL);
    CHECK_STR(item.message_id, S("m1"));
    desk_free(d);
}

TEST("ids may be numbers, are trimmed and composed, and blank ones are missing")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    TAKES(INTAKE_TRACK, "{'userId':7,'event':'E'}", "track \"E\" user_id=7\n");
    TAKES(INTAKE_TRACK, "{'userId':7.5,'anonymousId':12345678901234567890,'event':'E'}",
          "track \"E\" user_id=7.5 anonymous_id=12345678901234567890\n");
    TAKES(INTAKE_TRACK, "{'userId':' u1 ','event':'E'}", "track \"E\" user_id=u1( u1 )\n");
    TAKES(INTAKE_TRACK, "{'userId':'e\\u0301','event':'E'}",
          "track \"E\" user_id=\xC3\xA9(e\xCC\x81)\n");
    TAKES(INTAKE_TRACK, "{'userId':'','anonymousId':'a','event':'E'}",
          "track \"E\" anonymous_id=a\n");
    TAKES(INTAKE_TRACK, "{'userId':'  ','anonymousId':null,'event':'E'}",
          "refused 0: a call needs a userId or an anonymousId\n");
    TAKES(INTAKE_TRACK, "{'userId':true,'event':'E'}",
          "refused 0: \"userId\" must be text or a number\n");
    buf_reset(&d->text);
    str long_id = arena_printf(arena, "{'userId':'%0256d','event':'E'}", 1);
    CHECK(str_starts(desk_take(d, arena, INTAKE_TRACK, long_id.p), S("track")));
    long_id = arena_printf(arena, "{'userId':'%0257d','event':'E'}", 1);
    TAKES(INTAKE_TRACK, long_id.p, "refused 0: \"userId\" is longer than 256 bytes\n");
    desk_free(d);
}

TEST("an identify call brings identifiers, attributes and consent")
{
    struct desk *d = desk_new(arena, (struct intake_options){.phone_country = S("CN")}, false);
    TAKES(
        INTAKE_IDENTIFY,
        "{'userId':'u1','anonymousId':'a1','traits':{'email':' Ada@Example.COM ','phone':'138 0013 "
        "8000','name':'张三','member_no':42,'tags':['a'],'age':30,'gone':null,'birthday':'1990-01-"
        "12',"
        "'consent':{'email':true,'email/newsletter':false,'sms':null}}}",
        "identify user_id=u1 anonymous_id=a1 email=ada@example.com( Ada@Example.COM ) "
        "phone=+8613800138000(138 0013 8000) member_no=42 "
        "traits={name:\"张三\",tags:[\"a\"],age:30,"
        "gone:null,birthday=date \"1990-01-12\"} consent email:yes email/newsletter:no "
        "sms:unknown\n");
    TAKES(INTAKE_IDENTIFY, "{'userId':'u1','traits':{'email':'not an address','phone':'ask me'}}",
          "identify user_id=u1 traits={email:\"not an address\",phone:\"ask me\"}\n");
    TAKES(INTAKE_IDENTIFY, "{'userId':'u1','traits':{'user_id':'x','anonymous_id':'y'}}",
          "identify user_id=u1 traits={user_id:\"x\",anonymous_id:\"y\"}\n");
    TAKES(INTAKE_IDENTIFY, "{'userId':'u1','traits':{'consent':{'email':'yes'}}}",
          "refused 0: each member of traits.consent must be true, false or null\n");
    TAKES(INTAKE_IDENTIFY, "{'userId':'u1','traits':{'consent':'all'}}",
          "identify user_id=u1 traits={consent:\"all\"}\n");
    TAKES(INTAKE_IDENTIFY, "{'userId':'u1'}", "identify user_id=u1\n");
    u32 code;
    CHECK_OK(names_code(d->names, NAME_SPACE, S("loyalty_card"), &code));
    TAKES(INTAKE_IDENTIFY, "{'userId':'u1','traits':{'loyalty_card':'L9'}}",
          "identify user_id=u1 loyalty_card=L9\n");
    desk_free(d);
}

TEST("traits in the context count for identify alone, and less than the call's own")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    TAKES(INTAKE_IDENTIFY, "{'userId':'u1','context':{'traits':{'x':1,'y':2}},'traits':{'x':3}}",
          "identify user_id=u1 traits={y:2,x:3}\n");
    TAKES(INTAKE_TRACK, "{'userId':'u1','event':'E','context':{'traits':{'email':'a@b.c'}}}",
          "track \"E\" user_id=u1\n");
    desk_free(d);
}

TEST("pages and screens are events with a name and a category")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    TAKES(INTAKE_PAGE, "{'anonymousId':'a','name':'Home','properties':{'path':'/'}}",
          "page \"Page Viewed\" anonymous_id=a props={path:\"/\",name:\"Home\"}\n");
    TAKES(INTAKE_PAGE,
          "{'anonymousId':'a','name':'x','category':'Docs','properties':{'name':'Home'}}",
          "page \"Page Viewed\" anonymous_id=a props={name:\"Home\",category:\"Docs\"}\n");
    TAKES(INTAKE_SCREEN, "{'anonymousId':'a','name':'S'}",
          "screen \"Screen Viewed\" anonymous_id=a props={name:\"S\"}\n");
    TAKES(INTAKE_PAGE, "{'anonymousId':'a','name':null,'properties':null}",
          "page \"Page Viewed\" anonymous_id=a\n");
    desk_free(d);
}

TEST("a group is an attribute of the customer and an event about it")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    TAKES(INTAKE_GROUP,
          "{'userId':'u1','groupId':'g1','traits':{'name':'Acme','email':'x@acme.test'}}",
          "group \"Group Joined\" user_id=u1 "
          "props={group_id:\"g1\",name:\"Acme\",email:\"x@acme.test\"} "
          "traits={group_id:\"g1\"}\n");
    TAKES(INTAKE_GROUP, "{'userId':'u1','groupId':5}",
          "group \"Group Joined\" user_id=u1 props={group_id:\"5\"} traits={group_id:\"5\"}\n");
    TAKES(INTAKE_GROUP, "{'userId':'u1'}", "refused 0: a group call needs a groupId\n");
    desk_free(d);
}

TEST("an alias names the previous id in both its readings, and the one that stays")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    TAKES(INTAKE_ALIAS, "{'previousId':'old','userId':'new'}",
          "alias user_id=old user_id=new anonymous_id=old\n");
    TAKES(INTAKE_ALIAS, "{'previousId':'a1','anonymousId':'a1','userId':'new'}",
          "alias anonymous_id=a1 user_id=new\n");
    TAKES(INTAKE_ALIAS, "{'anonymousId':'a1','userId':9}", "alias anonymous_id=a1 user_id=9\n");
    TAKES(INTAKE_ALIAS, "{'previousId':8,'userId':9}",
          "alias user_id=8 user_id=9 anonymous_id=8\n");
    TAKES(INTAKE_ALIAS, "{'userId':'new'}", "refused 0: an alias call needs a previousId\n");
    TAKES(INTAKE_ALIAS, "{'previousId':'old'}", "refused 0: an alias call needs a userId\n");
    TAKES(INTAKE_ALIAS, "{'previousId':'x','userId':' x'}",
          "refused 0: an alias call needs two different ids\n");
    desk_free(d);
}

static bool only_paris(void *ctx, str name)
{
    u32 *asked = ctx;
    ++*asked;
    return str_eq(name, S("Europe/Paris"));
}

TEST("the context is kept without library and traits; its zone and push token go where they belong")
{
    u32 asked = 0;
    struct desk *d =
        desk_new(arena, (struct intake_options){.on_zone = only_paris, .ctx = &asked}, false);
    static const char PARIS[] =
        "{'userId':'u','event':'E','properties':{'p':1},'context':{'library':{'name':'js'},'ip':'"
        "10.1.2.3',"
        "'traits':{'x':1},'timezone':'Europe/Paris','device':{'type':'ios','token':'t0'}}}";
    for (u32 i = 0; i < 3; i++)
        TAKES(INTAKE_TRACK, PARIS,
              "track \"E\" user_id=u device_token=t0 "
              "props={p:1,$context:{\"ip\":\"10.1.2.3\",\"device\":"
              "{\"type\":\"ios\",\"token\":\"t0\"}}} traits={timezone:\"Europe/Paris\"}\n");
    CHECK_EQ(asked, 1);
    TAKES(INTAKE_TRACK, "{'userId':'u','event':'E','context':{'timezone':'GMT+0530'}}",
          "track \"E\" user_id=u props={$context:{\"timezone\":\"GMT+0530\"}}\n");
    TAKES(INTAKE_TRACK, "{'userId':'u','event':'E','context':{'timezone':'Mars/Olympus'}}",
          "track \"E\" user_id=u props={$context:{\"timezone\":\"Mars/Olympus\"}}\n");
    TAKES(INTAKE_TRACK, "{'userId':'u','event':'E','context':{'timezone':'../../etc/passwd'}}",
          "track \"E\" user_id=u props={$context:{\"timezone\":\"../../etc/passwd\"}}\n");
    CHECK_EQ(asked, 2);
    TAKES(INTAKE_IDENTIFY,
          "{'userId':'u','traits':{'timezone':'Asia/Tokyo'},'context':{'timezone':'Europe/Paris'}}",
          "identify user_id=u traits={timezone:\"Asia/Tokyo\"}\n");
    desk_free(d);
}

TEST("a batch's context fills what an item's lacks, and members past 4 KB are left out")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    TAKES(INTAKE_BATCH,
          "{'context':{'ip':'1','app':'shop','library':{}},'batch':["
          "{'type':'track','userId':'u','event':'E','context':{'ip':'2','timezone':'UTC'}},"
          "{'type':'track','userId':'u','event':'E'}]}",
          "track \"E\" user_id=u props={$context:{\"ip\":\"2\",\"app\":\"shop\"}} "
          "traits={timezone:\"UTC\"}\n"
          "track \"E\" user_id=u props={$context:{\"ip\":\"1\",\"app\":\"shop\"}}\n");
    str body = arena_printf(
        arena, "{'userId':'u','event':'E','context':{'a':'%04000d','b':'%0200d','c':3}}", 0, 0);
    str got = desk_take(d, arena, INTAKE_TRACK, body.p);
    CHECK(str_find(got, S("\"a\":\"000")) > 0);
    CHECK(str_find(got, S("\"b\"")) < 0);
    CHECK(str_find(got, S("\"c\":3")) > 0);
    desk_free(d);
}

TEST("the client's clock is put right by when it says it sent the call")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    /* Its clock is an hour slow: sent at 11:00:10 by it, received at 12:00:00. */
    TAKES(INTAKE_TRACK,
          "{'userId':'u','event':'E','timestamp':'2026-06-01T11:00:00Z','sentAt':'2026-06-01T11:00:"
          "10Z'}",
          "track \"E\" user_id=u at=2026-06-01T11:59:50.000Z\n");
    TAKES(INTAKE_BATCH,
          "{'batch':[{'type':'track','userId':'u','event':'E','timestamp':'2026-06-01T11:00:00Z'},"
          "{'type':'track','userId':'u','event':'E','originalTimestamp':'2026-06-01T11:00:05.5Z'},"
          "{'type':'track','userId':'u','event':'E'}],'sentAt':'2026-06-01T11:00:10Z'}",
          "track \"E\" user_id=u at=2026-06-01T11:59:50.000Z\n"
          "track \"E\" user_id=u at=2026-06-01T11:59:55.500Z\n"
          "track \"E\" user_id=u\n");
    TAKES(INTAKE_TRACK, "{'userId':'u','event':'E','timestamp':'2020-01-01T00:00:00+08:00'}",
          "track \"E\" user_id=u at=2019-12-31T16:00:00.000Z\n");
    TAKES(INTAKE_TRACK, "{'userId':'u','event':'E','timestamp':1577836800000}",
          "track \"E\" user_id=u at=2020-01-01T00:00:00.000Z\n");
    TAKES(INTAKE_TRACK, "{'userId':'u','event':'E','timestamp':'yesterday'}",
          "refused 0: its timestamp cannot be read\n");
    desk_free(d);
}

TEST("an import is history: its times stay as they are")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    TAKES(INTAKE_IMPORT,
          "{'batch':[{'type':'track','userId':'u','event':'E','timestamp':'2020-01-01T00:00:00Z'}],"
          "'sentAt':'2020-01-01T01:00:00Z'}",
          "track \"E\" user_id=u at=2020-01-01T00:00:00.000Z\n");
    struct record r;
    struct reader in = reader_of(buf_str(&d->records));
    CHECK(record_next(&in, &r));
    CHECK_EQ(r.flags, RECORD_IMPORT | RECORD_HISTORY);
    desk_free(d);
}

TEST("texts that are dates are known as such, with the text as sent, and keep their places")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    TAKES(INTAKE_TRACK,
          "{'userId':'u','event':'E','properties':{'a':'2026-06-01','b':'2026-06-01 10:00',"
          "'c':'2026-06-01T10:00:00.123456+08:00','d':'2026-06-31','e':'2026-06-01x','f':['2026-06-"
          "01']}}",
          "track \"E\" user_id=u props={a=date \"2026-06-01\",b=time \"2026-06-01 10:00\","
          "c=time \"2026-06-01T10:00:00.123456+08:00\",d:\"2026-06-31\",e:\"2026-06-01x\","
          "f:[\"2026-06-01\"]}\n");
    desk_free(d);
}

TEST("numbers come back as the same numbers, however large or fine")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    TAKES(INTAKE_TRACK,
          "{'userId':'u','event':'E','properties':{'a':0,'b':-1,'c':9223372036854775807,"
          "'d':9223372036854775808,'e':0.1,'f':1.23456,'g':1e400,'h':-12.5000,'i':1E2,"
          "'j':922337203685477.5807,'k':123456789012345678,'l':0.0000,'m':99999999999.9999}}",
          "track \"E\" user_id=u props={a:0,b:-1,c:9223372036854775807,d:9223372036854775808,e:0.1,"
          "f:1.23456,g:1e400,h:-12.5,i:100,j:922337203685477.5807,k:123456789012345678,l:0,"
          "m:99999999999.9999}\n");
    desk_free(d);
}

TEST("what nobody can use is refused with a sentence, and the batch goes on")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    TAKES(INTAKE_BATCH,
          "{'batch':[{'type':'track','event':'E'},{'type':'track','userId':'u'},"
          "{'type':'track','userId':'u','event':' '},{'type':'merge','userId':'u'},{'userId':'u'},"
          "{'type':'track','userId':'u','event':'Message Sent'},"
          "{'type':'track','userId':'u','event':'Coupon Used'},7,"
          "{'type':'track','userId':'u','event':'$reserved 100'}]}",
          "track \"Coupon Used\" user_id=u\n"
          "refused 0: a call needs a userId or an anonymousId\n"
          "refused 1: a track call needs the name of its event\n"
          "refused 2: a track call needs the name of its event\n"
          "refused 3: its type is none of track, identify, page, screen, group, alias\n"
          "refused 4: its type is none of track, identify, page, screen, group, alias\n"
          "refused 5: the event's name belongs to Beckon's own events\n"
          "refused 7: the event cannot be read: it is no JSON object\n"
          "refused 8: the event's name belongs to Beckon's own events\n");
    CHECK_EQ(d->result.accepted, 1);
    CHECK_EQ(d->result.rejected, 8);
    str sample = {d->result.rejections[0].sample, d->result.rejections[0].sample_bytes};
    CHECK_STR(sample, S("{\"type\":\"track\",\"event\":\"E\"}"));
    desk_free(d);
}

TEST("a name that may not have a code keeps its value beside the others")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    TAKES(INTAKE_TRACK,
          "{'userId':'u','event':'E','properties':{'$context':1,'':2,'a':3,'$reserved 60':4}}",
          "track \"E\" user_id=u props={a:3,(rest):{\"$context\":1,\"\":2,\"$reserved 60\":4}}\n");
    desk_free(d);
}

TEST("a browser's key brings so many new names a day, and then none")
{
    struct desk *d = desk_new(arena, (struct intake_options){.browser_names_max = 3}, true);
    TAKES(INTAKE_TRACK, "{'userId':'u','event':'E','properties':{'a':1,'b':2,'c':'2026-06-01'}}",
          "track \"E\" user_id=u props={a:1,b:2,(rest):{\"c\":\"2026-06-01\"}}\n");
    TAKES(INTAKE_TRACK, "{'userId':'u','event':'F'}",
          "refused 0: no more new event names are taken from this key today\n");
    TAKES(INTAKE_TRACK, "{'userId':'u','event':'E','properties':{'b':1}}",
          "track \"E\" user_id=u props={b:1}\n");
    TAKES(INTAKE_IDENTIFY, "{'userId':'u','traits':{'x':1,'email':'a@b.test'}}",
          "identify user_id=u email=a@b.test traits={(rest):{\"x\":1}}\n");
    d->from.browser = false;
    TAKES(INTAKE_TRACK, "{'userId':'u','event':'F'}", "track \"F\" user_id=u\n");
    d->from.browser = true;
    d->now_ms += DAY;
    TAKES(INTAKE_TRACK, "{'userId':'u','event':'G'}", "track \"G\" user_id=u\n");
    struct record r;
    struct reader in = reader_of(buf_str(&d->records));
    CHECK(record_next(&in, &r));
    CHECK_EQ(r.flags, RECORD_BROWSER);
    desk_free(d);
}

TEST("a call without a message id gets one, never the same")
{
    struct desk *d = desk_new(arena, (struct intake_options){0}, false);
    struct record a, b;
    TAKES(INTAKE_BATCH,
          "{'batch':[{'type':'track','userId':'u','event':'E'},"
          "{'type':'track','userId':'u','event':'E','messageId':''}]}",
          "track \"E\" user_id=u\ntrack \"E\" user_id=u\n");
    struct reader in = reader_of(buf_str(&d->records));
    CHECK(record_next(&in, &a) && record_next(&in, &b));
    CHECK(!hash128_eq(a.dedupe, b.dedupe));
    str body = arena_printf(arena, "{'userId':'u','event':'E','messageId':'%0257d'}", 0);
    TAKES(INTAKE_TRACK, body.p, "refused 0: its messageId is longer than 256 bytes\n");
    desk_free(d);
}

TEST("the last part of a path says which call it is")
{
    intake_call call;
    CHECK(intake_call_of(S("track"), &call) && call == INTAKE_TRACK);
    CHECK(intake_call_of(S("i"), &call) && call == INTAKE_IDENTIFY);
    CHECK(intake_call_of(S("import"), &call) && call == INTAKE_IMPORT);
    CHECK(intake_call_of(S("b"), &call) && call == INTAKE_BATCH);
    CHECK(!intake_call_of(S("m"), &call) && !intake_call_of(S(""), &call));
}
