/* smtp_answer.c — what a server's refusal means: for this recipient, this mail, or this channel.
 *
 * The enhanced status counts first, then the code, then words. An address is called dead only where
 * the server says so in a way that nothing else is said with: a contact lost by mistake is lost for
 * good. */
#include "base/rng.h"
#include "channel/smtp.h"

#define GREYLIST (5 * MINUTE)
#define LONG HOUR

i64 smtp_backoff(i64 first_ms, i64 max_ms, u32 attempts, u64 seed)
{
    struct rng r = {seed + attempts};
    i64 ms = attempts < 20 ? min_i64(first_ms << attempts, max_ms) : max_ms;
    return ms - ms / 5 + (i64)rng_below(&r, (u64)(2 * (ms / 5) + 1));
}

/* class.subject.detail at the start of the text. */
struct enhanced {
    u32 class, subject, detail; /* class 0: there is none */
};

static bool take_number(str *s, u32 *out)
{
    size_t n = 0;
    for (*out = 0; n < s->n && n < 3 && s->p[n] >= '0' && s->p[n] <= '9'; n++)
        *out = *out * 10 + (u32)(s->p[n] - '0');
    *s = str_slice(*s, n, s->n);
    return n > 0;
}

static bool take_dot(str *s)
{
    bool is = s->n && s->p[0] == '.';
    if (is) *s = str_slice(*s, 1, s->n);
    return is;
}

static struct enhanced enhanced_of(str text)
{
    struct enhanced e;
    bool all = take_number(&text, &e.class) && take_dot(&text) && take_number(&text, &e.subject) &&
               take_dot(&text) && take_number(&text, &e.detail);
    bool ends = !text.n || text.p[0] == ' ';
    return all && ends && (e.class == 4 || e.class == 5) ? e : (struct enhanced){0};
}

/* Servers without enhanced codes refuse senders with the code for dead mailboxes. */
static bool speaks_of_policy(str text)
{
    static const char *const words[] = {"spam",       "block",  "policy",  "relay",    "denied",
                                        "blacklist",  "rbl",    "spf",     "dkim",     "dmarc",
                                        "reputation", "listed", "authent", "rejected", "refused",
                                        "rate",       "quota",  "full",    "size",     "sender"};
    char low[400];
    size_t n = min_size(text.n, sizeof low);
    for (size_t i = 0; i < n; i++)
        low[i] = text.p[i] >= 'A' && text.p[i] <= 'Z' ? (char)(text.p[i] | 0x20) : text.p[i];
    for (u32 i = 0; i < COUNT_OF(words); i++)
        if (str_find((str){low, n}, str_of(words[i])) >= 0) return true;
    return false;
}

/* Bad mailbox, bad system, bad syntax, moved, null MX. 5.1.7 and 5.1.8 are about the sender. */
static bool is_dead(struct enhanced e)
{
    return e.subject == 1 && (e.detail == 0 || e.detail == 1 || e.detail == 2 || e.detail == 3 ||
                              e.detail == 6 || e.detail == 10);
}

/* 5.2.2, or its plain code where there is none. */
static bool is_full(u32 code, struct enhanced e)
{
    return e.class ? e.subject == 2 && e.detail == 2 : code == 552;
}

/* Soft, for a while: its owner may empty it. */
static struct smtp_verdict of_full(u32 attempts, u64 seed)
{
    static const u32 tries = 3;
    return (struct smtp_verdict){attempts < tries ? ANSWER_RETRY : ANSWER_REJECTED, false,
                                 smtp_backoff(6 * HOUR, DAY, attempts, seed)};
}

static struct smtp_verdict of_recipient(u32 code, str text, struct enhanced e, u32 attempts,
                                        u64 seed)
{
    if (e.class && is_dead(e)) return (struct smtp_verdict){ANSWER_BOUNCED, false, 0};
    if (is_full(code, e)) return of_full(attempts, seed);
    bool policy = e.class ? e.subject == 7 : speaks_of_policy(text);
    if (policy || code == 530) return (struct smtp_verdict){ANSWER_RETRY, false, LONG};
    if (!e.class && (code == 550 || code == 551 || code == 553))
        return (struct smtp_verdict){ANSWER_BOUNCED, false, 0};
    return (struct smtp_verdict){ANSWER_REJECTED, false, 0};
}

struct smtp_verdict smtp_judge(smtp_phase phase, u32 code, str text, u32 attempts, u64 seed)
{
    struct enhanced e = enhanced_of(text);
    i64 later = smtp_backoff(GREYLIST + GREYLIST / 4, 4 * HOUR, attempts, seed);
    bool temporary = code < 500 && e.class != 5;
    if (phase == SMTP_AT_SENDER) /* the envelope's sender is the channel's */
        return (struct smtp_verdict){ANSWER_RETRY, true, temporary ? later : LONG};
    if (code == 421 && phase != SMTP_AT_END)
        return (struct smtp_verdict){ANSWER_RETRY, true, later};
    if (temporary) return (struct smtp_verdict){ANSWER_RETRY, false, later};
    if (phase == SMTP_AT_RECIPIENT) return of_recipient(code, text, e, attempts, seed);
    if (phase == SMTP_AT_END && e.class && is_dead(e))
        return (struct smtp_verdict){ANSWER_BOUNCED, false, 0};
    if (phase == SMTP_AT_END && e.class && is_full(code, e)) return of_full(attempts, seed);
    return (struct smtp_verdict){ANSWER_REJECTED, false, 0};
}
