"""The training program's side of `lrfind exec`: rates in, losses out. One file; copy it beside yours, or import it.

    import lrfind_client

    for step in lrfind_client.sweep(optimizer="sgd", momentum=0.9):     # any framework
        step.report(train_one_batch(lr=step.lr))                        # the batch's loss before its update

    for step in lrfind_client.torch_sweep(model, optimizer):            # PyTorch: the rate is set, and more is measured
        step.report(train_one_batch())

and then:  lrfind exec -- python3 train.py

Started by lrfind, the loop runs the range test and the program ends with it (then_exit=False goes on after the loop), so
that nothing which a range test has trained is saved over your weights. Started otherwise, the loop trains at your own
rates where you give some (rates=, or steps= of torch_sweep) and else does nothing but say so.

A trial is one range test. step.first is true at its first step: weights and optimizer are to be fresh then. torch_sweep
sees to that, Keras' callback too; elsewhere say resets=True and do it yourself, or leave it: each trial then gets a
process of its own. Seeds of Python, NumPy and PyTorch are set at the first step from step.seed. Under torchrun every rank
runs the same loop once the process group is initialised: rank 0 speaks, the others get their rates from it.

What goes over the socket: configs/schema/exec-1.schema.json of lrfind. Python 3.8 or newer, nothing else.
"""

import itertools
import json
import math
import os
import random
import socket
import struct
import sys

__all__ = ["forever", "hf_callback", "keras_callback", "lightning_callback", "seed", "started", "sweep", "torch_sweep"]

# How much of a step's promise must not be float noise, relative to the loss, for an alignment; lrfind's own bound.
SMALLEST_DECREASE = 3e-5


def started():
    """Whether lrfind exec has started this program."""
    return bool(os.environ.get("LRFIND_SOCKET"))


def seed(otherwise=0):
    """The seed of the process's first trial, for weights that are drawn before the sweep."""
    return int(os.environ.get("LRFIND_SEED", otherwise))


def forever(batches):
    """The batches of a loader over and over, for sweeps that are longer than an epoch."""
    while True:
        yield from batches


class Step:
    """One step to take: train a batch at `lr`, then report() its loss."""

    __slots__ = ("trial", "step", "steps", "lr", "seed", "_answer", "_measured", "reported")

    def __init__(self, trial, step, steps, lr, seed, answer, measured=None):
        self.trial, self.step, self.steps, self.lr, self.seed = trial, step, steps, lr, seed
        self._answer, self._measured, self.reported = answer, measured, False

    @property
    def first(self):
        """Whether a trial begins, with weights and optimizer as at the very beginning."""
        return self.step == 0

    def report(self, loss, **measured):
        """The batch's loss before its update: a number, or a tensor or array of one. Also, where known: val_loss,
        val_accuracy, probe_loss, gain_ratio, and alignment, of the step before (torch_sweep measures it)."""
        if self.reported:
            raise RuntimeError(f"step {self.step} was reported twice")
        self.reported = True
        if self._answer is None:
            return
        loss = float(loss.detach() if hasattr(loss, "detach") else loss)
        if self._measured is not None:
            measured = {**self._measured(loss), **measured}
        self._answer(self.step, loss, measured)


def sweep(optimizer=None, momentum=None, batch_size=None, resets=False, rates=None, then_exit=True, reseed=True, **more):
    """The steps of the range test, one after the other.

    optimizer, momentum: what is trained with ("sgd", "adamw", ...): the suggestion leans on the rates it is used with.
    batch_size: samples of this process per update. resets: whether the loop's body starts over at step.first.
    rates: your own, where lrfind has not started the program. more: what else there is to say, such as model="resnet18".
    """
    if not started():
        yield from _own_steps(rates)
        return
    ranks = _Ranks()
    hello = {"protocol": "lrfind/exec/1", "optimizer": optimizer, "momentum": momentum, "resets": bool(resets), **more}
    if batch_size:
        hello["batch_size"] = int(batch_size) * ranks.size
    line = _Line({key: value for key, value in hello.items() if value is not None}) if ranks.rank == 0 else None
    for trial, number, steps, lr, trial_seed in ranks.shared(line):
        if number == 0 and reseed:
            _seed_all(trial_seed + ranks.rank)
        step = Step(trial, number, steps, lr, trial_seed, line.answer if ranks.size == 1 else ranks.keep)
        yield step
        if not step.reported and ranks.rank == 0:
            raise RuntimeError(f"step {number} was not reported: call step.report(loss) in every turn of the loop")
        if ranks.size > 1:
            ranks.answer(line, number)
    if line is not None:
        line.close()
    if then_exit:
        raise SystemExit(0)


