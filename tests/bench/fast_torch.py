"""One epoch of the fast recipe in PyTorch.

    fast_torch.py NET SEED < SAMPLES     learns the samples as they arrive; prints when the model
                                         was trained, in seconds since 1970, and its accuracy on
                                         the test digits in percent
"""

import sys
import time

import torch
from torch import nn

import nets
import npystream
from peer_torch import build


def main():
    net, seed = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(nets.THREADS)
    torch.manual_seed(seed)
    model = build(net).to(memory_format=torch.channels_last)
    update = torch.optim.Adam(model.parameters(), 0.01, betas=(0.7, 0.9), fused=True)
    samples = npystream.Reader(sys.stdin.buffer)
    steps = -(-samples.count // npystream.BATCH)  # a record is a batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        update, 0.01, total_steps=steps, cycle_momentum=False
    )
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)
    for images, labels in samples:
        x = (torch.from_numpy(images)[:, None] / 255).contiguous(memory_format=torch.channels_last)
        update.zero_grad(set_to_none=True)
        loss(model(x), torch.from_numpy(labels).long()).backward()
        update.step()
        schedule.step()
    trained = time.time()
    model.eval()
    images, labels = (torch.from_numpy(a) for a in nets.mnist("t10k"))
    with torch.no_grad():
        right = (model(images[:, None]).argmax(1) == labels).float().mean().item()
    print(f"{trained:.3f} {100 * right:.2f}")


main()
