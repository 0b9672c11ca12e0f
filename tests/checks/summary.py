#!/usr/bin/env python3
"""Counts the cases in Meson's log of one test run and prints `N passed, N failed`.

A TAP program counts once for each of its cases, any other once. A program that ended wrongly without naming a case
(a crash, a time limit, a plan not kept) counts as one failure. With CI=true what was skipped has failed.
Each failed or skipped case is named, with what the program said around it; of one that named none, its last lines.
usage: summary.py BUILD/meson-logs/testlog.json
"""
import json
import os
import re
import sys

CASE = re.compile(r"(not )?ok\b(?: +\d+)?(.*)")
DIRECTIVE = re.compile(r"# *(skip|todo)", re.IGNORECASE)
PLAN = re.compile(r"1\.\.\d+")
SHOWN = 12  # lines of a program, cases of a program


def cases_of(test):
    """(passed, failed, skipped) of one entry of the log."""
    passed = failed = skipped = 0
    lines = test.get("stdout", "").splitlines()
    if any(PLAN.match(line) for line in lines):
        for line in lines:
            case = CASE.match(line)
            if not case:
                continue
            if DIRECTIVE.search(case.group(2)):
                skipped += 1
            elif case.group(1):
                failed += 1
            else:
                passed += 1
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    if test["result"] == "SKIP":
        skipped += not skipped
    elif not good:
        failed += not failed
    elif passed + failed + skipped == 0:
        passed += 1
    return passed, failed, skipped


def lines_around_failures(test):
    """What a reader of the summary alone must see of a program that failed or skipped."""
    lines = test.get("stdout", "").splitlines()
    shown, cases = [], 0
    for i, line in enumerate(lines):
        case = CASE.match(line)
        if not case or not (case.group(1) or DIRECTIVE.search(case.group(2))):
            continue
        cases += 1
        if cases > SHOWN:
            shown.append("...")
            break
        for near in [*lines[max(0, i - 3) : i], line, *lines[i + 1 : i + 4]]:
            if near == line or not CASE.match(near):
                shown.append(near)
    return shown or lines[-SHOWN:] + test.get("stderr", "").splitlines()[-SHOWN:]


def main():
    totals = [0, 0, 0]
    with open(sys.argv[1], encoding="utf-8") as log:
        for entry in map(json.loads, log):
            counts = cases_of(entry)
            totals = [total + count for total, count in zip(totals, counts)]
            if counts[1]:
                print(f"failed: {entry['name']}")
            if counts[2]:
                print(f"skipped: {counts[2]} in {entry['name']}")
            if counts[1] or counts[2] and os.environ.get("CI") == "true":
                print(*(f"    {line}" for line in lines_around_failures(entry)), sep="\n")
    passed, failed, skipped = totals
    if os.environ.get("CI") == "true":
        failed, skipped = failed + skipped, 0
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
