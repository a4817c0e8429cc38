/** A page that was closed before its text was saved: both texts are shown, the person chooses. */
import { differences, fillIn, labelOf, valuesOf, wordsOf } from "./values.js";

const TIME = { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" };

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function version(heading, words) {
  const column = element("div", "");
  const text = element("div", "govuk-body cfa-break cfa-lines", words || "Nothing");
  text.dir = "auto";
  column.append(element("h4", "govuk-heading-s", heading), text);
  return column;
}

function bothTexts(form, name, kept) {
  const part = element("div", "");
  const columns = element("div", "cfa-field-row");
  const saved = valuesOf(form)[name] ?? "";
  columns.append(
    version("Saved", wordsOf(form, name, saved)),
    version("Kept on this device", wordsOf(form, name, kept)),
  );
  part.append(element("h3", "govuk-heading-s", labelOf(form, name)), columns);
  return part;
}

/** Ask about one entry; resolves when the person has chosen. The form waits out of sight. */
function ask(panel, form, entry, different) {
  const list = panel.querySelector("[data-kept-texts]");
  list.replaceChildren(...Object.keys(different).map((name) => bothTexts(form, name, entry.values[name])));
  panel.querySelector("[data-kept-at]").textContent = new Date(entry.at).toLocaleString("en-GB", TIME);
  panel.hidden = false;
  form.hidden = true;
  panel.focus();
  return new Promise((answer) => {
    panel.querySelector("[data-kept-use]").onclick = () => answer(true);
    panel.querySelector("[data-kept-remove]").onclick = () => answer(false);
  });
}

/** Offer what is kept and differs from what is saved; true where the form holds a kept text now. */
export async function offer(form, entries) {
  const panel = document.getElementById("kept-offer");
  let used = false;
  for (const entry of panel ? entries : []) {
    const now = valuesOf(form);
    const there = Object.keys(entry.values).filter((name) => form.elements.namedItem(name));
    const before = Object.fromEntries(there.map((name) => [name, now[name] ?? ""]));
    const kept = Object.fromEntries(there.map((name) => [name, entry.values[name]]));
    const different = differences(kept, before);
    if (Object.keys(different).length > 0 && (await ask(panel, form, entry, different))) {
      fillIn(form, different);
      used = true;
    }
  }
  if (panel) panel.hidden = true;
  if (form.hidden) {
    form.hidden = false;
    form.querySelector("textarea, input:not([type=hidden])")?.focus();
  }
  return used;
}
