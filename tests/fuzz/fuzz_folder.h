/* fuzz_folder.h: a folder of this process alone, for what reads files by their names. Gone with the process. */
#ifndef TESTS_FUZZ_FOLDER_H
#define TESTS_FUZZ_FOLDER_H

#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FUZZ_FOLDER_BYTES = 48, FUZZ_FILE_BYTES = 320 };

static char fuzz_folder[FUZZ_FOLDER_BYTES];

/* FILE in the folder; static. */
static inline const char *
fuzz_in_folder(const char *file)
{
    static char path[FUZZ_FILE_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", fuzz_folder, file);
    return path;
}

static inline void
fuzz_folder_empty(void)
{
    DIR *d = opendir(fuzz_folder);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.')
            (void)unlink(fuzz_in_folder(e->d_name));
    if (d != NULL)
        (void)closedir(d);
}

static inline void
fuzz_folder_remove(void)
{
    fuzz_folder_empty();
    (void)rmdir(fuzz_folder);
}

/* In memory where there is such a place: nobody waits for a disk that is thrown away. */
static inline void
fuzz_folder_open(void)
{
    struct stat st;
    bool memory =
        stat("/dev/shm", &st) == 0 && S_ISDIR(st.st_mode) && access("/dev/shm", W_OK) == 0;
    if (fuzz_folder[0] != '\0')
        return;
    (void)snprintf(fuzz_folder, sizeof fuzz_folder, "%s/baton-fuzz-XXXXXX",
                   memory ? "/dev/shm" : "/tmp");
    FUZZ_CHECK(mkdtemp(fuzz_folder) != NULL && atexit(fuzz_folder_remove) == 0);
}

static inline void
fuzz_folder_write(const char *file, const void *bytes, size_t len)
{
    FILE *f = fopen(fuzz_in_folder(file), "wb");
    FUZZ_CHECK(f != NULL && fwrite(bytes, 1, len, f) == len && fclose(f) == 0);
}

/* malloc'd; NULL: no such file. */
static inline uint8_t *
fuzz_folder_read(const char *file, size_t *ret_len)
{
    struct stat st;
    FILE *f = fopen(fuzz_in_folder(file), "rb");
    if (f == NULL)
        return NULL;
    FUZZ_CHECK(fstat(fileno(f), &st) == 0);
    *ret_len = (size_t)st.st_size;
    uint8_t *bytes = malloc(*ret_len + 1);
    FUZZ_CHECK(bytes != NULL && fread(bytes, 1, *ret_len, f) == *ret_len && fclose(f) == 0);
    return bytes;
}

#endif
