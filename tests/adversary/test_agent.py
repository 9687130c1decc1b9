"""A hostile controller against real agents: it has every key of the real one, and everything that was ever signed.

A real handoff is brought to the moment before OLD is fenced, and on to the moment before NEW is granted; both agents'
directories are kept as they were then. Their controller is then ended and its disk used against them: we answer on its
port with its keys, and send the very FENCE and the very GRANT of that handoff with one thing wrong each. A row holds when
the agent refuses it, signed, for that reason, and its promise, tombstone, holding and grant are what they were. At the
end of each the order as people approved it is taken: nothing but the one wrong thing was refused.
"""
import ctypes
import os
import shutil
import struct
import sys
import time
import unittest

import socket_zmq as z
import wire as w
from world import PROGRAMS, ROOT, until

sys.path.insert(0, str(ROOT / "deploy"))
from lab_site import Process, Site  # noqa: E402

STATUS, FENCE, CHALLENGE, GRANT, RETIRE = 1, 2, 3, 4, 5
REFUSALS = ("none tenant unconfirmed plan lab stale other-recipient jump approvals trust ever-exported not-exporting exporting epoch "
            "recipient serial evidence not-quiet go quarantined holding not-tombstoned tamper role guarded members limits").split()
KEPT = ("epoch", "recipient", "plan", "holding", "tombstone", "ever_exported", "retired", "armed", "grant", "serial", "quarantine")
V_CUTOVER, V_GO, V_ROLLBACK = 3, 4, 5


class Operator:
    """A person's key, opened with the passphrase: for what a coerced or careless one would sign."""

    def __init__(self, path, passphrase):
        data = path.read_bytes()
        assert data[:9] == b"BTNKEYS1\2", path
        ops, mem = struct.unpack(">QQ", data[9:25])
        salt, nonce, box = data[25:41], data[73:97], data[97:145]
        key, seed = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
        assert w.sodium.crypto_pwhash(key, ctypes.c_ulonglong(32), passphrase, ctypes.c_ulonglong(len(passphrase)), salt,
                                      ctypes.c_ulonglong(ops), ctypes.c_size_t(mem), 2) == 0
        assert w.sodium.crypto_secretbox_open_easy(seed, box, ctypes.c_ulonglong(48), nonce, key) == 0
        self.signer = w.Signer(seed.raw)

    def sign(self, approval):
        return approval, self.signer.sign(b"baton/approval/v1", approval)


def bundle_read(path):
    """Records with the objects that each brought: (record, [(signature, bytes)])."""
    data, at, objects, out = path.read_bytes(), 8, [], []
    while at < len(data):
        kind, n = struct.unpack(">BI", data[at:at + 5])
        payload = data[at + 5:at + 5 + n]
        at += 5 + n
        if kind == 4:
            objects.append((payload[:64], payload[64:]))
        elif kind == 5:
            out.append((payload, objects))
            objects = []
    return out


class Order:
    """Fields by name; bytes are made anew each time, with an id of their own."""

    names = ("verb id tenant epoch recipient nonce serial adopt void_first busy plan trust approval evidence shown blob file blob_bytes "
             "limits").split()

    def __init__(self, data=None, **values):
        self.f = {"verb": STATUS, "tenant": w.ZERO16, "epoch": w.body_of(0, w.ZERO16), "recipient": w.ZERO32, "nonce": os.urandom(16),
                  "serial": 0, "adopt": 0, "void_first": 0, "busy": 0, "plan": None, "trust": None, "approval": [], "evidence": [],
                  "shown": None, "blob": w.ZERO32, "file": w.ZERO32, "blob_bytes": 0, "limits": None}
        for field, value in w.fields_of(data) if data else ():
            name = self.names[field - 1]
            if name in ("approval", "evidence"):
                self.f[name].append(tuple(v for _, v in w.fields_of(value)))
            else:
                self.f[name] = value
        self.f.update(values)

    def but(self, **values):
        new = Order()
        new.f = {**self.f, **values}
        return new

    def epoch(self):
        counter, incarnation = (v for _, v in w.fields_of(self.f["epoch"]))
        return counter, incarnation

    def pack(self, order_id):
        out = b""
        for i, name in enumerate(self.names, 1):
            value = order_id if name == "id" else self.f[name]
            if name in ("approval", "evidence"):
                out += b"".join(w.bytes_of(i, w.body_of(*pair)) for pair in value)
            elif value is not None:
                out += w.put(i, value)
        return out


