"""A Windows machine under Wine: what every test in this folder starts from.

    class Something(wine.WindowsCase):
        version = "win10"                    # else it is what BATON_WINDOWS says, Windows 7 without a word
        def test_it_answers(self):
            done = self.machine.run(wine.PROGRAMS / "baton-agent.exe", "--version")
            self.assertEqual(done.code, 0)   # whole, not its last eight bits

Each machine is a prefix of its own, copied from a template that is made once for this version of Wine. A machine
that is closed leaves no process and no file. Wine accepts much without doing it (see docs/windows.md): a test
asserts on an effect that was not there before.
"""
import collections
import contextlib
import fcntl
import hashlib
import itertools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))
from lab_site import CommandFailed, Process  # noqa: E402

PROGRAMS = pathlib.Path(os.environ.get("BATON_PROGRAMS", ROOT / "build/windows/bin")).resolve()
TOOLS = PROGRAMS.parent / "tests/windows"  # what tests need and nobody ships: keep.exe
VERSIONS = {"win7": "6.1.7601", "win10": "10.0."}  # and how it calls itself
VERSION = os.environ.get("BATON_WINDOWS", "win7")  # of every machine of which the test does not say it
CRASH_IS_SILENT = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion\AeDebug"

Done = collections.namedtuple("Done", "code out err")


def environment(prefix):
    """Nothing of this machine's but the search path: no display, no home folder to write to."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "USER": "tester", "HOME": str(prefix / "home"), "WINEPREFIX": str(prefix),
            "WINEDEBUG": os.environ.get("BATON_WINEDEBUG", "-all"), "WINEDLLOVERRIDES": "mscoree,mshtml="}


def processes(prefix):
    """pid -> command line of what runs in that prefix, Wine's own server included."""
    mark = b"WINEPREFIX=" + os.fsencode(prefix)
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def end_session(prefix, timeout=20):
    """Everything in that prefix ends at once, as when the power goes: services hear nothing of it."""
    subprocess.run(["wineserver", "-k"], env=environment(prefix), timeout=timeout, check=False)
    deadline = time.monotonic() + timeout
    while left := processes(prefix):
        if time.monotonic() > deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


# --- the template ------------------------------------------------------------------------------------

def _strip(prefix):
    """Debugging symbols are two thirds of a prefix; Wine runs its own copies of these files anyhow."""
    programs = [f for f in (prefix / "drive_c/windows").rglob("*") if f.is_file() and not f.is_symlink()
                and f.suffix.lower() in (".dll", ".exe", ".drv", ".sys", ".ocx", ".cpl", ".acm", ".ax")]
    subprocess.run(["x86_64-w64-mingw32-strip", "-S", *map(str, programs)], check=True, stderr=subprocess.DEVNULL)


