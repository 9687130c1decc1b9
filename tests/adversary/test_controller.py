"""A hostile agent, or nobody at all, against a real controller over real sockets.

Each row is one wrong thing with everything else right: signed by the agent's own key, over its own connection, in its
open session. A row holds when the controller counts it, says the reason in the audit under the right name, moves nothing
(every change of state is a record with a row, and there is none), and still serves the same session afterwards.
"""
import os
import struct
import time
import unittest

import socket_zmq as z
import wire as w
from world import ROOT, Agent, Controller, until

BIG = 1 << 64
ENVELOPE = ("session", "sequence", "sender", "recipient", "tenant")


# --- ways to be wrong ----------------------------------------------------------------------------

def flipped(data, at):
    out = bytearray(data)
    out[at] ^= 1
    return bytes(out)


def beat(**head):
    """A BEAT, right but for its header."""
    return lambda a: w.frame(5, a.body("beat"), a.id.signer, **head)


def changed(change, kind="beat", *rest):
    """A frame changed after it was signed."""
    return lambda a: change(a.frame(kind, *rest))


def signed(kind, change, *rest):
    """A body changed before it is signed."""
    return lambda a: w.frame(w.TYPES.index(kind), change(a.body(kind, *rest), a), a.id.signer)


def in_envelope(change):
    """Of a BEAT: its list of fields before they are put together."""
    return signed("beat", lambda body, a: w.bytes_of(1, w.rebuilt(change(w.fields_of(w.fields_of(body)[0][1])))))


def raw_envelope(change):
    return signed("beat", lambda body, a: w.bytes_of(1, change(w.fields_of(body)[0][1])))


def without(field):
    return in_envelope(lambda f: [x for x in f if x[0] != field])


def twice(field):
    return in_envelope(lambda f: f + [x for x in f if x[0] == field])


def long_as(field, n):
    return in_envelope(lambda f: [(i, b"x" * n if i == field else v) for i, v in f])


def says(*more):
    """A whole body behind the envelope, as bytes."""
    return lambda kind: signed(kind, lambda body, a: body + b"".join(more))


def refusal(status=1, order=w.ZERO16, text="no"):
    return signed("refused", lambda body, a: body, status, order, text)


def report(facts, wall=1764000000000):
    return signed("report", lambda body, a: body, facts, wall)


def say(**values):
    """A statement of this agent with one thing wrong, signed by it."""
    def make(a):
        how = {k: v(a) if callable(v) else v for k, v in values.items()}
        return a.frame("say", a.signed(a.statement(**how)))
    return make


def say_bytes(change):
    return lambda a: a.frame("say", a.signed(change(a.statement(), a)))


def enveloped(kind="beat", **env):
    def make(a):
        how = {k: v(a) if callable(v) else v for k, v in env.items()}
        return w.frame(w.TYPES.index(kind), a.body(kind, **how), a.id.signer)
    return make


FACT, VALUE, ABSENT = 0, 2, 1
fact = w.facts
S2 = w.Signer()

