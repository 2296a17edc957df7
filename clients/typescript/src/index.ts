export {
  BEGINNING,
  Orderlog,
  type Change,
  type ChangesOptions,
  type CommandAnswer,
  type CommandOptions,
  type EventsOptions,
  type GetOptions,
  type ListedOrder,
  type ListOptions,
  type NewOrder,
  type Order,
  type OrderEvent,
  type OrderEventsOptions,
  type OrderList,
  type OrderlogOptions,
  type PartOf,
  type RequestOptions,
  type SomeFields,
  type ToldEvent,
  type WaitOptions,
} from './client.js';
export { EventStream, type FollowOptions } from './follow.js';
export { PositionLostError, ProblemError, type Problem } from './problem.js';
export type { components, operations, paths } from './schema.js';
