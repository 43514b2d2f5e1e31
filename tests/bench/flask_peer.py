"""The usual kind of digit server, for comparison: Flask, OpenCV, and PyTorch or ONNX Runtime.

    cnn-export --to onnx > digits.onnx
    HWDR_ONNX=digits.onnx gunicorn -w 5 flask_peer:app     # without HWDR_ONNX: PyTorch

It answers the question that web-predict answers, with the same network and the same fields, by the
steps that tutorials take: ink by Otsu's threshold, connected components, each of them as MNIST's
makers made theirs: the longer side 20 pixels, the centre of mass in the middle of 28x28. What
web-predict does beyond that (photos, broken and touching digits, the width of strokes, limits, the
header Host) is left out.

One thread a worker, as both libraries advise where processes share the processors, and no
gradients: both faster here than the defaults.
"""

import json
import os
import struct

import cv2
import flask
import numpy

MIN_AREA = 10  # pixels; less is a speck


def onnx_network(path):
    """The file as it is: batch norm is folded into the weights already."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"images": images})[0]


def torch_network(path):
    """The layers of peer_torch.py, with the weights of a model of ours in their order."""
    import torch

    import peer_torch

    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    model = peer_torch.build(header.pop("__metadata__")["net"]).eval()
    kept = [t for name, t in model.state_dict().items() if not name.endswith("tracked")]
    for tensor, ours in zip(kept, header.values(), strict=True):
        values = numpy.frombuffer(data[slice(*ours["data_offsets"])], "<f4").copy()
        tensor.copy_(torch.from_numpy(values).view(ours["shape"]))
    torch.set_num_threads(1)

    def run(images):
        with torch.inference_mode():
            return model(torch.from_numpy(images)).numpy()

    return run


app = flask.Flask(__name__)
if "HWDR_ONNX" in os.environ:
    network = onnx_network(os.environ["HWDR_ONNX"])
else:
    network = torch_network(os.environ["HWDR_MODEL"])


def normalise(ink):
    height, width = ink.shape
    scale = 20 / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    mass = cv2.moments(small)
    x, y = mass["m10"] / mass["m00"], mass["m01"] / mass["m00"]
    move = numpy.array([[1, 0, round(13.5 - x)], [0, 1, round(13.5 - y)]], "f4")
    return cv2.warpAffine(small, move, (28, 28))


def find_digits(picture):
    ink = 255 - picture
    _, strokes = cv2.threshold(ink, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    found = [(i + 1, *row[:4]) for i, row in enumerate(stats[1:].tolist()) if row[4] >= MIN_AREA]
    boxes, images = [], []
    for i, x, y, w, h in sorted(found, key=lambda mark: mark[1]):
        part = slice(y, y + h), slice(x, x + w)
        images.append(normalise(numpy.where(labels[part] == i, ink[part], 0)))
        boxes.append([x, y, w, h])
    return boxes, images


@app.post("/predict")
def predict():
    body = numpy.frombuffer(flask.request.get_data(), "u1")
    picture = cv2.imdecode(body, cv2.IMREAD_GRAYSCALE) if body.size else None
    if picture is None:
        return flask.jsonify(error="not a picture"), 400
    boxes, images = find_digits(picture)
    digits = []
    if images:
        batch = numpy.stack(images)[:, None].astype("f4") / 255
        logits = network(batch)
        shares = numpy.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        for box, p in zip(boxes, shares.tolist()):
            confidence = max(p)
            digits.append(
                {
                    "digit": p.index(confidence),
                    "confidence": confidence,
                    "sure": confidence >= 0.9,
                    "probabilities": p,
                    "box": box,
                }
            )
    return flask.jsonify(text="".join(str(d["digit"]) for d in digits), digits=digits)
