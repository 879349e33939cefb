#!/usr/bin/env python3
"""Data flows one way: no include runs from a folder of src/ to one that comes later in the order.

Needs nothing but Python's standard library.
"""

import pathlib
import re
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "src"
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
NEIGHBOURS = {("model", "data")}  # a network says what images it takes
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


class House(unittest.TestCase):
    def test_every_folder_has_its_place(self):
        folders = {entry.name for entry in SOURCE.iterdir() if entry.is_dir()}
        self.assertEqual(folders, set(LEVEL))

    def test_includes_follow_the_order(self):
        found = list(includes())
        self.assertGreater(len(found), 100, "the includes were not found")
        against = [f"{file} takes {other}/" for file, folder, other in found if not may_take(folder, other)]
        self.assertEqual(against, [])


if __name__ == "__main__":
    unittest.main()
