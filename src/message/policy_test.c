#include "message/policy.h"

#include "base/test.h"
#include "log/fixed.h"
#include "predicate/oracle.h"

static struct names *channel_names(void)
{
    struct names *n = names_new(NULL);
#define X(constant, code, name) names_load(n, NAME_CHANNEL, code, S(name));
    FIXED_CHANNELS(X)
#undef X
    return n;
}

static bool no_zone_is_known(void *ctx, str name)
{
    (void)ctx;
    return str_eq(name, S("Asia/Shanghai")) || str_eq(name, S("America/New_York"));
}

static err compile(struct arena *arena, const char *text, str *bytes, struct diag *why)
{
    struct names *n = channel_names();
    struct policy_context context = {n, no_zone_is_known, NULL};
    struct buf b;
    buf_init(&b, 1 << 20);
    err e = policy_compile(town_json(arena, text), &context, &b, why);
    *bytes = arena_str(arena, buf_str(&b));
    buf_clear(&b);
    names_free(n);
    return e;
}

static struct policy *policy(struct arena *arena, const char *text)
{
    struct policy *p = arena_zalloc(arena, sizeof *p);
    struct diag why = {0};
    str bytes;
    if (compile(arena, text, &bytes, &why) != ERR_OK) fail_msg("%s %s", why.path, why.message);
    CHECK_OK(policy_load(bytes, arena, p));
    return p;
}

static i64 ms(const char *text)
{
    iso_time t;
    CHECK(iso_parse(str_of(text), &t));
    return iso_ms(&t);
}

static void refuses(struct arena *arena, const char *text, const char *path)
{
    struct diag why = {0};
    str bytes;
    err e = compile(arena, text, &bytes, &why);
    if (e != ERR_REFUSED || strcmp(why.path, path) != 0)
        print_error("%s: %d at %s (%s)\n", text, e, why.path, why.message);
    CHECK_EQ(e, ERR_REFUSED);
    CHECK_STR(str_of(why.path), str_of(path));
}

TEST("a key that is absent has its default, an empty list means none")
{
    struct policy *p = policy(arena, "{}");
    CHECK_EQ(p->cap_count, 3);
    CHECK_EQ(p->quiet_count, 3);
    p = policy(arena, "{'caps':[]}");
    CHECK_EQ(p->cap_count, 0);
    CHECK_EQ(p->quiet_count, 3);
    p = policy(arena, "{'quiet':[]}");
    CHECK_EQ(p->cap_count, 3);
    CHECK_EQ(p->quiet_count, 0);
    CHECK_OK(policy_load((str){0}, arena, p));
    CHECK_EQ(p->caps[0].channel, CHANNEL_SMS);
    CHECK_EQ(p->caps[0].max, 2);
    CHECK_EQ(p->caps[0].window_ms, DAY);
    CHECK_EQ(p->caps[1].channel, CHANNELS_EACH);
    CHECK_EQ(p->caps[2].max, 4);
}

TEST("a policy is refused with the place and the member that is wrong")
{
    refuses(arena, "{'cap':[]}", "/cap");
    refuses(arena, "{'caps':{}}", "/caps");
    refuses(arena, "{'caps':[{'channel':'fax','max':1,'per':'day'}]}", "/caps/0/channel");
    refuses(arena, "{'caps':[{'channel':'sms','max':-1,'per':'day'}]}", "/caps/0/max");
    refuses(arena, "{'caps':[{'channel':'sms','max':1.5,'per':'day'}]}", "/caps/0/max");
    refuses(arena, "{'caps':[{'channel':'sms','max':1,'per':'year'}]}", "/caps/0/per");
    refuses(arena, "{'caps':[{'channel':'sms','max':1,'per':'32d'}]}", "/caps/0/per");
    refuses(arena, "{'caps':[{'channel':'sms','max':1,'per':'1mo'}]}", "/caps/0/per");
    refuses(arena, "{'caps':[{'channel':'sms','max':1,'per':'day','over':'wait'}]}",
            "/caps/0/over");
    refuses(arena, "{'caps':[{'channel':'sms','max':0,'per':'day','over':'defer'}]}",
            "/caps/0/over");
    refuses(arena,
            "{'caps':[{'channel':'*','max':1,'per':'day'},"
            "{'channel':'*','max':1,'per':'day','category':'transactional'}]}",
            "/caps/1/category");
    refuses(arena, "{'quiet':[{'channel':'sms','from':'25:00','to':'08:00'}]}", "/quiet/0/from");
    refuses(arena, "{'quiet':[{'channel':'sms','from':'08:00','to':'08:00'}]}", "/quiet/0/to");
    refuses(arena, "{'quiet':[{'channel':'sms','from':'8:00 ','to':'9:00','days':'x'}]}",
            "/quiet/0/from");
    refuses(arena, "{'quiet':[{'channel':'sms','from':'08:00','to':'09:00','days':'x'}]}",
            "/quiet/0/days");
    refuses(arena, "{'quiet':[{'channel':'sms','from':'08:00','to':'09:00','zone':'Mars/X'}]}",
            "/quiet/0/zone");
    refuses(arena, "{'holidays':['2026-13-01']}", "/holidays/0");
    refuses(arena, "{'holidays':['2026-10-01','2026-10-02T10:00']}", "/holidays/1");
}

