"""One real baton-controller, looked at through its API, and agents that we are ourselves."""
import http.client
import json
import os
import pathlib
import ssl
import sys
import tempfile
import time
import uuid

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))
from lab_site import Process, free_port  # noqa: E402

import socket_zmq as z  # noqa: E402
import wire as w  # noqa: E402

PROGRAMS = pathlib.Path(os.environ.get("BATON_PROGRAMS", str(ROOT / "build/release/bin")))
WAIT_S = 60


def until(what, condition, seconds=WAIT_S):
    """The first true answer; a test waits for a state and never for a time."""
    end = time.monotonic() + seconds
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for: {what}")
        time.sleep(0.01)


class Api:
    """What an administrator sees, over one connection."""

    def __init__(self, port, token):
        self.port, self.token, self.line = port, token, None

    def __call__(self, method, path, body=None):
        data = json.dumps(body) if body is not None else None
        head = {"Authorization": f"Bearer {self.token}"}
        if data is not None:
            head["Content-Type"] = "application/json"
        for again in (True, False):
            try:
                if self.line is None:
                    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                    plain.check_hostname, plain.verify_mode = False, ssl.CERT_NONE
                    self.line = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=plain)
                self.line.request(method, path, data, head)
                answer = self.line.getresponse()
                got = answer.read().decode()
                break
            except (http.client.HTTPException, OSError):
                self.close()
                if not again:
                    raise
        if answer.status >= 300:
            raise AssertionError(f"{method} {path}: {answer.status} {got}")
        return json.loads(got) if got.startswith(("{", "[")) else got

    def close(self):
        if self.line is not None:
            self.line.close()
        self.line = None

    def counters(self):
        lines = (line.split() for line in self("GET", "/metrics").splitlines() if line.startswith("baton_bus_"))
        return {name.removeprefix("baton_bus_").removesuffix("_total"): int(float(value)) for name, value in lines}

    def records(self, after):
        return self("GET", f"/api/v1/audit?cursor={after}&limit=500")["items"]

    def head(self):
        text = self("GET", "/metrics")
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("baton_audit_records "))


class Controller:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.folder.name) / "site"
        self.bus, self.port = free_port(), free_port()
        self.address = f"tcp://127.0.0.1:{self.bus}"
        self.process = Process("controller", [PROGRAMS / "baton-controller", "run", "--dir", self.dir],
                               pathlib.Path(self.folder.name) / "controller.log")
        init = Process("init", [PROGRAMS / "baton-controller", "init", "--dir", self.dir, "--listen", self.address, "--api",
                                f"127.0.0.1:{self.port}", "--operator", "anna"], pathlib.Path(self.folder.name) / "init.log")
        init.start()
        if init.proc.wait(60) != 0:
            raise RuntimeError(init.log.read_text())
        self.process.start(ready="ready", timeout=60)
        self.api = Api(self.port, (self.dir / "anna.token").read_text().strip())
        self.tenants, self.room = [], 0

    def tenant(self):
        name = f"t{len(self.tenants)}"
        self.tenants.append(str(uuid.uuid4()))
        self.api("POST", "/api/v1/tenants", {"id": self.tenants[-1], "name": name, "lab": True})
        return self.tenants[-1]

    def token(self, host, tenant=None):
        """Four agents a tenant; the next one gets a new tenant."""
        if tenant is None:
            if self.room == 0:
                self.newest, self.room = self.tenant(), 4
            self.room -= 1
            tenant = self.newest
        got = self.api("POST", f"/api/v1/tenants/{tenant}/agents/token", {"host": host, "role": "old"})
        return w.Token(got["token"])

    def close(self):
        self.api.close()
        self.process.stop()
        log = self.process.log.read_bytes()
        self.folder.cleanup()
        if b"Sanitizer" in log or b"runtime error:" in log:
            raise AssertionError(log.decode(errors="replace"))


