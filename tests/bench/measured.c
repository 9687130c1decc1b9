/* Runs a command and says how long it took and how much memory it had at most.
 *   measured FILE COMMAND...    "seconds MiB CPU-seconds" into FILE; ends as the command does
 * A child that a large program forks starts with that program's peak on its account; one of this small
 * program does not. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
seconds_of(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

int
main(int argc, char **argv)
{
    FILE *f = argc < 3 ? NULL : fopen(argv[1], "we");
    if (f == NULL) {
        fprintf(stderr, "usage: measured FILE COMMAND...\n");
        return 125;
    }
    double began = now_s();
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    int status = 0;
    struct rusage used;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || getrusage(RUSAGE_CHILDREN, &used) != 0) {
        perror("measured");
        return 125;
    }
    fprintf(f, "%.6f %.3f %.6f\n", now_s() - began, (double)used.ru_maxrss / 1024,
            seconds_of(&used.ru_utime) + seconds_of(&used.ru_stime));
    fclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
