import createFetchClient, { type Client } from 'openapi-fetch';
import { cached } from './etags.js';
import { EventStream, type FollowOptions } from './follow.js';
import { ProblemError } from './problem.js';
import { retrying, type Send } from './retry.js';
import type { components, operations, paths } from './schema.js';
import type { ServerSentEvent } from './sse.js';

/** An order as it is read. */
export type Order = components['schemas']['OneOrder'];
/** An order as a list has it. */
export type ListedOrder = components['schemas']['ListedOrder'];
/** A page of a list. */
export type OrderList<Item = ListedOrder> = Omit<components['schemas']['OrderList'], 'data'> & {
  data: Item[];
};
/** What `fields` may leave of something. */
export type SomeFields<T> = T extends (infer Item)[]
  ? SomeFields<Item>[]
  : T extends object
    ? { [Name in keyof T]?: SomeFields<T[Name]> }
    : T;
/** Something, or some of its fields where the options ask for those. */
export type PartOf<T, Options> = Options extends { fields: string } ? SomeFields<T> : T;
/** An order to place. */
export type NewOrder = components['schemas']['PlaceOrderBody'];
/** What a command answers: the order as it left it, and where the log stands. */
export type CommandAnswer = components['schemas']['CommandAnswer'];

type Query<Operation extends keyof operations> = NonNullable<
  operations[Operation]['parameters']['query']
>;

export interface OrderlogOptions {
  /** Where Orderlog is, without `/v1`. */
  baseUrl: string;
  /** `ol_…`, made by `orderlog api-key create`. */
  apiKey: string;
  /** How often a request is tried again; 5 if absent. */
  retries?: number;
  /** Milliseconds that one attempt may take; 60,000 if absent. */
  timeout?: number;
  /** Answers that are kept and only asked about again (ETag); 100 if absent, 0 for none. */
  cache?: number;
  /** Instead of the platform's own. */
  fetch?: Send;
}

export interface RequestOptions {
  /** Gives the request up. */
  signal?: AbortSignal;
}

export interface CommandOptions extends RequestOptions {
  /** Stands for this command for ever; made here if absent. Name it to send it again after a crash. */
  idempotencyKey?: string;
}

export interface WaitOptions extends RequestOptions {
  /** Seconds that the server may wait for what is asked for, at most 30. */
  wait?: number;
}

/** `fields`, `expand`, `version`, `as_of`, `min_version` and `min_position` are those of the API. */
export type GetOptions = Query<'get_order'> & WaitOptions;
/** Filters, `sort`, `fields`, `expand` and the size of a page are those of the API. */
export type ListOptions = Query<'list_orders'> & WaitOptions;
export type ChangesOptions = Omit<Query<'stream_order_changes'>, 'after'> & FollowOptions;
export type EventsOptions = Omit<Query<'stream_events'>, 'after'> & FollowOptions;
export type OrderEventsOptions = Omit<Query<'stream_order_events'>, 'after'> & FollowOptions;

/** What `changes` tells. */
export type Change =
  | {
      /** This order reads otherwise now: get it with `min_version`. */
      type: 'changed';
      id: string;
      /** The version that it has at least. */
      version: number;
      platform: string;
      lastEventId: string;
    }
  | {
      /** Any order may read otherwise, without a new version, after a rebuild or a repair. */
      type: 'refresh';
      lastEventId: string;
    };

/** An event of the log, as a CloudEvent; personal data readable. */
export interface OrderEvent {
  /** `order.placed`, … */
  type: string;
  id: string;
  source: string;
  specversion: string;
  time: string;
  /** The order's id. */
  subject: string;
  /** The order's version after it. */
  sequence: number;
  /** Place in the log. */
  position: string;
  /** What it says, by its type. */
  data: Record<string, unknown>;
  [extension: string]: unknown;
}

/** An event, and the place to go on from after it. */
export interface ToldEvent {
  event: OrderEvent;
  lastEventId: string;
}

/** Where a stream begins that is to tell everything. */
export const BEGINNING = 'beginning';

/**
 * Orderlog over HTTP. Requests are tried again as long as that may help, and
 * commands are carried out once all the same. Whatever is refused is thrown as a
 * {@link ProblemError}.
 */
export class Orderlog {
  /** Every route, by its path and typed, through the same retries, cache and errors. */
  readonly api: Client<paths>;
  readonly #baseUrl: string;
  readonly #send: Send;

  constructor(options: OrderlogOptions) {
    const { retries = 5, timeout = 60_000, cache = 100, fetch = globalThis.fetch } = options;
    this.#baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.#send = (request) => {
      request.headers.set('authorization', `Bearer ${options.apiKey}`);
      return fetch(request);
    };
    const retried = retrying(this.#send, { retries, timeout });
    this.api = createFetchClient<paths>({
      baseUrl: this.#baseUrl,
      fetch: cache > 0 ? cached(retried, cache) : retried,
    });
    this.api.use({
      onResponse: async ({ response }) => {
        if (!response.ok) {
          throw await ProblemError.of(response);
        }
      },
    });
  }

