/* engine_tool.h: the tools in the Bin folder of the sync engine that write down what it knows: csexport.exe
 * and svrexport.exe.
 *
 * Shape      Run in a job, by their whole path, only as long as program and folder belong to an
 *            administrator, no group that people are in may write them, and none may put others in the
 *            place of the folders above. Their output is read and, but for its last line, forgotten. There
 *            is no way here to run anything else.
 * Limits     ENGINE_TOOL_MEMORY_BYTES.
 * Errors     BATON_NOT_FOUND: no engine's folder, or no such tool in it. BATON_REFUSED: others may write
 *            it. BATON_FAILED: it ended with another exit code than 0, or left nothing. As job.h.
 * Source     domain 4.2; windows.md.
 */
#ifndef AGENT_WINDOWS_ENGINE_TOOL_H
#define AGENT_WINDOWS_ENGINE_TOOL_H

#include "win_text.h"

enum { ENGINE_PATH_BYTES = 1024, ENGINE_TOOL_MEMORY_BYTES = 1024 * 1024 * 1024 };

struct engine_tool {
    const char *engine; /* the folder above Bin */
    HANDLE cancel;
    uint32_t limit_ms;
};

/* Everything that is about to be exported from that connector, as csexport XML; the file is replaced
 * as a whole. */
enum baton_status engine_csexport(const struct engine_tool *t, const char *connector,
                                  const char *file, struct baton_err *err) BATON_MUST_USE;
/* The configuration of agents and metaverse, into a folder that is not there yet. */
enum baton_status engine_svrexport(const struct engine_tool *t, const char *folder,
                                   struct baton_err *err) BATON_MUST_USE;

/* A folder of our own with all that is in it; links in it are removed and not followed. True: gone. */
bool engine_clear(const char *folder, struct baton_err *err);

#endif
