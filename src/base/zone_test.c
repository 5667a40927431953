/* zone_test.c — local time against Python's zoneinfo, and the hard days by name. */
#include "base/zone.h"

#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char ROOT[] = "/usr/share/zoneinfo";

/* The named zone of this machine, or NULL where it has none. */
static const struct zone *zone_of(struct arena *arena, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", ROOT, name);
    if (access(path, R_OK) != 0) return NULL;
    const struct zone *z = zone_parse(test_file(arena, path), arena);
    CHECK(z != NULL);
    return z;
}

static civil civil_at(const char *text)
{
    iso_time t;
    CHECK(iso_parse(str_of(text), &t));
    return t.local;
}

static i64 ms_at(const char *text)
{
    iso_time t;
    CHECK(iso_parse(str_of(text), &t));
    return iso_ms(&t);
}

struct fixed_case {
    const char *zone, *local, *utc;
    local_kind kind;
};

/* Each hard place: what it does, and the moment that a local time there is. */
static const struct fixed_case FIXED[] = {
    {"Asia/Shanghai", "2026-06-01T10:00", "2026-06-01T02:00", LOCAL_ONCE},
    {"Asia/Shanghai", "1986-05-04T02:30", "1986-05-03T18:00", LOCAL_SKIPPED},
    {"Asia/Shanghai", "1991-09-15T01:30", "1991-09-14T16:30", LOCAL_TWICE},
    {"Asia/Kolkata", "2026-06-01T10:00", "2026-06-01T04:30", LOCAL_ONCE},
    /* half an hour of summer time */
    {"Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30", LOCAL_SKIPPED},
    {"Australia/Lord_Howe", "2026-10-04T02:30", "2026-10-03T15:30", LOCAL_ONCE},
    {"Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45", LOCAL_TWICE},
    {"Australia/Lord_Howe", "2026-04-05T02:00", "2026-04-04T15:30", LOCAL_ONCE},
    /* 12:45 and 13:45 */
    {"Pacific/Chatham", "2026-09-27T03:00", "2026-09-26T14:00", LOCAL_SKIPPED},
    {"Pacific/Chatham", "2026-04-05T03:00", "2026-04-04T13:15", LOCAL_TWICE},
    {"America/New_York", "2026-03-08T02:00", "2026-03-08T07:00", LOCAL_SKIPPED},
    {"America/New_York", "2026-03-08T02:59:59.999", "2026-03-08T07:00", LOCAL_SKIPPED},
    {"America/New_York", "2026-03-08T03:00", "2026-03-08T07:00", LOCAL_ONCE},
    {"America/New_York", "2026-03-08T01:59:59.999", "2026-03-08T06:59:59.999", LOCAL_ONCE},
    {"America/New_York", "2026-11-01T01:00", "2026-11-01T05:00", LOCAL_TWICE},
    {"America/New_York", "2026-11-01T01:59:59.999", "2026-11-01T05:59:59.999", LOCAL_TWICE},
    {"America/New_York", "2026-11-01T02:00", "2026-11-01T07:00", LOCAL_ONCE},
    {"Europe/Paris", "2026-03-29T02:30", "2026-03-29T01:00", LOCAL_SKIPPED},
    {"Europe/Paris", "2026-10-25T02:30", "2026-10-25T00:30", LOCAL_TWICE},
    {"Europe/Paris", "2500-07-01T12:00", "2500-07-01T10:00", LOCAL_ONCE},
    /* midnight does not exist; abolished in 2019 */
    {"America/Sao_Paulo", "2018-11-04T00:00", "2018-11-04T03:00", LOCAL_SKIPPED},
    {"America/Sao_Paulo", "2019-11-03T00:00", "2019-11-03T03:00", LOCAL_ONCE},
    /* back in Ramadan */
    {"Africa/Casablanca", "2026-02-15T02:30", "2026-02-15T01:30", LOCAL_TWICE},
    {"Africa/Casablanca", "2026-03-22T02:30", "2026-03-22T02:00", LOCAL_SKIPPED},
    /* 30 December 2011 does not exist */
    {"Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00", LOCAL_SKIPPED},
    {"Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00", LOCAL_ONCE},
    {"Pacific/Apia", "2011-12-29T23:59:59.999", "2011-12-30T09:59:59.999", LOCAL_ONCE},
    {"Pacific/Kiritimati", "2026-06-01T10:00", "2026-05-31T20:00", LOCAL_ONCE},
    /* winter time is the exception in the file's eyes */
    {"Europe/Dublin", "2026-03-29T01:30", "2026-03-29T01:00", LOCAL_SKIPPED},
    {"Europe/Dublin", "2040-10-28T01:30", "2040-10-28T00:30", LOCAL_TWICE},
};

