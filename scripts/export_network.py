#!/usr/bin/env python3
"""Exports a PyTorch classifier as a file that `lrfind sweep --model FILE` trains.

The file is a program of torch.export (FILE.pt2, with torch 2.9 or newer), or TorchScript with --torchscript (FILE.pt, with
torch 1.13 or newer). NETWORK is one of
  torchvision:NAME     a classification network of torchvision, e.g. torchvision:resnet18
  timm:NAME            a network of timm, e.g. timm:convnext_tiny
  hf:NAME              an image classifier of transformers: a folder with config.json and maybe weights, a kind of network
                       with its usual configuration such as resnet or vit, or OWNER/NAME from the local cache
  MODULE:FACTORY       your own: a function or class in a module (or FILE.py) that makes the network

Nothing is downloaded: weights are fresh, or read with --weights from a file you have. The file is checked: it loads,
and gives the same logits as the network it came from, for batches of several sizes.

Examples:
  export_network.py torchvision:resnet18 --classes 10 --image-size 64 -o resnet18.pt2
  export_network.py mynets.py:make_net --kwargs '{"depth": 3}' --channels 1 --image-size 28 -o net.pt2
  export_network.py hf:convnext --kwargs '{"depths": [2, 2, 2, 2]}' --classes 5 -o convnext.pt2
  export_network.py timm:resnet18 --torchscript -o resnet18.pt
"""

import argparse
import copy
import importlib
import importlib.util
import inspect
import json
import logging
import os
import sys
import warnings
import zipfile


class ExportError(Exception):
    """One sentence: what was wrong, and what would be right."""


def import_package(name, why):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ExportError(
            f"{why} needs the Python package {name}, which {sys.executable} cannot import ({error}); "
            f"install it with: {sys.executable} -m pip install {name}"
            + (" (Debian: apt-get install python3-torch)" if name == "torch" else "")
        ) from None
    except Exception as error:
        raise ExportError(
            f"{why} needs the Python package {name}, which is installed but fails to load ({first_line(error)}); "
            "a torchvision or timm made for another version of torch does that") from None


def import_user_module(name):
    if name.endswith(".py"):
        if not os.path.isfile(name):
            raise ExportError(f'file "{name}" does not exist')
        sys.path.insert(0, os.path.dirname(os.path.abspath(name)))
        name = os.path.splitext(os.path.basename(name))[0]
    else:
        sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.split(".")[0] and error.name != name:
            raise ExportError(f'module "{name}" imports "{error.name}", which is not installed') from None
        raise ExportError(f'there is no module "{name}" in this folder or among the installed packages') from None


def make_from_torchvision(name, kwargs, arguments):
    models = import_package("torchvision", f"torchvision:{name}").models
    factory = getattr(models, name, None)
    if not callable(factory) or inspect.isclass(factory) or not name.islower():
        names = sorted(n for n, v in vars(models).items() if n.islower() and inspect.isfunction(v) and n[0] != "_")
        raise ExportError(f'torchvision has no classification network "{name}"; it has {", ".join(names)}')
    if arguments.channels != 3:
        raise ExportError(f"torchvision's networks take 3 channels, not {arguments.channels}; use timm or your own")
    if arguments.classes:
        kwargs.setdefault("num_classes", arguments.classes)
    return factory(**kwargs)


def make_from_timm(name, kwargs, arguments):
    timm = import_package("timm", f"timm:{name}")
    if not timm.is_model(name):
        close = timm.list_models(f"*{name.split('_')[0]}*")[:10]
        raise ExportError(f'timm has no network "{name}"' + (f'; close ones are {", ".join(close)}' if close else ""))
    kwargs.setdefault("in_chans", arguments.channels)
    if arguments.torchscript:
        kwargs.setdefault("scriptable", True)
    if arguments.classes:
        kwargs.setdefault("num_classes", arguments.classes)
    return timm.create_model(name, pretrained=False, **kwargs)


