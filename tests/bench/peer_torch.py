"""PyTorch as a peer: for each line on stdin, training samples/s.

    peer_torch.py NET BATCH OPTIMISER [channels-last] [compiled]
"""

import sys

import torch
from torch import nn

import nets


def build(text):
    """The same network. Sizes that follow from the input are taken from a run with one image."""
    modules, x = [], torch.zeros(1, 1, 28, 28)

    def add(module):
        nonlocal x
        modules.append(module.eval())
        x = module(x)

    for name, number, channels, norm, same, relu in nets.parse(text):
        if name == "c":
            pads = [(number - 1) // 2, number // 2] * 2 if same else [0] * 4
            if pads[0] != pads[1]:
                add(nn.ZeroPad2d(pads))
            symmetric = pads[0] if pads[0] == pads[1] else 0
            add(nn.Conv2d(x.shape[1], channels, number, padding=symmetric, bias=not norm))
        elif name == "d":
            if x.dim() > 2:
                add(nn.Flatten())
            add(nn.Linear(x.shape[1], channels, bias=not norm))
        elif name == "drop":
            add(nn.Dropout(number))
        else:
            pool = nn.AvgPool2d if name in ("a", "gap") else nn.MaxPool2d
            add(pool(number or x.shape[2]))
        if norm:
            add((nn.BatchNorm2d if x.dim() == 4 else nn.BatchNorm1d)(channels))
        if relu:
            add(nn.ReLU())
    if x.dim() > 2:
        add(nn.Flatten())
    return nn.Sequential(*modules).train()


def main():
    text, batch, optimiser = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(nets.THREADS)
    torch.manual_seed(1)
    model = build(text)
    images, labels = (torch.from_numpy(a) for a in nets.mnist(n=nets.SAMPLES))
    images = images[:, None]
    if "channels-last" in sys.argv:
        model = model.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    kind = {
        "adam": lambda p: torch.optim.Adam(p, 0.001, fused=True),
        "sgd": lambda p: torch.optim.SGD(p, 0.01, momentum=0.9, nesterov=True, fused=True),
    }
    update = kind[optimiser](model.parameters())
    run = torch.compile(model) if "compiled" in sys.argv else model
    loss = nn.CrossEntropyLoss()

    def step(first):
        update.zero_grad(set_to_none=True)
        loss(run(images[first : first + batch]), labels[first : first + batch]).backward()
        update.step()

    for _ in range(5):
        step(0)
    nets.answer(lambda: nets.rate(step, batch))


if __name__ == "__main__":
    main()
