#!/usr/bin/env python3
"""Carries out a Containerfile where no container engine runs: every stage in a bare Debian 12 of its own.

    containerfile.py build FILE CONTEXT BASE.tar FOLDER     the last stage's files are then FOLDER/root
    containerfile.py run FOLDER ARGUMENT...                 its entry point, as its user

Knows what ../../Containerfile uses: FROM debian:12-slim, COPY, WORKDIR, RUN, USER, ENTRYPOINT and CMD, and refuses the
rest. CONTEXT is a clone, so that what git ignores is not copied. Needs root.
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}


def instructions(path):
    """(instruction, its text) of the file, continued lines joined."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"\\\n", " ", file.read())
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            word, rest = line.split(None, 1)
            yield word, rest.strip()


def inside(root, path):
    return os.path.join(root, path.lstrip("/"))


def chroot(root, command, user="root", folder="/"):
    """Its exit status. The user is one of the root's own."""
    process = ["unshare", "--mount", "--pid", "--fork", "chroot", root, "/bin/sh", "-c",
               'mount -t proc proc /proc && cd "$1" && shift && exec setpriv --reuid "$0" --regid "$0" --init-groups "$@"',
               user, folder] + command
    home = "/root" if user == "root" else f"/home/{user}"
    return subprocess.run(process, stdin=subprocess.DEVNULL, env={**ENVIRONMENT, "HOME": home},
                          check=False).returncode


class Stage:
    def __init__(self, root, base):
        os.makedirs(root)
        subprocess.run(["tar", "-C", root, "-xf", base], check=True)
        shutil.copyfile("/etc/resolv.conf", inside(root, "etc/resolv.conf"))
        self.root, self.folder, self.user, self.entry, self.command = root, "/", "root", [], []

    def copy(self, sources, target):
        for source in sources:
            if os.path.isdir(source):
                shutil.copytree(source, inside(self.root, target), symlinks=True, dirs_exist_ok=True)
            else:
                shutil.copy(source, inside(self.root, target))

    def run(self, command):
        status = chroot(self.root, ["/bin/sh", "-c", command], self.user, self.folder)
        if status != 0:
            sys.exit(f"containerfile.py: status {status}: RUN {command}")


def build(file, context, base, folder):
    stages, stage = {}, None
    for number, (word, rest) in enumerate(instructions(file)):
        print(f"containerfile.py: {word} {rest}", file=sys.stderr)
        if word == "FROM":
            image, _, name = rest.partition(" AS ")
            if image != "debian:12-slim":
                sys.exit(f"containerfile.py: no image {image} here")
            stage = stages[name or "last"] = Stage(os.path.join(folder, name or "root"), base)
        elif word == "COPY":
            *sources, target = rest.split()
            root = context
            if sources[0].startswith("--from="):
                root = stages[sources.pop(0).partition("=")[2]].root
            stage.copy([path for source in sources for path in glob.glob(inside(root, source))], target)
        elif word == "RUN":
            stage.run(rest)
        elif word == "WORKDIR":
            stage.folder = rest
            os.makedirs(inside(stage.root, rest), exist_ok=True)
        elif word == "USER":
            stage.user = rest
        elif word in ("ENTRYPOINT", "CMD"):
            setattr(stage, "entry" if word == "ENTRYPOINT" else "command", json.loads(rest))
        else:
            sys.exit(f"containerfile.py: instruction {number}, {word}, is not known here")
    with open(os.path.join(folder, "image.json"), "w", encoding="utf-8") as image:
        json.dump({"user": stage.user, "folder": stage.folder, "entry": stage.entry, "command": stage.command}, image)


def run(folder, arguments):
    with open(os.path.join(folder, "image.json"), encoding="utf-8") as file:
        image = json.load(file)
    return chroot(os.path.join(folder, "root"), image["entry"] + (arguments or image["command"]), image["user"],
                  image["folder"])


if __name__ == "__main__":
    if sys.argv[1] == "build":
        build(*sys.argv[2:])
    else:
        sys.exit(run(sys.argv[2], sys.argv[3:]))
