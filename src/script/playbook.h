/* playbook.h — ready-made journeys: a bundle with open questions, and answers to them.
 *
 *   {"id", "name", "story", "scenario", "needs", "questions":[{"id","type","default",…}], "bundle"}
 *   besides: "goal", "icon", "sentence", "meets" for pages; "variants": words for other channels
 *        └─ playbook_expand(answers) ─► {"journeys":[…], "templates":[…], "coupons":[…], …}
 *
 * In the bundle the text "${id}" is the answer to the question of that id, with its type; within a
 * longer text it is written out. In templates an object of "zh" and "en" alone is the text of the
 * language at hand. docs/playbooks.md has the format. */
#pragma once
#include "base/json.h"

/* The member of that name ("bundle", "needs") with answers put in; a question without an answer has
 * its default, `answers` may be NULL. "language" is an answer too: "zh" (without one) or "en".
 * ERR_REFUSED with the place: an answer nobody asked for, or one that does not fit its type. Lives
 * in `arena`. */
MUST_USE err playbook_expand(const struct json *playbook, const char *member,
                             const struct json *answers, struct arena *arena,
                             const struct json **out, struct diag *why);

/* The bundle with every send of its journeys by `channel`: where a message is for another one, the
 * template of "variants" that is `of` it takes its place. ERR_REFUSED at /channel: a message has no
 * words for that channel. */
MUST_USE err playbook_channel(const struct json *bundle, const struct json *variants, str channel,
                              struct arena *arena, const struct json **out, struct diag *why);
