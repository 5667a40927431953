#include "analysis/numbers.h"

#include <stdlib.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

void numbers_grow(struct numbers *v, u64 more)
{
    u64 room = v->room ? v->room : 64;
    if (v->n + more > NUMBERS_MAX) {
        v->full = true;
        return;
    }
    while (room < v->n + more) room *= 2;
    v->p = mem_realloc(v->p, room * sizeof *v->p);
    v->room = room;
}

void numbers_clear(struct numbers *v)
{
    free(v->p);
    *v = (struct numbers){0};
}

void numbers_take(struct numbers *v, const struct numbers *from)
{
    v->full |= from->full;
    if (from->n == 0) return;
    if (v->n + from->n > v->room) numbers_grow(v, from->n);
    if (v->n + from->n > v->room) return;
    memcpy(v->p + v->n, from->p, from->n * sizeof *v->p);
    v->n += from->n;
}

void numbers_sort(struct numbers *v)
{
    u64 all = 0, *from = v->p, *to;
    for (u64 i = 0; i < v->n; i++) all |= v->p[i];
    if (v->n < 2) return;
    to = mem_alloc(v->n * sizeof *to);
    for (u32 shift = 0; shift < 64 && all >> shift; shift += DIGIT_BITS) {
        u64 place[DIGITS] = {0}, sum = 0, *swap = from;
        for (u64 i = 0; i < v->n; i++) place[from[i] >> shift & (DIGITS - 1)]++;
        for (u32 d = 0; d < DIGITS; d++) {
            u64 count = place[d];
            place[d] = sum;
            sum += count;
        }
        for (u64 i = 0; i < v->n; i++) to[place[from[i] >> shift & (DIGITS - 1)]++] = from[i];
        from = to;
        to = swap;
    }
    v->p = from;
    v->room = v->n;
    free(to);
}

/* From 0. */
static u64 place_of(const struct numbers *v, u64 part, u64 whole)
{
    u64 rank = (u64)(((u128)part * v->n + whole - 1) / whole);
    if (rank < 1) rank = 1;
    return rank > v->n ? v->n - 1 : rank - 1;
}

/* Digit by digit from the highest: those whose digit is that of the rank stay. */
u64 numbers_select(const struct numbers *v, u64 part, u64 whole)
{
    u64 place = place_of(v, part, whole), all = 0, n = v->n, *left = NULL, found = 0;
    const u64 *from = v->p;
    u32 shift = 0;
    for (u64 i = 0; i < n; i++) all |= from[i];
    while (shift + DIGIT_BITS < 64 && all >> shift >> DIGIT_BITS) shift += DIGIT_BITS;
    for (;; shift -= DIGIT_BITS) {
        u64 count[DIGITS] = {0}, digit = 0, stay = 0;
        for (u64 i = 0; i < n; i++) count[from[i] >> shift & (DIGITS - 1)]++;
        while (place >= count[digit]) place -= count[digit++];
        found |= digit << shift;
        if (shift == 0) break;
        u64 *next = mem_alloc(count[digit] * sizeof *next);
        for (u64 i = 0; i < n; i++)
            if ((from[i] >> shift & (DIGITS - 1)) == digit) next[stay++] = from[i];
        free(left);
        from = left = next;
        n = stay;
    }
    free(left);
    return found;
}

/* Among those whose first digit is one of the ranks', all others left out, a rank is as many lower
 * as there are others with a lower digit. */
void numbers_ranks(const struct numbers *v, const u64 *parts, u32 count, u64 whole, u64 *out)
{
    u64 all = 0, in[DIGITS] = {0}, below[DIGITS], sum = 0, left_out = 0, kept = 0;
    bool wanted[DIGITS] = {0};
    u32 shift = 0;
    for (u64 i = 0; i < v->n; i++) all |= v->p[i];
    while (all >> shift >> DIGIT_BITS) shift++;
    for (u64 i = 0; i < v->n; i++) in[v->p[i] >> shift]++;
    for (u32 k = 0; k < count; k++) {
        u64 place = place_of(v, parts[k], whole), at = 0;
        u32 digit = 0;
        while (place >= at + in[digit]) at += in[digit++];
        wanted[digit] = true;
        out[k] = digit;
    }
    for (u32 d = 0; d < DIGITS; d++) {
        if (wanted[d])
            sum += in[d];
        else
            left_out += in[d];
        below[d] = left_out;
    }
    struct numbers some = {.p = mem_alloc((sum + 1) * sizeof *some.p), .n = sum, .room = sum + 1};
    for (u64 i = 0; i < v->n; i++) {
        some.p[kept] = v->p[i];
        kept += wanted[v->p[i] >> shift];
    }
    numbers_sort(&some);
    for (u32 k = 0; k < count; k++) out[k] = some.p[place_of(v, parts[k], whole) - below[out[k]]];
    numbers_clear(&some);
}

/* Grows towards the place, with as much again in that direction. */
u64 *series_far(struct series *s, i64 place)
{
    i64 first = place, last = place;
    if (s->places) {
        first = place < s->first ? place : s->first;
        last = place > s->first ? place : s->first;
        if (last < s->first + (i64)s->places - 1) last = s->first + (i64)s->places - 1;
    }
    u64 places = (u64)(last - first) + 1, slack = places / 2 + 16;
    if (places > SERIES_PLACES_MAX || places * s->words > SERIES_CELLS_MAX) {
        s->full = true;
        return NULL;
    }
    if (s->places && first < s->first) first -= (i64)slack;
    u64 *cells = mem_zalloc((places + slack) * s->words * sizeof *cells);
    if (s->places)
        memcpy(cells + (u64)(s->first - first) * s->words, s->cells,
               s->places * s->words * sizeof *cells);
    free(s->cells);
    *s = (struct series){cells, first, places + slack, s->words, s->full};
    return s->cells + (u64)(place - s->first) * s->words;
}

static bool is_zero(const u64 *cells, u32 words)
{
    for (u32 w = 0; w < words; w++)
        if (cells[w]) return false;
    return true;
}

void series_add(struct series *s, const struct series *other)
{
    s->full |= other->full;
    for (u64 i = 0; i < other->places; i++) {
        const u64 *from = other->cells + i * other->words;
        u64 *into = is_zero(from, s->words) ? NULL : series_at(s, other->first + (i64)i);
        for (u32 w = 0; into && w < s->words; w++) into[w] += from[w];
    }
}

void series_zero(struct series *s)
{
    if (s->places) memset(s->cells, 0, s->places * s->words * sizeof *s->cells);
}

void series_clear(struct series *s)
{
    free(s->cells);
    *s = (struct series){.words = s->words};
}