TEST("local times of hard places are the moments people there would name")
{
    for (u32 i = 0; i < COUNT_OF(FIXED); i++) {
        const struct fixed_case *c = &FIXED[i];
        const struct zone *z = zone_of(arena, c->zone);
        local_kind kind;
        if (!z) TEST_SKIP("no time zones on this machine");
        i64 ms = zone_resolve(z, civil_at(c->local), &kind);
        if (ms != ms_at(c->utc) || kind != c->kind) print_error("%s %s\n", c->zone, c->local);
        CHECK_EQ(ms, ms_at(c->utc));
        CHECK_EQ(kind, c->kind);
    }
}

TEST("the start of a day is its first moment, also where midnight is missing or the whole day is")
{
    const struct zone *z = zone_of(arena, "America/Sao_Paulo");
    const struct zone *apia = zone_of(arena, "Pacific/Apia");
    const struct zone *havana = zone_of(arena, "America/Havana");
    if (!z || !apia || !havana) TEST_SKIP("no time zones on this machine");
    CHECK_EQ(zone_day_start(z, days_of(2018, 11, 4)), ms_at("2018-11-04T03:00"));
    CHECK_EQ(zone_local(z, ms_at("2018-11-04T03:00")).hour, 1);
    CHECK_EQ(zone_day_start(apia, days_of(2011, 12, 30)), ms_at("2011-12-30T10:00"));
    CHECK_EQ(zone_day_start(apia, days_of(2011, 12, 31)), ms_at("2011-12-30T10:00"));
    CHECK_EQ(zone_day_start(havana, days_of(2026, 11, 1)), ms_at("2026-11-01T04:00"));
    CHECK_EQ(zone_day_start(NULL, 3), 3 * DAY);
    CHECK_EQ(zone_day(apia, ms_at("2011-12-30T09:59:59.999")), days_of(2011, 12, 29));
    CHECK_EQ(zone_day(apia, ms_at("2011-12-30T10:00")), days_of(2011, 12, 31));
}

TEST("the next time of day is strictly later, and takes the gap's end where it is missing")
{
    const struct zone *ny = zone_of(arena, "America/New_York");
    const struct zone *apia = zone_of(arena, "Pacific/Apia");
    if (!ny || !apia) TEST_SKIP("no time zones on this machine");
    CHECK_EQ(zone_next_clock(NULL, 9 * HOUR, 9 * HOUR), DAY + 9 * HOUR);
    CHECK_EQ(zone_next_clock(NULL, 9 * HOUR - 1, 9 * HOUR), 9 * HOUR);
    CHECK_EQ(zone_next_clock(NULL, -1, 0), 0);
    CHECK_EQ(zone_next_clock(ny, ms_at("2026-03-07T20:00"), 2 * HOUR + 30 * MINUTE),
             ms_at("2026-03-08T07:00"));
    CHECK_EQ(zone_next_clock(ny, ms_at("2026-03-08T07:00"), 2 * HOUR + 30 * MINUTE),
             ms_at("2026-03-09T06:30"));
    CHECK_EQ(zone_next_clock(ny, ms_at("2026-11-01T05:30"), HOUR + 30 * MINUTE),
             ms_at("2026-11-02T06:30"));
    CHECK_EQ(zone_next_clock(apia, ms_at("2011-12-30T00:00"), 9 * HOUR), ms_at("2011-12-30T10:00"));
    CHECK_EQ(zone_next_clock(apia, ms_at("2011-12-30T10:00"), 9 * HOUR), ms_at("2011-12-30T19:00"));
}

