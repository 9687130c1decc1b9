"""A handoff over networks that break: each agent in a network of its own, behind a router that the test spoils (wires.py).

As root: ctest --test-dir build/release -R system_networks, or python3 tests/system/test_networks.py [--seed N] [NAMES].
BATON_LONG=yes: twenty topologies (loss, resets, partitions, low rates, links that come and go, packets that are late, twice and out of order), and half
an hour of weather.
"""
import argparse
import json
import os
import random
import sys
import threading
import time
import unittest

from baton_case import PROGRAMS, BatonCase, main
from kill_loop import People, put_away
from scenario import value_named
from wires import BOTH, WiredSite, why_not

REASON = why_not()
LONG = os.environ.get("BATON_LONG") == "yes"
SEED = random.SystemRandom().randrange(1, 1_000_000)


class Wired(BatonCase):
    seed = None  # of a relay of packets: without it there is none

    def setUp(self):
        self.site = WiredSite(PROGRAMS, self.seed)
        self.addCleanup(self._end)
        self.site.controller_init()
        self.site.controller_start()
        self.site.operators_init()

    def grant(self, host):
        memory = json.loads(self.site.run([self.site.program("baton-agent"), "status", "--output", "json", "--dir",
                                           self.site.agents["contoso", host].directory]))
        return value_named(memory, "grant")

    def let_go(self):
        if self.site.state("contoso") == "C3":
            self.site.baton("cutover", "go", "contoso", "--yes", "--timeout", "5", check=False)
        return self.site.state("contoso") in ("C4", "C5")


@unittest.skipIf(REASON, REASON)
class Networks(Wired):
    def test_a_handoff_ends_right_over_wires_that_break_at_each_step(self):
        site = self.site
        old, new = site.wires["OLD"], site.wires["NEW"]
        site.tenant("contoso")
        old.mtu(576)
        new.mtu(576)
        site.prepare("contoso")
        site.arm("contoso")

        old.swallow("to the controller")  # the order arrives, the proof does not
        site.wait_until("start", lambda: site.baton("cutover", "start", "contoso") is not None)
        site.wait_until("OLD stops", lambda: self.fenced("contoso", "OLD"), timeout=90)
        site.wait_until("the proof is lost", lambda: old.counted("lost") > 0)
        self.assertEqual(site.state("contoso"), "C2", "what was not heard is not known")
        gap_from = self.last_export("contoso")
        old.whole()
        site.wait_state("contoso", "C3", timeout=120)

        new.swallow(*BOTH)  # go may be signed over what was heard just before: it does not arrive
        going = threading.Thread(target=self.let_go)
        going.start()
        site.wait_until("the challenge or the grant is lost", lambda: new.counted("lost") > 0)
        self.assertNotEqual(self.grant("NEW"), "live")
        self.assertEqual(set(self.exporters("contoso", since=gap_from)), set())
        self.assert_stopped("contoso", "OLD")
        new.whole()
        going.join()
        site.wait_until("go", self.let_go, timeout=120)
        site.wait_until("the grant arrives", lambda: self.grant("NEW") == "live", timeout=120)
        site.activate("contoso")
        self.assertEqual(set(self.exporters("contoso", since=gap_from)), {"NEW"})
        self.assert_stopped("contoso", "OLD")
        self.verify_audit()


class Long(Wired):
    """Whole handoffs, and what holds at the end of each."""

    def come_home(self, pause_s=1):
        People(self.site, "contoso", lambda: None, pause_s).bring_home()
        self.one_gap("contoso")
        self.verify_audit()

    def one_gap(self, tenant):
        order = self.exporters(tenant)
        self.assertEqual(order, sorted(order, key=["OLD", "NEW"].index), "each has its time, with one gap between them")
        self.assertIn("NEW", order)
        self.assert_stopped(tenant, "OLD")

    def sum_of(self, count):
        return sum(count(wire) for wire in self.site.wires.values())


SKIP = REASON or ("" if LONG else "the long form: tests/run --only system --long, or BATON_LONG=yes and this file alone")


