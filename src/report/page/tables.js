// What else a result holds, each a card that is left out where there is nothing to say.

// Headers: "#" before those of numbers, "wide:" before those of drawings.
function table(id, caption, headers, rows) {
  const heads = headers.map((header) => {
    const wide = header.startsWith("wide:"), number = header.startsWith("#");
    return el("th", {scope: "col", class: wide ? "wide" : number ? "number" : null}, header.replace(/^(wide:|#)/, ""));
  });
  return el("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": caption},
    el("table", {id}, el("caption", {}, caption), el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows)));
}

const cell = (text) => el("td", {}, text);
const number = (text) => el("td", {class: "number"}, text);
const card = (id, title, ...content) => el("section", {class: "card", id, "aria-label": title}, el("h2", {}, title), content);

function filesNote(files, count, what) {
  if (!count) return null;
  const shown = files.slice(0, 20).map((file) => el("li", {}, el("code", {}, file.path), file.error ? " " + clean(file.error) : ""));
  return el("li", {class: "warn"}, countText(count) + (count === 1 ? " image " : " images ") + what,
    el("ul", {class: "files"}, shown, count > shown.length && el("li", {}, "and " + countText(count - shown.length) + " more")));
}

function notesCard(result) {
  const {reasons, trusted} = result.suggestion;
  const items = reasons.map((reason) => el("li", {class: reason.fatal ? "bad" : "warn"}, sentence(reason.message)));
  if (!result.complete && !reasons.some((reason) => reason.code === "incomplete")) {
    items.push(el("li", {class: "bad"}, "The run was interrupted; this is what was measured until then."));
  }
  items.push(filesNote(result.dataset.unreadable, result.dataset.unreadable_count, "could not be read and are left out"),
    filesNote(result.dataset.misnamed, result.dataset.misnamed_count, "of another format than the name says"),
    ...result.dataset.notes.map((note) => el("li", {class: "warn"}, sentence(note))));
  const said = items.filter(Boolean);
  if (!said.length) return null;
  return card("notes", trusted ? "Worth knowing" : "Why it is not trusted", el("ul", {class: "notes"}, said));
}

function rulesCard(result) {
  const rules = rulesOf(result);
  if (!rules.length) return null;
  const range = spread(rules.map(([, lr]) => lr));
  const rows = rules.map(([rule, lr]) => {
    const box = el("input", {type: "checkbox", "aria-label": "Show " + clean(rule) + " in the curve"});
    box.checked = isShown("rules") && !state.hiddenRules.has(rule);
    box.addEventListener("change", () => {
      if (!isShown("rules")) {
        rulesOf(activeResult()).forEach(([other]) => state.hiddenRules.add(other));
        setShown("rules", true);
      }
      state.hiddenRules[box.checked ? "delete" : "add"](rule);
      redraw();
    });
    return el("tr", {class: rule === result.suggestion.rule ? "chosen" : null},
      el("th", {scope: "row"}, el("label", {}, box, rule)), el("td", {class: "wide"}, strip(range, lr, null)), number(rateText(lr)));
  });
  const silent = Object.entries(result.suggestion.by_rule).filter(([, lr]) => !isNumber(lr)).map(([rule]) => clean(rule));
  return card("rules", "What each rule says", table("rules-table", "Rates by rule", ["rule", "wide:", "#lr"], rows),
    silent.length > 0 && el("p", {class: "help"}, "No answer from " + silent.join(", ") + "."));
}

function verifyCard(result) {
  const {verify} = result;
  if (!verify || !Array.isArray(verify.lr_schedules)) return null;
  const groups = verify.lr_schedules.map((schedule, n) => {
    const candidates = Array.isArray(schedule.candidates) ? schedule.candidates : [];
    const accuracies = candidates.map((candidate) => candidate.val_accuracy).filter(isNumber);
    const range = [least(accuracies), most(accuracies)];
    const rows = candidates.map((candidate) => {
      const marks = [candidate.suggested && "suggested", candidate.lr === schedule.best_lr && "best",
                     candidate.lr === schedule.selected_lr && "selected"].filter(Boolean);
      const runs = Array.isArray(candidate.runs) ? candidate.runs.length : 0;
      const spreadText = isNumber(candidate.val_accuracy_std) ? " \u00b1 " + (100 * candidate.val_accuracy_std).toFixed(1) : "";
      return el("tr", {class: marks.includes("selected") || (!schedule.selected_lr && marks.includes("best")) ? "chosen" : null},
        number(rateText(candidate.lr)), number(isNumber(candidate.factor) ? "\u00d7 " + digits(candidate.factor, 3) : NOTHING),
        el("td", {class: "wide"}, evenStrip(range, candidate.val_accuracy, candidate.val_accuracy_std)),
        number(percentText(candidate.val_accuracy) + spreadText), number(lossText(candidate.val_loss)), number(String(runs)),
        cell(candidate.status || NOTHING), cell(marks.map((mark) => el("span", {class: "mark"}, mark))));
    });
    return [el("h3", {}, schedule.lr_schedule, isNumber(schedule.suggested_lr) &&
      el("span", {class: "badge " + (schedule.held ? "good" : "bad")}, schedule.held ? "suggestion held" : "suggestion did not hold")),
      table("verify-" + n, "Short trainings on the schedule " + clean(schedule.lr_schedule),
        ["#lr", "#factor", "wide:", "#accuracy", "#loss", "#runs", "end", "mark"], rows)];
  });
  const facts = [countText(verify.steps) + " steps each", isNumber(verify.val_images) && countText(verify.val_images) + " validation images",
                 verify.complete === false && "interrupted"].filter(Boolean).join(" \u00b7 ");
  return card("verification", "Verified by training", el("p", {class: "help"}, facts), groups);
}

function batchSizesCard(result) {
  const sizes = result.batch_sizes;
  if (!Array.isArray(sizes) || !sizes.length) return null;
  const range = spread(sizes.flatMap((row) => [row.lr, ...(Array.isArray(row.interval) ? row.interval : [])]));
  const rows = sizes.map((row) => el("tr", {class: row.batch_size === result.config["batch-size"] ? "chosen" : null},
    number(countText(row.batch_size)), el("td", {class: "wide"}, strip(range, row.lr, row.interval)), number(rateText(row.lr)),
    number(intervalText(row.interval)), number(rateText(row.max_lr))));
  const exponent = result.batch_exponent;
  return card("batch-sizes", "Batch sizes",
    table("batch-sizes-table", "Rates by batch size", ["#batch size", "wide:", "#lr", "#90 % interval", "#peak"], rows),
    exponent && isNumber(exponent.value) && el("p", {class: "help"}, "The rate grows as batch size ^ " + digits(exponent.value, 3) +
      (Array.isArray(exponent.interval) ? " (" + digits(exponent.interval[0], 3) + " to " + digits(exponent.interval[1], 3) + ")" : "") + "."));
}

function layersCard(result) {
  const {layers} = result;
  if (!Array.isArray(layers) || !layers.length) return null;
  const ratios = layers.map((row) => row.ratio).filter((ratio) => isNumber(ratio) && ratio > 0).sort((a, b) => a - b);
  const middle = ratios[ratios.length >> 1], range = spread(ratios);
  const rows = layers.map((row) => {
    const factor = isNumber(row.ratio) && row.ratio > 0 ? row.ratio / middle : null;
    const odd = factor !== null && (factor > 10 || factor < 0.1);
    return el("tr", {class: odd ? "odd" : null}, el("th", {scope: "row"}, row.name),
      cell(Array.isArray(row.shape) ? row.shape.join(" \u00d7 ") : NOTHING), number(countText(row.parameters)),
      el("td", {class: "wide"}, strip(range, row.ratio, null)), number(digits(row.ratio, 3)),
      number(odd ? "\u00d7 " + digits(factor, 2) : ""), number(rateText(row["lr_at_1e-3"])));
  });
  return card("layers", "Layers", el("p", {class: "help"}, "Size of an update over the size of the weights, at the suggested rate."),
    table("layers-table", "Update to weight by layer", ["layer", "shape", "#weights", "wide:", "#ratio", "#of median", "#lr at 1e-3"], rows));
}

function trialsCard(result) {
  if (result.trials.length < 2) return null;
  const range = spread(result.trials.map((trial) => trial.suggested_lr));
  const rows = result.trials.map((trial, i) => el("tr", {}, number(String(i + 1)), number(String(trial.seed)), cell(trial.stopped),
    number(String(trial.lr.length)), number(rateText(trial.suggested_lr)), el("td", {class: "wide"}, strip(range, trial.suggested_lr, null))));
  return card("trials", "Trials", table("trials-table", "Trials", ["#trial", "#seed", "end", "#steps", "#lr", "wide:"], rows));
}

function listed(pairs) {
  return el("dl", {class: "facts"}, pairs.filter(([, value]) => value !== null && value !== "" && value !== undefined)
    .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

function folded(title, ...content) {
  return el("details", {}, el("summary", {}, title), content);
}

function plainValue(value) {
  if (typeof value === "string") return value;
  return value === null ? NOTHING : JSON.stringify(value);
}

function setupCard(result) {
  const {dataset, model, tool, timing, config} = result;
  const program = result.program && Array.isArray(result.program.command) ? result.program.command.join(" ") : "";
  const classes = dataset.classes.map((name, i) => el("li", {}, name,
    isNumber(dataset.class_counts[i]) && el("span", {}, countText(dataset.class_counts[i]))));
  return card("setup", "How it was measured",
    result.command && el("div", {class: "command"}, el("pre", {tabindex: 0, "aria-label": "Command that measures this again"},
      el("code", {id: "command"}, result.command)), copyButton(result.command, "the command")),
    listed([
      ["File", result.name], ["Data", dataset.path], ["Format", dataset.format], ["Program", program],
      ["Images", dataset.train_images ? countText(dataset.train_images) + " to train on, " + countText(dataset.val_images) + " held out" : ""],
      ["Network", program && !model.parameters ? "" : model.name + (model.parameters ? ", " + countText(model.parameters) + " weights" : "")],
      ["Device", [tool.device, tool.threads ? tool.threads + (tool.threads === 1 ? " thread" : " threads") : "",
                  tool.ranks > 1 ? tool.ranks + " processes" : ""].filter(Boolean).join(", ")],
      ["Took", isNumber(timing.total_s) ? secondsText(timing.total_s) : ""],
      ["Versions", [["lrfind", tool.version], ["LibTorch", tool.libtorch], ["OpenCV", tool.opencv]]
        .filter(([, version]) => version).map(([name, version]) => name + " " + version).join(", ")],
    ]),
    classes.length > 0 && folded(countText(dataset.classes_count) + " classes", el("ul", {class: "classes"}, classes,
      dataset.classes_count > classes.length && el("li", {}, "and " + countText(dataset.classes_count - classes.length) + " more"))),
    Object.keys(config).length > 0 && folded("Every option", listed(Object.entries(config).map(([key, value]) => [key, plainValue(value)]))),
    Object.values(timing).some(isNumber) && folded("Time", listed(Object.entries(timing).filter(([, value]) => isNumber(value))
      .map(([key, value]) => (key.endsWith("_s") && key !== "images_per_s" ? [key.slice(0, -2).replaceAll("_", " "), secondsText(value)]
        : [key.replace("_per_s", " per second"), digits(value, 3)])))));
}

// Sections that lrfind passes on unread may hold anything; one of another shape is said to be so, and costs no other.
function cardOr(make, title, result) {
  try {
    return make(result);
  } catch (problem) {
    return card("unknown-" + make.name, title, el("p", {class: "help"}, "This part of the result is of a shape that is not known."));
  }
}

function showDetails() {
  const result = activeResult();
  const cards = [[notesCard, "Notes"], [verifyCard, "Verified by training"], [batchSizesCard, "Batch sizes"], [rulesCard, "Rules"],
                 [trialsCard, "Trials"], [layersCard, "Layers"], [setupCard, "How it was measured"]]
    .map(([make, title]) => cardOr(make, title, result));
  byId("details").replaceChildren(...cards.filter(Boolean));
  for (const box of document.querySelectorAll("#chooser input")) box.checked = Number(box.value) === state.active;
}