def _own_steps(rates):
    if rates is None:
        print("lrfind_client: not started by lrfind exec, so nothing is swept", file=sys.stderr)
        return
    for number, lr in enumerate(rates):
        yield Step(0, number, 0, float(lr), seed(), None)


class _Line:
    """The connection: lines of JSON both ways."""

    def __init__(self, hello):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(os.environ["LRFIND_SOCKET"])
        self.received = b""
        self.send(hello)

    def send(self, message):
        try:
            self.socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            raise SystemExit("lrfind_client: lrfind has ended") from None

    def read(self):
        while b"\n" not in self.received:
            try:
                part = self.socket.recv(65536)
            except OSError:
                part = b""
            if not part:
                raise SystemExit("lrfind_client: lrfind has ended")
            self.received += part
        line, self.received = self.received.split(b"\n", 1)
        return json.loads(line)

    def steps(self):
        """(trial, step, steps, lr, seed) until lrfind is done."""
        while True:
            message = self.read()
            if message.get("done"):
                return
            if "lr" in message:  # else a reset, which the step 0 that follows says too
                yield message["trial"], message["step"], message["steps"], message["lr"], message["seed"]

    def answer(self, step, loss, measured):
        message = {"step": step, "loss": loss if math.isfinite(loss) else None}
        message.update((key, float(value)) for key, value in measured.items() if value is not None)
        self.send(message)

    def close(self):
        self.socket.close()


class _Ranks:
    """The processes that train together, as torch.distributed knows them: one speaks for all."""

    def __init__(self):
        torch = sys.modules.get("torch")
        self.group = torch.distributed if torch and torch.distributed.is_available() else None
        self.size, self.rank = 1, 0
        self.reported = None, {}
        if self.group and self.group.is_initialized():
            self.size, self.rank = self.group.get_world_size(), self.group.get_rank()
        elif int(os.environ.get("WORLD_SIZE", 1)) > 1:
            raise SystemExit("lrfind_client: this is one of several ranks, but torch.distributed is not initialised; call "
                             "torch.distributed.init_process_group before the sweep")
        if self.size > 1:
            self.torch = torch
            cuda = self.group.get_backend() == "nccl"
            self.device = torch.device("cuda", torch.cuda.current_device()) if cuda else torch.device("cpu")

    def shared(self, line):
        """The steps of rank 0, on every rank."""
        if self.size == 1:
            yield from line.steps()
            return
        steps = line.steps() if line else None
        while True:
            packed = self.torch.zeros(6, dtype=self.torch.int64)
            if steps is not None:
                step = next(steps, None)
                if step is not None:
                    bits = struct.unpack("q", struct.pack("d", step[3]))[0]
                    packed = self.torch.tensor([1, step[0], step[1], step[2], bits, step[4]])
            packed = packed.to(self.device)
            self.group.broadcast(packed, 0)
            more, trial, number, count, bits, trial_seed = packed.tolist()
            if not more:
                return
            yield trial, number, count, struct.unpack("d", struct.pack("q", bits))[0], trial_seed

    def keep(self, step, loss, measured):
        self.reported = loss, measured

    def answer(self, line, step):
        """The mean loss of the ranks that reported one, from rank 0. Called on every rank."""
        loss, measured = self.reported
        self.reported = None, {}
        sums = self.torch.tensor([loss or 0.0, loss is not None], dtype=self.torch.float64, device=self.device)
        self.group.all_reduce(sums)
        total, count = sums.tolist()
        if line is not None:
            line.answer(step, total / count, measured)


