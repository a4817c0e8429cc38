/** The line at the top of every page that says what is wrong with the connection. */

const line = document.getElementById("connection-status");

let speaker = ""; // who said what stands there now

/** Say something there; nothing to say hides what the same speaker said, and nobody else's words. */
export function say(message, by = "page") {
  if (!line || (!message && by !== speaker)) return;
  speaker = by;
  if (line.textContent !== message) line.textContent = message;
}

/** Whether an answer is a page and not the fragment that was asked for. */
export function isWholePage(text) {
  return /^\s*<!doctype/i.test(text ?? "");
}
