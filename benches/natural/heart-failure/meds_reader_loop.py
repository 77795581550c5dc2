import datetime

from database import open

READS = "its own store"
YEAR = datetime.timedelta(days=365.25)


def patient_before_icu(events, icu, heart_failure, creatinine):
    """(age, creatinine) of a patient with heart failure before the first ICU stay, else None."""
    admission = next((event for event in events if event.code.startswith(icu)), None)
    if admission is None:
        return None
    start = admission.time
    before = [event for event in events if event.time is not None and event.time < start]
    if not any(event.code.startswith(heart_failure) for event in before):
        return None
    birth = next((event.time for event in events if event.code == "MEDS_BIRTH"), None)
    age = None if birth is None else (start - birth) / YEAR
    for event in reversed(before):
        if event.time < start - YEAR:
            break
        if event.code == creatinine and event.numeric_value is not None:
            return age, event.numeric_value
    return age, None


def run(db, args):
    heart_failure = tuple(args["heartFailure"])
    found = []
    for subject_id in db:
        answer = patient_before_icu(db[subject_id].events, args["icu"], heart_failure, args["creatinine"])
        if answer is not None:
            found.append((subject_id, *answer))
    return found


def rows(found):
    values = [value for _, _, value in found if value is not None]
    return dict(patients=len(found), age=sum(age or 0 for _, age, _ in found), measured=len(values), creatinine=sum(values))
