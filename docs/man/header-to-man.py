#!/usr/bin/env python3
"""Manual pages of section 3 from a public header, so that they cannot differ.

header-to-man.py HEADER PROLOGUE VERSION OUTPUT [PAGE=HEADING ...]: OUTPUT gets the prologue (NAME to DESCRIPTION) and
the whole header: its headings become sections, comments in front of declarations paragraphs, declarations examples.
Beside it, each PAGE (such as schooner-values.3) gets what stands under one HEADING, and names the functions in it. A
heading without a page is an error.
"""
import os
import re
import sys


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    return re.sub(r"^([.'])", r"\\&\1", text)


def comment_text(comment):
    inner = re.sub(r"^/\*+|\*+/$", "", comment.strip())
    lines = [re.sub(r"^\s*\*? ?", "", line).strip() for line in inner.splitlines()]
    return [line for line in lines if line]


def paragraphs(header):
    """Pairs (kind, lines): section, text or code, in order."""
    header = re.split(r"#define \w+_API\n#endif\n", header, maxsplit=1)[1]
    header = re.sub(r"\n#ifdef __cplusplus\n}\n#endif\n.*", "", header, flags=re.S)
    header = header.replace("SCH_API ", "").replace("ESQ_API ", "")
    at = 0
    while at < len(header):
        if header[at] == "\n":
            at += 1
            continue
        if header.startswith("/*", at):
            end = header.index("*/", at) + 2
            text = header[at:end]
            title = re.match(r"/\* -+ (.*?) -+ \*/", text)
            yield ("section", [title.group(1)]) if title else ("text", comment_text(text))
            at = end + 1
            continue
        end = at
        depth = 0
        while True:  # lines up to an empty one or a comment at the beginning of a line, outside of braces
            stop = header.find("\n", end)
            stop = len(header) if stop < 0 else stop
            line = header[end:stop]
            depth += line.count("{") - line.count("}")
            end = stop + 1
            if end >= len(header) or (depth <= 0 and header[end:end + 1] in ("\n", "/")):
                break
        yield "code", header[at:end].rstrip("\n").splitlines()
        at = end


def formatted(kind, lines):
    if kind == "section":
        return [".SH " + escape(lines[0]).upper()]
    if kind == "text":
        return [".PP"] + [escape(line) for line in lines]
    return [".PP", ".RS 2", ".nf"] + [escape(line) for line in lines] + [".fi", ".RE"]


def write(name, lines):
    with open(name, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def group_page(name, product, version, heading, parts):
    """The page of one heading; its NAME lists the functions, so that apropos finds each."""
    code = "\n".join("\n".join(lines) for kind, lines in parts if kind == "code")
    functions = list(dict.fromkeys(re.findall(r"\b((?:sch|esq)_\w+)\(", code)))
    title = os.path.basename(name)[:-2]
    about = "%s: %s" % (product.capitalize(), heading)
    out = ['.TH %s 3 "" "%s %s" "Library functions"' % (title.upper(), product.capitalize(), version), ".SH NAME",
           escape(", ".join(functions)) + " \\- " + escape(about), ".SH SYNOPSIS", ".nf",
           ".B #include <%s.h>" % product, ".fi", ".SH DESCRIPTION"]
    for kind, lines in parts:
        out.extend(formatted(kind, lines))
    write(name, out + [".SH SEE ALSO", ".BR %s (3)" % product])


def main():
    header_name, prologue_name, version, output_name, *pages = sys.argv[1:]
    with open(header_name, encoding="utf-8") as file:
        header = file.read()
    with open(prologue_name, encoding="utf-8") as file:
        out = [file.read().replace("@VERSION@", version).rstrip("\n")]
    product = os.path.basename(output_name)[:-2]
    page_of = {heading: page for page, heading in (each.split("=", 1) for each in pages)}
    groups = {}
    heading = None
    for kind, lines in paragraphs(header):
        out.extend(formatted(kind, lines))
        if kind == "section":
            heading = lines[0]
            groups[heading] = []
        elif heading:
            groups[heading].append((kind, lines))
    if pages and set(groups) != set(page_of):
        sys.exit("headings and pages differ: " + ", ".join(set(groups) ^ set(page_of)))
    for heading, page in page_of.items():
        group_page(os.path.join(os.path.dirname(output_name), page), product, version, heading, groups[heading])
    names = ",\n".join(".BR %s (3)" % page[:-2] for page in sorted(page_of.values()))
    write(output_name, out + [".SH SEE ALSO", ".BR %s (1)" % product] + names.replace(",\n", "\n").splitlines())


main()
