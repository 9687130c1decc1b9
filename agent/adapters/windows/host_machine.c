#include "host_machine.h"

#include <windows.h>

#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <winioctl.h>

#include "common/crypto/crypto.h"
#include "registry.h"
#include "win_text.h"

/* --- boot --- */

enum { BOOT_TRIES = 50, BOOT_WAIT_MS = 10 };

static LSTATUS
open_boot(HKEY *ret_key, bool *ret_new)
{
    HKEY own;
    DWORD how = 0;
    LSTATUS rc = RegCreateKeyExW(HKEY_LOCAL_MACHINE, L"Software\\Baton", 0, NULL, 0,
                                 KEY_CREATE_SUB_KEY | KEY_WOW64_64KEY, NULL, &own, NULL);
    if (rc != ERROR_SUCCESS)
        return rc;
    rc = RegCreateKeyExW(own, L"Boot", 0, NULL, REG_OPTION_VOLATILE,
                         KEY_READ | KEY_WRITE | KEY_WOW64_64KEY, NULL, ret_key, &how);
    RegCloseKey(own);
    *ret_new = how == REG_CREATED_NEW_KEY;
    return rc;
}

static LSTATUS
read_boot(HKEY key, struct baton_id *ret_boot)
{
    DWORD type = 0, bytes = sizeof ret_boot->b;
    LSTATUS rc = RegQueryValueExW(key, L"Id", NULL, &type, ret_boot->b, &bytes);
    if (rc == ERROR_SUCCESS && (type != REG_BINARY || bytes != sizeof ret_boot->b))
        rc = ERROR_BADKEY;
    return rc;
}

/* Two that ask at once: the one that made the key fills it, the other waits for that. */
static enum baton_status
look_boot(struct baton_id *ret_boot, struct baton_err *err)
{
    HKEY key;
    bool fresh = false;
    LSTATUS rc = open_boot(&key, &fresh);
    if (rc != ERROR_SUCCESS)
        return win_fail(err, (DWORD)rc,
                        "HKLM\\Software\\Baton\\Boot cannot be opened (the agent runs as SYSTEM or "
                        "as an administrator)");
    if (fresh) {
        crypto_random(ret_boot->b, sizeof ret_boot->b);
        rc = RegSetValueExW(key, L"Id", 0, REG_BINARY, ret_boot->b, sizeof ret_boot->b);
    } else {
        for (int i = 0; i < BOOT_TRIES; i++) {
            rc = read_boot(key, ret_boot);
            if (rc != ERROR_FILE_NOT_FOUND)
                break;
            Sleep(BOOT_WAIT_MS);
        }
    }
    RegCloseKey(key);
    return rc == ERROR_SUCCESS
               ? BATON_OK
               : win_fail(err, (DWORD)rc, "HKLM\\Software\\Baton\\Boot: the boot's id");
}

/* --- MachineGuid --- */

static enum baton_status
look_guid(struct baton_id *ret_guid, struct baton_err *err)
{
    wchar_t text[REGISTRY_TEXT_UNITS];
    char guid[64];
    DWORD code = registry_read_text(L"SOFTWARE\\Microsoft\\Cryptography", L"MachineGuid", text);
    if (code != ERROR_SUCCESS)
        return win_fail(err, code, "HKLM\\SOFTWARE\\Microsoft\\Cryptography: MachineGuid");
    win_line(text, guid, sizeof guid);
    return baton_guid_parse(guid, ret_guid)
               ? BATON_OK
               : baton_fail(err, BATON_MALFORMED, "MachineGuid is no GUID: %s", guid);
}

/* --- generation --- */

#define IOCTL_VM_GENERATION                                                                        \
    CTL_CODE(FILE_DEVICE_ACPI, 1, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)

