/* http.h — inside the HTTP providers: settings, verdicts, and what each gateway must know. Of
 * channel only.
 *
 *   engine thread: prepare (ready, or held while the channel rests), go ─► queue
 *   loop thread:   gateway.ask ─► exchange ─► gateway.judge ─► verdict ─► delivery_done
 *                  gateway.hook ◄─ a receipt or a reply that came in
 *
 * One gateway is described in configuration ("http"); the others are constants with the same shape,
 * one file each. All of them answer in the classes of one taxonomy; what a class does is decided
 * once, in http.c. */
#pragma once
#include "base/json.h"
#include "channel/channels.h"
#include "channel/connector.h"
#include "channel/hook.h"
#include "channel/sign.h"

/* What a vendor's answer means, whoever the vendor is. */
#define OUTCOME_LIST(X)                                                                            \
    X(OK, "OK")                                                                                    \
    X(DUP, "DUP")                                                                                  \
    X(RETRY, "RETRY")                                                                              \
    X(RATE, "RATE")                                                                                \
    X(AUTH, "AUTH")                                                                                \
    X(BAD_ADDR, "BAD_ADDR")                                                                        \
    X(NO_CONSENT, "NO_CONSENT")                                                                    \
    X(CONTENT, "CONTENT")                                                                          \
    X(CONFIG, "CONFIG")                                                                            \
    X(BILLING, "BILLING")

typedef enum {
    OUTCOME_NONE,
#define X(name, text) OUTCOME_##name,
    OUTCOME_LIST(X)
#undef X
        OUTCOME_COUNT
} outcome;

struct verdict {
    outcome class;
    bool account;   /* RATE: the whole account is slowed down, not this number alone */
    i64 retry_ms;   /* RETRY, RATE: not before; 0: as usual */
    char id[128];   /* OK: the vendor's name for the message */
    char said[160]; /* their words */
};
void verdict_set(struct verdict *v, outcome class, str code, str words);
void verdict_id(struct verdict *v, str id);

/* One rule of the generic gateway: all that it names must hold. */
struct outcome_rule {
    int status_from, status_to; /* 0: any */
    str path, equals;           /* path empty: the answer's text */
    struct pattern *matches;    /* NULL: none */
    bool has_equals;
    outcome class;
    i64 retry_ms;
};

enum {
    HTTP_HEADERS_MAX = 16,
    HTTP_RULES_MAX = 64,
    HTTP_STATUSES_MAX = 64,
    HTTP_CONNECTIONS_DEFAULT = 16,
    HTTP_CONNECTIONS_MAX = 128,
    HTTP_TIMEOUT_MS = 10000,
    HOOK_ITEMS_MAX = 1000
};

/* Where things are in a receipt or a reply of the generic gateway. */
struct hook_paths {
    bool used;
    str items;                                     /* the list; empty: the body itself */
    str message, customer, id, to, status, detail; /* receipts */
    str from, text;                                /* replies */
    struct {
        str said;
        u8 status;
    } statuses[HTTP_STATUSES_MAX];
    u32 status_count;
};

struct liquid;
struct gateway;
struct http_settings {
    const struct gateway *gateway;
    const struct json *json; /* all of them, secrets too */
    str channel;             /* "sms", "push" … */
    str hook_url;            /* https://…/hooks/{channel}/{secret}; empty: nobody can reach us */
    str from, sign, user, password;
    u32 connections;
    i64 timeout_ms;
    bool idempotent; /* the vendor knows our message id again: a lost answer may be tried again */
    bool phones;     /* the addresses are phone numbers */
    /* the generic gateway */
    str method, content_type;
    struct liquid *url, *body_text;
    const struct json *body;      /* a tree whose texts are Liquid… */
    struct liquid **body_liquids; /* …in the order of a walk */
    struct {
        str name;
        struct liquid *value;
    } headers[HTTP_HEADERS_MAX];
    u32 header_count;
    struct outcome_rule rules[HTTP_RULES_MAX];
    u32 rule_count;
    str id_path;
    struct hook_paths receipts, inbound;
    str signature_header, signature_secret, signature_prefix;
    bool signature_base64, signature_sha1;
    /* those of vendors */
    str endpoint, key_id, key_secret, region, app_id, service_id, extend_code;
};
MUST_USE err http_settings_read(const struct json *j, const struct gateway *g, struct arena *arena,
                                struct http_settings *out, struct diag *why);

/* Frees what does not lie in the arena. */
void http_settings_clear(struct http_settings *s);
err generic_open(struct http_settings *s, struct arena *arena, struct diag *why);
bool rule_matches(const struct pattern *p, str text);

/* A request in the making: all that `ask` fills in lives in `arena`. */
struct asking {
    const struct http_settings *settings;
    const struct delivery *delivery;
    struct arena *arena;
    struct exchange *exchange;
    i64 now_ms;
    char nonce[33];
};

/* What a gateway can do. */
struct gateway {
    const char *name;
    err (*open)(struct http_settings *s, struct arena *arena, struct diag *why);
    /* The request for one delivery. ERR: it cannot be said (the template lacks something). */
    err (*ask)(struct asking *a, struct diag *why);
    /* An answer with a status. `json` is NULL if it is none. */
    void (*judge)(const struct http_settings *s, const struct exchange *x, const struct json *json,
                  struct verdict *v);
    err (*hook)(const struct http_settings *s, const struct hook_request *q, struct hook_items *out,
                struct diag *why);
    str hook_type, hook_answer; /* what their caller wants to hear */
};
extern const struct gateway gateway_generic, gateway_aliyun, gateway_tencent, gateway_twilio;

/* A str that can stand in a constant. */
#define CONSTANT(text)                                                                             \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
/* A text setting, or ERR_REFUSED with its path. */
MUST_USE err setting_needed(const struct json *j, const char *name, str *out, struct diag *why);
str url_host(str url); /* with its port */

/* ---- shared by gateways (http_rules.c) ---- */

/* "a.b[0].c" in a tree; "" is the tree; NULL if it is not there. */
const struct json *path_get(const struct json *j, str path);
bool path_valid(str path);
/* Its text: of strings and numbers as they are, true and false; else empty. */
str path_text(const struct json *j, str path);
bool outcome_named(str text, outcome *out);
/* What an HTTP status means where nothing else is said. */
outcome outcome_of_status(int status);
struct code_class {
    const char *code; /* with a * at its end: what begins so */
    outcome class;
};
/* The first entry that fits, else `otherwise`. */
outcome class_of_code(const struct code_class *table, size_t n, str code, outcome otherwise);
/* The text of a short message as it goes out: sign, text, way out. */
str sms_text_of(const struct asking *a);
/* "<message>-<customer>", which vendors carry to the receipt and back. */
str token_of(const struct asking *a);
bool token_read(str text, struct hook_item *out);
/* The next receipt or reply to fill in; NULL: there are too many. */
struct hook_item *hook_add(struct hook_items *out);
/* The members of a form, decoded into the arena; ERR_INVALID. */
MUST_USE err form_read(str body, struct arena *arena, struct sign_pair *out, u32 max, u32 *n);
str form_get(const struct sign_pair *pairs, u32 n, const char *name);
/* A value of the query, decoded. */
str query_get(str query, const char *name, struct arena *arena);
