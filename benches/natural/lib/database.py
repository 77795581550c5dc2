"""meds_reader in this process."""
import meds_reader


def open(data):
    return meds_reader.SubjectDatabase(data["database"])
