// What the pages of the console do by themselves where a browser runs scripts. Every page
// works without: each hook below is an attribute that the server has written.
//
//   time[data-moment]           written anew in the viewer's time zone
//   form[data-once]             sent once: its buttons rest afterwards
//   form[data-confirm="…"]      asks before it is sent
//   form[data-submit-on-change] sent when a field of it is chosen
//   a[data-viewer-zone="ZONE"]  leads to the same page in the viewer's zone (`tz`), unless it
//                               is ZONE already
//   [data-manual]               hidden: only for those without scripts
//   [data-scripted]             shown: only for those with them
//   [data-search]               the field that / leads to
//   [data-entry]                an entry that j and k go through; its link is opened by Enter
//   [data-copy="…"]             copies a text
//   [data-load="URL"]           its content is fetched once the page is there, or the
//                               <details> around it is opened
//   [data-refresh="URL"]        its content is fetched anew each data-refresh-seconds, until
//                               there is [data-settled] in it
//   [data-live="URL"]           follows a stream of events; see `follow`

const FRAGMENT = { headers: { accept: "application/x-fragment" }, credentials: "same-origin" };
/** How long a page that follows waits after what it was told, for what comes with it. */
const COALESCED = 800;
/** The same while it goes on and on. */
const WIDEST = 5_000;
/** Entries that are fetched one by one; more are fetched with all others. */
const SINGLY = 5;
/** How long a page waits with its stream after it was refused one, at first and at most. */
const RECONNECT = 5_000;
const SELDOM = 120_000;
/** How long a stream may take to come back by itself before the page says so. */
const UNNOTICED = 5_000;

function all(selector, root = document) {
  return [...root.querySelectorAll(selector)];
}

/** The markup of a URL of ours; null where there is none, or nobody is signed in any more. */
async function fragment(url) {
  try {
    const response = await fetch(url, FRAGMENT);
    // Not `reload`, which would send a form again where the page is the answer to one.
    if (response.status === 401) location.replace(location.pathname + location.search);
    return response.ok ? await response.text() : null;
  } catch {
    return null;
  }
}

function parsed(markup) {
  const template = document.createElement("template");
  template.innerHTML = markup;
  return template.content;
}

const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Prepares what has come into the page. */
function prepare(root) {
  for (const time of all("time[data-moment]", root)) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.valueOf())) time.textContent = moments.format(at);
    time.removeAttribute("data-moment");
  }
  for (const link of all("a[data-viewer-zone]", root)) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (!zone || zone === link.dataset.viewerZone) continue;
    const here = new URL(location);
    here.searchParams.set("tz", zone);
    link.href = here;
    link.textContent = `Those of ${zone}`;
    link.hidden = false;
  }
  for (const element of all("[data-manual]", root)) element.hidden = true;
  for (const element of all("[data-scripted]", root)) element.hidden = false;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) {
    event.preventDefault();
    return;
  }
  if (!form.hasAttribute("data-once")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  // Its own button has to be sent with it, so it rests a moment later.
  setTimeout(() => all("button", form).forEach((button) => { button.disabled = true; }));
});

// A page that a browser kept and shows again has forms that may be sent.
addEventListener("pageshow", () => {
  for (const form of all("form[data-once]")) {
    delete form.dataset.sent;
    all("button", form).forEach((button) => { button.disabled = false; });
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.hasAttribute("data-submit-on-change")) form.requestSubmit();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = "Copied";
});

// Keys.

function move(step) {
  const entries = all("[data-entry]");
  if (!entries.length) return;
  const current = entries.findIndex((entry) => entry.hasAttribute("data-current"));
  const next = Math.min(Math.max(current + step, 0), entries.length - 1);
  entries[current]?.removeAttribute("data-current");
  entries[next].setAttribute("data-current", "");
  const link = entries[next].querySelector("a[href]");
  (link ?? entries[next]).focus({ preventScroll: true });
  entries[next].scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, dialog")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "?") document.getElementById("help")?.showModal();
  else if (event.key === "/") document.querySelector("[data-search]")?.focus();
  else return;
  event.preventDefault();
});

// What is fetched later, and anew.