def epoch_of(counter, incarnation):
    return w.body_of(counter, incarnation)


def changed(data, at, new):
    return data[:at] + new + data[at + len(new):]


class Handoff:
    """One real handoff, up to the grant; what it left behind is the attacker's."""

    def __init__(self):
        self.site = site = Site(PROGRAMS)
        try:
            site.controller_init()
            site.controller_start()
            site.operators_init()
            site.tenant("contoso")
            site.prepare("contoso")
            site.arm("contoso")
            self.keep("OLD")
            site.fence("contoso")
            self.keep("NEW")
            site.go("contoso")
            bundle = site.dir / "all.bundle"
            site.baton("audit", "export", bundle)
            for agent in site.agents.values():
                agent.stop()
            site.controller.stop()
            self.read(bundle)
        except BaseException:
            site.close()
            raise

    def keep(self, host):
        """The agent's directory as it is now, taken while nothing writes there."""
        agent = self.site.agents["contoso", host]
        agent.stop()
        shutil.copytree(agent.directory, self.site.dir / f"kept-{host}")
        agent.start(ready="ready")

    def read(self, bundle):
        self.orders, self.statements, self.approvals = [], [], []
        for record, objects in bundle_read(bundle):
            for sig, data in objects:
                if data[:4] == b"BST1":
                    self.statements.append((data, sig))
                elif data[:1] == b"\x08" and data[2:4] == b"\x12\x10":
                    self.orders.append(Order(data))
        self.controller = w.Identity.stolen(next(self.site.controller_dir.glob("*.key")))
        secret = self.site.secret.read_text().strip().encode()
        self.people = [Operator(next((self.site.dir / who).rglob("*.key")), secret) for who in ("anna", "bert")]
        self.agents = {h: w.Identity.stolen(next((self.site.dir / f"kept-{h}").glob("*.key"))) for h in ("OLD", "NEW")}

    def order(self, verb):
        """The newest of that verb that goes to NEW as the recipient."""
        return [o for o in self.orders if o.f["verb"] == verb and o.f["recipient"] == self.agents["NEW"].key][-1]

    def close(self):
        self.site.close()