def _seed_all(value):
    random.seed(value)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(value % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(value)


# PyTorch


def torch_sweep(model, optimizer, batch_size=None, alignment=True, also=(), rates=None, steps=0, **more):
    """The steps of the range test on PyTorch modules and optimizers (one of each, or lists).

    Before each step it sets the rate of every parameter group, keeping the groups' ratios: lr is the rate that the
    optimizer was made with. Each trial begins with the weights, buffers and optimizer state of the first, and with the
    state of whatever in `also` has state_dict (a GradScaler, an EMA). alignment: measure it, for two dot products and
    three copies of the weights' memory. Without lrfind: at `rates`, or `steps` steps at the optimizer's own rates.
    """
    models, optimizers = _listed(model), [_plain_optimizer(each) for each in _listed(optimizer)]
    groups = _Groups(optimizers)
    if not started():
        own = rates if rates is not None else itertools.repeat(None, steps) if steps else None
        for step in _own_steps(None if own is None else (groups.reference if lr is None else lr for lr in own)):
            if rates is not None:
                groups.set(step.lr)
            yield step
        return
    begin = _Beginning(models, optimizers, also)
    watch = _Watch(optimizers, groups, alignment)
    said = _said_of(models, optimizers)
    try:
        for step in sweep(batch_size=batch_size, resets=True, **{**said, **more}):
            if step.first:
                watch.begin()
                if step.trial > 0:
                    begin.restore()
            groups.set(step.lr)
            watch.next_step()
            step._measured = watch.measured
            yield step
    finally:
        watch.remove()


def _listed(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _plain_optimizer(optimizer):
    """The torch.optim one below what accelerate and Lightning wrap around it."""
    while not hasattr(optimizer, "_optimizer_step_pre_hooks") and hasattr(optimizer, "optimizer"):
        optimizer = optimizer.optimizer
    return optimizer


def _said_of(models, optimizers):
    group = optimizers[0].param_groups[0]
    parameters = {id(p): p for each in optimizers for g in each.param_groups for p in g["params"]}
    first = next(iter(parameters.values()))
    return {"optimizer": type(optimizers[0]).__name__.lower(), "momentum": group.get("momentum"),
            "model": type(getattr(models[0], "module", models[0])).__name__, "device": str(first.device),
            "parameters": sum(p.numel() for model in models for p in model.parameters())}


class _Groups:
    """The parameter groups' rates, as multiples of the one that the first optimizer was made with."""

    def __init__(self, optimizers):
        self.optimizers = optimizers
        own = [float(group.get("initial_lr", group["lr"])) for group in self._all()]  # a scheduler keeps it there
        default = float(optimizers[0].defaults.get("lr") or 0)
        self.reference = default if default in own and default > 0 else max(own)
        self.factors = [rate / self.reference if self.reference > 0 else 1.0 for rate in own]
        self.lr = self.reference

    def _all(self):  # load_state_dict makes new ones
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def set(self, lr):
        self.lr = lr
        for group, factor in zip(self._all(), self.factors):
            if hasattr(group["lr"], "fill_"):  # a tensor, of a captured or compiled optimizer
                group["lr"].fill_(lr * factor)
            else:
                group["lr"] = lr * factor


class _Beginning:
    """What a trial begins from."""

    def __init__(self, models, optimizers, also):
        import copy

        self.models, self.stateful = models, [*optimizers, *_listed(also)]
        self.optimizers = optimizers
        self.tensors = [tensor.detach().clone() for tensor in self._all()]
        self.states = [copy.deepcopy(each.state_dict()) for each in self.stateful]

    def _all(self):
        trained = (p for each in self.optimizers for group in each.param_groups for p in group["params"])
        kept = (t for model in self.models for t in itertools.chain(model.parameters(), model.buffers()))
        return {id(tensor): tensor for tensor in itertools.chain(trained, kept)}.values()

    def restore(self):
        import copy

        import torch

        with torch.no_grad():
            for tensor, saved in zip(self._all(), self.tensors):
                tensor.copy_(saved)
        for each, state in zip(self.stateful, self.states):
            each.load_state_dict(copy.deepcopy(state))


class _Watch:
    """Alignment as lrfind defines it: the decrease that a step's change of the weights promises on the next batch,
    minus its gradient times the change, over the decrease that it promised on its own batch."""

    def __init__(self, optimizers, groups, alignment):
        self.groups, self.alignment = groups, alignment
        self.parameters = {id(optimizer): _by_device(optimizer) for optimizer in optimizers}
        self.removers = [_hook(optimizer, self._before, self._after) for optimizer in optimizers]
        self.begin()

    def begin(self):
        self.change, self.new_change, self.old_weights, self.gradient = {}, {}, {}, {}
        self.last_loss = self.last_decrease = 0.0
        self.next_step()

    def next_step(self):
        self.aligned = self.predicted = None

    def remove(self):
        for remove in self.removers:
            remove()

    def _before(self, optimizer):
        self.groups.set(self.groups.lr)  # whatever a scheduler has done since
        if not self.alignment:
            return
        key = id(optimizer)
        self.gradient[key] = [_flat([_gradient(p) for p in part]) for part in self.parameters[key]]
        if key in self.change:
            self.aligned = _add(self.aligned, _dot(self.gradient[key], self.change.pop(key)))
        self.old_weights[key] = [_flat(part) for part in self.parameters[key]]

    def _after(self, optimizer):
        if not self.alignment:
            return
        key = id(optimizer)
        if key not in self.old_weights:
            return  # a closure that was not called
        change = [_flat(part).sub_(old) for part, old in zip(self.parameters[key], self.old_weights.pop(key))]
        self.predicted = _add(self.predicted, _dot(self.gradient.pop(key), change))
        earlier = self.new_change.get(key)  # where an optimizer steps several times for one report
        self.new_change[key] = [a + b for a, b in zip(change, earlier)] if earlier else change

    def measured(self, loss):
        """The alignment of the step before, once this one's loss is known."""
        aligned = None if self.aligned is None else -self.aligned.item()
        decrease = 0.0 if self.predicted is None else -self.predicted.item()
        self.change, self.new_change = self.new_change, {}
        known = aligned is not None and abs(self.last_decrease) > SMALLEST_DECREASE * abs(self.last_loss)
        alignment = aligned / abs(self.last_decrease) if known else None
        self.last_loss, self.last_decrease = loss, decrease
        return {"alignment": alignment} if known and math.isfinite(alignment) else {}


def _hook(optimizer, before, after):
    """Calls both around every optimizer.step(), before once the gradients are there. Returns what undoes it."""

    def with_gradients(args, kwargs):
        """The arguments, with a closure that computes the gradients wrapped where there is one, as Lightning has."""
        closure = kwargs.get("closure") or next((arg for arg in args if callable(arg) and arg is not optimizer), None)
        if closure is None:
            before(optimizer)
            return args, kwargs
        calls = []

        def computed():
            result = closure()
            if not calls:
                calls.append(before(optimizer))
            return result

        args = tuple(computed if arg is closure else arg for arg in args)
        return args, {key: computed if value is closure else value for key, value in kwargs.items()}

    if hasattr(optimizer, "register_step_pre_hook"):
        handles = [optimizer.register_step_pre_hook(lambda _, args, kwargs: with_gradients(args, kwargs)),
                   optimizer.register_step_post_hook(lambda *_: after(optimizer))]
        return lambda: [handle.remove() for handle in handles]
    import functools

    original = optimizer.step  # torch 1.x

    @functools.wraps(original)
    def step(*args, **kwargs):
        args, kwargs = with_gradients(args, kwargs)
        result = original(*args, **kwargs)
        after(optimizer)
        return result

    optimizer.step = step
    return lambda: setattr(optimizer, "step", original)


def _by_device(optimizer):
    """The trained parameters that lie together."""
    devices = {}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            devices.setdefault((parameter.device, parameter.dtype), []).append(parameter)
    return list(devices.values())


def _gradient(parameter):
    gradient = parameter.grad
    if gradient is None:
        return parameter.detach().new_zeros(parameter.shape)
    return gradient.to_dense() if gradient.is_sparse else gradient


def _flat(tensors):
    """All values side by side, in memory of their own."""
    import torch

    with torch.no_grad():
        return torch._utils._flatten_dense_tensors(tensors).float() if len(tensors) > 1 else tensors[0].flatten().float() + 0


def _dot(a, b):
    return sum((x * y).sum().double().to(a[0].device) for x, y in zip(a, b))


def _add(a, b):
    return b if a is None else a + b


# Other frameworks' callbacks


def keras_callback(batch_size=None, **more):
    """For model.fit(..., callbacks=[...]) of Keras 3: set epochs high, the callback ends them."""
    import keras

    class RangeTest(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            if not started():
                return
            optimizer = self.model.optimizer
            if not optimizer.built:
                optimizer.build(self.model.trainable_variables)
            self.saved = [(v, v.numpy().copy()) for v in [*self.model.variables, *optimizer.variables]]
            self.steps = sweep(type(optimizer).__name__, getattr(optimizer, "momentum", None), batch_size, True, **more)

        def on_train_batch_begin(self, batch, logs=None):
            if not started():
                return
            getattr(self.model, "jax_state_sync", lambda: None)()
            self.step = next(self.steps)
            for variable, value in self.saved if self.step.first else ():
                variable.assign(value)
            self.model.reset_metrics()  # so that the loss is this batch's
            self.model.optimizer.learning_rate = self.step.lr

        def on_train_batch_end(self, batch, logs=None):
            if started():
                self.step.report(logs["loss"])

    return RangeTest()


def lightning_callback(**options):
    """For Trainer(callbacks=[...]) of Lightning; options as of torch_sweep. Set max_epochs high, the sweep ends them."""
    try:
        from lightning.pytorch import Callback
    except ImportError:
        from pytorch_lightning import Callback

    class RangeTest(Callback):
        def on_train_start(self, trainer, module):
            self.steps = torch_sweep(module, trainer.optimizers, **options) if started() else None

        def on_train_batch_start(self, trainer, module, batch, batch_idx):
            if self.steps and batch_idx % trainer.accumulate_grad_batches == 0:
                self.loss, self.step = 0.0, next(self.steps)

        def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
            if not self.steps:
                return
            self.loss += float(outputs["loss"] if isinstance(outputs, dict) else outputs)  # this batch's share
            if (batch_idx + 1) % trainer.accumulate_grad_batches == 0 or trainer.is_last_batch:
                self.step.report(self.loss)

    return RangeTest()


def hf_callback(**options):
    """For transformers.Trainer(callbacks=[...]); options as of torch_sweep. The model must return its loss, as all of
    transformers' do. Set max_steps high, the sweep ends them."""
    from transformers import TrainerCallback

    class RangeTest(TrainerCallback):
        steps = None

        def on_step_begin(self, args, state, control, model=None, optimizer=None, **kwargs):
            if not started():
                return
            if self.steps is None:
                self.parts = args.gradient_accumulation_steps
                model.register_forward_hook(self.add_loss, with_kwargs=True)
                self.steps = torch_sweep(model, optimizer, args.per_device_train_batch_size * self.parts, **options)
            self.loss, self.step = 0.0, next(self.steps)

        def add_loss(self, model, args, kwargs, output):
            if model.training:  # told how many items there are, the model has divided by them
                whole = kwargs.get("num_items_in_batch") is not None
                self.loss += float(output["loss"].detach()) / (1 if whole else self.parts)

        def on_step_end(self, args, state, control, **kwargs):
            if self.steps is not None:
                self.step.report(self.loss)

    return RangeTest()
