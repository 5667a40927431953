/* fixed.h — names every workspace has, with codes for ever: namespaces, channels, attributes, and
 * the properties that system events carry. record_fixed_names gives them at birth, so no record
 * need name them and apply never asks for a code. A number is never given to another name; places
 * up to the END of a list are kept for it. */
#pragma once

/* X(constant, code, name) */
#define FIXED_SPACES(X)                                                                            \
    X(USER_ID, 1, "user_id")                                                                       \
    X(ANONYMOUS_ID, 2, "anonymous_id")                                                             \
    X(EMAIL, 3, "email")                                                                           \
    X(PHONE, 4, "phone")                                                                           \
    X(MEMBER_NO, 5, "member_no")                                                                   \
    X(GROUP_ID, 6, "group_id")                                                                     \
    X(WECHAT_OPENID, 7, "wechat_openid")                                                           \
    X(WECHAT_UNIONID, 8, "wechat_unionid")                                                         \
    X(WECOM, 9, "wecom_external_userid")                                                           \
    X(ALIPAY, 10, "alipay_user_id")                                                                \
    X(DEVICE_TOKEN, 11, "device_token")

#define FIXED_CHANNELS(X)                                                                          \
    X(EMAIL, 1, "email")                                                                           \
    X(SMS, 2, "sms")                                                                               \
    X(PUSH, 3, "push")                                                                             \
    X(WECHAT, 4, "wechat")                                                                         \
    X(WECOM, 5, "wecom")                                                                           \
    X(ALIPAY, 6, "alipay")                                                                         \
    X(CALL, 7, "call")                                                                             \
    X(WEBHOOK, 8, "webhook")

#define FIXED_ATTRIBUTES(X) X(TIMEZONE, 1, "timezone")

/* What system events say (docs/events.md). The context of a client's event is a MAP under $context.
 */
#define FIXED_PROPERTIES(X)                                                                        \
    X(CONTEXT, 1, "$context")                                                                      \
    X(JOURNEY, 2, "journey")                                                                       \
    X(STEP, 3, "step")                                                                             \
    X(REASON, 4, "reason")                                                                         \
    X(CHANNEL, 5, "channel")                                                                       \
    X(TEMPLATE, 6, "template")                                                                     \
    X(MESSAGE, 7, "message_id")                                                                    \
    X(DETAIL, 8, "detail")                                                                         \
    X(NAME, 9, "name")                                                                             \
    X(OLD, 10, "old")                                                                              \
    X(NEW, 11, "new")                                                                              \
    X(TOPIC, 12, "topic")                                                                          \
    X(EXPIRES, 13, "expires")                                                                      \
    X(SEGMENT, 14, "segment")                                                                      \
    X(CUSTOMER, 15, "customer")                                                                    \
    X(NAMESPACE, 16, "namespace")                                                                  \
    X(VALUE, 17, "value")                                                                          \
    X(VERSION, 18, "version")                                                                      \
    X(UNTIL, 19, "until")                                                                          \
    X(KEY, 20, "key")                                                                              \
    X(FIELDS, 21, "fields")                                                                        \
    X(TASK, 22, "task_id")                                                                         \
    X(KIND, 23, "kind")                                                                            \
    X(OUTCOME, 24, "outcome")                                                                      \
    X(OWNER, 25, "owner")                                                                          \
    X(DUE, 26, "due")                                                                              \
    X(COUPON, 27, "coupon")                                                                        \
    X(CODE, 28, "code")                                                                            \
    X(ORDER, 29, "order_id")                                                                       \
    X(RESULT, 30, "result")                                                                        \
    X(MACHINE, 31, "machine")                                                                      \
    X(URL, 32, "url")                                                                              \
    X(SOURCE, 33, "source")                                                                        \
    X(TEXT, 34, "text")                                                                            \
    X(BY, 35, "by")                                                                                \
    X(ADDRESS, 36, "address")                                                                      \
    X(CONTENT, 37, "content")                                                                      \
    X(VALUES, 38, "values")                                                                        \
    X(CATEGORY, 39, "category")                                                                    \
    X(TO, 40, "to")

enum {
#define X(constant, code, name) SPACE_##constant = code,
    FIXED_SPACES(X)
#undef X
        SPACE_FIXED_COUNT
};
enum {
#define X(constant, code, name) CHANNEL_##constant = code,
    FIXED_CHANNELS(X)
#undef X
        CHANNEL_FIXED_COUNT
};
enum {
#define X(constant, code, name) ATTRIBUTE_##constant = code,
    FIXED_ATTRIBUTES(X)
#undef X
        ATTRIBUTE_FIXED_COUNT
};
enum {
#define X(constant, code, name) PROPERTY_##constant = code,
    FIXED_PROPERTIES(X)
#undef X
        PROPERTY_FIXED_COUNT,
    PROPERTY_FIXED_END = 64 /* codes below belong to the list above */
};
