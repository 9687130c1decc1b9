"""A handoff over networks that break: each agent in a network namespace of its own, on a wire that the test spoils.

Spoiled by what the kernel always has: a link that is down, a route that swallows one direction, a small MTU. As root:
ctest --test-dir build/release -R system_networks, or python3 tests/system/test_networks.py.
"""
import json
import os
import shutil
import subprocess
import unittest

from baton_case import PROGRAMS, BatonCase, Site, main
from scenario import value_named

NUMBER = os.getpid() % 200 + 20  # two runs at once do not share a network


def of(last):
    return f"198.18.{NUMBER}.{last}"  # kept for tests of networks by RFC 2544: nobody's real address


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True, capture_output=True, text=True, timeout=30)


def why_not():
    """The reason why this machine cannot have networks of its own, or nothing."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "network namespaces need root and iproute2"
    name = f"baton-probe-{NUMBER}"
    try:
        ip("netns", "add", name)
        ip("link", "add", f"bp{NUMBER}", "type", "veth", "peer", "name", "eth0", "netns", name)
    except subprocess.CalledProcessError as error:
        return f"no network namespaces here: {error.stderr.strip()}"
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True)
    return ""


class Wire:
    """Between the controller's network and one agent's."""

    def __init__(self, index, address):
        self.name, self.here = f"baton-{NUMBER}-{index}", f"bt{NUMBER}-{index}"
        self.near, self.far, self.controller = of(4 * index + 1), of(4 * index + 2), address
        ip("netns", "add", self.name)
        ip("link", "add", self.here, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("addr", "add", f"{self.near}/30", "dev", self.here)
        ip("link", "set", self.here, "up")
        self.inside("addr", "add", f"{self.far}/30", "dev", "eth0")
        self.inside("link", "set", "lo", "up")
        self.inside("link", "set", "eth0", "up")
        self.inside("route", "add", "default", "via", self.near)

    def inside(self, *words):
        ip("-n", self.name, *words)

    def down(self):
        ip("link", "set", self.here, "down")

    def up(self):
        ip("link", "set", self.here, "up")

    def swallow(self, way):
        """What goes that way is lost without a word; the other direction is carried."""
        if way == "to the controller":
            self.inside("route", "add", "blackhole", f"{self.controller}/32")
        else:
            ip("route", "add", "blackhole", f"{self.far}/32")

    def carry(self, way):
        if way == "to the controller":
            self.inside("route", "del", "blackhole", f"{self.controller}/32")
        else:
            ip("route", "del", "blackhole", f"{self.far}/32")

    def mtu(self, size):
        ip("link", "set", self.here, "mtu", size)
        self.inside("link", "set", "eth0", "mtu", size)

    def close(self):
        subprocess.run(["ip", "route", "del", "blackhole", f"{self.far}/32"], capture_output=True)
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)  # its end of the wire goes with it


class WiredSite(Site):
    wires = {}

    def __init__(self, *words):
        super().__init__(*words)
        self.address = of(5)  # the near end of OLD's wire
        self.wires = {"OLD": Wire(1, self.address), "NEW": Wire(2, self.address)}

    def before_agent(self, host):
        return ("ip", "netns", "exec", self.wires[host].name)

    def close(self, keep=False):
        super().close(keep)
        for wire in self.wires.values():
            wire.close()


REASON = why_not()


@unittest.skipIf(REASON, REASON)
class Networks(BatonCase):
    def setUp(self):
        self.site = WiredSite(PROGRAMS)
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
        self.assertEqual(site.state("contoso"), "C2", "what was not heard is not known")
        gap_from = self.last_export("contoso")
        old.carry("to the controller")
        site.wait_state("contoso", "C3", timeout=120)

        new.down()  # go may be signed over what was heard just before: it does not arrive
        site.baton("cutover", "go", "contoso", "--yes", "--timeout", "5", check=False)
        self.assertNotEqual(self.grant("NEW"), "live")
        self.assertEqual(set(self.exporters("contoso", since=gap_from)), set())
        self.assert_stopped("contoso", "OLD")
        new.up()
        site.wait_until("go", self.let_go, timeout=120)
        site.wait_until("the grant arrives", lambda: self.grant("NEW") == "live", timeout=120)
        site.activate("contoso")
        self.assertEqual(set(self.exporters("contoso", since=gap_from)), {"NEW"})
        self.assert_stopped("contoso", "OLD")
        self.verify_audit()


if __name__ == "__main__":
    main()
