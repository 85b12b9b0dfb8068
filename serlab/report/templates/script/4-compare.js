// Any two codecs, and any baseline.
const setBaseline = (base) => {
  for (const named of document.querySelectorAll("[data-baseline]")) { named.textContent = base; }
  for (const cell of document.querySelectorAll("[data-codec]")) {
    const { payload, codec } = cell.dataset;
    const ratio = ratioOf(payload, base, codec, 0);
    cell.textContent = codec === base ? (cell.closest("td") ? `is ${base}` : "the same") : ratio ? told(ratio) : "–";
    const parent = cell.closest("td");
    if (parent) { if (ratio) { parent.dataset.sort = ratio[0]; } else { delete parent.dataset.sort; } }
  }
  for (const sorter of document.querySelectorAll("#answer-table button.sort")) {
    if (sorter.textContent.startsWith("time against ")) { sorter.textContent = `time against ${base}`; }
  }
};

const drawComparison = (place, payload, base, codec) => {
  const [one, two] = [data.figures[payload][base], data.figures[payload][codec]];
  const ratios = [0, 1, 2].map((which) => ratioOf(payload, base, codec, which));
  const table = element("table");
  table.append(element("caption", `${payload}: from ${base} to ${codec}`));
  const head = table.createTHead().insertRow();
  for (const text of ["", base, codec, "change"]) { head.append(element("th", text)); }
  const body = table.createTBody();
  const line = (name, was, is, show, change) => {
    if (was === null && is === null) { return; }
    const row = body.insertRow();
    row.append(element("th", name));
    for (const value of [was, is]) { row.append(element("td", value === null ? "–" : show(value), "number")); }
    row.append(element("td", change, "number"));
  };
  const times = (ratio) => (base === codec ? "the same" : ratio ? told(ratio) : "–");
  const factor = (was, is) => (was && is ? (was === is ? "the same" : was > is ? `${digits(was / is)}× less` : `${digits(is / was)}× more`) : "–");
  line("whole call: means, ratio of p50s", one.call, two.call, seconds, times(ratios[0]));
  line("encode alone", one.encode, two.encode, seconds, times(ratios[1]));
  line("decode alone", one.decode, two.decode, seconds, times(ratios[2]));
  line("request", one.request, two.request, bytes, factor(one.request, two.request));
  line("response", one.response, two.response, bytes, factor(one.response, two.response));
  line("peak of encode", one.encode_peak, two.encode_peak, bytes, factor(one.encode_peak, two.encode_peak));
  line("peak of decode", one.decode_peak, two.decode_peak, bytes, factor(one.decode_peak, two.decode_peak));
  const scroll = element("div", undefined, "scroll");
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", `${base} and ${codec} side by side`);
  scroll.append(table);
  const parts = [scroll];
  if (one.stages && two.stages) {
    // The waterfall: the base's call, what each stage adds or saves, the other's call.
    const steps = [["0", one.call, 0, base, "--grey"]];
    let at = one.call;
    ["encode", "send + server + receive", "decode"].forEach((name, i) => {
      const change = two.stages[i] - one.stages[i];
      steps.push([name, Math.abs(change), Math.min(at, at + change), `${name} ${change > 0 ? "costs" : "saves"}`, change > 0 ? "--vermillion" : "--green"]);
      at += change;
    });
    steps.push(["1", two.call, 0, codec, "--grey"]);
    const whole = Math.max(...steps.map((step) => step[1] + step[2]));
    const water = element("div", undefined, "water");
    for (const [, length, start, label, colour] of steps) {
      const bar = element("div", undefined, "bar");
      const filled = element("span");
      filled.style.left = `${100 * Math.max(0, start) / whole}%`;
      filled.style.width = `${100 * length / whole}%`;
      filled.style.background = `var(${colour})`;
      bar.append(filled);
      water.append(element("span", label), bar, element("span", seconds(length)));
    }
    parts.push(water);
  }
  for (const kind of ["memory", "CPU"]) {
    for (const op of ["encode", "decode", "decode (content)", "decode (values)"]) {
      const drawn = flame(kind, op, payload, base, codec);
      if (drawn) { parts.push(drawn); }
    }
  }
  const links = element("ul", undefined, "evidence");
  const add = (title, ...targets) => {
    const line = element("li", `${title}: `);
    for (const [i, [text, href]] of targets.entries()) {
      const made = element("a", text);
      made.href = href;
      line.append(i ? ", " : "", made);
    }
    links.append(line);
    return line;
  };
  for (const [name, found] of base === codec ? [[base, one]] : [[base, one], [codec, two]]) {
    for (const [op, targets] of Object.entries(found.files)) {
      if (targets.length) { add(`${op} with ${name}`, ...targets); }
    }
  }
  const drawn = data.diffs[`diff--${base}--${codec}--${payload}`];
  if (drawn) {
    add("both line by line", ["difference of their memory", drawn]);
  } else if (base !== codec && one.encode_peak !== null) {
    add("both line by line").append(element("code", `serlab memory ${data.run} --diff ${base} ${codec} --payload ${payload}`));
  }
  parts.push(links);
  place.replaceChildren(...parts);
};

if (data && data.figures) {
  const compare = document.querySelector(".compare");
  const payloads = Object.keys(data.figures);
  const has = (list, ...names) => names.find((name) => list.includes(name));
  const against = document.getElementById("baseline");
  if (compare && payloads.length) {
    const boxes = ["payload", "from", "to"].map((name) => compare.querySelector(`[data-choice="${name}"]`));
    const [payloadBox, baseBox, codecBox] = boxes;
    shows(() => {
      options(payloadBox, payloads, has(payloads, state.get("payload"), payloads[payloads.length - 1]));
      const codecs = Object.keys(data.figures[payloadBox.value]);
      const [base, codec] = data.usual[payloadBox.value];
      options(baseBox, codecs, has(codecs, state.get("of"), state.get("from"), state.get("against"), base));
      options(codecBox, codecs, has(codecs, state.get("of"), state.get("to"), codec));
      drawComparison(compare.querySelector(".result"), payloadBox.value, baseBox.value, codecBox.value);
    });
    compare.hidden = false;
    for (const box of boxes) {
      box.addEventListener("change", () => {
        keep("of", "");  // a link to one codec's own flamegraphs says just that
        for (const one of boxes) { keep(one.dataset.choice, one.value); }
        for (const shower of showers) { shower(); }
      });
    }
  }
  if (against && data.weighed.length > 1 && document.querySelector("[data-codec]")) {
    document.getElementById("baseline-label").hidden = false;
    let now = data.baseline;
    shows(() => {
      options(against, data.weighed, has(data.weighed, state.get("against"), data.baseline));
      if (against.value !== now) { now = against.value; setBaseline(now); }
    });
    against.addEventListener("change", () => {
      now = against.value;
      setBaseline(now);
      keep("against", now, data.baseline);
    });
  }
}
