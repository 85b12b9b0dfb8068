(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");

  // Theme: auto follows the system; a choice is kept where the browser lets a local file keep one.
  const themes = ["auto", "light", "dark"];
  const button = document.getElementById("theme");
  const remember = (value) => { try { localStorage.setItem("serlab-theme", value); } catch { /* not kept */ } };
  const remembered = () => { try { return localStorage.getItem("serlab-theme"); } catch { return null; } };
  const setTheme = (value) => {
    if (value === "auto") { root.removeAttribute("data-theme"); } else { root.setAttribute("data-theme", value); }
    if (button) { button.querySelector("span").textContent = value; }
  };
  let theme = themes.includes(remembered()) ? remembered() : "auto";
  setTheme(theme);
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      setTheme(theme);
      remember(theme);
    });
  }

  // What is folded opens for a link that leads into it, and for paper.
  const reveal = () => {
    const name = decodeURIComponent(location.hash.slice(1).split("=")[0]);
    const target = name && document.getElementById(name);
    if (!target) { return; }
    const inner = target.querySelector(":scope > details");
    if (inner) { inner.open = true; }
    for (let at = target; at; at = at.parentElement) { if (at.tagName === "DETAILS") { at.open = true; } }
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details:not([open])")];
    for (const one of unfolded) { one.open = true; }
  });
  addEventListener("afterprint", () => { for (const one of unfolded) { one.open = false; } });

  // Any two codecs, and any baseline. A ratio is [median, low, high, processes, is a range]
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
    for (const entry of data.ratios) {
      if (entry[0] !== payload) { continue; }
      if (entry[1] === base && entry[2] === codec) { return entry[3 + which]; }
      if (entry[1] === codec && entry[2] === base) { return inverse(entry[3 + which]); }
    }
    return null;
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
    if (ratio[4]) {
      const [median, low, high] = ratio.slice(0, 3).map((number) => placed(number, carried(ratio)));
      return `no verdict from ${ratio[3]} of the ${data.fewest} processes that it takes (${median}×, range ${low} to ${high})`;
    }
    if (ratio[1] <= 1 && ratio[2] >= 1) { return `too close to call (${one(ratio)})`; }
    return ratio[0] >= 1 ? `${one(ratio)} less` : `${one(inverse(ratio))} more`;
  };
  const state = new URLSearchParams(location.hash.startsWith("#compare=") ? location.hash.slice(9) : "");
  const keep = () => { history.replaceState(null, "", `#compare=${state}`); };
  const options = (select, names, chosen) => {
    select.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
  };
  const element = (tag, text, name) => {
    const made = document.createElement(tag);
    if (text !== undefined) { made.textContent = text; }
    if (name) { made.className = name; }
    return made;
  };

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
    line("whole call", one.call, two.call, seconds, times(ratios[0]));
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
    const links = element("p", undefined, "evidence");
    const link = (text, href) => {
      if (!href) { return; }
      if (links.childNodes.length) { links.append(" · "); }
      const made = element("a", text);
      made.href = href;
      links.append(made);
    };
    for (const [name, found] of [[base, one], [codec, two]]) {
      link(`flamegraph of encode, ${name}`, found.encode_flame);
      link(`flamegraph of decode, ${name}`, found.decode_flame);
    }
    for (const [stem, href] of Object.entries(data.diffs)) {
      if (stem.includes(`--${payload}--`) && stem.includes(`--${base}--`) && stem.includes(codec)) { link("difference of their memory", href); }
    }
    if (base !== codec && one.encode_peak !== null) {
      if (links.childNodes.length) { links.append(" · "); }
      links.append("where the bytes went: ", element("code", `serlab memory ${data.run} --diff ${base} ${codec} --payload ${payload}`));
    }
    parts.push(links);
    place.replaceChildren(...parts);
  };

  if (data) {
    const compare = document.querySelector(".compare");
    const payloads = Object.keys(data.figures);
    const all = [...new Set(payloads.flatMap((payload) => Object.keys(data.figures[payload])))];
    const has = (list, name, other) => (list.includes(name) ? name : other);
    const against = document.getElementById("baseline");
    if (compare && payloads.length) {
      const [payloadBox, baseBox, codecBox] = ["payload", "base", "codec"].map((name) => compare.querySelector(`[data-choice="${name}"]`));
      const show = () => {
        const codecs = Object.keys(data.figures[payloadBox.value]);
        options(baseBox, codecs, has(codecs, baseBox.value || state.get("from"), has(codecs, data.baseline, codecs[0])));
        options(codecBox, codecs, has(codecs, codecBox.value || state.get("to"), codecs[codecs.length - 1]));
        drawComparison(compare.querySelector(".result"), payloadBox.value, baseBox.value, codecBox.value);
      };
      options(payloadBox, payloads, has(payloads, state.get("payload"), payloads[payloads.length - 1]));
      show();
      compare.hidden = false;
      for (const box of [payloadBox, baseBox, codecBox]) {
        box.addEventListener("change", () => {
          show();
          state.set("payload", payloadBox.value);
          state.set("from", baseBox.value);
          state.set("to", codecBox.value);
          keep();
        });
      }
    }
    if (against && all.length > 1 && document.querySelector("[data-codec]")) {
      options(against, all, has(all, state.get("against"), data.baseline));
      document.getElementById("baseline-label").hidden = false;
      if (against.value !== data.baseline) { setBaseline(against.value); }
      against.addEventListener("change", () => {
        setBaseline(against.value);
        state.set("against", against.value);
        keep();
      });
    }
  }
  // Filters of a table: the address keeps them.
  for (const place of document.querySelectorAll(".filter")) {
    const rows = [...document.getElementById(place.dataset.table).querySelectorAll("tbody tr")];
    const headings = [...document.querySelectorAll(`#${CSS.escape(place.dataset.table)} thead th`)].map((cell) => cell.textContent.trim());
    const wanted = new URLSearchParams(location.hash.startsWith("#show=") ? location.hash.slice(6) : "");
    const count = element("span", "", "count");
    const boxes = place.dataset.columns.split("|").map((name) => {
      const label = element("label", `${name} `);
      const box = element("select");
      const at = headings.indexOf(name);
      const values = [...new Set(rows.map((row) => row.cells[at].textContent.trim()))];
      box.replaceChildren(new Option("all", ""), ...values.map((value) => new Option(value, value)));
      box.value = values.includes(wanted.get(name)) ? wanted.get(name) : "";
      label.append(box);
      place.append(label);
      return { name, at, box };
    });
    const apply = () => {
      for (const row of rows) {
        row.hidden = boxes.some(({ at, box }) => box.value && row.cells[at].textContent.trim() !== box.value);
      }
      count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
    };
    for (const { box } of boxes) {
      box.addEventListener("change", () => {
        apply();
        const kept = boxes.filter((one) => one.box.value).map((one) => [one.name, one.box.value]);
        history.replaceState(null, "", kept.length ? `#show=${new URLSearchParams(kept)}` : "#");
      });
    }
    place.append(count);
    place.hidden = false;
    apply();
  }
  reveal();

  // Sorting: numbers by what stands behind the text, words as words; cells without a number go last either way.
  const key = (cell, numeric) => {
    if (!numeric) { return cell.textContent.trim(); }
    const value = parseFloat(cell.dataset.sort);
    return Number.isNaN(value) ? null : value;
  };
  const sortBy = (header) => {
    const table = header.closest("table");
    const at = [...header.parentNode.children].indexOf(header);
    const body = table.tBodies[0];
    const numeric = [...body.rows].some((row) => row.cells[at].dataset.sort !== undefined);
    const falling = header.getAttribute("aria-sort") === "ascending";
    const sign = falling ? -1 : 1;
    const rows = [...body.rows].map((row) => ({ row, value: key(row.cells[at], numeric) }));
    rows.sort((a, b) => {
      if (a.value === null || b.value === null) { return (a.value === null) - (b.value === null); }
      return sign * (numeric ? a.value - b.value : a.value.localeCompare(b.value, "en", { numeric: true }));
    });
    for (const { row } of rows) { body.append(row); }
    for (const other of header.parentNode.children) { other.setAttribute("aria-sort", "none"); }
    header.setAttribute("aria-sort", falling ? "descending" : "ascending");
  };
  for (const sorter of document.querySelectorAll("button.sort")) {
    sorter.addEventListener("click", () => sortBy(sorter.closest("th")));
  }

  // Copying.
  const grid = (table) => [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));
  const csv = (rows) => rows.map((row) => row.map((text) =>
    /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text).join(",")).join("\n") + "\n";
  const markdown = (rows) => {
    const line = (row) => `| ${row.map((text) => text.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
    return [line(rows[0]), line(rows[0].map(() => "---")), ...rows.slice(1).map(line)].join("\n") + "\n";
  };
  const copy = async (text) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* older way below */ }
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  for (const copier of document.querySelectorAll("button[data-copy]")) {
    copier.addEventListener("click", async () => {
      const block = copier.closest(".table");
      const rows = grid(block.querySelector("table"));
      const done = await copy(copier.dataset.copy === "csv" ? csv(rows) : markdown(rows));
      const said = block.querySelector(".said");
      said.textContent = done ? "Copied." : "The browser does not let this page copy.";
      setTimeout(() => { said.textContent = ""; }, 3000);
    });
  }
})();
