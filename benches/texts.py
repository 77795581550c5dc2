"""meds2text's own code, run from a checkout, without its ontology and metadata: what it writes, and how long it takes.

Usage: texts.py convert SOURCE DATABASE | write CHECKOUT DATABASE OUT SUBJECTS | parse CHECKOUT FOLDER...
"""

import argparse
import ast
import collections
import hashlib
import json
import logging
import os
import re
import sys
import time


def write(checkout, database, out, count):
    sys.path.insert(0, os.path.join(checkout, "src"))
    import meds2text.textify as textify
    import meds_reader
    from meds2text.ontology import OntologyDescriptionLookupTable

    textify.load_ontology = lambda _: OntologyDescriptionLookupTable({})
    textify.load_metadata = lambda _: {"payer_plan": {}, "provider": {}, "care_site": {}}
    textify.logger = logging.getLogger("meds2text")
    ids = [int(id) for id in list(meds_reader.SubjectDatabase(database))[: int(count)]]
    os.makedirs(out)
    args = argparse.Namespace(
        path_to_meds=database,
        path_to_output=out,
        path_to_ontology=None,
        path_to_metadata=None,
        format="lumia_xml",
        include_contexts=["person"],
        exclude_props=["visit_id"],
        apply_transforms=False,
        event_types=["*"],
        batch_mode=False,
        test_mode=False,
    )
    start = time.perf_counter()
    textify.process_subjects_chunk(ids, args, 0)
    return {"seconds": time.perf_counter() - start, "subjects": [str(id) for id in ids]}


def viewer(checkout):
    """The functions with which meds2text's viewer reads a file. Its user interface is not needed."""
    with open(os.path.join(checkout, "apps", "timeline_viewer", "app.py")) as file:
        tree = ast.parse(file.read())
    wanted = {"categorize_encounter", "parse_xml_to_data"}
    tree.body = [part for part in tree.body if isinstance(part, ast.FunctionDef) and part.name in wanted]
    scope = {}
    exec("import xml.etree.ElementTree as ET\nfrom datetime import datetime", scope)
    exec(compile(tree, "app.py", "exec"), scope)
    return scope["parse_xml_to_data"]


def parse(checkout, folders):
    """The multiset of (minute, type, code) of each folder of files, as the viewer reads them."""
    read = viewer(checkout)
    found = []
    for folder in folders:
        lines = collections.Counter()
        for name in os.listdir(folder):
            # With the prediction time in their names, files of ours would have two parts.
            subject = re.match(r"-?\d+", name).group(0)
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                for encounter in read(re.sub(r"^<\?xml.*?\?>", "", file.read())):
                    for entry in encounter["events"]:
                        for event in entry["events"]:
                            lines[f"{subject} {event['timestamp'][:16]} {event['type']} {event['code']}"] += 1
        text = "\n".join(f"{line} {count}" for line, count in sorted(lines.items()))
        found.append({"events": sum(lines.values()), "digest": hashlib.sha256(text.encode()).hexdigest()})
    return found


def convert(source, database):
    import subprocess

    command = os.path.join(os.path.dirname(sys.executable), "meds_reader_convert")
    subprocess.run([command, source, database, "--num_threads", "2"], check=True, stdout=subprocess.DEVNULL)
    return {}


job, *rest = sys.argv[1:]
print(json.dumps(parse(rest[0], rest[1:]) if job == "parse" else {"write": write, "convert": convert}[job](*rest)))
