#!/usr/bin/env python3
"""Figures of the long runs: each kind leaves its newest in build/figures, the report puts them into docs/verification.md.

  tests/figures.py read KIND < OUTPUT     passes the output on and keeps the figures that its last line tells
  tests/figures.py shards                 the simulator's finished shards of this commit (tests/sim/recorded), added up
  tests/figures.py report                 writes the table between its marks; a row without a newer figure stays, what was never run says so

A file of build/figures is one line of JSON: the kind's numbers, and when, of which commit, on which machine.
"""
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build/figures"
PAGE = ROOT / "docs/verification.md"
RECORDED = ROOT / "tests/sim/recorded"  # what sim --results writes; it stays in the repository
BEGIN, END = "<!-- figures: written by tests/run --report -->", "<!-- /figures -->"

# kind, what it counts, how its summary reads, how the table tells it
KINDS = (
    ("spin", "states of the models (Spin)", r"(?P<states>\d+) states in (?P<runs>\d+) runs that hold", "{states:,} states in {runs} runs, no violation"),
    ("conform", "simulated handoffs held against the model", r"(?P<traces>\d+) traces, (?P<events>\d+) events, (?P<refused>\d+) refused",
     "{traces:,} handoffs, {events:,} events, {refused} refused"),
    ("explore", "states of the agent's deciding functions", r"(?P<states>\d+) states without a violation in (?P<core_s>\d+) s of one core",
     "{states:,} states, {core_s:,} s of one core"),
    ("sim", "simulated handoffs", r"(?P<seeds>\d+) seeds, (?P<failed>\d+) failed; (?P<faults>\d+) faults",
     "{seeds:,} seeds, {faults:,} faults, {failed} failed"),
    ("crash", "crashes of the stores", r"(?P<scenarios>\d+) scenarios, \d+ entries, \d+ states, (?P<crashes>\d+) crashes, "
     r"(?P<again>\d+) crashes of the recovery, \d+ recoveries, (?P<failed>\d+) failures",
     "{scenarios} scenarios, {crashes:,} crashes, {again:,} of the recovery, {failed} failed"),
    ("faults", "failing calls under the stores", r"(?P<runs>\d+) runs, \d+ stores that took nothing more, (?P<failed>\d+) failures",
     "{runs:,} runs, {failed} failed"),
    ("kills", "kills of real programs in handoffs", r"(?P<handoffs>\d+) handoffs, (?P<kills>\d+) kills, (?P<stops>\d+) stops, "
     r"(?P<failed>\d+) broken promises so far",
     "{handoffs:,} handoffs, {kills:,} kills, {stops:,} stops, {failed} broken promises"),
    ("mutants", "mutants of the deciding code", r"^all +(?P<mutants>\d+) +(?P<judged>\d+) +(?P<killed>\d+) +(?P<equal>\d+) +(?P<survived>\d+)",
     "{judged:,} of {mutants:,} judged, {killed:,} killed, {equal} change nothing, {survived} survived"),
    ("branches", "branches of the deciding code", r"^TOTAL +(?P<branches>\d+) +(?P<taken>\d+)", "{taken:,} of {branches:,} taken"),
    ("lines", "lines of the project", r"^lines: [\d.]+% \((?P<taken>\d+) out of (?P<lines>\d+)\)", "{taken:,} of {lines:,} run"),
    ("fuzz", "inputs to readers and cores", r"(?P<targets>\d+) targets, (?P<seconds>\d+) s each, (?P<inputs>\d+) inputs, (?P<found>\d+) targets found something",
     "{inputs:,} inputs to {targets} targets, {seconds:,} s each, {found} found something"),
)


def told(pattern, line):
    found = re.search(pattern, line)
    return {name: int(n) for name, n in found.groupdict().items()} if found else None


def commit():
    def git(*words):
        return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ":!docs/verification.md", ":!tests/sim/recorded")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def machine():
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def keep(kind, numbers):
    FOLDER.mkdir(parents=True, exist_ok=True)
    line = {"kind": kind, **numbers, "date": time.strftime("%Y-%m-%d"), "commit": commit(), "machine": machine()}
    new = FOLDER / f"{kind}.json.new{os.getpid()}"
    new.write_text(json.dumps(line) + "\n")
    new.rename(FOLDER / f"{kind}.json")


def read(wanted):
    pattern = next(row[2] for row in KINDS if row[0] == wanted)
    kept = None
    for line in sys.stdin:  # as it comes: a run that is cut short keeps what it told so far
        sys.stdout.write(line)
        sys.stdout.flush()
        numbers = told(pattern, line)
        if numbers and not (kept and wanted == "branches"):  # a later total there is of lines
            keep(wanted, numbers)
            kept = numbers
    if kept is None:
        print(f"tests/figures.py: {wanted} told no figure", file=sys.stderr)


def recorded():
    """The shards that were ever recorded, each as its words."""
    lines = RECORDED.read_text().splitlines() if RECORDED.exists() else []
    return [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]


def added_up(some):
    sums = {"seeds": 0, "failed": 0, "faults": 0}
    for of in some:
        first, _, last = of["seeds"].partition("..")
        sums["seeds"] += int(last or first) - int(first) + 1
        for name in ("failed", "faults"):
            sums[name] += int(of[name])
    return sums


def shards():
    """Only those of the commit at hand: a sum over several says nothing about any of them."""
    head = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    sums = added_up(of for of in recorded() if head.startswith(of["commit"]))
    if sums["seeds"]:
        keep("sim", sums)


def ever():
    """Of every commit: what was simulated on the way here, with what was found then."""
    some = recorded()
    if not some:
        return "| simulated handoffs, all that were recorded | not run | | | |"
    sums, days = added_up(some), sorted(of["date"] for of in some)
    tells = "{seeds:,} seeds, {faults:,} faults, {failed} failed".format(**sums)
    return (f"| simulated handoffs, all that were recorded | {tells} | {days[0]} to {days[-1]} | "
            f"{len({of['commit'] for of in some})} commits | {', '.join(sorted({of['machine'] for of in some}))} |")


def row(kind, what, tells, page):
    """The newest figure; where this machine has none, the row that stands on the page, which another one wrote."""
    path = FOLDER / f"{kind}.json"
    if not path.exists():
        stands = [line for line in page.splitlines() if line.startswith(f"| {what} | ")]
        return stands[0] if stands else f"| {what} | not run | | | |"
    f = json.loads(path.read_text())
    return f"| {what} | {tells.format(**f)} | {f['date']} | {f['commit']} | {f['machine']} |"


def report():
    page = PAGE.read_text()
    head, _, rest = page.partition(BEGIN)
    _, mark, tail = rest.partition(END)
    if not mark:
        sys.exit(f"tests/figures.py: {PAGE} has no '{BEGIN}' with '{END}' after it; put both back where the table belongs")
    table = ["| What | Newest run | Date | Commit | Machine |", "|---|---|---|---|---|",
             *(row(kind, what, tells, page) for kind, what, _, tells in KINDS), ever()]
    PAGE.write_text(head + BEGIN + "\n\n" + "\n".join(table) + "\n\n" + END + tail)
    print("\n".join(table))


def main():
    words = sys.argv[1:]
    if words == ["report"]:
        report()
    elif words == ["shards"]:
        shards()
    elif len(words) == 2 and words[0] == "read" and words[1] in [r[0] for r in KINDS]:
        read(words[1])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