# What the bus refuses: name, frame, counter, reason in the audit
FRAMES = [
    ("an empty frame", lambda a: b"", "malformed", "frame of 0 bytes is shorter than a header"),
    ("one byte", lambda a: b"B", "malformed", "frame of 1 bytes is shorter"),
    ("a header that lacks one byte", lambda a: a.frame("beat")[:82], "malformed", "frame of 82 bytes is shorter"),
    ("a header without a body", lambda a: a.frame("beat")[:83], "malformed", "header says"),
    ("bytes that are no frame of Baton", beat(magic=b"BTN0"), "malformed", "not a frame of Baton"),
    ("a magic in small letters", beat(magic=b"btn1"), "malformed", "not a frame of Baton"),
    ("zeros", lambda a: bytes(200), "malformed", "not a frame of Baton"),
    ("noise", lambda a: os.urandom(200), "malformed", "not a frame of Baton"),
    ("an HTTP request", lambda a: b"GET /api/v1/tenants HTTP/1.1\r\nHost: controller\r\n" + b" " * 60, "malformed", "not a frame of Baton"),
    ("version 0", beat(version=0), "malformed", "frame version 0, this program speaks 1"),
    ("version 2", beat(version=2), "malformed", "frame version 2, this program speaks 1"),
    ("version 255", beat(version=255), "malformed", "frame version 255"),
    ("type 0", lambda a: w.frame(0, a.body("beat"), a.id.signer), "malformed", "unknown message type 0"),
    ("a type one above the last", lambda a: w.frame(16, a.body("beat"), a.id.signer), "malformed", "unknown message type 16"),
    ("the highest type", lambda a: w.frame(65535, a.body("beat"), a.id.signer), "malformed", "unknown message type 65535"),
    ("a body one byte shorter than said", lambda a: a.frame("beat")[:-1], "malformed", "header says"),
    ("a body one byte longer than said", lambda a: a.frame("beat") + b"\0", "malformed", "header says"),
    ("a length of nothing", beat(body_len=0), "malformed", "header says 0 bytes"),
    ("a length of four thousand million", beat(body_len=0xFFFFFFFF), "malformed", "header says 4294967295 bytes"),
    ("the key id of nobody", beat(key_id=bytes(8)), "denied", "no key with id 0000000000000000"),
    ("the key id of the controller", lambda a: w.frame(5, a.body("beat"), a.id.signer, key_id=w.sha256(a.controller)[:8]), "denied", "no key with id"),
    ("the first byte of a signature changed", changed(lambda f: flipped(f, 19)), "denied", "bad signature"),
    ("the last byte of a signature changed", changed(lambda f: flipped(f, 82)), "denied", "bad signature"),
    ("a signature of zeros", changed(lambda f: f[:19] + bytes(64) + f[83:]), "denied", "bad signature"),
    ("a signature of ones", changed(lambda f: f[:19] + b"\xff" * 64 + f[83:]), "denied", "bad signature"),
    ("a signature whose second half is above the order", changed(lambda f: f[:51] + (int.from_bytes(f[51:83], "little") + 2**252
        + 27742317777372353535851937790883648493).to_bytes(32, "little") + f[83:]), "denied", "bad signature"),
    ("the signature of another frame", lambda a: (lambda x, y: x[:19] + y[19:83] + x[83:])(a.frame("beat"), a.frame("beat")), "denied", "bad signature"),
    ("a body changed after it was signed", changed(lambda f: flipped(f, -1)), "denied", "bad signature"),
    ("a sequence raised after it was signed", changed(lambda f: f[:104] + bytes([f[104] + 1]) + f[105:]), "denied", "bad signature"),
    ("a type changed after it was signed", changed(lambda f: f[:5] + b"\0\3" + f[7:]), "denied", "bad signature"),
    ("a signature over the body alone", lambda a: (lambda f: f[:19] + a.id.signer.sign(w.FRAME, f[83:]) + f[83:])(a.frame("beat")), "denied", "bad signature"),
    ("a signature that was made for a statement", lambda a: w.frame(5, a.body("beat"), a.id.signer, domain=w.STATEMENT), "denied", "bad signature"),
    ("a signature under no domain", lambda a: w.frame(5, a.body("beat"), a.id.signer, domain=b""), "denied", "bad signature"),
    ("a stranger's signature under the agent's name", lambda a: w.frame(5, a.body("beat"), S2, key_id=w.sha256(a.id.key)[:8]), "denied", "bad signature"),
    ("a stranger's frame over the agent's connection", lambda a: w.frame(5, a.body("beat", sender=S2.key), S2), "denied", "no key with id"),
    # the envelope
    ("a sender who did not sign", enveloped(sender=S2.key), "denied", "the sender in the envelope is not the signer"),
    ("a sender of zeros", enveloped(sender=w.ZERO32), "denied", "the sender in the envelope is not the signer"),
    ("the controller as sender", enveloped(sender=lambda a: a.controller), "denied", "the sender in the envelope is not the signer"),
    ("another controller as recipient", enveloped(recipient=S2.key), "denied", "the frame is for another controller"),
    ("nobody as recipient", enveloped(recipient=w.ZERO32), "denied", "the frame is for another controller"),
    ("itself as recipient", enveloped(recipient=lambda a: a.id.key), "denied", "the frame is for another controller"),
    ("sender and recipient swapped", enveloped(sender=lambda a: a.controller, recipient=lambda a: a.id.key), "denied", "not the signer"),
    ("another tenant", enveloped(tenant=b"t" * 16), "denied", "the frame names another tenant than its key's"),
    ("no tenant", enveloped(tenant=w.ZERO16), "denied", "the frame names another tenant than its key's"),
    *((f"an envelope without its {name}", without(i), "malformed", f"Envelope.{name} is missing") for i, name in enumerate(ENVELOPE, 1)),
    *((f"an envelope with its {name} twice", twice(i), "malformed", f"Envelope.{name} stands twice") for i, name in enumerate(ENVELOPE, 1)),
    *((f"an envelope whose {name} has {n} bytes", long_as(i, n), "malformed", f"Envelope.{name}")
      for i, name, n in ((1, "session", 0), (1, "session", 15), (1, "session", 17), (3, "sender", 31), (3, "sender", 33),
                         (4, "recipient", 0), (4, "recipient", 64), (5, "tenant", 8), (5, "tenant", 36))),
    ("an envelope with a field that nobody knows", in_envelope(lambda f: f + [(6, 1)]), "malformed", "Envelope: unknown field 6"),
    ("an envelope with field 2^29 - 1", raw_envelope(lambda e: e + w.varint(0x1FFFFFFF << 3) + b"\0"), "malformed", "Envelope: unknown field 536870911"),
    ("an envelope with field 0", raw_envelope(lambda e: e + b"\0\0"), "malformed", "Envelope"),
    ("a sequence of six bytes where one does", raw_envelope(lambda e: w.bytes_of(1, e[2:18]) + w.number(2, 1, pad=5) + e[20:]), "malformed", "Envelope: cut short, or a number too long"),
    ("a sequence of eleven bytes", raw_envelope(lambda e: w.bytes_of(1, e[2:18]) + b"\x10" + b"\xff" * 10 + b"\1" + e[20:]), "malformed", "Envelope: cut short, or a number too long"),
    ("a sequence beyond 64 bits", raw_envelope(lambda e: w.bytes_of(1, e[2:18]) + b"\x10" + b"\xff" * 9 + b"\x02" + e[20:]), "malformed", "Envelope"),
    ("a sequence as eight bytes", raw_envelope(lambda e: w.bytes_of(1, e[2:18]) + b"\x11" + bytes(8) + e[20:]), "malformed", "Envelope"),
    ("a sequence as text", raw_envelope(lambda e: w.bytes_of(1, e[2:18]) + w.text_of(2, "7") + e[20:]), "malformed", "Envelope.sequence is not a number"),
    ("a session as a number", in_envelope(lambda f: [(1, 7)] + f[1:]), "malformed", "Envelope.session has the wrong wire type"),
    ("a tag in a longer form than needed", raw_envelope(lambda e: b"\x8a\x00" + e[1:]), "malformed", "Envelope: cut short, or a number too long"),
    ("an envelope cut in the middle", raw_envelope(lambda e: e[:-1]), "malformed", "Envelope: cut short"),
    ("an envelope with a group", raw_envelope(lambda e: e + b"\x33\x34"), "malformed", "Envelope"),
    ("no envelope", signed("beat", lambda body, a: b""), "malformed", "Beat.envelope is missing"),
    ("two envelopes", signed("beat", lambda body, a: body + body), "malformed", "Beat.envelope stands twice"),
    ("an envelope as a number", signed("beat", lambda body, a: b"\x08\x01"), "malformed", "Beat.envelope has the wrong wire type"),
    ("an envelope that claims more bytes than there are", signed("beat", lambda body, a: b"\x0a\xff\x7f" + body[2:]), "malformed", "Beat: cut short"),
    # bodies
    ("a BEAT that carries a secret", says(w.number(2, 1))("beat"), "malformed", "Beat: unknown field 2"),
    ("a SAY under the type of a BEAT", lambda a: w.frame(5, a.body("say", a.signed(a.statement())), a.id.signer), "malformed", "Beat: unknown field 2"),
    ("a BEAT under the type of a SAY", lambda a: w.frame(8, a.body("beat"), a.id.signer), "malformed", "Say.statement is missing"),
    ("a HELLO with a field left out", lambda a: w.frame(3, a.body("hello", b"n" * 16), a.id.signer), "malformed", "Hello."),
    ("two statements in one SAY", lambda a: (lambda s: a.frame("say", s, s))(a.signed(a.statement())), "malformed", "Say: unknown field 3"),
    ("a statement twice", lambda a: w.frame(8, (lambda s: a.body("say", s) + w.bytes_of(2, s))(a.signed(a.statement())), a.id.signer), "malformed", "Say.statement stands twice"),
    ("a signature of 63 bytes", lambda a: a.frame("say", w.body_of(a.statement(), b"s" * 63)), "malformed", "Say.statement has a signature of 63 bytes"),
    ("an empty statement", lambda a: a.frame("say", a.signed(b"")), "malformed", "Say.statement"),
    ("a statement that is longer than any", lambda a: a.frame("say", a.signed(bytes(12289))), "malformed", "Say.statement"),
    ("a text with a NUL inside", refusal(text=b"no\0yes"), "malformed", "Refused.text is not one line of valid UTF-8"),
    ("a text with a line end", refusal(text=b"no\nERROR engine: all is lost"), "malformed", "Refused.text is not one line"),
    ("a text with an escape sequence", refusal(text=b"\x1b[2J"), "malformed", "Refused.text is not one line"),
    ("a text with a DEL", refusal(text=b"n\x7f"), "malformed", "Refused.text is not one line"),
    ("a text with a C1 control", refusal(text="n\x9b2J"), "malformed", "Refused.text is not one line"),
    ("a text that turns its direction", refusal(text="on\u202eyes"), "malformed", "Refused.text is not one line"),
    ("a text with a byte order mark", refusal(text="\ufeffno"), "malformed", "Refused.text is not one line"),
    ("a text in an overlong form", refusal(text=b"n\xc0\xaf"), "malformed", "Refused.text is not one line"),
    ("a text with a surrogate", refusal(text=b"n\xed\xa0\x80"), "malformed", "Refused.text is not one line"),
    ("a text beyond Unicode", refusal(text=b"n\xf4\x90\x80\x80"), "malformed", "Refused.text is not one line"),
    ("a text in Latin-1", refusal(text=b"nein, m\xfcde"), "malformed", "Refused.text is not one line"),
    ("a text that is cut inside a letter", refusal(text=b"n\xe2\x82"), "malformed", "Refused.text is not one line"),
    ("a text of 1,025 bytes", refusal(text=b"n" * 1025), "malformed", "Refused.text is longer than 1,024 bytes"),
    ("a text that fits the wire and not its place", refusal(text=b"n" * 1024), "malformed", "Refused.text"),
    ("a status of 0", refusal(status=0), "malformed", "Refused.status"),
    ("a status that nobody knows", refusal(status=200), "malformed", "Refused.status"),
    ("a status beyond 32 bits", refusal(status=1 << 32), "malformed", "Refused.status is out of range"),
    ("facts that are cut", report(fact()[:-1]), "malformed", "Report.facts"),
    ("facts with bytes left over", report(fact() + b"\0"), "malformed", "Report.facts"),
    ("a fact that nobody knows", report(fact([(999, VALUE, 0, 1)])), "malformed", "Report.facts"),
    ("a fact twice", report(fact([(1, VALUE, 0, 1), (1, VALUE, 0, 2)])), "malformed", "Report.facts"),
    ("facts that fall", report(fact([(7, VALUE, 0, 1), (4, VALUE, 0, 1)])), "malformed", "Report.facts"),
    ("a fact in no state", report(fact([(4, 0, 0, 1)])), "malformed", "Report.facts"),
    ("a fact in a state that nobody knows", report(fact([(4, 3, 0, 1)])), "malformed", "Report.facts"),
    ("a fact absent for no reason", report(fact([(4, ABSENT, 0, 0)])), "malformed", "Report.facts"),
    ("a fact absent for an unknown reason", report(fact([(4, ABSENT, 0, 7)])), "malformed", "Report.facts"),
    ("a fact below zero", report(fact([(4, VALUE, 0, -1)])), "malformed", "Report.facts"),
    ("a yes of 2", report(fact([(4, VALUE, 0, 2)])), "malformed", "Report.facts"),
    ("a count above any", report(fact([(31, VALUE, 0, 2 * 10**9)])), "malformed", "Report.facts"),
    ("an export in the year 2300", report(fact([(20, VALUE, 0, 10413792000000)])), "malformed", "Report.facts"),
    ("a digest that nobody knows", report(fact(digests=[(8, w.ZERO32)])), "malformed", "Report.facts"),
    ("a digest twice", report(fact(digests=[(1, w.ZERO32), (1, w.ZERO32)])), "malformed", "Report.facts"),
    ("a note with a line end", report(fact(note="a\nb")), "malformed", "Report.facts"),
    ("a chunk that begins behind its end", lambda a: a.frame("chunk", w.ZERO32, 11, 10, b""), "malformed", "Chunk"),
    ("a chunk that ends behind its end", lambda a: a.frame("chunk", w.ZERO32, 8, 10, b"abc"), "malformed", "Chunk"),
    ("a chunk whose end is beyond all numbers", lambda a: a.frame("chunk", w.ZERO32, BIG - 1, BIG - 1, b"abc"), "malformed", "Chunk"),
    ("a chunk above 32 KiB", lambda a: a.frame("chunk", w.ZERO32, 0, 40000, bytes(32769)), "malformed", "Chunk.bytes"),
    ("findings that are none", lambda a: a.frame("findings", b"BFL1"), "malformed", "Findings"),
    ("findings whose severity rises", lambda a: a.frame("findings", b"BFL1" + struct.pack(">IH", 0, 2) + b"".join(
        w.text("EX-ADDS") + bytes([s]) + struct.pack(">QQ", 1, BIG - 1) + w.text("") * 3 + w.ZERO32 for s in (0, 2))), "malformed", "Findings"),
    # types that are not an agent's
    *((f"{kind.upper()} from an agent", lambda a, i=i: w.frame(i, a.body("beat"), a.id.signer), "denied",
       f"a peer that is an agent may not send {kind}")
      for i, kind in ((1, "enrol"), (2, "enrolled"), (4, "welcome"), (6, "order"), (10, "receipt"), (14, "heard"))),
]

