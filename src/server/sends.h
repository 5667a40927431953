/* sends.h — one message into the log: whom it names, and its SEND record. Engine thread. */
#pragma once
#include "server/call.h"

struct send_asked {
    struct send_record record;
    struct record_id ids[RECORD_IDS_MAX]; /* named so that an erasure empties the record */
    u32 id_count;
};

/* To this customer, by the id that no other ever has. */
void send_to(struct call *c, struct send_asked *a, persona head);
/* Writes it; it is planned once `*number` is applied. */
MUST_USE err send_append(struct call *c, const struct send_asked *a, u64 *number);
