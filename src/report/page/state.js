// The results, and what of them is shown.

const results = JSON.parse(byId("results").textContent);
const several = results.length > 1;

const kinds = [
  {key: "loss", label: "Batch loss", panel: "loss", dots: true},
  {key: "trials", label: "Trials", panel: "loss", off: true},
  {key: "smoothed_loss", label: "Smoothed", panel: "loss"},
  {key: "probe_loss", label: "Probe loss", panel: "loss"},
  {key: "val_loss", label: "Validation loss", panel: "loss"},
  {key: "alignment", label: "Alignment", panel: "ratio"},
  {key: "gain_ratio", label: "Gain ratio", panel: "ratio"},
  {key: "val_accuracy", label: "Validation accuracy", panel: "ratio"},
];

const measured = (result, key) => (result.curve[key] || []).some(isNumber);

function present(result, kind) {
  if (kind.key === "trials") return result.trials.length > 1 && result.trials.some((trial) => trial.loss.some(isNumber));
  return measured(result, kind.key);
}

const rulesOf = (result) =>
  Object.entries(result.suggestion.by_rule).filter(([, lr]) => isNumber(lr) && lr > 0).sort((a, b) => a[1] - b[1]);

const kindsPresent = kinds.filter((kind) => results.some((result) => present(result, kind)));

const state = {
  active: 0,              // whose details are shown, and along whose curve the keys move
  step: null,             // of the active result, that is read out
  results: results.map(() => true),
  shown: new Set(kindsPresent.filter((kind) => !kind.off && (!several || kind.key === "smoothed_loss"))
    .map((kind) => kind.key).concat("suggestion")),
  hiddenRules: new Set(),
};
state.active = Math.max(0, results.findIndex((result) => result.curve.lr.length > 0));
// With nothing to smooth there is at least what was measured.
if (several && !kindsPresent.some((kind) => kind.key === "smoothed_loss")) state.shown.add("loss");

const activeResult = () => results[state.active];
const visibleResults = () => results.map((result, index) => ({result, index})).filter(({index}) => state.results[index]);
const colourOf = (index) => "result-" + index % 7;

const optimizerText = (result) => (typeof result.config.optimizer === "string" ? result.config.optimizer : "");

function baseName(path) {
  const parts = String(path).split("/").filter(Boolean);
  return parts.length ? parts[parts.length - 1] : String(path);
}
