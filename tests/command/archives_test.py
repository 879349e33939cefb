"""Archives and shards in place of a folder, through the real program: the curves are the folder's own, to the last digit."""

import io
import tarfile
import unittest
import zipfile

from support import Case, class_folders, curve, lrfind, pgm, pixels, sweep, write


def pack_tar(path, files, mode="w"):
    with tarfile.open(path, mode) as out:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            out.addfile(entry, io.BytesIO(content))
    return path


class Archives(Case):
    def setUp(self):
        super().setUp()
        root = class_folders(self.folder / "photos")
        self.files = [(file.parent.name, str(file.relative_to(root)), file.read_bytes())
                      for file in sorted(root.rglob("*.pgm"))]

    def assert_same_numbers(self, data, said):
        run = sweep(data)
        self.assert_ran(run, [self.plain.status])
        self.assertEqual(curve(run), curve(self.plain))
        for key in ("trials", "suggestion"):
            self.assertEqual(run.json[key], self.plain.json[key])
        self.assertEqual(run.json["dataset"]["path"], str(data))
        self.assertEqual(run.json["dataset"]["format"], said)
        for key in ("classes", "train_images", "val_images", "unreadable"):
            self.assertEqual(run.json["dataset"][key], self.plain.json["dataset"][key], key)
        return run

    def test_archives_and_shards_give_the_curve_of_their_folder(self):
        self.plain = sweep(self.folder / "photos")
        self.assert_ran(self.plain)
        packed = self.folder / "photos.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
            for _, name, content in self.files:
                out.writestr(f"photos/{name}", content)
            out.writestr("__MACOSX/photos/class0/._000.pgm", b"")
        self.assert_same_numbers(packed, "zip/folders")
        backwards = [(name, content) for _, name, content in reversed(self.files)]
        self.assert_same_numbers(pack_tar(self.folder / "photos.tar", backwards), "tar/folders")
        run = self.assert_same_numbers(pack_tar(self.folder / "photos.tgz", backwards, "w:gz"), "tar.gz/folders")
        self.assertIn("temporary file", " ".join(run.json["dataset"]["notes"]))
        shards = [[] for _ in range(4)]
        for number, (label, _, content) in enumerate(self.files):
            shards[number * 4 // len(self.files)] += [(f"{number:06}.pgm", content), (f"{number:06}.cls", label.encode())]
        (self.folder / "shards").mkdir()
        for number, files in enumerate(shards):
            pack_tar(self.folder / "shards" / f"shard-{number:03}.tar", files)
        self.assert_same_numbers(self.folder / "shards" / "shard-{000..003}.tar", "tar/webdataset")

    def test_images_in_archives_are_named_with_them(self):
        files = [(name, content) for _, name, content in self.files]
        packed = pack_tar(self.folder / "photos.tar", [*files, ("class1/bad.pgm", b"P5 nothing")])
        found = lrfind("inspect", packed, "--json")
        self.assertEqual([file["path"] for file in found.json["unreadable"]], [f"{packed}: class1/bad.pgm"])
        self.assertIn(f"{packed}: class1/bad.pgm: ", lrfind("inspect", packed).stdout)

    def test_archives_that_cannot_be_trusted_are_refused(self):
        image = pgm(pixels(0, 0))
        files = [(name, content) for _, name, content in self.files]
        for name, words in (("../up.pgm", "leads out"), ("/etc/up.pgm", "absolute"), ("class0/000.pgm", "twice")):
            packed = pack_tar(self.folder / "bad.tar", [*files, (name, image)])
            self.assert_refused(lrfind("sweep", packed), 3, "bad.tar", words)
        whole = pack_tar(self.folder / "whole.tar.gz", files, "w:gz").read_bytes()
        self.assert_refused(lrfind("sweep", write(self.folder / "cut.tar.gz", whole[: len(whole) // 2])), 3, "cut off")
        self.assertFalse((self.folder.parent / "up.pgm").exists())

    def test_parquet_is_refused_with_the_line_that_unpacks_it(self):
        self.assert_refused(lrfind("inspect", write(self.folder / "a.parquet", b"PAR1")), 3, "pyarrow.parquet", "a.parquet")


if __name__ == "__main__":
    unittest.main()
