/* tools.h: programs of the stand-in product that are no services; each is a main of its own. */
#ifndef STANDIN_TOOLS_H
#define STANDIN_TOOLS_H

int tool_csexport(int argc, char **argv);  /* CONNECTOR FILE /f:x */
int tool_svrexport(int argc, char **argv); /* FOLDER */
int tool_window(int argc, char **argv);    /* says "open", and stays */

#endif
