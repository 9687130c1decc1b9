#!/usr/bin/env python3
"""Handoffs whose programs are killed, and stopped for a while, at random moments.

  tests/system/kill_loop.py --kills 2000            until that many; a handoff that has begun is brought to its end
  tests/system/kill_loop.py --kills 40 --seed 7     the same choices again, as far as a machine does things twice
  tests/system/kill_loop.py --sites 2               two controllers with their servers at once: most of a handoff is waiting

Controller and both agents are killed (SIGKILL) or stopped (SIGSTOP, then SIGCONT) every 50 to 500 ms, and after every blow
that found the handoff where it was a little later, while people go on with it as well as they can. The lab judges every instant, the tenant's record of exports must have one exporter
after the gap, and what the audit has at the end must verify. Exit code 1: it did not.
"""
import argparse
import concurrent.futures
import contextlib
import random
import signal
import sys
import threading
import time

from baton_case import PROGRAMS, Site, last_words
from lab_site import CommandFailed

PAUSE_S = (0.05, 0.5)  # between two blows
RELENT = 1.25  # and so many times longer for each that came before the handoff had moved: it could never move else
STOP_S = (0.1, 3.0)
PATIENCE_S = 300  # for one handoff, blows and all


class Blows(threading.Thread):
    """Strikes until it is told to end; every program that it struck runs again."""

    def __init__(self, site, tenant, seed):
        super().__init__(daemon=True)
        self.site, self.chance, self.ended = site, random.Random(seed), threading.Event()
        self.targets = [site.controller, site.agents[tenant, "OLD"], site.agents[tenant, "NEW"]]
        self.kills = self.stops = 0
        self.patience = 1.0
        self.error = None

    def moved(self):
        self.patience = 1.0

    def run(self):
        try:
            while not self.ended.wait(self.patience * self.chance.uniform(*PAUSE_S)):
                self.patience *= RELENT
                self.strike(self.chance.choice(self.targets))
        except Exception as error:  # told by whoever joins
            self.error = error

    def strike(self, target):
        if self.chance.random() < 0.8:
            target.kill()
            self.kills += 1
            target.start(ready="ready", timeout=60)
        else:
            target.proc.send_signal(signal.SIGSTOP)
            self.stops += 1
            self.ended.wait(self.chance.uniform(*STOP_S))
            target.proc.send_signal(signal.SIGCONT)

    def end(self):
        self.ended.set()
        self.join()
        if self.error:
            raise self.error


class People:
    """Do what the state asks for, again and again: most of what they type fails, and nothing of it may harm."""

    def __init__(self, site, tenant, moved, pause_s=0.05):
        self.site, self.tenant, self.moved, self.pause_s = site, tenant, moved, pause_s
        self.acts = {
            "P1": self.planned, "P2": self.approved, "S1": self.exported, "S3": self.migrated, "S5": self.accepted, "S6": self.armed, "C1": self.begun,
            "C3": self.gone, "C4": self.activated, "C5": self.activated, "X1": self.resumed, "X3": self.mended, "X4": self.acknowledged,
            "D1": self.acknowledged}

    def type(self, *words, by="anna"):
        with contextlib.suppress(CommandFailed):
            self.site.baton(*words, by=by)

    def planned(self):
        self.type("cutover", "plan", self.tenant)

    def approved(self):
        self.type("cutover", "approve", self.tenant, "--yes")

    def does(self, host, act):
        with contextlib.suppress(CommandFailed):
            self.site.labs[self.tenant].do(host, "wizard", act=act, by="CONTOSO\\anna")

    def exported(self):
        self.does("OLD", "export-settings")

    def migrated(self):
        self.does("NEW", "migrate")

    def accepted(self):
        self.type("cutover", "accept", self.tenant, "--reason", "read and found good")

    def armed(self):
        for who in ("anna", "bert"):
            self.type("cutover", "approve", self.tenant, "--for", "cutover", "--yes", by=who)
        self.type("cutover", "arm", self.tenant)

    def begun(self):
        self.type("cutover", "start", self.tenant)

    def gone(self):
        self.acknowledged()
        self.type("cutover", "go", self.tenant, "--yes", "--timeout", "5")

    def activated(self):
        self.does("NEW", "staging-off")

    def resumed(self):
        self.type("cutover", "resume", self.tenant)

    def acknowledged(self):
        self.type("cutover", "challenge", self.tenant)
        self.type("cutover", "acknowledge", self.tenant)

    def mended(self):
        """A person left staging mode after the grant was void, while the new server's agent was dead."""
        self.acknowledged()
        for who in ("anna", "bert"):
            self.type("cutover", "approve", self.tenant, "--for", "cutover", "--yes", by=who)
        self.type("cutover", "fence", self.tenant, "--reason", "the new server exported without a grant")

    def bring_home(self):
        """Until D2. The states on the way, for whoever wants to see them."""
        seen, deadline = [], time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if not seen:  # the controller may have been dead when it was typed
                self.type("cutover", "create", self.tenant, "--old", "OLD", "--new", "NEW", "--profile", "parallel", "--reason", "a night of kills")
            with contextlib.suppress(CommandFailed):
                state = self.site.state(self.tenant)
                if not seen or seen[-1] != state:
                    seen.append(state)
                    self.moved()
                if state == "D2":
                    return seen
                self.acts.get(state, lambda: None)()
            time.sleep(self.pause_s)
        raise AssertionError(f"{self.tenant}: not done in {PATIENCE_S} s; its states: {' '.join(seen)}")


