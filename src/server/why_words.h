/* why_words.h — reasons as sentences in both languages: what happened, and what would have to be
 * different. */
#pragma once
#include "base/base.h"

struct why_words {
    const char *code; /* as it stands in events: "consent", "entry_if"… */
    const char *zh, *en;
    const char *change_zh, *change_en; /* NULL: nothing can be done about it */
};

/* Words for what became of it; `entry`: a reason for which somebody did not enter, else one of a
 * message. NULL: unknown. */
const struct why_words *why_reason(str code, bool entry);
/* Words for how far it came: "never_triggered", "waiting", a message's status… */
const struct why_words *why_outcome(str code);
