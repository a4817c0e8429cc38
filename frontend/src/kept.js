/**
 * Text that has been typed and not saved, kept in this browser until the server has it.
 *
 * It is written under a key that comes with the page and is never stored here: without signing in
 * as the same person nobody can read it (docs/decisions/0007). Each page that is open has an entry
 * of its own, so two tabs do not write over each other; a lock, which a page holds as long as it is
 * open, says whose entry nobody is working on any more.
 */

const PREFIX = "cfa-kept-";
const LONGEST = 7 * 24 * 60 * 60 * 1000; // milliseconds; older entries are removed unread
const ANSWER_WITHIN = 300; // milliseconds to find out whether another tab holds an entry

function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function base64(buffer) {
  let letters = "";
  for (const byte of new Uint8Array(buffer)) letters += String.fromCharCode(byte);
  return btoa(letters);
}

function storage() {
  try {
    return window.localStorage;
  } catch {
    return null; // switched off in this browser
  }
}

function names(prefix) {
  const found = [];
  for (let at = 0; at < (storage()?.length ?? 0); at += 1) {
    const name = storage().key(at);
    if (name.startsWith(prefix)) found.push(name);
  }
  return found;
}

/** Remove whatever this person's pages have kept. */
export function forgetPerson(person) {
  for (const name of names(`${PREFIX}${person}-`)) storage().removeItem(name);
}

/** Remove one entry by its name. */
export function forget(name) {
  storage()?.removeItem(name);
}

/** Remove what nobody has come back for. */
export function forgetOld() {
  for (const name of names(PREFIX)) {
    let at = 0;
    try {
      at = JSON.parse(storage().getItem(name)).at;
    } catch {
      // not readable: as good as old
    }
    if (!(Date.now() - at < LONGEST)) storage().removeItem(name);
  }
}

/** Hold a lock until the page goes away; false where another page has it. */
function hold(name) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((answer) => {
    const forEver = () => {
      answer(true);
      return new Promise(() => {});
    };
    const signal = AbortSignal.timeout(ANSWER_WITHIN);
    navigator.locks.request(name, { signal }, forEver).catch(() => answer(false));
  });
}

/** The entry of one open page. */
export class Kept {
  /** `page` names person and page; `key` is base64, 32 bytes. */
  constructor(page, key) {
    this.page = `${PREFIX}${page}-`;
    this.name = this.page + base64(crypto.getRandomValues(new Uint8Array(9)));
    this.turn = 0;
    // A page that is not served over HTTPS has no cipher, and then nothing is kept.
    this.able = Boolean(storage() && crypto.subtle);
    if (!this.able) return;
    this.key = crypto.subtle.importKey("raw", bytes(key), "AES-GCM", false, ["encrypt", "decrypt"]);
    hold(this.name);
  }

  /** Keep these answers instead of what was kept before. Says whether that worked. */
  async put(values) {
    this.turn += 1;
    const turn = this.turn;
    if (!this.able) return false;
    try {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const text = new TextEncoder().encode(JSON.stringify(values));
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await this.key, text);
      const entry = { at: Date.now(), iv: base64(iv), text: base64(sealed) };
      // Meanwhile there may be a newer text, or none that needs to be kept.
      if (turn === this.turn) storage().setItem(this.name, JSON.stringify(entry));
      return true;
    } catch {
      return false; // the browser's room for it is full
    }
  }

  /** The server has it all. */
  drop() {
    this.turn += 1;
    forget(this.name);
  }

  /** From now on nothing is kept: the person has signed out. */
  stop() {
    this.able = false;
    this.drop();
  }

  /** What earlier visits to this page left behind, newest first: {name, at, values}. */
  async leftBehind() {
    const found = [];
    for (const name of this.able ? names(this.page) : []) {
      if (name === this.name || !(await hold(name))) continue;
      const entry = await this.opened(name);
      if (entry) found.push(entry);
    }
    return found.sort((one, other) => other.at - one.at);
  }

  async opened(name) {
    try {
      const { at, iv, text } = JSON.parse(storage().getItem(name));
      const how = { name: "AES-GCM", iv: bytes(iv) };
      const plain = await crypto.subtle.decrypt(how, await this.key, bytes(text));
      return { name, at, values: JSON.parse(new TextDecoder().decode(plain)) };
    } catch {
      forget(name); // under another key: nobody can read it any more
      return null;
    }
  }
}
