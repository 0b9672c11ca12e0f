#!/usr/bin/env python3
"""walls.py - the pages of attacks and controls: every part of a test that tests/escape/README.md quotes stands in the file
that is named before it in its row, and every fuzzer that it names is run by fuzz/run."""
import pathlib
import re
import sys

PAGE = pathlib.Path("tests/escape/README.md")
WORD = re.compile(r"\[[^]]*\]\(([^)]*)\)|\"((?:[^\"\\]|\\.)*)\"|`([^`]*)`")


def problems_of(row, number):
    """Yields what of a row's quotations is not there."""
    text = None
    quotes = 0
    for file, quoted, code in (match.groups() for match in WORD.finditer(row)):
        if file:
            path = PAGE.parent / file
            if not path.is_file():
                yield f"{PAGE}:{number}: there is no {path}"
                return
            text = path.read_text()
        elif text is not None:
            quotes += 1
            wanted = quoted if quoted else code
            if wanted not in text and wanted.replace('\\"', '"') not in text:
                yield f"{PAGE}:{number}: not in {path}: {wanted}"
    if text is not None and quotes < 2:
        yield f"{PAGE}:{number}: an attack and a control are wanted"


def main():
    found = []
    rows = 0
    for number, line in enumerate(PAGE.read_text().splitlines(), 1):
        if line.startswith("| ") and "](" in line:
            rows += 1
            found += problems_of(line.split("|", 2)[2], number)
    run = pathlib.Path("fuzz/run").read_text()
    for name in re.findall(r"`fuzz_(\w+)`", PAGE.read_text()):
        if not re.search(rf'^all=".*\b{name}\b', run, re.MULTILINE):
            found.append(f"{PAGE}: fuzz/run does not run {name}")
    print("\n".join(found), end="\n" if found else "")
    return 1 if found or rows < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
