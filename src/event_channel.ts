/**
 * The runtime's own channel for diagnostics, on which every event is published as well: mod.ts says how it is found.
 * @module
 */

/** A channel as `node:diagnostics_channel` has it. */
export interface EventChannel {
  /** Whether anybody listens. */
  readonly hasSubscribers: boolean;
  /** Tells all that listen. */
  publish(message: unknown): void;
}

let find: (() => EventChannel | undefined) | undefined;
let found: { readonly channel: EventChannel | undefined } | undefined;

/** Says how the channel is found: `undefined` where the runtime has none. */
export function setEventChannel(finder: () => EventChannel | undefined): void {
  find ??= finder;
}

/** The channel, if anybody listens to it. It is looked for once, when the first event could be told. */
export function heardChannel(): EventChannel | undefined {
  found ??= { channel: find?.() };
  return found.channel?.hasSubscribers ? found.channel : undefined;
}
