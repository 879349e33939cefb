#!/usr/bin/env python3
"""What CONTRIBUTING.md says of the sources holds.

Data flows one way: no include runs from a folder of src/ to one that comes later in the order. The ways through the
code lead from file to file, and are short. Needs nothing but Python's standard library.
"""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
# Folders of one row know nothing of each other, but for the exceptions below.
ORDER = [
    ["platform"],
    ["data", "model", "schedule"],
    ["train"],
    ["range_test", "analysis"],
    ["report"],
    ["experiment"],
    ["verify"],
    ["command"],
]
LEVEL = {folder: level for level, row in enumerate(ORDER) for folder in row}
NEIGHBOURS = {
    ("model", "data"),  # a network says what images it takes
    ("range_test", "analysis"),  # the stop rule smooths losses
}
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)


def target_of(including, path):
    """The folder of src/ that an include leads to, None where it leads out of src/."""
    beside = (including.parent / path).resolve()
    found = beside if beside.is_file() else SOURCE / path
    if not found.is_file():
        return None
    return found.relative_to(SOURCE).parts[0]


def may_take(folder, other):
    if folder == other or (folder, other) in NEIGHBOURS:
        return True
    return LEVEL[other] < LEVEL[folder]


def includes():
    """(file, its folder, the folder it takes something from) of every include within src/."""
    for file in sorted(SOURCE.rglob("*")):
        if file.suffix not in {".hpp", ".cpp", ".h", ".cu", ".cuh"} or file.parent == SOURCE:
            continue
        folder = file.relative_to(SOURCE).parts[0]
        for path in INCLUDE.findall(file.read_text(encoding="utf-8")):
            other = target_of(file, path)
            if other is not None:
                yield file.relative_to(SOURCE), folder, other


# Files that each way through the code may take, in the order of CONTRIBUTING.md.
LONGEST = [12, 25, 4]
STEP = re.compile(r"^\| `([^`]+)` \|[^|]*\| (?:`([^`]+)` )?\|$", re.MULTILINE)


def ways():
    """The ways of CONTRIBUTING.md by their headings: (file, the name that leads to it from a file before)."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    page = re.search(r"^## Three ways through the code\n(.*?)^## ", page, re.MULTILINE | re.DOTALL).group(1)
    return {part.split("\n", 1)[0]: STEP.findall(part) for part in page.split("\n### ")[1:]}


def text_with_header(path):
    """A file with the header of its own name, which says what it offers."""
    header = path.with_suffix(".hpp")
    return path.read_text(encoding="utf-8") + (header.read_text(encoding="utf-8") if header.is_file() else "")


class House(unittest.TestCase):
    def test_every_folder_has_its_place(self):
        folders = {entry.name for entry in SOURCE.iterdir() if entry.is_dir()}
        self.assertEqual(folders, set(LEVEL))

    def test_includes_follow_the_order(self):
        found = list(includes())
        self.assertGreater(len(found), 100, "the includes were not found")
        against = [f"{file} takes {other}/" for file, folder, other in found if not may_take(folder, other)]
        self.assertEqual(against, [])

    def test_the_ways_through_the_code_are_there_and_short(self):
        found = ways()
        self.assertEqual(len(found), len(LONGEST), "the ways were not found in CONTRIBUTING.md")
        for (name, way), longest in zip(found.items(), LONGEST):
            self.assertLessEqual(len(way), longest, name)
            before = []
            for file, word in way:
                path = ROOT / file
                self.assertTrue(path.is_file(), f"{name}: there is no {file}")
                text = text_with_header(path)
                if before:
                    whole = re.compile(rf"\b{re.escape(word)}\b")
                    self.assertTrue(word and whole.search(text), f"{name}: {file} does not have '{word}'")
                    self.assertTrue(any(whole.search(other) for other in before),
                                    f"{name}: no file before {file} has '{word}'")
                before.append(text)

    def test_the_citation_is_of_this_version(self):
        citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
        version = re.search(r"^project\(lrfind VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"), re.MULTILINE)
        keys = dict(re.findall(r"^([a-z-]+): *(.*)$", citation, re.MULTILINE))
        self.assertEqual((keys["cff-version"], keys["version"]), ("1.2.0", version.group(1)))
        self.assertLessEqual({"message", "title", "authors"}, set(keys))


if __name__ == "__main__":
    unittest.main()
