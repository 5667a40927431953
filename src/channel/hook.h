/* hook.h — what a provider's call to us says, once it is understood: receipts and replies. */
#pragma once
#include "message/message.h"
#include "outbox/outbox.h"

/* A request to /hooks/{channel}/{secret}. All views; `arena` is for what comes of it. */
struct hook_request {
    str body, content_type, query;
    str url; /* the whole address, as the provider knows it */
    str (*header)(void *ctx, str name);
    void *ctx;
    struct arena *arena;
};

typedef enum { HOOK_RECEIPT = 1, HOOK_REPLY } hook_kind;
struct hook_item {
    hook_kind kind;
    str customer;  /* of the token: empty if there was none */
    hash128 id;    /* our message id; zero: not said */
    str vendor_id; /* theirs */
    str address;   /* whose phone it is, as sent */
    u8 status;     /* RECEIPT: message_status; NONE: says nothing new */
    str detail, text;
    str unique; /* REPLY: their id of it; empty: none */
};
struct hook_items {
    struct hook_item *items;
    u32 count, max;
    str answer_type, answer; /* what the caller wants to hear; set also when it is refused */
};
