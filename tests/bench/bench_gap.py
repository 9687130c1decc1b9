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

Two kinds of gap. "on": fence, go, grant, the wizard. "back": fence, then decided against it: fence towards the
old server, its grant, its start. One tenant at a time is in a gap. As far as this machine lets us its programs,
the controller and this client have real-time priority then, so that strangers' work is not counted.
"""
import argparse
import contextlib
import json
import multiprocessing
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
        self.anna, self.bert = bench.anna, bench.bert
        self.site.tenant(name, options=LAB, sets=POLICY)
        directory = self.site.labs[name].dir
        self.world, self.old, self.new = (LabLine(directory / f) for f in (
            "tenant.sock", "servers/OLD.sock", "servers/NEW.sock"))
        self.guid = [t["id"] for t in self.anna.get("/api/v1/tenants?limit=500")["items"] if t["name"] == name][0]
        self.events = Events(self.anna, self.guid)
        agents = {a["host"]: a["key"] for a in self.anna.get(f"/api/v1/tenants/{self.guid}/agents")["items"]}
        self.pair = {"old": agents["OLD"], "new": agents["NEW"]}
        self.installed, self.at = False, 0

    # --- watching -------------------------------------------------------------------------------------
    def rule(self, *rules):
        return self.until(f"rule {rules}", lambda r: r.get("rule") in rules and r["type"] == "moved")

    def word(self, text):
        return self.until(text, lambda r: r["text"] == text)

    def until(self, what, wanted):
        record, self.at = self.events.wait(self.at, what, wanted)
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
            position = self.events.count()
            with contextlib.suppress(RuntimeError):
                self.events.wait(position, "a change", lambda r: True, 0.2)

    def insist(self, verb, timeout=30):
        """As a person does: again until the guards are content."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                return self.anna.verb(self.cutover, verb)
            except Refused as refused:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name}: {verb} is still refused: {refused}") from None
                time.sleep(0.005)

    # --- P1 to C1 ---------------------------------------------------------------------------------------
    def prepare(self):
        made = self.anna.post(f"/api/v1/tenants/{self.guid}/cutovers", {
            **self.pair, "profile": "parallel", "reason": "bench"})
        self.cutover = made["id"]
        self.at = self.events.count()
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
    def fence(self):
        self.at = self.events.count()
        self.insist("start")
        self.rule(319)
        return {"C3": now_ms(), "shown": self.show()}

    def grant(self, marks):
        self.insist("go")
        self.word_both("evidence", after=320)
        evidence = self.anna.get(f"/api/v1/cutovers/{self.cutover}/evidence")
        while not (evidence["complete"] and evidence["phase"] == "asked"):
            evidence = self.anna.get(f"/api/v1/cutovers/{self.cutover}/evidence")
        marks["asked"] = now_ms()
        self.anna.approve(marks.pop("shown"), "go", evidence)
        self.word("NEW says granted")
        marks["granted"] = now_ms()

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
        marks = self.fence()
        self.anna.approve(marks.pop("shown"), "rollback")
        self.anna.verb(self.cutover, "rollback")
        self.rule(351)
        marks["R2"] = now_ms()
        began, ended = self.gap(world)
        starting = self.old.wait(old, lambda e: e["event"] == "service" and e["state"] == "starting"
                                 and e["at"] >= began, "start")["at"]
        marks["starting"] = starting
        return {"kind": "back", "gap": ended - began, "lab": ended - starting, "person": 0,
                "baton": starting - began, "parts": parts(began, marks)}

    def on(self):
        world = len(self.world.events)
        marks = self.fence()
        self.grant(marks)
        click = now_ms()
        act = self.new.send("wizard", act="staging-off", by="CONTOSO\\anna")
        began, ended = self.gap(world)
        self.new.answer(act)
        return {"kind": "on", "gap": ended - began, "lab": 0, "person": ended - click, "baton": click - began,
                "parts": parts(began, marks)}

    def pass_gap(self, kind):
        self.prepare()
        with self.bench.one_at_a_time, urgent(self.processes()):
            measured = self.on() if kind == "on" else self.back()
        self.state("D1", "D2", "R3")
        return measured

    def processes(self):
        return [self.site.controller, self.site.labs[self.name].process,
                *(self.site.agents[self.name, host] for host in ("OLD", "NEW"))]

    def close(self):
        judge = self.site.labs[self.name].judge()
        if not judge["ok"]:
            raise AssertionError(f"two servers could export at once: {judge}")
        self.events.close()
        for host in ("OLD", "NEW"):
            self.site.agents.pop((self.name, host)).stop()
        self.site.labs.pop(self.name).process.stop()