# What the engine refuses: name, frame, words of the REFUSED that comes back
SESSION = [
    ("a session of zeros", enveloped(session=w.ZERO16), "not of the open session"),
    ("a session that was made up", enveloped(session=b"s" * 16), "not of the open session"),
    ("sequence 0", enveloped(sequence=0), "a sequence number that was used before"),
    ("a sequence number that was used before", enveloped(sequence=1), "a sequence number that was used before"),
    ("a SAY without a session", lambda a: a.frame("say", a.signed(a.statement()), session=w.ZERO16), "not of the open session"),
    ("a REPORT with an old sequence", lambda a: a.frame("report", fact(), 1, sequence=1), "a sequence number that was used before"),
    ("a FINDINGS without a session", lambda a: a.frame("findings", b"BFL1" + bytes(6), session=w.ZERO16), "not of the open session"),
    ("a WANT without a session", lambda a: a.frame("want", w.ZERO32, 0, session=w.ZERO16), "not of the open session"),
    ("a CHUNK without a session", lambda a: a.frame("chunk", w.ZERO32, 0, 1, b"x", session=w.ZERO16), "not of the open session"),
    ("a REFUSED without a session", lambda a: a.frame("refused", 1, w.ZERO16, "no", session=w.ZERO16), "not of the open session"),
    ("an ANSWER without a session", lambda a: a.frame("answer", w.ZERO16, w.ZERO32, a.signed(a.statement()), session=w.ZERO16), "not of the open session"),
    ("a file that this tenant does not have", lambda a: a.frame("want", w.ZERO32, 0), "no such settings for this tenant"),
    # signed words
    ("a statement without a signature", lambda a: a.frame("say", w.body_of(a.statement(), w.ZERO64)), "without this agent's signature"),
    ("a statement signed by somebody else", lambda a: a.frame("say", a.signed(a.statement(), signer=S2)), "without this agent's signature"),
    ("a statement signed as a frame", lambda a: a.frame("say", a.signed(a.statement(), domain=w.FRAME)), "without this agent's signature"),
    ("a statement in another agent's name", say(member=S2.key), "in another agent's name"),
    ("another agent's statement, signed by it", lambda a: a.frame("say", a.signed(a.statement(member=S2.key), signer=S2)), "without this agent's signature"),
    ("a statement for another tenant", say(tenant=b"t" * 16), "for another tenant"),
    ("a statement for no tenant", say(tenant=w.ZERO16), "for another tenant"),
    ("a statement in nobody's name", say(member=w.ZERO32), "cannot be read"),
    ("a statement of type 0", say(type=0), "cannot be read"),
    ("a statement of a type that nobody knows", say(type=14), "cannot be read"),
    ("a refusal without its reason", say(type=11), "cannot be read"),
    ("a reason without a refusal", say(refusal=3), "cannot be read"),
    ("a refusal for a reason that nobody knows", say(type=11, refusal=27), "cannot be read"),
    ("a yes of 2 about holding", say(holding=2), "cannot be read"),
    ("an epoch held without holding", say(holding_epoch=w.epoch(7)), "cannot be read"),
    ("a grant in no state", say(grant=4), "cannot be read"),
    ("a quarantine that nobody knows", say(quarantine=5), "cannot be read"),
    ("a fence kind that nobody knows", say(kind=5), "cannot be read"),
    ("a version with a line end", say(version="1\n2"), "cannot be read"),
    ("a statement with another tag", say(tag=b"BST2"), "cannot be read"),
    ("a statement that is cut", say_bytes(lambda s, a: s[:-1]), "cannot be read"),
    ("a statement with bytes left over", say_bytes(lambda s, a: s + b"\0"), "cannot be read"),
    ("an approval in place of a statement", say_bytes(lambda s, a: b"\4" + bytes(528)), "cannot be read"),
    ("an answer with a bad signature", lambda a: a.frame("answer", w.ZERO16, w.ZERO32, w.body_of(a.statement(), w.ZERO64)), "without this agent's signature"),
    ("an answer in another agent's name", lambda a: a.frame("answer", w.ZERO16, w.ZERO32, a.signed(a.statement(member=S2.key))), "in another agent's name"),
]