class HostileController:
    """Answers on the real one's port with the real one's keys."""

    def __init__(self, handoff, host):
        self.h, self.id, self.victim = handoff, handoff.controller, handoff.agents[host]
        self.socket = z.Socket(z.ROUTER)
        self.socket.number(z.CURVE_SERVER, 1)
        self.socket.set(z.CURVE_SECRETKEY, self.id.curve_secret)
        self.socket.bind(f"tcp://127.0.0.1:{handoff.site.bus}")
        directory = handoff.site.dir / f"kept-{host}"
        self.log = handoff.site.dir / f"kept-{host}.log"
        self.agent = Process(f"kept {host}", [PROGRAMS / "baton-agent", "run", "--dir", directory], self.log)
        self.agent.start(ready="ready")
        self.session, self.sequence, self.tenant, self.route = os.urandom(16), 0, None, None
        self.welcome(self.hear("hello"))

    def close(self):
        self.agent.stop()
        self.socket.close()
        text = self.log.read_bytes()
        assert b"Sanitizer" not in text and b"runtime error:" not in text, text.decode(errors="replace")

    def hear(self, *kinds, seconds=60):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            got = self.socket.recv(left)
            if got is None:
                break
            kind, fields = w.frame_read(got[1])
            if kind == "hello":
                self.route = got[0]
                env = dict(w.fields_of(fields[1]))
                self.tenant = env[5]
                if "hello" not in kinds:
                    self.welcome((kind, fields))
            if kind in kinds:
                return kind, fields
        raise AssertionError(f"heard none of {kinds} in {seconds} s")

    def envelope(self, **other):
        values = {"session": self.session, "sequence": self.sequence, "sender": self.id.key, "recipient": self.victim.key,
                  "tenant": self.tenant, **other}
        return w.envelope(*(values[n] for n in ("session", "sequence", "sender", "recipient", "tenant")))

    def frame(self, kind, *rest, signer=None, **env):
        if "sequence" not in env:
            self.sequence += 1
        return w.frame(w.TYPES.index(kind), w.body_of(self.envelope(**env), *rest), signer or self.id.signer)

    def send(self, frame):
        assert self.socket.send(self.route, frame)

    def welcome(self, hello, nonce=None, **env):
        _, fields = hello
        self.session, self.sequence = os.urandom(16), 0
        self.send(self.frame("welcome", self.session, nonce or fields[2], 0, None, 60000, **{"session": w.ZERO16, "sequence": 1, **env}))
        self.sequence = 1

    def give(self, order, order_id=None, data=None):
        """The answer's statement, or the words of a REFUSED."""
        order_id = order_id or os.urandom(16)
        self.send(self.frame("order", data or order.pack(order_id)))
        while True:
            kind, fields = self.hear("answer", "refused")
            if kind == "refused":
                return fields[4].decode()
            if fields[2] == order_id:
                data, sig = (v for _, v in w.fields_of(fields[4]))
                said = w.statement_read(data)
                assert said["member"] == self.victim.key
                return said

    def state(self):
        said = self.give(Order(tenant=self.tenant))
        assert said["type"] in (1, 13), said["type"]
        return {name: said[name] for name in KEPT}


# --- rows: name, what is made of the genuine order, why it is refused ------------------------------

def fence(**values):
    def make(c, genuine):
        return genuine.but(**{k: v(c, genuine) if callable(v) else v for k, v in values.items()})
    return make


def approvals(change):
    return fence(approval=lambda c, g: change(c, list(g.f["approval"])))


def with_verb(pairs, *verbs):
    return [p for p in pairs if p[0][0] in verbs]


def resigned(c, pairs, change, verbs=(V_CUTOVER,), by=None):
    """The same approvals, changed, and signed anew by the people themselves."""
    out = []
    for data, sig in pairs:
        if data[0] in verbs:
            who = next(i for i, p in enumerate(c.h.people) if operator_key_of(c, data) == p.signer.key) if by is None else by
            out.append(c.h.people[who].sign(change(data)))
        else:
            out.append((data, sig))
    return out


def operator_key_of(c, data):
    for p in c.h.people:
        covered = b"baton/approval/v1\0" + data
        sig = next(s for d, s in c.genuine.f["approval"] if d == data)
        if w.sodium.crypto_sign_verify_detached(sig, covered, ctypes.c_ulonglong(len(covered)), p.signer.key) == 0:
            return p.signer.key
    raise AssertionError("an approval of nobody")


def past(data):
    return changed(data, 53, struct.pack(">Q", 1000))


def of(at, new):
    return lambda data: changed(data, at, new)


