"""The language of the scenarios, read once for everybody who plays them.

A file becomes a Scenario: what it says about itself, and its statements, each a list of words: a verb and what it is
about, with nothing left to parse. tests/system/scenario.py plays them with real processes; as lines with tabs between
the words (`primitives`) the simulator plays them. README.md is the reference.
"""
import json
import pathlib
import re
import shlex

FOLDER = pathlib.Path(__file__).resolve().parent
MS_PER = {"seconds": 1000, "hours": 3_600_000, "days": 86_400_000}

# The way of a handoff, as what people do in each part of it: a part leads from the state before it to its own.
ANNA = r'by=CONTOSO\\anna'
WAY = {
    "begin": ("S1", ('baton cutover create {tenant} --old OLD --new NEW --profile parallel --reason "two servers wanted"',
                     "baton cutover plan {tenant}", "baton cutover approve {tenant} --yes", "wait state S1")),
    "stage": ("S5", (f"lab OLD wizard act=export-settings {ANNA}", "wait state S3", f"lab NEW wizard act=migrate {ANNA}",
                     "wait state S5")),
    "arm": ("C1", ('baton cutover accept {tenant} --reason "read and found good"',
                   "baton cutover approve {tenant} --for cutover --yes",
                   "baton by bert cutover approve {tenant} --for cutover --yes", "baton cutover arm {tenant}")),
    "fence": ("C3", ("baton cutover start {tenant}", "wait state C3")),
    "go": ("C4", ("baton cutover go {tenant} --yes", "wait state C4 C5 D1 D2")),  # who has left staging mode already is quick
    "activate": ("D2", (f"lab NEW wizard act=staging-off {ANNA}", "wait state D2")),
    "retire": ("D3", (f"lab OLD uninstall {ANNA}", f"lab NEW remove-account name=OLD {ANNA}",
                      "baton cutover retire {tenant} --yes", "wait state D3")),
}


class Wrong(Exception):
    """A line that the language does not know: a mistake in the file, not in the product."""


class Scenario:
    """One file: what it says about itself, and its steps as (line number, text)."""

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
        self.statements = [(number, line, self._parsed(number, line)) for number, line in self.steps]

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

    def _parsed(self, number, line):
        try:
            return self.parse(line)
        except Wrong as why:
            raise Wrong(f"{self.path.name}:{number}: {why}") from None

    def parse(self, line):
        """One line as words: the verb, then what it is about."""
        verb, _, rest = line.partition(" ")
        read = STATEMENTS.get(verb)
        if read is None:
            raise Wrong(f"no statement begins with '{verb}'")
        words = [verb, *read(rest.strip())]
        if "controller" in words[1:2] and not self.alone:
            raise Wrong("a scenario that touches the controller says 'alone'")
        if verb == "clock" and not self.clocks:
            raise Wrong("a scenario with clocks says 'clocks'")
        return words

    def before(self):
        """The parts of the way up to the state that it starts from."""
        parts = list(WAY)
        ends = [WAY[part][0] for part in parts]
        if self.state == "P1":
            return []
        if self.state not in ends:
            raise Wrong(f"{self.path.name}: no part of a handoff ends in '{self.state}'")
        return parts[:ends.index(self.state) + 1]

    def anew(self):
        """Programs that begin again before the first step: those with clocks that steps can change."""
        agents = [["agent", "OLD"], ["agent", "NEW"]]
        return [*agents, ["controller"]][:len(agents) + self.alone] if self.clocks else []

    def plain(self):
        """(line number, words) of every statement, with the parts of the way spelled out."""
        for part in self.before():
            for line in WAY[part][1]:
                yield 0, self.parse(line)
        for program in self.anew():
            yield from ((0, [verb, *program]) for verb in ("kill", "start"))
        for number, _, words in self.statements:
            if words[0] != "handoff":
                yield number, words
                continue
            for part in words[1:]:
                for line in WAY[part][1]:
                    yield number, self.parse(line)

    def primitives(self):
        """The whole scenario as lines of words with tabs between them."""
        lines = [["0", "policy", *p.split("=", 1)] for p in self.policy]
        lines += [["0", "overlap"]] if self.overlap else []
        lines += [[str(number), *words] for number, words in self.plain()]
        if any("\t" in word or "\n" in word for line in lines for word in line):
            raise Wrong(f"{self.path.name}: a word with a tab or an end of line")
        return "".join("\t".join(line) + "\n" for line in lines)


