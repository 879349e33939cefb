// Values under the pointer, and along the curve by keyboard.

const plot = byId("plot");
const readout = el("div", {id: "readout", hidden: true});
let layout = null;

// The rows of the readout for one result at one step: [label, value, class of its colour].
function valuesAt({result, index}, step) {
  const rows = [];
  for (const kind of kindsPresent) {
    if (!isShown(kind.key)) continue;
    if (kind.key === "trials") {
      const lr = result.curve.lr[step];
      result.trials.forEach((trial, i) => {
        const at = trial.lr.length ? nearestStep(trial.lr, lr) : -1;
        if (at >= 0 && Math.abs(Math.log(trial.lr[at] / lr)) < 1e-6 && isNumber(trial.loss[at])) {
          rows.push(["Trial " + (i + 1), lossText(trial.loss[at]), "trials"]);
        }
      });
      continue;
    }
    const value = (result.curve[kind.key] || [])[step];
    if (!isNumber(value)) continue;
    const text = kind.key === "val_accuracy" ? percentText(value) : kind.panel === "ratio" ? digits(value, 3) : lossText(value);
    rows.push([kind.label, text, kind.key]);
  }
  return rows.map((row) => (several ? [row[0], row[1], row[2] + " " + colourOf(index)] : row));
}

// Every visible result at its step nearest to the rate; one that ended earlier has none.
function stepsAt(lr) {
  return layout.shown.map((one) => ({...one, step: nearestStep(one.result.curve.lr, lr)}))
    .filter(({result, step}) => Math.abs(Math.log10(result.curve.lr[step] / lr)) < 0.25);
}

function showStep() {
  const group = byId("crosshair");
  group.replaceChildren();
  const {curve} = activeResult();
  readout.hidden = state.step === null || !layout.shown.some(({index}) => index === state.active);
  if (readout.hidden) return plot.removeAttribute("aria-valuetext");
  const lr = curve.lr[state.step], x = layout.x(lr);
  group.append(svg("line", {class: "crosshair", x1: x, x2: x, y1: SIZE.top, y2: layout.bottom}));
  const lines = [el("div", {class: "readout-rate"}, el("b", {}, "lr " + rateText(lr)),
    el("span", {}, "step " + (state.step + 1) + " of " + curve.lr.length))];
  const words = ["lr " + rateText(lr)];
  for (const one of stepsAt(lr)) {
    const rows = valuesAt(one, one.step);
    if (several) lines.push(el("div", {class: "readout-name " + colourOf(one.index)}, one.result.name));
    for (const [label, value, look] of rows) {
      lines.push(el("div", {class: "readout-row"}, el("i", {class: "swatch " + look}), el("span", {}, label), el("b", {}, value)));
    }
    words.push((several ? clean(one.result.name) + ": " : "") + rows.map(([label, value]) => label + " " + value).join(", "));
    for (const kind of kindsPresent) {
      const value = (one.result.curve[kind.key] || [])[one.step];
      if (!isShown(kind.key) || !isNumber(value)) continue;
      const y = (kind.panel === "loss" ? layout.y : layout.ratio)(value);
      const [top, bottom] = kind.panel === "loss" ? [SIZE.top, layout.lossBottom] : [layout.ratioTop, layout.bottom];
      if (y < top - 1 || y > bottom + 1) continue;
      group.append(svg("circle", {class: "at " + kind.key + (several ? " " + colourOf(one.index) : ""),
                                  cx: layout.x(one.result.curve.lr[one.step]), cy: y, r: 4}));
    }
  }
  readout.replaceChildren(...lines);
  // Beside the pointer, on the side that has room.
  const width = readout.offsetWidth, right = x + 14 + width <= layout.width;
  readout.style.left = Math.max(0, Math.min(layout.width - width, right ? x + 14 : x - 14 - width)) + "px";
  readout.style.top = SIZE.top + 6 + "px";
  plot.setAttribute("aria-valuenow", state.step + 1);
  plot.setAttribute("aria-valuetext", words.join("; "));
}

function redraw() {
  const width = Math.max(260, Math.floor(plot.clientWidth));
  const chart = drawChart(width);
  layout = chart.layout;
  plot.replaceChildren(chart.picture, readout);
  plot.setAttribute("aria-label", "Learning rate along the curve" + (several ? " of " + clean(activeResult().name) : ""));
  plot.setAttribute("aria-valuemin", 1);
  plot.setAttribute("aria-valuemax", Math.max(1, activeResult().curve.lr.length));
  if (!plot.hasAttribute("aria-valuenow")) plot.setAttribute("aria-valuenow", 1);
  showStep();
}

function moveTo(step) {
  const last = activeResult().curve.lr.length - 1;
  if (last < 0) return;
  state.step = Math.max(0, Math.min(last, step));
  showStep();
}

// The active result stays where it can be seen.
function activate(index) {
  const lr = state.step === null ? null : activeResult().curve.lr[state.step];
  state.active = index;
  const {curve} = activeResult();
  state.step = lr === null || !curve.lr.length ? null : nearestStep(curve.lr, lr);
  redraw();
  showDetails();
}

function neighbour(direction) {
  const shown = layout.shown.map(({index}) => index);
  const at = shown.indexOf(state.active);
  if (shown.length > 1) activate(shown[(at + direction + shown.length) % shown.length]);
}

function suggestedStep() {
  const {curve, suggestion} = activeResult();
  return isNumber(suggestion.lr) && curve.lr.length ? nearestStep(curve.lr, suggestion.lr) : 0;
}

const keys = {
  ArrowLeft: () => moveTo(state.step === null ? suggestedStep() : state.step - 1),
  ArrowRight: () => moveTo(state.step === null ? suggestedStep() : state.step + 1),
  PageDown: () => moveTo((state.step || 0) - 10),
  PageUp: () => moveTo((state.step || 0) + 10),
  Home: () => moveTo(0),
  End: () => moveTo(Infinity),
  ArrowUp: () => neighbour(-1),
  ArrowDown: () => neighbour(1),
  Escape: () => { state.step = null; showStep(); },
};

function listen() {
  const point = (event) => {
    const box = plot.getBoundingClientRect(), x = event.clientX - box.left - plot.clientLeft;
    if (!layout.shown.length) return;
    const share = (x - layout.left) / (layout.right - layout.left);
    const [low, high] = layout.rates.map(Math.log10);
    if (!layout.shown.some(({index}) => index === state.active)) activate(layout.shown[0].index);
    const {curve} = activeResult();
    if (curve.lr.length) moveTo(nearestStep(curve.lr, 10 ** (low + Math.max(0, Math.min(1, share)) * (high - low))));
  };
  plot.addEventListener("pointermove", point);
  plot.addEventListener("pointerdown", point);
  plot.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && document.activeElement !== plot) keys.Escape();
  });
  plot.addEventListener("focus", () => { if (state.step === null) moveTo(suggestedStep()); });
  plot.addEventListener("blur", keys.Escape);
  plot.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!several && (event.key === "ArrowUp" || event.key === "ArrowDown")) return;
    event.preventDefault();
    keys[event.key]();
  });
  let width = 0;
  new ResizeObserver(() => {
    if (plot.clientWidth === width) return;
    width = plot.clientWidth;
    redraw();
  }).observe(plot);
}