TEST("bytes cut anywhere are no policy")
{
    struct policy p;
    struct diag why = {0};
    str bytes;
    CHECK_OK(compile(arena,
                     "{'caps':[{'channel':'sms','max':1,'per':'2d','over':'defer'}],'quiet':[{"
                     "'channel':'*','from':'22:00','to':'08:00','zone':'Asia/Shanghai'}],"
                     "'holidays':['2026-10-01']}",
                     &bytes, &why));
    for (size_t n = 1; n < bytes.n; n++)
        CHECK(policy_load(str_slice(bytes, 0, n), arena, &p) != ERR_OK);
    CHECK_OK(policy_load(bytes, arena, &p));
}

static i64 quiet_end(struct policy *p, u32 channel, const char *now, const struct zone *z)
{
    return policy_quiet_until(p, channel, ms(now), z, NULL, NULL);
}

TEST("quiet hours are half open, also over midnight")
{
    struct policy *p = policy(arena, "{}");
    CHECK_EQ(quiet_end(p, CHANNEL_SMS, "2026-03-01T20:59:59.999Z", NULL),
             ms("2026-03-01T20:59:59.999Z"));
    CHECK_EQ(quiet_end(p, CHANNEL_SMS, "2026-03-01T21:00:00Z", NULL), ms("2026-03-02T08:00:00Z"));
    CHECK_EQ(quiet_end(p, CHANNEL_SMS, "2026-03-02T07:59:59.999Z", NULL),
             ms("2026-03-02T08:00:00Z"));
    CHECK_EQ(quiet_end(p, CHANNEL_SMS, "2026-03-02T08:00:00Z", NULL), ms("2026-03-02T08:00:00Z"));
    CHECK_EQ(quiet_end(p, CHANNEL_EMAIL, "2026-03-01T21:30:00Z", NULL), ms("2026-03-01T21:30:00Z"));
    CHECK_EQ(quiet_end(p, CHANNEL_EMAIL, "2026-03-01T22:00:00Z", NULL), ms("2026-03-02T08:00:00Z"));
}

TEST("rules that touch are one: what ends in another's hours goes on to its end")
{
    struct policy *p = policy(arena, "{'quiet':[{'channel':'*','from':'12:00','to':'14:00'},"
                                     "{'channel':'sms','from':'14:00','to':'15:00'},"
                                     "{'channel':'sms','from':'14:30','to':'16:00'}]}");
    CHECK_EQ(quiet_end(p, CHANNEL_SMS, "2026-03-01T12:00:00Z", NULL), ms("2026-03-01T16:00:00Z"));
    CHECK_EQ(quiet_end(p, CHANNEL_EMAIL, "2026-03-01T12:00:00Z", NULL), ms("2026-03-01T14:00:00Z"));
}