def all_scenarios():
    return [Scenario(path) for path in sorted(FOLDER.glob("*.scenario"))]


# --- one statement --------------------------------------------------------------------------------------

def matched(pattern, rest, what):
    found = re.fullmatch(pattern, rest)
    if not found:
        raise Wrong(f"{what} '{rest}'")
    return found


def read_handoff(rest):
    for part in rest.split():
        if part not in WAY:
            raise Wrong(f"'{part}' is no part of a handoff")
    return rest.split()


def read_typed(rest):
    """Who, then the words of the command; {tenant} and {dir} are left for whoever plays."""
    by = re.match(r"by (\w+) ", rest)
    return [by[1] if by else "anna", *shlex.split(rest[by.end():] if by else rest)]


def read_refused(rest):
    """Who, the text that has to be in the refusal, then the words of the command."""
    command, _, reason = rest.partition(" : ")
    who, *words = read_typed(command)
    return [who, reason.strip('" '), *words]


def lab_value(text):
    """As `baton-lab do` reads a field: JSON if it is any, but 1.10 is a version."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, float) else value


def read_lab(rest):
    """Which server or the tenant, the operation, then its fields as JSON."""
    who, op, *fields = shlex.split(rest)
    return [who, op, json.dumps({name: lab_value(value) for name, value in (f.split("=", 1) for f in fields)})]


PROGRAM = r"(controller|agent \w+)"


def read_program(rest):
    return matched(PROGRAM, rest, "no program")[1].split()


def read_kept(word):
    def read(rest):
        found = matched(rf"{PROGRAM} {word} (\S+)", rest, "nothing to keep or restore is")
        return [*found[1].split(), found[2]]
    return read


def read_clock(rest):
    """Whose, how, milliseconds."""
    found = matched(rf"of {PROGRAM} (?:(steps back|steps forward|jumps) (\d+) (\w+)|is right)", rest, "no clock does")
    if found[4] not in (None, *MS_PER):
        raise Wrong(f"no clock counts '{found[4]}'")
    how = found[2].split()[-1] if found[2] else "right"
    return [*found[1].split(), how, str(int(found[3]) * MS_PER[found[4]] if found[2] else 0)]


def read_name(rest):
    return [matched(r"\S+", rest, "no name is")[0]]


def read_pass(rest):
    return [str(int(1000 * float(matched(r"([\d.]+) s", rest, "no time is")[1])))]


def read_file(rest):
    name, text = shlex.split(rest)
    return [name, text]


CONDITIONS = (
    ("state", r"state ((?:[A-Z]\d ?)+)"),
    ("server", r"(\w+) is (stopped|fenced|running)"),
    ("fact", r"fact (\w+) (\w+) = (\S+)"),
    ("exporters", r"exporters(?: since (\w+))?: (.+)"),
    ("last", r"last exporter: (\w+)"),
    ("says", r"(explain|audit|agent \w+|log of \w+|events of \w+) says? \"(.+)\""),
    ("value", r"(certificate|tenant|memory of \w+) (\w+) = (\S+)"),
)


def read_condition(rest):
    """Whether it has to be so (yes) or not (no), the kind, and its words."""
    so = "yes"
    while rest.startswith("not "):
        rest, so = rest[4:], "no" if so == "yes" else "yes"
    for kind, pattern in CONDITIONS:
        found = re.fullmatch(pattern, rest)
        if found:
            return [so, kind, *(word or "" for word in found.groups())]
    raise Wrong(f"nothing can be '{rest}'")


STATEMENTS = {
    "handoff": read_handoff, "baton": read_typed, "refused": read_refused, "lab": read_lab, "attempt": read_lab,
    "kill": read_program, "start": read_program, "launch": read_program, "keep": read_kept("as"), "restore": read_kept("from"),
    "clone": read_name, "clock": read_clock, "pass": read_pass, "mark": read_name, "file": read_file,
    "wait": read_condition, "expect": read_condition,
}
