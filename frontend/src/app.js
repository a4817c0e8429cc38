/**
 * The one script of every page. Nothing here is needed to do a job: without it every form still
 * posts and every link still works.
 */
import { initAll } from "govuk-frontend";
import htmx from "htmx.org";

document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("govuk-frontend-supported");
}
initAll();

// What htmx puts into the page later gets the same behaviour. A component that is already set up
// objects to a second time; that is expected here and not worth a line in the console.
htmx.onLoad((element) => {
  if (element !== document.body) initAll({ scope: element, onError: () => {} });
});

const status = document.getElementById("connection-status");

function say(message) {
  if (status) status.textContent = message;
}

function isWholePage(text) {
  return /^\s*<!doctype/i.test(text);
}

// A request for a fragment that is answered by a whole page was sent to the sign-in page: keep what
// is on the screen, and say so, instead of putting the sign-in page in the middle of a form.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event;
  if (detail.boosted || !isWholePage(detail.xhr.responseText ?? "")) return;
  detail.shouldSwap = false;
  say("You have been signed out. Nothing you typed on this page is lost: sign in again in a new tab, then save.");
});

document.addEventListener("htmx:sendError", () => {
  say("There is no connection at the moment. What you typed is still on this page.");
});

document.addEventListener("htmx:responseError", (event) => {
  if (isWholePage(event.detail.xhr.responseText ?? "") && event.detail.xhr.status === 200) return;
  say("That did not work. What you typed is still on this page: try again in a moment.");
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && !isWholePage(event.detail.xhr.responseText ?? "")) say("");
});
