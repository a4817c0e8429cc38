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

// A form that saves itself and is sent by its button at the same moment would seem to be two tabs.
// It waits until what is under way has been answered, and saves itself no more.
const PATIENCE = 5000;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sending || !form.classList.contains("htmx-request")) return;
  event.preventDefault();
  form.dataset.sending = "yes";
  const send = () => {
    clearTimeout(timer);
    form.removeEventListener("htmx:afterRequest", send);
    form.requestSubmit(event.submitter);
  };
  const timer = setTimeout(send, PATIENCE);
  form.addEventListener("htmx:afterRequest", send);
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.dataset.sending) event.preventDefault();
});

// Back on a page that the browser had kept: it saves itself again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) delete form.dataset.sending;
});
