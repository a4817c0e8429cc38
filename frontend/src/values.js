/** What a person has put into a form: read, compared, put back, and told in words. */

// Not typed by anybody: the form key, and the version that the server counts.
const NOT_TYPED = new Set(["csrfmiddlewaretoken", "version", "next"]);

/** Line ends as they are stored, without the space around a text that the server takes away. */
function plain(text) {
  return text.replace(/\r\n?/g, "\n").trim();
}

/** Every answer of the form by its name. */
export function valuesOf(form) {
  const values = {};
  for (const [name, value] of new FormData(form)) {
    if (!NOT_TYPED.has(name) && typeof value === "string") values[name] = plain(value);
  }
  return values;
}

/** What of `now` is different from `before`, by name. */
export function differences(now, before) {
  const names = new Set([...Object.keys(now), ...Object.keys(before)]);
  const different = [...names].filter((name) => (now[name] ?? "") !== (before[name] ?? ""));
  return Object.fromEntries(different.map((name) => [name, now[name] ?? ""]));
}

/** Put answers into the form; names that it does not have are passed over. */
export function fillIn(form, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
}

function firstOf(form, name) {
  const field = form.elements.namedItem(name);
  return field instanceof RadioNodeList ? field[0] : field;
}

/** The question as it stands on the page. */
export function labelOf(form, name) {
  const field = firstOf(form, name);
  if (!field) return name;
  const label = field.labels?.[0]?.textContent.trim() ?? name;
  const legend = field.closest("fieldset")?.querySelector("legend")?.textContent.trim();
  if (!legend) return label;
  return field.type === "radio" ? legend : `${legend} – ${label}`;
}

/** An answer in words: what stands beside a radio button, or the text itself. */
export function wordsOf(form, name, value) {
  const field = form.elements.namedItem(name);
  if (field instanceof RadioNodeList) {
    const chosen = [...field].find((each) => each.value === value);
    return chosen?.labels?.[0]?.textContent.trim() ?? value;
  }
  return value;
}
