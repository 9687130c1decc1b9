"""Scenarios: files that read as the story they test, each played against real processes.

tests/scenarios/README.md is the language. Every line is one statement of the tables below; what a line waits for
is asked again until it is so or too late, and what it expects must be so at once.
"""
import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import time

from baton_case import Looks
from lab_site import CommandFailed, Process

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "scenarios"
REFUSED = (5, 6, 7, 9)  # exit codes of a command that was understood and not done
PATIENCE_S = 90
MS_PER = {"seconds": 1000, "hours": 3_600_000, "days": 86_400_000}


class Wrong(Exception):
    """A line that the language does not know: a mistake in the file, not in the product."""


def value_named(document, name):
    """The first value of that name in a document, at whatever depth."""
    inside = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    if isinstance(document, dict) and name in document:
        return document[name]
    return next((v for v in (value_named(d, name) for d in inside) if v is not None), None)


class Scenario:
    """One file: what it says about itself, and its steps as (line number, words)."""

    heads = ("scenario", "case", "right", "from", "policy", "overlap", "alone", "clocks")

    def __init__(self, path):
        self.path, self.name = path, path.stem
        self.title = self.right = ""
        self.cases, self.policy, self.steps = [], [], []
        self.state, self.alone, self.overlap, self.clocks = "P1", False, False, False
        for number, line in enumerate(path.read_text().splitlines(), 1):
            self._read(number, line)
        if not self.title or not self.right or not self.cases:
            raise Wrong(f"{path.name}: says no scenario, case or right behaviour")

    def _read(self, number, line):
        line = re.sub(r"(^|\s+)#\s.*", "", line).strip()
        if not line:
            return
        head, _, rest = line.partition(" ")
        rest = rest.strip()
        if head not in self.heads:
            self.steps.append((number, line))
        elif self.steps:
            raise Wrong(f"{self.path.name}:{number}: '{head}' comes before the first step")
        elif head in ("alone", "overlap", "clocks"):
            setattr(self, head, True)
        elif head == "policy":
            self.policy += rest.split()
        elif head == "case":
            self.cases += rest.split()
        else:
            name = {"scenario": "title", "from": "state"}.get(head, head)
            setattr(self, name, f"{getattr(self, name)} {rest}".strip() if head == "right" else rest)


def all_scenarios():
    return [Scenario(path) for path in sorted(FOLDER.glob("*.scenario"))]


