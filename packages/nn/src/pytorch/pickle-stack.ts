const MARK = Symbol("mark");

/** An `argparse.Namespace`, whose attributes are its items. */
export class NamespaceMap extends Map<unknown, unknown> {}

/**
 * The values that a pickle's instructions work on. `refuse` makes the error of the instruction at hand.
 */
export class PickleStack {
  readonly #values: unknown[] = [];
  readonly #memo = new Map<number, unknown>();
  readonly #refuse: (expected: string, got: string) => Error;

  constructor(refuse: (expected: string, got: string) => Error) {
    this.#refuse = refuse;
  }

  get size(): number {
    return this.#values.length;
  }

  push(value: unknown): void {
    this.#values.push(value);
  }

  mark(): void {
    this.#values.push(MARK);
  }

  top(): unknown {
    if (this.size === 0 || this.#values.at(-1) === MARK) throw this.#refuse("a value on the stack", "none");
    return this.#values.at(-1);
  }

  pop(): unknown {
    const value = this.top();
    this.#values.pop();
    return value;
  }

  /** Takes the values above the last mark, and the mark. */
  popToMark(): unknown[] {
    const mark = this.#values.lastIndexOf(MARK);
    if (mark < 0) throw this.#refuse("a mark on the stack", "none");
    const items = this.#values.splice(mark + 1);
    this.#values.pop();
    return items;
  }

  /** Makes a tuple, which is never appended to. */
  pushTuple(items: unknown[]): void {
    this.push(Object.freeze(items));
  }

  popTuple(count: number): void {
    const items = Array.from({ length: count }, () => this.pop());
    this.pushTuple(items.reverse());
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list) || Object.isFrozen(list)) throw this.#refuse("a list to append to", "another value");
    for (const item of items) list.push(item);
  }

  /** Sets keys and values, in turn, of the dictionary on top. */
  setItems(items: readonly unknown[]): void {
    const map = this.top();
    if (!(map instanceof Map) || items.length % 2 !== 0) throw this.#refuse("a dictionary and pairs to set", "others");
    for (let index = 0; index < items.length; index += 2) map.set(items[index], items[index + 1]);
  }

  /** Sets attributes of what is below them: a Namespace's are its items; an OrderedDict's (`_metadata`) are left out. */
  build(): void {
    const state = this.pop();
    const target = this.top();
    if (!(target instanceof Map && state instanceof Map)) throw this.#refuse("attributes of a dictionary", "others");
    if (target instanceof NamespaceMap) for (const [key, value] of state) target.set(key, value);
  }

  remember(index = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    if (!this.#memo.has(index)) throw this.#refuse("a value that was remembered", `number ${index}`);
    this.push(this.#memo.get(index));
  }
}
