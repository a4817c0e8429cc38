/**
 * A form that saves itself (templates/audits/grading/_form.html). htmx sends it; this file sees to
 * it that nothing typed is lost on the way: kept in the browser until the server has it, sent again
 * when the connection or the sign-in is back, sent before the page is left.
 *
 * A form without hx-post (an immediate concern: to save it is to send it up) is sent by its button
 * alone. What is typed in it is kept in the browser all the same.
 */
import htmx from "htmx.org";

import { Kept, forget } from "./kept.js";
import { offer } from "./offering.js";
import { beforeSigningOut, onSigningOutElsewhere, personOn } from "./signing_out.js";
import { isWholePage, say } from "./status.js";
import { differences, valuesOf } from "./values.js";

const PATIENCE = 5000; // milliseconds that a press of a button waits for a save under way
const AGAIN = [3000, 5000, 10000, 20000]; // milliseconds between attempts; the last for ever
const FORM = "form"; // who speaks on the line at the top
const SENT = "cfa-sent"; // in this tab: the entry of a form that was sent by its button

const NO_CONNECTION = "There is no connection at the moment. What you type is sent as soon as it is back.";
const STAYS = "There is no connection at the moment, so this page stays open. What you typed is sent as soon as it is back.";
const ONLY_KEPT = {
  "no connection": "There is no connection at the moment, so this page stays open. Nothing you typed is lost: press the button when the connection is back.",
  "signed out": "You have been signed out. Nothing you typed on this page is lost: sign in again in a new tab, then press the button on this page.",
};
const SIGNED_OUT = "You have been signed out. Nothing you typed on this page is lost: sign in again in a new tab, and it is saved.";
const SOMEBODY_ELSE = "Somebody else has signed in with this browser. What is on this page is not saved: it waits until you sign in again.";
const MOVED_ON = "This grading has been submitted, or it has moved on in another way.";
const COPY = "Copy what you still need from this page.";
const FAILED = "That did not work. What you typed is still on this page, and is sent again in a moment.";

/** What became of a save: "saved", "refused" (the line says why), or why it must wait. */
function outcomeOf({ xhr }) {
  const page = isWholePage(xhr.responseText);
  if (xhr.status === 0) return "no connection";
  if (page && xhr.status === 409) return "moved on";
  if (page && xhr.status === 200) return "signed out";
  if (xhr.status === 403) return "old key";
  if (page || xhr.status >= 500 || xhr.status === 404) return "failed";
  return xhr.status === 200 ? "saved" : "refused";
}

const WORDS = {
  "no connection": NO_CONNECTION,
  "signed out": SIGNED_OUT,
  "somebody else": SOMEBODY_ELSE,
  failed: FAILED,
};

/** What a page that says that this has moved on gives as the reason (templates/errors/409.html). */
function whyMovedOn(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  return page.querySelector("[data-moved-on]")?.textContent.trim() || MOVED_ON;
}

class SavingForm {
  constructor(form) {
    this.form = form;
    this.line = document.getElementById("saved-line");
    this.kept = new Kept(form.dataset.keep, form.dataset.keepKey);
    this.person = personOn(document);
    this.savesItself = form.hasAttribute("hx-post");
    // A form that came back with something to correct holds what the server does not have.
    this.typed = "typed" in form.dataset;
    this.saved = this.typed ? {} : valuesOf(form);
    this.sending = null; // what the request under way carries
    this.outcome = "saved";
    this.why = MOVED_ON; // said where it has moved on; nothing is sent again then
    this.stays = false; // a button was pressed without a connection
    this.attempts = 0;
  }

  async begin() {
    this.listen();
    const sent = JSON.parse(sessionStorage.getItem(SENT) ?? "null");
    sessionStorage.removeItem(SENT);
    const before = this.typed ? [] : await this.kept.leftBehind();
    const used = await offer(this.form, before);
    await this.keep();
    for (const { name } of [...before, ...(this.typed && sent ? [sent] : [])]) forget(name);
    if (used) this.save();
  }