PEOPLE = [
    ("without approvals", approvals(lambda c, a: []), "approvals"),
    ("with one approval", approvals(lambda c, a: with_verb(a, V_GO) + with_verb(a, V_CUTOVER)[:1]), "approvals"),
    ("with one person's approval twice", approvals(lambda c, a: with_verb(a, V_GO) + with_verb(a, V_CUTOVER)[:1] * 2), "approvals"),
    ("with two approvals of one person, each with an id of its own", approvals(lambda c, a: (lambda one: with_verb(a, V_GO) + [one, *resigned(
        c, [one], of(1, b"another id 16 by"))])(with_verb(a, V_CUTOVER)[0])), "approvals"),
    ("with two people's approvals signed by one of them", approvals(lambda c, a: resigned(c, a, lambda d: d, by=0)), "approvals"),
    ("with signatures of two approvals swapped", approvals(lambda c, a: (lambda x, y: with_verb(a, V_GO) + [(x[0], y[1]), (y[0], x[1])])(
        *with_verb(a, V_CUTOVER)[:2])), "approvals"),
    ("with a signature of zeros", approvals(lambda c, a: [(d, w.ZERO64) for d, _ in a]), "approvals"),
    ("with approvals that have expired", approvals(lambda c, a: resigned(c, a, past)), "approvals"),
    ("with approvals for another tenant", approvals(lambda c, a: resigned(c, a, of(33, b"t" * 16))), "approvals"),
    ("with approvals of another plan", approvals(lambda c, a: resigned(c, a, of(61, b"p" * 32))), "approvals"),
    ("with approvals that name another recipient", approvals(lambda c, a: resigned(c, a, of(253, c.h.agents["OLD"].key))), "approvals"),
    ("with approvals that leave a member out", approvals(lambda c, a: resigned(c, a, of(157, w.ZERO32))), "approvals"),
    ("with approvals under a trust document to come", approvals(lambda c, a: resigned(c, a, of(49, struct.pack(">I", 99)))), "approvals"),
    ("with approvals made at an epoch to come", approvals(lambda c, a: resigned(c, a, of(285, struct.pack(">Q", 1 << 40)))), "approvals"),
    ("with approvals for another verb", approvals(lambda c, a: resigned(c, a, of(0, b"\1"))), "approvals"),
    ("with approvals of an operator whom nobody knows", approvals(lambda c, a: resigned(c, a, of(17, b"o" * 16))), "approvals"),
]

