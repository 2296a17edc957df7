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
const COALESCED = 800;
const RECONNECT = 10_000;

function all(selector, root = document) {
  return [...root.querySelectorAll(selector)];
}

/** The markup of a URL of ours; null where there is none, or nobody is signed in any more. */
async function fragment(url) {
  try {
    const response = await fetch(url, FRAGMENT);
    if (response.status === 401) location.reload();
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

/**
 * Follows the stream at data-live. `data` of its events is JSON with an `id`:
 *   data-live-row="/path/{id}/row?…"  the markup of one entry, [data-id] within the element;
 *                                     {version} stands for that of the event
 *   data-live-all="/path?…"           the markup of all entries, for those that are not there
 *   data-live-pill="selector"         counts those instead, on any page but the first
 *   data-live-grow="/path?after={id}" the markup of what is added at the end; {id} is that of
 *                                     the last [data-id]
 *   data-live-then="selector"         what is fetched anew, from data-live-then-url, once it grew
 */
function follow(element) {
  const { live, liveRow, liveAll, livePill, liveGrow, liveThen, liveThenUrl } = element.dataset;
  const changed = new Map();
  const unseen = new Set();
  let timer = null;
  let wantsAll = false;

  const entry = (id) => all("[data-id]", element).find((one) => one.dataset.id === id);

  function mark(node) {
    prepare(node.parentElement ?? node);
    node.classList.add("changed");
  }

  async function one(id, version) {
    const url = liveRow.replace("{id}", encodeURIComponent(id)).replace("{version}", version);
    const markup = await fragment(url);
    const [old, fresh] = [entry(id), markup && parsed(markup).firstElementChild];
    if (!old || !fresh) return;
    if (old.hasAttribute("data-current")) fresh.setAttribute("data-current", "");
    old.replaceWith(fresh);
    mark(fresh);
  }

  async function everything() {
    const markup = await fragment(liveAll);
    if (markup === null) return;
    const fresh = parsed(markup);
    const known = new Set(all("[data-id]", element).map((old) => old.dataset.id));
    const current = element.querySelector("[data-current]")?.dataset.id;
    const added = all("[data-id]", fresh).filter((node) => !known.has(node.dataset.id));
    element.replaceChildren(fresh);
    prepare(element);
    added.forEach(mark);
    if (added.length) element.closest("main").querySelector(".empty")?.remove();
    if (current) entry(current)?.setAttribute("data-current", "");
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
    const then = liveThen && document.querySelector(liveThen);
    const state = then && await fragment(liveThenUrl);
    if (!state) return;
    then.replaceChildren(parsed(state));
    prepare(then);
  }

  async function work() {
    timer = null;
    const [batch, whole] = [[...changed], wantsAll];
    changed.clear();
    wantsAll = false;
    if (liveGrow) return grow();
    for (const [id, version] of batch) await one(id, version);
    if (whole) await everything();
  }

  const soon = () => { timer ??= setTimeout(work, COALESCED); };

  function told(event) {
    const { id, version } = JSON.parse(event.data);
    if (liveGrow) return soon();
    if (entry(id)) {
      changed.set(id, version ?? 0);
      return soon();
    }
    if (liveAll) {
      wantsAll = true;
      return soon();
    }
    const pill = livePill && document.querySelector(livePill);
    if (!pill) return;
    unseen.add(id);
    pill.hidden = false;
    pill.textContent = `${unseen.size} new or changed`;
  }

  function everythingChanged() {
    wantsAll = Boolean(liveAll);
    for (const node of all("[data-id]", element)) changed.set(node.dataset.id, 0);
    soon();
  }

  let source = null;

  function connect(again) {
    source = new EventSource(live);
    source.addEventListener("message", told);
    source.addEventListener("refresh", everythingChanged);
    // What was told meanwhile is not told again.
    if (again) source.addEventListener("open", everythingChanged, { once: true });
    source.addEventListener("error", () => {
      // A connection that has ended is made anew by itself, one that was refused is not.
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, RECONNECT, true);
    });
  }

  connect(false);
  // Each page has one connection, and browsers have few for all tabs: a page that nobody
  // sees any more gives its own back.
  addEventListener("pagehide", () => source.close(), { once: true });
}

prepare(document);
all("[data-live]").forEach(follow);