TEST("holidays are quiet by the day on which the hours begin")
{
    struct policy *p =
        policy(arena, "{'holidays':['2026-10-01','2026-10-02'],'quiet':["
                      "{'channel':'*','from':'18:00','to':'10:00','days':'holidays'}]}");
    CHECK_EQ(quiet_end(p, CHANNEL_SMS, "2026-10-01T09:00:00Z", NULL), ms("2026-10-01T09:00:00Z"));
    CHECK_EQ(quiet_end(p, CHANNEL_SMS, "2026-10-01T18:00:00Z", NULL), ms("2026-10-02T10:00:00Z"));
    CHECK_EQ(quiet_end(p, CHANNEL_SMS, "2026-10-03T09:59:00Z", NULL), ms("2026-10-03T10:00:00Z"));
    CHECK_EQ(quiet_end(p, CHANNEL_SMS, "2026-10-03T18:00:00Z", NULL), ms("2026-10-03T18:00:00Z"));
    p = policy(arena, "{'holidays':['2026-10-01','2026-10-02'],'quiet':["
                      "{'channel':'*','from':'00:00','to':'24:00','days':'holidays'}]}");
    CHECK_EQ(quiet_end(p, CHANNEL_SMS, "2026-10-01T00:00:00Z", NULL), ms("2026-10-03T00:00:00Z"));
}

/* The slow twin: minute by minute, the local clock is asked. */
static i64 quiet_end_slowly(const struct zone *z, i64 now, i64 from, i64 to)
{
    for (;; now += MINUTE) {
        civil c = zone_local(z, now);
        i64 clock = c.hour * HOUR + c.minute * MINUTE;
        bool in = from < to ? clock >= from && clock < to : clock >= from || clock < to;
        if (!in) return now;
    }
}

/* Around both changes of the clocks of a year, every half hour. Hours that lie in a gap or are
 * there twice are left out: what they mean is said by zone_resolve, and tested there. */
TEST("in New York, Paris and on Lord Howe the local clock counts, also when it is changed")
{
    static const char *const ZONES[] = {"America/New_York", "Europe/Paris", "Australia/Lord_Howe",
                                        "Asia/Shanghai"};
    struct policy *p = policy(arena, "{}");
    for (u32 i = 0; i < COUNT_OF(ZONES); i++) {
        const struct zone *z = town_zone(arena, ZONES[i]);
        i64 change = ms("2026-01-01T00:00:00Z");
        for (u32 n = 0; n < 2; n++) {
            i64 next = zone_next_change(z, change);
            change = next == NEVER ? change + 90 * DAY : next;
            for (i64 t = change - 2 * DAY; t < change + 2 * DAY; t += 30 * MINUTE) {
                CHECK_EQ(policy_quiet_until(p, CHANNEL_SMS, t, z, NULL, NULL),
                         quiet_end_slowly(z, t, 21 * HOUR, 8 * HOUR));
                CHECK_EQ(policy_quiet_until(p, CHANNEL_EMAIL, t, z, NULL, NULL),
                         quiet_end_slowly(z, t, 22 * HOUR, 8 * HOUR));
            }
        }
    }
}

TEST("quiet hours that begin in a gap begin behind it, and of two such times at the first")
{
    const struct zone *york = town_zone(arena, "America/New_York");
    struct policy *p = policy(arena, "{'quiet':[{'channel':'*','from':'02:30','to':'04:00'}]}");
    /* 2026-03-08: 02:00 EST is 03:00 EDT; 02:30 does not exist. */
    CHECK_EQ(quiet_end(p, CHANNEL_SMS, "2026-03-08T06:59:00Z", york), ms("2026-03-08T06:59:00Z"));
    CHECK_EQ(quiet_end(p, CHANNEL_SMS, "2026-03-08T07:00:00Z", york), ms("2026-03-08T08:00:00Z"));
    /* 2026-11-01: 01:30 comes twice. */
    p = policy(arena, "{'quiet':[{'channel':'*','from':'01:30','to':'03:00'}]}");
    CHECK_EQ(quiet_end(p, CHANNEL_SMS, "2026-11-01T05:29:59Z", york), ms("2026-11-01T05:29:59Z"));
    CHECK_EQ(quiet_end(p, CHANNEL_SMS, "2026-11-01T05:30:00Z", york), ms("2026-11-01T08:00:00Z"));
}
