// What was found, first: one result in large figures, several as a table on one scale.

function headingOf(result) {
  const batch = result.config["batch-size"];
  return [optimizerText(result), isNumber(batch) ? "batch " + batch : "", countText(result.dataset.train_images) + " images"]
    .filter((part) => part && !part.startsWith("0 ")).join(" \u00b7 ");
}

function subjectOf(result) {
  const model = result.model.name, data = baseName(result.dataset.path);
  return [model, data].filter(Boolean).join(" on ") || result.name;
}

function trustBadge(result) {
  const {trusted, lr} = result.suggestion;
  const text = trusted ? "Trusted" : isNumber(lr) ? "Not trusted" : "No suggestion";
  return el("span", {class: "badge " + (trusted ? "good" : "bad")}, text);
}

function showMasthead() {
  const title = several ? results.length + " range tests compared" : subjectOf(results[0]);
  const lines = [el("p", {class: "eyebrow"}, "Learning-rate range test"), el("h1", {}, title)];
  if (!several) lines.push(el("p", {class: "subtitle"}, headingOf(results[0])));
  byId("masthead").append(...lines);
}

function figure(name, value, remark) {
  return el("div", {class: "figure"}, el("dt", {}, name), el("dd", {}, el("b", {}, value), remark && el("span", {}, remark)));
}

// A dot and its interval on a line that goes from one end of a range to the other.
function dotOnLine(x, value, interval) {
  const within = (one) => Math.max(0, Math.min(100, x(one)));
  return svg("svg", {class: "strip", viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true"},
    svg("line", {class: "strip-base", x1: 0, x2: 100, y1: 6, y2: 6}),
    interval && svg("line", {class: "strip-interval", x1: within(interval[0]), x2: within(interval[1]), y1: 6, y2: 6}),
    isNumber(value) && svg("path", {class: "strip-dot", d: "M" + within(value).toFixed(2) + " 6h0"}));
}

const strip = (range, lr, interval) => dotOnLine(scale(range, [2, 98], true), lr > 0 ? lr : null, interval);

const evenStrip = (range, value, deviation) =>
  dotOnLine(scale(range, [4, 96], false), value, isNumber(deviation) && isNumber(value) ? [value - deviation, value + deviation] : null);

// A range of rates with room at both ends.
function spread(rates) {
  const known = rates.filter((rate) => isNumber(rate) && rate > 0);
  if (!known.length) return [1e-3, 1];
  return [least(known) / 1.5, most(known) * 1.5];
}

function intervalText(interval) {
  return interval ? rateText(interval[0]) + " to " + rateText(interval[1]) : NOTHING;
}

function oneOverview(result) {
  const {lr, interval, min_lr: low, max_lr: high, rule} = result.suggestion;
  const value = isNumber(lr) ? rateText(lr) : NOTHING;
  const head = el("div", {class: "answer" + (result.suggestion.trusted ? "" : " untrusted")},
    el("p", {class: "answer-name"}, "Learning rate ", trustBadge(result)),
    el("p", {class: "answer-value"}, el("strong", {id: "answer"}, value), result.suggestion.trusted && isNumber(lr) && copyButton(value, "the learning rate")),
    el("p", {class: "answer-note"}, interval ? "90 % interval " + intervalText(interval) : "no interval",
      rule && " \u00b7 rule " + clean(rule), result.verify && result.verify.unverified && ", then found by training"));
  const uses = el("dl", {class: "figures"},
    isNumber(high) && figure("Peak", rateText(high), "one-cycle, cosine and other decays"),
    isNumber(low) && isNumber(high) && figure("Cycle", rateText(low) + " to " + rateText(high), "triangular schedules"),
    figure("Lowest smoothed loss", lossText(lowestOf(result)), "of " + result.curve.lr.length + " rates"));
  return el("div", {class: "card hero"}, head, uses);
}

function lowestOf(result) {
  const values = (result.curve.smoothed_loss || []).filter(isNumber);
  return values.length ? least(values) : null;
}

function comparison() {
  const range = spread(results.flatMap(({suggestion}) => [suggestion.lr, ...(suggestion.interval || [])]));
  const rows = results.map((result, index) => el("tr", {class: colourOf(index)},
    el("th", {scope: "row"}, el("i", {class: "swatch " + colourOf(index)}), result.name,
      el("small", {}, [result.model.name, optimizerText(result)].filter(Boolean).join(", "))),
    el("td", {class: "number"}, el("b", {}, rateText(result.suggestion.lr))),
    el("td", {class: "wide"}, strip(range, result.suggestion.lr, result.suggestion.interval)),
    el("td", {class: "number"}, intervalText(result.suggestion.interval)),
    el("td", {class: "number"}, rateText(result.suggestion.max_lr)),
    el("td", {class: "number"}, lossText(lowestOf(result))),
    el("td", {}, trustBadge(result))));
  return el("div", {class: "card"}, table("compared", "Suggestions compared",
    ["result", "#lr", "wide:", "#90 % interval", "#peak", "#lowest loss", "trust"], rows));
}

const showOverview = () => byId("overview").append(several ? comparison() : oneOverview(results[0]));
