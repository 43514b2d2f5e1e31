"""One epoch of the fast recipe in PyTorch.

    fast_torch.py NET SEED     prints when the model was trained, in seconds since 1970, and its
                               accuracy on the test digits in percent
"""

import sys
import time

import torch
from torch import nn

import nets
from peer_torch import build


def main():
    net, seed, batch = sys.argv[1], int(sys.argv[2]), 256
    torch.set_num_threads(nets.THREADS)
    torch.manual_seed(seed)
    model = build(net).to(memory_format=torch.channels_last)
    images, labels = (torch.from_numpy(a) for a in nets.mnist())
    images = images[:, None].contiguous(memory_format=torch.channels_last)
    update = torch.optim.Adam(model.parameters(), 0.01, betas=(0.7, 0.9), fused=True)
    steps = -(-len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        update, 0.01, total_steps=steps, cycle_momentum=False
    )
    loss = nn.CrossEntropyLoss()
    for chosen in torch.randperm(len(images)).split(batch):
        update.zero_grad(set_to_none=True)
        loss(model(images[chosen]), labels[chosen]).backward()
        update.step()
        schedule.step()
    trained = time.time()
    model.eval()
    images, labels = (torch.from_numpy(a) for a in nets.mnist("t10k"))
    with torch.no_grad():
        right = (model(images[:, None]).argmax(1) == labels).float().mean().item()
    print(f"{trained:.3f} {100 * right:.2f}")


main()
