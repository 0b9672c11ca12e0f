#!/usr/bin/env python3
"""Every relative link of the documentation leads to a file, and every `#anchor` to a heading of it.

usage: links.py FILE.md...
"""
import pathlib
import re
import sys

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


def without_code(text):
    return re.sub(r"```.*?```|`[^`\n]*`", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.DOTALL)


def anchors(path):
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(text)}


def complaints(path):
    text = without_code(path.read_text())
    for match in LINK.finditer(text):
        target, _, anchor = match.group(1).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        place = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
        file = path.parent / target if target else path
        if not file.exists():
            yield f"{place}: {target} does not exist"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            yield f"{place}: {target} has no heading #{anchor}"


def main():
    found = [line for name in sys.argv[1:] for line in complaints(pathlib.Path(name))]
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
