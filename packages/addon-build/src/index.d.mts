/** A C++ compiler and the first line of its `--version`. */
export interface Compiler {
  readonly name: string;
  readonly version: string;
}

/** One addon: what is compiled, how, and what its messages say. */
export interface AddonRecipe {
  /** Opens every message, for example `torch addon`. */
  readonly name: string;
  /** What it is compiled against, for example `LibTorch 2.13.0 (venv)`. */
  readonly against: string;
  /** Folder of the `.cc` and `.h` files. */
  readonly sourceDir: string;
  /** Where objects, the addon, its stamp and the compiler's log go. */
  readonly buildDir: string;
  /** The addon's file without `.node`; also the name it registers under. */
  readonly addonName: string;
  /** Of C++, for example `c++17`. */
  readonly standard: string;
  readonly compileFlags: readonly string[];
  /** Further flags of one source, for example an instruction set. */
  readonly flagsOf?: (source: string) => readonly string[];
  readonly includeDirs: readonly string[];
  readonly linkFlags: readonly string[];
  /** Anything else that a change of must rebuild the addon. */
  readonly inputs: unknown;
  /** Goes to `stamp.json` beside the addon, with `hash`. */
  readonly stamp: Readonly<Record<string, unknown>>;
  /** What to do when the compiler fails. */
  readonly advice: string;
  readonly compiler: Compiler;
  readonly log?: (line: string) => void;
  /** Compile even if nothing has changed. */
  readonly force?: boolean;
}

/**
 * Builds the addon if it is missing or out of date: one changed source recompiles one object.
 *
 * @throws {Error} with what failed, the compiler's first lines and what to do.
 */
export function compileAddon(recipe: AddonRecipe): Promise<{ path: string; rebuilt: boolean; seconds: number }>;

/**
 * The compiler named by `$CXX`, else g++ or clang++.
 *
 * @throws {Error} if none runs; `name` opens the message.
 */
export function findCompiler(name: string): Compiler;

/** Runs `main` if `moduleUrl` is the program that Node was started with; a failure prints its message. */
export function runAsProgram(moduleUrl: string, main: () => Promise<void>): Promise<void>;