@unittest.skipIf(SKIP, SKIP)
class TroubleAtTheSteps(Long):
    """The same trouble as the old server is to stop, and again as the new one is let go: it stands, says why, and goes on after."""

    def through(self, trouble):
        site = self.site
        site.tenant("contoso")
        site.prepare("contoso")
        site.arm("contoso")
        trouble(site.wires["OLD"])
        site.wait_until("start", lambda: site.baton("cutover", "start", "contoso") is not None)
        self.stands_before_the_stop()
        self.mend()
        site.wait_state("contoso", "C3", timeout=180)
        gap_from = self.last_export("contoso")
        trouble(site.wires["NEW"])
        self.stands_in_the_gap(gap_from)
        self.mend()
        self.come_home()

    def mend(self):
        for wire in self.site.wires.values():
            wire.whole()

    def stands_before_the_stop(self):
        asked = self.last_export("contoso")
        self.site.wait_until("who was not told goes on", lambda: self.last_export("contoso") > asked, timeout=60)
        self.assertIn("old server: no evidence yet", self.explain("contoso"))
        self.assertEqual(self.site.state("contoso"), "C2")

    def stands_in_the_gap(self, gap_from):
        self.site.wait_until("go is refused for that reason", lambda: "not every server has answered the challenge" in self.refused(
            "cutover", "go", "contoso", "--yes", "--timeout", "5", codes=(5, 6, 7, 9)), timeout=120)
        self.assertEqual(self.site.state("contoso"), "C3")
        self.assertNotEqual(self.grant("NEW"), "live")
        self.assertEqual(set(self.exporters("contoso", since=gap_from)), set())
        self.assert_stopped("contoso", "OLD")

    def test_what_one_server_is_told_is_lost(self):
        self.through(lambda wire: wire.swallow("to the agent"))
        self.assertGreater(min(wire.counted("lost") for wire in self.site.wires.values()), 0)

    def test_nobody_hears_anybody(self):
        self.through(lambda wire: [each.swallow(*BOTH) for each in self.site.wires.values()])
        self.assertGreater(min(wire.counted("lost") for wire in self.site.wires.values()), 0)

    def test_every_connection_is_reset(self):
        self.through(lambda wire: wire.reset(100))
        self.assertGreater(min(wire.counted("broken") for wire in self.site.wires.values()), 0)

    def test_a_link_is_down(self):
        self.through(lambda wire: wire.down())


@unittest.skipIf(SKIP, SKIP)
class TroubleAllTheTime(Long):
    """A handoff is brought to its end though the network is never whole."""

    def test_a_fifth_of_all_packets_is_lost(self):
        self.site.tenant("contoso")
        for wire in self.site.wires.values():
            wire.lose(20)
        self.come_home()
        self.assertGreater(self.sum_of(lambda wire: wire.counted("lost")), 50)

    def test_connections_are_reset_again_and_again(self):
        self.site.tenant("contoso")
        for wire in self.site.wires.values():
            wire.reset(2)
        self.come_home()
        self.assertGreater(self.sum_of(lambda wire: wire.counted("broken")), 5)

    def test_wires_carry_128_kilobits_in_a_second(self):
        self.site.tenant("contoso")
        for wire in self.site.wires.values():
            wire.slow(128)
        self.come_home(pause_s=10)  # settings that are exported anew before they have arrived have to be carried anew
        self.assertGreater(self.sum_of(lambda wire: wire.held_back()), 50)


@unittest.skipIf(SKIP, SKIP)
class LatePackets(Long):
    def setUp(self):
        self.seed = SEED
        super().setUp()

    def test_packets_come_late_and_twice_and_out_of_order(self):
        print(f"seed {SEED}", file=sys.stderr, flush=True)
        self.site.tenant("contoso")
        self.come_home()
        ways = [way for wire in self.site.wires.values() for way in wire.relay.ways.values()]
        self.assertGreater(min(way.doubled for way in ways), 5)
        self.assertGreater(min(way.overtaken for way in ways), 5)


class Trouble(threading.Thread):
    """Does something to wires until it is told to end, and leaves them whole."""

    def __init__(self, wires):
        super().__init__(daemon=True)
        self.wires, self.ended, self.error, self.turns = wires, threading.Event(), None, 0

    def run(self):
        try:
            while not self.ended.is_set():
                self.turn()
                self.turns += 1
            for wire in self.wires:
                wire.whole()
        except Exception as error:  # told by whoever joins
            self.error = error

    def end(self):
        self.ended.set()
        self.join()
        if self.error:
            raise self.error


class Flapping(Trouble):
    """One wire, spoilt and whole by turns."""

    def __init__(self, wire, spoil, bad_s, good_s):
        super().__init__([wire])
        self.spoil, self.bad_s, self.good_s = spoil, bad_s, good_s

    def turn(self):
        self.wires[0].whole()
        if not self.ended.wait(self.good_s):
            self.spoil(self.wires[0])
            self.ended.wait(self.bad_s)


