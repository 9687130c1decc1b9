"""A wire between an agent and its controller that a test can cut: real connections, carried byte for byte.

It understands nothing of what it carries, like the network. `cuts` are numbers of bytes carried in one
direction; when one is reached, half of the block at hand is passed on, so that the other end has a piece of a
frame, and both ends are closed.
"""
import select
import socket
import threading


class Relay:
    def __init__(self, target, count="up", cuts=(), forbidden=b"\0" * 64):
        self.target, self.count, self.cuts, self.forbidden = target, count, list(cuts), forbidden
        self.carried = {"up": 0, "down": 0}
        self.cut_at, self.seen, self.ends, self.lines = [], False, False, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def close(self):
        self.ends = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)

    def _accept(self):
        while not self.ends:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            with near:
                try:
                    with socket.create_connection(self.target, timeout=5) as far:
                        self.lines += 1
                        self._carry(near, far)
                except OSError:
                    pass  # one end is gone: both are closed, as a broken line is

    def _due(self, way):
        return way == self.count and self.cuts and self.carried[way] >= self.cuts[0]

    def _carry(self, near, far):
        tails = {"up": b"", "down": b""}
        ways = {near: ("up", far), far: ("down", near)}
        while not self.ends:
            for ready in select.select([near, far], [], [], 0.2)[0]:
                way, to = ways[ready]
                block = ready.recv(65536)
                if not block:
                    return
                self.seen = self.seen or self.forbidden in tails[way] + block
                tails[way] = block[-len(self.forbidden):]
                cut = self._due(way) and len(block) > 1000
                if cut:
                    block = block[:len(block) // 2]
                to.sendall(block)
                self.carried[way] += len(block)
                if cut:
                    self.cut_at.append(self.carried[way])
                    self.cuts.pop(0)
                    return
