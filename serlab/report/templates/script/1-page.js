// What every page has: the address, which keeps the view; the theme; what is folded.
const root = document.documentElement;
root.classList.add("js");

// The address is #place?choices. What it says is shown again wherever the link is opened.
const parse = () => {
  const [place, choices = ""] = location.hash.slice(1).split("?");
  return { place: decodeURIComponent(place), state: new URLSearchParams(choices) };
};
const { state } = parse();
const address = (place) => `#${place}${state.size ? `?${state}` : ""}`;
const marks = [...document.querySelectorAll("a.mark")].map((mark) => [mark, mark.hash.slice(1)]);
const remark = () => { for (const [mark, place] of marks) { mark.href = address(place); } };
const keep = (name, value, usual = "") => {
  if (value === usual) { state.delete(name); } else { state.set(name, value); }
  history.replaceState(null, "", address(encodeURIComponent(parse().place)));
  remark();
};
// Each part of the page that has choices says here how it shows those of the address.
const showers = [];
const shows = (shower) => { showers.push(shower); shower(); };

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
const sections = [...document.querySelectorAll("section.folded > details")];
let printing = false;
const unfold = () => {
  const open = (state.get("open") || "").split(",");
  for (const one of sections) { if (open.includes(one.parentElement.id)) { one.open = true; } }
};
const reveal = () => {
  const { place } = parse();
  const target = place && document.getElementById(place);
  if (!target) { return; }
  const inner = target.querySelector(":scope > details");
  if (inner) { inner.open = true; }
  for (let at = target; at; at = at.parentElement) { if (at.tagName === "DETAILS") { at.open = true; } }
  (target.classList.contains("within") ? target.closest("section") : target).scrollIntoView();
};
for (const one of sections) {
  one.addEventListener("toggle", () => {
    if (!printing) { keep("open", sections.filter((any) => any.open).map((any) => any.parentElement.id).join(",")); }
  });
}
// A link of the page adds to what is chosen; an address that comes from elsewhere is the whole view.
let ours = false;
addEventListener("click", ({ target }) => { ours = Boolean(target.closest?.('a[href^="#"]')); }, true);
addEventListener("hashchange", () => {
  if (!ours) { for (const name of [...state.keys()]) { state.delete(name); } }
  ours = false;
  for (const [name, value] of parse().state) { state.set(name, value); }
  history.replaceState(null, "", address(encodeURIComponent(parse().place)));
  for (const shower of showers) { shower(); }
  reveal();
});
let unfolded = [];
addEventListener("beforeprint", () => {
  printing = true;
  unfolded = [...document.querySelectorAll("details:not([open])")];
  for (const one of unfolded) { one.open = true; }
});
addEventListener("afterprint", () => {
  for (const one of unfolded) { one.open = false; }
  setTimeout(() => { printing = false; }, 100);
});

const options = (select, names, chosen) => {
  select.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
};
const element = (tag, text, name) => {
  const made = document.createElement(tag);
  if (text !== undefined) { made.textContent = text; }
  if (name) { made.className = name; }
  return made;
};
