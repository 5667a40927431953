/* board.h — a board, or one question, asked whole: its requests made for now, one answer after the
 * other, and all of it as a report.
 *
 *   board_read (loop) ─► board_ask (engine ⇄ crew, once an item) ─► board_report (any thread)
 *
 * An item that is refused says so in its place; the others are answered. */
#pragma once
#include "server/call.h"
#include "server/report.h"

enum { BOARD_ITEMS_MAX = 60, BOARD_DAYS_MAX = 3660 };

/* What stands for all items, in the place of what each says itself. */
struct board_look {
    u32 days;     /* 0: as each item says */
    i64 from, to; /* 0: none; else the period of what has one and is no slow figure */
    str segment;  /* empty: everybody */
    str by;       /* "", "channel", "source", "attribute:city" */
    bool zh, compare;
    bool open; /* for eyes outside: nothing that may tell who somebody is */
};

struct board_item {
    str analysis, title;
    const struct json *request; /* as it is kept */
    u32 days;                   /* of "the last n days"; 0: as the request says */
    u32 moved;                  /* the same of rfm's "since" */
    str asked, answer;          /* JSON */
    struct diag why;
    err result;
    bool hidden;
};
struct board {
    str id, name, shop;
    struct board_look look;
    i64 now;
    const struct zone *zone;
    u32 count, at;
    struct board_item *items;
    call_step then;
    void *ctx; /* of who asks */
};

/* Members of "controls" and of the query: days, segment, by. ERR_REFUSED with its place. */
MUST_USE err board_look_read(struct call *c, const struct json *controls, str at,
                             struct board_look *out);
/* The board of this id with its saved analyses, into the call's arena; `look` over its own
 * controls. ERR_NOT_FOUND. Loop thread. */
MUST_USE err board_read(struct call *c, str id, const struct board_look *look, struct board **out);
/* One question as a board of one. */
struct board *board_of_one(struct call *c, str analysis, const struct json *request);
/* Asks all of it: c->outer is the board from here on, then `then` on the engine's thread. */
MUST_USE err board_ask(struct call *c, struct board *b, call_step then);
/* What came of it, in words. Any thread. */
const struct report *board_report(struct call *c, const struct board *b);
