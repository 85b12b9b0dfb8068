// Flamegraphs, of one case or of the difference between two: bytes held at the peak, seconds of a profiled call.
const treeOf = (key, side, into) => {
  const stacks = data?.flames?.cases[key] ?? [];
  for (let i = 0; i < stacks.length; i += 2) {
    let at = into;
    at.weight[side] += stacks[i + 1];
    for (const number of stacks[i]) {
      if (!at.below.has(number)) { at.below.set(number, { name: data.flames.frames[number], weight: [0, 0], below: new Map() }); }
      at = at.below.get(number);
      at.weight[side] += stacks[i + 1];
    }
  }
  return stacks.length > 0;
};
// One bar per frame, the outermost above; as wide as both sides together, coloured by whose it is.
const flame = (kind, op, payload, base, codec) => {
  const top = { name: `${op} ${payload}`, weight: [0, 0], below: new Map() };
  const two = base !== codec;
  const sides = two ? [base, codec] : [base];
  const known = sides.map((name, side) => treeOf(`${kind}|${op}|${payload}|${name}`, side, top));
  const sum = ({ weight }) => weight[0] + weight[1];
  const whole = sum(top);
  if (known.includes(false) || !whole) { return null; }
  const show = kind === "CPU" ? seconds : bytes;
  const both = ([a, b]) => (two ? `${show(a)} with ${base}, ${show(b)} with ${codec}` : show(a));
  const figure = element("figure", undefined, "flame");
  const what = kind === "CPU" ? "seconds of a profiled call" : "bytes held at the peak";
  const caption = element("figcaption", `${kind} of ${op}: ${what}`);
  if (two) {
    for (const [name, share] of [[base, "100%"], [codec, "0%"]]) {
      const sign = element("span", name, "key");
      sign.style.setProperty("--share", share);
      caption.append(" ", sign);
    }
  }
  const rows = element("div", undefined, "rows");
  rows.setAttribute("role", "img");
  let deepest = 0;
  const draw = (node, left, depth) => {
    const width = sum(node) / whole;
    if (width < 0.002) { return; }
    deepest = Math.max(deepest, depth);
    const bar = element("span", node.name);
    const share = two ? Math.round((100 * node.weight[0]) / sum(node)) : 0;
    bar.title = `${node.name}: ${both(node.weight)}`;
    bar.style.cssText = `left:${100 * left}%;width:${100 * width}%;top:${1.3 * depth}rem;--share:${share}%`;
    rows.append(bar);
    let at = left;
    for (const child of [...node.below.values()].sort((a, b) => sum(b) - sum(a))) {
      draw(child, at, depth + 1);
      at += sum(child) / whole;
    }
  };
  draw(top, 0, 0);
  rows.style.height = `${1.3 * (deepest + 1)}rem`;
  const apart = ({ weight }) => Math.abs(weight[0] - weight[1]);
  const most = [...top.below.values()].sort((a, b) => apart(b) - apart(a))[0];
  rows.setAttribute("aria-label", `${both(top.weight)}. ${most ? `Most in ${most.name}: ${both(most.weight)}.` : ""}`);
  figure.append(caption, rows);
  return figure;
};
for (const place of document.querySelectorAll("[data-flame]")) {
  const { payload, base, to } = place.dataset;
  const drawn = flame("memory", place.dataset.flame, payload, base, to);
  if (drawn) { place.replaceChildren(drawn); }
}
