/* A process with the agent's libraries and nothing else: what they take by being there. It says that it is
 * ready and waits until its standard input ends. */
#include <stdio.h>

int
main(void)
{
    puts("ready");
    (void)fflush(stdout);
    while (getchar() != EOF)
        continue;
    return 0;
}
