#include "server/mailing.h"

#include "base/base.h"

#include <stdio.h>

/* ---- reading ---- */

static err refuse(struct diag *why, const char *path, const char *sentence)
{
    return diag_at(why, ERR_REFUSED, str_of(path), "%s", sentence);
}

static err read_every(const struct json *j, struct mailing *m, struct diag *why)
{
    str every = json_get_str(j, "every", (str){0});
    i64 n;
    if (str_eq(every, S("day")))
        m->every = EVERY_DAY;
    else if (str_eq(every, S("week")))
        m->every = EVERY_WEEK;
    else if (str_eq(every, S("month")))
        m->every = EVERY_MONTH;
    else
        return refuse(why, "/every", "it goes out every day, week or month");
    m->weekday = m->day = 1;
    const struct json *weekday = json_get(j, "weekday"), *day = json_get(j, "day");
    if (weekday && (json_to_i64(weekday, &n) != ERR_OK || n < 1 || n > 7))
        return refuse(why, "/weekday", "a day of the week is 1 (Monday) to 7 (Sunday)");
    if (weekday) m->weekday = (u32)n;
    if (day && (json_to_i64(day, &n) != ERR_OK || n < 1 || n > 28))
        return refuse(why, "/day", "a day of the month is 1 to 28, which every month has");
    if (day) m->day = (u32)n;
    return ERR_OK;
}

static bool is_address(str s)
{
    ptrdiff_t at = str_index(s, '@');
    bool good = at > 0 && (size_t)at + 1 < s.n && s.n <= 254;
    for (size_t i = 0; i < s.n; i++)
        good &= (u8)s.p[i] > ' ' && (u8)s.p[i] < 127 && !strchr("<>\",;()[]\\", s.p[i]);
    return good && str_index(str_slice(s, (size_t)at + 1, s.n), '@') < 0;
}

static err read_to(const struct json *j, struct mailing *m, struct diag *why)
{
    char path[32];
    u32 i = 0;
    m->to = json_get(j, "to");
    if (!json_is(m->to, JSON_ARRAY) || !m->to->count || m->to->count > MAILING_TO_MAX)
        return refuse(why, "/to", "1 to 50 addresses or user:ID are needed");
    for (const struct json *e = m->to->child; e; e = e->next, i++) {
        bool user = e->type == JSON_STRING && str_starts(e->text, S("user:")) && e->text.n > 5;
        snprintf(path, sizeof path, "/to/%u", i);
        if (e->type != JSON_STRING || (!user && !is_address(e->text)))
            return refuse(why, path, "an e-mail address is needed, or user: and a user's id");
        for (const struct json *o = m->to->child; o != e; o = o->next)
            if (str_eq_nocase(o->text, e->text)) return refuse(why, path, "it is there twice");
    }
    return ERR_OK;
}

err mailing_read(const struct json *j, struct mailing *out, struct diag *why)
{
    struct mailing m = {.id = json_get_str(j, "id", S("")),
                        .dashboard = json_get_str(j, "dashboard", S("")),
                        .name = json_get_str(j, "name", S("")),
                        .language = json_get_str(j, "language", S("zh")),
                        .paused = json_get_bool(j, "paused", false)};
    char pattern[64];
    TRY(read_every(j, &m, why));
    if (clock_parse(json_get_str(j, "at", S("09:00")), &m.at_ms) != ERR_OK || m.at_ms % MINUTE)
        return refuse(why, "/at", "a time of day is needed, such as 09:00");
    if (!str_eq(m.language, S("zh")) && !str_eq(m.language, S("en")))
        return refuse(why, "/language", "zh or en");
    TRY(read_to(j, &m, why));
    u32 minute = (u32)(m.at_ms / MINUTE % 60), hour = (u32)(m.at_ms / HOUR);
    if (m.every == EVERY_WEEK)
        snprintf(pattern, sizeof pattern, "%u %u * * %u", minute, hour, m.weekday % 7);
    else if (m.every == EVERY_MONTH)
        snprintf(pattern, sizeof pattern, "%u %u %u * *", minute, hour, m.day);
    else
        snprintf(pattern, sizeof pattern, "%u %u * * *", minute, hour);
    TRY(cron_parse(str_of(pattern), &m.cron, why));
    *out = m;
    return ERR_OK;
}

/* ---- the state, kept ---- */

