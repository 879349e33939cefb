// Text and elements. Nothing from a result is ever parsed as markup: it becomes a text node or an attribute's value.

const NOTHING = "\u2013";

// What cannot be seen or turns the direction of text is shown by its number, so that a name reads as what it is.
const clean = (text) => String(text).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) =>
  "\\u{" + character.codePointAt(0).toString(16) + "}");

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : clean(child));
  }
  return node;
}

const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

const byId = (id) => document.getElementById(id);

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

// Of any number of values: spread over a call's arguments, too many would end the script.
const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
const most = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);

function digits(value, count) {
  if (!isNumber(value)) return NOTHING;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e6) return String(Number(value.toPrecision(count)));
  return Number(value.toPrecision(count)).toExponential().replace("e+", "e");
}

const rateText = (lr) => digits(lr, 3);
const lossText = (loss) => digits(loss, 4);
const countText = (count) => (isNumber(count) ? count.toLocaleString("en-US") : NOTHING);
const percentText = (share) => (isNumber(share) ? (100 * share).toFixed(1) + "\u00a0%" : NOTHING);

function secondsText(seconds) {
  if (!isNumber(seconds)) return NOTHING;
  if (seconds < 60) return digits(seconds, 3) + " s";
  const whole = Math.round(seconds);
  const two = (n) => String(n).padStart(2, "0");
  return whole < 3600 ? Math.floor(whole / 60) + ":" + two(whole % 60) + " min"
    : Math.floor(whole / 3600) + ":" + two(Math.floor(whole / 60) % 60) + " h";
}

function sentence(text) {
  const plain = String(text);
  const stop = plain && !/[.!?]$/.test(plain) ? "." : "";
  return plain.charAt(0).toUpperCase() + plain.slice(1) + stop;
}

// 10 to the power of a whole number, as on paper.
const powerText = (exponent) =>
  "10" + String(exponent).replace("-", "\u207b").replace(/\d/g, (digit) => "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"[digit]);

// A button that puts text on the clipboard.
function copyButton(text, what) {
  const button = el("button", {type: "button", class: "copy", "aria-label": "Copy " + what}, "Copy");
  button.addEventListener("click", async () => {
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = el("textarea", {readonly: true, class: "away"});
      area.value = text;
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
    }
    button.textContent = done ? "Copied" : "Select it by hand";
    setTimeout(() => { button.textContent = "Copy"; }, 1600);
  });
  return button;
}