for (const element of all("[data-load]")) {
  const load = async () => {
    const markup = await fragment(element.dataset.load);
    if (markup === null) return;
    element.replaceChildren(parsed(markup));
    prepare(element);
  };
  const box = element.closest("details");
  if (box && !box.open) box.addEventListener("toggle", load, { once: true });
  else load();
}

for (const element of all("[data-refresh]")) {
  const pause = Number(element.dataset.refreshSeconds || 5) * 1000;
  const again = async () => {
    if (!document.hidden) {
      const markup = await fragment(element.dataset.refresh);
      // What somebody is filling in stays.
      if (markup !== null && !element.contains(document.activeElement?.form ?? null)) {
        const active = document.activeElement;
        const link = element.contains(active) ? active.getAttribute("href") : null;
        element.replaceChildren(parsed(markup));
        prepare(element);
        // Whoever goes by keys stays where they were.
        const same = link && all("a[href]", element).find((a) => a.getAttribute("href") === link);
        same?.focus({ preventScroll: true });
      }
    }
    if (!element.querySelector("[data-settled]")) setTimeout(again, pause);
  };
  setTimeout(again, pause);
}

/** Whether somebody is filling in a form of a part of the page, or has just sent one. */
function isInHand(part) {
  const typed = all("textarea, input:not([type=hidden], [type=checkbox])", part);
  return part.querySelector("details[open] form, form[data-sent]") !== null
    || typed.some((field) => field.value !== field.defaultValue);
}

/**
 * Follows the stream at data-live. `data` of its events is JSON with an `id`:
 *   data-live-row="/path/{id}/row?…"  the markup of one entry, [data-id] within the element;
 *                                     {version} stands for that of the event
 *   data-live-all="/path?…"           the markup of all entries
 *   data-live-whole                   all of them at each event, as an entry that changes may
 *                                     belong elsewhere then, or nowhere
 *   data-live-pill="selector"         counts entries that are not there; without it, all of
 *                                     them are fetched for one
 *   data-live-grow="/path?after={id}" the markup of what is added at the end; {id} is that of
 *                                     the last [data-id]
 *   data-live-lost="selector"         what says that the page does not follow now
 *   data-live-then="selector"         what is fetched anew, from data-live-then-url, once it grew
 *   data-live-forms="selector"        the same from data-live-forms-url, unless somebody is
 *                                     filling in a form of it: [data-stale] in it is shown then
 */
