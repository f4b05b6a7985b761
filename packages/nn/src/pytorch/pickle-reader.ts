import { FormatError } from "@graticule/core";
import { PickleBytes } from "./pickle-bytes.js";
import { PickleStack } from "./pickle-stack.js";

/** What a name in a pickle stands for. Nothing but the functions given here is ever called. */
export interface KnownGlobal {
  /** Makes the value of a call with these arguments; undefined if they are none that it takes. */
  readonly call?: (args: readonly unknown[]) => unknown;
}

/** The names that a pickle may use, and what becomes of references to what lies outside of it. */
export interface PickleVocabulary {
  readonly globals: ReadonlyMap<string, KnownGlobal>;
  /** @throws {FormatError} for a reference that it doesn't know. */
  persistent(id: unknown): unknown;
}

/**
 * Reads a pickle of plain values: numbers, text, bytes, lists and tuples (arrays), dictionaries (`Map`), and what the
 * vocabulary's names make. It reads data and runs nothing: any other name, instruction or call is an error.
 *
 * Source: CPython, Lib/pickletools.py, protocols 2 to 5.
 *
 * @throws {FormatError} that names the instruction or the global, and its offset.
 */
export function readPickle(path: string, data: Uint8Array, { globals, persistent }: PickleVocabulary): unknown {
  const bytes = new PickleBytes(path, data);
  const known = new Set<unknown>(globals.values());
  let start = 0;
  const refuse = (expected: string, got: string, advice = "The file is damaged, or no state dict."): FormatError =>
    new FormatError(`${path}, byte ${start}`, expected, got, advice);
  const stack = new PickleStack(refuse);
  const pushGlobal = (module: unknown, name: unknown): void => {
    const path = `${module}.${name}`;
    const global = globals.get(path);
    if (!global)
      throw refuse(
        "tensors and plain containers",
        `'${path.slice(0, 120)}'`,
        "It is not read, since that would run code. Where you trust the file, save its tensors alone: torch.save(model.state_dict(), 'weights.pth').",
      );
    stack.push(global);
  };
  const call = (): void => {
    const args = stack.pop();
    const callee = stack.pop() as KnownGlobal;
    if (!Array.isArray(args) || !known.has(callee) || !callee.call)
      throw refuse("a call of a known name", "another value");
    const made = callee.call(args);
    if (made === undefined) throw refuse("arguments that its function takes", `${args.length} others`);
    stack.push(made);
  };

  for (;;) {
    start = bytes.offset;
    const code = bytes.byte();
    switch (code) {
      case 0x80: // PROTO
        if (bytes.byte() > 5) throw refuse("pickle protocol 2 to 5", "a later one");
        break;
      case 0x95: // FRAME
        bytes.unsigned(8);
        break;
      case 0x2e: // STOP
        if (stack.size !== 1) throw refuse("one value at the end", `${stack.size}`);
        return stack.pop();
      case 0x28: // MARK
        stack.mark();
        break;
      case 0x30: // POP
        stack.pop();
        break;
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        stack.push(code === 0x88);
        break;
      case 0x4b: // BININT1
        stack.push(bytes.byte());
        break;
      case 0x4d: // BININT2
        stack.push(bytes.unsigned(2));
        break;
      case 0x4a: // BININT
        stack.push(bytes.int32());
        break;
      case 0x8a: // LONG1
        stack.push(bytes.long(bytes.byte()));
        break;
      case 0x47: // BINFLOAT
        stack.push(bytes.float64());
        break;
      case 0x58: // BINUNICODE
        stack.push(bytes.text(bytes.unsigned(4)));
        break;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(bytes.text(bytes.byte()));
        break;
      case 0x42: // BINBYTES
        stack.push(bytes.take(bytes.unsigned(4)));
        break;
      case 0x43: // SHORT_BINBYTES
        stack.push(bytes.take(bytes.byte()));
        break;
      case 0x5d: // EMPTY_LIST
        stack.push([]);
        break;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        break;
      case 0x29: // EMPTY_TUPLE
        stack.pushTuple([]);
        break;
      case 0x74: // TUPLE
        stack.pushTuple(stack.popToMark());
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.popTuple(code - 0x84);
        break;
      case 0x61: // APPEND
        stack.append([stack.pop()]);
        break;
      case 0x65: // APPENDS
        stack.append(stack.popToMark());
        break;
      case 0x73: {
        const value = stack.pop(); // SETITEM
        stack.setItems([stack.pop(), value]);
        break;
      }
      case 0x75: // SETITEMS
        stack.setItems(stack.popToMark());
        break;
      case 0x71: // BINPUT
        stack.remember(bytes.byte());
        break;
      case 0x72: // LONG_BINPUT
        stack.remember(bytes.unsigned(4));
        break;
      case 0x94: // MEMOIZE
        stack.remember();
        break;
      case 0x68: // BINGET
        stack.recall(bytes.byte());
        break;
      case 0x6a: // LONG_BINGET
        stack.recall(bytes.unsigned(4));
        break;
      case 0x63: {
        const module = bytes.line(); // GLOBAL
        pushGlobal(module, bytes.line());
        break;
      }
      case 0x93: {
        const name = stack.pop(); // STACK_GLOBAL
        pushGlobal(stack.pop(), name);
        break;
      }
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        call();
        break;
      case 0x62: // BUILD
        stack.build();
        break;
      case 0x51: // BINPERSID
        stack.push(persistent(stack.pop()));
        break;
      default:
        throw refuse("an instruction for plain data", `0x${code.toString(16).padStart(2, "0")}`);
    }
  }
}
