"""Scenarios with real processes: each statement of tests/scenarios/language.py as a site does it.

What a line waits for is asked again until it is so or too late, and what it expects must be so at once.
"""
import contextlib
import json
import os
import pathlib
import shutil
import sys
import time

from baton_case import Looks
from lab_site import CommandFailed, Process

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenarios"))
from language import FOLDER, WAY, Scenario, Wrong, all_scenarios  # noqa: E402,F401

REFUSED = (5, 6, 7, 9)  # exit codes of a command that was understood and not done
PATIENCE_S = 90


def value_named(document, name):
    """The first value of that name in a document, at whatever depth."""
    inside = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    if isinstance(document, dict) and name in document:
        return document[name]
    return next((v for v in (value_named(d, name) for d in inside) if v is not None), None)


class Play(Looks):
    """One scenario on one tenant of a site."""

    def __init__(self, scenario, site, tenant):
        self.scenario, self.site, self.tenant = scenario, site, tenant
        self.marks, self.steps_ms = {}, {}

    @property
    def lab(self):
        return self.site.labs[self.tenant]

    def run(self):
        if self.scenario.clocks:
            self.shift_clocks()
        for number, line, words in self.scenario.statements:
            try:
                self.step(words)
            except (AssertionError, CommandFailed, RuntimeError) as why:
                raise AssertionError(f"{self.scenario.path.name}:{number}: {line}\n{why}") from why
        if not self.scenario.overlap:
            judge = self.lab.judge()
            assert judge["ok"], f"two servers could export at once: {judge}"

    def step(self, words):
        getattr(self, f"do_{words[0]}")(*words[1:])

    # --- the way of a handoff, as one word each -----------------------------------------------------
    def do_handoff(self, *parts):
        for part in parts:
            for line in WAY[part][1]:
                self.step(self.scenario.parse(line))

    # --- people --------------------------------------------------------------------------------------
    def typed(self, by, words):
        return self.site.baton(*(w.format(tenant=self.tenant, dir=self.site.dir) for w in words), by=by, check=False)

    def do_baton(self, by, *words):
        """Typed until it is accepted: a run in progress may be in the way."""
        last = []

        def accepted():
            last[:] = [self.typed(by, words)]
            return last[0].returncode == 0
        try:
            self.site.wait_until("it is accepted", accepted, PATIENCE_S)
        except AssertionError as why:
            raise AssertionError(f"{why}\n{last[0].stdout}{last[0].stderr}") from None

    def do_refused(self, by, reason, *words):
        """Never accepted; and sooner or later for the reason that is named."""
        reason = reason.format(tenant=self.tenant)
        said = []

        def for_that_reason():
            done = self.typed(by, words)
            said[:] = [done.stdout + done.stderr]
            if done.returncode not in REFUSED:
                raise RuntimeError(f"exit {done.returncode}: {said[0]}")
            return reason in said[0]
        try:
            self.site.wait_until(f"refused with {reason}", for_that_reason)
        except AssertionError as why:
            raise AssertionError(f"{why}; it said {said[0]}") from None

    def in_the_lab(self, who, op, fields):
        fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in json.loads(fields).items()}
        return self.lab.tenant(op, **fields) if who == "tenant" else self.lab.do(who, op, **fields)

    def do_lab(self, *words):
        """What a person, a fault or the weather does to a server; a run in progress may be in the way."""
        def done():
            self.in_the_lab(*words)
            return True
        self.site.wait_until("the lab does it", done, PATIENCE_S)

    def do_attempt(self, *words):
        """The same, where the product may well be quicker."""
        with contextlib.suppress(CommandFailed):
            self.in_the_lab(*words)

    # --- programs ------------------------------------------------------------------------------------
    def process(self, kind, host=None):
        return self.site.controller if kind == "controller" else self.site.agents[self.tenant, host]

    def do_kill(self, *program):
        self.process(*program).kill()

    def do_start(self, *program):
        self.process(*program).start(ready="ready", timeout=PATIENCE_S)

    def do_launch(self, *program):
        """Started, and not waited for: its server is off."""
        self.process(*program).start()

    def kept(self, name):
        return self.site.dir / f"kept-{self.tenant}-{name}"

    def do_keep(self, *words):
        """A copy of a program's memory; the controller's by its own backup."""
        *program, name = words
        if program == ["controller"]:
            self.site.run([self.site.program("baton-controller"), "backup", "--dir", self.site.controller_dir, self.kept(name)])
        else:
            shutil.copytree(self.process(*program).directory, self.kept(name))

    def do_restore(self, *words):
        *program, name = words
        if program == ["controller"]:
            for old in self.site.controller_dir.glob("baton.db*"):
                old.unlink()
            shutil.copy(self.kept(name), self.site.controller_dir / "baton.db")
        else:
            directory = self.process(*program).directory
            shutil.rmtree(directory)
            shutil.copytree(self.kept(name), directory)

    def do_clone(self, name):
        """A second agent runs from a kept copy."""
        twin = Process(f"agent {self.tenant}/{name}", [self.site.program("baton-agent"), "run", "--dir", self.kept(name)],
                       self.site.dir / f"agent-{self.tenant}-{name}.log")
        self.site.agents[self.tenant, name] = twin
        twin.start(ready="ready")

    # --- clocks --------------------------------------------------------------------------------------
    def steps_file(self, process):
        return process.log.with_suffix(".clock")

    def shift_clocks(self):
        """A library has to be there when a program starts."""
        for process in (self.process(*program) for program in self.scenario.anew()):
            process.stop()
            process.env = {**os.environ, "LD_PRELOAD": os.environ["BATON_CLOCK_STEPS"],
                           "CLOCK_STEPS": str(self.steps_file(process)), "ASAN_OPTIONS": "verify_asan_link_order=0"}
            process.start(ready="ready", timeout=PATIENCE_S)

    def do_clock(self, *words):
        *program, how, ms = words
        process, ms = self.process(*program), int(ms)
        wall, boot = self.steps_ms.get(process.name, (0, 0))
        wall, boot = {"back": (wall - ms, boot), "forward": (wall + ms, boot),
                      "jumps": (wall + ms, boot + ms), "right": (0, boot)}[how]
        self.steps_ms[process.name] = wall, boot
        file = self.steps_file(process)
        file.with_suffix(".new").write_text(f"{wall} {boot}\n")
        file.with_suffix(".new").rename(file)

    # --- time and notes ------------------------------------------------------------------------------
    def do_pass(self, ms):
        time.sleep(int(ms) / 1000)

    def do_mark(self, name):
        self.marks[name] = self.last_export(self.tenant)

    def do_file(self, name, text):
        (self.site.dir / name).write_text(text)

    # --- what is so ----------------------------------------------------------------------------------
    def do_wait(self, *words):
        self.site.wait_until(" ".join(words), lambda: self.holds(*words), PATIENCE_S)

    def do_expect(self, *words):
        if not self.holds(*words):
            raise AssertionError(f"it is not so; state {self.site.state(self.tenant)}, {self.explain(self.tenant)}")

    def holds(self, so, kind, *words):
        return getattr(self, self.looks[kind])(*words) == (so == "yes")

    def state_is(self, codes):
        return self.site.state(self.tenant) in codes.split()

    def server_is(self, host, how):
        every = self.services(self.tenant, host).values()
        if how == "running":
            return all(s["state"] == "running" for s in every)
        return all(s["state"] == "stopped" and (how == "stopped" or s["start"] == "disabled") for s in every)

    def fact_is(self, host, name, value):
        return str(self.site.fact(self.tenant, host, name)) == value

    def exporters_are(self, mark, who):
        since = self.marks[mark] if mark else 0
        return set(self.exporters(self.tenant, since=since)) == (set() if who == "nobody" else set(who.split()))

    def last_exporter_is(self, who):
        return self.exporters(self.tenant)[-1] == who

    def tells(self, who, text):
        if who.startswith("agent "):
            said = str(self.agent_view(self.tenant, who.split()[1]))
        elif who.startswith("log of "):
            said = self.site.agents[self.tenant, who.split()[2]].log.read_text(errors="replace")
        elif who.startswith("events of "):
            said = str(self.lab.do(who.split()[2], "events"))
        else:
            said = {"explain": self.explain, "audit": self.audit}[who](self.tenant)
        return text.lower() in said.lower()

    def certificate(self):
        saved = self.site.dir / f"{self.tenant}-certificate.json"
        saved.unlink(missing_ok=True)
        self.site.baton("cutover", "certificate", self.tenant, "--save", saved)
        self.site.baton("audit", "verify", saved)
        return json.loads(saved.read_text())

    def memory(self, host):
        return json.loads(self.site.run([self.site.program("baton-agent"), "status", "--output", "json", "--dir",
                                         self.site.agents[self.tenant, host].directory]))

    def document_says(self, document, name, value):
        if document.startswith("memory"):
            found = self.memory(document.split()[2])
        else:
            found = self.certificate() if document == "certificate" else self.lab.tenant("status")
        return str(value_named(found, name)).lower() == value.lower()

    looks = {"state": "state_is", "server": "server_is", "fact": "fact_is", "exporters": "exporters_are",
             "last": "last_exporter_is", "says": "tells", "value": "document_says"}
