"""Programs that the loaders of `npm run bench` have already: one workload of a file in ../../loaders."""
import importlib.util
import os
import sys

# What a loader asks a plan for, whether it has items or not.
EMPTY = dict(open=None, timeline=[], neighbours=[], columns=[], last=[], window256=[], window2048=[], code=[], scan=0, schema=[])
BENCHES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def workload(file, key, form):
    """`open` and `run` of a program: open(data) returns a handle, run(handle, args) the workload's answer over all items."""

    def open_(data):
        sys.path.append(os.path.join(BENCHES, "lib"))
        spec = importlib.util.spec_from_file_location("loader_" + file[:-3], os.path.join(BENCHES, "loaders", file))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return dict(module=module, db=module.open_dataset(dict(files=data["files"], form=data[form])))

    def run(handle, args):
        if "workload" not in handle:
            plan = EMPTY | args.get("plan", {})
            handle["workload"] = handle["module"].workloads(handle["db"], plan, None)[key]
            handle["count"] = len(plan.get(key, []))
        return handle["workload"](handle["count"])

    return open_, run
