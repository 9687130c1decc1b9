"""What a Windows program says about itself, read from its file: imports, flags, sections, resources.

Source: "PE Format", learn.microsoft.com/windows/win32/debug/pe-format.
"""
import struct

FLAGS = {0x0020: "HIGH_ENTROPY_VA", 0x0040: "DYNAMIC_BASE", 0x0100: "NX_COMPAT"}
RT_VERSION, RT_MESSAGETABLE, RT_MANIFEST = 16, 11, 24
IMPORTS, RESOURCES, RELOCATIONS = 1, 2, 5


class Program:
    """A 64-bit program."""

    def __init__(self, path):
        self.bytes = path.read_bytes()
        at = self._u32(0x3C)
        if self.bytes[at:at + 4] != b"PE\0\0":
            raise ValueError(f"{path}: no PE file")
        self.machine, count, self.made, _, _, optional, _ = struct.unpack_from("<HHIIIHH", self.bytes, at + 4)
        head = at + 24
        if self._u16(head) != 0x20B:
            raise ValueError(f"{path}: not a 64-bit program")
        self.system_version = struct.unpack_from("<HH", self.bytes, head + 48)
        bits = self._u16(head + 70)
        self.flags = {name for bit, name in FLAGS.items() if bits & bit}
        self.directories = [struct.unpack_from("<II", self.bytes, head + 112 + 8 * i) for i in range(self._u32(head + 108))]
        self.sections = {}
        for i in range(count):
            row = head + optional + 40 * i
            size, address, raw_size, raw = struct.unpack_from("<IIII", self.bytes, row + 8)
            self.sections[self.bytes[row:row + 8].rstrip(b"\0").decode()] = (address, max(size, raw_size), raw)

    def _u16(self, at):
        return struct.unpack_from("<H", self.bytes, at)[0]

    def _u32(self, at):
        return struct.unpack_from("<I", self.bytes, at)[0]

    def _file(self, address):
        for begin, size, raw in self.sections.values():
            if begin <= address < begin + size:
                return address - begin + raw
        raise ValueError(f"no section has address {address:#x}")

    def _text(self, at):
        return self.bytes[at:self.bytes.index(b"\0", at)].decode("ascii")

    def imports(self):
        """{(dll in lower case, function)}"""
        found, at = set(), self._file(self.directories[IMPORTS][0])
        while any(self.bytes[at:at + 20]):
            lookup, _, _, name, first = struct.unpack_from("<IIIII", self.bytes, at)
            dll, row = self._text(self._file(name)).lower(), self._file(lookup or first)
            while entry := struct.unpack_from("<Q", self.bytes, row)[0]:
                found.add((dll, f"#{entry & 0xffff}" if entry >> 63 else self._text(self._file(entry) + 2)))
                row += 8
            at += 20
        return found

    def resources(self, kind):
        """The resources of that type: [(id, bytes)]"""
        root = self._file(self.directories[RESOURCES][0])

        def entries(at):
            for i in range(self._u16(at + 12) + self._u16(at + 14)):
                yield struct.unpack_from("<II", self.bytes, at + 16 + 8 * i)

        found = []
        for type_id, names in entries(root):
            if type_id != kind:
                continue
            for name_id, languages in entries(root + (names & 0x7FFFFFFF)):
                for _, leaf in entries(root + (languages & 0x7FFFFFFF)):
                    address, size = struct.unpack_from("<II", self.bytes, root + leaf)
                    at = self._file(address)
                    found.append((name_id, self.bytes[at:at + size]))
        return found

    def messages(self):
        """{whole event id: text} of its message tables."""
        found = {}
        for _, table in self.resources(RT_MESSAGETABLE):
            for i in range(struct.unpack_from("<I", table)[0]):
                low, high, at = struct.unpack_from("<III", table, 4 + 12 * i)
                for number in range(low, high + 1):
                    size, unicode = struct.unpack_from("<HH", table, at)
                    text = table[at + 4:at + size].decode("utf-16-le" if unicode else "cp1252")
                    found[number] = text.rstrip("\0").rstrip("\r\n")
                    at += size
        return found

    def version(self):
        """{name: text} of its version resource, and "FILEVERSION": the four numbers."""
        (_, data), = self.resources(RT_VERSION)
        found, fixed = {}, data.index(struct.pack("<I", 0xFEEF04BD))
        high, low = struct.unpack_from("<II", data, fixed + 8)
        found["FILEVERSION"] = (high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF)
        self._strings(data, 0, found)
        return found

    def _strings(self, data, at, found):
        """A block of the version resource: length, value length, kind, name, then children or a text."""
        length, value_length, kind = struct.unpack_from("<HHH", data, at)
        end, name_end = at + length, at + 6
        while data[name_end:name_end + 2] != b"\0\0":
            name_end += 2
        name, body = data[at + 6:name_end].decode("utf-16-le"), (name_end + 2 + 3) & ~3
        if kind == 1 and value_length > 0:
            found[name] = data[body:body + 2 * value_length].decode("utf-16-le").rstrip("\0")
        elif kind == 0:
            body = (body + value_length + 3) & ~3
        while body + 6 <= end and value_length * kind == 0:
            child = struct.unpack_from("<H", data, body)[0]
            if child == 0:
                break
            self._strings(data, body, found)
            body = (body + child + 3) & ~3
