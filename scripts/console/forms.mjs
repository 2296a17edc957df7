// Forms as people find them, and as whoever writes them by hand does.

/** Where the form leads that everybody has. */
export const SIGN_OUT = '/console/sign-out';

/** Opens an action, and is its part of the page. */
export async function open(page, summary) {
  const name = new RegExp(`^\\s*${summary}\\s*$`);
  const action = page.locator('details').filter({ has: page.locator('summary', { hasText: name }) }).first();
  if (!(await action.evaluate((details) => details.open))) {
    await action.locator('summary').first().click();
  }
  return action;
}

/** Waits until the page says that something was done; one that says it was refused fails. */
export async function done(page, what) {
  const said = page.locator('#notices .notice');
  const right = said.filter({ hasText: what });
  const refused = page.locator('#notices .notice.refused');
  await right.or(refused).first().waitFor();
  if ((await refused.count()) > 0) throw new Error(`it was refused: ${await refused.first().innerText()}`);
}

/** Every form of a page that does something, as a browser would send it once the fields
    that have to be are filled in. */
export async function formsOf(page) {
  return page.$$eval('form[method="post" i]', (forms) => {
    const typed = {
      number: '1', date: '2026-01-31', 'datetime-local': '2026-01-31T12:00', url: 'https://example.com/hooks', email: 'a@example.com',
    };
    const value = (field) => {
      // As many as there may be: none at all is refused before anybody is asked.
      if (field.type === 'number' && field.max) return field.max;
      return field.value || typed[field.type] || (field.required ? '1' : '');
    };
    return forms.map((form) => ({
      action: new URL(form.action).pathname + new URL(form.action).search,
      upload: form.enctype === 'multipart/form-data',
      file: form.querySelector('input[type=file][required]')?.name,
      fields: [...form.elements]
        .filter((field) => field.name && !field.disabled && field.type !== 'file')
        .filter((field) => !['checkbox', 'radio'].includes(field.type) || field.checked || field.required)
        .map((field) => [field.name, value(field)]),
    }));
  });
}
