"""The usual kind of digit server, for comparison: Flask, Pillow and ONNX Runtime under gunicorn,
with the network of HWDR_MODEL, whose file it reads and turns into ONNX.

    HWDR_MODEL=model/digits.safetensors gunicorn -w 5 -b 127.0.0.1:5001 flask_peer:app
"""
import io
import json
import os
import re
import struct

import flask
import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image


def read_model(path):
    with open(path, "rb") as f:
        size = struct.unpack("<Q", f.read(8))[0]
        header = json.loads(f.read(size))
        data = f.read()
    card = header.pop("__metadata__")
    return card, {name: numpy.frombuffer(data[slice(*t["data_offsets"])], "<f4").reshape(t["shape"])
                  for name, t in header.items()}


def to_onnx(card, tensors):
    nodes, weights, value = [], [], "image"
    words = card["net"].split()

    def add(kind, inputs, **attributes):
        nonlocal value
        output = f"v{len(nodes)}"
        nodes.append(helper.make_node(kind, [value, *inputs], [output], **attributes))
        value = output

    def weight(name):
        weights.append(numpy_helper.from_array(numpy.ascontiguousarray(tensors[name]), name))
        return name

    for i, word in enumerate(words):
        kind, size, channels, flags = re.fullmatch(r"([a-z]+?)([\d.]*)(?:x(\d+))?([vbnl]*)",
                                                   word).groups()
        if kind in ("c", "d"):
            layer = f"{i}.conv" if kind == "c" else f"{i}.dense"
            given = [weight(f"{layer}.weight")]
            if f"{layer}.bias" in tensors:
                given.append(weight(f"{layer}.bias"))
            if kind == "c":
                k = int(size)
                before = 0 if "v" in flags else (k - 1) // 2
                after = 0 if "v" in flags else k - 1 - before
                add("Conv", given, kernel_shape=[k, k], pads=[before, before, after, after])
            else:
                add("Flatten", [])
                add("Gemm", given, transB=1)
            if f"{i}.norm.scale" in tensors:
                add("BatchNormalization",
                    [weight(f"{i}.norm.{n}") for n in ("scale", "shift", "mean", "variance")],
                    epsilon=1e-5)
            if i + 1 < len(words) and "l" not in flags:
                add("Relu", [])
        elif kind in ("p", "a"):
            k = int(size)
            add("MaxPool" if kind == "p" else "AveragePool", [],
                kernel_shape=[k, k], strides=[k, k])
        elif kind in ("gmp", "gap"):
            add("GlobalMaxPool" if kind == "gmp" else "GlobalAveragePool", [])
    graph = helper.make_graph(
        nodes, "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, 28, 28])],
        [helper.make_tensor_value_info(value, TensorProto.FLOAT, ["n", 10])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model.SerializeToString()


app = flask.Flask(__name__)
card, tensors = read_model(os.environ["HWDR_MODEL"])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1  # the workers share the processors
session = onnxruntime.InferenceSession(to_onnx(card, tensors), options,
                                       providers=["CPUExecutionProvider"])


@app.post("/predict")
def predict():
    picture = Image.open(io.BytesIO(flask.request.get_data())).convert("L").resize((28, 28))
    ink = 1 - numpy.asarray(picture, "f4") / 255
    logits = session.run(None, {"image": ink[None, None]})[0].reshape(-1)
    p = numpy.exp(logits - logits.max())
    p /= p.sum()
    return flask.jsonify(digit=int(p.argmax()), probabilities=p.tolist())