void mailing_state_put(struct buf *b, const struct mailing_state *s)
{
    buf_byte(b, '{');
    json_put_kv_i64(b, S("slot"), s->slot);
    json_put_kv_bool(b, S("open"), s->open);
    json_put_kv_i64(b, S("claimed"), s->claimed);
    json_put_kv_i64(b, S("tries"), s->tries);
    json_put_kv_i64(b, S("not_before"), s->not_before);
    json_put_kv_i64(b, S("sent"), s->sent);
    json_put_kv_i64(b, S("failed"), s->failed);
    json_put_kv_i64(b, S("unknown"), s->unknown);
    json_put_kv_bool(b, S("pending"), s->pending);
    json_put_kv_i64(b, S("ended"), s->ended);
    json_put_kv_str(b, S("detail"), str_of(s->detail));
    buf_byte(b, '}');
}

static i64 number(const struct json *j, const char *name)
{
    const struct json *m = json_get(j, name);
    i64 n;
    return m && json_to_i64(m, &n) == ERR_OK ? n : 0;
}

void mailing_state_read(const struct json *j, struct mailing_state *out)
{
    str detail = json_get_str(j, "detail", S(""));
    *out = (struct mailing_state){.slot = number(j, "slot"),
                                  .open = json_get_bool(j, "open", false),
                                  .claimed = (u32)number(j, "claimed"),
                                  .tries = (u32)number(j, "tries"),
                                  .not_before = number(j, "not_before"),
                                  .sent = (u32)number(j, "sent"),
                                  .failed = (u32)number(j, "failed"),
                                  .unknown = (u32)number(j, "unknown"),
                                  .pending = json_get_bool(j, "pending", false),
                                  .ended = number(j, "ended")};
    snprintf(out->detail, sizeof out->detail, "%.*s", STR_ARG(detail));
}

/* ---- slots ---- */

i64 mailing_next(const struct mailing *m, const struct zone *z, i64 now)
{
    return cron_next(&m->cron, z, now);
}

/* The latest slot after `after` and not later than now, nor long past; NEVER: none. */
static i64 latest(const struct mailing *m, const struct zone *z, i64 after, i64 now)
{
    i64 found = NEVER;
    after = max_i64(after, now - MAILING_LATE_MS);
    for (;;) {
        i64 next = cron_next(&m->cron, z, after);
        if (next == NEVER || next > now) return found;
        found = after = next;
    }
}

i64 mailing_due(const struct mailing *m, const struct zone *z, struct mailing_state *s, i64 now)
{
    if (m->paused) return NEVER;
    if (s->pending)
        mailing_settle(s, MAILING_UNKNOWN, S("the process ended while it was sent"), now);
    i64 slot = latest(m, z, s->slot, now);
    if (slot != NEVER) { /* what is left of an older one is past: its figures are */
        i64 ended = s->ended;
        *s = (struct mailing_state){.slot = slot, .open = true, .ended = ended};
    }
    return s->open && now >= s->not_before ? s->slot : NEVER;
}

bool mailing_claim(struct mailing_state *s, u32 recipients, i64 now, u32 *whose)
{
    if (!s->open) return false;
    if (s->claimed >= recipients) {
        s->open = false;
        s->ended = now;
        return false;
    }
    *whose = s->claimed++;
    s->pending = true;
    s->not_before = 0;
    return true;
}

/* One minute, two, four … at most half an hour. */
static i64 back_off(u32 tries)
{
    i64 ms = MINUTE << min_u32(tries, 5);
    return ms < 30 * MINUTE ? ms : 30 * MINUTE;
}

void mailing_settle(struct mailing_state *s, mailing_end how, str detail, i64 now)
{
    if (!s->pending) return;
    s->pending = false;
    snprintf(s->detail, sizeof s->detail, "%.*s", STR_ARG(str_slice(detail, 0, 200)));
    if (how == MAILING_LATER && s->tries + 1 < MAILING_TRIES) {
        s->claimed--;
        s->not_before = now + back_off(s->tries++);
        return;
    }
    s->tries = 0;
    if (how == MAILING_SENT) {
        s->sent++;
        if (!s->failed && !s->unknown) s->detail[0] = 0;
    } else if (how == MAILING_UNKNOWN) {
        s->unknown++;
    } else {
        s->failed++;
    }
}

void mailing_period(const struct mailing *m, const struct zone *z, i64 slot, i64 *from, i64 *to)
{
    i64 today = zone_day(z, slot);
    if (m->every == EVERY_MONTH) {
        zone_period(z, slot, PERIOD_MONTH, to, &(i64){0});
        zone_period(z, *to - 1, PERIOD_MONTH, from, &(i64){0});
        return;
    }
    *to = zone_day_start(z, today);
    *from = zone_day_start(z, today - (m->every == EVERY_WEEK ? 7 : 1));
}
