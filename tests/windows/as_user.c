/* as_user.c: runs the rest of its command line without the rights of an administrator, as UAC starts a program,
 * and ends with its exit code. 99: it could not be started so. */
#include <windows.h>

enum { FAILED = 99 };

/* What follows our own name, which stands in quotation marks or has no space. */
static wchar_t *
rest_of(wchar_t *line)
{
    wchar_t end = *line == L'"' ? *line++ : L' ';
    while (*line != L'\0' && *line != end)
        line++;
    while (*line == L'"' || *line == L' ')
        line++;
    return line;
}

static BOOL
token_of_a_user(HANDLE *ret_token)
{
    BYTE sid[SECURITY_MAX_SID_SIZE];
    DWORD bytes = sizeof sid;
    SID_AND_ATTRIBUTES off = {.Sid = sid};
    HANDLE own;
    if (!CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, sid, &bytes) ||
        !OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &own))
        return FALSE;
    BOOL made = CreateRestrictedToken(own, 0, 1, &off, 0, NULL, 0, NULL, ret_token);
    CloseHandle(own);
    return made;
}

int
main(void)
{
    STARTUPINFOW how = {.cb = sizeof how};
    PROCESS_INFORMATION made;
    HANDLE token;
    DWORD code = FAILED;
    if (!token_of_a_user(&token) ||
        !CreateProcessAsUserW(token, NULL, rest_of(GetCommandLineW()), NULL, NULL, FALSE, 0, NULL,
                              NULL, &how, &made))
        return FAILED;
    WaitForSingleObject(made.hProcess, INFINITE);
    GetExitCodeProcess(made.hProcess, &code);
    return (int)code;
}
