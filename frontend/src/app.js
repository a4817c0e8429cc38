/**
 * The one script of every page. Nothing here is needed to do a job: without it every form still
 * posts and every link still works.
 */
import { initAll } from "govuk-frontend";
import htmx from "htmx.org";

import { growTexts } from "./growing.js";
import { forgetOld } from "./kept.js";
import { startSaving } from "./saving.js";
import { watchSigningOut } from "./signing_out.js";
import { isWholePage, say } from "./status.js";

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

// A form that saves itself says for itself how it stands.
function isKeeping(event) {
  return event.detail.elt.matches("form[data-keep]");
}

// A request for a fragment that is answered by a whole page was sent to the sign-in page: keep what
// is on the screen, and say so, instead of putting the sign-in page in the middle of it.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event;
  if (detail.boosted || !isWholePage(detail.xhr.responseText)) return;
  detail.shouldSwap = false;
  if (!isKeeping(event)) say("You have been signed out. Sign in again in a new tab.");
});

document.addEventListener("htmx:sendError", (event) => {
  if (!isKeeping(event)) say("There is no connection at the moment.");
});

document.addEventListener("htmx:responseError", (event) => {
  if (isKeeping(event) || isWholePage(event.detail.xhr.responseText)) return;
  say("That did not work. Try again in a moment.");
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { successful, xhr } = event.detail;
  if (!isKeeping(event) && successful && !isWholePage(xhr.responseText)) say("");
});

forgetOld();
watchSigningOut();
growTexts();
startSaving();
