// Tables: filters, order, copies.
// Sorting: numbers by what stands behind the text, words as words; cells without a number go last either way.
// A cell's text; what keeps a number and its unit on one line is for the screen.
const plain = (cell) => cell.textContent.trim().replaceAll("\u00a0", " ");
const key = (cell, numeric) => {
  if (!numeric) { return plain(cell); }
  const value = parseFloat(cell.dataset.sort);
  return Number.isNaN(value) ? null : value;
};
const sortBy = (header, falling) => {
  const table = header.closest("table");
  const at = [...header.parentNode.children].indexOf(header);
  const body = table.tBodies[0];
  const numeric = [...body.rows].some((row) => row.cells[at].dataset.sort !== undefined);
  const sign = falling ? -1 : 1;
  const rows = [...body.rows].map((row) => ({ row, value: key(row.cells[at], numeric) }));
  rows.sort((a, b) => {
    if (a.value === null || b.value === null) { return (a.value === null) - (b.value === null); }
    return sign * (numeric ? a.value - b.value : a.value.localeCompare(b.value, "en", { numeric: true }));
  });
  for (const { row } of rows) { body.append(row); }
  for (const other of header.parentNode.children) { other.setAttribute("aria-sort", "none"); }
  header.setAttribute("aria-sort", falling ? "descending" : "ascending");
  return `${at}${falling ? "-" : "+"}`;
};
for (const table of document.querySelectorAll(".table")) {
  const headers = [...table.querySelectorAll("thead th")];
  for (const header of headers) {
    header.querySelector("button").addEventListener("click", () => {
      keep(`sort.${table.id}`, sortBy(header, header.getAttribute("aria-sort") === "ascending"));
    });
  }
  shows(() => {
    const wanted = state.get(`sort.${table.id}`);
    const header = headers[parseInt(wanted, 10)];
    if (header) { sortBy(header, wanted.endsWith("-")); }
  });
}

// Filters of a table.
for (const place of document.querySelectorAll(".filter")) {
  const table = document.getElementById(place.dataset.table);
  const rows = [...table.querySelectorAll("tbody tr")];
  const headings = [...table.querySelectorAll("thead th")].map(plain);
  const count = element("span", "", "count");
  const boxes = place.dataset.columns.split("|").map((name) => {
    const label = element("label", `${name} `);
    const box = element("select");
    const at = headings.indexOf(name);
    const values = [...new Set(rows.map((row) => plain(row.cells[at])))];
    box.replaceChildren(new Option("all", ""), ...values.map((value) => new Option(value, value)));
    label.append(box);
    place.append(label);
    box.addEventListener("change", () => { keep(name, box.value); apply(); });
    return { name, at, box, values };
  });
  const apply = () => {
    for (const row of rows) {
      row.hidden = boxes.some(({ at, box }) => box.value && plain(row.cells[at]) !== box.value);
    }
    count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
  };
  shows(() => {
    for (const { name, box, values } of boxes) { box.value = values.includes(state.get(name)) ? state.get(name) : ""; }
    apply();
  });
  place.append(count);
  place.hidden = false;
}

// Copying.
const grid = (table) => [...table.rows].map((row) => [...row.cells].map(plain));
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

// Everything that can be chosen is there now.
shows(unfold);
shows(remark);
reveal();
