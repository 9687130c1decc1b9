"""One whole Baton site against the lab: controller, agents, operators, each a process of its own.

deploy/demo shows handoffs with it; tests/system tests with it. Nothing here decides anything: it starts
programs, types commands, and reads what they print.
"""
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid


class CommandFailed(Exception):
    def __init__(self, argv, code, out, err):
        super().__init__(f"{' '.join(map(str, argv))}\n  exit {code}\n  {err.strip() or out.strip()}")
        self.code, self.out, self.err = code, out, err


HELD = []  # each the name of a port that is ours, for as long as this process lives


def free_port():
    """A port that nobody listens on and that no other site of this machine has been given. It is below those that the
    kernel picks for connections, so that none of them has it while a controller is down."""
    for port in random.sample(range(20000, 32000), 200):
        mine = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError), socket.socket() as s:
            mine.bind(f"\0baton-port-{port}")
            s.bind(("127.0.0.1", port))
            HELD.append(mine)
            return port
        mine.close()
    raise RuntimeError("of 200 ports between 20000 and 32000 none is free")


class Process:
    """A program in the background whose standard output is read line by line."""

    def __init__(self, name, argv, log, env=None):
        self.name, self.argv, self.log, self.env = name, [str(a) for a in argv], log, env
        self.proc = None

    def start(self, ready=None, timeout=30):
        at = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as out:
            self.proc = subprocess.Popen(self.argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                         env=self.env, start_new_session=True)
        if ready is None:
            return ""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            text = self.log.read_bytes()[at:].decode(errors="replace")
            for line in text.splitlines():
                if line.startswith(ready):
                    return line
            if self.proc.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.proc.returncode}:\n{text}")
            time.sleep(0.02)
        raise RuntimeError(f"{self.name} did not say '{ready}' in {timeout} s:\n{text}")

    def alive(self):
        return self.proc is not None and self.proc.poll() is None

    def kill(self):
        """kill -9: no last words."""
        if self.alive():
            self.proc.send_signal(signal.SIGKILL)
            self.proc.wait()

    def stop(self, timeout=15):
        if not self.alive():
            return self.proc.returncode if self.proc else None
        self.proc.terminate()
        try:
            return self.proc.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"{self.name} did not stop on SIGTERM within {timeout} s")


class Lab:
    def __init__(self, site, name, objects, options=()):
        self.site, self.dir = site, site.dir / f"lab-{name}"
        self.process = Process(f"lab {name}", [site.program("baton-lab"), "run", "--dir", self.dir, "--tenant", name,
                                               "--objects", objects, *options], site.dir / f"lab-{name}.log")
        self.process.start(ready="ready")

    def do(self, server, op, **fields):
        return self._client("do", server, op, fields)

    def tenant(self, op, **fields):
        return self._client("tenant", op, fields)

    def _client(self, *words):
        *words, fields = words
        argv = [self.site.program("baton-lab"), *words, *(f"{k}={v}" for k, v in fields.items()),
                "--dir", self.dir, "--output", "json"]
        return json.loads(self.site.run(argv) or "{}")

    def socket(self, server):
        return f"lab:{self.dir}/servers/{server}.sock"

    def judge(self):
        return self.tenant("status")["judge"]

    def exports(self):
        return self.tenant("exports")["exports"]


