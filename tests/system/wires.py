"""Networks of their own for the agents of a site, each behind a router that spoils what it carries.

    controller  near --- hub [router] leg --- eth0  agent

The router is a network namespace; what it does to packets is done by nftables and tc, and its own leg to the agent may be a
packet_relay. All of it needs root, and a kernel that lets it.
"""
import json
import os
import shutil
import subprocess

from lab_site import CommandFailed, Site
from packet_relay import PacketRelay

NUMBER = os.getpid() % 200 + 20  # two runs at once do not share a network
CAME_FROM = {"to the agent": "hub", "to the controller": "leg"}
BOTH = tuple(CAME_FROM)
TABLE = """
add table ip wire
add counter ip wire lost
add counter ip wire broken
add chain ip wire forward { type filter hook forward priority 0; }
"""


def of(last):
    return f"198.18.{NUMBER}.{last}"  # kept for tests of networks by RFC 2544: nobody's real address


def system(*words, text=None):
    argv = [str(w) for w in words]
    done = subprocess.run(argv, capture_output=True, text=True, input=text, timeout=30)
    if done.returncode != 0:
        raise CommandFailed(argv, done.returncode, done.stdout, done.stderr)
    return done.stdout


def why_not():
    """The reason why this machine cannot have such networks, or nothing."""
    if os.geteuid() != 0 or None in map(shutil.which, ("ip", "tc", "nft")):
        return "network namespaces need root, iproute2 and nftables (deploy/packages)"
    name = f"baton-{NUMBER}-probe"
    try:
        system("ip", "netns", "add", name)
        system("ip", "-n", name, "link", "add", "hub", "type", "veth", "peer", "name", "leg")
        system("ip", "netns", "exec", name, "nft", "-f", "-", text=TABLE)
    except CommandFailed as failed:
        return f"no such networks here: {failed}"
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True)
    return ""


class Wire:
    """Between the controller's network and one agent's. With a seed its last leg is a relay of packets."""

    def __init__(self, index, controller):
        self.name, self.router, self.here = f"baton-{NUMBER}-{index}", f"baton-{NUMBER}-{index}-way", f"bt{NUMBER}-{index}"
        self.near, self.hub_end, self.leg_end, self.far = (of(8 * index + n) for n in (1, 2, 5, 6))
        self.controller, self.relay = controller, None

    def open(self, seed=None):
        for name in (self.router, self.name):
            system("ip", "netns", "add", name)
        system("ip", "link", "add", self.here, "type", "veth", "peer", "name", "hub", "netns", self.router)
        if seed is None:
            self._route("link", "add", "leg", "type", "veth", "peer", "name", "eth0", "netns", self.name)
        else:
            self._relay(seed)
        system("ip", "addr", "add", f"{self.near}/30", "dev", self.here)
        self._route("addr", "add", f"{self.hub_end}/30", "dev", "hub")
        self._route("addr", "add", f"{self.leg_end}/30", "dev", "leg")
        self._inside("addr", "add", f"{self.far}/30", "dev", "eth0")
        system("ip", "link", "set", self.here, "up")
        for device in ("lo", "hub", "leg"):
            self._route("link", "set", device, "up")
        for device in ("lo", "eth0"):
            self._inside("link", "set", device, "up")
        self._inside("route", "add", "default", "via", self.leg_end)
        self._route("route", "add", "default", "via", self.near)
        system("ip", "route", "add", f"{self.far}/32", "via", self.hub_end)
        self._at_router("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        self._at_router("nft", "-f", "-", text=TABLE)

    def _relay(self, seed):
        names = f"{self.here}r", f"{self.here}a"
        self.relay = PacketRelay(names, seed)
        for name, network, device in zip(names, (self.router, self.name), ("leg", "eth0")):
            system("ip", "link", "set", name, "netns", network, "name", device)

    def _inside(self, *words):
        system("ip", "-n", self.name, *words)

    def _route(self, *words):
        system("ip", "-n", self.router, *words)

    def _at_router(self, *words, text=None):
        return system("ip", "netns", "exec", self.router, *words, text=text)

    def _rules(self, *rules):
        """From now on these, in one step."""
        self._at_router("nft", "-f", "-", text="flush chain ip wire forward\n" + "".join(f"add rule ip wire forward {r}\n" for r in rules))

    # --- what spoils it -------------------------------------------------------------------------------
    def whole(self):
        """Everything is carried again; a low rate stays."""
        self._rules()
        self._route("link", "set", "leg", "up")

    def lose(self, percent, ways=BOTH):
        """That many of a hundred packets are lost without a word, as chance will have it (the kernel's: it takes no seed)."""
        self._rules(*(f'iifname "{CAME_FROM[way]}" numgen random mod 100 <= {percent - 1} counter name lost drop' for way in ways))

    def swallow(self, *ways):
        self.lose(100, ways)

    def reset(self, percent):
        """That many of a hundred packets end their connection, for the side that sent them."""
        self._rules(f"meta l4proto tcp numgen random mod 100 <= {percent - 1} counter name broken reject with tcp reset")

    def slow(self, kbit):
        for device in ("hub", "leg"):
            system("tc", "-n", self.router, "qdisc", "add", "dev", device, "root", "tbf", "rate", f"{kbit}kbit", "burst", "1600",
                   "latency", "500ms")

    def mtu(self, size):
        self._route("link", "set", "leg", "mtu", size)
        self._inside("link", "set", "eth0", "mtu", size)

    def down(self):
        self._route("link", "set", "leg", "down")

    # --- what became of it ----------------------------------------------------------------------------
    def counted(self, name):
        """How many packets were 'lost', or how many resets have 'broken' a connection, since the wire is there."""
        said = json.loads(self._at_router("nft", "-j", "list", "counter", "ip", "wire", name))
        return next(part["counter"]["packets"] for part in said["nftables"] if "counter" in part)

    def held_back(self):
        """How often a packet had to wait for the rate."""
        devices = [json.loads(system("tc", "-n", self.router, "-s", "-j", "qdisc", "show", "dev", d)) for d in ("hub", "leg")]
        return sum(q.get("overlimits", 0) for qdiscs in devices for q in qdiscs)

    def close(self):
        if self.relay:
            self.relay.close()
        for name in (self.name, self.router):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)  # its ends of the wires go with it
        subprocess.run(["ip", "link", "del", self.here], capture_output=True)


class WiredSite(Site):
    """A site whose agents OLD and NEW are each at the end of a wire."""

    def __init__(self, programs, seed=None):
        super().__init__(programs)
        self.address = Wire(1, None).near
        self.wires = {host: Wire(index, self.address) for index, host in enumerate(("OLD", "NEW"), 1)}
        try:
            for host, wire in self.wires.items():
                wire.open(seed and f"{seed} {host}")
        except BaseException:
            self.close()
            raise

    def before_agent(self, host):
        return ("ip", "netns", "exec", self.wires[host].name)

    def close(self, keep=False):
        super().close(keep)
        for wire in self.wires.values():
            wire.close()