  listen() {
    const { form } = this;
    form.addEventListener("input", () => this.changed());
    form.addEventListener("change", () => this.changed());
    form.addEventListener("htmx:beforeRequest", (event) => this.before(event));
    form.addEventListener("htmx:afterRequest", (event) => this.after(event.detail));
    form.addEventListener("submit", (event) => this.submit(event));
    document.addEventListener("click", (event) => this.follow(event));
    for (const name of ["online", "focus"]) window.addEventListener(name, () => this.again());
    window.addEventListener("offline", () => this.waitFor("no connection"));
    window.addEventListener("pageshow", () => delete form.dataset.sending);
    window.addEventListener("beforeunload", (event) => {
      if (this.isUnsaved() && !this.kept.able && !form.dataset.sending) event.preventDefault();
    });
    beforeSigningOut(() => this.isUnsaved());
    onSigningOutElsewhere(this.person, () => {
      this.kept.stop();
      this.waitFor("signed out");
    });
  }

  unsaved() {
    return differences(valuesOf(this.form), this.saved);
  }

  isUnsaved() {
    return Object.keys(this.unsaved()).length > 0;
  }

  isAsRefused() {
    return this.refused && Object.keys(differences(valuesOf(this.form), this.refused)).length === 0;
  }

  changed() {
    this.keep();
    if (this.isWaiting()) this.tell();
  }

  async keep() {
    if (!this.isUnsaved()) return this.kept.drop();
    this.isKept = await this.kept.put(this.unsaved());
    return undefined;
  }

  isWaiting() {
    return !["saved", "refused"].includes(this.outcome);
  }

  /** Ask htmx to send it now; it does nothing where nothing is unsaved. */
  save() {
    if (this.savesItself) htmx.trigger(this.form, "cfa:save");
  }

  before(event) {
    const { form } = this;
    // What was refused a moment ago is not sent again before it is changed.
    const same = this.outcome === "refused" && this.isAsRefused();
    const never = same || this.outcome === "moved on";
    if (form.dataset.sending || form.hidden || never || !this.isUnsaved()) event.preventDefault();
    else this.sending = valuesOf(form);
  }

  after(detail) {
    const sent = this.sending;
    this.sending = null;
    this.outcome = outcomeOf(detail);
    if (this.outcome === "moved on") this.why = whyMovedOn(detail.xhr.responseText);
    if (this.outcome === "saved") {
      this.saved = sent ?? this.saved;
      this.attempts = 0;
      this.stays = false;
      this.keep();
    }
    this.refused = this.outcome === "refused" ? sent : null;
    if (this.refused) this.saveAllBut(detail.xhr.getResponseHeader("Held-Back"), sent);
    if (this.isWaiting()) this.waitFor(this.outcome);
    else say("", FORM);
    this.form.dispatchEvent(new CustomEvent("cfa:answered"));
  }

  /** Some answers could not be stored, and the others were. A date's parts begin with its name. */
  saveAllBut(heldBack, sent) {
    if (!heldBack || !sent) return;
    const held = heldBack.split(" ");
    for (const [name, value] of Object.entries(sent)) {
      if (!held.some((each) => name === each || name.startsWith(`${each}_`))) this.saved[name] = value;
    }
    this.keep();
  }

  /** What is said at the top of the page while something waits. */
  words() {
    if (!this.savesItself && ONLY_KEPT[this.outcome]) return ONLY_KEPT[this.outcome];
    if (this.outcome === "moved on") return `${this.why} ${COPY}`;
    return this.stays && this.outcome === "no connection" ? STAYS : WORDS[this.outcome] ?? "";
  }

  waitFor(outcome) {
    if (!this.isUnsaved()) return;
    this.outcome = outcome;
    this.tell();
    clearTimeout(this.timer);
    if (outcome === "moved on") return;
    const first = outcome === "old key" && this.attempts === 0;
    const pause = first ? 0 : AGAIN[Math.min(this.attempts, AGAIN.length - 1)];
    this.attempts += 1;
    this.timer = setTimeout(() => this.again(), pause);
  }

  /** The line by the buttons and the one at the top; the text may be the only copy there is. */
  async tell() {
    say(this.words(), FORM);
    await this.keep();
    if (!this.isWaiting() || !this.line) return;
    if (this.outcome === "moved on") {
      this.line.textContent = "Not saved";
      return;
    }
    this.line.textContent = this.isKept
      ? "Kept on this device, not saved yet"
      : "Not saved yet, and this browser cannot keep it: leave this page open";
  }