class Site:
    """controller + lab tenants + agents + two operators, in one directory."""

    address = "127.0.0.1"  # of the controller, for its agents
    flags = ("--lab",)  # of trust and tenants: the lab's shorter durations
    look_timeout = 30  # seconds: several looks of the collectors, one of which may fail

    def __init__(self, programs, directory=None, say=lambda *a: None):
        self.programs = pathlib.Path(programs).resolve()
        self.made = directory is None
        self.dir = pathlib.Path(directory or tempfile.mkdtemp(prefix="baton-"))
        self.dir.mkdir(parents=True, exist_ok=True)
        self.dir = self.dir.resolve()
        self.say = say
        self.labs, self.agents = {}, {}
        self.processes = []
        self.controller = None
        self.secret = self._file("passphrase", "correct horse battery staple\n")

    # --- programs -----------------------------------------------------------------------------------
    def program(self, name):
        path = self.programs / name
        if not path.exists():
            raise RuntimeError(f"{path} is not built: cmake --preset release && ninja -C build/release")
        return path

    def run(self, argv, check=True, env=None, timeout=120, stdin=None):
        argv = [str(a) for a in argv]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, input=stdin,
                              env={**os.environ, **(env or {})})
        if check and done.returncode != 0:
            raise CommandFailed(argv, done.returncode, done.stdout, done.stderr)
        return done.stdout if check else done

    def _file(self, name, text):
        path = self.dir / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    # --- controller ---------------------------------------------------------------------------------
    def controller_init(self):
        self.bus, self.api = free_port(), free_port()
        self.controller_dir = self.dir / "controller"
        out = self.run([self.program("baton-controller"), "init", "--dir", self.controller_dir,
                        "--listen", f"tcp://{self.address}:{self.bus}", "--api", f"127.0.0.1:{self.api}",
                        "--operator", "anna"])
        self.fingerprint = next(line.split()[-1] for line in out.splitlines() if line.startswith("certificate"))
        self.url = f"https://127.0.0.1:{self.api}"
        self.controller = Process("controller", [self.program("baton-controller"), "run", "--dir", self.controller_dir],
                                  self.dir / "controller.log")
        return out

    def controller_start(self):
        return self.controller.start(ready="ready", timeout=60)

    # --- operators ----------------------------------------------------------------------------------
    def operator_env(self, who):
        return {"HOME": str(self.dir / who), "BATON_CONFIG": str(self.dir / who / "baton.ini"),
                "BATON_PASSPHRASE_FILE": str(self.secret), "NO_COLOR": "1",
                # A sanitizer's leak check cannot walk a process that has loaded libcurl by hand.
                "ASAN_OPTIONS": "detect_leaks=0"}

    def baton(self, *words, by="anna", check=True, timeout=120, json_output=False, stdin=None):
        extra = ["--output", "json"] if json_output else []
        argv = [self.program("baton"), *words, *extra]
        out = self.run(argv, check=check, env=self.operator_env(by), timeout=timeout, stdin=stdin)
        return json.loads(out) if json_output and check else out

    def operators_init(self):
        """anna (first login of the controller) and bert; trust is rooted on anna's machine."""
        for who in ("anna", "bert"):
            (self.dir / who).mkdir(mode=0o700, exist_ok=True)
        self.baton("login", "--url", self.url, "--fingerprint", self.fingerprint,
                   "--token", self.controller_dir / "anna.token")
        roles = "view,operate,approve,break-glass,audit,admin"
        for who in ("anna", "bert"):
            self.baton("operator", "new", who, "--roles", roles, "--cost", "least",
                       "--card", self.dir / f"{who}.card", by=who)
        self.baton("trust", "init", "--root-key", self.dir / "root.key", "--root-passphrase-file", self.secret,
                   "--operator", self.dir / "anna.card", "--operator", self.dir / "bert.card", *self.flags, "--cost", "least")
        token = self.dir / "bert.token"
        self.baton("login", "add", "bert", "--roles", roles, "--save", token)
        self.baton("login", "--url", self.url, "--fingerprint", self.fingerprint, "--token", token, by="bert")
        root = self.baton("trust", "show", json_output=True)["root"]
        self.baton("trust", "pin", root, by="bert")

    # --- tenants and agents -------------------------------------------------------------------------
    def tenant(self, name, objects=1000, options=(), sets=()):
        self.labs[name] = Lab(self, name, objects, options)
        policy = [w for s in sets for w in ("--set", s)]
        self.baton("tenant", "create", str(uuid.uuid4()), name, *self.flags, *policy)
        for host, role in (("OLD", "old"), ("NEW", "new")):
            self.agent_enrol(name, host, role)
        self.wait_until("OLD has a history: an export that its agent has seen", lambda: self.fact(
            name, "OLD", "last_export_end") and self.fact(name, "OLD", "objects"))
        return self.labs[name]

    def fact(self, tenant, host, name):
        """The value of one fact as the controller knows it, or None."""
        facts = self.baton("agent", "show", tenant, host, json_output=True)["facts"]
        fact = facts.get(name) if isinstance(facts, dict) else next((f for f in facts if f["name"] == name), None)
        return fact.get("value") if fact else None

    def before_agent(self, host):
        """Words before an agent's own: a test may put it into a network of its own."""
        return ()

    def agent_enrol(self, tenant, host, role):
        directory = self.dir / f"agent-{tenant}-{host}"
        token = self._file(f"{tenant}-{host}.token", self.baton("agent", "token", tenant, host, "--role", role))
        out = self.run([*self.before_agent(host), self.program("baton-agent"), "enrol", "--dir", directory, "--token-file", token,
                        "--host", self.labs[tenant].socket(host)])
        fingerprint = next(line.split()[-1] for line in out.splitlines() if line.startswith("fingerprint"))
        agent = Process(f"agent {tenant}/{host}", [*self.before_agent(host), self.program("baton-agent"), "run", "--dir", directory],
                        self.dir / f"agent-{tenant}-{host}.log")
        agent.directory = directory
        self.agents[tenant, host] = agent
        agent.start(ready="ready")
        self.baton("agent", "confirm", tenant, host, "--expect", fingerprint)

    # --- watching -----------------------------------------------------------------------------------
    def cutover(self, tenant):
        return self.baton("cutover", "show", tenant, json_output=True)

    def state(self, tenant):
        return self.cutover(tenant)["state"]["code"]

    def wait_state(self, tenant, *codes, timeout=60):
        self.baton("cutover", "wait", tenant, "--for", ",".join(codes), "--timeout", timeout, timeout=timeout + 30)
        return self.state(tenant)

    def wait_until(self, what, condition, timeout=30):
        deadline, said = time.monotonic() + timeout, ""
        while time.monotonic() < deadline:
            try:
                if condition():
                    return
            except CommandFailed as failed:
                said = f"; last: {failed}"
            time.sleep(0.1)
        raise AssertionError(f"waited {timeout} s for: {what}{said}")

    # --- a handoff, in the pieces that tests and demo put together ------------------------------------
    def begin(self, tenant, profile="parallel"):
        """P1 to S1: the plan, its approval, the adoption."""
        self.baton("cutover", "create", tenant, "--old", "OLD", "--new", "NEW", "--profile", profile,
                   "--reason", "two servers wanted")
        self.wait_until("plan", lambda: self.baton("cutover", "plan", tenant) is not None)
        self.wait_until("approve", lambda: self.baton("cutover", "approve", tenant, "--yes") is not None)
        self.wait_state(tenant, "S1")

    def stage(self, tenant):
        """S1 to S5: settings, installation, first synchronization."""
        lab = self.labs[tenant]
        lab.do("OLD", "wizard", act="export-settings", by="CONTOSO\\anna")
        self.wait_state(tenant, "S3", timeout=90)
        lab.do("NEW", "wizard", act="migrate", by="CONTOSO\\anna")
        self.wait_state(tenant, "S5", timeout=120)

    def prepare(self, tenant):
        """P1 to S5."""
        self.begin(tenant)
        self.stage(tenant)

    def arm(self, tenant):
        """S5 to C1: the verification is accepted, two people approve."""
        self.baton("cutover", "accept", tenant, "--reason", "read and found good")
        for who in ("anna", "bert"):
            self.baton("cutover", "approve", tenant, "--for", "cutover", "--yes", by=who)
        self.wait_until("arm", lambda: self.baton("cutover", "arm", tenant) is not None, timeout=self.look_timeout)

    def fence(self, tenant):
        """C1 to C3: the old server stops and proves it."""
        self.wait_until("start", lambda: self.baton("cutover", "start", tenant) is not None, timeout=30)
        self.wait_state(tenant, "C3")

    def go(self, tenant, by="anna"):
        self.wait_until("go", lambda: self.baton("cutover", "go", tenant, "--yes", by=by) is not None, timeout=60)
        self.wait_state(tenant, "C4", "C5", "D1", "D2")  # a server that has left staging mode already is quick

    def activate(self, tenant):
        """C4 to D2: a person leaves staging mode; the first export; probation."""
        self.labs[tenant].do("NEW", "wizard", act="staging-off", by="CONTOSO\\anna")
        self.wait_state(tenant, "D2", timeout=90)

    def retire(self, tenant):
        self.labs[tenant].do("OLD", "uninstall", by="CONTOSO\\anna")
        self.labs[tenant].do("NEW", "remove-account", name="OLD", by="CONTOSO\\anna")
        self.wait_until("retire", lambda: self.baton("cutover", "retire", tenant, "--yes") is not None, timeout=60)
        self.wait_state(tenant, "D3")

    # --- end ------------------------------------------------------------------------------------------
    def everything(self):
        return [*self.agents.values(), *([self.controller] if self.controller else []),
                *(lab.process for lab in self.labs.values())]

    def close(self, keep=False):
        for process in self.everything():
            with contextlib.suppress(Exception):
                process.stop(5)
        for process in self.everything():
            process.kill()
        if self.made and not keep:
            shutil.rmtree(self.dir, ignore_errors=True)
