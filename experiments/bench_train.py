"""The model of bench_train.cc in PyTorch, as one would write it: prints pairs/s as JSON."""

import argparse
import json
import math
import statistics
import time

import torch
import torch.nn.functional as F


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("first", "second", "pairs", "batch", "width", "threads", "epochs", "repetitions"):
        parser.add_argument("--" + name, type=int, required=True)
    return parser.parse_args()


def fit(given, first, second):
    torch.manual_seed(0)
    image = torch.nn.Linear(given.first, given.width)
    text = torch.nn.Linear(given.second, given.width)
    log_scale = torch.nn.Parameter(torch.tensor(math.log(1 / 0.07)))
    parameters = [*image.parameters(), *text.parameters(), log_scale]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=1e-4)
    steps = given.epochs * math.ceil(given.pairs / given.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    loss = None
    for _ in range(given.epochs):
        for batch in torch.randperm(given.pairs).split(given.batch):
            u = F.normalize(image(first[batch]), dim=1)
            v = F.normalize(text(second[batch]), dim=1)
            logits = log_scale.exp() * u @ v.t()
            target = torch.arange(len(batch))
            loss = 0.5 * (F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            with torch.no_grad():
                log_scale.clamp_(max=math.log(100))
    return loss.item()


def main():
    given = arguments()
    torch.set_num_threads(given.threads)
    torch.manual_seed(1)
    latent = torch.randn(given.pairs, 32)
    first = latent @ torch.randn(32, given.first) + torch.randn(given.pairs, given.first)
    second = latent @ torch.randn(32, given.second) + torch.randn(given.pairs, given.second)
    last = fit(given, first, second)
    assert last < 0.5 * math.log(given.batch), f"it has not learned: loss {last}"
    seconds = []
    for _ in range(given.repetitions):
        start = time.perf_counter()
        fit(given, first, second)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"float32": given.pairs * given.epochs / statistics.median(seconds)}))


main()