class Weather(Trouble):
    """Changes one wire after the other, by a seed, for a while; then they are whole."""

    pause_s, spell_s = (0.5, 4), 150

    def __init__(self, wires, seed):
        super().__init__(wires)
        self.chance, self.until = random.Random(seed), time.monotonic() + self.spell_s

    def turn(self):
        self.change(self.chance.choice(self.wires))
        self.ended.wait(self.chance.uniform(*self.pause_s))
        if time.monotonic() >= self.until:
            self.ended.set()

    def change(self, wire):
        wire.whole()
        percent = self.chance.randrange(2, 60)
        self.chance.choice((lambda: None, lambda: wire.lose(percent), lambda: wire.reset(percent), lambda: wire.swallow("to the agent"),
                            lambda: wire.swallow("to the controller"), lambda: wire.swallow(*BOTH), wire.down))()


def losing(percent, *ways):
    return lambda wire: wire.lose(percent, ways or BOTH)


def resetting(percent):
    return lambda wire: wire.reset(percent)


def slow(kbit):
    return lambda wire: wire.slow(kbit)


def small(size, and_then):
    return lambda wire: (wire.mtu(size), and_then(wire))[1]


def deaf(*ways):
    return lambda wire: wire.swallow(*ways)


def by_turns(spoil, bad_s, good_s):
    return lambda wire: Flapping(wire, spoil, bad_s, good_s)


def whole(wire):
    return wire.whole()


# What the old server's wire does to a handoff, and what the new one's does. Sessions are given up after 5 s of silence here.
TOPOLOGIES = {
    "the old server is far away and loses a third": (losing(33), whole),
    "the new server is far away and loses a third": (whole, losing(33)),
    "orders to the old server are lost half of the time": (losing(50, "to the agent"), whole),
    "words of the new server are lost half of the time": (whole, losing(50, "to the controller")),
    "small packets are lost on both sides": (small(576, losing(10)), small(576, losing(10))),
    "the old server has a low rate and the new one is reset": (slow(256), resetting(2)),
    "the old server is reset and the new one has a low rate": (resetting(2), slow(256)),
    "the old server is deaf for seven seconds of fourteen": (by_turns(deaf("to the agent"), 7, 7), whole),
    "the new server is mute for seven seconds of fourteen": (whole, by_turns(deaf("to the controller"), 7, 7)),
    "both links go down again and again": (by_turns(lambda wire: wire.down(), 4, 9), by_turns(lambda wire: wire.down(), 6, 11)),
    "one side is cut off for longer than a session while the other loses": (by_turns(deaf(*BOTH), 12, 12), losing(15)),
}


@unittest.skipIf(SKIP, SKIP)
class Topologies(Long):
    """A handoff is brought to its end over each; none of them may be whole by mistake."""

    def over(self, *spoils):
        self.site.tenant("contoso")
        wires = [self.site.wires[host] for host in ("OLD", "NEW")]
        troubles = [trouble for trouble in (spoil(wire) for spoil, wire in zip(spoils, wires)) if trouble is not None]
        for trouble in troubles:
            trouble.start()
        try:
            self.come_home()
        finally:
            for trouble in troubles:
                trouble.end()
        spoilt = self.sum_of(lambda wire: wire.counted("lost") + wire.counted("broken")) + sum(trouble.turns for trouble in troubles)
        self.assertGreater(spoilt, 2)


for name, both in TOPOLOGIES.items():
    setattr(Topologies, f"test_{name.replace(' ', '_')}", lambda self, both=both: self.over(*both))


@unittest.skipIf(SKIP, SKIP)
class ChangingWeather(Long):
    all_s = 1800

    def test_handoffs_end_right_in_half_an_hour_of_weather(self):
        print(f"seed {SEED}", file=sys.stderr, flush=True)
        bad_s = count = 0
        while bad_s < self.all_s:
            count += 1
            bad_s += self.one(f"storm-{count}", SEED + count)
            print(f"{count} handoffs, {bad_s:.0f} s of weather", file=sys.stderr, flush=True)
        self.assertGreater(self.sum_of(lambda wire: wire.counted("lost")), 100)
        self.assertGreater(self.sum_of(lambda wire: wire.counted("broken")), 5)
        self.verify_audit()

    def one(self, tenant, seed):
        """Seconds of weather that a handoff had until it was home."""
        self.site.tenant(tenant)
        weather, began = Weather(list(self.site.wires.values()), seed), time.monotonic()
        weather.start()
        try:
            People(self.site, tenant, lambda: None, 1).bring_home()
        finally:
            weather.end()
        self.one_gap(tenant)
        put_away(self.site, tenant)
        return min(time.monotonic() - began, Weather.spell_s)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--seed", type=int, default=SEED)
    options, sys.argv[1:] = parser.parse_known_args()
    SEED = options.seed
    main()
