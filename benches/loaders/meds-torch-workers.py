"""meds-torch-data: its PyTorch dataset and collate in the worker processes of a DataLoader, which live on from run to run."""
import os

from torch_data import NOTE, READS, VERSION, Windows, prepare

REQUIREMENTS = "requirements-torch.txt"
THREADS = min(os.cpu_count(), 4)  # a run has 4 batches to share out
TITLE = f"meds-torch-data, {THREADS} workers"
FORM = "meds-torch-data"


def open_dataset(dataset):
    return Windows(dataset["form"], workers=THREADS)


def workloads(windows, plan, dataset):
    return windows.workloads(plan)


def close(windows):
    windows.close()
