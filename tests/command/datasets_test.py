"""Every layout of images that DATA may have, through the real program."""

import gzip
import json
import unittest

from support import QUICK, Case, bmp, class_folders, curve, idx, lrfind, pgm, pixels, png, ppm, sweep, write


class Datasets(Case):
    def test_class_folders_hold_images_at_any_depth(self):
        for label, folders in enumerate([["a"], ["b", "b/2023/07 summer"], ["ü/x/y/z"]]):
            for number in range(12):
                where = folders[number % len(folders)]
                write(self.folder / where / f"Bild {number} é.PGM", pgm(pixels(label, number)))
        run = sweep(self.folder, "--val-split", "0.25")
        self.assert_ran(run)
        dataset = run.json["dataset"]
        self.assertEqual(dataset["classes"], ["a", "b", "ü"])
        self.assertEqual((dataset["train_images"], dataset["val_images"]), (27, 9))
        self.assertEqual(dataset["unreadable"], [])

    def test_train_and_val_folders_are_kept_apart(self):
        for name in ("val", "valid", "test"):
            with self.subTest(name):
                root = self.folder / f"with-{name}"
                class_folders(root / "train", each=10)
                class_folders(root / name, each=4)
                dataset = sweep(root, "--val-split", "0.5").json["dataset"]
                self.assertEqual((dataset["train_images"], dataset["val_images"]), (30, 12))

    def test_downloaded_folders_are_walked_through_and_what_is_left_out_is_named(self):
        class_folders(self.folder / "archive" / "training_set" / "training_set", classes=2, each=10)
        class_folders(self.folder / "archive" / "Test_Set" / "test_set", classes=2, each=3)
        write(self.folder / "archive" / "pred" / "1.pgm", pgm(pixels(0, 0)))
        write(self.folder / "archive" / "training_set" / "training_set" / "photos" / "1.HEIC", b"")
        found = lrfind("inspect", self.folder, "--json")
        self.assertEqual(found.status, 0, str(found))
        self.assertEqual((found.json["train_images"], found.json["val_images"]), (20, 6))
        self.assertEqual(found.json["classes"], [{"name": "class0", "train": 10, "val": 3},
                                                 {"name": "class1", "train": 10, "val": 3}])
        self.assertEqual(found.json["val_origin"], "Test_Set")
        told = " ".join(found.json["notes"])
        for words in ("archive/training_set/training_set'", "archive/Test_Set/test_set'", "not used: 'pred'",
                      "'photos' (1 .heic file)"):
            self.assertIn(words, told)
        run = lrfind("sweep", self.folder, *QUICK, "-o", "-", "--progress", "never")
        self.assertIn(run.status, (0, 4), str(run))
        self.assertEqual(run.json["dataset"]["classes"], ["class0", "class1"])
        self.assertEqual(run.json["dataset"]["notes"][: len(found.json["notes"])], found.json["notes"])
        self.assertIn("'pred'", run.stderr)
        self.assertIn("1 .heic file", " ".join(run.stderr.split()))

    def test_splits_are_never_classes(self):
        for name in ("train/cat.1.pgm", "train/dog.7.pgm", "test1/1.pgm"):
            write(self.folder / name, pgm(pixels(0, 0)))
        for command in ("inspect", "sweep"):
            run = lrfind(command, self.folder)
            self.assertEqual(run.status, 3, str(run))
            self.assertEqual(run.stdout, "")
            self.assertIn("'test1' and 'train', which are splits and no classes", run.stderr)
            self.assertIn("'path,label', 'train/cat.1.pgm,cat', 'train/dog.7.pgm,dog'", run.stderr)

    def test_idx_files_plain_and_compressed_give_the_same_curve(self):
        images, labels = bytearray(), bytearray()
        for number in range(36):
            images += b"".join(pixels(number % 3, number))
            labels.append(number % 3)
        for part, count in (("train", 36), ("t10k", 12)):
            for name, content in ((f"{part}-images-idx3-ubyte", idx(images[: count * 144], count, 12, 12)),
                                  (f"{part}-labels-idx1-ubyte", idx(labels[:count], count))):
                write(self.folder / "plain" / name, content)
                write(self.folder / "gz" / (name + ".gz"), gzip.compress(content))
        plain, compressed = sweep(self.folder / "plain"), sweep(self.folder / "gz")
        self.assert_ran(plain)
        self.assertEqual(plain.json["dataset"]["train_images"], 36)
        self.assertEqual(plain.json["dataset"]["val_images"], 12)
        self.assertEqual(curve(plain), curve(compressed))

    def test_csv_manifest_takes_relative_and_absolute_paths(self):
        class_folders(self.folder / "images")
        lines = ["path,label"]
        for label in range(3):
            for number in range(12):
                path = self.folder / "images" / f"class{label}" / f"{number:03}.pgm"
                relative = path.relative_to(self.folder)
                lines.append(f"{path if number % 2 else relative},kind {label}")
        manifest = write(self.folder / "list.csv", "\n".join(lines).encode())
        run = sweep(manifest, "--val-split", "0")
        self.assert_ran(run)
        self.assertEqual(run.json["dataset"]["classes"], ["kind 0", "kind 1", "kind 2"])
        self.assertEqual(run.json["dataset"]["train_images"], 36)

    def test_formats_mix_and_channels_follow_the_option(self):
        for label in range(2):
            for number in range(12):
                grey, colour = pixels(label, number), pixels(label, number, channels=3)
                for suffix, content in (("pgm", pgm(grey)), ("ppm", ppm(colour)), ("bmp", bmp(colour)),
                                        ("PNG", png(colour, 3)), ("png", png(grey))):
                    write(self.folder / f"c{label}" / f"{number}-{suffix[0]}{len(content)}.{suffix}", content)
        for channels in (1, 3):
            with self.subTest(channels=channels):
                run = sweep(self.folder, "--channels", channels)
                self.assert_ran(run)
                self.assertEqual(run.json["config"]["channels"], channels)
                self.assertEqual(len(run.json["dataset"]["normalization"]["mean"]), channels)
                self.assertEqual(run.json["dataset"]["unreadable"], [])

    def test_lossless_formats_of_one_picture_give_one_curve(self):
        curves = []
        for suffix, encode in (("ppm", ppm), ("bmp", bmp), ("png", lambda rows: png(rows, 3))):
            for label in range(2):
                for number in range(10):
                    write(self.folder / suffix / f"c{label}" / f"{number}.{suffix}",
                          encode(pixels(label, number, channels=3)))
            curves.append(curve(sweep(self.folder / suffix)))
        self.assertEqual(curves[0], curves[1])
        self.assertEqual(curves[0], curves[2])

    def test_salted_folder_finishes_and_names_every_bad_file(self):
        class_folders(self.folder, each=40)
        huge = png(pixels(0, 0))
        bad = {
            "class0/empty.png": b"",
            "class0/truncated.png": png(pixels(0, 1, 40))[:200],
            "class1/words.jpg": b"this is no image at all",
            "class1/huge.png": huge[:16] + (60000).to_bytes(4, "big") * 2 + huge[24:],
            "class2/short.pgm": pgm(pixels(0, 2, 64))[:100],
        }
        for name, content in bad.items():
            write(self.folder / name, content)
        write(self.folder / "class0" / ".hidden.png", b"")
        write(self.folder / "class0" / "notes.txt", b"not an image")
        run = sweep(self.folder, "--max-unreadable", "0.2")
        self.assert_ran(run)
        named = {entry["path"]: entry["error"] for entry in run.json["dataset"]["unreadable"]}
        for name in bad:
            self.assertTrue(any(path.endswith(name) for path in named), f"{name} is not among {named}")
        self.assertEqual(len(named), len(bad))
        self.assertTrue(all(named.values()))
        self.assertEqual(run.stderr, "")

    def test_too_many_unreadable_images_end_the_run_with_their_names(self):
        class_folders(self.folder, each=10)
        for number in range(15):
            write(self.folder / "class0" / f"bad{number:02}.png", b"bad")
        run = sweep(self.folder)
        self.assertEqual(run.status, 3, str(run))
        self.assertEqual(run.stdout, "")
        self.assertGreaterEqual(run.stderr.count("bad"), 10)

    def test_inspect_counts_what_is_there(self):
        class_folders(self.folder, classes=2, each=10)
        write(self.folder / "class1" / "second.pgm", pgm(pixels(1, 99, side=20)))
        write(self.folder / "class1" / "empty.pgm", b"")
        run = lrfind("inspect", self.folder, "--json")
        self.assertEqual(run.status, 0, str(run))
        text = json.dumps(run.json)
        self.assertIn("class0", text)
        self.assertIn("empty.pgm", text)
        run = lrfind("inspect", self.folder)
        for word in ("class0", "class1", "12 to 20", "empty.pgm"):
            self.assertIn(word, run.stdout)


if __name__ == "__main__":
    unittest.main()
