/* loop.c — journeys that begin each other in a circle, or themselves, stop after three rounds a
 * day.
 *
 *   Journey Entered {by}      another journey handed her over
 *   Journey Entered {source}  an event of a journey began it: an exit, a message that was sent, a
 *                             tag that it gave, a segment that she came into by it…
 *
 * Hand-overs into one journey are counted wherever they come from. An event may begin as many as it
 * likes, unless what began it goes back to the journey itself. All of it is read from her timeline
 * of the last 24 hours. */
#include "journey/journey_internal.h"

#include "log/events.h"
#include "log/fixed.h"

enum { BEGUN_A_DAY_MAX = 3, ENTRIES_READ_MAX = 4096, CIRCLE_MAX = 64 };

static str text_in(const struct event *ev, u32 property)
{
    value v = props_get(ev->props, property);
    return v.type == VALUE_TEXT ? v.text : (str){0};
}

/* What a person did with a message or a task is no doing of the journey. */
static bool by_person(u32 code)
{
    return code == EVENT_MESSAGE_OPENED || code == EVENT_MESSAGE_CLICKED ||
           code == EVENT_MESSAGE_REPLIED || code == EVENT_MESSAGE_COMPLAINED ||
           code == EVENT_MESSAGE_UNSUBSCRIBED || code == EVENT_TASK_DONE;
}

/* Rules write these as well; whose doing they follow from stands under another name there. */
static bool by_rules(u32 code)
{
    return code == EVENT_SEGMENT_ENTERED || code == EVENT_SEGMENT_LEFT ||
           code == EVENT_STAGE_CHANGED || code == EVENT_LEVEL_CHANGED || code == EVENT_TAG_ADDED ||
           code == EVENT_TAG_REMOVED || code == EVENT_ATTRIBUTE_CHANGED;
}

str journey_doing(const struct event *ev)
{
    if (!(ev->flags & EVENT_SYSTEM) || by_person(ev->code)) return (str){0};
    str own = text_in(ev, PROPERTY_JOURNEY);
    return own.n || !by_rules(ev->code) ? own : text_in(ev, PROPERTY_SOURCE);
}

str journey_behind(const struct program *p, const struct cause *cause)
{
    if (!cause->event) return cause->behind;
    return is_hand(p, cause->event) ? (str){0} : journey_doing(cause->event);
}

/* An entry, and the journey that began it. */
struct begun {
    str journey, from;
    bool handed;
};

static u32 entries(struct journeys *j, persona head, i64 now, struct begun *out)
{
    struct subject who;
    struct event ev;
    u32 n = 0;
    j->host.subject(j->host.ctx, head, &who);
    struct event_iter *it = event_iter(who.events, who.personas, who.persona_count, now - DAY + 1,
                                       now + 1, who.scratch);
    while (event_next(it, &ev) && n < ENTRIES_READ_MAX) {
        if (ev.code != EVENT_JOURNEY_ENTERED) continue;
        str by = text_in(&ev, PROPERTY_BY);
        out[n].handed = by.n > 0;
        str from = by.n ? by : text_in(&ev, PROPERTY_SOURCE);
        if (!from.n) continue;
        out[n].from = arena_str(who.scratch, from);
        out[n++].journey = arena_str(who.scratch, text_in(&ev, PROPERTY_JOURNEY));
    }
    return n;
}

/* Does what began `from` go back to this journey? */
static bool goes_back(const struct begun *list, u32 n, str from, str to)
{
    str met[CIRCLE_MAX] = {from};
    u32 count = 1;
    for (u32 i = 0; i < count; i++) {
        if (str_eq(met[i], to)) return true;
        for (u32 k = 0; k < n; k++) {
            bool known = !str_eq(list[k].journey, met[i]) || count == CIRCLE_MAX;
            for (u32 m = 0; m < count && !known; m++) known = str_eq(met[m], list[k].from);
            if (!known) met[count++] = list[k].from;
        }
    }
    return false;
}

bool journey_loops(struct journeys *j, const struct program *p, persona head,
                   const struct cause *cause, i64 now)
{
    str from = journey_behind(p, cause);
    bool handed = cause->event && is_hand(p, cause->event);
    u32 begun = 0;
    if (!handed && !from.n) return false;
    struct begun *list = mem_alloc(ENTRIES_READ_MAX * sizeof *list);
    u32 n = entries(j, head, now, list);
    for (u32 i = 0; i < n; i++) begun += str_eq(list[i].journey, p->id) && list[i].handed == handed;
    bool loops = begun >= BEGUN_A_DAY_MAX && (handed || goes_back(list, n, from, p->id));
    free(list);
    return loops;
}
