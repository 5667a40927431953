/* channels.c — the table of provider types. */
#include "channel/channels.h"

static const struct provider_type *const types[] = {&provider_smtp,
                                                    &provider_testbox,
                                                    &provider_http,
                                                    &provider_aliyun,
                                                    &provider_tencent,
                                                    &provider_twilio,
                                                    NULL};

const struct provider_type *const *channel_types(void)
{
    return types;
}

const struct provider_type *channel_type(str name)
{
    for (const struct provider_type *const *t = types; *t; t++)
        if (str_eq(str_of((*t)->name), name)) return *t;
    return NULL;
}
