/* channels.h — every provider type there is. A new one is a file that exports a constant, and a
 * line in channels.c. */
#pragma once
#include "outbox/outbox.h"

extern const struct provider_type provider_smtp;    /* smtp.c: any mail server */
extern const struct provider_type provider_testbox; /* testbox.c: "outbox", accepts at once */
extern const struct provider_type provider_http;    /* http.c: any gateway, by configuration… */
extern const struct provider_type provider_aliyun;  /* …and those whose wire is known */
extern const struct provider_type provider_tencent;
extern const struct provider_type provider_twilio;

/* NULL at the end. */
const struct provider_type *const *channel_types(void);
const struct provider_type *channel_type(str name); /* NULL if there is none */