/* No device, no hypervisor that tells: zero. A device that does not answer is an error. */
static enum baton_status
look_generation(struct baton_id *ret_generation, struct baton_err *err)
{
    DWORD got = 0;
    HANDLE device = CreateFileW(L"\\\\.\\VmGenerationCounter", GENERIC_READ | GENERIC_WRITE,
                                FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    if (device == INVALID_HANDLE_VALUE) {
        DWORD code = GetLastError();
        return code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND
                   ? BATON_OK
                   : win_fail(err, code, "the VM generation id's device");
    }
    bool good = DeviceIoControl(device, IOCTL_VM_GENERATION, NULL, 0, ret_generation->b,
                                sizeof ret_generation->b, &got, NULL) &&
                got == sizeof ret_generation->b;
    DWORD code = good ? ERROR_SUCCESS : GetLastError();
    CloseHandle(device);
    return good ? BATON_OK : win_fail(err, code, "reading the VM generation id");
}

/* --- disk --- */

enum { LAYOUT_BYTES = 16384, DISK_WORDS = 64 };

static DWORD
ask_device(const wchar_t *name, DWORD question, void *out, DWORD cap)
{
    DWORD got = 0;
    HANDLE device =
        CreateFileW(name, 0, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    if (device == INVALID_HANDLE_VALUE)
        return GetLastError();
    DWORD code = DeviceIoControl(device, question, NULL, 0, out, cap, &got, NULL) ? ERROR_SUCCESS
                                                                                  : GetLastError();
    CloseHandle(device);
    return code;
}

/* A volume that lies on no single disk, or a system that keeps disks to itself. */
static bool
has_none(DWORD code)
{
    return code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND ||
           code == ERROR_INVALID_FUNCTION || code == ERROR_NOT_SUPPORTED;
}

union answer {
    VOLUME_DISK_EXTENTS extents;
    DRIVE_LAYOUT_INFORMATION_EX layout;
    BYTE room[LAYOUT_BYTES];
};

static void
layout_words(const DRIVE_LAYOUT_INFORMATION_EX *layout, char out[DISK_WORDS])
{
    char hex[sizeof(GUID) * 2 + 1];
    if (layout->PartitionStyle == PARTITION_STYLE_GPT) {
        baton_hex(&layout->Gpt.DiskId, sizeof(GUID), hex);
        snprintf(out, DISK_WORDS, "gpt %s", hex);
    } else if (layout->PartitionStyle == PARTITION_STYLE_MBR) {
        snprintf(out, DISK_WORDS, "mbr %08lx", layout->Mbr.Signature);
    }
}

/* Of the disk that the system's volume begins on; "" where Windows knows no such disk. */
static enum baton_status
disk_words(wchar_t drive, char out[DISK_WORDS], struct baton_err *err)
{
    union answer u = {0};
    wchar_t name[64];
    out[0] = '\0';
    _snwprintf(name, ARRAY_LEN(name), L"\\\\.\\%lc:", (wint_t)drive);
    DWORD code = ask_device(name, IOCTL_VOLUME_GET_VOLUME_DISK_EXTENTS, &u, sizeof u);
    if (code == ERROR_SUCCESS && u.extents.NumberOfDiskExtents > 0) {
        _snwprintf(name, ARRAY_LEN(name), L"\\\\.\\PhysicalDrive%lu",
                   u.extents.Extents[0].DiskNumber);
        memset(&u, 0, sizeof u);
        code = ask_device(name, IOCTL_DISK_GET_DRIVE_LAYOUT_EX, &u, sizeof u);
        if (code == ERROR_SUCCESS)
            layout_words(&u.layout, out);
    }
    return code == ERROR_SUCCESS || has_none(code)
               ? BATON_OK
               : win_fail(err, code, "the identity of the system's disk");
}

static enum baton_status
look_disk(struct baton_id *ret_disk, struct baton_err *err)
{
    wchar_t windows[MAX_PATH], root[4] = L"?:\\";
    char disk[DISK_WORDS], words[DISK_WORDS * 2];
    DWORD serial = 0;
    struct baton_hash hash;
    UINT units = GetSystemWindowsDirectoryW(windows, MAX_PATH);
    if (units < 2 || units >= MAX_PATH)
        return win_fail(err, GetLastError(), "where Windows lies");
    root[0] = windows[0];
    if (!GetVolumeInformationW(root, NULL, 0, &serial, NULL, NULL, NULL, 0))
        return win_fail(err, GetLastError(), "the serial number of the system's volume");
    enum baton_status rc = disk_words(windows[0], disk, err);
    if (rc != BATON_OK)
        return rc;
    int len = snprintf(words, sizeof words, "%s volume %08lx", disk, serial);
    crypto_sha256(words, (size_t)len, &hash);
    memcpy(ret_disk->b, hash.b, sizeof ret_disk->b);
    return BATON_OK;
}

enum baton_status
machine_look(struct machine *ret_machine, struct baton_err *err)
{
    struct machine m = {0};
    enum baton_status rc = look_boot(&m.boot, err);
    if (rc == BATON_OK)
        rc = look_guid(&m.guid, err);
    if (rc == BATON_OK)
        rc = look_generation(&m.generation, err);
    if (rc == BATON_OK)
        rc = look_disk(&m.disk, err);
    if (rc == BATON_OK)
        *ret_machine = m;
    return rc;
}
