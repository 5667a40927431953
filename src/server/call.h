/* call.h — one request to the API on its way through the threads.
 *
 *   loop: route, key, body ─► run ─┬─► answer
 *                                  ├─ call_engine(c, step)          on the engine's thread, live
 * state ├─ call_helper(c, step)          beside, on what was pinned └─ call_applied(c, number,
 * step) once that record is applied
 *
 * A step writes JSON into c->out and returns; or it names the next step and returns ERR_OK. An
 * error of any step becomes a problem document (RFC 9457) with c->why as its detail. One thread has
 * a call at a time. What a step needs later lies in c->arena. */
#pragma once
#include "server/auth.h"
#include "server/inside.h"

enum {
    ROUTE_PARAMS_MAX = 3,
    CALL_OUT_MAX = 64 << 20,
    API_BODY_MAX = 1 << 20,
    PAGE_ROWS_MAX = 1000
};

typedef err (*call_step)(struct call *c);

/* Which thread `run` starts on. */
typedef enum { ON_LOOP, ON_ENGINE } call_place;

/* What has to be shown to call it. */
typedef enum {
    OPEN_TO_ALL,
    NEEDS_SCOPE,
    NEEDS_CALLER,  /* a key or a session, whatever it may do */
    NEEDS_SESSION, /* a person's own affairs */
    OPEN_TO_FORMS  /* to all, and its body is no JSON: the step reads it */
} call_access;

struct route {
    http_verb verb;
    const char *path; /* "/api/v1/customers/{ref}" */
    call_access access;
    scope scope;
    call_place place;
    call_step run;
};

struct call {
    struct server *server;
    struct http_request *req;
    const struct route *route;
    struct arena *arena;
    struct buf out, headers; /* headers: whole lines */
    int status;              /* 0 = 200 */
    str type;                /* empty = JSON */
    str params[ROUTE_PARAMS_MAX];
    const struct json *body; /* an object; NULL: the request had none */
    struct diag why;
    void *data;  /* the steps' own */
    void *outer; /* of steps that ask analyses in between, which use `data` */
    /* Of a call that nobody sent: it has no answer, and no req. */
    void (*on_end)(struct call *c);
    void *end_data;
    void *helper_data; /* of a count that is under way (counts.c) */
    call_step next;
    enum {
        GO_NOWHERE,
        GO_LOOP,
        GO_ENGINE,
        GO_HELPER,
        GO_IMPORT,
        GO_CREW,
        GO_ASIDE,
        GO_APPLIED,
        GO_WAIT
    } go;
    enum { AT_LOOP, AT_ENGINE, AT_HELPER, AT_IMPORT, AT_CREW, AT_ASIDE } at;
    u64 number;
    struct call *link;
    bool replayed; /* its answer is one that was given before */
    bool streams;  /* took over the request: no answer is made */
    struct caller who;
    bool is_account; /* somebody signed in or joined: for the audit trail */
    /* conditions.c's: the hash of the source that is shown, the line of edits */
    u64 source_tag;
    bool tagged, looking, editing;
    call_step go_on;
    struct call *next_edit;
    /* publish.c's, for the audit trail */
    str object;
    u32 version_from, version_to;
    /* limits.c's */
    bool limited;
    u32 tokens_left;
    struct repeat *repeat; /* it came with an Idempotency-Key */
    bool pinned;           /* holds a view (beside.h): the crew refuses it no more */
    atomic_bool gone;      /* who asked is not there any more */
};

/* Every route of this process, in tables that end with an empty path. */
extern const struct route *const ROUTES[];
u32 routes_count(void); /* tables */

/* Takes over a request that is none of the SDKs'. Loop thread. */
void call_begin(struct server *s, struct http_request *req);
/* Work of the server's own, in the steps of a call: `run` on the loop's thread, then whatever it
 * names; at last `on_end`, on the loop's thread, with c->why of what went wrong (c->status is 0 if
 * nothing did). It has no req. Loop thread. */
void call_inside(struct server *s, call_step run, void *end_data, void (*on_end)(struct call *c));
void calls_applied(struct server *s); /* engine thread, after a batch */
/* Whoever sent this request is gone, or says no more: long work for it may stop. Loop thread. */
void call_gone(struct http_request *req);

err call_loop(struct call *c, call_step next);
err call_engine(struct call *c, call_step next);
err call_helper(struct call *c, call_step next);
err call_import(struct call *c, call_step next); /* on the imports' thread */
err call_crew(struct call *c, call_step next);   /* on a thread for long reading */
/* On a thread of its own, for seconds of work that touch nothing of the server's; one at a time,
 * while there is one others are told to come again. */
err call_aside(struct call *c, call_step next);
err call_applied(struct call *c, u64 number, call_step next);
/* Stays where it is until somebody wakes it: then `next` runs on the engine's thread. */
err call_park(struct call *c);
void call_wake(struct call *c, call_step next); /* any thread */

/* The route of this call's address for another method, or NULL. */
const struct route *call_route_of(const struct call *c, http_verb verb);

/* ---- for steps ---- */

/* A parameter of the query, decoded into the arena; empty if it is not there. */
str call_query(struct call *c, const char *name);
/* `limit` of the query, 1 to PAGE_ROWS_MAX, 100 if it is not given. ERR_INVALID. */
MUST_USE err call_limit(struct call *c, u32 *out);
/* `cursor` of lists that run down from the newest: shown is what lies below it; at first INT64_MAX.
 * ERR_INVALID. */
MUST_USE err call_number_cursor(struct call *c, i64 *out);
/* A moment of the query, in ISO 8601; `otherwise` if it is not given. ERR_INVALID. */
MUST_USE err call_time(struct call *c, const char *name, i64 otherwise, i64 *out);
/* A text member of the body. ERR_REFUSED with its path if it is missing or empty. */
MUST_USE err call_text(struct call *c, const char *name, str *out);
/* Percent-decoding; ERR_INVALID on a broken sequence or bytes that are no UTF-8. */
MUST_USE err url_decode(str s, bool plus_is_space, struct arena *arena, str *out);

/* Appends one record of this kind. Engine thread. */
MUST_USE err call_append(struct call *c, u16 kind, str payload, u64 *number);
/* {"items":[ … ],"next":"…"}: before the first item, and after the last; `next` empty: the end. */
void call_items_begin(struct call *c);
void call_items_end(struct call *c, str next);
void call_header(struct call *c, const char *name, str text);
/* An ISO time member, left out if ms is 0 or NEVER. */
void json_put_kv_time(struct buf *b, str key, i64 ms);
/* A problem document, also for those who have no call. */
void problem_put(struct buf *b, int status, err code, const struct diag *why);