def _make_template(prefix, version):
    (prefix / "home").mkdir(parents=True)
    try:
        for argv in (["wineboot", "-i"], ["winecfg", "-v", version],
                     ["reg", "add", CRASH_IS_SILENT, "/v", "Auto", "/d", "0", "/f"],
                     ["reg", "add", CRASH_IS_SILENT, "/v", "Debugger", "/d", "", "/f"]):
            subprocess.run(["wine", *argv], env=environment(prefix), timeout=180, check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    finally:
        end_session(prefix)
    _strip(prefix)


def template(version):
    """The prefix that machines of this version of Windows are copied from; made when it is not there."""
    wine = subprocess.run(["wine", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    recipe = hashlib.sha256(pathlib.Path(__file__).read_text().split("# --- the template ---")[1]
                            .split("# --- a machine ---")[0].encode() + wine.encode()).hexdigest()[:12]
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "baton"
    cache.mkdir(parents=True, exist_ok=True)
    made = cache / f"wine-{version}-{recipe}"
    with open(cache / "wine.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run beside each other: one of them makes it
        if not made.exists():
            making = pathlib.Path(tempfile.mkdtemp(prefix=f"wine-{version}-making-", dir=cache))
            try:
                _make_template(making, version)
                making.rename(made)
            finally:
                shutil.rmtree(making, ignore_errors=True)
    return made


# --- a machine ---------------------------------------------------------------------------------------

def text_of(data):
    """What a Windows program wrote, without carriage returns; some of Wine's tools write UTF-16."""
    coding = "utf-16-le" if data[1:2] == b"\0" or data[:2] == b"\xff\xfe" else "utf-8"
    return data.decode(coding, errors="replace").lstrip("\ufeff").replace("\r", "")


class Machine:
    """One Windows machine that is up. name: what it is called on the network, up to 15 characters."""

    def __init__(self, version=VERSION, name=None):
        if version not in VERSIONS:
            raise ValueError(f"no Windows '{version}': {list(VERSIONS)}")
        made = template(version)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="baton-wine-")).resolve()
        self.prefix = self.dir / "prefix"
        self.drive_c = self.prefix / "drive_c"
        self.name, self.keeper, self.runs, self.started, self.spoken_to = name, None, itertools.count(1), [], []
        try:
            subprocess.run(["cp", "-a", str(made), str(self.prefix)], check=True)
            self._own_identity()
            self.boot()
        except BaseException:
            self.close()
            raise

    def _own_identity(self):
        registry = self.prefix / "system.reg"
        text = registry.read_text(encoding="utf-8", errors="surrogateescape")
        text, changed = re.subn(r'"MachineGuid"="[^"]*"', f'"MachineGuid"="{uuid.uuid4()}"', text)
        if changed != 1:
            raise RuntimeError(f"{registry}: no MachineGuid to replace")
        registry.write_text(text, encoding="utf-8", errors="surrogateescape")

    # --- paths ---
    def windows(self, path):
        """What a program in the machine calls that file: of this folder's drive C, or of drive Z."""
        path = pathlib.Path(path).resolve()
        if path.is_relative_to(self.drive_c):
            return "C:\\" + str(path.relative_to(self.drive_c)).replace("/", "\\")
        return "Z:" + str(path).replace("/", "\\")

    def unix(self, path):
        """Where a file of the machine lies on this one. Windows does not mind the case of a name."""
        drive, _, rest = str(path).partition(":")
        at = {"c": self.drive_c, "z": pathlib.Path("/")}[drive.lower()]
        for part in filter(None, re.split(r"[\\/]", rest)):
            same = at / part
            if not same.exists() and at.is_dir():
                same = next((f for f in at.iterdir() if f.name.lower() == part.lower()), same)
            at = same
        return at

    # --- programs ---
    def _argv(self, words):
        return [self.windows(w) if isinstance(w, pathlib.Path) else str(w) for w in words]

    def _wine(self, argv):
        named = ["unshare", "-u", "sh", "-c", 'hostname "$0" && exec "$@"', self.name] if self.name else []
        if named and os.geteuid() != 0:
            named.insert(1, "-r")
        return [*named, "wine", *argv]

    def _env(self, env):
        return {**environment(self.prefix), **{k: str(v) for k, v in (env or {}).items()}}

    def run(self, *words, check=True, timeout=60, stdin=None, env=None, cwd=None):
        """Runs a program of the machine to its end: (code, out, err). A Path is said as Windows says it, anything else as it
        stands. With check, a code that is not 0 raises CommandFailed."""
        number = next(self.runs)  # tests may run several at once
        code_file, out, err = (self.dir / f"run-{number}.{what}" for what in ("code", "out", "err"))
        argv = self._argv(words)
        whole = self._wine([str(TOOLS / "keep.exe"), "--run", self.windows(code_file), str(int(timeout * 1000)), *argv])
        with open(out, "wb") as o, open(err, "wb") as e:  # a child that lives on does not hold these up
            subprocess.run(whole, stdout=o, stderr=e, env=self._env(env), cwd=cwd or self.drive_c, check=False, timeout=timeout + 30,
                           **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin.encode()}))
        said = code_file.read_text().split() if code_file.exists() else ["error", "keep.exe"]
        done = Done(int(said[-1]) if len(said) == 1 else None, text_of(out.read_bytes()), text_of(err.read_bytes()))
        for file in (code_file, out, err):
            file.unlink(missing_ok=True)
        if done.code is None:
            raise CommandFailed(argv, " ".join(said), done.out, done.err)
        if check and done.code != 0:
            raise CommandFailed(argv, done.code, done.out, done.err)
        return done

    def start(self, *words, ready=None, timeout=30, env=None, name=None):
        """Starts a program that goes on; a lab_site.Process, which ends with the machine at the latest."""
        argv = self._argv(words)
        process = Process(name or argv[0], self._wine(argv), self.dir / f"start-{next(self.runs)}.log", self._env(env))
        self.started.append(process)
        process.start(ready=ready, timeout=timeout)
        return process

    def converse(self, *words):
        """Starts a program that is spoken to over its input and output; it ends with the machine at the latest."""
        spoken = subprocess.Popen(self._wine(self._argv(words)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, env=self._env(None), cwd=self.drive_c)
        self.spoken_to.append(spoken)
        return spoken

    def processes(self, part=""):
        """pid -> command line of what runs in the machine and has this in its command line."""
        return {pid: line for pid, line in processes(self.prefix).items() if part.lower() in line.lower()}

    def kill(self, part):
        """Ends them at once, unasked; the service control manager of Wine does not notice."""
        hit = self.processes(part)
        if not part or not hit:
            raise RuntimeError(f"nothing to kill that has '{part}' in its command line: {self.processes()}")
        deadline = time.monotonic() + 10
        while hit:  # more than once: one of them may have been starting another
            if time.monotonic() > deadline:
                raise RuntimeError(f"what is killed comes back: {hit}")
            for pid in hit:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
            hit = self.processes(part)

    # --- its life ---
    def boot(self):
        """Begins a session: services that start by themselves do."""
        log = self.dir / "keep.log"
        log.unlink(missing_ok=True)
        with open(log, "wb") as out:
            self.keeper = subprocess.Popen(self._wine([str(TOOLS / "keep.exe")]), stdin=subprocess.PIPE, stdout=out, stderr=out,
                                           env=environment(self.prefix), cwd=self.drive_c)
        deadline = time.monotonic() + 90
        while b"up" not in log.read_bytes():
            if self.keeper.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no session in {self.prefix} (is {TOOLS}/keep.exe built?): {log.read_text(errors='replace')}")
            time.sleep(0.02)

    def power_off(self):
        """Ends the session. Nobody is asked and no service is told: Wine has no other way."""
        if self.keeper is not None:
            self.keeper.stdin.close()
        end_session(self.prefix)
        if self.keeper is not None:
            self.keeper.wait()
            self.keeper = None
        for process in self.started:
            process.kill()
        self.started.clear()
        for spoken in self.spoken_to:
            with contextlib.suppress(OSError), spoken:
                spoken.stdin.close()
        self.spoken_to.clear()

    def reboot(self):
        self.power_off()
        self.boot()

    def close(self):
        try:
            if self.prefix.exists():
                self.power_off()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)


class WindowsCase(unittest.TestCase):
    """One machine per test, gone with it. What it leaves running fails nothing; it is ended."""

    version = VERSION

    def setUp(self):
        self.machine = Machine(self.version)
        self.addCleanup(self.machine.close)


def main():
    unittest.main(verbosity=2)
