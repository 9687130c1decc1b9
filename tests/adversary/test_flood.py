"""Many at once against one real controller: what one peer does must not become another tenant's trouble.

Counts are bounded and everything is on loopback; what is asserted is that an honest agent of another tenant is served
while it lasts, that the flood is counted as one, and that full service is there when it has ended.
"""
import socket
import time
import unittest

import wire as w
from world import Agent, Controller, until

SERVED_S = 20  # an honest word during a flood; usually some milliseconds


class Flood(unittest.TestCase):
    def setUp(self):
        self.site = Controller()
        self.addCleanup(self.site.close)
        self.honest = Agent(self.site, tenant=self.site.tenant()).hello()
        self.addCleanup(self.honest.close)

    def raw(self, count):
        lines = []
        for _ in range(count):
            line = socket.create_connection(("127.0.0.1", self.site.bus), timeout=10)
            self.addCleanup(line.close)
            lines.append(line)
        return lines

    def still_served(self):
        began = time.monotonic()
        self.assertTrue(self.honest.served())
        self.assertLess(time.monotonic() - began, SERVED_S)

    def newcomer(self):
        a = Agent(self.site).hello()
        self.addCleanup(a.close)
        self.assertTrue(a.served())
        return a

    def test_connections_that_say_nothing_shut_nobody_out(self):
        lines = self.raw(400)
        self.still_served()
        self.newcomer()
        for line in lines[:5]:  # the handshake's time limit ends them
            line.settimeout(60)
            while line.recv(4096):
                pass
        self.still_served()

    def test_handshakes_that_never_end_shut_nobody_out(self):
        greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00CURVE" + bytes(15) + b"\0" + bytes(31)
        for n, line in enumerate(self.raw(200)):
            line.sendall(greeting[:1 + n % len(greeting)])
        self.still_served()
        self.newcomer()

    def test_noise_on_the_port_ends_nothing(self):
        for n, line in enumerate(self.raw(300)):
            try:
                line.sendall((b"GET / HTTP/1.1\r\n\r\n", bytes(64), b"\xff" * 200, b"\x16\x03\x01\x02\x00")[n % 4])
            except OSError:
                pass
        self.still_served()
        self.newcomer()
        self.assertEqual(self.site.api.counters()["unidentified"], 0)

    def test_an_enrolled_agent_that_floods_is_cut_to_its_rate_and_others_are_not(self):
        loud = self.newcomer()
        before = self.site.api.counters()
        frames = [loud.frame("beat") for _ in range(3000)]
        for n, frame in enumerate(frames):
            loud.say(frame)
            if n % 1000 == 500:
                self.still_served()
        self.still_served()
        until("every frame was read", lambda: self.site.api.counters()["received"] - before["received"] >= len(frames))
        after = self.site.api.counters()
        self.assertGreater(after["flooded"] - before["flooded"], 500)
        self.assertEqual(after["denied"], before["denied"])
        until("the loud one is served again", lambda: loud.served(2))

    def test_a_storm_of_agents_that_come_back_is_served_whole(self):
        agents = [Agent(self.site).hello() for _ in range(40)]
        for a in agents:
            self.addCleanup(a.close)
            a.close()
        for a in agents:  # all at once; each says hello when its turn comes
            a.socket = a.open(a.id.curve, a.id.curve_secret)
        for a in agents:
            self.assertEqual(a.socket.link(60), "admitted")
            a.hello()
            self.assertTrue(a.served())
        self.honest.hello()  # it was silent for longer than its policy lets it be
        self.still_served()

    def test_unknown_keys_that_knock_are_told_rarely_and_counted_always(self):
        head = self.site.api.head()
        before = self.site.api.counters()["keys_refused"]
        knocking = [self.honest.open(*w.curve_pair()) for _ in range(60)]
        for s in knocking:
            self.addCleanup(s.close)
            self.assertEqual(s.link(60), "refused")
        until("all counted", lambda: self.site.api.counters()["keys_refused"] - before >= len(knocking))
        told = [r for r in self.site.api.records(head) if "unknown keys refused" in r["text"]]
        self.assertLess(len(told), 10)
        self.still_served()


if __name__ == "__main__":
    unittest.main()