  /** Try again, where something waits. First a look at the page: is there an answer, and whose? */
  async again() {
    if (!this.isWaiting() || this.outcome === "moved on" || this.looking || !this.isUnsaved()) return;
    this.looking = true;
    const found = await this.look();
    this.looking = false;
    if (!this.isWaiting()) return;
    if (found !== "ready") this.waitFor(found);
    else if (this.savesItself) this.save();
    else this.ready();
  }

  /** The button can be pressed again. */
  ready() {
    this.outcome = "saved";
    say("", FORM);
    if (this.line) this.line.textContent = "";
  }

  /** Fetch the page anew, and take the key for posting from it: a new sign-in brings a new one. */
  async look() {
    let page;
    try {
      const answer = await fetch(window.location.pathname, { signal: AbortSignal.timeout(15000) });
      if (answer.status >= 500) return "failed";
      const text = await answer.text();
      if (answer.status === 409) this.why = whyMovedOn(text);
      page = new DOMParser().parseFromString(text, "text/html");
    } catch {
      return "no connection";
    }
    const person = personOn(page);
    if (person !== this.person) return person ? "somebody else" : "signed out";
    const key = page.querySelector("form[data-keep] input[name=csrfmiddlewaretoken]");
    if (!key) return "moved on";
    for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) {
      field.value = key.value;
    }
    return "ready";
  }

  /** Wait until nothing is under way, then save what is left; after PATIENCE it must go on. */
  async settle() {
    const until = Date.now() + PATIENCE;
    if (!this.savesItself) await this.settleUnsent();
    if (this.sending) await this.answered(until);
    if (this.isUnsaved() && this.savesItself && this.outcome !== "refused") {
      this.save();
      if (this.sending) await this.answered(until);
    }
  }

  /** A form that its button alone sends: whether there is somebody to answer it, as whom. */
  async settleUnsent() {
    const found = await this.look();
    if (found in ONLY_KEPT || found === "somebody else") this.waitFor(found);
    else this.ready();
  }

  answered(until) {
    return new Promise((answer) => {
      setTimeout(answer, Math.max(0, until - Date.now()));
      this.form.addEventListener("cfa:answered", answer, { once: true });
    });
  }

  /**
   * A press of a button. A form that saves itself and is sent by its button at the same moment
   * would seem to be two tabs: it is saved first, and sent when that has been answered. Without a
   * connection the page stays, because a browser would put its own error page in its place.
   */
  async submit(event) {
    const { form } = this;
    if (form.dataset.sending || !(this.sending || this.isUnsaved())) return;
    event.preventDefault();
    if (this.leaving) return;
    this.leaving = true;
    await this.settle();
    this.leaving = false;
    if (this.outcome === "no connection" || (!this.savesItself && this.isWaiting())) {
      this.stays = true;
      this.tell();
      return;
    }
    form.dataset.sending = "yes";
    const sent = { name: this.kept.name, path: window.location.pathname };
    if (this.isUnsaved()) sessionStorage.setItem(SENT, JSON.stringify(sent));
    const { submitter } = event;
    setTimeout(() => form.requestSubmit(submitter)); // not while this event is still going round
  }

  /** A link on this page: saved first, so that nothing stays behind in the browser. */
  async follow(event) {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button !== 0) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || link.target) return;
    if (link.dataset.keptRemove !== undefined) this.kept.drop();
    else if (link.pathname !== window.location.pathname && (this.sending || this.isUnsaved())) {
      event.preventDefault();
      await this.settle();
      window.location.assign(link.href);
    }
  }
}

/** A form that was sent by its button and led on to another page has been saved. */
function forgetSent() {
  const sent = JSON.parse(sessionStorage.getItem(SENT) ?? "null");
  if (!sent || sent.path === window.location.pathname) return;
  sessionStorage.removeItem(SENT);
  if (window.location.pathname.startsWith("/audits/")) forget(sent.name);
}

/** Look after the form of this page that saves itself, where there is one. */
export function startSaving() {
  forgetSent();
  const form = document.querySelector("form[data-keep]");
  if (form) new SavingForm(form).begin();
}