  /** Places an order. */
  async place(order: NewOrder, options: CommandOptions = {}): Promise<CommandAnswer> {
    const { idempotencyKey, ...init } = options;
    const header = idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey };
    const params = { header };
    const { data } = await this.api.POST('/v1/orders', { body: order, params, ...init });
    return told(data);
  }

  /** Reads an order. */
  async get<Options extends GetOptions>(
    id: string,
    options?: Options,
  ): Promise<PartOf<Order, Options>> {
    const { query, init, header } = asked<GetOptions>(options);
    const params = { path: { id }, query, header };
    const { data } = await this.api.GET('/v1/orders/{id}', { params, ...init });
    return told(data) as PartOf<Order, Options>;
  }

  /** Reads an order by the id that its platform gave it. */
  async getByExternalId<Options extends GetOptions>(
    platform: string,
    externalId: string,
    options?: Options,
  ): Promise<PartOf<Order, Options>> {
    const { query, init, header } = asked<GetOptions>(options);
    const params = { path: { platform, external_id: externalId }, query, header };
    const path = '/v1/orders/by_external_id/{platform}/{external_id}';
    const { data } = await this.api.GET(path, { params, ...init });
    return told(data) as PartOf<Order, Options>;
  }

  /**
   * Reads the order that a command answered, as soon as what the command did can
   * be read. `not_yet_visible` if that takes longer than `wait` seconds.
   */
  async waitFor<Options extends Omit<GetOptions, 'min_version'>>(
    written: Pick<CommandAnswer, 'order_id' | 'version'>,
    options?: Options,
  ): Promise<PartOf<Order, Options>> {
    const waiting: GetOptions = { wait: 10, ...options, min_version: written.version };
    return (await this.get(written.order_id, waiting)) as PartOf<Order, Options>;
  }

  /** Pages of the orders that a list has. */
  async *pages<Options extends ListOptions>(
    options?: Options,
  ): AsyncGenerator<OrderList<PartOf<ListedOrder, Options>>> {
    const { query, init, header } = asked<ListOptions>(options);
    let { cursor } = query;
    do {
      const params = { query: cursor === undefined ? query : { ...query, cursor }, header };
      const { data } = await this.api.GET('/v1/orders', { params, ...init });
      const page = told(data) as OrderList<PartOf<ListedOrder, Options>>;
      yield page;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** The orders that a list has, over all its pages. */
  async *list<Options extends ListOptions>(
    options?: Options,
  ): AsyncGenerator<PartOf<ListedOrder, Options>> {
    for await (const page of this.pages(options)) {
      yield* page.data;
    }
  }

  /** Which orders read otherwise now, told once they do. */
  changes(options: ChangesOptions = {}): EventStream<Change> {
    return this.#follow('/v1/orders/changes', options, ({ event, data, lastEventId }) =>
      event === 'refresh'
        ? { type: 'refresh', lastEventId }
        : { type: 'changed', ...(JSON.parse(data) as Changed), lastEventId },
    );
  }

  /** Every event of the log, as it happens. */
  events(options: EventsOptions = {}): EventStream<ToldEvent> {
    return this.#follow('/v1/events/stream', options, toldEvent);
  }

  /** The events of one order, as they happen. */
  orderEvents(id: string, options: OrderEventsOptions = {}): EventStream<ToldEvent> {
    return this.#follow(`/v1/orders/${encodeURIComponent(id)}/stream`, options, toldEvent);
  }

  #follow<T>(
    path: string,
    { lastEventId, signal, ...filters }: FollowOptions,
    told: (event: ServerSentEvent) => T,
  ): EventStream<T> {
    const url = new URL(this.#baseUrl + path);
    for (const [name, values] of Object.entries<unknown>(filters)) {
      for (const value of [values ?? []].flat()) {
        url.searchParams.append(name, String(value));
      }
    }
    const connection = { send: this.#send, url: url.href };
    return new EventStream(connection, told, { lastEventId, signal });
  }
}

type Changed = { id: string; version: number; platform: string };

function toldEvent({ data, lastEventId }: ServerSentEvent): ToldEvent {
  return { event: JSON.parse(data) as OrderEvent, lastEventId };
}

/** Options, apart: parameters of the query, the preference, and what `fetch` takes. */
function asked<Options extends WaitOptions>(options?: Options) {
  const { wait, signal, ...query } = options ?? ({} as Options);
  const waits = wait === undefined ? {} : { Prefer: `wait=${wait}, handling=strict` };
  return { query, header: waits, init: signal === undefined ? {} : { signal } };
}

/** The body of a success; every other answer has been thrown. */
function told<T>(data: T | undefined): T {
  if (data === undefined) {
    throw new TypeError('the answer has no JSON body');
  }
  return data;
}
