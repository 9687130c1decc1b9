#!/usr/bin/env python3
"""Baton's own share of the time in which nobody exports: real controller, agents and lab, CURVE, TLS.

Whose time is it? A gap lasts from the lab's "nobody can export" to its "somebody can", both by the lab's
clock, which is this machine's. Out of it are taken
  - the lab's work: from an engine's "starting" to its "running";
  - the person's: from the click in the wizard that leaves staging mode to its effect (the click follows the
    grant at once; signing and asking are not taken out: they are done by this program without a pause);
  - policy waits: none. observe_gap_ms is 0, the beat and the T1 and T2 intervals are longer than a gap, so a
    gap that needed one of them would show it.
All the rest is Baton's, that of this client and of the lab's answers included: two agents and a controller
in turn, every step durable on both sides, everything signed.

Two kinds of gap. "back": fence, gap, go, grant, then decided against it: fence towards the old server, its
grant, its start. "on": fence, gap, go, grant, the wizard. One tenant after the other passes through gaps
while nothing else is going on.
"""
import argparse
import contextlib
import json
import os
import pathlib
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "deploy")]
from lab_site import CommandFailed, Site  # noqa: E402
from operators import Events, Operator, Refused  # noqa: E402

# Longer than any gap here, so that nothing waits for the next look: what happens must be pushed.
POLICY = ["observe_gap_ms=0", "observe_t1_ms=2000", "observe_t2_ms=2000", "observe_t2_grant_ms=2000",
          "observe_t2_rest_ms=2000", "beat_ms=2000", "probation_ms=500", "probation_cycles_count=1",
          "ready_fresh_ms=3600000", "settings_age_ms=3600000", "verify_ms=3600000", "assessed_ms=3600000"]
LAB = ["--speed", "20"]


class LabLine:
    """One connection to the lab: requests, answers, and every event with the lab's time."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(path))
        self.file = self.sock.makefile("r")
        self.changed, self.answers, self.events, self.number = threading.Condition(), {}, [], 0
        json.loads(self.file.readline())
        threading.Thread(target=self._read, daemon=True).start()
        self.ask("watch")

    def _read(self):
        with contextlib.suppress(ValueError, OSError):
            for line in self.file:
                message = json.loads(line)
                with self.changed:
                    if "event" in message:
                        self.events.append(message)
                    else:
                        self.answers[message["id"]] = message
                    self.changed.notify_all()

    def send(self, op, **fields):
        with self.changed:
            self.number += 1
            number = self.number
        self.sock.sendall((json.dumps({"id": number, "op": op, **fields}) + "\n").encode())
        return number

    def answer(self, number, timeout=60):
        with self.changed:
            if not self.changed.wait_for(lambda: number in self.answers, timeout):
                raise RuntimeError("the lab did not answer")
            answer = self.answers.pop(number)
        if not answer["ok"]:
            raise RuntimeError(answer["error"])
        return answer

    def ask(self, op, **fields):
        return self.answer(self.send(op, **fields))

    def wait(self, since, wanted, what, timeout=60):
        deadline = time.monotonic() + timeout
        with self.changed:
            at = since
            while True:
                while at < len(self.events):
                    at += 1
                    if wanted(self.events[at - 1]):
                        return self.events[at - 1]
                if not self.changed.wait(max(0, deadline - time.monotonic())):
                    raise RuntimeError(f"the lab: no {what} in {timeout} s")


class Tenant:
    def __init__(self, bench, name):
        self.bench, self.site, self.name = bench, bench.site, name
        self.anna, self.bert, self.events = bench.anna, bench.bert, bench.events
        self.site.tenant(name, options=LAB, sets=POLICY)
        directory = self.site.labs[name].dir
        self.world, self.old, self.new = (LabLine(directory / f) for f in (
            "tenant.sock", "servers/OLD.sock", "servers/NEW.sock"))
        self.guid = [t["id"] for t in self.anna.get("/api/v1/tenants")["items"] if t["name"] == name][0]
        agents = {a["host"]: a["key"] for a in self.anna.get(f"/api/v1/tenants/{self.guid}/agents")["items"]}
        self.pair = {"old": agents["OLD"], "new": agents["NEW"]}
        self.installed, self.at = False, 0

    # --- watching -------------------------------------------------------------------------------------
    def rule(self, *rules):
        return self.until(f"rule {rules}", lambda r: r.get("rule") in rules and r["type"] == "moved")

    def word(self, text):
        return self.until(text, lambda r: r["text"] == text)

    def until(self, what, wanted):
        record, self.at = self.events.wait(self.guid, self.at, what, wanted)
        return record

    def show(self):
        return self.anna.get(f"/api/v1/cutovers/{self.cutover}")

    def state(self, *codes, timeout=60):
        deadline = time.monotonic() + timeout
        while True:
            shown = self.show()
            if shown["state"]["code"] in codes:
                return shown
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name}: still {shown['state']['code']}, wanted {codes}: "
                                   f"{self.anna.get(f'/api/v1/cutovers/{self.cutover}/explain')}")
            position = self.events.count(self.guid)
            with contextlib.suppress(RuntimeError):
                self.events.wait(self.guid, position, "a change", lambda r: True, 0.2)

    def insist(self, verb, timeout=30):
        """As a person does: again until the guards are content."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                return self.anna.verb(self.cutover, verb)
            except Refused:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    # --- P1 to C1 ---------------------------------------------------------------------------------------
    def prepare(self):
        made = self.anna.post(f"/api/v1/tenants/{self.guid}/cutovers", {
            **self.pair, "profile": "parallel", "reason": "bench"})
        self.cutover = made["id"]
        self.at = self.events.count(self.guid)
        self.insist("plan")
        self.anna.approve(self.state("P2"), "plan")
        if not self.installed:
            self.state("S1")
            self.old.ask("wizard", act="export-settings", by="CONTOSO\\anna")
            self.state("S3")
            self.new.ask("wizard", act="migrate", by="CONTOSO\\anna")
            self.installed = True
        self.state("S5")
        self.insist("accept")
        ready = self.state("S6")
        self.anna.approve(ready, "cutover")
        self.bert.approve(ready, "cutover")
        self.insist("arm")
        self.state("C1")

    # --- the gap ------------------------------------------------------------------------------------------
    def fence_and_grant(self):
        self.at = self.events.count(self.guid)
        self.insist("start")
        self.rule(319)
        marks = {"C3": now_ms()}
        self.anna.verb(self.cutover, "go")
        self.word_both("evidence", after=320)
        evidence = self.anna.get(f"/api/v1/cutovers/{self.cutover}/evidence")
        while not (evidence["complete"] and evidence["phase"] == "asked"):
            evidence = self.anna.get(f"/api/v1/cutovers/{self.cutover}/evidence")
        marks["asked"] = now_ms()
        self.anna.approve(self.show(), "go", evidence)
        self.word("NEW says granted")
        marks["granted"] = now_ms()
        return marks

    def word_both(self, word, after):
        self.rule(after)
        start, ends = self.at, []
        for host in ("OLD", "NEW"):
            self.at = start
            self.word(f"{host} says {word}")
            ends.append(self.at)
        self.at = max(ends)

    def gap(self, since):
        began = self.world.wait(since, lambda e: e["event"] == "exporters" and not e["exporters"], "gap")
        ended = self.world.wait(since, lambda e: e["event"] == "exporters" and e["exporters"]
                                and e["at"] >= began["at"], "end of the gap")
        return began["at"], ended["at"]

    def back(self):
        world, old = len(self.world.events), len(self.old.events)
        marks = self.fence_and_grant()
        self.anna.approve(self.show(), "rollback")
        self.anna.verb(self.cutover, "rollback")
        self.rule(351)
        marks["R2"] = now_ms()
        began, ended = self.gap(world)
        starting = self.old.wait(old, lambda e: e["event"] == "service" and e["state"] == "starting"
                                 and e["at"] >= began, "start")["at"]
        marks["starting"] = starting
        self.state("R3")
        return {"kind": "back", "gap": ended - began, "lab": ended - starting, "person": 0,
                "baton": starting - began, "parts": parts(began, marks)}

    def on(self):
        world = len(self.world.events)
        marks = self.fence_and_grant()
        click = now_ms()
        act = self.new.send("wizard", act="staging-off", by="CONTOSO\\anna")
        began, ended = self.gap(world)
        self.new.answer(act)
        self.state("D1", "D2")
        return {"kind": "on", "gap": ended - began, "lab": 0, "person": ended - click, "baton": click - began,
                "parts": parts(began, marks)}


