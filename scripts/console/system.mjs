// The system that is looked at, by its APIs: what the pages show is made by these.

const PATIENCE_MS = 30_000;

export class System {
  /** At this origin, with this key. */
  constructor(url, key) {
    this.url = url;
    this.key = key;
  }

  /** The same system with another key. */
  with(key) {
    return new System(this.url, key);
  }

  /** The JSON of an answer; another status than `expect` is an error. */
  async call(method, path, body, expect = [200, 201, 202, 204]) {
    const headers = { authorization: `Bearer ${this.key}` };
    if (method === 'GET') headers.prefer = 'wait=10';
    if (body !== undefined) headers['content-type'] = 'application/json';
    const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!expect.includes(answer.status)) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : {};
  }

  get(path) {
    return this.call('GET', path);
  }

  post(path, body = {}) {
    return this.call('POST', path, body);
  }

  put(path, body) {
    return this.call('PUT', path, body);
  }

  /** A new key for these scopes; without any it is for everything. */
  async newKey(name, scopes) {
    return (await this.post('/v1/api_keys', { name, scopes })).secret;
  }

  /** An order as it is read, once it can be. */
  order(id, version = 1) {
    return this.get(`/v1/orders/${id}?min_version=${version}`);
  }
}

/** What `look` finds, once it finds something. */
export async function until(what, look, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
