"""A wire of our own between two networks: IP packets that come late, twice, or after others that were sent later.

A pair of TUN devices, one in each network; what one kernel sends this process hands to the other. Nothing is lost here: a
packet that is held back is carried in the end. What happens to the n-th packet of a direction follows from the seed alone;
which packet that is, and when it comes, is the kernel's.
"""
import fcntl
import heapq
import os
import random
import select
import struct
import threading
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
PACKET_BYTES = 65536


def tun_open(name):
    """A device of that name, in this process's network; it may be moved to another and stays ours, and ends with us."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


class Way:
    """One direction, with the chance that its packets meet and what has become of them."""

    def __init__(self, target, seed):
        self.target, self.chance = target, random.Random(seed)
        self.last_sent = 0
        self.carried = self.doubled = self.overtaken = self.refused = 0

    def fate(self):
        """After how many seconds this packet is handed on: once for each copy."""
        copies = 2 if self.chance.random() < 0.1 else 1
        self.doubled += copies - 1
        return [self.chance.uniform(0.01, 0.08) + (0.4 if self.chance.random() < 0.1 else 0) for _ in range(copies)]

    def hand_on(self, number, packet):
        try:
            os.write(self.target, packet)
        except OSError:
            self.refused += 1  # the device is down: the packet is lost, as on any wire
            return
        self.carried += 1
        self.overtaken += number < self.last_sent
        self.last_sent = max(self.last_sent, number)


class PacketRelay:
    def __init__(self, names, seed):
        near, far = (tun_open(name) for name in names)
        self.devices = near, far
        self.ways = {near: Way(far, f"{seed} to the agent"), far: Way(near, f"{seed} to the controller")}
        self.waiting, self.count, self.ended = [], 0, threading.Event()
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def _carry(self):
        while not self.ended.is_set():
            now = time.monotonic()
            while self.waiting and self.waiting[0][0] <= now:
                _, _, number, way, packet = heapq.heappop(self.waiting)
                way.hand_on(number, packet)
            pause = min(0.2, self.waiting[0][0] - now) if self.waiting else 0.2
            for device in select.select(self.devices, [], [], pause)[0]:
                self._take(device)

    def _take(self, device):
        try:
            packet = os.read(device, PACKET_BYTES)
        except OSError:
            return  # nothing there after all, or the device is being moved to its network
        way, now, first = self.ways[device], time.monotonic(), self.count + 1
        for after in way.fate():
            self.count += 1  # of two that are due together the earlier goes first
            heapq.heappush(self.waiting, (now + after, self.count, first, way, packet))

    def close(self):
        self.ended.set()
        self.thread.join()
        for device in self.devices:
            os.close(device)
