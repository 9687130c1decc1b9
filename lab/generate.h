/* generate.h: `baton-lab generate exports`: pending exports of any size, and what is in them.
 *
 * Shape      The same options give the same bytes on every machine.
 * Errors     Said on standard error; the result is the exit code.
 */
#ifndef LAB_GENERATE_H
#define LAB_GENERATE_H

extern const char generate_options[]; /* for a page of help */

/* argv[0] is "generate". */
int generate_command(int argc, char **argv);

#endif
