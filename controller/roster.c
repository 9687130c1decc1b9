#include "controller/engine_state.h"

#include <stdlib.h>
#include <string.h>

/* Rooms and seats lie in arrays of pointers sorted by id, so that pointers to them stay good. */
static size_t
room_place(const struct engine *e, const struct baton_id *tenant, bool *ret_found)
{
    size_t low = 0, high = e->room_count;
    *ret_found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(e->room[middle]->t.info.id.b, tenant->b, sizeof tenant->b);
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t
seat_place(const struct engine *e, const struct baton_key *key, bool *ret_found)
{
    size_t low = 0, high = e->seat_count;
    *ret_found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(e->seat[middle]->row.key.b, key->b, sizeof key->b);
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool
array_grow(void **array, size_t *cap, size_t count, size_t size)
{
    if (count < *cap)
        return true;
    size_t more = *cap == 0 ? 16 : *cap * 2;
    void *grown = realloc(*array, more * size);
    if (grown == NULL)
        return false;
    *array = grown;
    *cap = more;
    return true;
}

struct room *
room_find(const struct engine *e, const struct baton_id *tenant)
{
    bool found;
    size_t at = room_place(e, tenant, &found);
    return found ? e->room[at] : NULL;
}

struct room *
room_add(struct engine *e, const struct baton_id *tenant)
{
    bool found;
    size_t at = room_place(e, tenant, &found);
    struct room *room = calloc(1, sizeof *room);
    if (found || room == NULL ||
        !array_grow((void **)&e->room, &e->room_cap, e->room_count, sizeof(struct room *))) {
        free(room);
        return NULL;
    }
    memmove(&e->room[at + 1], &e->room[at], (e->room_count - at) * sizeof(struct room *));
    e->room[at] = room;
    e->room_count++;
    room->t.info.id = *tenant;
    room->t.authority.tenant = *tenant;
    return room;
}

struct seat *
seat_find(const struct engine *e, const struct baton_key *key)
{
    bool found;
    size_t at = seat_place(e, key, &found);
    return found ? e->seat[at] : NULL;
}

struct seat *
seat_find_curve(const struct engine *e, const struct baton_key *curve_key)
{
    for (size_t i = 0; i < e->seat_count; i++)
        if (baton_key_eq(&e->seat[i]->row.curve_key, curve_key))
            return e->seat[i];
    return NULL;
}

struct seat *
seat_add(struct engine *e, struct room *room, const struct agent_row *row)
{
    bool found;
    size_t at = seat_place(e, &row->key, &found);
    struct seat *seat = calloc(1, sizeof *seat);
    if (found || seat == NULL ||
        !array_grow((void **)&e->seat, &e->seat_cap, e->seat_count, sizeof(struct seat *))) {
        free(seat);
        return NULL;
    }
    memmove(&e->seat[at + 1], &e->seat[at], (e->seat_count - at) * sizeof(struct seat *));
    e->seat[at] = seat;
    e->seat_count++;
    seat->row = *row;
    seat->room = room;
    room->seat[row->slot] = seat;
    return seat;
}

struct one_time *
token_find(const struct engine *e, const struct baton_key *curve_key)
{
    for (size_t i = 0; i < e->token_count; i++)
        if (baton_key_eq(&e->token[i].curve_key, curve_key))
            return &e->token[i];
    return NULL;
}

struct one_time *
token_add(struct engine *e, const struct baton_key *curve_key, const struct token_row *row)
{
    if (e->token_count == TOKENS_OPEN_MAX ||
        !array_grow((void **)&e->token, &e->token_cap, e->token_count, sizeof *e->token))
        return NULL;
    struct one_time *t = &e->token[e->token_count++];
    t->curve_key = *curve_key;
    t->row = *row;
    return t;
}

void
token_drop(struct engine *e, struct one_time *token)
{
    *token = e->token[--e->token_count];
}

struct login_entry *
login_add(struct engine *e, const struct baton_hash *key, const struct login *login)
{
    if (!array_grow((void **)&e->login, &e->login_cap, e->login_count, sizeof *e->login))
        return NULL;
    struct login_entry *entry = &e->login[e->login_count++];
    entry->key = *key;
    entry->login = *login;
    return entry;
}

void
roster_free(struct engine *e)
{
    for (size_t i = 0; i < e->room_count; i++)
        free(e->room[i]);
    for (size_t i = 0; i < e->seat_count; i++)
        free(e->seat[i]);
    free(e->room);
    free(e->seat);
    free(e->token);
    free(e->login);
}
