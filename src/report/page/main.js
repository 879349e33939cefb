// Switches, and the page put together.

// A labelled box with the colour of what it switches.
function toggle(label, look, checked, change) {
  const box = el("input", {type: "checkbox"});
  box.checked = checked;
  box.addEventListener("change", () => change(box.checked));
  return el("label", {class: "switch"}, box, look && el("i", {class: "swatch " + look}), el("span", {}, label));
}

function setShown(key, shown) {
  state.shown[shown ? "add" : "delete"](key);
  for (const box of document.querySelectorAll("#series-switches input")) {
    if (box.parentNode.dataset.key === key) box.checked = shown;
  }
  redraw();
}

function addSwitch(key, label, look) {
  const made = toggle(label, look, isShown(key), (checked) => {
    if (key === "rules") state.hiddenRules.clear();
    setShown(key, checked);
    if (key === "rules") showDetails();
  });
  made.dataset.key = key;
  byId("series-switches").append(made);
}

function showSwitches() {
  for (const kind of kindsPresent) addSwitch(kind.key, kind.label, several ? null : kind.key);
  if (results.some(({suggestion}) => isNumber(suggestion.lr))) addSwitch("suggestion", "Suggestion", several ? null : "suggestion");
  if (results.some((result) => rulesOf(result).length)) addSwitch("rules", "Rules", several ? null : "rules");
  addSwitch("whole", "Full range");
  if (!several) return;
  byId("plot-help-results").hidden = false;
  byId("result-switches").hidden = false;
  results.forEach((result, index) => byId("result-switches").append(toggle(result.name, colourOf(index), true, (checked) => {
    state.results[index] = checked;
    redraw();
  })));
}

// Of several results, whose tables are shown.
function showChooser() {
  if (!several) return;
  const choices = results.map((result, index) => {
    const box = el("input", {type: "radio", name: "active", value: index, onchange: () => activate(index)});
    return el("label", {class: "choice"}, box, el("i", {class: "swatch " + colourOf(index)}), el("span", {}, result.name));
  });
  byId("chooser").append(el("fieldset", {class: "switches"}, el("legend", {}, "Details of"), choices));
}

function showColophon() {
  const {version} = results[0].tool;
  byId("colophon").append(el("p", {}, "Made by ", el("b", {}, "lrfind"), version && " " + clean(version),
    " with ", el("code", {}, "lrfind plot"), ". Range test: L. N. Smith 2015, arXiv:1506.01186."));
}

showMasthead();
showOverview();
showChooser();
showDetails();
if (results.some(({curve}) => curve.lr.length)) {
  byId("curves").hidden = false;
  if (several) byId("curves").classList.add("several");
  showSwitches();
  redraw();
  listen();
} else {
  byId("overview").append(el("p", {class: "card help"}, "No step was measured, so there is no curve."));
}

// On paper everything is open.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const part of opened) part.open = true;
});
addEventListener("afterprint", () => {
  for (const part of opened) part.open = false;
});