TEST("months go by the local calendar, and exact time does not")
{
    const struct zone *z = zone_of(arena, "Europe/Paris");
    if (!z) TEST_SKIP("no time zones on this machine");
    i64 from = ms_at("2026-02-28T08:00"); /* 09:00 there */
    CHECK_EQ(zone_add(z, from, (duration){.months = 1}), ms_at("2026-03-28T08:00"));
    CHECK_EQ(zone_add(z, from, (duration){.months = 2}), ms_at("2026-04-28T07:00"));
    CHECK_EQ(zone_add(z, ms_at("2026-03-28T08:00"), (duration){.ms = DAY}),
             ms_at("2026-03-29T08:00"));
    CHECK_EQ(zone_add(z, ms_at("2024-01-31T11:00"), (duration){.months = 1}),
             ms_at("2024-02-29T11:00"));
}

TEST("calendar periods are half open, touch, and know the short and the long day")
{
    const struct zone *z = zone_of(arena, "Europe/Paris");
    struct rng rng = {test_seed()};
    i64 from, to, next, end;
    if (!z) TEST_SKIP("no time zones on this machine");
    zone_period(z, ms_at("2026-03-29T12:00"), PERIOD_DAY, &from, &to);
    CHECK_EQ(to - from, 23 * HOUR);
    zone_period(z, ms_at("2026-10-25T12:00"), PERIOD_DAY, &from, &to);
    CHECK_EQ(to - from, 25 * HOUR);
    zone_period(z, ms_at("2026-06-03T12:00"), PERIOD_WEEK, &from, &to);
    CHECK_EQ(from, ms_at("2026-05-31T22:00"));
    zone_period(z, ms_at("2026-12-31T23:00"), PERIOD_MONTH, &from, &to);
    CHECK_EQ(from, ms_at("2026-12-31T23:00"));
    CHECK_EQ(to, ms_at("2027-01-31T23:00"));
    z = zone_of(arena, "America/St_Johns"); /* went back at one minute past midnight for years */
    if (!z) TEST_SKIP("no time zones on this machine");
    for (u32 i = 0; i < 5000; i++) {
        i64 ms = (i64)rng_below(&rng, 60u * 365 * (u64)DAY);
        period p = (period)rng_below(&rng, 3);
        zone_period(z, ms, p, &from, &to);
        CHECK(from <= ms && ms < to);
        zone_period(z, to, p, &next, &end);
        CHECK_EQ(next, to);
    }
}

/* Prints "zone ms year month day hour minute second" and "R zone y m d h m s kind ms": moments near
 * changes and between, and local times near changes. */