# What an unknown peer with a one-time key is refused: name, frame, words in the audit
ENROLMENTS = [
    ("another host than the token's", lambda a: a.enrol_frame(host="ELSEWHERE"), "made for another host"),
    ("the one-time key as the agent's own", lambda a: a.enrol_frame(curve=a.one_time[0]), "keys of its own"),
    ("no transport key", lambda a: a.enrol_frame(curve=w.ZERO32), "keys of its own"),
    ("no box key", lambda a: a.enrol_frame(box=w.ZERO32), "keys of its own"),
    ("the transport key of somebody else", lambda a: a.enrol_frame(curve=a.other.id.curve), "is enrolled already"),
]
ENROL_FRAMES = [
    ("a key to enrol that did not sign", lambda a: a.enrol_frame(sign_key=S2.key), "denied", "the key to enrol is not the signer"),
    ("another controller's enrolment", lambda a: a.enrol_frame(recipient=S2.key), "denied", "the frame is for another controller"),
    ("an enrolment into another tenant", lambda a: a.enrol_frame(tenant=b"t" * 16), "denied", "another tenant than its key's"),
    ("a product that nobody knows", lambda a: a.enrol_frame(product=9), "malformed", "Enrol.product"),
    ("a host with a line end", lambda a: a.enrol_frame(host="H\nI"), "malformed", "Enrol.host"),
    ("a host of 64 letters", lambda a: a.enrol_frame(host="h" * 64), "malformed", "Enrol.host"),
    ("an enrolment under another key id", lambda a: w.frame(1, a.enrol_frame()[83:], a.id.signer, key_id=bytes(8)), "denied", "the header names another key"),
    ("an enrolment with a bad signature", lambda a: flipped(a.enrol_frame(), 30), "denied", "bad signature"),
]
ENROL_TYPES = [
    *((f"{kind.upper()} from a one-time key", lambda a, i=i: w.frame(i, a.body("beat"), a.id.signer), "denied", f"a peer that enrols may not send {kind}")
      for i, kind in enumerate(w.TYPES) if i > 1),
]


