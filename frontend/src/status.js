/** The line at the top of every page that says what is wrong with the connection. */

const line = document.getElementById("connection-status");

/** Say something there; nothing to say hides it. */
export function say(message) {
  if (line && line.textContent !== message) line.textContent = message;
}

/** Whether an answer is a page and not the fragment that was asked for. */
export function isWholePage(text) {
  return /^\s*<!doctype/i.test(text ?? "");
}
