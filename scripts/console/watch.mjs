// What no page may do, whatever else is tried on it.

/** The mark that a text leaves behind where it was run. */
const RAN = '__ran';

/** A text that is a script wherever it is taken for one. */
export const SCRIPT = `"'></textarea></title><img src=x onerror=window.${RAN}=1;alert(1)><script>window.${RAN}=1</script>`;

export class Watch {
  constructor(url) {
    this.origin = new URL(url).origin;
    this.wrong = [];
  }

  tell(what) {
    if (!this.wrong.includes(what)) this.wrong.push(what);
  }

  /** From now on what this page does is looked at. */
  follow(page) {
    const here = () => new URL(page.url(), this.origin).pathname;
    page.on('dialog', (dialog) => {
      // What cannot be taken back is asked about (`data-confirm`); nothing else asks.
      if (dialog.type() === 'confirm') return dialog.accept().catch(() => {});
      this.tell(`${here()}: a dialog of a script: ${dialog.message()}`);
      return dialog.dismiss().catch(() => {});
    });
    page.on('pageerror', (error) => this.tell(`${here()}: a script failed: ${error.message}`));
    page.on('console', (message) => {
      const text = message.text();
      // Chromium says so of each answer of 4xx; some are what is asked for.
      if (message.type() !== 'error' || text.startsWith('Failed to load resource')) return;
      this.tell(`${here()}: ${text}`);
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol !== 'data:' && url.origin !== this.origin) this.tell(`${here()}: asks ${url.origin}`);
    });
    page.on('response', (answer) => {
      const { pathname } = new URL(answer.url());
      if (answer.status() >= 500) this.tell(`${here()}: ${pathname} was answered ${answer.status()}`);
    });
  }

  /** Whether something of the page was run, or stands in it as more than text. */
  async lookInto(page) {
    const found = await page.evaluate((ran) => {
      const handlers = [...document.querySelectorAll('*')].filter((element) =>
        [...element.attributes].some((a) => a.name.startsWith('on') || /^\s*javascript:/i.test(a.value)),
      );
      const inline = [...document.querySelectorAll('script:not([src]), style, [style]')];
      return {
        ran: window[ran] !== undefined,
        handlers: handlers.map((element) => element.outerHTML.slice(0, 120)),
        inline: inline.map((element) => element.outerHTML.slice(0, 120)),
      };
    }, RAN);
    const { pathname } = new URL(page.url());
    if (found.ran) this.tell(`${pathname}: a text was run`);
    for (const element of found.handlers) this.tell(`${pathname}: a text became a script: ${element}`);
    for (const element of found.inline) this.tell(`${pathname}: inline, against the policy: ${element}`);
  }
}