def one_handoff(site, tenant, seed):
    """(kills, stops) of a handoff that came home."""
    lab = site.tenant(tenant)
    blows = Blows(site, tenant, seed)
    blows.start()
    try:
        seen = People(site, tenant, blows.moved).bring_home()
    finally:
        blows.end()
    judge = lab.judge()
    if not judge["ok"]:
        raise AssertionError(f"{tenant}: two servers could export at once: {judge}")
    order = [e["server"] for e in lab.exports()]
    if order != sorted(order, key=["OLD", "NEW"].index) or "NEW" not in order:
        raise AssertionError(f"{tenant}: the exporters were {order}")
    print(f"{tenant}: {blows.kills} kills, {blows.stops} stops; {' '.join(seen)}", flush=True)
    return blows.kills, blows.stops


def verify(site):
    bundle = site.dir / "audit.bundle"
    site.wait_until("the audit is exported", lambda: site.baton("audit", "export", bundle) is not None)
    site.baton("audit", "verify", bundle)


class Tally:
    """What all sites have come to."""

    def __init__(self, kills, seed):
        self.wanted, self.seed, self.lock = kills, seed, threading.Lock()
        self.begun = self.handoffs = self.kills = self.stops = 0

    def next(self):
        """The number of the next handoff, or None: it was enough."""
        with self.lock:
            if self.kills >= self.wanted:
                return None
            self.begun += 1
            return self.begun

    def add(self, kills, stops):
        with self.lock:
            self.handoffs, self.kills, self.stops = self.handoffs + 1, self.kills + kills, self.stops + stops
            print(f"{self.handoffs} handoffs, {self.kills} kills, {self.stops} stops, 0 broken promises so far; first seed {self.seed + 1}",
                  flush=True)


def put_away(site, tenant):
    """A handoff that came home needs its servers no more; a hundred of them would slow down the next."""
    for host in ("OLD", "NEW"):
        site.agents[tenant, host].stop()
    site.labs[tenant].process.stop()


def run_site(tally):
    site, count = Site(PROGRAMS), 0
    try:
        site.controller_init()
        site.controller_start()
        site.operators_init()
        while (count := tally.next()) is not None:
            tally.add(*one_handoff(site, f"night-{count}", tally.seed + count))
            put_away(site, f"night-{count}")
        verify(site)
    except BaseException:
        tally.wanted = 0  # the others bring home what they have begun
        last_words(site)
        print(f"seed {tally.seed + count - 1 if count else tally.seed}", file=sys.stderr)
        raise
    finally:
        site.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sites", type=int, default=1)
    options = parser.parse_args()
    tally = Tally(options.kills, options.seed)
    with concurrent.futures.ThreadPoolExecutor(options.sites) as pool:
        sites = [pool.submit(run_site, tally) for _ in range(options.sites)]
    try:
        for site in sites:
            site.result()
    except AssertionError as wrong:
        sys.exit(f"kill_loop: {wrong}")


if __name__ == "__main__":
    main()
