// The curves: losses above, ratios below, on one axis of rates.

const SIZE = {left: 54, right: 16, top: 46, gap: 22, bottom: 44, ratio: 120};

const isShown = (key) => state.shown.has(key);

function rangeOver(list) {
  const ranges = list.filter(Boolean);
  return ranges.length ? [least(ranges.map((r) => r[0])), most(ranges.map((r) => r[1]))] : [0, 1];
}

function wholeRange(shown) {
  let low = Infinity, high = -Infinity;
  for (const {result} of shown) {
    for (const kind of kindsPresent) {
      if (kind.panel !== "loss" || !isShown(kind.key)) continue;
      const curves = kind.key === "trials" ? result.trials.map((trial) => trial.loss) : [result.curve[kind.key] || []];
      for (const value of curves.flat()) {
        if (!isNumber(value) || Math.abs(value) > 1e300) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
  }
  return low < high ? [low - 0.03 * (high - low), high + 0.03 * (high - low)] : [low - 1, high + 1];
}

// Everything that places a value: made anew whenever something is switched or the window changes.
function layoutOf(width) {
  const all = visibleResults(), shown = all.filter(({result}) => result.curve.lr.length > 0);
  const losses = isShown("whole") && shown.length ? wholeRange(shown)
    : rangeOver(shown.map(({result}) => (isShown("loss") || isShown("probe_loss") ? result.loss_range : result.smoothed_range)));
  const ratios = kindsPresent.some((kind) => kind.panel === "ratio" && isShown(kind.key));
  const rates = rangeOver(shown.map(({result}) => result.rate_range));
  const narrow = width < 560;
  const left = narrow ? 42 : SIZE.left, right = width - (narrow ? 10 : SIZE.right);
  const lossBottom = SIZE.top + (narrow ? 230 : 340);
  const ratioTop = lossBottom + SIZE.gap;
  const bottom = ratios ? ratioTop + SIZE.ratio : lossBottom;
  return {
    shown, ratios, rates: rates[0] > 0 ? rates : [1e-7, 10], losses, narrow, width, left, right, lossBottom, ratioTop, bottom,
    height: bottom + SIZE.bottom,
    x: scale(rates[0] > 0 ? rates : [1e-7, 10], [left, right], true),
    y: scale(losses, [lossBottom, SIZE.top], false),
    ratio: scale([-0.25, 1.25], [bottom, ratioTop], false),
  };
}

function clip(id, top, bottom, layout) {
  return svg("clipPath", {id}, svg("rect", {x: layout.left, y: top, width: layout.right - layout.left, height: Math.max(0, bottom - top)}));
}

function axes(layout) {
  const parts = [];
  const apart = Math.ceil(52 * Math.log10(layout.rates[1] / layout.rates[0]) / (layout.right - layout.left));
  for (const [i, tick] of rateTicks(layout.rates).entries()) {
    const x = layout.x(tick.value);
    parts.push(svg("line", {class: "grid", x1: x, x2: x, y1: SIZE.top, y2: layout.lossBottom}));
    if (layout.ratios) parts.push(svg("line", {class: "grid", x1: x, x2: x, y1: layout.ratioTop, y2: layout.bottom}));
    if (i % Math.max(1, apart) === 0) {
      parts.push(svg("text", {class: "tick", x, y: layout.bottom + 18, "text-anchor": "middle"}, tick.label));
    }
  }
  const across = (place, tick) => {
    const y = place(tick.value);
    parts.push(svg("line", {class: "grid", x1: layout.left, x2: layout.right, y1: y, y2: y}),
      svg("text", {class: "tick", x: layout.left - 8, y: y + 4, "text-anchor": "end"}, tick.label));
  };
  evenTicks(layout.losses, 6).forEach((tick) => across(layout.y, tick));
  if (layout.ratios) [0, 0.5, 1].forEach((value) => across(layout.ratio, {value, label: String(value)}));
  parts.push(svg("text", {class: "axis", x: layout.right, y: layout.bottom + 36, "text-anchor": "end"}, "learning rate"),
    svg("text", {class: "axis", x: 2, y: SIZE.top - 12}, "loss"));
  if (layout.ratios) parts.push(svg("text", {class: "axis", x: 2, y: layout.ratioTop - 8}, "ratio"));
  return svg("g", {}, parts);
}

function curveParts(kind, {result, index}, layout) {
  const place = kind.panel === "loss" ? layout.y : layout.ratio;
  const look = "series " + kind.key + (several ? " " + colourOf(index) : "");
  if (kind.key === "trials") {
    return result.trials.map((trial) =>
      svg("path", {class: look, d: linePath(pointsOf(trial.lr, trial.loss, layout.x, place))}));
  }
  const points = pointsOf(result.curve.lr, result.curve[kind.key] || [], layout.x, place);
  const dots = kind.dots || points.length === 1;
  return [svg("path", {class: look + (dots ? " dots" : ""), d: dots ? dotPath(points) : linePath(points)})];
}

// The suggestion's line, its interval and bounds, in every panel.
function suggestionParts({result, index}, layout) {
  const {lr, interval, min_lr: low, max_lr: high, trusted} = result.suggestion;
  const look = (several ? colourOf(index) : "suggested") + (trusted ? "" : " untrusted");
  const upright = (rate, name) => svg("line",
    {class: name + " " + look, x1: layout.x(rate), x2: layout.x(rate), y1: SIZE.top, y2: layout.bottom});
  const parts = [];
  if (interval) {
    const from = layout.x(interval[0]), to = layout.x(interval[1]);
    parts.push(svg("rect", {class: "interval " + look, x: from, y: SIZE.top, width: Math.max(1, to - from),
                            height: layout.bottom - SIZE.top}));
  }
  if (!several) [low, high].filter(isNumber).forEach((rate) => parts.push(upright(rate, "bound")));
  if (isNumber(lr)) parts.push(upright(lr, "rate"));
  return parts;
}

// A label at a rate that stays within the picture: its text and where it reaches from and to.
function labelAt(layout, rate, text, anchor) {
  const width = 7 * text.length, before = anchor === "end" ? width : anchor === "middle" ? width / 2 : 0;
  const x = Math.max(layout.left + before, Math.min(layout.right + 8 - width + before, layout.x(rate)));
  return {x, from: x - before, to: x - before + width};
}

function suggestionLabels({result}, layout) {
  const {lr, min_lr: low, max_lr: high, trusted} = result.suggestion;
  const label = (rate, name, look, y, anchor) => {
    if (!isNumber(rate)) return null;
    const text = name + " " + rateText(rate);
    return svg("text", {class: look, x: labelAt(layout, rate, text, anchor).x, y, "text-anchor": anchor}, text);
  };
  return [label(lr, "lr", "rate-label" + (trusted ? "" : " untrusted"), SIZE.top - 26, "middle"),
    label(low, "min", "bound-label", SIZE.top - 8, "end"), label(high, "max", "bound-label", SIZE.top - 8, "start")];
}

// Of several results the rates alone, in their colours, in two rows; one that finds no room has none.
function overlayLabels(layout) {
  const ends = [-Infinity, -Infinity];
  const rated = layout.shown.filter(({result}) => isNumber(result.suggestion.lr))
    .sort((a, b) => a.result.suggestion.lr - b.result.suggestion.lr);
  return rated.map(({result, index}) => {
    const text = rateText(result.suggestion.lr), place = labelAt(layout, result.suggestion.lr, text, "middle");
    const row = ends.findIndex((end) => end < place.from - 4);
    if (row < 0) return null;
    ends[row] = place.to;
    return svg("text", {class: "overlay-label " + colourOf(index), x: place.x, y: SIZE.top - 8 - 17 * row, "text-anchor": "middle"}, text);
  });
}

// Rules that say the same rate share a point.
function ruleGroups(result) {
  const groups = [];
  for (const [rule, lr] of rulesOf(result)) {
    if (state.hiddenRules.has(rule)) continue;
    const last = groups[groups.length - 1];
    if (last && Math.abs(Math.log(last.lr / lr)) < 1e-6) last.rules.push(clean(rule));
    else groups.push({lr, rules: [clean(rule)]});
  }
  return groups;
}

function ruleLabel(rules, room) {
  const all = rules.join(", ");
  return rules.length === 1 || all.length <= room ? all : rules[0] + " + " + (rules.length - 1);
}

// Each a point on the smoothed curve, with its name below in the first lane where there is room.
function ruleParts({result, index}, layout) {
  const rates = result.curve.lr, smoothed = result.curve.smoothed_loss || [];
  const named = layout.shown.length === 1, lanes = [], parts = [];
  for (const {lr, rules} of rates.length ? ruleGroups(result) : []) {
    const x = layout.x(lr), value = smoothed[nearestStep(rates, lr)];
    const y = Math.max(SIZE.top, Math.min(layout.lossBottom, layout.y(isNumber(value) ? value : layout.losses[0])));
    if (named) {
      const text = ruleLabel(rules, layout.narrow ? 14 : 44), half = text.length * 3.3 + 6;
      const middle = Math.max(layout.left + half, Math.min(layout.right - half, x));
      let lane = lanes.findIndex((end) => end < middle - half);
      if (lane < 0) lane = lanes.length;
      lanes[lane] = middle + half;
      const base = layout.lossBottom - 10 - 15 * lane;
      parts.push(svg("line", {class: "rule-stem", x1: x, x2: x, y1: y, y2: Math.max(y, base - 11)}),
        svg("text", {class: "rule-label", x: middle, y: base, "text-anchor": "middle"}, text));
    }
    parts.push(svg("circle", {class: "rule" + (several ? " " + colourOf(index) : ""), cx: x, cy: y, r: 4.5}));
  }
  return parts;
}

function drawChart(width) {
  const layout = layoutOf(width);
  const drawn = {loss: [], ratio: []};
  for (const kind of kindsPresent) {
    if (!isShown(kind.key)) continue;
    for (const one of layout.shown) drawn[kind.panel].push(...curveParts(kind, one, layout));
  }
  const marks = isShown("suggestion") ? layout.shown.flatMap((one) => suggestionParts(one, layout)) : [];
  const labels = !isShown("suggestion") ? [] : several ? overlayLabels(layout) : layout.shown.flatMap((one) => suggestionLabels(one, layout));
  const rules = isShown("rules") ? layout.shown.flatMap((one) => ruleParts(one, layout)) : [];
  const picture = svg("svg", {width, height: layout.height, viewBox: "0 0 " + width + " " + layout.height, "aria-hidden": "true"},
    svg("defs", {}, clip("loss-panel", SIZE.top, layout.lossBottom, layout), clip("ratio-panel", layout.ratioTop, layout.bottom, layout),
      clip("both-panels", SIZE.top, layout.bottom, layout)),
    axes(layout),
    svg("g", {"clip-path": "url(#both-panels)"}, marks),
    svg("g", {"clip-path": "url(#loss-panel)"}, drawn.loss),
    svg("g", {"clip-path": "url(#ratio-panel)"}, drawn.ratio),
    svg("g", {}, labels, rules),
    svg("g", {id: "crosshair"}));
  if (!layout.shown.length) {
    picture.append(svg("text", {class: "axis", x: width / 2, y: (SIZE.top + layout.lossBottom) / 2, "text-anchor": "middle"},
      "no result is shown"));
  }
  return {picture, layout};
}
