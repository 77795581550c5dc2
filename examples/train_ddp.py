"""Trains one model in several processes (PyTorch DDP), each of which reads only its own shards.

    torchrun --nproc-per-node 4 examples/train_ddp.py STORE LABELS --losses ddp.json
    python examples/train_ddp.py STORE LABELS --ranks 4 --expect ddp.json     # one process, the same global batches

On two machines, run torchrun on each: --nnodes 2 --node-rank 0 (and 1) --nproc-per-node 2 --master-addr HOST. STORE may be
another path on each, and needs the shards of its own ranks only: `meds-reader batches STORE … --rank 0,1 --world-size 4 --plan`.

The model is a logistic regression on the mean of learned code vectors. A loss is the mean over the samples of all ranks;
samples that only fill up a batch have weight 0.
"""
import argparse
import json
import os
import shlex
import subprocess
import sys

import numpy as np
import pyarrow as pa
import torch
import torch.distributed as dist
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.parallel import DistributedDataParallel

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("store")
parser.add_argument("labels", help="labels with a boolean_value")
parser.add_argument("--ranks", type=int, default=1, help="without torchrun: read the batches of this many ranks in one process")
parser.add_argument("--order", choices=["local", "global"], default="local")
parser.add_argument("--split", default="train")
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--batch-size", type=int, default=16)
parser.add_argument("--max-length", type=int, default=256)
parser.add_argument("--losses", help="write the loss of each step to this file")
parser.add_argument("--expect", help="compare the losses with those in this file")
parser.add_argument("--command", default="npx meds-reader", help="how to start meds-reader")
args = parser.parse_args()
TOLERANCE = 1e-5  # float32: sums in another order

distributed = "RANK" in os.environ
rank = int(os.environ.get("RANK", 0))
world_size = int(os.environ.get("WORLD_SIZE", args.ranks))
own = [rank] if distributed else range(world_size)  # the ranks whose batches this process reads


def batches(of_rank, epoch):
    """The batches of a rank in an epoch: codes [B, S], their mask, labels [B] and weights [B]."""
    words = ["--labels", args.labels, "--split", args.split, "--batch-size", args.batch_size, "--max-length", args.max_length]
    words += ["--shuffle", "--seed", 1, "--epoch", epoch, "--order", args.order, "--rank", of_rank, "--world-size", world_size]
    command = [*shlex.split(args.command), "batches", args.store, *map(str, words)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        with pa.ipc.open_stream(process.stdout) as stream:
            for batch in stream:
                width = batch.schema.field("code").type.list_size
                code = torch.from_numpy(np.array(batch.column("code").flatten()).reshape(-1, width)).long()
                label = torch.from_numpy(batch.column("boolean_value").to_numpy(zero_copy_only=False).astype(np.float32))
                weight = torch.from_numpy(np.array(batch.column("weight")))
                yield code, label, weight
    except pa.ArrowInvalid:
        sys.exit(process.stderr.read().decode())
    process.wait()


class Model(torch.nn.Module):
    def __init__(self, codes, size=16):
        super().__init__()
        self.code = torch.nn.Embedding(codes, size, padding_idx=0)
        self.out = torch.nn.Linear(size, 1)

    def forward(self, code):
        rows = (code != 0).sum(dim=1, keepdim=True).clamp(min=1)
        return self.out(self.code(code).sum(dim=1) / rows).squeeze(1)


if distributed:
    dist.init_process_group("gloo")
torch.manual_seed(0)
with pa.OSFile(os.path.join(args.store, "codes.arrow")) as file:
    model = Model(pa.ipc.open_file(file).read_all().num_rows + 1)
parallel = DistributedDataParallel(model) if distributed else model
optimizer = torch.optim.SGD(parallel.parameters(), lr=1.0)

losses = []
for epoch in range(args.epochs):
    # The batches of a step, one of each rank that this process reads. All ranks have the same number of steps.
    for step in zip(*[batches(of_rank, epoch) for of_rank in own]):
        code, label, weight = (torch.cat(parts) for parts in zip(*step))
        total = weight.sum()
        if distributed:
            dist.all_reduce(total)
        error = binary_cross_entropy_with_logits(parallel(code), label, weight=weight, reduction="sum")
        optimizer.zero_grad()
        # DDP takes the mean of the gradients of all ranks. The gradient of the global mean is their sum over `total`.
        (error * (world_size if distributed else 1) / total).backward()
        optimizer.step()
        loss = error.detach()
        if distributed:
            dist.all_reduce(loss)
        losses.append((loss / total).item())
    if rank == 0:
        print(f"epoch {epoch}: {len(losses)} steps, loss {losses[-1]:.6f}", flush=True)

if rank == 0 and args.losses:
    with open(args.losses, "w") as file:
        json.dump(losses, file)
if rank == 0 and args.expect:
    with open(args.expect) as file:
        expected = json.load(file)
    difference = max(abs(a - b) for a, b in zip(losses, expected, strict=True))
    print(f"{len(losses)} losses, largest difference {difference:.1e}", flush=True)
    if difference > TOLERANCE:
        sys.exit(f"the losses differ by more than {TOLERANCE}")
if distributed:
    dist.destroy_process_group()
