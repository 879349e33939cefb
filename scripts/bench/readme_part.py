"""The parts of a page that a script writes, so that no figure in it is typed by hand."""
import pathlib
import shlex


def markers(name):
    return f"<!-- {name} begin -->", f"<!-- {name} end -->"


def check(page, name):
    """Stops where `page` has no place for the part, before anything is measured."""
    begin, end = markers(name)
    text = pathlib.Path(page).read_text(encoding="utf-8")
    if not 0 <= text.find(begin) < text.find(end):
        raise SystemExit(f"{page} does not have the lines '{begin}' and '{end}'")


def write(page, name, text):
    """Replaces what stands between the part's markers in `page`."""
    check(page, name)
    begin, end = markers(name)
    page = pathlib.Path(page)
    old = page.read_text(encoding="utf-8")
    page.write_text(f"{old[:old.find(begin)]}{begin}\n{text}\n{old[old.find(end):]}", encoding="utf-8")


def command_shown(script, options, here_alone):
    """The command to type, without the options `here_alone` and their values."""
    shown, options = [f"scripts/bench/{script}"], list(options)
    while options:
        option = options.pop(0)
        if option in here_alone:
            options.pop(0)
        elif not option.startswith(tuple(f"{name}=" for name in here_alone)):
            shown.append(option)
    return shlex.join(shown)
