/**
 * An AbortSignal that tells who listens.
 */

/** A controller whose signal counts its listeners. */
export class SpyingController extends AbortController {
  #listeners = new Set<unknown>();
  /** How many listeners were ever added. */
  added = 0;

  constructor() {
    super();
    const { signal } = this;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (type: string, listener: unknown, options?: unknown) => {
      this.added++;
      this.#listeners.add(listener);
      add(type, listener as () => void, options as { once: boolean });
    };
    signal.removeEventListener = (type: string, listener: unknown) => {
      this.#listeners.delete(listener);
      remove(type, listener as () => void);
    };
  }

  /** How many listeners were added and not removed. */
  get listeners(): number {
    return this.#listeners.size;
  }
}