def now_ms():
    return time.time() * 1000


def parts(began, marks):
    result, last = {}, began
    for name, at in marks.items():
        result[name], last = at - last, at
    return result


class Bench:
    def __init__(self, programs, directory):
        self.site = Site(programs, directory)
        self.site.controller_init()
        self.site.controller_start()
        self.site.operators_init()
        self.anna, self.bert = Operator(self.site, "anna"), Operator(self.site, "bert")
        self.events = Events(self.anna)

    def tenant_end(self, tenant):
        judge = self.site.labs[tenant.name].judge()
        if not judge["ok"]:
            raise AssertionError(f"two servers could export at once: {judge}")
        for host in ("OLD", "NEW"):
            self.site.agents.pop((tenant.name, host)).stop()
        self.site.labs.pop(tenant.name).process.stop()

    def run(self, gaps, per_tenant, say):
        done, number = [], 0
        while len(done) < gaps:
            number += 1
            tenant = Tenant(self, f"gap-{number}")
            for left in range(min(per_tenant, gaps - len(done)), 0, -1):
                tenant.prepare()
                done.append(tenant.back() if left > 1 else tenant.on())
            self.tenant_end(tenant)
            say(f"{len(done)} of {gaps} gaps")
        return done


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--gaps", type=int, default=1000)
    parser.add_argument("--per-tenant", type=int, default=25)
    parser.add_argument("--dir")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    bench = Bench(options.programs, options.dir)
    say = (lambda text: print(text, file=sys.stderr, flush=True)) if options.verbose else (lambda text: None)
    try:
        print(json.dumps(bench.run(options.gaps, options.per_tenant, say)))
    except (CommandFailed, Refused, RuntimeError, AssertionError) as problem:
        print(f"bench_gap: {problem}", file=sys.stderr)
        return 1
    finally:
        bench.site.close(keep=bool(options.dir))
    return 0


if __name__ == "__main__":
    sys.exit(main())
