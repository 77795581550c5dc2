"""The peer's cold process: python cold.py DATABASE ID."""
import json
import sys

import meds_reader

db = meds_reader.SubjectDatabase(sys.argv[1])
print(json.dumps(dict(code=db[int(sys.argv[2])].events[-1].code)))
