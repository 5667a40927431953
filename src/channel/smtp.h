/* smtp.h — inside the SMTP provider: settings, connections, and how answers are judged. Of channel
 * only.
 *
 *   engine thread: prepare, go, drop ─► queue ─► loop thread: jobs ─► connections ─► a mail server
 *
 * libcurl connects: names, TLS, STARTTLS, AUTH. From there the dialogue is ours, over curl's own
 * connection (CONNECT_ONLY), for two reasons: a delivery must rest between the server's 354 and our
 * first byte until its claim is durable, and libcurl waits for the answer to the final dot inside
 * one call, which would stop everything on the loop for as long as one slow server thinks. */
#pragma once
#include "channel/channels.h"
#include "channel/curl_loop.h"
#include "content/dkim.h"

#include <pthread.h>

enum { SMTP_CONNECTIONS_DEFAULT = 8, SMTP_CONNECTIONS_MAX = 64, SMTP_PER_CONNECTION_MAX = 500 };

typedef enum { SMTP_PLAIN, SMTP_STARTTLS, SMTP_TLS } smtp_security;

struct smtp_settings {
    char
        *url; /* smtp://host:port/our-name; these are terminated and live in the provider's arena */
    char *username, *password;                /* NULL: no authentication */
    str from;                                 /* the channel's own sender, may be empty */
    str dkim_domain, dkim_selector, dkim_key; /* the domain is empty: mails are not signed */
    smtp_security security;
    u32 connections;
    bool verify;
    i64 connect_ms, reply_ms, final_ms, idle_ms;
};
MUST_USE err smtp_settings_read(const struct json *j, struct arena *arena,
                                struct smtp_settings *out, struct diag *why);

/* ---- judging what a server said (smtp_answer.c) ---- */

typedef enum { SMTP_AT_SENDER, SMTP_AT_RECIPIENT, SMTP_AT_DATA, SMTP_AT_END } smtp_phase;
struct smtp_verdict {
    answer_class class;
    bool channel; /* the channel is to blame: delivery_held */
    i64 retry_ms;
};
/* `text` is what stands after the code; its enhanced status (RFC 3463) is asked first. Not for 2xx.
 */
struct smtp_verdict smtp_judge(smtp_phase phase, u32 code, str text, u32 attempts, u64 seed);
/* first × 2^attempts up to max, ± 20 % by the seed. */
i64 smtp_backoff(i64 first_ms, i64 max_ms, u32 attempts, u64 seed);

/* ---- a delivery with us ---- */

typedef enum { JOB_PREPARE, JOB_GO, JOB_DROP } job_order;
struct link;
struct job {
    struct delivery *d;
    struct job *next;
    struct link *link; /* NULL: waits for one, or its connection was lost before go */
    job_order order;
    u32 round;  /* of failures in which it began */
    bool old;   /* its connection had been idle, and may have died meanwhile… */
    bool again; /* …as it had: it gets a new one */
};

/* ---- a connection (smtp_link.c) ---- */

typedef enum {
    LINK_CLOSED,
    LINK_CONNECTING, /* curl's */
    LINK_IDLE,
    LINK_SENDER,    /* MAIL FROM was sent */
    LINK_RECIPIENT, /* RCPT TO */
    LINK_DATA,      /* DATA */
    LINK_READY,     /* 354 came; the claim is awaited */
    LINK_SIGNING,   /* the mail is written and signed on a thread of libuv's pool */
    LINK_BODY,      /* the mail is being sent */
    LINK_END,       /* all of it was; the answer is awaited */
    LINK_REFUSED,   /* answers to what was said ahead are awaited, then RESET */
    LINK_RESET      /* RSET after a refusal */
} link_state;

enum { REPLY_MAX = 4096 };

struct smtp;
struct link {
    struct smtp *smtp;
    struct transfer transfer;
    struct job *job;
    link_state state;
    uv_poll_t *poll;
    uv_timer_t timer;
    curl_socket_t socket;
    u32 served;   /* mails since it was made */
    bool writing; /* poll asks for writable */
    bool ahead;   /* the server takes MAIL, RCPT and DATA in one (RFC 2920) */
    u32 owed;     /* REFUSED: how many answers are to come */
    struct buf out;
    size_t out_sent;
    char reply[REPLY_MAX + 1]; /* lines of the answer at hand; while connecting: the last line */
    size_t reply_n;
};

void link_init(struct link *l, struct smtp *s);
void link_serve(struct link *l, struct job *job); /* CLOSED or IDLE */
void link_go(struct link *l);
void link_close(struct link *l); /* its job, if any, is the caller's */
/* Its timer's handle too; the provider is told by smtp_link_gone. */
void link_end(struct link *l);

/* ---- the provider (smtp.c) ---- */

struct smtp {
    struct smtp_settings settings;
    struct dkim *dkim; /* NULL: mails are not signed */
    struct arena *arena;
    struct curl_loop *loop;
    uv_async_t async;
    pthread_mutex_t lock;
    struct job *queue, **queue_tail; /* under the lock */
    struct job *waiting, **waiting_tail;
    struct link *links;
    u32 handles;  /* uv handles still open while closing */
    u32 failures; /* in a row; those of jobs that began before the last one are one with it */
    u32 round;    /* of failures, for that */
    bool closing;
};

/* The link has no job any more, or has lost it: what waits may go on. */
void smtp_free_link(struct smtp *s);
/* The job is over; it is freed. */
void smtp_done(struct job *job, answer_class class, i64 retry_ms, str detail);
void smtp_held(struct job *job, i64 retry_ms, str detail);
/* Its connection was lost before go. */
void smtp_unsent(struct job *job);
/* A connection could not be made, or was closed under a job that is not to blame. */
void smtp_failed(struct smtp *s, struct job *job, bool credentials, str detail);
/* An idle connection had died: the job begins again on another. */
void smtp_requeue(struct smtp *s, struct job *job);
void smtp_link_gone(struct smtp *s);
