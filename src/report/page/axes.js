// Scales, ticks and paths.

// From a range of values to a range of pixels.
function scale(values, pixels, logarithmic) {
  const place = logarithmic ? Math.log10 : (value) => value;
  const start = place(values[0]), span = place(values[1]) - start || 1;
  return (value) => pixels[0] + (place(value) - start) / span * (pixels[1] - pixels[0]);
}

// Powers of ten within the range; below two decades also twice and five times those.
function rateTicks([lowest, highest]) {
  const few = highest / lowest < 100, ticks = [];
  for (let exponent = Math.floor(Math.log10(lowest)); exponent <= Math.ceil(Math.log10(highest)); ++exponent) {
    for (const factor of few ? [1, 2, 5] : [1]) {
      const value = factor * 10 ** exponent;
      if (value < lowest * (1 - 1e-9) || value > highest * (1 + 1e-9)) continue;
      ticks.push({value, label: few ? rateText(value) : powerText(exponent)});
    }
  }
  return ticks;
}

// Multiples of 1, 2 or 5 times a power of ten, about `count` of them.
function evenTicks([lowest, highest], count) {
  const rough = (highest - lowest) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) || 10);
  if (!isNumber(step) || step <= 0) return [];
  const ticks = [];
  for (let n = Math.ceil(lowest / step); n * step <= highest && ticks.length <= 3 * count; ++n) {
    ticks.push({value: n * step, label: digits(Number((n * step).toPrecision(6)), 6)});
  }
  return ticks;
}

// Where steps that were measured lie, in pixels; of more than the eye can tell apart the extremes of each column.
function pointsOf(rates, values, x, y) {
  const points = [];
  for (let i = 0; i < rates.length; ++i) {
    if (isNumber(values[i])) points.push([x(rates[i]), y(values[i])]);
  }
  if (points.length < 4000) return points;
  const kept = [];
  for (let i = 0; i < points.length;) {
    let low = points[i], high = points[i], end = i;
    for (; end < points.length && Math.floor(points[end][0]) === Math.floor(points[i][0]); ++end) {
      if (points[end][1] < low[1]) low = points[end];
      if (points[end][1] > high[1]) high = points[end];
    }
    kept.push(...(low[0] < high[0] ? [low, high] : [high, low]));
    i = end;
  }
  return kept;
}

// Far outside the picture, where what is clipped away may be anything.
const coordinate = (value) => Math.max(-1e5, Math.min(1e5, value)).toFixed(1);

const linePath = (points) =>
  points.map(([x, y], i) => (i ? "L" : "M") + coordinate(x) + " " + coordinate(y)).join("");

// Dots are lines of no length with round ends.
const dotPath = (points) => points.map(([x, y]) => "M" + coordinate(x) + " " + coordinate(y) + "h0").join("");

// The step whose rate is nearest to `lr`, on a logarithmic axis.
function nearestStep(rates, lr) {
  let low = 0, high = rates.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (rates[middle] < lr) low = middle;
    else high = middle;
  }
  return Math.abs(Math.log(rates[high] / lr)) < Math.abs(Math.log(rates[low] / lr)) ? high : low;
}