class Case(unittest.TestCase):
    """What every row asserts."""

    @classmethod
    def setUpClass(cls):
        cls.site = Controller()
        cls.addClassCleanup(cls.site.close)

    def agent(self):
        a = Agent(self.site).hello()
        self.addCleanup(a.close)
        return a

    def one_time(self):
        """Somebody with a token, connected and not yet enrolled."""
        a = Agent(self.site, enrol=False)
        a.take(self.site.token(a.host))
        a.one_time = w.curve_pair(a.token.seed)
        a.socket = a.open(*a.one_time)
        self.addCleanup(a.close)
        self.assertEqual(a.socket.link(), "admitted")
        return a

    def mark(self):
        self.head, self.before = self.site.api.head(), self.site.api.counters()

    def counted(self, counter, least=1):
        until(f"{counter} counted", lambda: self.site.api.counters()[counter] >= self.before[counter] + least)

    def recorded(self, reason, actor, kind="refused"):
        """The reason stands in the audit under that name, and beside it nothing that moves anything."""
        def found():
            new = self.site.api.records(self.head)
            return [r for r in new if r["type"] == kind and reason in r["text"] and (actor is None or r["actor"] == actor.hex())]
        until(f"a record of type {kind} that says '{reason}'; there is {self.site.api.records(self.head)}", found, 20)
        return found()

    def nothing_moved(self, allowed=("refused",)):
        moved = [r for r in self.site.api.records(self.head) if r["type"] not in allowed]
        self.assertEqual(moved, [])

    def counts_stay(self, *grown):
        """No other kind of refusal was counted."""
        now = self.site.api.counters()
        for name in ("malformed", "denied", "unidentified", "unknown", "flooded", "second_sessions"):
            if name not in grown:
                self.assertEqual(now[name], self.before[name], name)


class Frames(Case):
    def row(self, make, counter, reason):
        a = self.agent()
        self.mark()
        a.say(make(a))
        self.counted(counter)
        (record,) = self.recorded(reason, a.id.key)
        self.assertEqual(record["tenant"], a.tenant_text)
        self.counts_stay(counter)
        self.nothing_moved()
        self.assertTrue(a.served(), "the honest session is not served any more")


class Sessions(Case):
    def row(self, make, reason):
        a = self.agent()
        a.beat()
        self.assertTrue(a.served())
        self.mark()
        frame = make(a)
        a.say(frame)
        self.assertIn(reason, a.heard_refused())
        (record,) = self.recorded(reason, a.id.key)
        self.assertEqual(record["tenant"], a.tenant_text)
        self.counts_stay()
        self.nothing_moved()
        self.assertTrue(a.served(), "the honest session is not served any more")