def make_from_transformers(name, kwargs, arguments):
    os.environ["HF_HUB_OFFLINE"] = "1"
    transformers = import_package("transformers", f"hf:{name}")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    folder = os.path.isdir(name)
    if arguments.classes:
        kwargs.setdefault("num_labels", arguments.classes)
    try:
        if folder or "/" in name:
            config = transformers.AutoConfig.from_pretrained(name, local_files_only=True, **kwargs)
        else:
            config = transformers.AutoConfig.for_model(name, **kwargs)
    except (OSError, ValueError, KeyError) as error:
        raise ExportError(f'transformers has no configuration "{name}" here ({first_line(error)}); it takes a folder, a '
                          "kind of network such as resnet, or OWNER/NAME that was downloaded before") from None
    for key, value in (("image_size", arguments.image_size[0]), ("num_channels", arguments.channels)):
        if isinstance(getattr(config, key, None), int) and key not in kwargs:
            setattr(config, key, value)
    config.return_dict = True
    classifier = transformers.AutoModelForImageClassification
    try:
        if folder or "/" in name:
            try:
                return classifier.from_pretrained(name, config=config, local_files_only=True,
                                                  ignore_mismatched_sizes=True)
            except OSError:
                print(f"{name} has no weights here; they are fresh", file=sys.stderr)
        return classifier.from_config(config)
    except ValueError as error:
        raise ExportError(f"transformers has no image classifier of kind {name}: {first_line(error)}") from None


def make_from_module(module_name, factory_name, kwargs, arguments, torch):
    module = import_user_module(module_name)
    factory = getattr(module, factory_name, None)
    if factory is None:
        own = [n for n, v in vars(module).items() if callable(v) and getattr(v, "__module__", "") == module.__name__]
        raise ExportError(f'module "{module_name}" has no "{factory_name}"; it has {", ".join(own) or "no functions"}')
    if isinstance(factory, torch.nn.Module):
        return factory
    if arguments.classes:
        parameters = inspect.signature(factory).parameters
        name = next((n for n in ("num_classes", "classes") if n in parameters), None)
        if name is None:
            raise ExportError(f'"{factory_name}" has no parameter num_classes or classes for --classes; use --kwargs')
        kwargs.setdefault(name, arguments.classes)
    return factory(**kwargs)


def make_network(arguments, torch):
    source, colon, name = arguments.network.partition(":") if arguments.network.startswith("hf:") \
        else arguments.network.rpartition(":")
    if not colon or not source or not name:
        raise ExportError(f'NETWORK is "{arguments.network}"; it takes torchvision:NAME, timm:NAME, hf:NAME or MODULE:FACTORY')
    try:
        kwargs = json.loads(arguments.kwargs)
    except json.JSONDecodeError as error:
        raise ExportError(f"--kwargs is no JSON ({error}); it takes an object such as '{{\"depth\": 3}}'") from None
    if not isinstance(kwargs, dict):
        raise ExportError("--kwargs takes a JSON object such as '{\"depth\": 3}'")
    try:
        if source == "torchvision":
            network = make_from_torchvision(name, kwargs, arguments)
        elif source == "timm":
            network = make_from_timm(name, kwargs, arguments)
        elif source == "hf":
            network = make_from_transformers(name, kwargs, arguments)
        else:
            network = make_from_module(source, name, kwargs, arguments, torch)
    except TypeError as error:
        raise ExportError(f"{arguments.network} could not be made with {kwargs}: {error}") from None
    if not isinstance(network, torch.nn.Module):
        raise ExportError(f"{arguments.network} gave a {type(network).__name__}; it must give a torch.nn.Module")
    return network


def load_weights(network, path, torch):
    try:
        state = import_package("safetensors.torch", f'"{path}"').load_file(path) if path.endswith(".safetensors") \
            else torch.load(path, map_location="cpu", **({"weights_only": True} if has_weights_only(torch) else {}))
    except FileNotFoundError:
        raise ExportError(f'--weights file "{path}" does not exist') from None
    except Exception as error:
        raise ExportError(f'--weights file "{path}" cannot be read: {first_line(error)}') from None
    for key in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict):
        raise ExportError(f'--weights file "{path}" holds a {type(state).__name__}; it takes a state_dict')
    state = {key[len("module."):] if key.startswith("module.") else key: value for key, value in state.items()}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise ExportError(f'--weights file "{path}" does not fit the network: ' + " ".join(lines[1:3])) from None


def has_weights_only(torch):
    return "weights_only" in inspect.signature(torch.load).parameters


def first_line(error):
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return line if len(line) <= 300 else line[:200] + " ..."


def run(network, images, name, arguments, torch):
    """The logits [N, classes]: what the network answers with or, which TorchScript does not take, the one such tensor in
    it."""
    try:
        answer = network(images)
    except Exception as error:
        shape = " x ".join(map(str, images.shape))
        raise ExportError(f"{name} cannot be run on a batch of {shape}: {first_line(error)}") from None
    return answer if arguments.torchscript else logits_of(answer, torch)