class Agent:
    """An agent that we are: enrolled like any other, with keys that we know."""

    names = 0

    def __init__(self, site, identity=None, tenant=None, enrol=True):
        Agent.names += 1
        self.site, self.host, self.id = site, f"H{Agent.names}", identity or w.Identity()
        self.session, self.sequence, self.counter, self.socket, self.sent = w.ZERO16, 0, 0, None, []
        self.one_time = None
        if enrol:
            self.take(site.token(self.host, tenant))
            self.enrol()

    def take(self, token):
        self.token, self.tenant, self.controller = token, token.tenant, token.controller
        self.controller_curve = token.controller_curve

    @property
    def tenant_text(self):
        return str(uuid.UUID(bytes=self.tenant))

    # --- frames ---
    def envelope(self, **other):
        values = {"session": self.session, "sequence": self.sequence, "sender": self.id.key, "recipient": self.controller,
                  "tenant": self.tenant, **other}
        return w.envelope(*(values[n] for n in ("session", "sequence", "sender", "recipient", "tenant")))

    def body(self, kind, *rest, next_sequence=True, **env):
        if next_sequence:
            self.sequence += 1
        return w.body_of(self.envelope(**env), *rest)

    def frame(self, kind, *rest, **env):
        return w.frame(w.TYPES.index(kind), self.body(kind, *rest, **env), self.id.signer)

    def say(self, *parts):
        self.sent.append(parts)
        if not self.socket.send(*parts):
            raise AssertionError("the socket took nothing")

    # --- connections ---
    def open(self, public, secret, kind=z.DEALER, before=lambda s: None):
        s = z.Socket(kind)
        before(s)
        s.curve(self.controller_curve, public, secret)
        s.watch()
        s.connect(self.site.address)
        return s

    def machine(self):
        return w.body_of(b"b" * 16, w.ZERO16, b"g" * 16, b"d" * 16)

    def enrol_frame(self, host=None, sign_key=None, curve=None, box=None, product=1, **env):
        return self.frame("enrol", sign_key or self.id.key, curve or self.id.curve, box or self.id.box, host or self.host,
                          product, "0.1.0", w.ZERO32, w.ZERO32, self.machine(), **{"session": w.ZERO16, "sequence": 1, **env})

    def enrol(self):
        public, secret = w.curve_pair(self.token.seed)
        self.one_time = (public, secret)
        self.socket = self.open(public, secret)
        assert self.socket.link() == "admitted"
        self.say(self.enrol_frame())
        kind, fields = self.hear("enrolled")
        assert fields[2] == 1, "not enrolled"
        self.socket.close()
        self.socket = None

    def connect(self):
        self.socket = self.open(self.id.curve, self.id.curve_secret)
        got = self.socket.link()
        assert got == "admitted", got
        return self

    def hello_frame(self, nonce=None, counter=None, receipt=(0, w.ZERO32), trust=(0, w.ZERO32), **env):
        return self.frame("hello", nonce or os.urandom(16), self.counter if counter is None else counter, "0.1.0", w.ZERO32,
                          w.ZERO32, trust[0], trust[1], self.machine(), receipt[0], receipt[1],
                          **{"session": w.ZERO16, "sequence": 1, **env})

    def hello(self, **how):
        if self.socket is None:
            self.connect()
        self.say(self.hello_frame(**how))
        _, fields = self.hear("welcome")
        self.session, self.sequence = fields[2], 0
        return self

    def hear(self, *kinds, seconds=30):
        """The next frame of these kinds; what else comes (receipts, orders) is passed over."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            got = self.socket.recv(left)
            if got is None:
                break
            kind, fields = w.frame_read(got[0])
            if kind in kinds:
                return kind, fields
        raise AssertionError(f"heard none of {kinds} in {seconds} s")

    def heard_refused(self):
        _, fields = self.hear("refused")
        return fields[4].decode()

    def beat(self):
        self.say(self.frame("beat"))

    def signed(self, data, signer=None, domain=w.STATEMENT):
        return w.body_of(data, (signer or self.id.signer).sign(domain, data))

    def statement(self, **values):
        if "counter" not in values:
            self.counter += 1
        return w.statement(**{"tenant": self.tenant, "member": self.id.key, "counter": self.counter, **values})

    def served(self, seconds=30):
        """A word of ours is still heard, after whatever was said before it has been answered: the session lives."""
        data = self.statement()
        self.say(self.frame("say", self.signed(data)))
        try:
            while self.hear("heard", seconds=seconds)[1][2] != w.sha256(data):
                pass
        except AssertionError:
            return False
        return True

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None
