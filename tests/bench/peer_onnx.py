"""ONNX Runtime as a peer: for each line on stdin, forward samples/s.

    peer_onnx.py MODEL.onnx BATCH
"""

import sys

import onnxruntime

import nets


def main():
    path, batch = sys.argv[1], int(sys.argv[2])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = nets.THREADS
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    images = nets.mnist(n=nets.SAMPLES)[0][:, None]

    def step(first):
        session.run(None, {"images": images[first : first + batch]})

    for _ in range(5):
        step(0)
    nets.answer(lambda: nets.rate(step, batch))


main()
