"""break_model.py MODEL FOLDER: write a broken copy of the model for each way to break one.

Each copy is FOLDER/WAY.safetensors. Only the standard library is used, and none of hwdr's own code.
"""

import json
import pathlib
import struct
import sys

good = pathlib.Path(sys.argv[1]).read_bytes()
folder = pathlib.Path(sys.argv[2])
(length,) = struct.unpack("<Q", good[:8])
header, data = json.loads(good[8 : 8 + length]), good[8 + length :]
first, second = [name for name in header if name != "__metadata__"][:2]


def put(way, content):
    (folder / f"{way}.safetensors").write_bytes(content)


def pack(text, tensors=data):
    text = text.encode()
    text += b" " * (-(8 + len(text)) % 64)
    return struct.pack("<Q", len(text)) + text + tensors


def change(way, edit, tensors=data):
    """A copy whose header has been through `edit`."""
    copy = json.loads(json.dumps(header))
    edit(copy)
    put(way, pack(json.dumps(copy), tensors))


def put_float(way, value):
    put(way, pack(json.dumps(header), data[:4] + struct.pack("<f", value) + data[8:]))


# cut short: inside the length, the header, at its end, inside the data
begin = 8 + length
for cut in (0, 1, 7, 8, 9, begin // 2, begin - 1, begin, begin + 1, len(good) - 1):
    put(f"cut-{cut}", good[:cut])
put("trailing-byte", good + b"\0")
put("length-0", struct.pack("<Q", 0) + good[8:])
put("length-huge", struct.pack("<Q", 2**64 - 1) + good[8:])
put("length-above-cap", struct.pack("<Q", 2**20 + 1) + good[8:])
put("not-json", good[:8] + b"[" + good[9:])
put("not-utf8", good[:9] + b"\xff" + good[10:])
put("other-file", b"\x93NUMPY\1\0" + good[8:])

text = json.dumps(header)
entry = json.dumps(first) + ": " + json.dumps(header[first])
put("duplicate-tensor", pack(text[:-1] + ", " + entry + "}"))
put("duplicate-metadata", pack(text.replace('"format":', '"format": "hwdr 1", "format":', 1)))

begin, end = header[first]["data_offsets"]
size = header[second]["data_offsets"][1] - header[second]["data_offsets"][0]
change("overlap", lambda h: h[second].update(data_offsets=[begin, begin + size]))
change("overlap-partly", lambda h: h[second].update(data_offsets=[end - 4, end - 4 + size]))
change("out-of-range", lambda h: h[first].update(data_offsets=[begin + len(data), end + len(data)]))
change("backwards", lambda h: h[first].update(data_offsets=[end, begin]))
change("negative", lambda h: h[first].update(data_offsets=[begin - 4, end - 4]))
change("fraction", lambda h: h[first].update(data_offsets=[begin, end + 0.5]))
change("gap", lambda h: h.pop(first))
change("dtype-f16", lambda h: h[first].update(dtype="F16"))
change("dtype-i64", lambda h: h[first].update(dtype="I64"))
change("shape-larger", lambda h: h[first].update(shape=[2 * n for n in h[first]["shape"]]))
change("shape-overflows", lambda h: h[first].update(shape=[2**62 + 1, 4, 2**62, 8]))
change("shape-transposed", lambda h: h[first].update(shape=h[first]["shape"][::-1]))
change("renamed", lambda h: h.update(other=h.pop(first)))
change(
    "extra-tensor",
    lambda h: h.update(x={"dtype": "U8", "shape": [4], "data_offsets": [len(data), len(data) + 4]}),
    data + b"1234",
)
put_float("nan", float("nan"))
put_float("infinity", float("-inf"))

for key in ("format", "net", "preprocessing", "classes", "temperature"):
    change(f"no-{key}", lambda h, key=key: h["__metadata__"].pop(key))
    change(f"bad-{key}", lambda h, key=key: h["__metadata__"].update({key: "c0x0\n\x1b[31m"}))
change("no-metadata", lambda h: h.pop("__metadata__"))
change("number-in-metadata", lambda h: h["__metadata__"].update(seed=1))
change("temperature-0", lambda h: h["__metadata__"].update(temperature="0"))
change("temperature-nan", lambda h: h["__metadata__"].update(temperature="nan"))
change("other-net", lambda h: h["__metadata__"].update(net="c3x4 p2 d10"))
change("huge-net", lambda h: h["__metadata__"].update(net="c5x1000000000 c5x1000000000 d10"))
