"""ZeroMQ sockets through the library itself: every mechanism, any number of parts, any routing id."""
import ctypes
import ctypes.util
import time

lib = ctypes.CDLL(ctypes.util.find_library("zmq") or "libzmq.so.5", use_errno=True)
lib.zmq_ctx_new.restype = lib.zmq_socket.restype = ctypes.c_void_p
lib.zmq_socket.argtypes = [ctypes.c_void_p, ctypes.c_int]
lib.zmq_setsockopt.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t]
lib.zmq_getsockopt.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(ctypes.c_size_t)]
lib.zmq_connect.argtypes = lib.zmq_bind.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
lib.zmq_send.argtypes = lib.zmq_recv.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
lib.zmq_close.argtypes = [ctypes.c_void_p]
lib.zmq_poll.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_long]
lib.zmq_socket_monitor.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]

PAIR, PUB, SUB, REQ, DEALER, ROUTER, PUSH = 0, 1, 2, 3, 5, 6, 8
ROUTING_ID, LINGER, RCVMORE = 5, 17, 13
PLAIN_USERNAME, PLAIN_PASSWORD = 45, 46
CURVE_SERVER, CURVE_PUBLICKEY, CURVE_SECRETKEY, CURVE_SERVERKEY = 47, 48, 49, 50
DONTWAIT, SNDMORE, POLLIN = 1, 2, 1
CONNECTED, DISCONNECTED, SUCCEEDED = 0x0001, 0x0200, 0x1000
FAILED = 0x0800 | 0x2000 | 0x4000
NAMES = {0x1000: "admitted", 0x0800: "refused", 0x2000: "refused", 0x4000: "refused", 0x0200: "disconnected"}

context = ctypes.c_void_p(lib.zmq_ctx_new())
_monitors = 0


class _Item(ctypes.Structure):
    _fields_ = [("socket", ctypes.c_void_p), ("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short)]


class Socket:
    def __init__(self, kind=DEALER):
        self.handle = ctypes.c_void_p(lib.zmq_socket(context, kind))
        if not self.handle:
            raise OSError(ctypes.get_errno(), "no socket")
        self.monitor = None
        self.number(LINGER, 0)

    def set(self, option, data):
        if lib.zmq_setsockopt(self.handle, option, data, len(data)) != 0:
            raise OSError(ctypes.get_errno(), f"option {option}")

    def number(self, option, n):
        self.set(option, n.to_bytes(4, "little"))

    def curve(self, server_key, public, secret):
        self.set(CURVE_SERVERKEY, server_key)
        self.set(CURVE_PUBLICKEY, public)
        self.set(CURVE_SECRETKEY, secret)

    def watch(self):
        """From here on, link() tells what becomes of the connection."""
        global _monitors
        _monitors += 1
        address = f"inproc://adversary-{_monitors}".encode()
        lib.zmq_socket_monitor(self.handle, address, SUCCEEDED | FAILED | DISCONNECTED)
        self.monitor = Socket(PAIR)
        lib.zmq_connect(self.monitor.handle, address)
        return self

    def link(self, seconds=30):
        """The next thing that happens to the connection, or 'silence'."""
        got = self.monitor.recv(seconds)
        return "silence" if got is None else NAMES[int.from_bytes(got[0][:2], "little")]

    def connect(self, address):
        if lib.zmq_connect(self.handle, address.encode()) != 0:
            raise OSError(ctypes.get_errno(), address)

    def bind(self, address):
        """Waits for a port that another socket has just left."""
        for _ in range(300):
            if lib.zmq_bind(self.handle, address.encode()) == 0:
                return
            time.sleep(0.05)
        raise OSError(ctypes.get_errno(), address)

    def send(self, *parts, wait=True):
        """False: there is nobody, or no room."""
        for i, part in enumerate(parts):
            flags = (SNDMORE if i + 1 < len(parts) else 0) | (0 if wait else DONTWAIT)
            if lib.zmq_send(self.handle, part, len(part), flags) < 0:
                return False
        return True

    def recv(self, seconds=30):
        """All parts of the next message, or None."""
        item = _Item(self.handle, 0, POLLIN, 0)
        if lib.zmq_poll(ctypes.byref(item), 1, int(seconds * 1000)) <= 0:
            return None
        parts, more = [], True
        while more:
            buffer = ctypes.create_string_buffer(70000)
            n = lib.zmq_recv(self.handle, buffer, 70000, 0)
            if n < 0:
                return None
            parts.append(buffer.raw[:n])
            more = self._more()
        return parts

    def _more(self):
        value, size = ctypes.create_string_buffer(4), ctypes.c_size_t(4)
        lib.zmq_getsockopt(self.handle, RCVMORE, value, ctypes.byref(size))
        return value.raw != bytes(4)

    def close(self):
        if self.monitor is not None:
            lib.zmq_socket_monitor(self.handle, None, 0)
            self.monitor.close()
        if self.handle:
            lib.zmq_close(self.handle)
        self.handle = self.monitor = None
