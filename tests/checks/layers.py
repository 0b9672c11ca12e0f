#!/usr/bin/env python3
"""Reads every #include "..." beneath src/ and include/ and refuses those that the table of layers does not allow.

usage: layers.py [TREE]      the tree to look at; by default the one that this file is in
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def read_table(path):
    table = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        layer, allowed = line.split(":")
        for other in allowed.split():
            if other not in table:
                raise SystemExit(f"{path}:{number}: {layer} names {other}, which does not stand above it")
        table[layer] = set(allowed.split()) | {layer}
    return table


def layer_of(relative, table):
    """The layer of a path relative to src/: its folder, or the nearest one above that stands in the table."""
    for folder in pathlib.PurePosixPath(relative).parents:
        if str(folder) in table:
            return str(folder)
    return None


def target_of(tree, source, name, table):
    """(layer, complaint) of one included name."""
    if ".." in name.split("/"):
        return None, "leaves its folder through `..`"
    if name in ("schooner.h", "esquema.h"):
        return "public/" + name[:-2], None
    if (source.parent / name).exists() and (tree / "src") in source.parents:
        return layer_of((source.parent / name).relative_to(tree / "src"), table), None
    if "/" in name:  # relative to src/ or to src/esquema/; a generated file stands in the same folder of the build
        part = source.relative_to(tree / "src").parts[0]
        return layer_of(name, table) or layer_of(f"{part}/{name}", table), None
    # A bare name that is not there is generated into the folder that includes it.
    return layer_of(source.relative_to(tree / "src"), table), None


def complaints(tree):
    table = read_table(tree / "tests/checks/layers.txt")
    for source in sorted((tree / "src").rglob("*")):
        if source.suffix not in (".c", ".h", ".def", ".S"):
            continue
        relative = source.relative_to(tree / "src")
        layer = layer_of(relative, table)
        if layer is None:
            yield f"src/{relative}: its folder is not in the table"
            continue
        yield from complaints_of(tree, source, f"src/{relative}", table, table[layer])
    for source in sorted((tree / "include").glob("*.h")):
        for name in INCLUDE.findall(source.read_text()):
            yield f"include/{source.name}: a public header includes \"{name}\""


def complaints_of(tree, source, shown, table, allowed):
    text = source.read_text()
    for match in INCLUDE.finditer(text):
        name = match.group(1)
        line = text.count("\n", 0, match.start(1)) + 1
        layer, wrong = target_of(tree, source, name, table)
        if wrong:
            yield f'{shown}:{line}: "{name}" {wrong}'
        elif layer is None:
            yield f'{shown}:{line}: "{name}" lies in a folder that is not in the table'
        elif layer not in allowed:
            yield f'{shown}:{line}: may not include "{name}" ({layer})'


def main():
    tree = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE.parent.parent
    found = list(complaints(tree))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