class Enrolments(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = Agent(cls.site)

    def row(self, make, reason):
        a = self.one_time()
        a.other = self.other
        self.mark()
        a.say(make(a))
        _, fields = a.hear("enrolled")
        self.assertEqual(fields[2], 0, "accepted")
        self.recorded(reason, a.id.key)
        self.nothing_moved()
        a.say(a.enrol_frame())  # the token is still good for whom it was made
        self.assertEqual(a.hear("enrolled")[1][2], 1)

    def test_a_token_is_good_for_one_agent(self):
        a = self.one_time()
        a.say(a.enrol_frame())
        self.assertEqual(a.hear("enrolled")[1][2], 1)
        self.mark()
        a.id = w.Identity()
        a.say(a.enrol_frame())
        self.assertEqual(a.hear("enrolled")[1][2], 0)
        self.recorded("used already", a.id.key)
        self.nothing_moved()

    def test_the_same_agent_that_asks_again_gets_the_same_answer_and_no_second_seat(self):
        a = self.one_time()
        a.say(a.enrol_frame())
        first = a.hear("enrolled")[1][3]
        self.mark()
        a.say(a.enrol_frame())
        self.assertEqual(a.hear("enrolled")[1][3], first)
        self.assertEqual(self.site.api.records(self.head), [])

    def test_a_key_that_is_enrolled_does_not_enrol_again(self):
        a = self.one_time()
        a.id = self.other.id
        self.mark()
        a.say(a.enrol_frame())
        self.assertEqual(a.hear("enrolled")[1][2], 0)
        self.recorded("enrolled already", a.id.key)
        self.nothing_moved()

    def test_a_fifth_agent_finds_no_seat(self):
        first = Agent(self.site, tenant=self.site.tenant())
        for _ in range(3):
            Agent(self.site, tenant=first.tenant_text)
        a = Agent(self.site, enrol=False)
        a.take(self.site.token(a.host, first.tenant_text))
        a.socket = a.open(*w.curve_pair(a.token.seed))
        self.addCleanup(a.close)
        self.assertEqual(a.socket.link(), "admitted")
        self.mark()
        a.say(a.enrol_frame())
        self.assertEqual(a.hear("enrolled")[1][2], 0)
        self.recorded("four agents already", a.id.key)
        self.nothing_moved()


class EnrolRow(Case):
    def row(self, make, counter, reason):
        a = self.one_time()
        self.mark()
        a.say(make(a))
        self.counted(counter)
        self.recorded(reason, None)
        self.counts_stay(counter)
        self.nothing_moved()
        a.say(a.enrol_frame())
        self.assertEqual(a.hear("enrolled")[1][2], 1)


class EnrolFrames(EnrolRow):
    pass


class EnrolTypes(EnrolRow):
    """A site of its own: what strangers are refused is recorded twenty times, and then rarely."""


class Connections(Case):
    """Who gets in at all, and what becomes of whom should not be there any more."""

    def knocks(self, a, before=lambda s: None, public=None, secret=None):
        s = a.open(public or a.id.curve, secret or a.id.curve_secret, before=before)
        self.addCleanup(s.close)
        return s

    def test_a_key_that_nobody_knows_is_refused_and_told(self):
        a = Agent(self.site)
        self.mark()
        public, secret = w.curve_pair()
        self.assertEqual(self.knocks(a, public=public, secret=secret).link(), "refused")
        self.counted("keys_refused")
        self.recorded("unknown keys refused", None)
        self.counts_stay()
        self.nothing_moved()

    def test_a_used_one_time_key_is_refused(self):
        a = Agent(self.site).hello()
        self.addCleanup(a.close)
        self.mark()
        self.assertEqual(self.knocks(a, public=a.one_time[0], secret=a.one_time[1]).link(), "refused")
        self.counted("keys_refused")
        self.nothing_moved()

    def test_a_signing_key_is_no_transport_key(self):
        a = Agent(self.site)
        self.mark()
        public, secret = w.curve_pair(b"k" * 32)
        self.assertEqual(self.knocks(a, public=public, secret=secret).link(), "refused")
        self.counted("keys_refused")
        self.nothing_moved()

    def unsafe(self, prepare):
        s, honest = z.Socket(), self.agent()
        self.addCleanup(s.close)
        prepare(s)
        s.watch()
        s.connect(self.site.address)
        self.mark()
        s.send(b"x" * 100, wait=False)
        self.assertTrue(honest.served())
        self.assertNotEqual(s.link(1), "admitted")  # in the time in which an honest one is served many times over
        self.counts_stay()
        self.nothing_moved(("statement",))

    def test_no_mechanism_gets_nobody_in(self):
        self.unsafe(lambda s: None)

    def test_a_password_gets_nobody_in(self):
        def plain(s):
            s.set(z.PLAIN_USERNAME, b"admin")
            s.set(z.PLAIN_PASSWORD, b"admin")
        self.unsafe(plain)

    def test_somebody_who_expects_another_controller_does_not_get_in(self):
        a = Agent(self.site)
        a.controller_curve = w.curve_pair()[0]
        self.mark()
        self.assertNotEqual(self.knocks(a).link(1), "admitted")
        self.counts_stay()
        self.nothing_moved()

    def revoke(self, a):
        self.site.api("POST", f"/api/v1/tenants/{a.tenant_text}/agents/{a.id.key.hex()}/revoke", {})

    def test_a_key_revoked_while_its_connection_lives_is_not_heard_any_more(self):
        a, other = self.agent(), self.agent()
        self.assertTrue(a.served())
        self.revoke(a)
        self.strange(a.beat, "unknown", "no longer allowed still speaks")
        self.counts_stay("unknown")
        self.assertTrue(other.served())

    def test_a_revoked_key_does_not_get_in_again(self):
        a = self.agent()
        self.revoke(a)
        a.close()
        self.mark()
        self.assertEqual(self.knocks(a).link(), "refused")
        self.counted("keys_refused")
        self.nothing_moved()

    def strange(self, send, counter, reason):
        """Complaints that belong to no peer are told once a second: said until it is told."""
        self.mark()
        def told():
            send()
            time.sleep(0.02)
            return [r for r in self.site.api.records(self.head) if reason in r["text"]]
        until(reason, told)
        self.counted(counter)
        self.nothing_moved()

    def test_two_parts_are_no_frame(self):
        a = self.agent()
        self.strange(lambda: a.say(a.frame("beat"), b""), "malformed", "a message of more than one part")
        self.assertTrue(a.served())

    def test_an_empty_part_before_the_frame_is_no_frame(self):
        a = self.agent()
        self.strange(lambda: a.say(b"", a.frame("beat")), "malformed", "a message of more than one part")
        self.assertTrue(a.served())

    def test_a_hundred_parts_are_no_frame_and_the_next_one_is_read(self):
        a = self.agent()
        self.strange(lambda: a.say(*[b"x"] * 100), "malformed", "a message of more than one part")
        self.assertTrue(a.served())

    def test_who_chooses_a_routing_id_is_not_heard(self):
        a = self.agent()
        s = self.knocks(a, lambda s: s.set(z.ROUTING_ID, b"OLD01"))
        self.assertEqual(s.link(), "admitted")
        self.strange(lambda: s.send(a.frame("beat")), "unidentified", "a routing id of its own")
        self.assertTrue(a.served())

    def test_who_squats_on_the_routing_id_of_another_gets_nothing_of_it(self):
        """Both choose the same; the second is cut off by the library, and neither is ever heard."""
        victim, thief = self.agent(), self.agent()
        name = b"\1\2\3\4\5"
        first = self.knocks(victim, lambda s: s.set(z.ROUTING_ID, name))
        self.assertEqual(first.link(), "admitted")
        second = self.knocks(thief, lambda s: s.set(z.ROUTING_ID, name))
        self.strange(lambda: (first.send(victim.frame("beat"), wait=False), second.send(thief.frame("beat"), wait=False)),
                     "unidentified", "a routing id of its own")
        self.assertIsNone(first.recv(0.2))
        self.assertIsNone(second.recv(0))
        self.assertTrue(victim.served())
        self.assertTrue(thief.served())

    def test_an_oversized_frame_ends_its_connection_and_nothing_else(self):
        a, other = self.agent(), self.agent()
        self.mark()
        a.say(bytes(w.FRAME_BYTES_MAX + 4096))
        self.assertEqual(a.socket.link(), "disconnected")
        self.counts_stay()
        self.nothing_moved()
        self.assertTrue(other.served())
        self.assertEqual(a.socket.link(), "admitted")  # the library comes back by itself
        self.assertTrue(a.hello().served())

    def test_a_frame_one_byte_too_long_is_refused(self):
        a = self.agent()
        self.mark()
        a.say(bytes(w.FRAME_BYTES_MAX + 1))
        until("counted, or cut off", lambda: self.site.api.counters()["malformed"] > self.before["malformed"])
        self.recorded("at most 65536 are allowed", a.id.key)
        self.nothing_moved()

    def test_two_connections_that_speak_with_one_key_bar_it(self):
        a, other = self.agent(), self.agent()
        twin = Agent(self.site, identity=a.id, enrol=False)
        twin.take(a.token)
        self.addCleanup(twin.close)
        twin.counter = a.counter
        self.mark()
        twin.hello()

        def both():  # told that it is not their turn, both say hello again: they live
            for one in (a, twin):
                one.hello()
                one.beat()
            return [r for r in self.site.api.records(self.head) if r["type"] == "alarm"]
        alarm = until("the alarm about two sessions", both)[0]
        self.assertIn("two live sessions for one key", alarm["text"])
        self.assertEqual(alarm["actor"], a.id.key.hex())
        self.assertGreater(self.site.api.counters()["second_sessions"], self.before["second_sessions"])
        shown = self.site.api("GET", f"/api/v1/tenants/{a.tenant_text}/agents/{a.id.key.hex()}")
        self.assertIs(shown.get("barred"), True, shown)
        self.nothing_moved(("refused", "alarm", "session"))
        self.assertTrue(other.served())


class Alarms(Case):
    """What is genuine by its signature and shows that something is wrong."""

    def alarmed(self, a, reason, allowed=("refused", "alarm", "session")):
        (record,) = self.recorded(reason, a.id.key, "alarm")
        self.assertEqual(record["tenant"], a.tenant_text)
        self.nothing_moved(allowed)

    def test_two_statements_with_one_counter_bar_the_agent(self):
        a = self.agent()
        self.assertTrue(a.served())
        self.mark()
        a.say(a.frame("say", a.signed(w.statement(tenant=a.tenant, member=a.id.key, counter=a.counter, said=1))))
        self.assertIn("two statements with one counter", a.heard_refused())
        self.alarmed(a, "two different statements have one counter")
        self.recorded("two statements with one counter: the agent on", a.id.key, "alarm")

    def test_an_agent_that_counts_less_than_before_is_told(self):
        a = self.agent()
        for _ in range(3):
            self.assertTrue(a.served())
        self.mark()
        a.hello(counter=1)
        a.beat()
        self.alarmed(a, "counts fewer statements than are known", ("refused", "alarm", "session", "ordered"))

    def test_a_receipt_over_more_records_than_there_are_is_told(self):
        a = self.agent()
        self.mark()
        a.hello(receipt=(1 << 40, b"r" * 32))
        self.alarmed(a, "has seen a longer audit log", ("refused", "alarm", "session"))

    def test_a_receipt_of_another_log_is_told(self):
        a = self.agent()
        self.mark()
        a.hello(receipt=(3, b"r" * 32))
        self.alarmed(a, "a receipt of another audit log")

    def test_an_answer_to_an_order_that_nobody_gave_is_foreign(self):
        a = self.agent()
        self.mark()
        a.say(a.frame("answer", b"o" * 16, b"h" * 32, a.signed(a.statement())))
        self.recorded("answers an order that this ledger does not know", a.id.key, "foreign")
        self.nothing_moved(("foreign", "statement"))

    def test_a_statement_said_again_is_heard_and_not_recorded_again(self):
        a = self.agent()
        data = a.statement()
        a.say(a.frame("say", a.signed(data)))
        a.hear("heard")
        self.mark()
        for _ in range(5):
            a.say(a.frame("say", a.signed(data)))
            self.assertEqual(a.hear("heard")[1][2], w.sha256(data))
        self.assertEqual(self.site.api.records(self.head), [])

    def test_too_many_hellos_are_refused_and_the_agent_comes_back(self):
        a = self.agent()
        self.mark()
        for _ in range(40):
            a.say(a.hello_frame())
        self.assertIn("too many sessions in a short time", a.heard_refused())
        self.recorded("too many sessions in a short time", a.id.key)
        self.nothing_moved(("refused", "session"))

    def test_a_clock_at_the_end_of_time_changes_no_decision(self):
        for wall in (0, 1, BIG - 1):
            with self.subTest(wall=wall):
                a = self.agent()
                self.mark()
                a.say(a.frame("report", fact([(31, VALUE, 0, 1)]), wall))
                self.assertTrue(a.served())
                self.nothing_moved(("statement",))

    def test_every_frame_of_a_session_said_again_in_the_next_is_refused(self):
        a = self.agent()
        a.beat()
        a.say(a.frame("report", fact(), 1))
        a.say(a.frame("refused", 1, w.ZERO16, "no"))
        a.say(a.frame("want", w.ZERO32, 0))
        a.hear("refused")
        self.assertTrue(a.served())
        recorded = [parts for parts in a.sent if w.frame_read(parts[0])[0] not in ("enrol", "hello")]
        a.hello()
        self.mark()
        for parts in recorded:
            a.socket.send(*parts)
            self.assertIn("not of the open session", a.heard_refused())
        self.assertGreaterEqual(len(recorded), 5)
        self.nothing_moved()
        a.hello()
        self.assertTrue(a.served())

    def test_every_frame_of_one_agent_over_the_connection_of_another_is_denied(self):
        a, thief = self.agent(), self.agent()
        a.beat()
        self.assertTrue(a.served())
        self.mark()
        for parts in a.sent[1:]:
            thief.say(*parts)
        self.counted("denied", len(a.sent) - 1)
        self.recorded("no key with id", thief.id.key)
        self.nothing_moved()
        self.assertTrue(a.served())
        self.assertTrue(thief.served())


class Matrix(Case):
    """Every cell of the generated page that is about an agent or a one-time key."""

    def say_all(self, a, column, refused):
        for kind, cells in matrix().items():
            with self.subTest(kind, column=column):
                self.mark()
                if kind == "hello" and "session" in column and cells[column] == "taken":
                    a.hello()  # the session that it opens is the one that goes on
                    continue
                a.say(well_formed(a, kind))
                if cells[column] == "taken":
                    until(f"{kind} is delivered", lambda: self.site.api.counters()["delivered"] > self.before["delivered"])
                    self.counts_stay()
                    self.written_down(a, column)
                else:
                    refused(a, kind)

    def written_down(self, a, column):
        """What was delivered is on the record, so that it is not taken for the next one's."""
        if column == "one-time key":
            a.hear("enrolled")
        else:
            self.assertTrue(a.served())

    def denied(self, a, kind):
        self.counted("denied")
        self.assertEqual(self.site.api.counters()["delivered"], self.before["delivered"])
        self.nothing_moved()

    def test_one_time_key(self):
        self.say_all(self.one_time(), "one-time key", self.denied)

    def test_agent_in_its_session(self):
        a = self.agent()
        self.say_all(a, "agent, in its session", self.denied)
        self.assertTrue(a.served())

    def test_agent_before_its_first_session(self):
        """What only a session may carry is refused by the engine, in words; the rest by the bus."""
        def refused(a, kind):
            if column_of("agent, in its session")[kind] == "refused":
                return self.denied(a, kind)
            self.assertIn("not of the open session", a.heard_refused())
            self.nothing_moved()
        a = Agent(self.site).connect()
        self.addCleanup(a.close)
        kept = a.hello

        def hello_without_keeping_its_session():
            kept()
            a.session = w.ZERO16
        a.hello = hello_without_keeping_its_session
        self.say_all(a, "agent, no session", refused)

    def test_agent_whose_key_is_revoked(self):
        a = self.agent()
        self.site.api("POST", f"/api/v1/tenants/{a.tenant_text}/agents/{a.id.key.hex()}/revoke", {})
        for kind in matrix():
            with self.subTest(kind):
                self.mark()
                a.say(well_formed(a, kind))
                self.counted("unknown")
                self.assertEqual(self.site.api.counters()["delivered"], self.before["delivered"])
                self.nothing_moved()


def matrix():
    """The first table of the page: message -> column -> cell."""
    lines = (ROOT / "docs/messages.md").read_text().split("## ")[1].splitlines()
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {row[0]: dict(zip(cells[0], row)) for row in cells[1:] if row[0] in w.TYPES}


def column_of(name):
    return {kind: cells[name] for kind, cells in matrix().items()}


def well_formed(a, kind):
    """A whole message of that type by this peer, in the session that it has."""
    statement = a.signed(a.statement())
    rest = {"enrolled": (1, w.ZERO32), "welcome": (w.ZERO16, w.ZERO16, 0, None, 1000), "beat": (), "order": (b"\x08\1",),
            "answer": (b"o" * 16, b"h" * 32, statement), "say": (statement,), "report": (fact(), 1764000000000),
            "receipt": (1, w.ZERO32, 1, w.ZERO64), "chunk": (w.ZERO32, 0, 1, b"x"), "want": (w.ZERO32, 0),
            "refused": (1, w.ZERO16, "no"), "heard": (w.ZERO32,), "findings": (b"BFL1" + bytes(6),)}
    if kind == "enrol":
        return a.enrol_frame()
    return a.hello_frame() if kind == "hello" else a.frame(kind, *rest[kind])


def rows_add(case, rows):
    """A row becomes a test whose name is its sentence."""
    for name, *row in rows:
        def test(self, row=row):
            self.row(*row)
        test.__name__ = "test_" + "".join(c if c.isalnum() else "_" for c in name)
        test.__doc__ = name
        assert not hasattr(case, test.__name__), name
        setattr(case, test.__name__, test)


rows_add(Frames, FRAMES)
rows_add(Sessions, SESSION)
rows_add(Enrolments, ENROLMENTS)
rows_add(EnrolFrames, ENROL_FRAMES)
rows_add(EnrolTypes, ENROL_TYPES)

if __name__ == "__main__":
    unittest.main()