FENCES = PEOPLE + [
    ("of the epoch that stands, for another recipient", fence(epoch=lambda c, g: c.epoch(), recipient=lambda c, g: c.h.agents["NEW"].key), "other-recipient"),
    ("of an epoch below the one that stands", fence(epoch=lambda c, g: epoch_of(c.counter(), w.ZERO16)), "stale"),
    ("that jumps one above the limit", fence(epoch=lambda c, g: epoch_of(c.counter() + 65537, b"i" * 16)), "jump"),
    ("of the highest epoch there is", fence(epoch=lambda c, g: epoch_of((1 << 64) - 1, b"\xff" * 16)), "jump"),
    ("back to the old server with approvals to go forward", fence(recipient=lambda c, g: c.h.agents["OLD"].key), "approvals"),
    ("towards a server that no plan names", fence(recipient=b"r" * 32), "plan"),
    ("with half a plan", fence(plan=lambda c, g: g.f["plan"][:len(g.f["plan"]) // 2]), "plan"),
    ("with a plan that has bytes left over", fence(plan=lambda c, g: g.f["plan"] + b"\0"), "plan"),
    ("with a plan for another tenant", fence(plan=lambda c, g: changed(g.f["plan"], 20, b"t" * 16)), "plan"),
    ("with another id in the plan that people signed", fence(plan=lambda c, g: changed(g.f["plan"], 4, b"another plan 16b")), "approvals"),
    ("with a plan whose last limit was raised", fence(plan=lambda c, g: g.f["plan"][:-1] + bytes([g.f["plan"][-1] ^ 1])), "approvals"),
    ("with a verification policy that the plan does not name", fence(limits=b"preset: parity\n"), "limits"),
    ("that says adopt, of a server that is guarded or without approvals to adopt", fence(adopt=1), "approvals"),
    ("with a trust document that the root did not sign", fence(trust=lambda c, g: w.body_of(b"BTR1" + bytes(60), w.ZERO64)), "trust"),
    ("with a trust document signed by the controller", fence(trust=lambda c, g: (lambda d: w.body_of(d, c.id.signer.sign(b"baton/trust/v1", d)))(
        b"BTR1" + struct.pack(">I", 99) + bytes(43))), "trust"),
]


def evidence(change):
    return fence(evidence=lambda c, g: change(c, list(g.f["evidence"])))


def resaid(**values):
    """OLD's evidence, changed, and signed anew with OLD's own stolen key."""
    def change(c, pairs):
        out = []
        for data, sig in pairs:
            said = w.statement_read(data)
            facts = said.pop("facts")
            said.update(values)
            new = w.statement(facts, **said)
            out.append((new, c.h.agents["OLD"].signer.sign(w.STATEMENT, new)))
        return out
    return evidence(change)


GRANTS = PEOPLE + [
    ("for the epoch to come", fence(epoch=lambda c, g: epoch_of(g.epoch()[0] + 1, g.epoch()[1])), "epoch"),
    ("for the same number of another incarnation", fence(epoch=lambda c, g: epoch_of(g.epoch()[0], b"i" * 16)), "epoch"),
    ("to the old server", fence(recipient=lambda c, g: c.h.agents["OLD"].key), "recipient"),
    ("to nobody", fence(recipient=w.ZERO32), "recipient"),
    ("of a serial that go does not name", fence(serial=7), "go"),
    ("of the highest serial", fence(serial=(1 << 32) - 1), "go"),
    ("without go", approvals(lambda c, a: with_verb(a, V_CUTOVER)), "approvals"),
    ("with a go that has expired", approvals(lambda c, a: resigned(c, a, past, verbs=(V_GO,))), "approvals"),
    ("with a go of another serial", approvals(lambda c, a: resigned(c, a, of(333, struct.pack(">I", 2)), verbs=(V_GO,))), "go"),
    ("with a go of another epoch", approvals(lambda c, a: resigned(c, a, of(309, struct.pack(">Q", 77)), verbs=(V_GO,))), "go"),
    ("with a go over other evidence", approvals(lambda c, a: resigned(c, a, of(337, b"e" * 32), verbs=(V_GO,))), "go"),
    ("with a go that the controller signed", approvals(lambda c, a: [(d, c.id.signer.sign(b"baton/approval/v1", d)) if d[0] == V_GO else (d, s)
                                                                     for d, s in a]), "approvals"),
    ("without evidence", evidence(lambda c, e: []), "evidence"),
    ("with the evidence twice", evidence(lambda c, e: e * 2), "evidence"),
    ("with evidence whose signature is changed", evidence(lambda c, e: [(d, s[:-1] + bytes([s[-1] ^ 1])) for d, s in e]), "evidence"),
    ("with evidence that the controller signed", evidence(lambda c, e: [(d, c.id.signer.sign(w.STATEMENT, d)) for d, _ in e]), "evidence"),
    ("with evidence of one changed byte", evidence(lambda c, e: [(changed(d, len(d) - 3, bytes([d[-3] ^ 1])), s) for d, s in e]), "evidence"),
    ("with evidence that is cut", evidence(lambda c, e: [(d[:-1], s) for d, s in e]), "evidence"),
    ("with the recipient's own word as evidence", evidence(lambda c, e: [next((d, s) for d, s in reversed(c.h.statements) if
                                                                            w.statement_read(d)["member"] == c.victim.key)]), "evidence"),
    ("with a status of the old server in place of evidence", evidence(lambda c, e: [next((d, s) for d, s in reversed(c.h.statements) if
        w.statement_read(d)["member"] == c.h.agents["OLD"].key and w.statement_read(d)["type"] != 5)]), "evidence"),
    *((f"with evidence of type {t}", resaid(type=t), "evidence") for t in (1, 2, 3, 4, 6, 7, 8, 9, 10, 12, 13)),
    ("with evidence of another epoch", resaid(epoch=w.epoch(1, b"i" * 16)), "evidence"),
    ("with evidence for another recipient", resaid(recipient=b"r" * 32), "evidence"),
    ("with evidence under another plan", resaid(plan=b"p" * 32), "evidence"),
    ("with evidence for another tenant", resaid(tenant=b"t" * 16), "evidence"),
    ("with evidence of another host's key", resaid(member=b"m" * 32), "evidence"),
    ("with evidence of another fence kind", resaid(kind=2), "evidence"),
    ("with evidence of no fence kind", resaid(kind=0), "evidence"),
    ("with evidence of one who holds a grant", resaid(grant=1), "evidence"),
    ("with evidence of one in quarantine", resaid(quarantine=1), "evidence"),
    ("with evidence under a trust document to come", resaid(trust_version=99), "trust"),
    ("with evidence of another nonce, which go does not name", resaid(nonce=b"n" * 16), "go"),
    ("with evidence of another boot, which go does not name", resaid(boot=b"B" * 16), "go"),
    ("with evidence of another machine, which go does not name", resaid(guid=b"G" * 16), "go"),
    ("with evidence from the past, which go does not name", resaid(said=1), "go"),
    ("with evidence from the future, which go does not name", resaid(said=1 << 62), "go"),
    ("with evidence without facts", evidence(lambda c, e: [(lambda d: (d, c.h.agents["OLD"].signer.sign(w.STATEMENT, d)))(
        w.statement(w.facts(), **{k: v for k, v in w.statement_read(d).items() if k != "facts"})) for d, _ in e]), "evidence"),
]


class Orders:
    """Rows against one victim; the genuine order comes last."""

    victim = verb = None

    @classmethod
    def setUpClass(cls):
        cls.c = HostileController(handoff(), cls.victim)
        cls.addClassCleanup(cls.c.close)
        c = cls.c
        c.genuine = c.h.order(cls.verb)
        state = c.state()
        c.counter = lambda: struct.unpack(">Q", state["epoch"][:8])[0]
        c.epoch = lambda: epoch_of(c.counter(), state["epoch"][8:])

    def row(self, make, refusal):
        before = self.c.state()
        said = self.c.give(make(self.c, self.c.genuine))
        self.assertIsInstance(said, dict, said)
        self.assertEqual(said["type"], 11, f"answered with type {said['type']}")
        self.assertEqual(REFUSALS[said["refusal"]], refusal)
        self.assertEqual(self.c.state(), before, "something moved")

    def test_a_repeated_id_with_other_bytes_is_refused(self):
        before, order_id = self.c.state(), os.urandom(16)
        self.c.give(self.c.genuine.but(approval=[]), order_id)
        said = self.c.give(self.c.genuine, order_id)
        self.assertIsInstance(said, str)
        self.assertEqual(self.c.state(), before)

    def test_the_same_order_again_gets_the_same_answer_and_no_new_word(self):
        order_id, order = os.urandom(16), self.c.genuine.but(approval=[])
        first = self.c.give(order, order_id)
        self.assertEqual(self.c.give(order, order_id), first)

    def test_zz_the_order_as_people_approved_it_is_taken(self):
        said = self.c.give(self.c.genuine)
        self.assertIsInstance(said, dict, said)
        self.assertIn(said["type"], self.taken, REFUSALS[said["refusal"]])


class Fence(Orders, unittest.TestCase):
    victim, verb, taken = "OLD", FENCE, (2, 3, 4)

    def test_y_an_agent_that_must_be_confirmed_by_a_person_takes_no_stranger_into_the_plan(self):
        """The plan's member replaced by a key of ours, with approvals of both people for that very plan."""
        c = self.c
        plan = c.genuine.f["plan"].replace(c.h.agents["NEW"].key, S2.key)
        digest = w.sha256(plan)
        members = of(125, b"".join(S2.key if k == c.h.agents["NEW"].key else k for k in (c.genuine.f["approval"][0][0][125 + 32 * i:157 + 32 * i]
                                                                                        for i in range(4))))
        pairs = resigned(c, c.genuine.f["approval"], lambda d: members(of(253, S2.key)(of(61, digest)(d))))
        self.row(lambda c, g: g.but(plan=plan, recipient=S2.key, approval=pairs), "unconfirmed")


class Grant(Orders, unittest.TestCase):
    victim, verb, taken = "NEW", GRANT, (7, 8)


S2 = w.Signer()


class Frames(unittest.TestCase):
    """What an agent does not even answer: it goes on in its session, says why in its log, and stays what it is."""

    @classmethod
    def setUpClass(cls):
        cls.c = HostileController(handoff(), "OLD")
        cls.addClassCleanup(cls.c.close)

    def test_a_welcome_of_no_hello_opens_nothing(self):
        before = self.c.state()
        self.c.send(self.c.frame("welcome", os.urandom(16), b"n" * 16, 0, None, 1000))
        self.assertEqual(self.c.state(), before)  # in the session that was open all the time

    def test_every_message_of_the_generated_page_is_taken_or_dropped_as_it_says(self):
        """Both columns of the controller; the agent's log and its answers tell."""
        c, types = self.c, w.TYPES[1:]
        page = (ROOT / "docs/messages.md").read_text().split("## ")[1].splitlines()
        lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in page if line.startswith("| ")]
        cells = {line[0]: dict(zip(lines[0], line)) for line in lines[1:]}
        self.assertEqual(sorted(cells), sorted(types))
        signed = w.body_of(b"x", w.ZERO64)
        rest = {"enrol": (S2.key, S2.key, S2.key, "H", 1, "1", w.ZERO32, w.ZERO32, w.body_of(*[bytes(16)] * 4)), "enrolled": (1, w.ZERO32),
                "hello": (bytes(16), 1, "1", w.ZERO32, w.ZERO32, 0, w.ZERO32, w.body_of(*[bytes(16)] * 4), 0, w.ZERO32), "beat": (),
                "welcome": (w.ZERO16, w.ZERO16, 0, None, 1000), "order": (order_of(c),), "answer": (b"o" * 16, w.ZERO32, signed), "say": (signed,),
                "report": (w.facts(), 1), "receipt": (1, w.ZERO32, 1, w.ZERO64), "chunk": (w.ZERO32, 0, 1, b"x"), "want": (w.ZERO32, 0),
                "refused": (8, b"o" * 16, "no"), "heard": (w.ZERO32,), "findings": (b"BFL1" + bytes(6),)}
        for kind in types:
            for column, env in (("controller, in the session", {}), ("controller, no session", {"session": w.ZERO16})):
                with self.subTest(kind, column=column):
                    at = self.c.log.stat().st_size
                    if kind == "enrol":
                        frame = w.frame(1, w.body_of(c.envelope(**env), c.id.key, *rest[kind][1:]), c.id.signer)
                    else:
                        frame = c.frame(kind, *rest[kind], **env)
                    c.send(frame)
                    c.state()  # the session goes on, and what came before has been read
                    dropped = f"type={kind}: ".encode() in c.log.read_bytes()[at:]
                    # nobody but `baton-agent enrol` waits for an ENROLLED
                    self.assertEqual(dropped, cells[kind][column] == "refused" or kind == "enrolled", c.log.read_bytes()[at:])

    def row(self, make, reason):
        before = self.c.state()
        at = self.c.log.stat().st_size
        self.c.send(make(self.c))
        until(f"the log says '{reason}'; it says {self.c.log.read_bytes()[at:]!r}", lambda: reason.encode() in self.c.log.read_bytes()[at:], 30)
        self.assertEqual(self.c.state(), before)


def order_of(c, **values):
    return Order(tenant=c.tenant, **values).pack(os.urandom(16))


def fences(**values):
    """An order that touches authority, whole but for what is said here."""
    return lambda c: c.frame("order", order_of(c, **{"verb": FENCE, "epoch": epoch_of(9, b"i" * 16), "recipient": S2.key, "plan": b"BPL1", **values}))


def raw_order(change):
    return lambda c: c.frame("order", change(order_of(c)))


FRAMES = [
    ("a frame that is too short", lambda c: b"BTN1", "shorter than a header"),
    ("a frame with a bad signature", lambda c: (lambda f: f[:30] + bytes([f[30] ^ 1]) + f[31:])(c.frame("order", order_of(c))), "bad signature"),
    ("a frame that another key signed", lambda c: c.frame("order", order_of(c), signer=S2, sender=S2.key), "no key with id"),
    ("a frame that the agent itself signed", lambda c: c.frame("order", order_of(c), signer=c.victim.signer, sender=c.victim.key), "no key with id"),
    ("a sender who did not sign", lambda c: c.frame("order", order_of(c), sender=S2.key), "not the signer"),
    ("a frame for another agent", lambda c: c.frame("order", order_of(c), recipient=c.h.agents["NEW"].key), "meant for another agent"),
    ("a frame for another tenant", lambda c: c.frame("order", order_of(c), tenant=b"t" * 16), "meant for another tenant"),
    ("an order for another tenant", lambda c: c.frame("order", Order(tenant=b"t" * 16).pack(os.urandom(16))), "for another tenant"),
    ("a session that is not open", lambda c: c.frame("order", order_of(c), session=b"s" * 16), "not of the open session"),
    ("no session", lambda c: c.frame("order", order_of(c), session=w.ZERO16), "not of the open session"),
    ("a sequence that was used before", lambda c: c.frame("order", order_of(c), sequence=1), "used before"),
    ("sequence 0", lambda c: c.frame("order", order_of(c), sequence=0), "used before"),
    ("a FENCE of epoch 0", fences(epoch=epoch_of(0, w.ZERO16)), "Order.epoch is zero"),
    ("a FENCE towards nobody", fences(recipient=w.ZERO32), "Order.recipient is zero"),
    ("a FENCE without a plan", fences(plan=None), "Order.plan is zero"),
    ("a GRANT for epoch 0", fences(verb=GRANT, serial=1, epoch=epoch_of(0, w.ZERO16)), "Order.epoch is zero"),
    ("a GRANT of serial 0", fences(verb=GRANT), "Order.serial is zero"),
    ("an order of no verb", raw_order(lambda o: b"\x08\x00" + o[2:]), "Order.verb"),
    ("an order of a verb that nobody knows", raw_order(lambda o: b"\x08\x09" + o[2:]), "Order.verb"),
    ("an order twice in one", raw_order(lambda o: o + o), "stands twice"),
    ("an order with an unknown field", raw_order(lambda o: o + w.number(20, 1)), "unknown field 20"),
    ("an order without its id", lambda c: c.frame("order", w.rebuilt([f for f in w.fields_of(order_of(c)) if f[0] != 2])), "Order.id is missing"),
    ("an order that is cut", raw_order(lambda o: o[:-1]), "cut short"),
    ("an empty order", raw_order(lambda o: b""), "Order"),
    ("an order with seventeen approvals", lambda c: c.frame("order", Order(tenant=c.tenant, approval=[(bytes(529), w.ZERO64)] * 17).pack(b"i" * 16)), "Order.approval"),
    ("a plan above 8 KiB", lambda c: c.frame("order", order_of(c, plan=bytes(8193))), "Order.plan"),
    ("a receipt that the controller did not sign", lambda c: c.frame("receipt", 9, w.ZERO32, 1, w.ZERO64), "without the controller's signature"),
    ("a receipt signed under another domain", lambda c: c.frame("receipt", 9, w.ZERO32, 1, c.id.signer.sign(w.FRAME, struct.pack(">Q", 9) + w.ZERO32 + struct.pack(">Q", 1))), "without the controller's signature"),
    ("a BEAT from a controller", lambda c: c.frame("beat"), "a controller may not send this type"),
]


_handoff = None


def handoff():
    global _handoff
    if _handoff is None:
        _handoff = Handoff()
    return _handoff


def tearDownModule():
    if _handoff is not None:
        _handoff.close()


def rows_add(case, rows, lead):
    for name, *row in rows:
        def test(self, row=row):
            self.row(*row)
        test.__name__ = f"test_{lead}_" + "".join(c if c.isalnum() else "_" for c in name)
        test.__doc__ = f"{lead} {name}".replace("_", " ")
        assert not hasattr(case, test.__name__), name
        setattr(case, test.__name__, test)


rows_add(Fence, FENCES, "a_fence")
rows_add(Grant, GRANTS, "a_grant")
rows_add(Frames, FRAMES, "an_agent_drops")

if __name__ == "__main__":
    unittest.main()
