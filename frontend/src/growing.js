/** Long texts grow with what is in them, also where the stylesheet cannot see to it. */

const GROWING = "textarea.cfa-textarea-autosize";

function grow(text) {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + text.offsetHeight - text.clientHeight}px`;
}

/** Look after every long text on the page; `max-height` in the stylesheet is the limit. */
export function growTexts() {
  if (CSS.supports("field-sizing", "content")) return;
  for (const text of document.querySelectorAll(GROWING)) grow(text);
  document.addEventListener("input", (event) => {
    if (event.target.matches?.(GROWING)) grow(event.target);
  });
}