def logits_of(answer, torch):
    if hasattr(answer, "items"):
        named = dict(answer.items())
        if isinstance(named.get("logits"), torch.Tensor):
            return named["logits"]
        answer = list(named.values())
    if isinstance(answer, (tuple, list)):
        fitting = [each for each in answer if isinstance(each, torch.Tensor) and each.dim() == 2]
        if len(fitting) == 1:
            return fitting[0]
    return answer


def check_logits(logits, images, arguments, torch):
    if not isinstance(logits, torch.Tensor):
        raise ExportError(
            f"{arguments.network} answers with a {type(logits).__name__} in training mode; it must answer with one "
            "tensor of logits [N, classes]" + ("" if arguments.torchscript else ", alone or in a tuple, list or dictionary")
            + " (torchvision's googlenet, inception_v3: --kwargs '{\"aux_logits\": false}')")
    if logits.dim() != 2 or logits.shape[0] != images.shape[0]:
        raise ExportError(f"{arguments.network} answers with shape {list(logits.shape)}; it must be [N, classes]")
    if arguments.classes and logits.shape[1] != arguments.classes:
        raise ExportError(f"{arguments.network} answers with {logits.shape[1]} classes, not {arguments.classes}")


class Program:
    """A file of torch.export: the graph of training mode, for batches of any size."""

    made = "exported"
    modes = [True]

    def __init__(self, network, images, torch):
        batch = ({0: torch.export.Dim("batch", min=1)},)
        network.train()
        try:
            self.program = torch.export.export(network, (images,), dynamic_shapes=batch, strict=False)
        except Exception as error:
            raise ExportError(f"torch.export cannot export the network for batches of any size: {first_line(error)}; "
                              "--torchscript may work") from None

    def save(self, path, torch):
        torch.export.save(self.program, path)
        with zipfile.ZipFile(path) as archive:
            names = [name.partition("/")[2] for name in archive.namelist()]
            if "archive_format" not in names or "data/weights/model.pt" in names:
                raise ExportError(f"torch {torch.__version__} writes an older kind of .pt2 file; use torch 2.9 or newer, "
                                  "or --torchscript")

    def load(self, path, training, torch):
        return torch.export.load(path).module()


class Script:
    """A TorchScript file."""

    def __init__(self, network, images, how, torch):
        self.script, self.traced = to_script(network, images, how, torch)
        self.made = "traced" if self.traced else "scripted"
        self.modes = [True] if self.traced else [False, True]

    def save(self, path, torch):
        self.script.save(path)

    def load(self, path, training, torch):
        return torch.jit.load(path, map_location="cpu").train(training)


def new_enough(torch):
    return hasattr(torch, "export") and hasattr(torch.export, "Dim") and hasattr(torch.export, "save")


def to_script(network, images, how, torch):
    """The TorchScript module, and whether it was traced."""
    if how != "trace":
        try:
            return torch.jit.script(network), False
        except Exception as error:
            if how == "script":
                raise ExportError(f"the network cannot be scripted: {first_line(error)}; --trace may work") from None
            print(f"cannot be scripted ({first_line(error)}); tracing it instead", file=sys.stderr)
    # In training mode, because a trace keeps the mode it was made in: in evaluation mode, batch normalisation would
    # never use a batch's statistics again.
    try:
        return torch.jit.trace(network.train(), images, check_trace=False), True
    except Exception as error:
        raise ExportError(f"the network cannot be traced: {first_line(error)}") from None


def check_same(network, path, exported, arguments, torch):
    """The loaded file gives the network's logits, for batch sizes other than that of the export too."""
    for size in (2, 3, 7):
        images = torch.randn(size, arguments.channels, *arguments.image_size)
        for training in exported.modes:
            loaded = exported.load(path, training, torch)
            original = copy.deepcopy(network).train(training)
            with torch.no_grad():
                torch.manual_seed(size)
                expected = run(original, images, arguments.network, arguments, torch)
                torch.manual_seed(size)
                logits = run(loaded, images, "the exported file", arguments, torch)
            check_logits(expected, images, arguments, torch)
            apart = (expected - logits).abs().max().item()
            if logits.shape != expected.shape or not apart <= 1e-4 * (1 + expected.abs().max().item()):
                raise ExportError(
                    f"the exported file answers differently from the network, by {apart:.3g} on {size} images"
                    + ("; a trace keeps one path through the code: try --script" if exported.made == "traced" else ""))
    return expected.shape[1]


