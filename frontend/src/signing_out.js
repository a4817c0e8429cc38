/**
 * Signing out removes what this browser has kept of the person's unsaved texts: not before the
 * server has carried it out (without a connection it cannot), and not without a word first.
 */
import { forgetPerson } from "./kept.js";
import { say } from "./status.js";

const LEAVING = "cfa-leaving"; // in this tab: who has pressed "Sign out"
const LEFT = "cfa-left"; // for the other tabs: who has signed out

/** The form that signs a person out, on `page`; none where nobody has signed in. */
function signOutForm(page) {
  return page.querySelector("form[data-signs-out]");
}

/** Whose page this is: "" where nobody has signed in. */
export function personOn(page) {
  return signOutForm(page)?.dataset.signsOut ?? "";
}

/** To be called once on every page. */
export function watchSigningOut() {
  const person = sessionStorage.getItem(LEAVING);
  sessionStorage.removeItem(LEAVING);
  if (!person || personOn(document)) return;
  forgetPerson(person);
  localStorage.setItem(LEFT, person);
  localStorage.removeItem(LEFT);
}

/** Ask `unsaved` when "Sign out" is pressed; where there is something, it takes a second press. */
export function beforeSigningOut(unsaved) {
  let warned = false;
  for (const form of document.querySelectorAll("form[data-signs-out]")) {
    form.addEventListener("submit", (event) => {
      if (warned || !unsaved()) return;
      warned = true;
      event.preventDefault();
      say("What you typed on this page is not saved yet. If you sign out now it is lost: press “Sign out” again to do so.");
    });
  }
}

/** Call `then` when `person` signs out in another tab. */
export function onSigningOutElsewhere(person, then) {
  window.addEventListener("storage", (event) => {
    if (event.key === LEFT && event.newValue === person) then();
  });
}

document.addEventListener("submit", (event) => {
  const person = event.target.dataset.signsOut;
  if (person && !event.defaultPrevented) sessionStorage.setItem(LEAVING, person);
});
