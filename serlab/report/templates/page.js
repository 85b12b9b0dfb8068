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
