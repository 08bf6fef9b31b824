"""A digest by a short script: it reads the events, counts each once, by bucket and kind, and lists the first 25.

It exists for the comparison, and does less than s3guard: it stores nothing, so a batch that is delivered again is reported again,
it does not sort by severity, it does not distinguish subscribers, and a key can inject text into the email.

    python3 digest.py FILE ROUNDS        FILE has a body of the queue in each line
"""

import collections
import json
import sys

NAMED = 25


def digest(bodies):
    """The text of the email, and the number of its events."""
    seen = {}
    for body in bodies:
        event = json.loads(body)
        detail = event["detail"]
        thing = detail["object"]
        identity = (detail["bucket"]["name"], thing["key"], thing.get("version-id"), thing.get("sequencer"))
        seen.setdefault(identity, event)
    counts = collections.Counter((e["detail"]["bucket"]["name"], e["detail-type"]) for e in seen.values())
    lines = [f"{len(seen)} changes to objects", ""]
    lines += [f"{bucket}: {kind} {count}" for (bucket, kind), count in sorted(counts.items())]
    lines.append("")
    for event in list(seen.values())[:NAMED]:
        detail = event["detail"]
        key, size = detail["object"]["key"], detail["object"].get("size", "")
        who, where = detail.get("requester", ""), detail.get("source-ip-address", "")
        lines.append(f"{event['detail-type']}: {key} {size} {who} {where} {event['time']}")
    lines.append(f"and {len(seen) - NAMED} more")
    return "\n".join(lines), len(seen)


def main():
    """Makes ROUNDS digests, prints the number of events, and waits until it is measured."""
    with open(sys.argv[1], encoding="utf-8") as file:
        bodies = file.read().splitlines()
    for _ in range(int(sys.argv[2])):
        text, events = digest(bodies)
    print(events, 1, len(text), flush=True)
    sys.stdin.read()


main()
