"""A reader of PLY files that knows nothing of their writer."""

import struct

SIZES = {"char": "b", "uchar": "B", "short": "h", "ushort": "H", "int": "i", "uint": "I", "float": "f", "double": "d"}


def read_ply(path):
    """The vertices, each as a dict by property."""
    data = path.read_bytes()
    head, end, body = data.partition(b"end_header\n")
    lines = head.decode("ascii").splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"] and end
    (element,) = [line.split() for line in lines if line.startswith("element")]
    assert element[:2] == ["element", "vertex"]
    properties = [line.split()[1:] for line in lines if line.startswith("property")]
    row = struct.Struct("<" + "".join(SIZES[kind] for kind, _ in properties))
    assert len(body) == row.size * int(element[2])
    names = [name for _, name in properties]
    return [dict(zip(names, values, strict=True)) for values in row.iter_unpack(body)]