def parse_size(text):
    try:
        sides = [int(part) for part in text.split("x")]
    except ValueError:
        sides = []
    if len(sides) not in (1, 2) or min(sides) < 1:
        raise argparse.ArgumentTypeError(f'"{text}" is no image size: give 64 or HEIGHTxWIDTH such as 48x64')
    return sides * 2 if len(sides) == 1 else sides


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", metavar="NETWORK", help="torchvision:NAME, timm:NAME, hf:NAME or MODULE:FACTORY")
    parser.add_argument("-o", "--output", required=True, help="the file to write, ending in .pt2, or .pt with --torchscript")
    parser.add_argument("--kwargs", default="{}", help="arguments of the factory, a JSON object")
    parser.add_argument("--classes", type=int, default=0, help="outputs (default: the factory's)")
    parser.add_argument("--image-size", type=parse_size, default=[224, 224],
                        help="N or HEIGHTxWIDTH, that the network takes (default 224)")
    parser.add_argument("--channels", type=int, choices=(1, 3), default=3, help="of the images (default 3)")
    parser.add_argument("--weights", help="a state_dict saved with torch.save (only files you trust) or safetensors")
    parser.add_argument("--seed", type=int, default=0, help="of fresh weights (default 0)")
    parser.add_argument("--torchscript", action="store_true", help="write TorchScript instead: FILE.pt")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--script", dest="how", action="store_const", const="script",
                     help="with --torchscript: use torch.jit.script, or fail")
    how.add_argument("--trace", dest="how", action="store_const", const="trace",
                     help="with --torchscript: use torch.jit.trace (default: script, then trace)")
    return parser.parse_args(argv)


def check_output_name(arguments, torch):
    if arguments.torchscript:
        if not arguments.output.endswith(".pt"):
            raise ExportError(f'-o is "{arguments.output}"; with --torchscript it must end in .pt')
        return
    if not new_enough(torch):
        raise ExportError(f"torch {torch.__version__} cannot write .pt2 files, which takes torch 2.9 or newer; "
                          "--torchscript writes a .pt file instead")
    if arguments.how:
        raise ExportError(f"--{arguments.how} is a way to TorchScript: give --torchscript too")
    if not arguments.output.endswith(".pt2"):
        raise ExportError(f'-o is "{arguments.output}"; it must end in .pt2 (or in .pt with --torchscript)')


def export(arguments):
    torch = import_package("torch", "this script")
    check_output_name(arguments, torch)
    warnings.filterwarnings("ignore")
    logging.getLogger("torch").setLevel(logging.ERROR)
    torch.manual_seed(arguments.seed)
    network = make_network(arguments, torch)
    if arguments.weights:
        load_weights(network, arguments.weights, torch)
    if not any(True for _ in network.parameters()):
        raise ExportError(f"{arguments.network} has no parameters, so there is nothing to train")
    images = torch.randn(2, arguments.channels, *arguments.image_size)
    with torch.no_grad():
        logits = run(copy.deepcopy(network).train(), images, arguments.network, arguments, torch)
        check_logits(logits, images, arguments, torch)
    copied = copy.deepcopy(network)
    exported = Script(copied, images, arguments.how, torch) if arguments.torchscript else Program(copied, images, torch)
    partial = f"{arguments.output}.{os.getpid()}.tmp{os.path.splitext(arguments.output)[1]}"
    try:
        exported.save(partial, torch)
        classes = check_same(network, partial, exported, arguments, torch)
        os.replace(partial, arguments.output)
    except (OSError, RuntimeError) as error:
        raise ExportError(f'"{arguments.output}" could not be written: {first_line(error)}') from None
    finally:
        if os.path.exists(partial):
            os.remove(partial)
    parameters = sum(p.numel() for p in network.parameters())
    print(f"{arguments.output}: {parameters:,} parameters, {classes} classes, {exported.made}, gives the same logits as "
          f"{arguments.network}")
    if exported.made == "traced" and any(isinstance(m, torch.nn.modules.dropout._DropoutNd) for m in network.modules()):
        print("note: a traced network keeps its dropout on in evaluation too, so validation figures come out too low",
              file=sys.stderr)


def main(argv=None):
    arguments = parse_arguments(argv)
    try:
        export(arguments)
    except ExportError as error:
        print(f"export_network.py: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