static const char SCRIPT[] =
    "import random,sys,datetime as D\n"
    "from zoneinfo import ZoneInfo\n"
    "U=D.timezone.utc; E=D.datetime(1970,1,1); R=random.Random(int(sys.argv[1]))\n"
    "Z='Asia/Shanghai Asia/Kolkata Australia/Lord_Howe Pacific/Chatham America/New_York "
    "Europe/Paris'"
    "' America/Sao_Paulo Africa/Casablanca Pacific/Apia Pacific/Kiritimati Europe/Dublin "
    "Asia/Tehran'"
    "' America/St_Johns Antarctica/Troll America/Godthab Asia/Gaza Africa/Monrovia UTC Etc/GMT+8'"
    "' Asia/Kathmandu America/Havana Europe/London Australia/Sydney Pacific/Easter "
    "EST5EDT'.split()\n"
    "def off(z,s): return int((E+D.timedelta(seconds=s)).replace(tzinfo=U).astimezone(z)"
    ".utcoffset().total_seconds())\n"
    "def change(z,a,b):\n"
    "  while b-a>1:\n"
    "    m=(a+b)//2\n"
    "    if off(z,m)==off(z,a): a=m\n"
    "    else: b=m\n"
    "  return b\n"
    "for n in Z:\n"
    "  z=ZoneInfo(n); points=[]\n"
    "  for i in range(70):\n"
    "    a=R.randrange(-3000000000,12000000000); b=a+R.randrange(86400,86400*200)\n"
    "    points.append(a)\n"
    "    if off(z,a)!=off(z,b):\n"
    "      c=change(z,a,b); points+=[c-1,c,c+1,c+R.randrange(-9000,9000)]\n"
    "  for s in points:\n"
    "    t=(E+D.timedelta(seconds=s)).replace(tzinfo=U).astimezone(z)\n"
    "    print('L',n,s,t.year,t.month,t.day,t.hour,t.minute,t.second,0)\n"
    "    "
    "l=t.replace(tzinfo=None,fold=0)+D.timedelta(seconds=R.choice([0,0,1,-1,1800,-1800,3600,-3600,"
    "5400]))\n"
    "    e=int((l-E).total_seconds())\n"
    "    a=int(l.replace(tzinfo=z,fold=0).utcoffset().total_seconds())\n"
    "    b=int(l.replace(tzinfo=z,fold=1).utcoffset().total_seconds())\n"
    "    k=0; u=e-a\n"
    "    if a>b: k=2; u=min(e-a,e-b)\n"
    "    if a<b: k=1; u=change(z,e-b-1,e-a)\n"
    "    print('R',n,u,l.year,l.month,l.day,l.hour,l.minute,l.second,k)\n";

static void check_line(const struct zone *z, const char *line, bool resolve, i64 s, const int p[7])
{
    civil c = {.year = p[0],
               .month = (u8)p[1],
               .day = (u8)p[2],
               .hour = (u8)p[3],
               .minute = (u8)p[4],
               .second = (u8)p[5]};
    local_kind kind = LOCAL_ONCE;
    bool right = resolve ? zone_resolve(z, c, &kind) == s * SECOND && (int)kind == p[6]
                         : civil_ms(zone_local(z, s * SECOND)) == civil_ms(c);
    if (!right) print_error("%s", line);
    CHECK(right);
}

TEST("thousands of moments and local times in 25 zones are what Python's zoneinfo says")
{
    char command[256], line[256], name[64], loaded[64] = "", kind;
    const struct zone *z = NULL;
    u32 lines = 0;
    snprintf(command, sizeof command, "%s/table.py", test_dir());
    FILE *f = fopen(command, "w");
    CHECK(f != NULL);
    fputs(SCRIPT, f);
    fclose(f);
    snprintf(command, sizeof command, "python3 %s/table.py %llu 2>/dev/null", test_dir(),
             (unsigned long long)test_seed());
    f = popen(command, "r");
    CHECK(f != NULL);
    while (fgets(line, sizeof line, f)) {
        long long s;
        int p[7];
        if (sscanf(line, "%c %63s %lld %d %d %d %d %d %d %d", &kind, name, &s, p, p + 1, p + 2,
                   p + 3, p + 4, p + 5, p + 6) != 10)
            break;
        if (strcmp(name, loaded) != 0) z = zone_of(arena, name);
        if (!z) break;
        strcpy(loaded, name);
        check_line(z, line, kind == 'R', s, p);
        lines++;
    }
    int status = pclose(f);
    if (lines == 0) TEST_SKIP("no Python with time zones");
    CHECK_EQ(status, 0);
    CHECK(lines > 4000);
}

