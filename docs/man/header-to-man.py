#!/usr/bin/env python3
"""A manual page of section 3 from a public header, so that the two cannot differ.

header-to-man.py HEADER PROLOGUE VERSION OUTPUT: the prologue (NAME to DESCRIPTION), then the header: its headings become
sections, comments in front of declarations paragraphs, declarations examples.
"""
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
    body = header.split("typedef struct {", 1)
    header = "typedef struct {" + body[1]
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


def main():
    header_name, prologue_name, version, output_name = sys.argv[1:]
    with open(header_name, encoding="utf-8") as file:
        header = file.read()
    with open(prologue_name, encoding="utf-8") as file:
        out = [file.read().replace("@VERSION@", version).rstrip("\n"), ".SH VALUES AND STATUSES"]
    for kind, lines in paragraphs(header):
        if kind == "section":
            out.append(".SH " + escape(lines[0]).upper())
        elif kind == "text":
            out.append(".PP")
            out.extend(escape(line) for line in lines)
        else:
            out.extend([".PP", ".RS 2", ".nf"])
            out.extend(escape(line) for line in lines)
            out.extend([".fi", ".RE"])
    out.append(".SH SEE ALSO\n.BR schooner (1)")
    with open(output_name, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


main()
