"""Read an ONNX file byte by byte, run it in NumPy, and hold it against cnn-predict's answer.

    onnx_check.py MODEL.onnx SAMPLES SCORES     prints the nodes' types, a line each

SAMPLES is a sample stream, SCORES what cnn-predict --scores made of it. Only what cnn-export writes
is understood. Where the modules onnx and onnxruntime are there (or with --peers must be), the file
also goes through their checker, shape inference and run time.
"""

import struct
import sys

import numpy

sys.path.insert(0, "lib")


def fields(data):
    """Yields (field number, value): an int, or the bytes of a string, message or fixed32."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
            continue
        size = {2: varint, 5: lambda: 4}[tag & 7]()
        assert at + size <= len(data), "a field goes beyond its message"
        yield tag >> 3, data[at : at + size]
        at += size


def message(data, **names):
    """The fields with these numbers as lists by name; any other is an error."""
    number = {n: name for name, n in names.items()}
    values = {name: [] for name in names}
    for n, value in fields(data):
        values[number[n]].append(value)
    return values


def tensor(data):
    m = message(data, dims=1, data_type=2, name=8, raw_data=9)
    dtype = {1: "<f4", 7: "<i8"}[m["data_type"][0]]
    return m["name"][0].decode(), numpy.frombuffer(m["raw_data"][0], dtype).reshape(m["dims"])


def attribute(data):
    m = message(data, name=1, f=2, i=3, ints=8, type=20)
    kind = m["type"][0]
    value = {
        1: lambda: struct.unpack("<f", m["f"][0])[0],
        2: lambda: m["i"][0],
        7: lambda: m["ints"],
    }
    return m["name"][0].decode(), value[kind]()


def value_info(data):
    """Name and shape; N for the dimension that is free."""
    m = message(data, name=1, type=2)
    kind = message(message(m["type"][0], tensor_type=1)["tensor_type"][0], elem_type=1, shape=2)
    assert kind["elem_type"] == [1]
    dims = [message(d, value=1, param=2) for d in message(kind["shape"][0], dim=1)["dim"]]
    return m["name"][0].decode(), [(d["value"] or [d["param"][0].decode()])[0] for d in dims]


def windows(x, kernel, strides=(1, 1)):
    view = numpy.lib.stride_tricks.sliding_window_view(x, kernel, (2, 3))
    return view[:, :, :: strides[0], :: strides[1]]


def conv(x, w, b=0, kernel_shape=None, pads=(0, 0, 0, 0)):
    assert kernel_shape == list(w.shape[2:])
    x = numpy.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    y = numpy.einsum("nchwij,ocij->nohw", windows(x, kernel_shape), w, optimize=True)
    return y + numpy.reshape(b, (-1, 1, 1))


def norm(x, scale, shift, mean, variance, epsilon=None):
    turn = (-1,) + (1,) * (x.ndim - 2)
    y = (x - mean.reshape(turn)) / numpy.sqrt(variance.reshape(turn) + epsilon)
    return y * scale.reshape(turn) + shift.reshape(turn)


OPERATORS = {
    "Conv": conv,
    "BatchNormalization": norm,
    "Relu": lambda x: numpy.maximum(x, 0),
    "MaxPool": lambda x, kernel_shape, strides: windows(x, kernel_shape, strides).max((4, 5)),
    "AveragePool": lambda x, kernel_shape, strides: windows(x, kernel_shape, strides).mean((4, 5)),
    "GlobalMaxPool": lambda x: x.max((2, 3), keepdims=True),
    "GlobalAveragePool": lambda x: x.mean((2, 3), keepdims=True),
    "Flatten": lambda x: x.reshape(len(x), -1),
    "Reshape": lambda x, shape: x.reshape([len(x)] + list(shape[1:])),
    "Gemm": lambda a, b, c=0, transB=0: a @ (b.T if transB else b) + c,
    "Div": lambda a, b: a / b,
    "Mul": lambda a, b: a * b,
    "Sigmoid": lambda x: 1 / (1 + numpy.exp(-x)),
    "Concat": lambda a, b, axis: numpy.concatenate((a, b), axis),
}


def run(data, images):
    """Prints the nodes; returns their last value and the metadata."""
    model = message(data, ir_version=1, producer=2, graph=7, opset=8, metadata=14)
    assert model["ir_version"] == [8]
    assert message(model["opset"][0], version=2)["version"] == [17]
    entries = [message(e, key=1, value=2) for e in model["metadata"]]
    graph = message(model["graph"][0], node=1, name=2, initializer=5, input=11, output=12)
    assert [value_info(v) for v in graph["input"]] == [("images", ["N", 1, 28, 28])]
    assert [value_info(v) for v in graph["output"]] == [("logits", ["N", 10])]
    values = dict(tensor(t) for t in graph["initializer"])
    values["images"] = images
    for data in graph["node"]:
        node = message(data, input=1, output=2, name=3, op_type=4, attribute=5)
        inputs = [values[name.decode()] for name in node["input"]]
        kind = node["op_type"][0].decode()
        print(kind)
        result = OPERATORS[kind](*inputs, **dict(attribute(a) for a in node["attribute"]))
        values[node["output"][0].decode()] = result.astype(numpy.float32)
    return values["logits"], {e["key"][0].decode(): e["value"][0].decode() for e in entries}


def peers(path, images):
    """The logits of ONNX Runtime, once ONNX's own checker is content."""
    import onnx
    import onnxruntime

    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    one = session.run(["logits"], {"images": images[:1]})[0]
    every = session.run(["logits"], {"images": images})[0]
    assert one.shape == (1, 10) and every.shape == (len(images), 10)
    assert numpy.abs(one - every[:1]).max() < 1e-4
    return every


def log_softmax(logits):
    shifted = logits.astype(numpy.float64) - logits.max(1, keepdims=True)
    return shifted - numpy.log(numpy.exp(shifted).sum(1, keepdims=True))


def main():
    path, samples, scores = [a for a in sys.argv[1:] if a != "--peers"]
    import npystream

    images = numpy.concatenate([record[0] for record in npystream.Reader(open(samples, "rb"))])
    inputs = (images[:, None] / numpy.float32(255)).astype(numpy.float32)
    stream, ours = open(scores, "rb"), []
    while not ours or len(ours[-1]):
        ours.append(numpy.load(stream))
    ours = numpy.concatenate(ours).astype(numpy.float64)
    assert len(ours) == len(images) > 0
    with open(path, "rb") as file:
        logits, card = run(file.read(), inputs)
    assert card["format"] == "hwdr 1" and card["net"]
    runs = [logits] + ([peers(path, inputs)] if "--peers" in sys.argv else [])
    for logits in runs:
        # Logits are known up to a constant from probabilities, and those below 1e-30 not at all.
        known = ours > 1e-30
        difference = numpy.abs(log_softmax(logits) - numpy.log(numpy.maximum(ours, 1e-30)))
        assert known.mean() > 0.5 and difference[known].max() < 1e-4, difference[known].max()


main()
