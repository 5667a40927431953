/* analyses.h — for other routes that ask analyses. */
#pragma once
#include "server/call.h"

/* Would this request be answered; a refusal's place is told behind `at`. Engine thread. */
MUST_USE err analyses_check(struct call *c, str name, const struct json *request, str at);
/* Answers c->body as a request of the analysis c->params[0]. Engine thread. */
err analyses_ask(struct call *c);
/* The same for a step that goes on afterwards: `then` finds the answer in c->out, or why there is
 * none. Engine thread, both. */
err analyses_ask_then(struct call *c, err (*then)(struct call *c, err e));
