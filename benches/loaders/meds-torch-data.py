"""meds-torch-data: its PyTorch dataset and collate, in the process that asks."""
from torch_data import NOTE, READS, VERSION, Windows, prepare

REQUIREMENTS = "requirements-torch.txt"
TITLE = "meds-torch-data, no workers"
THREADS = 1  # of its own code; the few operations of torch in a batch may take more
FORM = "meds-torch-data"


def open_dataset(dataset):
    return Windows(dataset["form"])


def workloads(windows, plan, dataset):
    return windows.workloads(plan)


def close(windows):
    windows.close()
