#!/usr/bin/env python3
"""Every function of a public header has a comment: its own, or that of the paragraph of functions that it stands in.

usage: headers.py HEADER...
"""
import re
import sys

FUNCTION = re.compile(r"\b((?:sch|esq)_\w+)\s*\([^;{}]*\)[^;{}]*;")


def complaints(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    code = re.sub(r"/\*.*?\*/|//[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.DOTALL)
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()), code, flags=re.MULTILINE)
    depth = 0
    begin = 0  # of the declaration at hand
    for at, character in enumerate(code):
        if character == "{" and not re.search(r'extern\s+" *C? *"\s*$', text[begin:at]):
            depth += 1
        elif character == "}" and depth:
            depth -= 1
        elif character == "{" or character == "}":
            begin = at + 1
        elif character == ";" and depth == 0:
            declaration = code[begin:at + 1]
            name = FUNCTION.search(declaration)
            if name and "typedef" not in declaration:
                start = begin + len(declaration) - len(declaration.lstrip())
                paragraph = re.split(r"\n[ \t]*\n", text[:start])[-1]
                if "/*" not in paragraph and "//" not in paragraph:
                    yield f"{path}:{text.count(chr(10), 0, start) + 1}: {name.group(1)} has no comment"
            begin = at + 1


def main():
    found = [line for path in sys.argv[1:] for line in complaints(path)]
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
