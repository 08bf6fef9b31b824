"""A digest as a short script makes it: read the events, count each once, by bucket and kind, and name the first 25.

It is here to be measured, and does less than s3guard: nothing is kept, so a batch that comes again is told again, what matters
does not come first, nobody is told apart, and a key can write anything into the mail.

    python3 digest.py FILE ROUNDS        FILE has a body of the queue in each line
"""

import collections
import json
import sys

NAMED = 25


def digest(bodies):
    """The text of the mail, and how many events it tells."""
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
    """Makes the digest so often, says how many events it tells, and waits to be looked at."""
    with open(sys.argv[1], encoding="utf-8") as file:
        bodies = file.read().splitlines()
    for _ in range(int(sys.argv[2])):
        text, events = digest(bodies)
    print(events, 1, len(text), flush=True)
    sys.stdin.read()


main()