class Play(Looks):
    """One scenario on one tenant of a site."""

    def __init__(self, scenario, site, tenant):
        self.scenario, self.site, self.tenant = scenario, site, tenant
        self.marks, self.extra, self.steps_ms = {}, [], {}

    @property
    def lab(self):
        return self.site.labs[self.tenant]

    def run(self):
        if self.scenario.clocks:
            self.shift_clocks()
        for number, line in self.scenario.steps:
            try:
                self.step(line)
            except Wrong as why:
                raise Wrong(f"{self.scenario.path.name}:{number}: {why}") from None
            except (AssertionError, CommandFailed, RuntimeError) as why:
                raise AssertionError(f"{self.scenario.path.name}:{number}: {line}\n{why}") from why
        if not self.scenario.overlap:
            judge = self.lab.judge()
            assert judge["ok"], f"two servers could export at once: {judge}"

    def step(self, line):
        verb, _, rest = line.partition(" ")
        method = getattr(self, f"do_{verb}", None)
        if method is None:
            raise Wrong(f"no statement begins with '{verb}'")
        method(rest.strip())

    # --- the way of a handoff, as one word each -----------------------------------------------------
    def do_handoff(self, rest):
        for step in rest.split():
            if step not in ("begin", "stage", "arm", "fence", "go", "activate", "retire"):
                raise Wrong(f"'{step}' is no part of a handoff")
            getattr(self.site, step)(self.tenant)

    # --- people --------------------------------------------------------------------------------------
    def words(self, rest):
        """('anna', [words]) of "[by bert] cutover go ...". The tenant's name and the site's folder are filled in."""
        by = re.match(r"by (\w+) ", rest)
        text = rest[by.end():] if by else rest
        return by[1] if by else "anna", [w.format(tenant=self.tenant, dir=self.site.dir) for w in shlex.split(text)]

    def typed(self, rest):
        by, words = self.words(rest)
        return self.site.baton(*words, by=by, check=False)

    def do_baton(self, rest):
        """Typed until it is accepted: a run in progress may be in the way."""
        last = []

        def accepted():
            last[:] = [self.typed(rest)]
            return last[0].returncode == 0
        try:
            self.site.wait_until("it is accepted", accepted, PATIENCE_S)
        except AssertionError as why:
            raise AssertionError(f"{why}\n{last[0].stdout}{last[0].stderr}") from None

    def do_refused(self, rest):
        """Never accepted; and sooner or later for the reason that is named."""
        command, _, reason = rest.partition(" : ")
        reason = reason.strip('" ').format(tenant=self.tenant)
        said = []

        def for_that_reason():
            done = self.typed(command)
            said[:] = [done.stdout + done.stderr]
            if done.returncode not in REFUSED:
                raise RuntimeError(f"exit {done.returncode}: {said[0]}")
            return reason in said[0]
        try:
            self.site.wait_until(f"refused with {reason}", for_that_reason)
        except AssertionError as why:
            raise AssertionError(f"{why}; it said {said[0]}") from None

    def lab_words(self, rest):
        who, op, *fields = shlex.split(rest)
        pairs = dict(f.split("=", 1) for f in fields)
        return self.lab.tenant(op, **pairs) if who == "tenant" else self.lab.do(who, op, **pairs)

    def do_lab(self, rest):
        """What a person, a fault or the weather does to a server; a run in progress may be in the way."""
        def done():
            self.lab_words(rest)
            return True
        self.site.wait_until("the lab does it", done, PATIENCE_S)

    def do_attempt(self, rest):
        """The same, where the product may well be quicker."""
        with contextlib.suppress(CommandFailed):
            self.lab_words(rest)

    # --- programs ------------------------------------------------------------------------------------
    def process(self, words):
        if words[:1] == ["controller"]:
            if not self.scenario.alone:
                raise Wrong("a scenario that touches the controller says 'alone'")
            return self.site.controller
        if len(words) == 2 and words[0] == "agent":
            return self.site.agents[self.tenant, words[1]]
        raise Wrong(f"no program '{' '.join(words)}'")

    def do_kill(self, rest):
        self.process(rest.split()).kill()

    def do_start(self, rest):
        self.process(rest.split()).start(ready="ready", timeout=PATIENCE_S)

    def do_launch(self, rest):
        """Started, and not waited for: its server is off."""
        self.process(rest.split()).start()
        self.extra.append(rest)

    def kept(self, name):
        return self.site.dir / f"kept-{self.tenant}-{name}"

    def do_keep(self, rest):
        """keep agent HOST as NAME; keep controller as NAME: a copy of its memory."""
        words = rest.split()
        if words[0] == "controller":
            self.site.run([self.site.program("baton-controller"), "backup", "--dir", self.site.controller_dir, self.kept(words[2])])
        else:
            shutil.copytree(self.process(words[:2]).directory, self.kept(words[3]))

    def do_restore(self, rest):
        words = rest.split()
        if words[0] == "controller":
            for old in self.site.controller_dir.glob("baton.db*"):
                old.unlink()
            shutil.copy(self.kept(words[2]), self.site.controller_dir / "baton.db")
        else:
            directory = self.process(words[:2]).directory
            shutil.rmtree(directory)
            shutil.copytree(self.kept(words[3]), directory)

    def do_clone(self, rest):
        """clone NAME: a second agent runs from a kept copy."""
        name = rest.strip()
        twin = Process(f"agent {self.tenant}/{name}", [self.site.program("baton-agent"), "run", "--dir", self.kept(name)],
                       self.site.dir / f"agent-{self.tenant}-{name}.log")
        self.site.agents[self.tenant, name] = twin
        twin.start(ready="ready")

    # --- clocks --------------------------------------------------------------------------------------
    def steps_file(self, process):
        return process.log.with_suffix(".clock")

    def shift_clocks(self):
        """A library has to be there when a program starts: each is started again before the first step."""
        mine = [agent for (tenant, _), agent in self.site.agents.items() if tenant == self.tenant]
        for process in mine + ([self.site.controller] if self.scenario.alone else []):
            process.stop()
            process.env = {**os.environ, "LD_PRELOAD": os.environ["BATON_CLOCK_STEPS"],
                           "CLOCK_STEPS": str(self.steps_file(process)), "ASAN_OPTIONS": "verify_asan_link_order=0"}
            process.start(ready="ready", timeout=PATIENCE_S)

    def do_clock(self, rest):
        """clock of agent NEW steps back 3 days; clock of agent NEW is right; clock of controller jumps 2 hours."""
        found = re.fullmatch(r"of (controller|agent \w+) (?:(steps back|steps forward|jumps) (\d+) (\w+)|is right)", rest)
        if not found or not self.scenario.clocks or found[4] not in (None, *MS_PER):
            raise Wrong(f"no clock does '{rest}'; a scenario with clocks says 'clocks'")
        process = self.process(found[1].split())
        wall, boot = self.steps_ms.get(process.name, (0, 0))
        ms = int(found[3]) * MS_PER[found[4]] if found[2] else 0
        wall, boot = {"steps back": (wall - ms, boot), "steps forward": (wall + ms, boot),
                      "jumps": (wall + ms, boot + ms), None: (0, boot)}[found[2]]
        self.steps_ms[process.name] = wall, boot
        file = self.steps_file(process)
        file.with_suffix(".new").write_text(f"{wall} {boot}\n")
        file.with_suffix(".new").rename(file)

    # --- time and notes ------------------------------------------------------------------------------
    def do_pass(self, rest):
        time.sleep(float(rest.split()[0]))

    def do_mark(self, rest):
        self.marks[rest] = self.last_export(self.tenant)

    def do_file(self, rest):
        name, text = shlex.split(rest)
        (self.site.dir / name).write_text(text)

    # --- what is so ----------------------------------------------------------------------------------
    def do_wait(self, rest):
        self.site.wait_until(rest, lambda: self.holds(rest), PATIENCE_S)

    def do_expect(self, rest):
        if not self.holds(rest):
            raise AssertionError(f"it is not so; state {self.site.state(self.tenant)}, {self.explain(self.tenant)}")

    def holds(self, text):
        if text.startswith("not "):
            return not self.holds(text[4:])
        for pattern, look in self.looks:
            found = re.fullmatch(pattern, text)
            if found:
                return look(self, *found.groups())
        raise Wrong(f"nothing can be '{text}'")

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

    looks = (
        (r"state ((?:[A-Z]\d ?)+)", state_is),
        (r"(\w+) is (stopped|fenced|running)", server_is),
        (r"fact (\w+) (\w+) = (\S+)", fact_is),
        (r"exporters(?: since (\w+))?: (.+)", exporters_are),
        (r"last exporter: (\w+)", last_exporter_is),
        (r"(explain|audit|agent \w+|log of \w+|events of \w+) says? \"(.+)\"", tells),
        (r"(certificate|tenant|memory of \w+) (\w+) = (\S+)", document_says),
    )
