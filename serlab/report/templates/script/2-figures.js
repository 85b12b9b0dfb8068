// Figures as units.py in Python shows them. A ratio is [median, low, high, processes, is a range]
// of base ÷ codec, above 1 where it takes less.
const data = JSON.parse(document.getElementById("data").textContent);
const digits = (value) => {
  const shown = Math.abs(Number(value.toPrecision(3)));
  const places = shown >= 100 ? 0 : shown >= 10 ? 1 : 2;
  return value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });
};
const scaled = (value, steps) => {
  const [factor, unit] = steps.find(([at]) => Math.abs(value) >= at) || steps[steps.length - 1];
  return `${digits(value / factor)} ${unit}`;
};
const seconds = (value) => scaled(value, [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]]);
const bytes = (value) => value >= 10240
  ? scaled(value, [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [1024, "KiB"]]) : `${Math.round(value).toLocaleString("en")} B`;
const inverse = (ratio) => ratio && [1 / ratio[0], 1 / ratio[2], 1 / ratio[1], ratio[3], ratio[4]];
const ratioOf = (payload, base, codec, which) => {
  const known = data.ratios[payload] || {};
  return known[base]?.[codec]?.[which] ?? inverse(known[codec]?.[base]?.[which]) ?? null;
};
// As units.carried in Python: digits down to the first that the nearer bound makes uncertain.
const placed = (value, place) => {
  if (place === null) { return digits(value); }
  const places = Math.max(0, Math.min(2, -place));
  const rounded = place > 0 ? Math.round(value / 10 ** place) * 10 ** place : value;
  return rounded.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });
};
const carried = ([median, low, high]) => {
  const halves = [high - median, median - low].filter((half) => half > 0);
  if (!halves.length) { return null; }
  const half = Math.min(...halves);
  const last = Math.floor(Math.log10(half));
  return Math.max(half / 10 ** last < 3.545 ? last - 1 : last, Math.floor(Math.log10(Number(median.toPrecision(3)))) - 2);
};
const told = (ratio) => {
  const one = (value) => {
    const [median, low, high] = value.slice(0, 3).map((number) => placed(number, carried(value)));
    return `${median}× [${low}, ${high}]`;
  };
  if (ratio[3] === 1) { return `${digits(ratio[0])}× (one process): no verdict`; }
  if (ratio[4]) {
    const [median, low, high] = ratio.slice(0, 3).map((number) => placed(number, carried(ratio)));
    return `${median}× (range ${low} to ${high} of ${ratio[3]}): no verdict`;
  }
  if (ratio[1] <= 1 && ratio[2] >= 1) { return `too close to call (${one(ratio)})`; }
  return ratio[0] >= 1 ? `${one(ratio)} less` : `${one(inverse(ratio))} more`;
};