TEST("a change is followed by the next, and the rule goes on for ever in the same way")
{
    const struct zone *z = zone_of(arena, "America/New_York");
    if (!z) TEST_SKIP("no time zones on this machine");
    u32 changes = 0;
    i64 end = ms_at("3026-01-01");
    for (i64 t = ms_at("2026-01-01"); t < end; changes++) {
        i64 next = zone_next_change(z, t);
        CHECK(next > t);
        CHECK(zone_offset(z, next - 1) != zone_offset(z, next));
        t = next;
    }
    CHECK_EQ(changes, 2001);
    i64 cycle = (i64)146097 * DAY;
    for (i64 t = ms_at("2030-01-01"); t < ms_at("2040-01-01"); t += 7 * HOUR)
        CHECK_EQ(zone_offset(z, t), zone_offset(z, t + 7 * cycle));
    CHECK_EQ(zone_next_change(NULL, 0), NEVER);
    zone_offset(z, INT64_MAX), zone_offset(z, INT64_MIN), zone_next_change(z, INT64_MAX);
    CHECK_EQ(zone_resolve(NULL, (civil){.year = INT32_MAX, .month = 12, .day = 31}, NULL),
             zone_resolve(z, (civil){.year = INT32_MAX, .month = 12, .day = 31}, NULL) +
                 zone_offset(z, INT64_MAX) * SECOND);
}