function follow(element) {
  const { live, liveRow, liveAll, liveWhole, livePill, liveLost, liveGrow, liveThen, liveThenUrl, liveForms, liveFormsUrl } = element.dataset;
  const changed = new Map();
  const unseen = new Set();
  let timer = null;
  let wantsAll = false;
  let pause = COALESCED;
  let worked = -Infinity;

  const entry = (id) => all("[data-id]", element).find((one) => one.dataset.id === id);

  function mark(node) {
    prepare(node.parentElement ?? node);
    node.classList.add("changed");
  }

  /** Changes entries; whoever goes by keys stays where they were. */
  function put(change) {
    const current = element.querySelector("[data-current]")?.dataset.id;
    const active = element.contains(document.activeElement) && document.activeElement.closest("[data-id]")?.dataset.id;
    change();
    if (current) entry(current)?.setAttribute("data-current", "");
    if (active) entry(active)?.querySelector("a[href]")?.focus({ preventScroll: true });
  }

  async function one(id, version) {
    const url = liveRow.replace("{id}", encodeURIComponent(id)).replace("{version}", version);
    const markup = await fragment(url);
    const [old, fresh] = [entry(id), markup && parsed(markup).firstElementChild];
    if (!old || !fresh) return;
    put(() => old.replaceWith(fresh));
    mark(fresh);
  }

  async function everything() {
    const markup = await fragment(liveAll);
    if (markup === null) return;
    const fresh = parsed(markup);
    const known = new Set(all("[data-id]", element).map((old) => old.dataset.id));
    const added = all("[data-id]", fresh).filter((node) => !known.has(node.dataset.id));
    put(() => element.replaceChildren(fresh));
    prepare(element);
    added.forEach(mark);
    if (added.length) element.closest("main").querySelector(".empty")?.remove();
  }

  async function grow() {
    const last = all("[data-id]", element).at(-1)?.dataset.id ?? "0";
    const markup = await fragment(liveGrow.replace("{id}", encodeURIComponent(last)));
    if (!markup) return;
    for (const node of [...parsed(markup).children]) {
      if (entry(node.dataset.id)) continue;
      element.append(node);
      mark(node);
    }
    await renew(liveThen, liveThenUrl);
    await renew(liveForms, liveFormsUrl);
  }

  /** Fetches a part of the page anew that is not followed by itself. */
  async function renew(selector, url) {
    const part = selector && url && document.querySelector(selector);
    const markup = part && await fragment(url);
    if (!markup) return;
    if (isInHand(part)) {
      const stale = part.querySelector("[data-stale]");
      if (stale) stale.hidden = false;
      return;
    }
    part.replaceChildren(parsed(markup));
    prepare(part);
  }

  async function work() {
    // Whoever comes back to the page has all of it fetched anew.
    if (document.hidden) {
      timer = null;
      return;
    }
    const [batch, whole] = [[...changed], wantsAll || changed.size > SINGLY];
    changed.clear();
    wantsAll = false;
    if (liveGrow) await grow();
    else if (whole) await everything();
    else for (const [id, version] of batch) await one(id, version);
    worked = performance.now();
    timer = null;
    if (changed.size > 0 || wantsAll) soon();
  }

  /** Later and later while events keep coming, until there were none for a while. */
  function soon() {
    if (timer !== null || document.hidden) return;
    const goesOn = performance.now() - worked < 2 * pause;
    pause = goesOn ? Math.min(2 * pause, WIDEST) : COALESCED;
    timer = setTimeout(work, pause);
  }

  function told(event) {
    const { id, version } = JSON.parse(event.data);
    const known = entry(id);
    const pill = livePill && document.querySelector(livePill);
    if (known && liveWhole === undefined) {
      changed.set(id, version ?? 0);
    } else if (known || !pill) {
      wantsAll = true;
    } else {
      unseen.add(id);
      pill.hidden = false;
      pill.textContent = `${unseen.size} new or changed`;
      return;
    }
    soon();
  }

  function everythingChanged() {
    wantsAll = true;
    soon();
  }

  let source = null;
  let retry = null;
  let wait = RECONNECT;
  let doubt = null;

  // Browsers have few connections for all tabs (six over HTTP/1.1): a page that nobody
  // looks at gives its own back, and catches up once somebody does.
  function connect(again) {
    if (source || document.hidden) return;
    clearTimeout(retry);
    source = new EventSource(live);
    source.addEventListener("message", told);
    source.addEventListener("refresh", everythingChanged);
    source.addEventListener("open", () => {
      wait = RECONNECT;
      lost(false);
    });
    // What was told meanwhile is not told again.
    if (again) source.addEventListener("open", everythingChanged, { once: true });
    source.addEventListener("error", failed);
  }

  function lost(now) {
    clearTimeout(doubt);
    doubt = null;
    const says = liveLost && document.querySelector(liveLost);
    if (says) says.hidden = !now;
  }

  /** A connection that has ended is made anew by itself, one that was refused is not. */
  async function failed() {
    if (source?.readyState !== EventSource.CLOSED) {
      doubt ??= setTimeout(lost, UNNOTICED, true);
      return;
    }
    source = null;
    lost(true);
    retry = setTimeout(connect, wait, true);
    wait = Math.min(2 * wait, SELDOM);
    // Why, the stream does not say: where nobody is signed in any more, this leads there.
    await fragment(liveThenUrl ?? liveAll);
  }

  function disconnect() {
    source?.close();
    source = null;
    clearTimeout(retry);
    clearTimeout(doubt);
    doubt = null;
  }

  connect(false);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) disconnect();
    else connect(true);
  });
  addEventListener("pagehide", disconnect);
  // A browser may keep a page that was left, and show it again as it was.
  addEventListener("pageshow", (event) => { if (event.persisted) connect(true); });
}

prepare(document);
all("[data-live]").forEach(follow);
