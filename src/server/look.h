/* look.h — a template as one customer would get it, and what is to be said of it. Engine thread.
 *
 *   template (JSON) + customer + journey ─look_begin─► trial ─look_put─► {subject, html, text,
 *                                                            links, images, missing, warnings, sms}
 *
 * The words come from outbox_say, which is what renders messages: so a look and a message are the
 * same bytes. What a customer has no value for yet (the coupon of a journey that has not begun) is
 * stood in for, and said to be. */
#pragma once
#include "content/content.h"
#include "server/call.h"

enum { LOOK_SAMPLE = 200, LOOK_SAMPLE_MAX = 1000, LOOK_NAMES_MAX = 64, LOOK_CUSTOMERS = 10 };

struct look_asked {
    const struct json *template; /* with an id */
    const struct json *journey;  /* NULL: none */
    const struct json *coupons;  /* that are not published yet; NULL */
    const struct json *data;     /* stands in for what has no value; NULL */
    str customer;                /* a reference; empty: the newest who can be reached */
    str category, language, device;
    u32 sample;
    const char *place; /* of the template in the request: "/source"; "" */
};

/* A name that was asked for and had no value. */
struct look_name {
    str name;
    u32 customers;   /* of the sample */
    persona example; /* one of them */
    bool here;       /* for the customer who is shown, too */
};

struct look {
    struct call *c;
    const struct look_asked *asked;
    struct template *template;
    struct outbox_trial trial;
    bool wants_event; /* the journey begins with one */
    str event;
    u32 name_count, stood_count;
    struct look_name names[LOOK_NAMES_MAX];
    struct {
        str name, value;
    } stood[LOOK_NAMES_MAX];
    persona counting; /* whose names are being noted; 0: nobody's */
    char to[320];
    struct rendered words;
};

/* Compiles, finds the customer and what there is of her. ERR_REFUSED with the pointer. */
MUST_USE err look_begin(struct call *c, const struct look_asked *asked, struct look *out);
/* Renders; `what` went wrong is a refusal too. */
MUST_USE err look_say(struct look *l);
/* The members of the preview, into the object that is open in `b`. */
void look_put(struct look *l, struct buf *b);

/* The i-th of everybody in an order that has nothing to do with when they came; each once for i
 * below end - 1. A sample of more than LOOK_LEAST takes at most LOOK_BUDGET_NS of the engine's
 * time. */
#define LOOK_BUDGET_NS 40000000
enum { LOOK_LEAST = 20 };
static inline persona look_pick(u32 i, persona end)
{
    return end < 2 ? 0 : (persona)(1 + (u64)i * 2654435761u % (end - 1));
}

/* The newest customers that a channel reaches (0: any), as {id, name, to}. */
void look_put_customers(struct call *c, struct buf *b, u32 channel);
void look_put_customer(struct call *c, struct buf *b, persona head, u32 channel);
/* What she is called: by her attributes name, first_name …; empty: nothing says. */
str customer_name(struct call *c, persona head);

/* {"code", "severity", "words": {"zh", "en"}, "path"?} into a list. */
void put_warning(struct buf *b, const char *code, const char *severity, str zh, str en,
                 const char *path);
/* "key": {"zh": …, "en": …} */
void put_both(struct buf *b, str key, str zh, str en);

/* [{url, text, kind}] and [{src, alt}] of a mail's HTML (look_parts.c). Returns how many pictures
 * have no alt text. */
void look_put_links(struct buf *b, str html);
u32 look_put_images(struct buf *b, str html);
bool look_has_link(str html, str page);

/* look_sms.c: "sms": {…}, how long the text is for her and for the sample. */
void look_put_sms(struct look *l, struct buf *b);

/* The first SMS channel there is, or NULL (route_sms.c). */
const struct json *sms_channel(struct call *c);