/* A TZif file of one type and no changes, with a footer. */
static const struct zone *with_footer(struct arena *arena, i32 offset, const char *footer)
{
    struct buf b;
    buf_init(&b, 4096);
    for (u32 block = 0; block < 2; block++) {
        buf_put(&b, S("TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
        for (u32 i = 0; i < 6; i++) buf_u32(&b, i < 4 ? 0 : i == 4 ? 1u << 24 : 4u << 24);
        buf_u32(&b, __builtin_bswap32((u32)offset));
        buf_put(&b, S("\0\0XXX\0"));
    }
    buf_printf(&b, "\n%s\n", footer);
    const struct zone *z = zone_parse(arena_str(arena, buf_str(&b)), arena);
    buf_clear(&b);
    return z;
}

TEST("footers: quoted names, days of the year, summer all year, times beyond a day")
{
    const struct zone *z = with_footer(arena, -10800, "XXX3EDT4,0/0,J365/23");
    CHECK(z != NULL);
    CHECK_EQ(zone_offset(z, ms_at("2026-06-01")), -14400);
    CHECK_EQ(zone_offset(z, ms_at("2026-01-01T03:00")), -14400);
    CHECK_EQ(zone_next_change(z, ms_at("2026-06-01")), NEVER);
    z = with_footer(arena, -7200, "<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
    CHECK_EQ(zone_offset(z, ms_at("2026-03-29T00:59:59")), -7200);
    CHECK_EQ(zone_offset(z, ms_at("2026-03-29T01:00")), -3600);
    z = with_footer(arena, 7200, "EET-2EEST,M3.4.4/50,M10.4.4/50");
    CHECK_EQ(zone_offset(z, ms_at("2026-03-27T23:59:59")), 7200);
    CHECK_EQ(zone_offset(z, ms_at("2026-03-28T00:00")), 10800);
    z = with_footer(arena, 0, "AAA0BBB,J60,59/3");
    CHECK_EQ(zone_offset(z, ms_at("2023-03-01T01:59:59")),
             3600); /* 59 = 1 March, ends at 02:00 UTC */
    z = with_footer(arena, 0, "AAA0BBB,J59,J60");
    CHECK_EQ(zone_offset(z, ms_at("2024-02-28T02:00")), 3600);
    CHECK_EQ(zone_offset(z, ms_at("2024-02-29T12:00")), 3600);
    CHECK_EQ(zone_offset(z, ms_at("2024-03-01T01:00")), 0);
    static const char *const BAD[] = {
        "A0",
        "AAA",
        "AAA25",
        "AAA0BBB",
        "AAA0BBB,M13.1.0,M1.1.0",
        "AAA0BBB,M3.6.0,M1.1.0",
        "AAA0BBB,J0,J1",
        "AAA0BBB,J366,J1",
        "AAA0BBB,0,1,2",
        "<AAA0",
        "AAA0BBB,0/168,1",
        "AAA0 ",
    };
    for (u32 i = 0; i < COUNT_OF(BAD); i++) {
        if (with_footer(arena, 0, BAD[i])) print_error("taken: %s\n", BAD[i]);
        CHECK(!with_footer(arena, 0, BAD[i]));
    }
}

TEST("bytes that are no zone are refused, wherever they are cut")
{
    const char *path = "/usr/share/zoneinfo/America/New_York";
    if (access(path, R_OK) != 0) TEST_SKIP("no time zones on this machine");
    str tzif = test_file(arena, path);
    CHECK(!zone_parse((str){0}, arena));
    for (size_t n = 0; n < tzif.n; n++) {
        char *cut = mem_alloc(n + 1);
        memcpy(cut, tzif.p, n);
        const struct zone *z = zone_parse((str){cut, n}, arena);
        free(cut);
        CHECK(!z);
    }
    char *p = (char *)(uintptr_t)tzif.p;
    p[4] = 0; /* version 1: the 32-bit half alone, no rule afterwards */
    const struct zone *z = zone_parse(tzif, arena);
    CHECK(z != NULL);
    CHECK_EQ(zone_offset(z, ms_at("2006-07-01")), -14400);
}

TEST("zone names are words and slashes, and never a way out of the folder")
{
    CHECK(zone_name_valid(S("Asia/Shanghai")) && zone_name_valid(S("UTC")));
    CHECK(zone_name_valid(S("Etc/GMT+8")) && zone_name_valid(S("America/Argentina/Buenos_Aires")));
    static const char *const BAD[] = {
        "",  "/etc/passwd", "../../etc/passwd",   "Asia//Tokyo", "Asia/",
        "8", "GMT 8",       "Asia/Shang\xC3\xA4", "a.b",         "+08/00"};
    for (u32 i = 0; i < COUNT_OF(BAD); i++) CHECK(!zone_name_valid(str_of(BAD[i])));
}

/* Changes at 0 and at an hour later, by 17 h 44 min forward and back. */
static str hasty(struct arena *arena, u8 back)
{
    static const u8 TIMES[] = {0, 0, 0, 0, 0, 0, 0x0e, 0x10, 1, 0};
    static const u8 TYPES[] = {0, 0, 0, 0, 0, 0, 0, 0, 0xf9, 0x84, 0, 0};
    char *p = arena_zalloc(arena, 128);
    memcpy(p, "TZif1", 5);
    p[35] = 2, p[39] = 2; /* so many changes, types */
    memcpy(p + 44, TIMES, sizeof TIMES);
    memcpy(p + 54, TYPES, sizeof TYPES);
    p[53] = (char)back;
    return (str){p, 44 + sizeof TIMES + sizeof TYPES};
}

TEST("a zone that goes back by more than the time since its last change is none")
{
    CHECK(zone_parse(hasty(arena, 0), arena) == NULL);
    CHECK(zone_parse(hasty(arena, 1), arena) != NULL); /* it stays where it is */
}

TEST("every place's zone of this machine can be read")
{
    static const char TABLE[] = "/usr/share/zoneinfo/zone1970.tab";
    u32 read = 0;
    if (access(TABLE, R_OK) != 0) return;
    str table = test_file(arena, TABLE);
    while (table.n) {
        char line[256], name[64];
        ptrdiff_t end = str_index(table, '\n');
        size_t n = end < 0 ? table.n : (size_t)end;
        snprintf(line, sizeof line, "%.*s", (int)n, table.p);
        table = str_slice(table, end < 0 ? n : n + 1, table.n);
        if (line[0] != '#' && sscanf(line, "%*s %*s %63s", name) == 1)
            read += zone_of(arena, name) != NULL;
    }
    CHECK(read > 200);
}
