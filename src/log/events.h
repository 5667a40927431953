/* events.h — the events the engine writes by itself, and those among them a client may send too.
 *
 * Their codes stand below EVENT_FIXED_END for ever, so that no record need name them and every
 * layer from the log up knows them without asking. A number is never given to another name. What
 * each carries is in docs/events.md. */
#pragma once
#include "base/base.h"

/* X(constant, code, name, may a client send it) */
#define SYSTEM_EVENTS(X)                                                                           \
    X(IDENTIFIED, 1, "Customer Identified", false)                                                 \
    X(EDITED, 2, "Customer Edited", false)                                                         \
    X(MERGED, 3, "Customers Merged", false)                                                        \
    X(UNMERGED, 4, "Customers Unmerged", false)                                                    \
    X(IDENTIFIER_ADDED, 5, "Identifier Added", false)                                              \
    X(ATTRIBUTE_CHANGED, 6, "Attribute Changed", false)                                            \
    X(CONSENT_CHANGED, 7, "Consent Changed", false)                                                \
    X(TAG_ADDED, 8, "Tag Added", false)                                                            \
    X(TAG_REMOVED, 9, "Tag Removed", false)                                                        \
    X(SEGMENT_ENTERED, 10, "Segment Entered", false)                                               \
    X(SEGMENT_LEFT, 11, "Segment Left", false)                                                     \
    X(STAGE_CHANGED, 12, "Stage Changed", false)                                                   \
    X(SCORE_CHANGED, 13, "Score Changed", false)                                                   \
    X(LEVEL_CHANGED, 14, "Level Changed", false)                                                   \
    X(ADDRESS_SUPPRESSED, 15, "Address Suppressed", false)                                         \
    X(ADDRESS_RELEASED, 16, "Address Released", false)                                             \
    X(FIELDS_KEPT, 17, "Fields Kept", false)                                                       \
    X(MESSAGE_PLANNED, 24, "Message Planned", false)                                               \
    X(MESSAGE_DEFERRED, 25, "Message Deferred", false)                                             \
    X(MESSAGE_CLAIMED, 26, "Message Claimed", false)                                               \
    X(MESSAGE_SENT, 27, "Message Sent", false)                                                     \
    X(MESSAGE_DELIVERED, 28, "Message Delivered", false)                                           \
    X(MESSAGE_OPENED, 29, "Message Opened", false)                                                 \
    X(MESSAGE_CLICKED, 30, "Message Clicked", false)                                               \
    X(MESSAGE_REPLIED, 31, "Message Replied", false)                                               \
    X(MESSAGE_REJECTED, 32, "Message Rejected", false)                                             \
    X(MESSAGE_BOUNCED, 33, "Message Bounced", false)                                               \
    X(MESSAGE_COMPLAINED, 34, "Message Complained", false)                                         \
    X(MESSAGE_UNSUBSCRIBED, 35, "Message Unsubscribed", false)                                     \
    X(MESSAGE_REFUSED, 36, "Message Refused", false)                                               \
    X(MESSAGE_UNKNOWN, 37, "Message Unknown", false)                                               \
    X(MESSAGE_EXPIRED, 38, "Message Expired", false)                                               \
    X(MESSAGE_CANCELLED, 39, "Message Cancelled", false)                                           \
    X(JOURNEY_ENTERED, 48, "Journey Entered", false)                                               \
    X(JOURNEY_EXITED, 49, "Journey Exited", false)                                                 \
    X(JOURNEY_REFUSED, 50, "Journey Refused", false)                                               \
    X(STEP_DONE, 51, "Step Done", false)                                                           \
    X(TASK_OPENED, 52, "Task Opened", false)                                                       \
    X(TASK_DONE, 53, "Task Done", false)                                                           \
    X(TASK_CLOSED, 54, "Task Closed", false)                                                       \
    X(OWNER_NOTIFIED, 55, "Owner Notified", false)                                                 \
    X(WEBHOOK_CALLED, 56, "Webhook Called", false)                                                 \
    X(JOURNEY_REQUESTED, 57, "Journey Requested", false)                                           \
    X(FORM_SUBMITTED, 58, "Form Submitted", false)                                                 \
    X(MESSAGE_RECEIVED, 59, "Message Received", false)                                             \
    X(STAFF_NOTICE, 60, "Staff Notice", false)                                                     \
    X(COUPON_GRANTED, 64, "Coupon Granted", false)                                                 \
    X(COUPON_CLAIMED, 65, "Coupon Claimed", true)                                                  \
    X(COUPON_USED, 66, "Coupon Used", true)                                                        \
    X(COUPON_EXPIRING, 67, "Coupon Expiring", false)                                               \
    X(COUPON_EXPIRED, 68, "Coupon Expired", false)                                                 \
    X(COUPON_REJECTED, 69, "Coupon Rejected", false)                                               \
    X(POINTS_ADDED, 72, "Points Added", false)                                                     \
    X(POINTS_TAKEN, 73, "Points Taken Back", false)                                                \
    X(POINTS_EXPIRED, 74, "Points Expired", false)

enum {
#define X(constant, code, name, client) EVENT_##constant = code,
    SYSTEM_EVENTS(X)
#undef X
    /* Codes below belong to this list, also those it does not use yet. */
    EVENT_FIXED_END = 128
};

/* Of a code below EVENT_FIXED_END: whether clients may send it (unused codes: no). */
static inline bool event_for_clients(unsigned code)
{
    switch (code) {
#define X(constant, number, name, client)                                                          \
    case number: return client;
        SYSTEM_EVENTS(X)
#undef X
    default: return 0;
    }
}
