/* Files and folders through a fuzz target, where no fuzzer is linked. */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

static size_t replayed;

static bool
replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (f == NULL || fstat(fileno(f), &st) != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    size_t len = (size_t)st.st_size;
    uint8_t *bytes = malloc(len > 0 ? len : 1);
    FUZZ_CHECK(bytes != NULL && fread(bytes, 1, len, f) == len);
    fclose(f);
    printf("%s\n", path);
    fflush(stdout); /* the last name printed is the one that crashed */
    (void)LLVMFuzzerTestOneInput(bytes, len);
    replayed++;
    free(bytes);
    return true;
}

static bool
replay_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL)
        return replay_file(path);
    bool good = true;
    for (struct dirent *e; (e = readdir(folder)) != NULL && good;) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        if (e->d_name[0] != '.')
            good = replay_file(file);
    }
    closedir(folder);
    return good;
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!replay_folder(argv[i]))
            return 1;
    if (replayed == 0)
        fprintf(stderr, "nothing to replay: give files or folders\n");
    return replayed > 0 ? 0 : 2;
}