@contextlib.contextmanager
def urgent(processes):
    """Real-time priority for all threads of these processes and of this one, if that is allowed."""
    threads = [int(t) for pid in [os.getpid(), *(p.proc.pid for p in processes)]
               for t in os.listdir(f"/proc/{pid}/task")]
    schedule(threads, os.SCHED_RR, 1)
    try:
        yield
    finally:
        schedule(threads, os.SCHED_OTHER, 0)


def schedule(threads, policy, priority):
    for thread in threads:
        with contextlib.suppress(OSError):  # not allowed, or the thread has ended
            os.sched_setscheduler(thread, policy, os.sched_param(priority))


def now_ms():
    return time.time() * 1000


def parts(began, marks):
    result, last = {}, began
    for name, at in marks.items():
        result[name], last = at - last, at
    return result


class Bench:
    """The site, and workers that take one tenant after the other through its gaps."""

    def __init__(self, programs, directory):
        self.site = Site(programs, directory)
        self.one_at_a_time = multiprocessing.Lock()
        self.site.controller_init()
        self.site.controller_start()
        self.site.operators_init()
        self.measured = multiprocessing.Queue()

    def run(self, gaps, per_tenant, workers, say):
        kinds = [kind_of(i, per_tenant) for i in range(gaps)]
        tenants = [kinds[i:i + per_tenant] for i in range(0, gaps, per_tenant)]
        started = [multiprocessing.Process(target=self.work, args=(w, tenants[w::workers]), daemon=True)
                   for w in range(min(workers, len(tenants)))]
        for worker in started:
            worker.start()
        done = []
        while len(done) < gaps:
            one = self.measured.get(timeout=180)
            if isinstance(one, str):
                raise RuntimeError(one)
            done.append(one)
            if len(done) % 50 == 0:
                say(f"{len(done)} of {gaps} gaps")
        for worker in started:
            worker.join()
        return done

    def work(self, number, tenants):
        try:
            self.anna, self.bert = Operator(self.site, "anna"), Operator(self.site, "bert")
            for i, kinds in enumerate(tenants):
                tenant = Tenant(self, f"gap-{number}-{i}")
                for kind in kinds:
                    self.measured.put(tenant.pass_gap(kind))
                tenant.close()
        except Exception as problem:  # whatever it is, the one who waits must hear of it
            self.measured.put(f"{type(problem).__name__}: {problem}")
        finally:
            self.site.controller = None  # the first process stops it
            self.site.made = False
            self.site.close()


def kind_of(i, per_tenant):
    return "on" if i % per_tenant == per_tenant - 1 else "back"  # only forward from there


def main():
    parser = argparse.ArgumentParser(description="see the top of this file")
    parser.add_argument("--programs", required=True)
    parser.add_argument("--gaps", type=int, default=1000)
    parser.add_argument("--per-tenant", type=int, default=6, help="an agent may say only so much in a short time")
    parser.add_argument("--workers", type=int, default=1, help="tenants that prepare at once")
    parser.add_argument("--dir")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    say = (lambda text: print(text, file=sys.stderr, flush=True)) if options.verbose else (lambda text: None)
    bench = Bench(options.programs, options.dir)
    try:
        print(json.dumps(bench.run(options.gaps, options.per_tenant, options.workers, say)))
    except (CommandFailed, Refused, RuntimeError, AssertionError) as problem:
        print(f"bench_gap: {problem}", file=sys.stderr)
        return 1
    finally:
        bench.site.close(keep=bool(options.dir))
    return 0


if __name__ == "__main__":
    sys.exit(main())
