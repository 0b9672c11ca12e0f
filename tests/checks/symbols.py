#!/usr/bin/env python3
"""Looks at the symbols of what was built: the borders that no include can cross unseen.

* engine: libschooner.so takes nothing from outside that engine-symbols.txt does not list.
* child:  the objects of the child (between clone and exec) take nothing that src/esquema/child-symbols.txt does not
          list. There a line `object FOLDER/FILE.c` names an object, any other line names symbols; what one of the
          objects defines the others may use.
* exports: libschooner.so shows sch_* (its functions) and SCH_* (its constants), libesquema.so esq_* alone.

usage: symbols.py engine|child|exports BUILD [LIST]
"""
import fnmatch
import pathlib
import subprocess
import sys

TREE = pathlib.Path(__file__).resolve().parent.parent.parent


def nm(*arguments):
    lines = subprocess.run(["nm", *map(str, arguments)], check=True, capture_output=True, text=True).stdout.splitlines()
    return [line.split()[-1].split("@")[0] for line in lines if line and not line.endswith(":")]


def read_list(path):
    objects, allowed = [], []
    for line in pathlib.Path(path).read_text().splitlines():
        words = line.split("#")[0].split()
        if words[:1] == ["object"]:
            objects += words[1:]
        else:
            allowed += words
    return objects, allowed


def refuse(names, allowed, what):
    return [f"{what}: {name}" for name in sorted(set(names))
            if not any(fnmatch.fnmatchcase(name, pattern) for pattern in allowed)]


def check_engine(build, listed):
    _, allowed = read_list(listed or TREE / "tests/checks/engine-symbols.txt")
    undefined = nm("-D", "--undefined-only", build / "libschooner.so")
    return refuse(undefined, allowed + ["__gmp*"], "the engine may not use")


def check_child(build, listed):
    objects, allowed = read_list(listed or TREE / "src/esquema/child-symbols.txt")
    if not objects:
        return ["the list of the child names no object"]
    files, missing = [], []
    for name in objects:
        found = sorted(build.glob(f"**/libesquema*.p/*{name.replace('/', '_')}.o"))
        files += found[:1]
        missing += [] if found else [f"no object was built from src/esquema/{name}"]
    if missing:
        return missing
    defined = nm("--defined-only", "--extern-only", *files)
    return refuse(nm("--undefined-only", *files), allowed + defined, "the child may not use")


def check_exports(build, _listed):
    found = []
    for library, prefixes in (("schooner", ["sch_*", "SCH_*"]), ("esquema", ["esq_*"])):
        exported = nm("-D", "--defined-only", build / f"lib{library}.so")
        found += refuse(exported, prefixes, f"lib{library}.so may not export")
        if not exported:
            found.append(f"lib{library}.so exports nothing")
    return found


def main():
    check = {"engine": check_engine, "child": check_child, "exports": check_exports}[sys.argv[1]]
    found = check(pathlib.Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
